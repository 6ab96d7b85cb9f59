package aegis

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
)

// ResolveChanges implements plan.Past: the rows that came and went, each with the version that did it. A row that came and went is there twice;
// what merges moved is not there.
func (s *Snapshot) ResolveChanges(ctx context.Context, schema, name string, from, to plan.AsOf) (plan.Relation, error) {
	first, err := s.AsOf(ctx, from)
	if err != nil {
		return nil, err
	}
	last, err := s.AsOf(ctx, to)
	if err != nil {
		return nil, err
	}
	if first.catalog.Version > last.catalog.Version {
		return nil, column.SQLErrorf(column.Invalid, "22023", "version %d comes after version %d", first.catalog.Version, last.catalog.Version)
	}
	rel, err := s.ResolveAsOf(ctx, schema, name, to)
	if err != nil {
		return nil, err
	}
	r, ok := rel.(*relation)
	if !ok || len(r.series) > 0 { // a metric is a part of a table
		return nil, column.SQLErrorf(column.Unsupported, "0A000", "\"%s\" is not a stored table: only those have changes", name)
	}
	list, err := last.catalog.Changes(r.table.ID, first.catalog.Version, last.catalog.Version)
	if err != nil {
		return nil, err
	}
	out := &relation{db: s.db, name: "changes of " + r.name, table: r.table, readOnly: true}
	kind, version := r.table.NextColumn, r.table.NextColumn+1 // no column has these ids
	out.columns = append(slices.Clone(r.columns),
		plan.RelationColumn{Name: "_change", Type: column.T(column.Text), ID: kind, NotNull: true},
		plan.RelationColumn{Name: "_version", Type: column.T(column.Int64), ID: version, NotNull: true})
	for _, c := range list {
		for _, g := range []*meta.Segment{c.Old, c.New} {
			if g != nil {
				out.rows += g.LiveRows()
			}
		}
	}
	out.source = &changesSource{snapshot: last, table: r.table, changes: list, kind: kind, version: version}
	return out, nil
}

// changesSource reads changes of a table: what each did to one segment.
type changesSource struct {
	snapshot      *Snapshot // the state behind the last change
	table         *meta.Table
	changes       []meta.Change
	kind, version column.ID
}

// Morsels implements scan.Source.
func (c *changesSource) Morsels(ctx context.Context, req *scan.Request) ([]scan.Morsel, scan.Stats, error) {
	inner := *req
	// Rows of all parts count against the limit, and stand at a series' end; a change is no column of a segment.
	inner.Limit, inner.Ends, inner.Index = 0, scan.Ends{}, nil
	inner.Columns = slices.DeleteFunc(slices.Clone(req.Columns), c.own)
	inner.Filters = slices.DeleteFunc(slices.Clone(req.Filters), func(f scan.ColumnFilter) bool { return c.own(f.Column) })
	var out []scan.Morsel
	var total scan.Stats
	for _, ch := range c.changes {
		record := ch.New
		if record == nil {
			record = ch.Old
		}
		total.Segments++
		if c.table.Columns.Time != 0 && !req.Time.Overlaps(record.MinTime, record.MaxTime) {
			total.SegmentsPruned++
			continue
		}
		h, err := c.snapshot.segment(ctx, c.table.ID, record)
		if err != nil {
			return nil, total, err
		}
		view := segment.View{Schema: &c.table.Columns, Deleted: h.Deleted}
		kind := "delete"
		switch {
		case ch.Old == nil:
			kind = "insert"
		case ch.New != nil:
			before, err := c.snapshot.segment(ctx, c.table.ID, ch.Old)
			if err != nil {
				return nil, total, err
			}
			died := h.Deleted
			if before.Deleted != nil {
				died = roaring.AndNot(died, before.Deleted)
			}
			view.Deleted = roaring.Flip(died, 0, uint64(record.Rows))
		}
		morsels, stats, err := h.Reader.Morsels(ctx, &inner, view, morselRows)
		if err != nil {
			return nil, total, err
		}
		for _, m := range morsels {
			out = append(out, &changesMorsel{Morsel: m, source: c, columns: req.Columns, kind: kind, version: int64(ch.Version)})
		}
		add(&total, stats)
	}
	return out, total, nil
}

func (c *changesSource) own(id column.ID) bool { return id == c.kind || id == c.version }

type changesMorsel struct {
	scan.Morsel
	source  *changesSource
	columns []column.ID // that were asked for
	kind    string
	version int64
}

func (m *changesMorsel) Open(ctx context.Context, pool *mem.Pool) (scan.Reader, error) {
	r, err := m.Morsel.Open(ctx, pool)
	if err != nil {
		return nil, err
	}
	text := column.NewBuilder(column.T(column.Text), 1)
	text.AppendString(m.kind)
	number := column.NewBuilder(column.T(column.Int64), 1)
	number.AppendInt(m.version)
	return &changesReader{Reader: r, m: m, kind: text.Finish(), version: number.Finish()}, nil
}

type changesReader struct {
	scan.Reader
	m             *changesMorsel
	kind, version *column.Vector
}

// Next puts the columns of the change among those of the table.
func (r *changesReader) Next(ctx context.Context) (*scan.Batch, error) {
	b, err := r.Reader.Next(ctx)
	if err != nil {
		return nil, err
	}
	out := *b
	out.Columns = make([]*column.Vector, 0, len(b.Columns)+2)
	at := 0
	for _, id := range r.m.columns {
		switch id {
		case r.m.source.kind:
			out.Columns = append(out.Columns, column.NewConst(r.kind, 0, b.Len))
		case r.m.source.version:
			out.Columns = append(out.Columns, column.NewConst(r.version, 0, b.Len))
		default:
			out.Columns = append(out.Columns, b.Columns[at])
			at++
		}
	}
	out.Columns = append(out.Columns, b.Columns[at:]...)
	return &out, nil
}
