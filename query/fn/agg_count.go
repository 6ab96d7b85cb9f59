package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

func addCounts(r *Registry) {
	r.aggregate(
		expr.Aggregate{Name: "count", Result: tInt8, New: func() expr.State { return &countState{} }, Doc: "number of rows"},
		expr.Aggregate{Name: "count", Args: types(tAny), Result: tInt8, Scaled: true, Narrow: true, New: func() expr.State { return &countState{} }, Doc: "number of values that are not NULL"},
	)
}

// countState counts rows (no arguments) or values that are not NULL.
type countState struct{ counts []int64 }

func (s *countState) Grow(n int) { s.counts = grown(s.counts, n) }

func (s *countState) Add(groups []uint32, args []*column.Vector, n int) error {
	var valid column.Bitmap
	if len(args) > 0 {
		var none bool
		if valid, none = present(args[0]); none {
			return nil
		}
	}
	if valid == nil {
		for _, g := range groups[:n] {
			s.counts[g]++
		}
		return nil
	}
	for i, g := range groups[:n] {
		s.counts[g] += int64(valid[i>>6] >> (i & 63) & 1)
	}
	return nil
}

func (s *countState) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	if len(args) > 0 {
		valid, none := present(args[0])
		if none {
			return nil
		}
		if valid != nil {
			s.counts[g] += int64(valid.CountRange(lo, hi))
			return nil
		}
	}
	s.counts[g] += int64(hi - lo)
	return nil
}

// AnyOrder implements expr.RowsState.
func (s *countState) AnyOrder() bool { return true }

// AddRows implements expr.RowsState.
func (s *countState) AddRows(g uint32, args []*column.Vector, rows []int32) error {
	var valid column.Bitmap
	if len(args) > 0 {
		var none bool
		if valid, none = present(args[0]); none {
			return nil
		}
	}
	s.counts[g] += countRows(valid, rows)
	return nil
}

// countRows counts the listed rows whose bits are set.
func countRows(valid column.Bitmap, rows []int32) (n int64) {
	if valid == nil {
		return int64(len(rows))
	}
	for _, r := range rows {
		n += int64(valid[r>>6] >> (r & 63) & 1)
	}
	return n
}

// AddLiving implements expr.LivingState.
func (s *countState) AddLiving(g uint32, args []*column.Vector, living column.Bitmap, lo, hi int) error {
	if len(args) > 0 {
		valid, none := present(args[0])
		if none {
			return nil
		}
		living = valid.And(living, hi)
	}
	s.counts[g] += int64(living.CountRange(lo, hi))
	return nil
}

func (s *countState) Merge(other expr.State, from, into []uint32) error {
	o, ok := other.(*countState)
	if !ok {
		return column.Errorf(column.Internal, "fn: merging %T into a count", other)
	}
	for i, g := range into {
		s.counts[g] += o.counts[from[i]]
	}
	return nil
}

func (s *countState) Finish(n int) (*column.Vector, error) {
	return column.NewInts(tInt8, append([]int64(nil), s.counts[:n]...), nil), nil
}

func (s *countState) SizeBytes() int64 { return 8 * int64(cap(s.counts)) }
