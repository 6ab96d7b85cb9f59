package arrowio

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// someRows makes n rows of a type, every fifth NULL.
func someRows(k column.Kind, n int) *column.Vector {
	b := column.NewBuilder(column.T(k), n)
	for i := range n {
		switch {
		case i%5 == 3:
			b.AppendNull()
		case k == column.Bool:
			b.AppendBool(i%3 == 0)
		case k == column.IntervalKind:
			b.AppendInterval(column.Interval{Months: int32(i), Days: -int32(i), Micros: int64(i) * 1001})
		case column.T(k).Physical() == column.PhysInt:
			b.AppendInt(int64(i*i - 50))
		case column.T(k).Physical() == column.PhysFloat:
			b.AppendFloat(float64(i) - 0.5)
		default:
			b.AppendString(fmt.Sprint(i % 7))
		}
	}
	return b.Finish()
}

// encodings gives the same kind of rows in every encoding and alignment.
func encodings(k column.Kind) map[string]*column.Vector {
	flat := someRows(k, 100)
	codes := make([]uint32, 90)
	for i := range codes {
		codes[i] = uint32(i*7) % 100
	}
	return map[string]*column.Vector{
		"flat":  flat,
		"slice": flat.Slice(5, 95),
		"empty": flat.Slice(7, 7),
		"const": column.NewConst(flat, 4, 10),
		"null":  column.NewNull(column.T(k), 3),
		"dict":  {Type: flat.Type, Enc: column.Dict, Len: 90, Child: flat, Codes: codes},
		"runs":  {Type: flat.Type, Enc: column.RunEnd, Len: 20, Child: flat.Slice(1, 5), Ends: []int32{3, 4, 10, 20}},
	}
}

