package exec

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// stateBytes is how much an aggregate is given between two looks at what its states hold: a text that is the same in all rows of a batch takes the
// memory of one, and string_agg or array_agg keeps it once for each row.
const stateBytes = 16 << 20

// rowsAtATime is how many of n rows an aggregate is given at a time.
func rowsAtATime(args []*column.Vector, n int) int {
	size := 0
	for _, v := range args {
		switch {
		case v.Type.Physical() != column.PhysBytes || v.Len == 0:
		case v.Enc == column.Const:
			size += n * len(v.Child.Data)
		case v.Enc == column.Flat:
			size += int(v.Offsets[v.Len] - v.Offsets[0])
		}
	}
	if size <= stateBytes {
		return n
	}
	return max(1, int(int64(n)*stateBytes/int64(size)))
}

// addRows gives a state rows with their groups, some at a time where they are long.
func (t *aggTable) addRows(state expr.State, groups []uint32, args []*column.Vector, n int) error {
	step := rowsAtATime(args, n)
	if step >= n {
		return state.Add(groups, args, n)
	}
	piece := make([]*column.Vector, len(args))
	for lo := 0; lo < n; lo += step {
		hi := min(lo+step, n)
		for i, v := range args {
			piece[i] = v.Slice(lo, hi)
		}
		if err := state.Add(groups[lo:hi], piece, hi-lo); err != nil {
			return err
		}
		if err := t.between(); err != nil {
			return err
		}
	}
	return nil
}

// addSpan gives a state rows of one group, some at a time where they are long: step says how many.
func (t *aggTable) addSpan(state expr.State, group uint32, args []*column.Vector, s span, step int) error {
	for lo := s.lo; lo < s.hi; lo += step {
		hi := min(lo+step, s.hi)
		if err := state.AddRange(group, args, lo, hi, s.sorted); err != nil {
			return err
		}
		if hi == s.hi {
			return nil
		}
		if err := t.between(); err != nil {
			return err
		}
	}
	return nil
}

// between accounts for what an aggregate holds, and looks whether the statement was cancelled.
func (t *aggTable) between() error {
	if err := t.run.env.Expr.Interrupted(); err != nil {
		return err
	}
	return t.settle()
}
