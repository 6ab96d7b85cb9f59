package segment

import (
	"cmp"
	"context"
	"slices"
	"sort"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// Stored is a segment that a Filler looks into.
type Stored struct {
	// Times bound the time column, as the catalog has it; ignored for tables without one.
	Times scan.TimeRange
	// Open gives the segment's reader and its dead rows, nil = none. It is called for each look, so it gives what is open already; it is
	// safe for concurrent use.
	Open func(ctx context.Context) (*Reader, *roaring.Bitmap, error)
}

// Filler implements scan.Filler over a table's segments. Among the live rows of all of them no key is there twice.
//
// It opens segments only where times overlap, and there finds a series by the directory of the series table: rows of new times,
// nearly all, cost one comparison with the newest time that is stored.
type Filler struct {
	schema *column.Schema
	timed  bool     // order keys begin with the time
	list   []Stored // by least time
	newest []int64  // newest[i] is the greatest time of list[:i+1]
}

// NewFiller makes a filler of a table as a snapshot sees it: its schema, and the segments with their deletion vectors.
func NewFiller(schema *column.Schema, list []Stored) *Filler {
	f := &Filler{schema: schema, list: slices.Clone(list)}
	order := schema.Order()
	if f.timed = schema.Time != 0 && len(order) > 0 && order[0] == schema.Time; !f.timed {
		return f
	}
	slices.SortFunc(f.list, func(a, b Stored) int { return cmp.Compare(a.Times.Min, b.Times.Min) })
	for i, s := range f.list {
		m := s.Times.Max
		if i > 0 {
			m = max(m, f.newest[i-1])
		}
		f.newest = append(f.newest, m)
	}
	return f
}

// Holds implements scan.Filler.
func (f *Filler) Holds(ctx context.Context, series, lo, hi []byte) (bool, error) {
	found := false
	err := f.each(ctx, series, lo, hi, func(*Reader, *roaring.Bitmap, Series) (more bool, err error) {
		found = true
		return false, nil
	})
	return found, err
}

// each visits the segments that have rows of a series at times between those of two order keys, as long as there is to be more.
func (f *Filler) each(ctx context.Context, series, lo, hi []byte, visit func(*Reader, *roaring.Bitmap, Series) (more bool, err error)) error {
	times, list := scan.AllTime, f.list
	if f.timed {
		var err error
		if times, err = f.times(lo, hi); err != nil {
			return err
		}
		list = list[:sort.Search(len(list), func(i int) bool { return list[i].Times.Min > times.Max })]
	}
	for i := len(list) - 1; i >= 0; i-- {
		if f.timed && f.newest[i] < times.Min {
			break // and so are all before
		}
		if f.timed && !times.Overlaps(list[i].Times.Min, list[i].Times.Max) {
			continue
		}
		r, dead, err := list[i].Open(ctx)
		if err != nil {
			return err
		}
		s, there, err := r.seriesIn(series, times)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		if more, err := visit(r, dead, s); err != nil || !more {
			return err
		}
	}
	return nil
}

// seriesIn finds a series that has rows in a range of times.
func (r *Reader) seriesIn(series []byte, times scan.TimeRange) (s Series, there bool, err error) {
	n, err := r.FindSeries(series)
	if err != nil || n < 0 {
		return s, false, err
	}
	s, err = r.Series(n)
	return s, times.Overlaps(s.Min, s.Max), err
}

// times is the range of times of two order keys and those between them.
func (f *Filler) times(lo, hi []byte) (scan.TimeRange, error) {
	t := f.schema.Fields[f.schema.Index(f.schema.Time)].Type
	var out scan.TimeRange
	var err error
	if out.Min, _, err = timeOf(lo, t); err == nil { // the time column is NOT NULL
		out.Max, _, err = timeOf(hi, t)
	}
	return out, err
}

// Fill implements scan.Filler.
func (f *Filler) Fill(ctx context.Context, series []byte, keys [][]byte, columns []column.ID, pool *mem.Pool) ([]*column.Vector, error) {
	// The vectors first get a NULL, then the values as they are met: index says which is whose.
	index := make([]int32, len(keys))
	builders := make([]*column.Builder, len(columns))
	for i, id := range columns {
		at := f.schema.Index(id)
		if at < 0 {
			return nil, column.Errorf(column.Internal, "fill column %d, which the table does not have", id)
		}
		builders[i] = column.NewBuilder(f.schema.Fields[at].Type, 0)
		builders[i].AppendNull()
	}
	if len(keys) > 0 {
		next := int32(1)
		err := f.each(ctx, series, keys[0], keys[len(keys)-1], func(r *Reader, dead *roaring.Bitmap, s Series) (more bool, err error) {
			var rows []piece
			err = r.matchRows(ctx, s, keys, pool, func(row uint32, k int) {
				if dead == nil || !dead.Contains(row) {
					rows = appendRow(rows, 0, row)
					index[k] = next
					next++
				}
			})
			for i := 0; i < len(columns) && err == nil; i++ {
				err = r.appendRows(ctx, builders[i], &f.schema.Fields[f.schema.Index(columns[i])], rows, pool)
			}
			return true, err
		})
		if err != nil {
			return nil, err
		}
	}
	out := make([]*column.Vector, len(columns))
	for i, b := range builders {
		if err := b.Err(); err != nil {
			return nil, err
		}
		out[i] = column.Gather(b.Finish(), index)
	}
	return out, nil
}

// appendRows appends a column's values of some rows, which ascend.
func (r *Reader) appendRows(ctx context.Context, b *column.Builder, f *column.Field, rows []piece, pool *mem.Pool) error {
	field := r.meta.schema.Index(f.ID)
	if field < 0 {
		for _, p := range rows {
			n := int(p.hi - p.lo)
			v, err := f.InitialValues(n)
			if err != nil {
				return err
			}
			b.AppendVector(v, 0, n)
		}
		return nil
	}
	c, err := r.columnReader(field, pool)
	if err != nil {
		return err
	}
	defer c.close()
	for _, p := range rows {
		for at := p.lo; at < p.hi; {
			v, from, to, err := c.part(ctx, at, p.hi)
			if err != nil {
				return err
			}
			b.AppendVector(v.As(f.Type), from, to)
			at += uint32(to - from)
		}
	}
	return nil
}