func TestStreamRoundTrip(t *testing.T) {
	for k := column.Bool; k <= column.JSON; k++ {
		for name, v := range encodings(k) {
			for _, dictionary := range []bool{false, true} {
				var buf bytes.Buffer
				fields := []Field{{Name: "v", Type: v.Type, Dictionary: dictionary}, {Name: "w", Type: v.Type}}
				w := NewStreamWriter(&buf, fields)
				for range 2 {
					if err := w.Write(&scan.Batch{Len: v.Len, Columns: []*column.Vector{v, v}}); err != nil {
						t.Fatalf("%s %s: %v", v.Type, name, err)
					}
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				batches := 0
				err := ReadStream(&buf, func(got []Field, b *scan.Batch) error {
					batches++
					if got[0] != fields[0] || got[1] != fields[1] {
						t.Errorf("%s %s: fields %v", v.Type, name, got)
					}
					for i, c := range b.Columns {
						if !column.Identical(c, v) {
							t.Errorf("%s %s, dictionary %v, column %d: other rows came back", v.Type, name, dictionary, i)
						}
						if i == 0 && dictionary != (c.Enc == column.Dict) {
							t.Errorf("%s %s: encoding %d", v.Type, name, c.Enc)
						}
					}
					return nil
				})
				if err != nil || batches != 2 {
					t.Errorf("%s %s: %d batches, %v", v.Type, name, batches, err)
				}
			}
		}
	}
}

// TestArrowSees reads through arrow-go's own eyes.
func TestArrowSees(t *testing.T) {
	text := column.NewStrings("a", "", "ccc").Slice(1, 3)
	a, err := Array(text, false)
	if err != nil {
		t.Fatal(err)
	}
	if s := a.(*array.String); s.Len() != 2 || s.Value(0) != "" || s.Value(1) != "ccc" || s.NullN() != 0 {
		t.Errorf("text: %v", a)
	}
	ints := column.NewInts(column.T(column.TimestampTZ), []int64{1, 2, 3}, column.Bitmap{0b101})
	a, _ = Array(ints, false)
	ts := a.(*array.Timestamp)
	if ts.NullN() != 1 || !ts.IsNull(1) || ts.Value(2) != 3 || ts.DataType().(*arrow.TimestampType).TimeZone != "UTC" {
		t.Errorf("timestamps: %v", a)
	}
	if &ts.TimestampValues()[0] != (*arrow.Timestamp)(&ints.Ints[0]) {
		t.Error("64-bit values were copied")
	}
	a, _ = Array(&column.Vector{Type: column.T(column.Text), Enc: column.Dict, Len: 3, Child: text, Codes: []uint32{1, 1, 0}}, true)
	if d := a.(*array.Dictionary); d.ValueStr(0) != "ccc" || d.ValueStr(2) != "" || d.Dictionary().Len() != 2 {
		t.Errorf("dictionary: %v", a)
	}
	a, _ = Array(column.NewBools([]bool{true, false, true}, nil), false)
	if b := a.(*array.Boolean); !b.Value(0) || b.Value(1) || !b.Value(2) {
		t.Errorf("booleans: %v", a)
	}
	a, _ = Array(column.NewInts(column.T(column.Date), []int64{-1, 20000, math.MaxInt32}, nil), false)
	if d := a.(*array.Date32); d.Value(0) != -1 || d.Value(2) != math.MaxInt32 {
		t.Errorf("dates: %v", a)
	}
	long := &column.Vector{Type: column.T(column.IntervalKind), Len: 1, Intervals: []column.Interval{{Micros: math.MaxInt64}}}
	if _, err := Array(long, false); !errors.Is(err, column.Invalid) {
		t.Errorf("interval beyond nanoseconds: %v", err)
	}
}

func TestForeignTypes(t *testing.T) {
	pool := memory.DefaultAllocator
	build := func(dt arrow.DataType, fill func(array.Builder)) arrow.Array {
		b := array.NewBuilder(pool, dt)
		fill(b)
		return b.NewArray()
	}
	cases := []struct {
		a    arrow.Array
		kind column.Kind
		want string
	}{
		{build(arrow.PrimitiveTypes.Uint32, func(b array.Builder) { b.(*array.Uint32Builder).Append(math.MaxUint32) }), column.Int64, "4294967295"},
		{build(arrow.PrimitiveTypes.Int8, func(b array.Builder) { b.(*array.Int8Builder).Append(-7) }), column.Int16, "-7"},
		{build(arrow.BinaryTypes.LargeString, func(b array.Builder) { b.(*array.LargeStringBuilder).Append("long") }), column.Text, "long"},
		{build(&arrow.TimestampType{Unit: arrow.Second}, func(b array.Builder) { b.(*array.TimestampBuilder).Append(12) }), column.Timestamp, "12000000"},
		{build(&arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "CET"}, func(b array.Builder) { b.(*array.TimestampBuilder).Append(-5) }), column.TimestampTZ, "-5000"},
		{build(&arrow.Decimal128Type{Precision: 10, Scale: 2}, func(b array.Builder) { b.(*array.Decimal128Builder).Append(decimal128.FromI64(-1250)) }), column.Numeric, "-12.50"},
	}
	for _, c := range cases {
		fields, err := Fields(arrow.NewSchema([]arrow.Field{{Name: "x", Type: c.a.DataType()}}, nil))
		if err != nil || fields[0].Type.Kind != c.kind {
			t.Errorf("%s: %v, %v", c.a.DataType(), fields, err)
			continue
		}
		v, err := Vector(c.a, fields[0].Type)
		if err != nil {
			t.Error(err)
			continue
		}
		got := ""
		if v.Type.Physical() == column.PhysInt {
			got = fmt.Sprint(v.Int(0))
		} else {
			got = string(v.Bytes(0))
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.a.DataType(), got, c.want)
		}
	}
	if _, err := Fields(arrow.NewSchema([]arrow.Field{{Name: "l", Type: arrow.MapOf(arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int8)}}, nil)); !errors.Is(err, column.Unsupported) {
		t.Errorf("map: %v", err)
	}
	bad := array.NewData(arrow.BinaryTypes.String, 2, []*memory.Buffer{nil, buffer(arrow.Int32Traits.CastToBytes([]int32{0, 5, 3})), buffer([]byte("abc"))}, nil, 0, 0)
	if _, err := Vector(array.MakeFromData(bad), column.T(column.Text)); !errors.Is(err, column.Invalid) {
		t.Errorf("descending offsets: %v", err)
	}
}

// TestStreamEndsEarly cuts a stream everywhere: an error or fewer batches, never a panic.
func TestStreamEndsEarly(t *testing.T) {
	whole := testStream(t)
	for n := range whole {
		batches := 0
		_ = ReadStream(bytes.NewReader(whole[:n]), func([]Field, *scan.Batch) error { batches++; return nil })
		if batches > 1 {
			t.Fatalf("%d batches from %d bytes", batches, n)
		}
	}
}

func testStream(t testing.TB) []byte {
	var buf bytes.Buffer
	w := NewStreamWriter(&buf, []Field{{Name: "t", Type: column.T(column.Text), Dictionary: true}, {Name: "v", Type: column.T(column.Float64)}, {Name: "s", Type: column.T(column.Text)}})
	b := &scan.Batch{Len: 20, Columns: []*column.Vector{someRows(column.Text, 20), someRows(column.Float64, 20), someRows(column.Text, 20)}}
	if err := errors.Join(w.Write(b), w.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func FuzzReadStream(f *testing.F) {
	f.Add(testStream(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = ReadStream(bytes.NewReader(data), func(fields []Field, b *scan.Batch) error {
			for _, v := range b.Columns {
				for i := range v.Len {
					if !v.IsNull(i) && v.Type.Physical() == column.PhysBytes {
						_ = string(v.Bytes(i))
					}
				}
			}
			return nil
		})
	})
}
