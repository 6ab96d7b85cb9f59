package key

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
)

var tupleKinds = []column.Kind{column.Bool, column.Int64, column.Float64, column.Text, column.Bytea, column.TimestampTZ}

// drawValue makes a vector of one row; small alphabets make ties and shared prefixes likely.
func drawValue(t *rapid.T, k column.Kind) *column.Vector {
	b := column.NewBuilder(column.T(k), 1)
	switch {
	case rapid.IntRange(0, 5).Draw(t, "null") == 0:
		b.AppendNull()
	case k == column.Bool:
		b.AppendBool(rapid.Bool().Draw(t, "bool"))
	case column.T(k).Physical() == column.PhysInt:
		b.AppendInt(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-2, 2)).Draw(t, "int"))
	case column.T(k).Physical() == column.PhysFloat:
		special := rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), -math.NaN(), math.Inf(1), math.Inf(-1), 1, -1, math.SmallestNonzeroFloat64})
		b.AppendFloat(rapid.OneOf(rapid.Float64(), special).Draw(t, "float"))
	default:
		b.AppendBytes(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 'a', 0xfe, 0xff}), 0, 4).Draw(t, "bytes"))
	}
	return b.Finish()
}

// compare orders two values as SQL does in ascending order: NULL last, NaN above all numbers.
func compare(a, b *column.Vector) int {
	three := func(less, greater bool) int {
		switch {
		case less:
			return -1
		case greater:
			return 1
		}
		return 0
	}
	if a.IsNull(0) || b.IsNull(0) {
		return three(!a.IsNull(0), !b.IsNull(0))
	}
	switch a.Type.Physical() {
	case column.PhysBool:
		return three(!a.Bool(0) && b.Bool(0), a.Bool(0) && !b.Bool(0))
	case column.PhysInt:
		return three(a.Int(0) < b.Int(0), a.Int(0) > b.Int(0))
	case column.PhysFloat:
		x, y := a.Float(0), b.Float(0)
		return three(x < y || x == x && y != y, x > y || x != x && y == y)
	}
	return bytes.Compare(a.Bytes(0), b.Bytes(0))
}

func TestKeysOrderAsTuples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kinds := rapid.SliceOfN(rapid.SampledFrom(tupleKinds), 1, 3).Draw(t, "kinds")
		var a, b []byte
		want := 0
		for _, k := range kinds {
			x := drawValue(t, k)
			y := x
			if rapid.Bool().Draw(t, "other") {
				y = drawValue(t, k)
			}
			a, b = AppendValue(a, x, 0), AppendValue(b, y, 0)
			if want == 0 {
				want = compare(x, y)
			}
		}
		if got := bytes.Compare(a, b); got != want {
			t.Fatalf("compare(%x, %x) = %d, want %d", a, b, got, want)
		}
		if want != 0 && (bytes.HasPrefix(a, b) || bytes.HasPrefix(b, a)) {
			t.Fatalf("%x and %x: one is the other's prefix", a, b)
		}
	})
}

func TestNextReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kinds := rapid.SliceOfN(rapid.SampledFrom(tupleKinds), 1, 4).Draw(t, "kinds")
		var encoded []byte
		var values []*column.Vector
		for _, k := range kinds {
			v := drawValue(t, k)
			values = append(values, v)
			encoded = AppendValue(encoded, v, 0)
		}
		scratch := make([]byte, 0, 2)
		for i, v := range values {
			value, null, rest, err := Next(encoded, v.Type, scratch)
			if err != nil {
				t.Fatal(err)
			}
			encoded = rest
			same := null == v.IsNull(0)
			if !null {
				switch v.Type.Physical() {
				case column.PhysBool:
					same = len(value) == 1 && (value[0] == 1) == v.Bool(0)
				case column.PhysInt:
					same = Int(value) == v.Int(0)
				case column.PhysFloat:
					same = Float(value) == v.Float(0) || v.Float(0) != v.Float(0) && math.IsNaN(Float(value))
				default:
					same = bytes.Equal(value, v.Bytes(0))
				}
			}
			if !same {
				t.Fatalf("value %d: %x, null %v", i, value, null)
			}
		}
		if len(encoded) != 0 {
			t.Fatalf("%d bytes left", len(encoded))
		}
	})
}

func TestNextRefuses(t *testing.T) {
	for _, c := range []struct {
		text string
		kind column.Kind
	}{
		{"", column.Text},
		{"\x03", column.Text},
		{"\x01", column.Text},
		{"\x01abc", column.Text},
		{"\x01abc\x00", column.Text},
		{"\x01a\x00\x02", column.Text},
		{"\x011234567", column.Int64},
		{"\x01", column.Bool},
	} {
		if _, _, _, err := Next([]byte(c.text), column.T(c.kind), nil); !errors.Is(err, column.Corrupt) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	for _, k := range []column.Kind{column.Numeric, column.IntervalKind} {
		if _, _, _, err := Next(AppendNull(nil), column.T(k), nil); err != nil {
			t.Errorf("%s NULL: %v", column.T(k), err)
		}
		if _, _, _, err := Next(AppendNumeric(nil, []byte("1.5")), column.T(k), nil); err == nil {
			t.Errorf("%s was read back", column.T(k))
		}
	}
}

func FuzzNext(f *testing.F) {
	f.Add([]byte("\x01a\x00\xffb\x00\x01\x02"), uint8(column.Text))
	f.Add([]byte("\x0112345678"), uint8(column.Int64))
	f.Fuzz(func(t *testing.T, data []byte, kind uint8) {
		typ := column.T(column.Kind(kind))
		value, null, rest, err := Next(data, typ, nil)
		if err != nil || null || typ.Physical() != column.PhysBytes {
			return
		}
		if again := append(AppendBytes(nil, value), rest...); !bytes.Equal(again, data) {
			t.Fatalf("%x came back as %x", data, again)
		}
	})
}

func BenchmarkBytes(b *testing.B) {
	for _, n := range []int{8, 40, 200} {
		text := []byte(strings.Repeat("x", n))
		encoded := AppendBytes(nil, text)
		b.Run(fmt.Sprintf("append/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			var dst []byte
			for b.Loop() {
				dst = AppendBytes(dst[:0], text)
			}
		})
		b.Run(fmt.Sprintf("next/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				_, _, _, _ = Next(encoded, column.T(column.Text), nil)
			}
		})
	}
}
