package ingest

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/meta"
)

// OpenedSegment is a segment that is read from; Release ends that.
type OpenedSegment struct {
	Reader  *segment.Reader
	Deleted *roaring.Bitmap // nil = none
	Release func()
}

// openSegment opens a live segment.
func (s *Shard) openSegment(ctx context.Context, table meta.TableID, record *meta.Segment) (OpenedSegment, error) {
	if s.opts.OpenSegment != nil {
		return s.opts.OpenSegment(ctx, table, record)
	}
	o := OpenedSegment{}
	var err error
	if d := record.Deleted; d != nil {
		info := segment.VectorInfo{Rows: d.Rows, Bytes: d.Bytes, Sum: d.Sum}
		if o.Deleted, err = segment.ReadVector(ctx, s.opts.Files, uint64(record.FilesOf(table)), uint64(record.ID), d.Version, info); err != nil {
			return o, fmt.Errorf("segment %d: %w", record.ID, err)
		}
	}
	o.Reader, err = segment.Open(ctx, s.opts.Files, segment.Ref{
		Table: uint64(record.FilesOf(table)), Segment: uint64(record.ID), Rows: record.Rows,
		DataBytes: record.DataBytes, SidecarBytes: record.SidecarBytes, SidecarSum: record.SidecarSum,
	}, segment.ReadOptions{})
	if err != nil {
		return o, fmt.Errorf("segment %d: %w", record.ID, err)
	}
	o.Release = func() { _ = o.Reader.Close() } // it only read
	return o, nil
}

// segmentKeys is what is kept of the segments of a table for one constraint.
type segmentKeys struct {
	pool   *mem.Pool
	filled map[meta.SegmentID]*filledSegment
}

// filledSegment is a segment's filter of tuples; nil where the memory for it is not there, or few tuples were looked up.
type filledSegment struct {
	bounds segment.KeyBounds
	filter *index.Filter
	asked  int64 // tuples that were looked up without a filter
}

// rowsPerKey is how many rows of a segment that is sorted by the key there are for each tuple that is looked up without a filter: then finding tuples has cost
// about what a filter does. Without it the first commit of one row after a start or a merge would wait for all rows to be read.
const rowsPerKey = 1 << 10

func (k *segmentKeys) release() {
	for id, f := range k.filled {
		k.drop(id, f)
	}
}

func (k *segmentKeys) drop(id meta.SegmentID, f *filledSegment) {
	if f.filter != nil {
		k.pool.Shrink(f.filter.SizeBytes())
	}
	delete(k.filled, id)
}

// of gives what is kept for a constraint.
func (t *uniqueTable) of(u *uniqueKey, pool *mem.Pool) *segmentKeys {
	name := fmt.Sprint(u.columns, u.distinct)
	k := t.segments[name]
	if k == nil {
		k = &segmentKeys{pool: pool, filled: map[meta.SegmentID]*filledSegment{}}
		t.segments[name] = k
	}
	return k
}

// rowsThatCount are the rows of segments that may have a tuple which is looked up: live ones but those that end now, or those alone.
type rowsThatCount bool

const (
	rowsOfOthers rowsThatCount = false
	rowsThatEnd  rowsThatCount = true
)

// clashInSegments gives the first row whose tuple a row of a segment has that counts, -1 if there is none.
func (s *Shard) clashInSegments(
	ctx context.Context, table *uniqueTable, t *meta.Table, u *uniqueKey, rows *tuples, skip func(int) bool, ended *scan.RowSet, which rowsThatCount,
) (int, error) {
	catalog, release := s.opts.Catalog.Acquire()
	defer release()
	manifest := catalog.Manifest(t.ID)
	if manifest.Len() == 0 {
		return -1, nil
	}
	l := newSegmentLookup(s, table, t, u, rows, skip, ended, which)
	seen, clash := 0, -1
	for record := range manifest.All() {
		if l.kept.filled[record.ID] != nil {
			seen++
		}
		at, err := l.look(ctx, record)
		if err != nil {
			return -1, err
		}
		clash = first(clash, at)
	}
	if seen < len(l.kept.filled) {
		for id, f := range l.kept.filled {
			if manifest.Segment(id) == nil {
				l.kept.drop(id, f)
			}
		}
	}
	return clash, nil
}

// segmentLookup looks the tuples of a batch up in segments.
type segmentLookup struct {
	shard    *Shard
	table    *meta.Table
	of       segment.KeyOf
	distinct bool
	kept     *segmentKeys
	rows     *tuples
	skip     func(int) bool
	ended    *scan.RowSet
	which    rowsThatCount
	maybe    []int32
}

func newSegmentLookup(
	s *Shard, table *uniqueTable, t *meta.Table, u *uniqueKey, rows *tuples, skip func(int) bool, ended *scan.RowSet, which rowsThatCount,
) *segmentLookup {
	return &segmentLookup{
		shard: s, table: t, of: segment.KeyOf{Columns: u.columns, Schema: &t.Columns}, distinct: u.distinct,
		kept: table.of(u, s.keyPool), rows: rows, skip: skip, ended: ended, which: which,
	}
}

