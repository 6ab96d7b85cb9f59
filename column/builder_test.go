package column

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

var testKinds = []Kind{Bool, Int16, Int64, Float64, Numeric, Text, Bytea, Timestamp, IntervalKind}

// row is a value of any type in a form that can be compared; NULL is "null".
func row(v *Vector, i int) string {
	if v.IsNull(i) {
		return "null"
	}
	switch v.Type.Physical() {
	case PhysBool:
		return fmt.Sprint(v.Bool(i))
	case PhysInt:
		return fmt.Sprint(v.Int(i))
	case PhysFloat:
		return fmt.Sprint(v.Float(i))
	case PhysInterval:
		return fmt.Sprint(v.Interval(i))
	}
	return string(v.Bytes(i))
}

func rows(v *Vector) []string {
	out := make([]string, v.Len)
	for i := range out {
		out[i] = row(v, i)
	}
	return out
}

func drawFlat(t *rapid.T, typ Type, n int) *Vector {
	b := NewBuilder(typ, rapid.IntRange(0, n).Draw(t, "capacity"))
	nulls := rapid.Bool().Draw(t, "nulls")
	for range n {
		x := rapid.Int64Range(-3, 300).Draw(t, "value")
		switch {
		case nulls && x%4 == 0:
			b.AppendNull()
		case typ.Physical() == PhysBool:
			b.AppendBool(x%2 == 0)
		case typ.Physical() == PhysInt:
			b.AppendInt(x)
		case typ.Physical() == PhysFloat:
			b.AppendFloat(float64(x) / 2)
		case typ.Physical() == PhysInterval:
			b.AppendInterval(Interval{int32(x), int32(-x), x * x})
		default:
			b.AppendString(fmt.Sprint(x)[1:])
		}
	}
	return b.Finish()
}

// drawVector makes a vector of any encoding, often a slice of a longer one.
func drawVector(t *rapid.T, typ Type) *Vector {
	child := drawFlat(t, typ, rapid.IntRange(1, 150).Draw(t, "child rows"))
	v := child
	switch Encoding(rapid.IntRange(0, 3).Draw(t, "encoding")) {
	case Const:
		v = NewConst(child, rapid.IntRange(0, child.Len-1).Draw(t, "row"), rapid.IntRange(0, 100).Draw(t, "len"))
	case Dict:
		codes := rapid.SliceOfN(rapid.Uint32Range(0, uint32(child.Len-1)), 0, 150).Draw(t, "codes")
		v = &Vector{Type: typ, Enc: Dict, Len: len(codes), Child: child, Codes: codes}
	case RunEnd:
		ends, end := make([]int32, child.Len), int32(0)
		for i := range ends {
			end += rapid.Int32Range(1, 9).Draw(t, "run")
			ends[i] = end
		}
		v = &Vector{Type: typ, Enc: RunEnd, Len: int(end), Child: child, Ends: ends}
	}
	lo := rapid.IntRange(0, v.Len).Draw(t, "lo")
	return v.Slice(lo, rapid.IntRange(lo, v.Len).Draw(t, "hi"))
}

func drawType(t *rapid.T) Type { return T(rapid.SampledFrom(testKinds).Draw(t, "kind")) }

// TestBuilderAppends compares the bulk appends with a list of rows that is kept beside.
func TestBuilderAppends(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := drawType(t)
		b := NewBuilder(typ, 0)
		var want []string
		for range rapid.IntRange(0, 6).Draw(t, "appends") {
			v := drawVector(t, typ)
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 0:
				lo := rapid.IntRange(0, v.Len).Draw(t, "from")
				hi := rapid.IntRange(lo, v.Len).Draw(t, "to")
				b.AppendVector(v, lo, hi)
				want = append(want, rows(v)[lo:hi]...)
			case 1:
				if v.Len > 0 {
					i := rapid.IntRange(0, v.Len-1).Draw(t, "row")
					b.AppendRow(v, i)
					want = append(want, row(v, i))
				}
			case 2:
				for _, i := range drawRows(t, v.Len) {
					b.AppendGather(v, []int32{i})
					want = append(want, row(v, int(i)))
				}
			default:
				picked := drawRows(t, v.Len)
				b.AppendGather(v, picked)
				for _, i := range picked {
					want = append(want, row(v, int(i)))
				}
			}
			if b.Len() != len(want) {
				t.Fatalf("%d rows, want %d", b.Len(), len(want))
			}
		}
		got := b.Finish()
		check(t, got)
		if fmt.Sprint(rows(got)) != fmt.Sprint(want) {
			t.Fatalf("got %q\nwant %q", rows(got), want)
		}
		if b.Len() != 0 || b.Finish().Len != 0 {
			t.Fatal("Finish left rows behind")
		}
	})
}

