package flush

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// write makes the segments of all tables. Rows of tables that are gone are left out.
//
// Rows that merge take values from the segments of one catalog version. They stay right when the command is made for a newer one: only
// a flush of this shard changes what is stored of its rows, and there is no other while the flushed mark stands.
func (j *job) write(ctx context.Context) error {
	catalog, release := j.Catalog.Acquire()
	defer release()
	for _, id := range j.snap.Tables(j.prev) {
		table := catalog.TableByID(id)
		if table == nil || table.From >= j.snap.Seq() {
			continue // dropped, or truncated since
		}
		w := &written{table: table}
		j.tables = append(j.tables, w)
		dead := table.Columns.Supersedes() && j.snap.HasDead(table.ID, j.after(table))
		numbers, err := j.snap.Partitions(table, j.after(table))
		if err != nil {
			return err
		}
		for _, n := range numbers {
			w.parts = append(w.parts, partition{number: n, dead: dead})
			if err := j.partition(ctx, catalog, table, &w.parts[len(w.parts)-1]); err != nil {
				return fmt.Errorf("table %d, partition %d: %w", table.ID, n, err)
			}
		}
	}
	return nil
}

// timesOf is the range of times of a partition.
func timesOf(schema *column.Schema, number int64) scan.TimeRange {
	if schema.Time == 0 {
		return scan.AllTime
	}
	r := scan.AllTime
	if number >= math.MinInt64/schema.Partition {
		r.Min = number * schema.Partition
	}
	if number < math.MaxInt64/schema.Partition {
		r.Max = (number+1)*schema.Partition - 1
	}
	return r
}

// output is a segment in the making.
type output struct {
	job    *job
	table  *meta.Table
	part   *partition
	writer *segment.Writer
	id     uint64
}

// partition writes the rows of one partition, series by series, as one segment or several.
func (j *job) partition(ctx context.Context, held *meta.Snapshot, table *meta.Table, part *partition) (err error) {
	schema := &table.Columns
	tags := schema.TagTypes()
	req := &scan.Request{Time: timesOf(schema, part.number)}
	place := make([]int, len(schema.Fields)) // in the batch; -1 for tags
	for i, f := range schema.Fields {
		place[i] = -1
		if !schema.IsTag(f.ID) {
			place[i] = len(req.Columns)
			req.Columns = append(req.Columns, f.ID)
		}
	}
	out := &output{job: j, table: table, part: part}
	defer out.abort()
	stored := j.stored(held, table, part.number)
	defer func() { err = errors.Join(err, stored.close()) }()
	columns := make([]*column.Vector, len(schema.Fields))
	err = j.scan(ctx, j.snap, table, req, stored.filler(schema), func(b *scan.Batch, runs head.Runs) error {
		for k, run := range runs.Runs {
			series, _, err := key.Complete(runs.Keys[k], tags)
			if err != nil {
				return err
			}
			for i, p := range place {
				if p >= 0 {
					columns[i] = b.Columns[p].Slice(int(run.Start), int(run.Start+run.Len))
				}
			}
			if err := out.append(ctx, series, columns, int(run.Len)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return out.finish()
}

// scan reads the rows that are to be flushed, in order. older, which may be nil, has what is stored of them.
func (j *job) scan(ctx context.Context, snap *head.Snapshot, table *meta.Table, req *scan.Request, older scan.Filler, each func(*scan.Batch, head.Runs) error) error {
	morsels, _, err := snap.Morsels(ctx, table, req, j.after(table), older)
	if err != nil {
		return err
	}
	for _, m := range morsels {
		r, err := m.Open(ctx, j.Pool)
		if err != nil {
			return err
		}
		err = drain(ctx, r, each)
		if err := errors.Join(err, r.Close()); err != nil {
			return err
		}
	}
	return nil
}

func drain(ctx context.Context, r scan.Reader, each func(*scan.Batch, head.Runs) error) error {
	for {
		if ctx.Err() != nil { // a table without tags is one series, of any length
			return column.Errorf(column.Cancelled, "write segments: %w", context.Cause(ctx))
		}
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(b, head.RunsOf(r)); err != nil {
			return err
		}
	}
}

func (o *output) append(ctx context.Context, series []byte, columns []*column.Vector, n int) error {
	if o.writer != nil && o.writer.EstimatedBytes() >= o.job.SegmentBytes {
		if err := o.finish(); err != nil {
			return err
		}
	}
	if o.writer == nil {
		id, err := o.job.id(ctx)
		if err != nil {
			return err
		}
		o.id = id
		o.writer, err = segment.NewWriter(ctx, o.job.Files, segment.Options{
			Table: uint64(o.table.ID), Segment: id, Schema: &o.table.Columns, Pool: o.job.Pool,
		})
		if err != nil {
			return err
		}
	}
	return o.writer.AppendRun(series, columns, n)
}

// finish ends the present segment, if there is one.
func (o *output) finish() error {
	if o.writer == nil {
		return nil
	}
	info, err := o.writer.Finish()
	if err != nil {
		return err
	}
	o.writer = nil
	if info.Rows == 0 {
		return nil
	}
	o.part.segments = append(o.part.segments, meta.Segment{
		ID: meta.SegmentID(o.id), Partition: o.part.number, Rows: info.Rows, MinTime: info.MinTime, MaxTime: info.MaxTime,
		MinSeq: o.job.prev + 1, MaxSeq: o.job.snap.Seq(), DataBytes: info.DataBytes, SidecarBytes: info.SidecarBytes,
		SidecarSum: info.SidecarSum, SchemaVersion: o.table.Columns.Version,
	})
	return nil
}

func (o *output) abort() {
	if o.writer != nil {
		o.writer.Abort()
	}
}
