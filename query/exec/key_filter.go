package exec

import (
	"context"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// keyFilter lets those rows of a scan pass whose value is a key of the build side of a join above. The others would have no partner there;
// leaving them out here spares what lies in between. It is a hint, so it ends where it spares little.
type keyFilter struct {
	column     int // of the scan
	keys       *keyColumn
	seen, kept atomic.Int64
}

const (
	// keyFilterTrial is how many rows a filter looks at before it is judged.
	keyFilterTrial = 1 << 15
	// keyFilterLeast is of how many rows one must be left out.
	keyFilterLeast = 3
)

// idle reports that too few rows are left out.
func (f *keyFilter) idle() bool {
	seen := f.seen.Load()
	return seen > keyFilterTrial && f.kept.Load() > seen-seen/keyFilterLeast
}

// keyFilterStream is a part of a scan without the rows that filters leave out.
type keyFilterStream struct {
	*scanStream
	filters []*keyFilter
	lookup  keyLookup
	rows    []int32
}

func filterByKeys(s *scanStream, filters []*keyFilter) *keyFilterStream {
	return &keyFilterStream{scanStream: s, filters: filters}
}

func (s *keyFilterStream) next(ctx context.Context) (*scan.Batch, error) {
	for {
		b, err := s.scanStream.next(ctx)
		if err != nil {
			return nil, err
		}
		for _, f := range s.filters {
			if b.Len == 0 || f.idle() {
				continue
			}
			if b, err = s.pass(f, b); err != nil {
				return nil, err
			}
		}
		if b.Len > 0 {
			return b, nil
		}
		if err := cause(ctx); err != nil {
			return nil, err
		}
	}
}

func (s *keyFilterStream) pass(f *keyFilter, b *scan.Batch) (_ *scan.Batch, err error) {
	s.rows, err = s.lookup.passing(f.keys, b.Columns[f.column], s.rows)
	if err != nil {
		return nil, err
	}
	f.seen.Add(int64(b.Len))
	f.kept.Add(int64(len(s.rows)))
	return b.Compact(livingRows(s.rows, b.Living)), nil
}

// passing lists the rows whose value is a key, in the memory of rows.
func (l *keyLookup) passing(c *keyColumn, v *column.Vector, rows []int32) ([]int32, error) {
	if c.ints != nil && c.ints.dense != nil && v.Enc == column.Flat {
		rows = c.ints.dense.pass(v.Ints[:v.Len], nil, rows)
		if v.Valid != nil {
			rows = livingRows(rows, v.Valid)
		}
		return rows, nil
	}
	l.other = resized(l.other, v.Len)
	if err := l.column(c, v, l.other); err != nil {
		return rows, err
	}
	rows = resized(rows, v.Len)
	k := 0
	for i, g := range l.other {
		rows[k] = int32(i)
		if g != 0 {
			k++
		}
	}
	return rows[:k], nil
}
