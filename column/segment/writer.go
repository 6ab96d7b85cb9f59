package segment

import (
	"bytes"
	"context"
	"fmt"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
	"github.com/automatanexus/aegis-db/column/key"
)

// Writer writes one segment: rows come in runs, are buffered up to a row group, and leave as encoded column chunks; the sidecar
// grows in memory beside them. Not safe for concurrent use. The first error ends it: every later call returns it.
type Writer struct {
	ctx     context.Context
	files   Files
	o       Options
	schema  *column.Schema
	stored  []column.Field // the schema's, as chunks hold them
	file    NewFile
	data    *dataFile
	enc     *encoder
	builder []*column.Builder // per field; nil for tags
	tags    []tagBuffer       // per field; used for tags
	groups  []groupMeta

	statistics []statistics // per field

	timeField        int // -1 = none
	timeSorted       bool
	minTime, maxTime int64

	rows, groupRows, groupSeries uint32
	fixedBytes                   int64 // of one buffered row
	table                        seriesTable
	postings                     []*index.Builder // per tag of the schema
	labels                       map[string]*index.Builder
	reserved                     int64
	err                          error
	done                         bool
}

// groupMeta is what is known of a written row group.
type groupMeta struct {
	rows   uint32
	chunks []chunkMeta // per field
}

// NewWriter starts a segment. Its files appear when Finish succeeds.
func NewWriter(ctx context.Context, files Files, o Options) (*Writer, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	w := &Writer{
		ctx: ctx, files: files, o: o, schema: o.Schema, stored: storedFields(o.Schema.Fields), timeSorted: true, timeField: -1,
		builder: make([]*column.Builder, len(o.Schema.Fields)), tags: make([]tagBuffer, len(o.Schema.Fields)),
		statistics: make([]statistics, len(o.Schema.Fields)),
		labels:     map[string]*index.Builder{},
	}
	if o.Schema.Time != 0 {
		w.timeField = o.Schema.Index(o.Schema.Time)
	}
	for i, f := range o.Schema.Fields {
		switch {
		case !f.Type.Valid():
			return nil, w.fail(column.Errorf(column.Internal, "column %d has type %d", f.ID, f.Type.Kind))
		case o.Schema.IsTag(f.ID):
			w.tags[i] = newTagBuffer(f.Type)
			w.fixedBytes += 4
		default:
			w.builder[i] = column.NewBuilder(w.stored[i].Type, 0)
			w.fixedBytes += 8
		}
	}
	for _, id := range o.Schema.Tags {
		i := o.Schema.Index(id)
		if i < 0 || o.Schema.Fields[i].Type.Physical() == column.PhysInterval {
			return nil, w.fail(column.Errorf(column.Internal, "tag %d is no column that can be a tag", id))
		}
		w.postings = append(w.postings, index.NewBuilder())
	}
	if w.enc, err = newEncoder(o.ZstdLevel); err != nil {
		return nil, err
	}
	w.table.zip = w.enc.zstd.EncodeAll
	if w.file, err = files.Create(ctx, DataName(o.Table, o.Segment)); err != nil {
		return nil, fmt.Errorf("segment %d: create: %w", o.Segment, err)
	}
	w.data = newDataFile(w.file)
	if err := w.data.other([]byte(magic)); err != nil {
		return nil, w.abort(err)
	}
	return w, nil
}

// fail remembers the first error.
func (w *Writer) fail(err error) error {
	if w.err == nil {
		w.err = fmt.Errorf("segment %d: write: %w", w.o.Segment, err)
	}
	return w.err
}

func (w *Writer) abort(err error) error {
	err = w.fail(err)
	w.Abort()
	return err
}

// Rows is how many rows were appended.
func (w *Writer) Rows() int64 { return int64(w.rows) }

// EstimatedBytes is how large the Parquet file would be now, roughly, for callers that split their output.
func (w *Writer) EstimatedBytes() int64 {
	written := w.data.offset
	if flushed := w.rows - w.groupRows; flushed > 0 {
		return written * int64(w.rows) / int64(flushed)
	}
	return written + w.buffered()/8 // what a typical row group shrinks to
}

func (w *Writer) buffered() int64 {
	n := int64(w.groupRows) * w.fixedBytes
	for i, b := range w.builder {
		if b != nil {
			n += int64(b.DataLen())
		} else {
			n += w.tags[i].size
		}
	}
	return n
}

