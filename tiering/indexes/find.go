package indexes

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/rowindex"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// An index that names more than this share of a segment's rows is of no use: rows that it picks cost some times as much as those that are read
// in a row. Of small segments it may name all.
const (
	worthShare = 8
	worthRows  = 1 << 10
)

// Scan asks the indexes of one table for one scan. For one goroutine.
type Scan struct {
	store *Store
	table meta.TableID
	conds []scan.IndexCondition
	named []int64 // rows, by each
	used  []bool
}

// Scan starts a scan of a table; nil where there is nothing to ask.
func (s *Store) Scan(table meta.TableID, conds []scan.IndexCondition) *Scan {
	if len(conds) == 0 {
		return nil
	}
	return &Scan{store: s, table: table, conds: conds, named: make([]int64, len(conds)), used: make([]bool, len(conds))}
}

// Rows gives the only rows of a segment that can satisfy all conditions, by the indexes that have their file for it; nil if they are not worth naming.
// The result is the caller's.
func (x *Scan) Rows(ctx context.Context, record *meta.Segment) (*roaring.Bitmap, error) {
	if x == nil {
		return nil, nil
	}
	var out *roaring.Bitmap
	most := max(record.Rows/worthShare, worthRows)
	for i := range x.conds {
		c := &x.conds[i]
		o, err := x.store.acquire(ctx, fileKey{x.table, record.ID, meta.IndexID(c.Index)}, record.Rows)
		if err != nil {
			return nil, err
		}
		if o == nil {
			continue
		}
		rows, err := o.reader.Find(ctx, c, most)
		x.store.release(o)
		if err != nil {
			return nil, damaged(err)
		}
		if rows == nil {
			continue
		}
		x.used[i] = true
		x.named[i] += int64(rows.GetCardinality())
		if out == nil {
			out = rows
		} else {
			out.And(rows)
		}
		if out.IsEmpty() {
			break
		}
	}
	return out, nil
}

// damaged says in an error about a damaged file what can be done.
func damaged(err error) error {
	var e *column.Error
	if !errors.Is(err, column.Corrupt) || !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Hint = "REINDEX makes the index's files anew; DROP INDEX does without them."
	return &out
}

// Done counts the scan as a use of the indexes that said something.
func (x *Scan) Done(catalog *meta.Snapshot) {
	if x == nil {
		return
	}
	for i, c := range x.conds {
		at := slices.IndexFunc(catalog.Indexes(x.table), func(m *meta.Index) bool { return uint64(m.File) == c.Index })
		if !x.used[i] || at < 0 {
			continue
		}
		u := x.store.usesOf(catalog.Indexes(x.table)[at].ID)
		u.scans.Add(1)
		u.named.Add(x.named[i])
	}
}

// opened is an open file.
type opened struct {
	key    fileKey
	ready  chan struct{} // closed when reader or err is set
	reader *rowindex.Reader
	err    error
	users  int // guarded by Store.mu
}

// acquire opens a file, or shares the open one; nil if there is none. Release it.
func (s *Store) acquire(ctx context.Context, k fileKey, rows int64) (*opened, error) {
	s.mu.Lock()
	if _, ok := s.sizes[k]; !ok {
		s.mu.Unlock()
		return nil, nil
	}
	o, known := s.readers[k]
	if !known {
		o = &opened{key: k, ready: make(chan struct{})}
		s.readers[k] = o
	} else if o.users == 0 {
		s.idle = slices.DeleteFunc(s.idle, func(x *opened) bool { return x == o })
		s.held -= o.reader.SizeBytes()
	}
	o.users++
	s.mu.Unlock()
	if !known {
		// The others who wait for it must not fail because the first one went away.
		o.reader, o.err = s.open(context.WithoutCancel(ctx), k, rows)
		close(o.ready)
	}
	select {
	case <-o.ready:
	case <-ctx.Done():
		s.release(o)
		return nil, context.Cause(ctx)
	}
	if o.err == nil {
		return o, nil
	}
	s.release(o)
	if errors.Is(o.err, fs.ErrNotExist) && !s.has(k) { // removed meanwhile
		return nil, nil
	}
	return nil, damaged(o.err)
}

func (s *Store) open(ctx context.Context, k fileKey, rows int64) (*rowindex.Reader, error) {
	f, err := s.options.Files.Open(ctx, k.name())
	if err != nil {
		return nil, err
	}
	return rowindex.Open(f, rowindex.Ref{Table: uint64(k.table), Segment: uint64(k.segment), Index: uint64(k.index), Rows: rows})
}

func (s *Store) release(o *opened) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.users--
	if o.users > 0 {
		return
	}
	if o.reader == nil { // what failed to open is not remembered
		delete(s.readers, o.key)
		return
	}
	s.idle = append(s.idle, o)
	s.held += o.reader.SizeBytes()
	if _, there := s.sizes[o.key]; !there {
		s.dropLocked(o)
	}
	for s.held > s.options.Bytes || len(s.idle) > mostIdle {
		s.dropLocked(s.idle[0])
	}
}

// mostIdle is how many files stay open that nobody reads.
const mostIdle = 512

func (s *Store) dropLocked(o *opened) {
	s.idle = slices.DeleteFunc(s.idle, func(x *opened) bool { return x == o })
	s.held -= o.reader.SizeBytes()
	delete(s.readers, o.key)
	_ = o.reader.Close() // it only read
}

// closeIdleLocked closes a file that is about to be removed, if nobody reads it.
func (s *Store) closeIdleLocked(k fileKey) {
	if o := s.readers[k]; o != nil && o.users == 0 {
		s.dropLocked(o)
	}
}
