package index

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// TestPostings compares with a plain list of values.
func TestPostings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.SampledFrom([]string{"NULL", "", "a", "ab", "b", "host-1", "host-12", "z\xff"}), 0, 200).Draw(t, "values")
		if rapid.Bool().Draw(t, "sorted") {
			slices.Sort(values)
		}
		b := NewBuilder()
		distinct := map[string]bool{}
		for i, v := range values {
			if v != "NULL" {
				b.Add([]byte(v), uint32(i))
				distinct[v] = true
			}
		}
		p, err := Decode(b.Append(nil, uint32(len(values))), uint32(len(values)))
		if err != nil || p.Len() != len(distinct) {
			t.Fatal(p, err)
		}
		wanted := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"NULL", "", "a", "b", "host-12", "none"}), func(s string) string { return s }).Draw(t, "wanted")
		f := &scan.SeriesFilter{Match: func(v []byte, null bool) bool {
			if null != (v == nil) {
				t.Fatalf("value %q, null %v", v, null)
			}
			return null && slices.Contains(wanted, "NULL") || !null && slices.Contains(wanted, string(v))
		}}
		if rapid.Bool().Draw(t, "equal") {
			wanted = slices.DeleteFunc(wanted, func(s string) bool { return s == "NULL" })
			f.Equal = [][]byte{}
			for _, w := range wanted {
				f.Equal = append(f.Equal, []byte(w))
			}
		}
		got, err := p.Select(f)
		want := roaring.New()
		for i, v := range values {
			if slices.Contains(wanted, v) {
				want.Add(uint32(i))
			}
		}
		if err != nil || !got.Equals(want) {
			t.Fatalf("%v, %v; want %v", got, err, want)
		}
	})
}

// TestZones: a page is admitted whenever one of its rows passes; and zones survive being stored.
func TestZones(t *testing.T) {
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1, -1.5}
	rapid.Check(t, func(t *rapid.T) {
		nulls := rapid.IntRange(0, 2).Draw(t, "nulls")
		var z Zone
		var f scan.ColumnFilter
		var typ column.Type
		passes := false
		switch rapid.IntRange(0, 2).Draw(t, "type") {
		case 0:
			typ = column.T(column.Int64)
			v := rapid.SliceOfN(rapid.Int64(), 0, 5).Draw(t, "values")
			z = Ints(v, len(v)+nulls)
			f.IntMin, f.IntMax = rapid.Int64().Draw(t, "min"), rapid.Int64().Draw(t, "max")
			passes = slices.ContainsFunc(v, func(x int64) bool { return f.IntMin <= x && x <= f.IntMax })
		case 1:
			typ = column.T(column.Float64)
			g := rapid.SampledFrom(odd)
			v := rapid.SliceOfN(g, 0, 4).Draw(t, "values")
			z = Floats(v, len(v)+nulls)
			f.FloatMin, f.FloatMax = g.Draw(t, "min"), g.Draw(t, "max")
			less := func(a, b float64) bool { return a < b || b != b && a == a }
			passes = slices.ContainsFunc(v, func(x float64) bool { return !less(x, f.FloatMin) && !less(f.FloatMax, x) })
		default:
			typ = column.T(column.Text)
			g := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{string(bytes.Repeat([]byte{255}, 40)), string(bytes.Repeat([]byte("a"), 32)), string(bytes.Repeat([]byte("a"), 33))}))
			v := rapid.SliceOfN(g, 0, 4).Draw(t, "values")
			offsets, data := []int32{0}, []byte(nil)
			for _, x := range v {
				data = append(data, x...)
				offsets = append(offsets, int32(len(data)))
			}
			z = Texts(offsets, data, len(v)+nulls)
			lo, hi := g.Draw(t, "min"), g.Draw(t, "max")
			f.TextMin, f.TextMax = []byte(lo), []byte(hi)
			passes = slices.ContainsFunc(v, func(x string) bool { return lo <= x && x <= hi })
		}
		stored, rest, err := DecodeZone(append(AppendZone(nil, &z, typ), 7), typ, z.Rows)
		if err != nil || len(rest) != 1 || fmt.Sprint(stored) != fmt.Sprint(z) && z.Values() > 0 {
			t.Fatalf("%+v comes back as %+v, %v", z, stored, err)
		}
		if passes && (!z.Admits(&f, typ) || !stored.Admits(&f, typ)) {
			t.Fatalf("%+v does not admit %+v", z, f)
		}
		if z.Values() == 0 && z.Admits(&f, typ) {
			t.Fatal("NULLs pass")
		}
	})
}

func TestZonePrunes(t *testing.T) {
	ints := Ints([]int64{5, 9}, 3)
	floats := Floats([]float64{1, 2}, 2)
	texts := Texts([]int32{0, 1, 2}, []byte("bd"), 2)
	for i, admitted := range []bool{
		ints.Admits(&scan.ColumnFilter{IntMin: 10, IntMax: 20}, column.T(column.Int64)), ints.Admits(&scan.ColumnFilter{IntMin: 0, IntMax: 4}, column.T(column.Int64)),
		floats.Admits(&scan.ColumnFilter{FloatMin: 2.5, FloatMax: math.NaN()}, column.T(column.Float64)),
		floats.Admits(&scan.ColumnFilter{FloatMin: math.NaN(), FloatMax: math.NaN()}, column.T(column.Float64)),
		texts.Admits(&scan.ColumnFilter{TextMin: []byte("e")}, column.T(column.Text)), texts.Admits(&scan.ColumnFilter{TextMax: []byte("a")}, column.T(column.Text)),
	} {
		if admitted {
			t.Errorf("case %d is not pruned", i)
		}
	}
}

// FuzzDecode: damaged postings are an error or usable, never a panic.
func FuzzDecode(f *testing.F) {
	b := NewBuilder()
	for i := range uint32(100) {
		b.Add(fmt.Appendf(nil, "v%d", i*i%7), i)
	}
	b.Add([]byte("one"), 120)
	f.Add(b.Append(nil, 200), uint32(200))
	f.Fuzz(func(t *testing.T, src []byte, total uint32) {
		total %= 1 << 20
		p, err := Decode(src, total)
		if err != nil {
			return
		}
		for i := range p.Len() {
			if p.Find(p.Value(i)) != i {
				t.Fatalf("value %d is not found", i)
			}
		}
		all, err := p.Select(&scan.SeriesFilter{})
		if err == nil && !all.IsEmpty() && all.Maximum() >= total {
			t.Fatalf("series %d of %d", all.Maximum(), total)
		}
	})
}

// FuzzZone: damaged zones are an error or usable.
func FuzzZone(f *testing.F) {
	z := Texts([]int32{0, 1, 2}, []byte("bd"), 3)
	f.Add(AppendZone(nil, &z, column.T(column.Text)), uint8(column.Text), uint32(3))
	f.Add([]byte{0, 1, 2}, uint8(column.Int64), uint32(3))
	f.Fuzz(func(t *testing.T, src []byte, kind uint8, rows uint32) {
		typ := column.T(column.Kind(kind))
		if !typ.Valid() {
			return
		}
		z, _, err := DecodeZone(src, typ, rows)
		if err == nil {
			z.Admits(&scan.ColumnFilter{IntMax: 9, FloatMax: 9}, typ)
		}
	})
}
