package indexes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/rowindex"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/column/spill"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/tiering/segments"
)

// Build is files of a segment in the making, for those who want to watch.
type Build struct {
	Table   meta.TableID
	Segment meta.SegmentID
	Indexes []meta.IndexID
	Rows    int64 // of the segment
	Started time.Time
	done    atomic.Int64
}

// Done is how many rows were read.
func (b *Build) Done() int64 { return b.done.Load() }

// Builds lists what is being built now.
func (s *Store) Builds() []*Build {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*Build, 0, len(s.builds))
	for b := range s.builds {
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b *Build) int { return a.Started.Compare(b.Started) })
	return out
}

// Start looks for work at intervals until Close: only where the catalog has changed is there any.
func (s *Store) Start(every time.Duration) {
	s.loop.Start(every, func(ctx context.Context) {
		if uint64(s.options.Catalog.Snapshot().Version) == s.passed.Load() && !s.again.Load() {
			return
		}
		if err := s.Run(ctx); err != nil && ctx.Err() == nil {
			s.options.Logger.Warn("indexes could not be kept up; will try again", "error", err)
		}
	})
}

// Stop ends what Start began; a build that runs is given up, and leaves nothing.
func (s *Store) Stop() { s.loop.Stop() }

// Run builds every file that a segment lacks and removes those whose index is gone. A segment that fails does not stop the others.
func (s *Store) Run(ctx context.Context) error {
	s.passing.Lock()
	defer s.passing.Unlock()
	catalog := s.options.Catalog.Snapshot()
	s.passed.Store(uint64(catalog.Version))
	errs := []error{s.removeAll(ctx, func(k fileKey) bool { return !hasIndex(catalog, k) })}
	for _, d := range catalog.Databases() {
		for _, t := range catalog.Tables(d.ID) {
			if len(catalog.Indexes(t.ID)) == 0 {
				continue
			}
			for record := range catalog.Manifest(t.ID).All() {
				if err := s.buildSegment(ctx, t.ID, record.ID); err != nil {
					errs = append(errs, err)
				}
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
			}
		}
	}
	err := errors.Join(errs...)
	s.again.Store(err != nil)
	return err
}

// buildSegment builds what a live segment lacks, unless index or segment went away meanwhile.
func (s *Store) buildSegment(ctx context.Context, table meta.TableID, id meta.SegmentID) error {
	now, release := s.options.Catalog.Acquire()
	defer release()
	record := now.Manifest(table).Segment(id)
	if record == nil {
		return nil
	}
	missing := s.missing(now, table, id)
	if len(missing) == 0 {
		return nil
	}
	err := s.build(ctx, now.TableByID(table), record, missing)
	now = s.options.Catalog.Snapshot()
	return errors.Join(err, s.removeAll(ctx, func(k fileKey) bool { // what went away while it was built was looked for too early
		return k.table == table && k.segment == id && !wanted(now, k)
	}))
}

// missing lists the indexes that a segment has no file of.
func (s *Store) missing(catalog *meta.Snapshot, table meta.TableID, id meta.SegmentID) []*meta.Index {
	var out []*meta.Index
	for _, x := range catalog.Indexes(table) {
		if !s.has(fileKey{table, id, x.File}) {
			out = append(out, x)
		}
	}
	return out
}

// Index implements meta.Indexer: it builds the files of segments that nobody sees yet. What fails is left to the next pass.
func (s *Store) Index(ctx context.Context, t *meta.Table, list []meta.Segment) {
	catalog := s.options.Catalog.Snapshot()
	for i := range list {
		missing := s.missing(catalog, t.ID, list[i].ID)
		if len(missing) == 0 {
			continue
		}
		if err := s.build(ctx, t, &list[i], missing); err != nil {
			s.options.Logger.Warn("a new segment goes without its indexes until they are built", "table", t.Name, "segment", list[i].ID, "error", err)
		}
	}
}

// Discard implements meta.Indexer.
func (s *Store) Discard(ctx context.Context, table meta.TableID, id meta.SegmentID) {
	if err := s.Remove(ctx, table, id); err != nil {
		s.options.Logger.Warn("a file of an index could not be removed; the next start will", "table", table, "segment", id, "error", err)
	}
}

// keySource makes the keys of one index out of batches.
type keySource struct {
	index   *meta.Index
	keys    rowindex.Keys
	place   []int // of its columns in the batches
	builder *rowindex.Builder
}

