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
		if b, err = s.pass(b); err != nil {
			return nil, err
		}
		if b.Len > 0 {
			return b, nil
		}
		if err := cause(ctx); err != nil {
			return nil, err
		}
	}
}

// pass leaves rows out by all filters, and copies the others once.
func (s *keyFilterStream) pass(b *scan.Batch) (_ *scan.Batch, err error) {
	some := false // s.rows are those that passed so far
	for _, f := range s.filters {
		if b.Len == 0 || f.idle() {
			continue
		}
		v, seen := b.Columns[f.column], b.Len
		if some && f.keys.inBits(v) {
			seen = len(s.rows)
			s.rows = f.keys.passBits(v, s.rows, s.rows)
		} else {
			if some {
				b = b.Compact(livingRows(s.rows, b.Living))
				v, seen = b.Columns[f.column], b.Len
			}
			if s.rows, err = s.lookup.passing(f.keys, v, s.rows); err != nil {
				return nil, err
			}
			some = true
		}
		f.seen.Add(int64(seen))
		f.kept.Add(int64(len(s.rows)))
	}
	if some {
		b = b.Compact(livingRows(s.rows, b.Living))
	}
	return b, nil
}

// inBits reports that bits say which rows of a vector have a key.
func (c *keyColumn) inBits(v *column.Vector) bool {
	return c.ints != nil && c.ints.dense != nil && v.Enc == column.Flat
}

// passBits keeps those of the listed rows whose value is a key, in the memory of out; rows = nil: of all.
func (c *keyColumn) passBits(v *column.Vector, rows, out []int32) []int32 {
	out = c.ints.dense.pass(v.Ints[:v.Len], rows, out)
	if v.Valid != nil {
		out = livingRows(out, v.Valid)
	}
	return out
}

// passing lists the rows whose value is a key, in the memory of rows.
func (l *keyLookup) passing(c *keyColumn, v *column.Vector, rows []int32) ([]int32, error) {
	if c.inBits(v) {
		return c.passBits(v, nil, rows), nil
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
