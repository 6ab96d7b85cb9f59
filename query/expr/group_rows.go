package expr

import (
	"sync"

	"github.com/automatanexus/aegis-db/column"
)

// GroupRows keeps the rows of groups, for aggregates that need all of a group at once. Rows come in any order of groups; ByGroup puts them
// together.
type GroupRows struct {
	groups []uint32          // by row
	rows   []*column.Builder // the columns, by row

	once sync.Once
	// When rows come no more: the columns, and the rows of group g, order[starts[g]:starts[g+1]], as they came.
	columns []*column.Vector
	order   []int32
	starts  []int32
	err     error
}

// NewGroupRows makes an empty store of rows of these types.
func NewGroupRows(types []column.Type) *GroupRows {
	s := &GroupRows{}
	for _, t := range types {
		s.rows = append(s.rows, column.NewBuilder(t, 0))
	}
	return s
}

// Add takes rows [lo, hi) of some columns; group gives the group of each.
func (s *GroupRows) Add(group func(i int) uint32, columns []*column.Vector, lo, hi int) error {
	for i := lo; i < hi; i++ {
		s.groups = append(s.groups, group(i))
	}
	for k, b := range s.rows {
		b.AppendVector(columns[k], lo, hi)
		if err := b.Err(); err != nil {
			return err
		}
	}
	return nil
}

// AddRow takes row i for a group.
func (s *GroupRows) AddRow(group uint32, columns []*column.Vector, i int) error {
	return s.Add(func(int) uint32 { return group }, columns, i, i+1)
}

// ByGroup gives the columns, and the rows of each group, as they came: those of group g are order[starts[g]:starts[g+1]], if there are so
// many groups. No rows may come afterwards. Safe for concurrent use then.
func (s *GroupRows) ByGroup() (columns []*column.Vector, order, starts []int32, err error) {
	s.once.Do(func() {
		for _, b := range s.rows {
			if s.err = b.Err(); s.err != nil {
				return
			}
			s.columns = append(s.columns, b.Finish())
		}
		n := uint32(0)
		for _, g := range s.groups {
			n = max(n, g+1)
		}
		s.starts = make([]int32, n+1)
		for _, g := range s.groups {
			s.starts[g+1]++
		}
		for g := range n {
			s.starts[g+1] += s.starts[g]
		}
		s.order = make([]int32, len(s.groups))
		at := append([]int32(nil), s.starts...)
		for i, g := range s.groups {
			s.order[at[g]] = int32(i)
			at[g]++
		}
	})
	return s.columns, s.order, s.starts, s.err
}

// Merge takes the rows of other's groups from[i] for groups into[i]. Other stays as it is, but no more rows may come to it.
func (s *GroupRows) Merge(other *GroupRows, from, into []uint32) error {
	columns, order, starts, err := other.ByGroup()
	if err != nil {
		return err
	}
	var rows []int32
	for i, g := range from {
		if int(g)+1 >= len(starts) {
			continue
		}
		for _, r := range order[starts[g]:starts[g+1]] {
			rows = append(rows, r)
			s.groups = append(s.groups, into[i])
		}
	}
	for k, b := range s.rows {
		b.AppendGather(columns[k], rows)
		if err := b.Err(); err != nil {
			return err
		}
	}
	return nil
}

// SizeBytes is what the rows hold, and what putting them by groups will take, about.
func (s *GroupRows) SizeBytes() int64 {
	size := int64(len(s.groups)) * (4 + 4)
	for _, b := range s.rows {
		size += 2 * (int64(b.DataLen()) + 8*int64(b.Len()))
	}
	for _, v := range s.columns {
		size += v.SizeBytes()
	}
	return size
}
