package compact

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/meta"
)

// Rewriting is a change of a table by which its rows are written anew.
type Rewriting struct {
	From, To *meta.Table // descriptions of before and after: one order of rows
	// Compute gives the columns of n rows under To, nil for tags. It gets those of RewrittenSchema, tags included.
	Compute func(columns []*column.Vector, n int) ([]*column.Vector, error)
	// Commands gives what is proposed together when the segments are there that the edit names: it, and the new description. Rules that the rows
	// must satisfy are asked before.
	Commands func(edit meta.Edit) ([]meta.Command, error)
}

// RewrittenSchema has the columns of a table as it will be, and behind them those of the table as it was that are no more.
func RewrittenSchema(from, to *column.Schema) *column.Schema {
	out := *to
	out.Fields = slices.Clone(to.Fields)
	for _, f := range from.Fields {
		if to.Index(f.ID) < 0 {
			out.Fields = append(out.Fields, f)
		}
	}
	return &out
}

// Rewrite writes the segments of a table anew, each as one or more others, and publishes all of them at once. The caller sees to it that the
// table's rows are in segments, and that none come or end meanwhile; but there are statements that look at the rows where they lie, so the command is made
// as that of a merge is. No merge runs until it is done. It needs memory for one row group, however many rows there are; after an error nothing is left of it.
func (c *Compactor) Rewrite(ctx context.Context, w Rewriting) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	catalog, release := c.options.Catalog.Acquire()
	defer release()
	if t := catalog.TableByID(w.From.ID); t == nil || t.Columns.Version != w.From.Columns.Version {
		return column.SQLErrorf(column.Conflict, "40001", "table %q was altered meanwhile: try again", w.From.Name)
	}
	pool := mem.NewPool("rewriting a table", 0, c.options.Pool)
	defer pool.Close()
	edit := meta.Edit{Table: w.From.ID, Rewrite: true}
	var written []*merger
	abort := func() {
		for _, m := range written {
			m.abort(context.WithoutCancel(ctx))
		}
	}
	for s := range catalog.Manifest(w.From.ID).All() {
		at := meta.SegmentAt{ID: s.ID}
		if s.Deleted != nil {
			at.Vector = s.Deleted.Version
		}
		edit.Remove = append(edit.Remove, at)
		m := &merger{c: c, job: job{table: w.From.ID, partition: s.Partition, level: s.Level, inputs: []*meta.Segment{s}}, schema: &w.To.Columns, pool: pool}
		written = append(written, m)
		if err := m.rewrite(ctx, &w, s); err != nil {
			abort()
			return err
		}
		if c.options.Indexer != nil {
			c.options.Indexer.Index(ctx, w.To, m.out)
		}
		edit.Add = append(edit.Add, m.out...)
	}
	commands, err := w.Commands(edit)
	if err != nil {
		abort()
		return err
	}
	proposed := false
	err = c.options.Publish(ctx, func(ctx context.Context) error {
		proposed = true
		_, err := c.options.Catalog.Propose(ctx, meta.Command{Batch: &meta.Batch{Commands: commands}})
		if err != nil && !refused(err) && len(edit.Remove) > 0 && c.applied(&edit) {
			return nil // the answer was late, the command was not
		}
		return err
	})
	if err != nil && (!proposed || refused(err) || len(edit.Remove) == 0) {
		abort()
	}
	return err
}

// rewrite writes the live rows of one segment.
func (m *merger) rewrite(ctx context.Context, w *Rewriting, s *meta.Segment) error {
	h, err := m.c.options.Segments.Acquire(ctx, m.job.table, s)
	if err != nil {
		return err
	}
	defer h.Release()
	schema := RewrittenSchema(&w.From.Columns, &w.To.Columns)
	r, err := h.Reader.Runs(ctx, segment.View{Schema: schema, Deleted: h.Deleted}, m.pool)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // it only read
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		run, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return m.finish()
		}
		if err != nil {
			return err
		}
		if err := withTags(schema, &run); err != nil {
			return err
		}
		columns, err := w.Compute(run.Columns, run.Len)
		if err != nil {
			return err
		}
		if err := m.ensureWriter(ctx); err != nil {
			return err
		}
		if err := m.writer.AppendRun(run.Series, columns, run.Len); err != nil {
			return err
		}
	}
}

// withTags gives a run the columns of its tags, from the key of its series.
func withTags(schema *column.Schema, run *segment.Run) error {
	rest := run.Series
	for _, id := range schema.Tags {
		i := schema.Index(id)
		t := schema.Fields[i].Type
		value, null, after, err := key.Next(rest, t, nil)
		if err != nil {
			return err
		}
		rest = after
		b := column.NewBuilder(t, 1)
		key.Put(b, value, null)
		run.Columns[i] = column.NewConst(b.Finish(), 0, run.Len)
	}
	return nil
}
