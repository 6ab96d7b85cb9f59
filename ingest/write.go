package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// Write implements meta.Writer. Until its record is in the log a write is given up when ctx ends, and then nothing of it is there; from then on it is not.
func (s *Shard) Write(ctx context.Context, batches []meta.Rows, ack meta.Ack) (meta.Seq, error) {
	return s.write(ctx, batches, nil, ack)
}

// holdRows counts what is being written, rows and addresses that end, until release is called. Rows are flattened and encoded on their way: twice their
// size is about what is held.
func (s *Shard) holdRows(batches []meta.Rows, deletes []meta.Deletes) (release func(), err error) {
	size := int64(0)
	for i := range batches {
		for _, v := range batches[i].Columns {
			size += v.SizeBytes()
		}
	}
	for _, d := range deletes {
		size += d.Rows.SizeBytes()
	}
	if most := s.inflight.Limit() / 2; most > 0 && size > most { // waiting would not help
		return nil, &column.Error{
			Class: column.Limit, SQLState: "54000",
			Message: fmt.Sprintf("the rows of one transaction take %d bytes, which is over the limit of %d", size, most),
			Hint:    "Write them in several transactions: COPY a file in parts, or give it to aegis import, which commits part by part. Rows of tables without a unique_key need not fit.",
		}
	}
	if err := s.inflight.Grow(2 * size); err != nil {
		return nil, refuse(briefPause, "too many writes at once: %w", err)
	}
	return func() { s.inflight.Shrink(2 * size) }, nil
}

// write writes rows; again are the keys of which a row that is there is a conflict, not an error.
func (s *Shard) write(ctx context.Context, batches []meta.Rows, again []meta.Arbiter, ack meta.Ack) (meta.Seq, error) {
	release, err := s.holdRows(batches, nil)
	if err != nil {
		return 0, err
	}
	defer release()
	for {
		if err := unwanted(ctx); err != nil {
			return 0, err
		}
		checked, err := s.check(batches)
		if err != nil {
			return 0, err
		}
		if len(checked) == 0 {
			return s.visible.last(), nil
		}
		resolved, err := s.resolve(ctx, checked)
		if err != nil {
			return 0, err
		}
		p, err := newPrepared(ctx, resolved, nil)
		if err != nil {
			return 0, err
		}
		p.again = again
		seq, err := s.commit(ctx, p, ack)
		if !errors.Is(err, errRetired) {
			return seq, err
		}
	}
}

// checkedRows is a batch that fits its table.
type checkedRows struct {
	table *meta.Table
	rows  int
	tags  []*column.Vector
	cols  []head.Column
}

func (s *Shard) check(batches []meta.Rows) ([]checkedRows, error) {
	return s.checkUnder(s.opts.Catalog.Snapshot(), nil, batches)
}

// checkUnder checks batches against a catalog, which may be one that the commit itself makes of bound.base.
func (s *Shard) checkUnder(catalog *meta.Snapshot, bound *bound, batches []meta.Rows) ([]checkedRows, error) {
	out := make([]checkedRows, 0, len(batches))
	for i := range batches {
		if batches[i].Len == 0 {
			continue
		}
		newest := catalog.TableByID(batches[i].Table.ID)
		if newest == nil {
			return nil, column.SQLErrorf(column.NotFound, "42P01", "table %q does not exist", batches[i].Table.Name)
		}
		c, err := s.checkRows(&batches[i], newest, bound.follows(batches[i].Table))
		if err != nil {
			return nil, fmt.Errorf("write to %s: %w", newest.Name, err)
		}
		out = append(out, c)
	}
	return out, nil
}

// checkRows checks one batch against the newest schema, which may have columns that the batch does not know. follows says that what has changed since
// the rows were made was changed on top of them: columns that have gone take their values with them, and rules were asked of the rows.
func (s *Shard) checkRows(b *meta.Rows, newest *meta.Table, follows bool) (checkedRows, error) {
	schema, now := &b.Table.Columns, &newest.Columns
	out := checkedRows{table: newest, rows: b.Len, tags: make([]*column.Vector, len(now.Tags))}
	if len(b.Columns) != len(schema.Fields) {
		return out, column.Errorf(column.Internal, "%d columns for a table of %d", len(b.Columns), len(schema.Fields))
	}
	if !follows && now.Version != schema.Version {
		if err := takes(newest, b.Table); err != nil {
			return out, err
		}
	}
	seen := make([]bool, len(now.Fields))
	var texts []*column.Vector
	for i, v := range b.Columns {
		at := now.Index(schema.Fields[i].ID)
		if at < 0 {
			continue
		}
		seen[at] = true
		f := now.Fields[at]
		if v.Type != f.Type && schema.Fields[i].Type == v.Type && v.Type.Widens(0, f.Type, 0) {
			v = v.As(f.Type) // it has become wider since
		}
		if v.Type != f.Type || v.Len != b.Len {
			return out, column.SQLErrorf(column.Invalid, "42804", "column %q is of type %s: got %d rows of %s for %d", f.Name, f.Type, v.Len, v.Type, b.Len)
		}
		if (f.NotNull || f.ID == now.Time || newest.Demands(f.ID)) && v.HasNulls() {
			return out, column.SQLErrorf(column.Invalid, "23502", "null value in column %q violates not-null constraint", f.Name)
		}
		if f.Type.Physical() == column.PhysBytes {
			texts = append(texts, v)
		}
		if now.IsTag(f.ID) {
			for k, id := range now.Tags {
				if id == f.ID {
					out.tags[k] = v
				}
			}
			continue
		}
		if err := out.addColumn(f, v); err != nil {
			return out, err
		}
	}
	for at, f := range now.Fields {
		if !seen[at] && f.Initial != "" { // the rows are older than the column
			v, err := f.InitialValues(b.Len)
			if err != nil {
				return out, err
			}
			if err := out.addColumn(f, v); err != nil {
				return out, err
			}
			continue
		}
		if !seen[at] && f.NotNull {
			return out, column.Errorf(column.Conflict, "column %q is new and must not be NULL: try again", f.Name)
		}
	}
	return out, checkRowBytes(texts, b.Len, s.opts.RowBytes)
}

