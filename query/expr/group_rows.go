package expr

import (
	"context"
	"sync"

	"github.com/automatanexus/aegis-db/column"
)

// GroupRows keeps the rows of groups, for aggregates that need all of a group at once. Rows come in any order of groups; ByGroup puts them
// together. They are kept in chunks: a list that doubles would copy hundreds of megabytes in one step, which nothing could end.
type GroupRows struct {
	ctx    context.Context // nil = never cancelled
	types  []column.Type
	chunks []rowChunk        // that are full
	groups []uint32          // of the chunk at hand, by row
	rows   []*column.Builder // its columns, by row
	count  int               // rows of full chunks
	full   int64             // bytes of these

	once sync.Once
	// When rows come no more: the columns, group by group, the rows of each as they came. Those of group g are [starts[g], starts[g+1]).
	columns []*column.Vector
	starts  []int32
	err     error
}

// rowChunk is some rows and their groups.
type rowChunk struct {
	groups  []uint32
	columns []*column.Vector
}

// A chunk is full when it has so many rows, or so many bytes of a column.
const (
	rowChunkRows  = 1 << 16
	rowChunkBytes = 4 << 20
)

// NewGroupRows makes an empty store of rows of these types.
func NewGroupRows(types []column.Type) *GroupRows {
	s := &GroupRows{types: types}
	s.begin()
	return s
}

// Watch has whatever takes long look whether the statement was cancelled.
func (s *GroupRows) Watch(ctx context.Context) { s.ctx = ctx }

func (s *GroupRows) begin() {
	s.groups, s.rows = nil, make([]*column.Builder, len(s.types))
	for i, t := range s.types {
		s.rows[i] = column.NewBuilder(t, 0)
	}
}

// room is how many rows the chunk at hand has room for; of one that is full it makes the next.
func (s *GroupRows) room() int {
	full := len(s.groups) >= rowChunkRows
	for _, b := range s.rows {
		full = full || b.DataLen() >= rowChunkBytes
	}
	if full {
		s.end()
		s.begin()
	}
	return rowChunkRows - len(s.groups)
}

// end completes the chunk at hand.
func (s *GroupRows) end() {
	c := rowChunk{groups: s.groups}
	size := int64(4 * len(s.groups))
	for _, b := range s.rows {
		v := b.Finish()
		c.columns = append(c.columns, v)
		size += v.SizeBytes()
	}
	s.chunks = append(s.chunks, c)
	s.count += len(c.groups)
	s.full += size
}

// Add takes rows [lo, hi) of some columns; group gives the group of each.
func (s *GroupRows) Add(group func(i int) uint32, columns []*column.Vector, lo, hi int) error {
	looks := Looks{Ctx: s.ctx}
	for lo < hi {
		if hi-lo > looksEvery && looks.Look() {
			return looks.Err()
		}
		to := min(hi, lo+min(s.room(), looksEvery))
		for i := lo; i < to; i++ {
			s.groups = append(s.groups, group(i))
		}
		for k, b := range s.rows {
			b.AppendVector(columns[k], lo, to)
			if err := b.Err(); err != nil {
				return err
			}
		}
		lo = to
	}
	return nil
}

// AddRow takes row i for a group.
func (s *GroupRows) AddRow(group uint32, columns []*column.Vector, i int) error {
	return s.Add(func(int) uint32 { return group }, columns, i, i+1)
}

// ByGroup gives the columns, group by group, the rows of each as they came: those of group g are [starts[g], starts[g+1]), if there are so
// many groups. No rows may come afterwards. Safe for concurrent use then.
func (s *GroupRows) ByGroup() (columns []*column.Vector, starts []int32, err error) {
	s.once.Do(func() { s.err = s.join() })
	return s.columns, s.starts, s.err
}

