package compact

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/tiering/segments"
)

// merger streams the inputs of a job into new segments: what it holds is a run per input and the writer's row group,
// however large the segments are.
type merger struct {
	c       *Compactor
	job     job
	schema  *column.Schema
	pool    *mem.Pool
	cursors []*cursor
	writer  *segment.Writer
	id      meta.SegmentID
	out     []meta.Segment
	route   *route
	vectors []vector // that were written of the outputs
	unknown bool     // whether the outputs are published; then their files stay
}

// run merges and gives the catalog records of the new segments. On an error it leaves no file.
func (m *merger) run(ctx context.Context, handles []*segments.Handle) (out []meta.Segment, err error) {
	defer func() {
		for _, c := range m.cursors {
			_ = c.reader.Close() // it only read
		}
		if err != nil {
			m.abort(context.WithoutCancel(ctx))
		}
	}()
	for age, h := range handles {
		c, err := openCursor(ctx, h, m.schema, age, m.pool)
		if c != nil {
			m.cursors = append(m.cursors, c)
		}
		if err != nil {
			return nil, err
		}
		m.route.before = append(m.route.before, h.Deleted)
	}
	for {
		first, second := m.next()
		if first == nil {
			break
		}
		if err := m.copy(ctx, first, second); err != nil {
			return nil, err
		}
	}
	err = m.finish()
	m.route.finish(m.out)
	return m.out, err
}

// next finds the cursor with the first row, and the one after it. The inputs are few: a heap would not pay.
func (m *merger) next() (first, second *cursor) {
	for _, c := range m.cursors {
		switch {
		case c.done:
		case first == nil:
			first = c
		case c.before(first):
			first, second = c, first
		case second == nil || c.before(second):
			second = c
		}
	}
	return first, second
}

// copy appends the rows of first that come before second's.
func (m *merger) copy(ctx context.Context, first, second *cursor) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := m.ensureWriter(ctx); err != nil {
		return err
	}
	n := first.ahead(second)
	columns := make([]*column.Vector, len(first.run.Columns))
	for i, v := range first.run.Columns {
		if v != nil {
			columns[i] = v.Slice(first.at, first.at+n)
		}
	}
	if err := m.writer.AppendRun(first.run.Series, columns, n); err != nil {
		return err
	}
	m.route.add(first.age, n)
	return first.advance(ctx, n)
}

func (m *merger) ensureWriter(ctx context.Context) error {
	o := &m.c.options
	if m.writer != nil && (m.writer.Rows() >= o.FullRows || m.writer.EstimatedBytes() >= o.FullBytes) {
		if err := m.finish(); err != nil {
			return err
		}
	}
	if m.writer != nil {
		return nil
	}
	r, err := o.Catalog.Propose(ctx, meta.Command{ReserveIDs: &meta.ReserveIDs{Count: 1}})
	if err != nil {
		return err
	}
	m.id = meta.SegmentID(r.ID)
	m.writer, err = segment.NewWriter(ctx, o.Files, segment.Options{
		Table: uint64(m.job.table), Segment: r.ID, Schema: m.schema, Level: m.job.level, Pool: m.pool,
	})
	return err
}

// finish ends the segment that is being written.
func (m *merger) finish() error {
	if m.writer == nil {
		return nil
	}
	info, err := m.writer.Finish()
	if err != nil {
		return err
	}
	m.writer = nil
	if info.Rows == 0 {
		return nil
	}
	record := meta.Segment{
		ID: m.id, Partition: m.job.partition, Rows: info.Rows, MinTime: info.MinTime, MaxTime: info.MaxTime,
		DataBytes: info.DataBytes, SidecarBytes: info.SidecarBytes, SidecarSum: info.SidecarSum,
		SchemaVersion: m.schema.Version, Level: m.job.level,
		MinSeq: m.job.inputs[0].MinSeq, MaxSeq: m.job.inputs[0].MaxSeq,
	}
	for _, s := range m.job.inputs {
		record.MinSeq, record.MaxSeq = min(record.MinSeq, s.MinSeq), max(record.MaxSeq, s.MaxSeq)
	}
	m.out = append(m.out, record)
	return nil
}

// abort removes what was written.
func (m *merger) abort(ctx context.Context) {
	if m.writer != nil {
		m.writer.Abort()
		m.writer = nil
		// A failure may come between the two files of a segment.
		m.c.removeFiles(ctx, m.job.table, m.id)
	}
	for _, s := range m.out {
		m.c.removeFiles(ctx, m.job.table, s.ID)
	}
	m.out = nil
	m.removeVectors(ctx)
}
