package array

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
)

// element appends a value of any element type that i decides.
func element(b *column.Builder, i int64) {
	switch t := b.Type(); t.Physical() {
	case column.PhysBool:
		b.AppendBool(i&1 == 1)
	case column.PhysInt:
		switch {
		case t.IsOID():
			b.AppendInt(int64(uint32(i)))
		case width(t) == 2:
			b.AppendInt(int64(int16(i)))
		case width(t) == 4:
			b.AppendInt(int64(int32(i)))
		default:
			b.AppendInt(i)
		}
	case column.PhysFloat:
		b.AppendFloat(float64(float32(i)))
	case column.PhysInterval:
		b.AppendInterval(column.Interval{Months: int32(i), Days: int32(i >> 7), Micros: -i})
	default:
		b.AppendBytes(bytes.Repeat([]byte{byte(i)}, int(uint64(i)%200)))
	}
}

// TestRoundTrip encodes and decodes arrays of every element type, with NULLs, dimensions and bounds of any kind.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		elem := column.T(column.Kind(rapid.IntRange(int(column.Bool), int(column.Array)-1).Draw(t, "element kind")))
		dims := make([]Dim, rapid.IntRange(0, 4).Draw(t, "dimensions"))
		for i := range dims {
			dims[i] = Dim{Len: int32(rapid.IntRange(1, 4).Draw(t, "length")), Lower: rapid.SampledFrom([]int32{1, 1, 0, -5, 1 << 30}).Draw(t, "lower")}
		}
		nulls := rapid.Bool().Draw(t, "nulls")
		b := column.NewBuilder(elem, 0)
		lo := rapid.IntRange(0, 2).Draw(t, "rows before")
		for range lo + Count(dims) {
			if nulls && rapid.IntRange(0, 3).Draw(t, "null") == 0 {
				b.AppendNull()
			} else {
				element(b, rapid.Int64().Draw(t, "value"))
			}
		}
		v := b.Finish()
		encoded := Append(nil, dims, v, lo)
		got, err := Decode(encoded, elem)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Dims) != len(dims) || got.Elements.Len != Count(dims) {
			t.Fatalf("%v with %d elements, want %v", got.Dims, got.Elements.Len, dims)
		}
		for i := range dims {
			if got.Dims[i] != dims[i] {
				t.Fatalf("%v, want %v", got.Dims, dims)
			}
		}
		if !column.Equal(got.Elements, v.Slice(lo, v.Len)) {
			t.Fatal("other elements")
		}
		if again := Append(nil, got.Dims, got.Elements, 0); !bytes.Equal(again, encoded) {
			t.Fatalf("%x encoded again is %x", encoded, again)
		}
	})
}

// FuzzOpen: damaged values are errors, never panics.
func FuzzOpen(f *testing.F) {
	f.Add([]byte{1, 2, 1, 0, 0, 0, 2, 0, 0, 0}, byte(column.Int32))
	f.Add([]byte{1 | someNulls | anyLower, 2, 4, 3, 1, 'x', 0}, byte(column.Text))
	f.Fuzz(func(t *testing.T, b []byte, kind byte) {
		elem := column.T(column.Kind(kind%byte(column.Array-1) + 1))
		if a, err := Decode(b, elem); err == nil && a.Elements.Len != a.Len() {
			t.Fatalf("%d elements of %d", a.Elements.Len, a.Len())
		}
	})
}