func drawRows(t *rapid.T, n int) []int32 {
	if n == 0 {
		return nil
	}
	return rapid.SliceOfN(rapid.Int32Range(0, int32(n-1)), 0, 40).Draw(t, "rows")
}

// check holds a vector against what Vector promises.
func check(t *rapid.T, v *Vector) {
	flat := v
	if v.Enc != Flat {
		flat = v.Child
		if flat.Enc != Flat {
			t.Fatal("child is not flat")
		}
	}
	if v.Enc == RunEnd {
		last := int32(0)
		for _, e := range v.Ends {
			if e <= last {
				t.Fatalf("run ends %v", v.Ends)
			}
			last = e
		}
		if int(last) != v.Len || len(v.Ends) != flat.Len {
			t.Fatalf("%d rows, %d values, run ends %v", v.Len, flat.Len, v.Ends)
		}
	}
	if flat.Valid != nil && len(flat.Valid) < (flat.Len+63)/64 {
		t.Fatalf("%d words of validity for %d rows", len(flat.Valid), flat.Len)
	}
	slots := map[Physical]int{PhysBool: len(flat.Bools), PhysInt: len(flat.Ints), PhysFloat: len(flat.Floats), PhysBytes: len(flat.Offsets) - 1, PhysInterval: len(flat.Intervals)}
	if slots[flat.Type.Physical()] != flat.Len {
		t.Fatalf("%d slots for %d rows", slots[flat.Type.Physical()], flat.Len)
	}
}

func TestSliceGatherFlatten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawVector(t, drawType(t))
		check(t, v)
		all := rows(v)
		flat := Flatten(v)
		check(t, flat)
		if flat.Enc != Flat || !Identical(flat, v) || !Equal(v, flat) {
			t.Fatalf("flattened %q to %q", all, rows(flat))
		}
		nulls := false
		for _, r := range all {
			nulls = nulls || r == "null"
		}
		if flat.HasNulls() != nulls {
			t.Fatalf("HasNulls %v of %q", flat.HasNulls(), all)
		}

		picked := drawRows(t, v.Len)
		if rapid.Bool().Draw(t, "ascending") {
			picked = picked[:0]
			for i := range v.Len {
				if rapid.Bool().Draw(t, "keep") {
					picked = append(picked, int32(i))
				}
			}
			if g := Gather(v, picked); g.Enc != v.Enc {
				t.Fatalf("ascending rows made encoding %d of %d", g.Enc, v.Enc)
			}
		}
		g := Gather(v, picked)
		check(t, g)
		want := make([]string, len(picked))
		for i, r := range picked {
			want[i] = all[r]
		}
		if fmt.Sprint(rows(g)) != fmt.Sprint(want) {
			t.Fatalf("gathered %q, want %q", rows(g), want)
		}

		other := drawVector(t, v.Type)
		joined, err := Concat(v.Type, v, other, g)
		if err != nil {
			t.Fatal(err)
		}
		check(t, joined)
		if want := append(append(append([]string{}, all...), rows(other)...), want...); fmt.Sprint(rows(joined)) != fmt.Sprint(want) {
			t.Fatalf("joined %q, want %q", rows(joined), want)
		}
		if Equal(v, other) != (fmt.Sprint(all) == fmt.Sprint(rows(other)) && v.Len == other.Len) {
			t.Fatalf("Equal(%q, %q) = %v", all, rows(other), Equal(v, other))
		}
	})
}

func TestBitmap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.SliceOfN(rapid.Bool(), 0, 300).Draw(t, "bits")
		b := NewBitmap(len(bits), rapid.Bool().Draw(t, "start"))
		want := 0
		for i, on := range bits {
			if on {
				b.Set(i)
				want++
			} else {
				b.Clear(i)
			}
		}
		if b.Count(len(bits)) != want {
			t.Fatalf("%d ones, want %d", b.Count(len(bits)), want)
		}
		lo := rapid.IntRange(0, len(bits)).Draw(t, "lo")
		hi := rapid.IntRange(lo, len(bits)).Draw(t, "hi")
		part := b.slice(lo, hi)
		at := rapid.IntRange(0, 130).Draw(t, "at")
		copied := NewBitmap(at+hi-lo, false)
		copied.CopyBits(at, b, lo, hi)
		for i := range hi - lo {
			if part.Get(i) != bits[lo+i] || copied.Get(at+i) != bits[lo+i] {
				t.Fatalf("bit %d of [%d,%d): sliced %v, copied %v, want %v", i, lo, hi, part.Get(i), copied.Get(at+i), bits[lo+i])
			}
		}
		if copied.Count(at) != 0 {
			t.Fatal("CopyBits wrote before its place")
		}
		clear(copied)
		copied.setRange(at, at+hi-lo)
		if n := at + hi - lo; copied.Count(at) != 0 || copied.Count(n) != hi-lo {
			t.Fatalf("setRange(%d, %d) set %d bits", at, n, copied.Count(n))
		}
	})
	if Bitmap(nil).Count(70) != 70 || !Bitmap(nil).Get(3) || Bitmap(nil).slice(1, 2) != nil {
		t.Error("a nil bitmap is not all ones")
	}
}