// AppendRun appends n rows of one series: its encoded tags (package key, over Schema.Tags), which ascend from call to call or go on with the
// series before, and one vector per schema field in schema order. The entries of tags are not looked at and may be nil: their
// values come from the key. The vectors are not kept.
func (w *Writer) AppendRun(series []byte, columns []*column.Vector, n int) error {
	if w.err != nil {
		return w.err
	}
	if w.done || n < 0 || len(columns) != len(w.schema.Fields) || int64(w.rows)+int64(n) > maxRows {
		return w.fail(column.Errorf(column.Internal, "%d rows of %d columns after %d rows", n, len(columns), w.rows))
	}
	if n == 0 {
		return nil
	}
	if err := w.startSeries(series); err != nil {
		return w.fail(err)
	}
	for lo := 0; lo < n; {
		hi := min(n, lo+w.o.PageRows, lo+w.o.GroupRows-int(w.groupRows))
		if err := w.appendPiece(columns, lo, hi); err != nil {
			return w.fail(err)
		}
		lo = hi
		if int(w.groupRows) >= w.o.GroupRows || int(w.groupSeries) > w.o.GroupSeries || w.buffered() >= w.o.GroupBytes {
			if err := w.flushGroup(); err != nil {
				return w.fail(err)
			}
		}
	}
	return w.reserve()
}

// startSeries opens a new series, or goes on with the last one.
func (w *Writer) startSeries(series []byte) error {
	if w.table.count > 0 {
		switch c := bytes.Compare(w.table.last, series); {
		case c == 0:
			w.startTags(series)
			return nil
		case c > 0:
			return column.Errorf(column.Internal, "series %q comes after %q", series, w.table.last)
		}
	}
	ordinal := w.table.start(series)
	rest := series
	for i, id := range w.schema.Tags {
		t := w.schema.Fields[w.schema.Index(id)].Type
		value, null, next, err := key.Next(rest, t, nil)
		if err != nil {
			return err
		}
		rest = next
		if null {
			if f := w.schema.Fields[w.schema.Index(id)]; f.NotNull {
				return column.Errorf(column.Internal, "column %d: NULL in a column that has none", f.ID)
			}
			continue
		}
		w.postings[i].Add(value, ordinal)
		if w.schema.LabelSets && i == len(w.schema.Tags)-1 {
			if err := w.addLabels(value, ordinal); err != nil {
				return err
			}
		}
	}
	if len(rest) != 0 {
		return column.Errorf(column.Internal, "series %q has more than %d tags", series, len(w.schema.Tags))
	}
	w.startTags(series)
	return nil
}

// startTags points the tag columns at the series' values.
func (w *Writer) startTags(series []byte) {
	w.groupSeries++
	for _, id := range w.schema.Tags {
		i := w.schema.Index(id)
		value, null, rest, err := key.Next(series, w.schema.Fields[i].Type, nil)
		if err != nil {
			return // startSeries has read this key before
		}
		w.tags[i].start(value, null)
		series = rest
	}
}

func (w *Writer) appendPiece(columns []*column.Vector, lo, hi int) error {
	for i, b := range w.builder {
		if b == nil {
			w.tags[i].repeat(hi - lo)
			continue
		}
		v := columns[i]
		f := &w.schema.Fields[i]
		if v == nil || v.Len < hi || v.Type != f.Type {
			return column.Errorf(column.Internal, "column %d: a vector of another type or length", f.ID)
		}
		if precision, scale, ok := decimal(f); ok {
			ints, err := unscaled(v, lo, hi, precision, scale)
			if err != nil {
				return fmt.Errorf("column %d: %w", f.ID, err)
			}
			b.AppendVector(ints, 0, ints.Len)
		} else {
			b.AppendVector(v, lo, hi)
		}
		if err := b.Err(); err != nil {
			return fmt.Errorf("column %d: %w", f.ID, err)
		}
		if f.NotNull && hasNulls(v, lo, hi) {
			return column.Errorf(column.Internal, "column %d: NULL in a column that has none", f.ID)
		}
	}
	if w.timeField >= 0 {
		if err := w.noteTimes(columns[w.timeField], lo, hi); err != nil {
			return err
		}
	}
	w.rows += uint32(hi - lo)
	w.groupRows += uint32(hi - lo)
	w.table.rows += uint32(hi - lo)
	return nil
}

func hasNulls(v *column.Vector, lo, hi int) bool {
	if v.Child == nil {
		return v.Valid != nil && countRange(v.Valid, lo, hi) != hi-lo
	}
	for i := lo; v.HasNulls() && i < hi; i++ {
		if v.IsNull(i) {
			return true
		}
	}
	return false
}

// noteTimes keeps the bounds of the series and the segment, and whether time ascends within every run: readers search by halves
// only where it was seen to.
func (w *Writer) noteTimes(v *column.Vector, lo, hi int) error {
	if hasNulls(v, lo, hi) {
		return column.Errorf(column.Internal, "column %d: NULL in the time column", w.schema.Time)
	}
	flat := column.Flatten(v.Slice(lo, hi))
	for _, t := range flat.Ints {
		if w.table.hasTimes {
			w.timeSorted = w.timeSorted && t >= w.table.lastTime
			w.table.minTime, w.table.maxTime = min(w.table.minTime, t), max(w.table.maxTime, t)
		} else {
			w.table.minTime, w.table.maxTime, w.table.hasTimes = t, t, true
		}
		w.table.lastTime = t
	}
	first, last := w.table.minTime, w.table.maxTime
	if w.rows == 0 {
		w.minTime, w.maxTime = first, last
	}
	w.minTime, w.maxTime = min(w.minTime, first), max(w.maxTime, last)
	return nil
}