// build writes the files of some indexes for one segment, reading it once. On an error it leaves none of them.
func (s *Store) build(ctx context.Context, t *meta.Table, record *meta.Segment, list []*meta.Index) (err error) {
	b := &Build{Table: t.ID, Segment: record.ID, Rows: record.Rows, Started: time.Now()}
	for _, x := range list {
		b.Indexes = append(b.Indexes, x.ID)
	}
	s.mu.Lock()
	s.builds[b] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.builds, b)
		s.mu.Unlock()
	}()
	pool := mem.NewPool("an index build", 0, s.options.Pool)
	defer pool.Close()
	var space *spill.Space
	if s.options.Temp != nil {
		space = s.options.Temp.Space(0)
		defer func() { err = errors.Join(err, space.Close()) }()
	}
	req := &scan.Request{Time: scan.AllTime}
	var sources []*keySource
	defer func() {
		for _, src := range sources {
			err = errors.Join(err, src.builder.Close())
		}
	}()
	for _, x := range list {
		src, err := newKeySource(t, x, req)
		if err != nil {
			return err
		}
		src.builder, err = rowindex.NewBuilder(rowindex.Options{
			Table: uint64(t.ID), Segment: uint64(record.ID), Index: uint64(x.File), Method: src.keys.Method, Rows: record.Rows,
			Parts: len(x.Columns), Bits: x.Bits, Budget: s.options.BuildBytes / int64(len(list)), Spill: space, Pool: pool,
		})
		if err != nil {
			return err
		}
		sources = append(sources, src)
	}
	if err := s.read(ctx, t, record, req, pool, sources, b); err != nil {
		return fmt.Errorf("index segment %d of table %q: %w", record.ID, t.Name, err)
	}
	for _, src := range sources {
		if err := s.write(ctx, fileKey{t.ID, record.ID, src.index.File}, src.builder); err != nil {
			return fmt.Errorf("index segment %d of table %q: %w", record.ID, t.Name, err)
		}
	}
	s.options.Logger.Debug("indexed", "table", t.Name, "segment", record.ID, "rows", record.Rows, "indexes", len(list), "took", time.Since(b.Started))
	return nil
}

// newKeySource adds the columns of an index to a request.
func newKeySource(t *meta.Table, x *meta.Index, req *scan.Request) (*keySource, error) {
	src := &keySource{index: x, keys: rowindex.Keys{Method: rowindex.MethodNamed(x.Method)}}
	if src.keys.Method == 0 {
		return nil, column.Errorf(column.Unsupported, "index %q has a method that this version does not know: %q", x.Name, x.Method)
	}
	for _, c := range x.Columns {
		f := t.Columns.Index(c.Column)
		if f < 0 {
			return nil, column.Errorf(column.Conflict, "index %q is over a column that table %q does not have", x.Name, t.Name)
		}
		src.keys.Parts = append(src.keys.Parts, rowindex.Part{Type: t.Columns.Fields[f].Type, Class: c.Class})
		at := slices.Index(req.Columns, c.Column)
		if at < 0 {
			at = len(req.Columns)
			req.Columns = append(req.Columns, c.Column)
		}
		src.place = append(src.place, at)
	}
	return src, nil
}

// read gives all rows of a segment, the dead ones too, to the sources. Its pages are not kept: they are read once.
func (s *Store) read(ctx context.Context, t *meta.Table, record *meta.Segment, req *scan.Request, pool *mem.Pool, sources []*keySource, b *Build) (err error) {
	r, err := segment.Open(ctx, s.options.Files, segments.Ref(t.ID, record), segment.ReadOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	morsels, _, err := r.Morsels(ctx, req, segment.View{Schema: &t.Columns}, 0)
	if err != nil {
		return err
	}
	row := uint32(0)
	for _, m := range morsels {
		rows, err := m.Open(ctx, pool)
		if err != nil {
			return err
		}
		for {
			batch, err := rows.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err == nil {
				err = ctx.Err()
			}
			for _, src := range sources {
				if err == nil {
					err = src.add(batch, row)
				}
			}
			if err != nil {
				return errors.Join(err, rows.Close())
			}
			row += uint32(batch.Len)
			b.done.Store(int64(row))
		}
		if err := rows.Close(); err != nil {
			return err
		}
	}
	if int64(row) != record.Rows {
		return column.Errorf(column.Internal, "%d rows were read of %d", row, record.Rows)
	}
	return nil
}

// add gives the builder the keys of a batch whose first row has this number.
func (src *keySource) add(batch *scan.Batch, first uint32) error {
	columns := make([]*column.Vector, len(src.place))
	for i, p := range src.place {
		columns[i] = batch.Columns[p]
		if columns[i].Enc == column.RunEnd { // finding the run of each row anew is slower
			columns[i] = column.Flatten(columns[i])
		}
	}
	row := first
	yield := func(key []byte) error { return src.builder.Add(key, row) }
	for i := range batch.Len {
		row = first + uint32(i)
		if err := src.keys.Each(columns, i, yield); err != nil {
			return err
		}
	}
	return nil
}

// write makes a file durable, and known.
func (s *Store) write(ctx context.Context, k fileKey, b *rowindex.Builder) error {
	f, err := s.options.Files.Create(ctx, k.name())
	if err != nil {
		return err
	}
	size, err := b.Finish(f)
	if err != nil {
		return errors.Join(err, f.Abort())
	}
	if err := f.Commit(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sizes[k] = size
	return nil
}
