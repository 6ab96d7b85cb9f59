package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// TestSketch counts numbers of very different sizes: the error is that of the registers' number, everywhere.
func TestSketch(t *testing.T) {
	for _, n := range []int{0, 1, 2, 10, 100, 1000, 3000, 5000, 8000, 20_000, 100_000, 1_000_000} {
		sum := 0.0
		const tries = 5
		for try := range tries {
			var s Sketch
			values := make([]int64, n)
			for i := range values {
				values[i] = int64(try)<<40 + int64(i)*1000
			}
			s.AddInts(values)
			s.AddInts(values[:n/2]) // what comes again does not count
			off := 0.0
			if n > 0 {
				off = s.Count()/float64(n) - 1
			} else if s.Count() != 0 {
				t.Error("nothing is something")
			}
			if math.Abs(off) > 0.1 {
				t.Errorf("%d values: off by %.1f %%", n, off*100)
			}
			sum += off * off
		}
		if deviation := math.Sqrt(sum / tries); deviation > 2*1.04/math.Sqrt(Registers) {
			t.Errorf("%d values: off by %.1f %% on the average", n, deviation*100)
		}
	}
}

// TestSketchUnion holds the union of sketches to the sketch of all values.
func TestSketchUnion(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var all, union Sketch
	for range 7 {
		var part Sketch
		floats, texts, offsets := make([]float64, 1000), []byte(nil), []int32{0}
		for i := range floats {
			floats[i] = r.NormFloat64()
			texts = fmt.Appendf(texts, "%d", r.IntN(500))
			offsets = append(offsets, int32(len(texts)))
		}
		for _, s := range []*Sketch{&part, &all} {
			s.AddFloats(floats)
			s.AddTexts(offsets, texts)
		}
		union.Union(&part)
	}
	if union != all {
		t.Error("the union of sketches is not the sketch of the union")
	}
	var zeros, nans Sketch
	zeros.AddFloats([]float64{0, math.Copysign(0, -1)})
	nans.AddFloats([]float64{math.NaN(), math.Float64frombits(0xfff8000000000007)})
	if math.Round(zeros.Count()) != 1 || math.Round(nans.Count()) != 1 {
		t.Error("equal floats are counted twice")
	}
}

// TestSketchHashes fixes hashes, since sketches are stored.
func TestSketchHashes(t *testing.T) {
	var s Sketch
	s.AddInts([]int64{0, 1, -1, 1 << 40})
	s.AddFloats([]float64{1.5, math.NaN()})
	s.AddTexts([]int32{0, 0, 3}, []byte("abc"))
	got := ""
	for i, r := range s {
		if r != 0 {
			got += fmt.Sprintf(" %d:%d", i, r)
		}
	}
	if want := " 301:1 360:3 648:1 709:1 962:2 965:2 1253:7 1839:1"; got != want {
		t.Errorf("registers%s, want%s", got, want)
	}
}

func ints(v []int64) *column.Vector { return column.NewInts(column.T(column.Int64), v, nil) }

func one(x int64) *column.Vector { return ints([]int64{x}) }

// describe describes values by a sample of them, as a segment does.
func describe(v []int64, sample int) *Column {
	r := rand.New(rand.NewPCG(9, uint64(len(v))))
	var s Sketch
	s.AddInts(v)
	taken := make([]int64, min(sample, len(v)))
	for i := range taken {
		lo, hi := i*len(v)/len(taken), (i+1)*len(v)/len(taken)
		taken[i] = v[lo+r.IntN(hi-lo)]
	}
	return Of(ints(taken), float64(len(v)), 0, 8, 0, &s)
}

