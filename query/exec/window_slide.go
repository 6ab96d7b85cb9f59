package exec

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// slider keeps an aggregate over a range of rows both ends of which only move on, in a constant number of steps for each row whatever the
// length of the range: as a queue made of two stacks. Rows that come are added to one state, behind. When the first row of it
// has to go, the rows are taken over to the front, where group i is the aggregate of all rows from the i-th on; from there rows go for nothing.
// Nothing is ever subtracted, so that floats do not lose digits and any aggregate will do.
//
// See Tangwongsan, Hirzel, Schneider: "Low-Latency Sliding-Window Aggregation in Worst-Case Constant Time" (2017), section 2.
type slider struct {
	ctx           context.Context
	args          []*column.Vector
	front, behind expr.SlidingState
	lo, mid, hi   int32 // front has the rows [lo, mid), behind [mid, hi)
	base          int32 // the row of group 0 of front
	used          uint32
	none          bool // the range is empty, whatever the states have
}

// reset empties the slider.
func (s *slider) reset() {
	s.empty(0)
	s.behind.Clear(0)
}

func (s *slider) empty(at int32) {
	for g := range s.used {
		s.front.Clear(g)
	}
	s.used = 0
	s.lo, s.mid, s.hi, s.base = at, at, at, at
}

// to moves the range on.
func (s *slider) to(r expr.Range) error {
	if s.none = r.Lo >= r.Hi; s.none {
		return nil
	}
	if r.Lo >= s.hi { // nothing in common, or nothing was there
		if s.hi > s.mid {
			s.behind.Clear(0)
		}
		s.empty(r.Lo)
	}
	if r.Hi > s.hi {
		if err := s.behind.AddRange(0, s.args, int(s.hi), int(r.Hi), false); err != nil {
			return err
		}
		s.hi = r.Hi
	}
	if r.Lo > s.mid {
		if err := s.turn(r.Lo); err != nil {
			return err
		}
	}
	s.lo = r.Lo
	return nil
}

// turn takes the rows from lo on over to the front.
func (s *slider) turn(lo int32) error {
	s.behind.Clear(0)
	for g := range s.used {
		s.front.Clear(g)
	}
	n := uint32(s.hi - lo)
	s.front.Grow(int(n))
	s.base, s.mid, s.used = lo, s.hi, n
	looks := expr.Looks{Ctx: s.ctx}
	for g := n; g > 0; {
		if looks.Over() {
			return looks.Err()
		}
		g--
		row := int(lo) + int(g)
		if err := s.front.AddRange(g, s.args, row, row+1, false); err != nil {
			return err
		}
		if g+1 < n {
			if err := s.front.Take(g, s.front, g+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// onlyBehind reports that the state behind is the answer.
func (s *slider) onlyBehind() bool { return !s.none && s.lo >= s.mid }

// add adds the range's aggregate to group 0 of a state.
func (s *slider) add(to expr.SlidingState) error {
	if s.none {
		return nil
	}
	if s.lo < s.mid {
		if err := to.Take(0, s.front, uint32(s.lo-s.base)); err != nil {
			return err
		}
	}
	if s.mid < s.hi {
		return to.Take(0, s.behind, 0)
	}
	return nil
}

func (s *slider) sizeBytes() int64 { return s.front.SizeBytes() + s.behind.SizeBytes() }
