package fn

import (
	"math/bits"

	"github.com/automatanexus/aegis-db/column"
)

// someValues runs loops over some of a column's values, those whose bits are set: not NULL, not dead. Long stretches are taken where they are;
// the rest is put together first, so that a loop has something to run over.
type someValues[V any] struct{ room []V }

const (
	// sparse is how many of 64 values may be missing for the stretches between them to be run over one by one. A call costs what copying 20 values does.
	sparse = 2
	// roomRows is how many rows are put together at a time: their values stay in the first-level cache.
	roomRows = 512
)

// each calls run with the values of [lo, hi) whose bits are set, in order, some at a time. Where many are missing it calls dense with the rows instead,
// if that is not nil.
func (s *someValues[V]) each(v []V, some column.Bitmap, lo, hi int, run func([]V) error, dense func(lo, hi int) error) error {
	if some == nil {
		return run(v[lo:hi])
	}
	from := lo // where a stretch without a gap begins
	for lo < hi {
		end := min(lo|63+1, hi)
		missing := missingBits(some, lo, end)
		switch n := bits.OnesCount64(missing); {
		case n == 0:
		case n <= sparse:
			for ; missing != 0; missing &= missing - 1 {
				gap := lo + bits.TrailingZeros64(missing)
				if from < gap {
					if err := run(v[from:gap]); err != nil {
						return err
					}
				}
				from = gap + 1
			}
		default:
			if from < lo {
				if err := run(v[from:lo]); err != nil {
					return err
				}
			}
			end = denseEnd(some, lo, end, hi)
			if err := s.together(v, some, lo, end, run, dense); err != nil {
				return err
			}
			from = end
		}
		lo = end
	}
	if from < hi {
		return run(v[from:hi])
	}
	return nil
}

// together takes rows of which many are missing.
func (s *someValues[V]) together(v []V, some column.Bitmap, lo, hi int, run func([]V) error, dense func(lo, hi int) error) error {
	if dense != nil {
		return dense(lo, hi)
	}
	if s.room = column.AppendLiving(s.room[:0], v, some, lo, hi); len(s.room) == 0 {
		return nil
	}
	return run(s.room)
}

// missingBits are the bits of rows [lo, hi) of one word that are not set, from the first on.
func missingBits(some column.Bitmap, lo, hi int) uint64 {
	w := ^some[lo>>6] >> (lo & 63)
	if hi-lo < 64 {
		w &= 1<<(hi-lo) - 1
	}
	return w
}

// denseEnd is the end of the words, from the one of [lo, end) on, that miss more than a few bits.
func denseEnd(some column.Bitmap, lo, end, hi int) int {
	for end < hi && end-lo < roomRows {
		next := min(end+64, hi)
		if bits.OnesCount64(missingBits(some, end, next)) <= sparse {
			break
		}
		end = next
	}
	return end
}