// flushGroup encodes and writes the buffered rows, a column at a time.
func (w *Writer) flushGroup() error {
	if w.groupRows == 0 {
		return nil
	}
	if err := w.ctx.Err(); err != nil {
		return column.Errorf(column.Cancelled, "%w", err)
	}
	g := groupMeta{rows: w.groupRows, chunks: make([]chunkMeta, len(w.schema.Fields))}
	for i, f := range w.stored {
		c := chunk{field: f, rows: int(w.groupRows)}
		pageRows := w.o.PageRows
		if b := w.builder[i]; b != nil {
			v := b.Finish()
			if int(w.groupRows) == w.o.GroupRows {
				b.Grow(w.o.GroupRows) // likely full again: spare the growing
			}
			c.values = stored(compact(v))
			if c.values.Len != v.Len {
				c.valid = v.Valid
			}
		} else {
			c.dict, c.valid = w.tags[i].finish(int(w.groupRows))
			pageRows = w.o.GroupRows // we read the series table instead, and for others a run is as short as a page's header
		}
		m, err := c.write(w.enc, w.data, pageRows)
		if err != nil {
			return fmt.Errorf("column %d: %w", f.ID, err)
		}
		g.chunks[i] = m
		w.statistics[i].add(&c, w.counted(i))
	}
	w.groups = append(w.groups, g)
	w.groupRows, w.groupSeries = 0, 0
	w.startTags(w.table.last)
	return nil
}

// tagValues is how many different values a tag has; 0 for other columns.
func (w *Writer) tagValues(id column.ID) int {
	for i, tag := range w.schema.Tags {
		if tag == id {
			return w.postings[i].Len()
		}
	}
	return 0
}

// reserve keeps the pool informed, in steps that make it cheap.
func (w *Writer) reserve() error {
	if w.o.Pool == nil {
		return nil
	}
	const step = 256 << 10
	want := w.buffered() + w.table.sizeBytes()
	for _, p := range w.postings {
		want += p.SizeBytes()
	}
	for _, p := range w.labels {
		want += p.SizeBytes()
	}
	want = (want + step - 1) / step * step
	switch {
	case want > w.reserved:
		if err := w.o.Pool.Grow(want - w.reserved); err != nil {
			return w.fail(err)
		}
	case want < w.reserved:
		w.o.Pool.Shrink(w.reserved - want)
	}
	w.reserved = want
	return nil
}

// Finish writes what is buffered, the footer and the sidecar, and makes both files durable; until then neither is seen. No rows
// make no files, and Info.Rows is 0.
func (w *Writer) Finish() (Info, error) {
	if w.err != nil {
		w.Abort()
		return Info{}, w.err
	}
	if w.done {
		return Info{}, w.fail(column.Errorf(column.Internal, "finished twice"))
	}
	if w.rows == 0 {
		w.Abort()
		return Info{}, nil
	}
	if err := w.flushGroup(); err != nil {
		return Info{}, w.abort(err)
	}
	if err := w.footer(); err != nil {
		return Info{}, w.abort(err)
	}
	info := Info{Rows: int64(w.rows), Series: int64(w.table.count), MinTime: w.minTime, MaxTime: w.maxTime, DataBytes: w.data.offset}
	sidecar, err := w.sidecar()
	if err != nil {
		return Info{}, w.abort(err)
	}
	info.SidecarBytes, info.SidecarSum = int64(len(sidecar)), sum(sidecar)
	// The data first: a sidecar without it would be an orphan that looks whole.
	if err := w.file.Commit(w.ctx); err != nil {
		return Info{}, w.abort(err)
	}
	if err := writeFile(w.ctx, w.files, SidecarName(w.o.Table, w.o.Segment), sidecar); err != nil {
		return Info{}, w.abort(err)
	}
	w.release()
	return info, nil
}

// Abort drops what was written; after Finish it does nothing.
func (w *Writer) Abort() {
	if w.done {
		return
	}
	if w.file != nil {
		_ = w.file.Abort() // a leftover is swept at the next start
	}
	w.release()
}

func (w *Writer) release() {
	w.done = true
	if w.o.Pool != nil {
		w.o.Pool.Shrink(w.reserved)
		w.reserved = 0
	}
}

// writeFile makes a small file durable.
func writeFile(ctx context.Context, files Files, name string, data []byte) error {
	f, err := files.Create(ctx, name)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		_ = f.Abort()
		return err
	}
	return f.Commit(ctx)
}
