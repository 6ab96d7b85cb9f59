package exec

import (
	"context"
	"io"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
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

// makeTextsOf reports aggregates whose arguments are made of their rows, and may be of any length.
func makeTextsOf(calls []expr.AggregateCall) bool {
	for i := range calls {
		for _, e := range calls[i].Args {
			if makesLongIn(e) {
				return true
			}
		}
		if f := calls[i].Filter; f != nil && makesLongIn(f) {
			return true
		}
	}
	return false
}

// addAgain takes rows that were kept as they are: a few at a time where texts are made of them, as longTexts gives those that come first.
func (t *aggTable) addAgain(w *worker, keys []*column.Vector, b *scan.Batch) error {
	if !t.run.texts {
		return t.add(w, keys, b)
	}
	if t.again == 0 {
		t.again = textRowsFirst
	}
	for lo := 0; lo < b.Len; {
		hi := min(lo+t.again, b.Len)
		some := make([]*column.Vector, len(keys))
		for i, v := range keys {
			some[i] = v.Slice(lo, hi)
		}
		w.expr.Made()
		if err := t.add(w, some, b.Slice(lo, hi)); err != nil {
			return err
		}
		t.again = textRows(t.again, hi-lo, w.expr.Made())
		lo = hi
		if err := t.run.env.Expr.Interrupted(); err != nil {
			return err
		}
	}
	return nil
}

// longValue is from how many bytes on the states of groups are long, on average.
const longValue = 1 << 10

// statesBytes is what the states hold.
func (t *aggTable) statesBytes() (n int64) {
	for _, s := range t.states {
		n += s.SizeBytes()
	}
	return n
}

// noteGrowth sees by how much long values have made the states grow with n rows, which the next ones will do too. Where states got room for more
// groups that is not to be seen.
func (t *aggTable) noteGrowth(room int, before int64, n int) {
	if t.room != room {
		return
	}
	if t.lately = t.statesBytes() - before; t.lately < longValue*int64(n) {
		t.lately = 0
	}
}

// longResult reports an aggregate whose results may be of any length.
func longResult(t column.Type) bool {
	return t.Physical() == column.PhysBytes && t.Kind != column.Numeric && t.Kind != column.UUID
}

// pieceRows is how many groups are given at a time, where the results of all would be large; 0 = all are.
func (t *aggTable) pieceRows() int {
	if t.groups == nil || t.groups.count < 2 || t.alone != nil {
		return 0
	}
	size := int64(0)
	for i, s := range t.states {
		if longResult(t.run.calls[i].Fn.Result) {
			size += s.SizeBytes()
		}
	}
	if n := int64(t.groups.count); size > stateBytes && size > longValue*n {
		return int(min(max(n*scannedBytes/size, 1), scan.BatchRows))
	}
	return 0
}

// groupPieces gives the groups of a table some at a time: long results of all of them would be in memory twice.
type groupPieces struct {
	t       *aggTable
	columns []*column.Vector // keys, and results that are short; nil = made piece by piece
	at      int
	rows    int
	closed  bool
}

func newGroupPieces(t *aggTable, rows int) (*groupPieces, error) {
	columns, err := t.groups.finish()
	if err != nil {
		return nil, err
	}
	for i, s := range t.states {
		var v *column.Vector
		if !longResult(t.run.calls[i].Fn.Result) {
			if v, err = s.Finish(t.groups.count); err != nil {
				return nil, err
			}
		}
		columns = append(columns, v)
	}
	return &groupPieces{t: t, columns: columns, rows: rows}, nil
}

func (s *groupPieces) next(ctx context.Context) (*scan.Batch, error) {
	if s.closed || s.at == s.t.groups.count {
		return nil, io.EOF
	}
	if err := cause(ctx); err != nil {
		return nil, err
	}
	lo := s.at
	s.at = min(lo+s.rows, s.t.groups.count)
	out := &scan.Batch{Len: s.at - lo, Columns: make([]*column.Vector, len(s.columns))}
	groups := make([]int32, out.Len)
	for i := range groups {
		groups[i] = int32(lo + i)
	}
	keys := len(s.t.run.keys)
	for i, v := range s.columns {
		if v != nil {
			out.Columns[i] = v.Slice(lo, s.at)
			continue
		}
		v, err := s.t.finishRows(i-keys, groups)
		if err != nil {
			return nil, err
		}
		out.Columns[i] = v
	}
	return out, nil
}

func (s *groupPieces) close() {
	if !s.closed {
		s.closed = true
		s.columns = nil
		s.t.run.closed()
	}
}