// look gives the first row whose tuple is that of a live row of a segment, -1 if there is none. New tuples above all old ones, the
// usual case, cost a comparison; others a look into the filter each, and those it cannot rule out are looked for.
func (l *segmentLookup) look(ctx context.Context, record *meta.Segment) (int, error) {
	f := l.kept.filled[record.ID]
	if f != nil && f.bounds.Apart(l.rows.Lo, l.rows.Hi) {
		return -1, nil
	}
	if f != nil && f.filter != nil && !l.sift(f.filter) {
		return -1, nil
	}
	o, err := l.shard.openSegment(ctx, l.table.ID, record)
	if err != nil {
		return -1, err
	}
	defer o.Release()
	if f == nil {
		f = &filledSegment{}
		if f.bounds, err = o.Reader.KeyBounds(l.of); err != nil {
			return -1, err
		}
		l.kept.filled[record.ID] = f
		if f.bounds.Apart(l.rows.Lo, l.rows.Hi) {
			return -1, nil
		}
	}
	if f.filter == nil && l.fewFor(f, o.Reader) {
		l.all()
	} else if f.filter == nil {
		if err := l.fill(ctx, o.Reader, f); err != nil {
			return -1, err
		}
		if f.filter == nil {
			l.all()
		} else if !l.sift(f.filter) {
			return -1, nil
		}
	}
	return l.find(ctx, record.ID, &o)
}

// fewFor reports that the tuples that were looked up in a segment are not worth a filter yet.
func (l *segmentLookup) fewFor(f *filledSegment, r *segment.Reader) bool {
	f.asked += int64(len(l.rows.Hashes))
	return f.asked < r.Ref().Rows/l.shard.opts.rowsPerKey && r.SortedBy(l.of)
}

// sift leaves in maybe the rows whose tuple a filter cannot rule out, and reports whether there are any.
func (l *segmentLookup) sift(f *index.Filter) bool {
	l.maybe = f.HasAny(l.maybe[:0], l.rows.Hashes)
	if l.rows.Free != nil || l.skip != nil {
		l.maybe = slices.DeleteFunc(l.maybe, func(i int32) bool { return !l.rows.counts(int(i)) || l.skip != nil && l.skip(int(i)) })
	}
	return len(l.maybe) > 0
}

func (l *segmentLookup) all() {
	l.maybe = l.maybe[:0]
	for i := range l.rows.Hashes {
		if l.rows.counts(i) && (l.skip == nil || !l.skip(i)) {
			l.maybe = append(l.maybe, int32(i))
		}
	}
}

// fill makes a segment's filter, if there is memory to keep it.
func (l *segmentLookup) fill(ctx context.Context, r *segment.Reader, f *filledSegment) error {
	size := r.KeyFilterBytes(l.of)
	if l.kept.pool.Grow(size) != nil {
		return nil
	}
	filter, err := r.KeyFilter(ctx, l.of, l.distinct, l.shard.opts.Pool)
	if err != nil {
		l.kept.pool.Shrink(size)
		return err
	}
	f.filter = filter
	return nil
}

// find reads the rows that may be equal to one of maybe.
func (l *segmentLookup) find(ctx context.Context, id meta.SegmentID, o *OpenedSegment) (int, error) {
	tuples := make([][]byte, len(l.maybe))
	for k, i := range l.maybe {
		if err := unwantedAt(ctx, k); err != nil {
			return -1, err
		}
		tuples[k] = l.rows.tuple(int(i))
	}
	order := make([]int, len(l.maybe))
	for k := range order {
		order[k] = k
	}
	if !l.rows.ascending {
		compared, over := 0, false
		slices.SortFunc(order, func(a, b int) int {
			if compared++; compared%rowsAtOnce == 0 {
				over = over || ctx.Err() != nil
			}
			if over {
				return 0 // so the sort comes to its end
			}
			return bytes.Compare(tuples[a], tuples[b])
		})
		if err := unwanted(ctx); err != nil {
			return -1, err
		}
	}
	keys := make([][]byte, len(order))
	for k, at := range order {
		keys[k] = tuples[at]
	}
	clash := -1
	err := o.Reader.FindKeys(ctx, l.of, keys, l.shard.opts.Pool, func(row uint32, k int) {
		if o.Deleted != nil && o.Deleted.Contains(row) || l.shard.ended(l.table.ID, id, row) {
			return
		}
		if mine := l.ended != nil && l.ended.Contains(int64(id), int64(row)); mine != bool(l.which) {
			return
		}
		clash = first(clash, int(l.maybe[order[k]]))
	})
	if err != nil {
		return -1, column.Errorf(column.ClassOf(err), "look up keys of table %q: %w", l.table.Name, err)
	}
	return clash, nil
}