// TestShares describes values of several distributions, whole and merged from parts that each have another piece of them, and asks for equalities and ranges.
func TestShares(t *testing.T) {
	const n = 60_000
	var r *rand.Rand
	var zipf *rand.Zipf
	for name, draw := range map[string]func(i int) int64{
		"uniform":         func(int) int64 { return r.Int64N(1000) },
		"skewed":          func(int) int64 { return int64(zipf.Uint64()) },
		"ascending":       func(i int) int64 { return int64(i / 3) },
		"few values":      func(int) int64 { return r.Int64N(5) * 1000 },
		"one value":       func(int) int64 { return 7 },
		"normal":          func(int) int64 { return int64(r.NormFloat64() * 100_000) },
		"half of one":     func(int) int64 { return r.Int64N(2) * r.Int64N(100_000) },
		"spaced":          func(int) int64 { return r.Int64N(3000) * 1_000_000 },
		"skewed in parts": func(i int) int64 { return int64(i/10_000)*1000 + int64(zipf.Uint64())%700 },
	} {
		r = rand.New(rand.NewPCG(4, 2)) // the same for each, in whatever order they come
		zipf = rand.NewZipf(r, 1.2, 3, 10_000)
		values := make([]int64, n)
		for i := range values {
			values[i] = draw(i)
		}
		var parts []*Column
		for at := 0; at < n; at += n / 6 {
			parts = append(parts, describe(values[at:at+n/6], 1024))
		}
		merged := Merge(parts)
		stepwise := parts[0]
		for _, p := range parts[1:] {
			stepwise = Merge([]*Column{stepwise, p})
		}
		sorted := slices.Sorted(slices.Values(values))
		different := float64(len(slices.Compact(slices.Clone(sorted))))
		for how, c := range map[string]*Column{"whole": describe(values, 1024), "merged": merged, "merged step by step": stepwise} {
			if c.Rows != n || math.Abs(c.Distinct()/different-1) > 0.1 {
				t.Errorf("%s, %s: %g rows, %g different values, want %g", name, how, c.Rows, c.Distinct(), different)
			}
			r = rand.New(rand.NewPCG(8, 8))
			var equal, less []float64
			for range 200 {
				x := values[r.IntN(n)]
				lo, _ := slices.BinarySearch(sorted, x)
				hi, _ := slices.BinarySearch(sorted, x+1)
				e := c.Equal(one(x), 0) * n
				equal = append(equal, max(e/float64(hi-lo), float64(hi-lo)/e))
				less = append(less, math.Abs(c.Between(Range{}, Range{Vector: one(x), Open: true})-float64(lo)/n))
				if got, want := c.Between(Range{Vector: one(x)}, Range{}), 1-float64(lo)/n; math.Abs(got-want) > 0.09 {
					t.Errorf("%s, %s: %.3f of the rows from %d on, want %.3f", name, how, got, x, want)
				}
			}
			slices.Sort(equal)
			slices.Sort(less)
			if equal[100] > 1.6 || equal[180] > 6 || less[180] > 0.05 {
				t.Errorf("%s, %s: equalities are off by %.2f in the median, %.2f in the ninth of ten; ranges by %.3f", name, how, equal[100], equal[180], less[180])
			}
		}
	}
}

// TestMergeNothing merges what has no values.
func TestMergeNothing(t *testing.T) {
	if Merge(nil) != nil || Merge([]*Column{nil, {Type: column.T(column.Int64)}}) != nil {
		t.Error("nothing is something")
	}
	c := Merge([]*Column{Nulls(column.T(column.Int64), 30), describe([]int64{1, 1, 2}, 10), Constant(one(9), 7)})
	if c.Rows != 40 || c.Nulls != 30 || c.Distinct() != 3 || c.NullShare() != 0.75 || c.Equal(one(9), 0) != 7.0/40 || c.Equal(one(1), 0) != 2.0/40 {
		t.Errorf("%+v", c)
	}
	if got := c.Equal(one(77), 0); got != 0.5/40 {
		t.Errorf("what is not there: %g", got)
	}
	half := c.Of(20)
	if half.Rows != 20 || half.Nulls != 15 || half.Equal(one(9), 0) != c.Equal(one(9), 0) {
		t.Errorf("half of it: %+v", half)
	}
}

// TestTexts asks for texts that are longer than bounds are, and for beginnings.
func TestTexts(t *testing.T) {
	b := column.NewBuilder(column.T(column.Text), 0)
	long := make([]byte, 0, 200)
	for i := range 1000 {
		long = fmt.Appendf(long[:0], "%03d%0150d", i, i)
		b.AppendBytes(long)
	}
	c := Of(b.Finish(), 1000, 0, 153, 1000, nil)
	for i := range c.Bounds.Len() {
		if n := len(c.Bounds.Vector.Bytes(i)); n > textBound {
			t.Fatalf("a bound of %d bytes", n)
		}
	}
	if got := c.Equal(column.NewStrings(fmt.Sprintf("%03d%0150d", 999, 999)), 0); math.Abs(got-0.001) > 0.0005 {
		t.Errorf("the last one: %g", got)
	}
	lo, hi := Range{Vector: column.NewStrings("3")}, Range{Vector: column.NewStrings("5"), Open: true}
	if got := c.Between(lo, hi); math.Abs(got-0.2) > 0.02 {
		t.Errorf("from 3 to 5: %g", got)
	}
	if got := c.Values(lo, hi); math.Abs(got-200) > 20 {
		t.Errorf("values from 3 to 5: %g", got)
	}
}

// TestJoined multiplies common values.
func TestJoined(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	zipf := rand.NewZipf(r, 1.3, 2, 3000)
	a, b := make([]int64, 20_000), make([]int64, 5000)
	counts := map[int64]float64{}
	for i := range a {
		a[i] = int64(zipf.Uint64())
		counts[a[i]]++
	}
	pairs := 0.0
	for i := range b {
		b[i] = int64(zipf.Uint64())
		pairs += counts[b[i]]
	}
	x, y := describe(a, 1024), describe(b, 1024)
	got := Joined(x, y, x.Distinct(), y.Distinct()) * 20_000 * 5000
	if got < pairs/1.3 || got > pairs*1.3 {
		t.Errorf("%.0f pairs, want %.0f", got, pairs)
	}
}
