package fn

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// TestCodedExtremes: over dictionaries, kept and new ones, larger and smaller than batches, min and max give what they give over the same texts.
func TestCodedExtremes(t *testing.T) {
	registry := New()
	r := rand.New(rand.NewPCG(4, 2))
	dictionary := func() *column.Vector {
		b := column.NewBuilder(tText, 0)
		for range 1 + r.IntN(60) {
			if r.IntN(12) == 0 {
				b.AppendNull()
				continue
			}
			b.AppendString(fmt.Sprintf("%*d", r.IntN(5), r.IntN(400)))
		}
		return b.Finish()
	}
	for _, name := range []string{"min", "max"} {
		f, err := registry.Aggregate(name, []column.Type{tText})
		if err != nil || !f.Coded {
			t.Fatalf("%s: %v, or it does not know the form", name, err)
		}
		for range 400 {
			const groups = 5
			var flat, coded [2]expr.State
			for side := range flat {
				flat[side], coded[side] = f.New(), f.New()
				flat[side].Grow(groups)
				coded[side].Grow(groups)
				known := []*column.Vector{dictionary(), dictionary()}
				for range 1 + r.IntN(8) {
					d := known[r.IntN(2)]
					if r.IntN(3) == 0 {
						d = dictionary()
					}
					n := 1 + r.IntN(40)
					v, ids := &column.Vector{Type: tText, Enc: column.Dict, Len: n, Child: d}, make([]uint32, n)
					for i := range ids {
						v.Codes, ids[i] = append(v.Codes, uint32(r.IntN(d.Len))), uint32(r.IntN(groups))
					}
					texts := column.Flatten(v)
					if r.IntN(3) == 0 {
						lo := r.IntN(n)
						hi := lo + r.IntN(n-lo+1)
						err = flat[side].AddRange(ids[0], []*column.Vector{texts}, lo, hi, false)
						if err == nil {
							err = coded[side].AddRange(ids[0], []*column.Vector{v}, lo, hi, false)
						}
					} else if err = flat[side].Add(ids, []*column.Vector{texts}, n); err == nil {
						err = coded[side].Add(ids, []*column.Vector{v}, n)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			from, into := []uint32{0, 1, 2, 3, 4}, []uint32{4, 3, 2, 1, 1}
			if err := flat[0].Merge(flat[1], from, into); err != nil {
				t.Fatal(err)
			}
			if err := coded[0].Merge(coded[1], from, into); err != nil {
				t.Fatal(err)
			}
			x, errA := flat[0].Finish(groups)
			y, errB := coded[0].Finish(groups)
			if errA != nil || errB != nil || !column.Identical(x, y) {
				t.Fatalf("%s differs: %v, %v", name, errA, errB)
			}
		}
	}
}

// TestCodedExtremesOfFrames: what a group was compared with does not count once it is cleared, and states of frames are taken into each other.
func TestCodedExtremesOfFrames(t *testing.T) {
	f, err := New().Aggregate("max", []column.Type{tText})
	if err != nil {
		t.Fatal(err)
	}
	d := column.NewStrings("b", "a", "c")
	v := &column.Vector{Type: tText, Enc: column.Dict, Len: 3, Child: d, Codes: []uint32{0, 1, 0}}
	s, other := f.New().(expr.SlidingState), f.New().(expr.SlidingState)
	s.Grow(1)
	other.Grow(1)
	add := func(to expr.SlidingState, lo, hi int) {
		t.Helper()
		if err := to.AddRange(0, []*column.Vector{v}, lo, hi, false); err != nil {
			t.Fatal(err)
		}
	}
	is := func(want string) {
		t.Helper()
		b := column.NewBuilder(tText, 1)
		if err := s.Result(b, 0); err != nil {
			t.Fatal(err)
		}
		if got := b.Finish(); !column.Identical(got, column.NewStrings(want)) {
			t.Errorf("%q, not %s", got.Data, want)
		}
	}
	add(s, 0, 3)
	is("b")
	s.Clear(0)
	add(s, 1, 2)
	is("a")
	add(s, 2, 3)
	is("b")
	v.Codes[0] = 2
	add(other, 0, 1)
	if err := s.Take(0, other, 0); err != nil {
		t.Fatal(err)
	}
	is("c")
}