func (s *GroupRows) join() error {
	s.end()
	chunks, total := s.chunks, s.count
	s.chunks, s.groups, s.rows = nil, nil, nil
	groups := uint32(0)
	for i := range chunks {
		for _, g := range chunks[i].groups {
			groups = max(groups, g+1)
		}
	}
	s.starts = make([]int32, groups+1)
	for i := range chunks {
		for _, g := range chunks[i].groups {
			s.starts[g+1]++
		}
	}
	for g := range groups {
		s.starts[g+1] += s.starts[g]
	}
	var err error
	if s.columns, err = s.concat(chunks, total); err != nil || groups <= 1 {
		return err
	}
	order, err := s.order(chunks, total)
	if err != nil {
		return err
	}
	for k, v := range s.columns {
		if s.columns[k], err = GatherPieces(s.ctx, v, order); err != nil {
			return err
		}
	}
	return nil
}

// concat puts chunks together.
func (s *GroupRows) concat(chunks []rowChunk, total int) ([]*column.Vector, error) {
	if len(chunks) == 1 {
		return chunks[0].columns, nil
	}
	looks := Looks{Ctx: s.ctx}
	out := make([]*column.Vector, len(s.types))
	for k, t := range s.types {
		b := column.NewBuilder(t, total)
		for i := range chunks {
			if looks.Look() {
				return nil, looks.Err()
			}
			b.AppendVector(chunks[i].columns[k], 0, len(chunks[i].groups))
			if i < len(chunks)-1 || k < len(s.types)-1 {
				chunks[i].columns[k] = nil
			}
		}
		if err := b.Err(); err != nil {
			return nil, err
		}
		out[k] = b.Finish()
	}
	return out, nil
}

// order lists the rows of all groups.
func (s *GroupRows) order(chunks []rowChunk, total int) ([]int32, error) {
	looks := Looks{Ctx: s.ctx}
	out, at, row := make([]int32, total), append([]int32(nil), s.starts...), int32(0)
	for i := range chunks {
		if looks.Look() {
			return nil, looks.Err()
		}
		for _, g := range chunks[i].groups {
			out[at[g]] = row
			at[g]++
			row++
		}
	}
	return out, nil
}

// GatherPieces is column.Gather of a flat vector, with looks whether the statement was cancelled.
func GatherPieces(ctx context.Context, v *column.Vector, rows []int32) (*column.Vector, error) {
	if len(rows) <= looksEvery {
		return column.Flatten(column.Gather(v, rows)), nil
	}
	looks := Looks{Ctx: ctx}
	b := column.NewBuilder(v.Type, len(rows))
	err := looks.Pieces(len(rows), func(lo, hi int) error {
		b.AppendGather(v, rows[lo:hi])
		return b.Err()
	})
	if err != nil {
		return nil, err
	}
	return b.Finish(), nil
}

// Merge takes the rows of other's groups from[i] for groups into[i]. Other stays as it is, but no more rows may come to it.
func (s *GroupRows) Merge(other *GroupRows, from, into []uint32) error {
	columns, starts, err := other.ByGroup()
	if err != nil {
		return err
	}
	looks := Looks{Ctx: s.ctx}
	var rows []int32
	var groups []uint32
	take := func() error {
		if looks.Look() {
			return looks.Err()
		}
		s.room()
		s.groups = append(s.groups, groups...)
		for k, b := range s.rows {
			b.AppendGather(columns[k], rows)
			if err := b.Err(); err != nil {
				return err
			}
		}
		rows, groups = rows[:0], groups[:0]
		return nil
	}
	for i, g := range from {
		if int(g)+1 >= len(starts) {
			continue
		}
		for r := starts[g]; r < starts[g+1]; r++ {
			rows, groups = append(rows, r), append(groups, into[i])
			if len(rows) == looksEvery {
				if err := take(); err != nil {
					return err
				}
			}
		}
	}
	return take()
}

// SizeBytes is what the rows hold, and what putting them by groups will take, about.
func (s *GroupRows) SizeBytes() int64 {
	size := 2*s.full + int64(len(s.groups))*(4+4)
	for _, b := range s.rows {
		size += 2 * (int64(b.DataLen()) + 8*int64(b.Len()))
	}
	for _, v := range s.columns {
		size += v.SizeBytes()
	}
	return size
}
