package exec

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// A batch of the right side is taken some rows at a time where its pairs, or what the condition makes of them, would be long.

// take cuts off the next rows of the right side's batch.
func (s *applyStream) take() *scan.Batch {
	n := s.rest.Len
	if s.run.texts {
		n = min(n, s.some)
	}
	if s.run.node.Kind < plan.SemiJoin {
		n = min(n, pairsAtATime(s.rest.Columns, s.rest.Len, s.leftBytes))
	}
	if n == s.rest.Len {
		b := s.rest
		s.rest = nil
		return b
	}
	b := s.rest.Slice(0, n)
	s.rest = s.rest.Slice(n, s.rest.Len)
	return b
}

// pairsAtATime is how many of n rows make pairs of a fair size, with so many bytes of the left side in each.
func pairsAtATime(right []*column.Vector, n, left int) int {
	size := n * left
	for _, v := range right {
		size += copiedBytes(v)
	}
	if size <= pairBytes {
		return n
	}
	return max(1, int(int64(n)*pairBytes/int64(size)))
}

// copiedBytes is what the values of a column take when they are copied row by row, at most.
func copiedBytes(v *column.Vector) int {
	if v.Type.Physical() != column.PhysBytes || v.Len == 0 {
		return 0
	}
	switch v.Enc {
	case column.Const:
		return v.Len * len(v.Child.Data)
	case column.Flat:
		return int(v.Offsets[v.Len] - v.Offsets[0])
	}
	return v.Len * longest(v)
}

// rowBytes is how long the values of a row are that are copied for each of its pairs.
func rowBytes(columns []*column.Vector, row int) (n int) {
	for _, v := range columns {
		if v.Type.Physical() == column.PhysBytes && v.Enc == column.Flat {
			n += int(v.Offsets[row+1] - v.Offsets[row])
		}
	}
	return n
}

// collected is how many bytes the pairs have that were collected.
func (s *applyStream) collected() int {
	n := s.leftCollected
	for _, c := range s.builders {
		n += c.DataLen()
	}
	return n
}

// condition evaluates the condition of n pairs, and sees how many are next by what it made of them.
func (s *applyStream) condition(in []*column.Vector, n int) (*column.Vector, error) {
	cond := s.run.node.Cond
	if !s.run.texts {
		return expr.Eval(&s.w.expr, cond, in, n)
	}
	before := s.w.expr.Made()
	v, err := expr.Eval(&s.w.expr, cond, in, n)
	s.some = textRows(s.some, n, s.w.expr.Made())
	s.w.expr.MadeBefore(before)
	return v, err
}
