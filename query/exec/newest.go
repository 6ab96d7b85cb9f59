package exec

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// newest keeps the greatest distinct values of a time key that one worker has met, and tells the scan when it knows that earlier
// rows cannot matter.
type newest struct {
	bound  *scan.Bound
	count  int
	values []int64 // descending, at most count
}

// see takes the values of a batch's key.
func (w *newest) see(v *column.Vector) {
	switch v.Enc {
	case column.Flat:
	case column.Dict:
		v = column.Flatten(v) // not every entry need be some row's
	default:
		v = v.Child
	}
	before := len(w.values) == w.count
	last := int64(0)
	if before {
		last = w.values[w.count-1]
	}
	for i, x := range v.Ints[:v.Len] {
		if v.Valid == nil || v.Valid.Get(i) {
			w.insert(x)
		}
	}
	if len(w.values) == w.count && (!before || w.values[w.count-1] != last) {
		w.bound.Raise(w.values[w.count-1])
	}
}

func (w *newest) insert(x int64) {
	full := len(w.values) == w.count
	if full && x <= w.values[w.count-1] {
		return
	}
	at, there := slices.BinarySearchFunc(w.values, x, func(have, x int64) int {
		switch {
		case have > x:
			return -1
		case have < x:
			return 1
		}
		return 0
	})
	if there {
		return
	}
	if full {
		w.values = w.values[:w.count-1]
	}
	w.values = slices.Insert(w.values, at, x)
}

// boundBelow hands a bound to the scan under a producer; nil if there is none that would heed it.
func boundBelow(p producer) *scan.Bound {
	switch p := feeder(p).(type) {
	case *filter:
		return boundBelow(p.input)
	case *scanner:
		p.bound = scan.NewBound()
		return p.bound
	}
	return nil
}