// takes reports whether a table takes rows that were made under an earlier description: an error says why it does not.
func takes(now, made *meta.Table) error {
	if now.Columns.Strict > made.Columns.Version {
		return column.SQLErrorf(column.Conflict, "40001", "table %q was altered while the rows were made: try again", now.Name)
	}
	for _, f := range made.Columns.Fields {
		if now.Columns.Index(f.ID) < 0 {
			return column.SQLErrorf(column.Conflict, "40001", "column %q is gone: try again", f.Name)
		}
	}
	return nil
}

// addColumn takes a column in flat form. One that is NULL throughout is left out.
func (c *checkedRows) addColumn(f column.Field, v *column.Vector) error {
	if v.Enc != column.Flat {
		b := column.NewBuilder(v.Type, v.Len)
		b.AppendVector(v, 0, v.Len)
		if err := b.Err(); err != nil {
			return err
		}
		v = b.Finish()
	}
	if v.Valid != nil && v.Valid.Count(v.Len) == 0 {
		return nil
	}
	c.cols = append(c.cols, head.Column{Field: f, Vector: v})
	return nil
}

// checkRowBytes finds rows whose text is too long. Batches that are short as a whole, nearly all, are not looked at by row.
func checkRowBytes(texts []*column.Vector, rows, limit int) error {
	total := int64(0)
	for _, v := range texts {
		if v.Enc != column.Flat {
			total = int64(limit) + 1
			break
		}
		total += int64(v.Offsets[v.Len] - v.Offsets[0])
	}
	if total <= int64(limit) {
		return nil
	}
	for i := range rows {
		n := 0
		for _, v := range texts {
			n += len(v.Bytes(i))
		}
		if n > limit {
			return column.SQLErrorf(column.Limit, "54000", "row %d has %d bytes of text, limit %d", i+1, n, limit)
		}
	}
	return nil
}

// resolve finds the series of the rows.
func (s *Shard) resolve(ctx context.Context, checked []checkedRows) ([]head.Batch, error) {
	out := make([]head.Batch, len(checked))
	for i := range checked {
		c := &checked[i]
		dict := s.head.Dict(c.table.ID)
		if s.head.Full() {
			s.wake()
			return nil, refuse(flushPause, "the head is full until it is flushed")
		}
		refs, err := resolveRows(ctx, dict, c, s.opts.SeriesLimit)
		s.head.AccountDict(dict)
		if err != nil {
			return nil, seriesError(err, c.table)
		}
		out[i] = head.Batch{Table: c.table, Rows: c.rows, Refs: refs, Dict: dict, Columns: c.cols}
	}
	return out, nil
}

func resolveRows(ctx context.Context, dict *head.Dict, c *checkedRows, limit int) ([]uint32, error) {
	if len(c.tags) == 0 {
		ref, err := dict.Intern(nil, limit)
		return []uint32{ref}, err
	}
	refs, types := make([]uint32, c.rows), c.table.Columns.TagTypes()
	var buf, last []byte
	for i := range refs {
		if err := unwantedAt(ctx, i); err != nil {
			return nil, err
		}
		buf = buf[:0]
		for _, v := range c.tags {
			if v == nil {
				buf = key.AppendNull(buf)
			} else {
				buf = key.AppendValue(buf, v, i)
			}
		}
		if i > 0 && string(buf) == string(last) {
			refs[i] = refs[i-1]
			continue
		}
		short, err := key.Short(buf, types)
		if err != nil {
			return nil, err
		}
		if refs[i], err = dict.Intern(short, limit); err != nil {
			return nil, err
		}
		buf, last = last, buf
	}
	return refs, nil
}

func seriesError(err error, t *meta.Table) error {
	var limit *head.SeriesLimitError
	if errors.As(err, &limit) {
		e := column.SQLErrorf(column.Limit, "54000", "table %s.%s has its %d series and takes no new one", t.Schema, t.Name, limit.Limit)
		e.Hint = "Look for a tag or label with ever new values, or raise the limit of series per table."
		return e
	}
	return fmt.Errorf("write to %s: %w", t.Name, err)
}
