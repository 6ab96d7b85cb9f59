package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// A subquery that stands for a value has one row or none. Whether it has more is an error only for rows that ask for the value, so the
// aggregate keeps any row's value, a count is taken beside it, and SingleRow looks at both where the value is used.

// Single is the aggregate that gives the value of any one row of a group, NULL without rows.
func Single(t column.Type) *expr.Aggregate {
	return &expr.Aggregate{Name: "single", Args: types(t), Result: t, New: func() expr.State { return &singleState{typ: t, values: column.NewBuilder(t, 0)} }}
}

// SingleRow gives its first argument where the second, a count of rows, is at most one, and error 21000 elsewhere.
func SingleRow(t column.Type) *expr.Function {
	return &expr.Function{Name: "single_row", Args: types(t, tInt8), Result: t, CanFail: true, Kernel: singleRow}
}

func singleRow(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	for i := range n {
		if !args[1].IsNull(i) && args[1].Int(i) > 1 {
			e := column.SQLErrorf(column.Invalid, "21000", "more than one row returned by a subquery used as an expression")
			e.Hint = "Add LIMIT 1, or an aggregate."
			return nil, e
		}
	}
	return args[0], nil
}

// singleState keeps the values as they come and, for each group, which of them is its.
type singleState struct {
	typ    column.Type
	values *column.Builder
	at     []int32        // by group, 1 + the place of its value; 0 = none
	merged *column.Vector // the values, once they are read by another state
}

func (s *singleState) Grow(n int) { s.at = grown(s.at, n) }

func (s *singleState) take(g uint32, v *column.Vector, i int) error {
	if s.at[g] != 0 {
		return nil
	}
	s.values.AppendRow(v, i)
	s.at[g] = int32(s.values.Len())
	return s.values.Err()
}

func (s *singleState) Add(groups []uint32, args []*column.Vector, n int) error {
	for i := range n {
		if err := s.take(groups[i], args[0], i); err != nil {
			return err
		}
	}
	return nil
}

func (s *singleState) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	if lo == hi {
		return nil
	}
	return s.take(g, args[0], lo)
}

func (s *singleState) Merge(other expr.State, from, into []uint32) error {
	o := other.(*singleState)
	if o.merged == nil {
		o.merged = o.values.Finish()
	}
	for i, g := range from {
		if at := o.at[g]; at != 0 {
			if err := s.take(into[i], o.merged, int(at)-1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *singleState) Finish(n int) (*column.Vector, error) {
	s.values.AppendNull()
	none := int32(s.values.Len() - 1)
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = none
		if i < len(s.at) && s.at[i] != 0 {
			rows[i] = s.at[i] - 1
		}
	}
	if err := s.values.Err(); err != nil {
		return nil, err
	}
	return column.Gather(s.values.Finish(), rows), nil
}

func (s *singleState) SizeBytes() int64 {
	return int64(4*cap(s.at)) + int64(s.values.DataLen()) + 16*int64(s.values.Len())
}