func TestBuilderTooLarge(t *testing.T) {
	b := NewBuilder(T(Text), 0)
	b.limit = 10
	b.AppendString("12345678")
	b.AppendBytes([]byte("123"))
	b.AppendVector(NewStrings("12", "3"), 0, 2)
	b.AppendGather(NewStrings("12"), []int32{0, 0})
	b.AppendVector(NewConst(NewStrings("12"), 0, 2), 0, 2)
	b.AppendString("90")
	if !errors.Is(b.Err(), Limit) || !errors.Is(b.Err(), ErrTooLarge) {
		t.Errorf("error %v", b.Err())
	}
	v := b.Finish()
	if want := "[12345678 null null null null null null null 90]"; fmt.Sprint(rows(v)) != want {
		t.Errorf("rows %v, want %s", rows(v), want)
	}
	if b.Err() != nil {
		t.Error("the error outlived Finish")
	}
}

func TestEqualFloats(t *testing.T) {
	nan := math.Float64frombits(0x7ff8000000000123)
	a := NewFloats(T(Float64), []float64{math.NaN(), math.Copysign(0, -1), 1}, nil)
	b := NewFloats(T(Float64), []float64{nan, 0, 1}, nil)
	if !Equal(a, b) || Identical(a, b) || !Identical(b, b) {
		t.Error("NaN or −0 compare wrongly")
	}
	if Equal(a, NewFloats(T(Float32), a.Floats, nil)) {
		t.Error("other types are equal")
	}
}

func TestSizeBytes(t *testing.T) {
	v := NewStrings("abc", "defg", "")
	empty := (&Vector{}).SizeBytes()
	if got := v.SizeBytes() - empty; got != 4*4+7 {
		t.Errorf("%d bytes", got)
	}
	if got := v.Slice(1, 2).SizeBytes() - empty; got != 2*4+4 {
		t.Errorf("slice: %d bytes", got)
	}
	dict := &Vector{Enc: Dict, Len: 5, Child: v, Codes: make([]uint32, 5)}
	if got := dict.SizeBytes() - 2*empty; got != 4*4+7+20 {
		t.Errorf("dictionary: %d bytes", got)
	}
}

func TestErrors(t *testing.T) {
	inner := Errorf(NotFound, "no such %s", "file")
	outer := fmt.Errorf("segment 7: %w", inner)
	if ClassOf(outer) != NotFound || !errors.Is(outer, NotFound) || errors.Is(outer, Corrupt) || ClassOf(bytes.ErrTooLarge) != Internal {
		t.Error("the class got lost")
	}
	wrapped := SQLErrorf(Corrupt, "XX001", "page 3: %w", bytes.ErrTooLarge)
	if wrapped.Error() != "page 3: "+bytes.ErrTooLarge.Error() || !errors.Is(wrapped, bytes.ErrTooLarge) || wrapped.SQLState != "XX001" {
		t.Errorf("wrapped: %v", wrapped)
	}
	if ClassOf(fmt.Errorf("x: %w", Limit)) != Limit || Class(99).Error() != "class 99" {
		t.Error("a bare class is no error")
	}
}

func TestPartitionOf(t *testing.T) {
	s := Schema{Time: 1, Partition: 10}
	for at, want := range map[int64]int64{0: 0, 9: 0, 10: 1, -1: -1, -10: -1, -11: -2, math.MinInt64: math.MinInt64/10 - 1} {
		if got := s.PartitionOf(at); got != want {
			t.Errorf("PartitionOf(%d) = %d, want %d", at, got, want)
		}
	}
}

func BenchmarkGather(b *testing.B) {
	v := &Vector{Type: T(Int64), Len: 4096, Ints: make([]int64, 4096)}
	picked := make([]int32, 0, 2048)
	for i := int32(0); i < 4096; i += 2 {
		picked = append(picked, i)
	}
	b.SetBytes(int64(len(picked)))
	for b.Loop() {
		Gather(v, picked)
	}
}
