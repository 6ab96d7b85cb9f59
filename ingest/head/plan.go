package head

import (
	"context"
	"errors"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/labels"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// morselRows is how many rows a morsel has at least, unless there are no more: enough to pay for handing it to a worker.
const morselRows = 16 * scan.BatchRows

// plan is what all readers of one scan share.
type plan struct {
	schema *column.Schema
	req    *scan.Request
	after  meta.Seq
	order  []column.ID
	tags   []column.Type // types of Schema.Tags
	// needed are the columns that are decoded: those asked for, the order's, and time where it is filtered.
	needed []column.ID
	keys   keyRows         // the rows that may have a wanted key; nil = all
	now    []*column.Field // the fields of needed
	output []output        // one per column asked for, then one per label, then the address
	// older has the stored rows that the head's merge with, and fill says which of needed may get values from there; none
	// where rows do not merge.
	older scan.Filler
	fill  []int
}

// output says where a column of a batch comes from.
type output struct {
	typ    column.Type
	needed int    // index in needed, or behind it for the address, -1 for tags and labels
	tag    int    // index in Schema.Tags
	label  string // member of the last tag
}

// Holds reports whether there are rows of a table that a scan with the same arguments looks at.
func (s *Snapshot) Holds(table meta.TableID, after meta.Seq) bool {
	return len(s.parts(table, after)) > 0
}

// Morsels plans the scan of one table. Only rows with a seq in (after, Seq] are returned; after is the flushed mark of
// the catalog snapshot the head is combined with. Of rows with equal keys the one with the highest seq is returned, or, in tables whose
// rows merge, the row that they make together with the one that older has; older may be nil.
func (s *Snapshot) Morsels(ctx context.Context, table *meta.Table, req *scan.Request, after meta.Seq, older scan.Filler) ([]scan.Morsel, scan.Stats, error) {
	p, err := newPlan(&table.Columns, req, after, s.sorted)
	if err == nil && req.Keys != nil && table.Columns.Enforced {
		p.keys, err = s.keyRows(ctx, table, req.Keys, after)
	}
	if err != nil {
		return nil, scan.Stats{}, err
	}
	if older != nil && table.Columns.Merge {
		p.fillFrom(older)
	}
	var stats scan.Stats
	views, err := s.selectViews(ctx, table.ID, p, &stats)
	if err != nil {
		return nil, stats, err
	}
	return p.split(views, &stats), stats, nil
}

// selectViews gives the series that satisfy the request's conditions, in the table's order.
func (s *Snapshot) selectViews(ctx context.Context, table meta.TableID, p *plan, stats *scan.Stats) ([]view, error) {
	m, err := newMatcher(p.schema, p.req.Series)
	if err != nil {
		return nil, err
	}
	var bad error
	var from candidates
	if typ, values, ok := equalFirst(p.schema, p.req.Series); ok {
		from = func(d *Dict) ([]uint32, error) { return d.withFirst(typ, values) }
	}
	views, err := s.views(table, p.after, from, func(k []byte) bool {
		stats.Series++
		ok, err := m.match(k)
		if err != nil {
			bad = err
		}
		if stats.Series&0xffff == 0 && ctx.Err() != nil {
			bad = ctx.Err()
		}
		return ok
	})
	if err := errors.Join(err, bad); err != nil {
		return nil, err
	}
	kept := views[:0]
	timed := p.schema.Time != 0 && p.req.Time != scan.AllTime
	for _, v := range views {
		overlaps := !timed
		v.each(func(at place) {
			rows, times := at.bounds()
			v.rows += rows
			overlaps = overlaps || p.req.Time.Overlaps(times.Min, times.Max)
		})
		if overlaps {
			kept = append(kept, v)
		}
	}
	stats.SeriesPruned = stats.Series - len(kept)
	sortViews(kept)
	return kept, nil
}

func newPlan(schema *column.Schema, req *scan.Request, after meta.Seq, sorted bool) (*plan, error) {
	p := &plan{schema: schema, req: req, after: after, order: schema.Order(), tags: schema.TagTypes()}
	if !sorted && schema.Enforced && len(p.order) > 0 && p.order[0] != schema.Time {
		p.order = nil // to sort all rows at each scan would cost more than it can be worth
	}
	for _, id := range req.Columns {
		i := schema.Index(id)
		if i < 0 {
			return nil, column.Errorf(column.Internal, "head: scan of column %d, which the table does not have", id)
		}
		o := output{typ: schema.Fields[i].Type, needed: -1}
		if schema.IsTag(id) {
			for k, tag := range schema.Tags {
				if tag == id {
					o.tag = k
				}
			}
		} else {
			o.needed = p.need(id)
		}
		p.output = append(p.output, o)
	}
	if len(req.Labels) > 0 && !schema.LabelSets {
		return nil, column.Errorf(column.Internal, "head: labels asked of a table without a label set")
	}
	for _, l := range req.Labels {
		p.output = append(p.output, output{typ: column.T(column.Text), needed: -1, tag: len(schema.Tags) - 1, label: l})
	}
	for _, id := range p.order {
		p.need(id)
	}
	if schema.Time != 0 {
		p.need(schema.Time)
	}
	if req.Addresses {
		// Two more columns behind those that are decoded.
		bigint := column.T(column.Int64)
		p.output = append(p.output, output{typ: bigint, needed: len(p.needed)}, output{typ: bigint, needed: len(p.needed) + 1})
	}
	return p, nil
}

// width is how many columns a group has: those that are decoded, and the address where it is asked for.
func (p *plan) width() int {
	if p.req.Addresses {
		return len(p.needed) + 2
	}
	return len(p.needed)
}

// fillFrom makes rows take the values they lack in the columns asked for from those that older has. Columns of the order are part of the
// key, and so the same there.
func (p *plan) fillFrom(older scan.Filler) {
	p.older = older
	for _, o := range p.output {
		if o.needed >= 0 && o.needed < len(p.needed) && !slices.Contains(p.order, p.needed[o.needed]) && !slices.Contains(p.fill, o.needed) {
			p.fill = append(p.fill, o.needed)
		}
	}
}

func (p *plan) need(id column.ID) int {
	for i, have := range p.needed {
		if have == id {
			return i
		}
	}
	p.needed = append(p.needed, id)
	p.now = append(p.now, &p.schema.Fields[p.schema.Index(id)])
	return len(p.needed) - 1
}

func (p *plan) split(views []view, stats *scan.Stats) []scan.Morsel {
	var out []scan.Morsel
	for len(views) > 0 {
		n, rows := 0, int64(0)
		for n < len(views) && (n == 0 || rows < morselRows) {
			rows += views[n].rows
			n++
		}
		out = append(out, &morsel{plan: p, views: views[:n:n], rows: rows})
		views = views[n:]
		stats.Rows += rows
		stats.HeadRows += rows
	}
	return out
}

// morsel is a stretch of series, in order.
type morsel struct {
	plan  *plan
	views []view
	rows  int64
}

// Rows implements scan.Morsel.
func (m *morsel) Rows() int64 { return m.rows }

// Open implements scan.Morsel.
func (m *morsel) Open(ctx context.Context, pool *mem.Pool) (scan.Reader, error) {
	return newReader(m.plan, m.views, pool)
}

// matcher evaluates the conditions on tags for a series key.
type matcher struct {
	types   []column.Type
	filters [][]scan.SeriesFilter // by tag
	last    int                   // of the tags that have a condition
}

func newMatcher(schema *column.Schema, filters []scan.SeriesFilter) (*matcher, error) {
	m := &matcher{types: schema.TagTypes(), filters: make([][]scan.SeriesFilter, len(schema.Tags)), last: -1}
	for _, f := range filters {
		at := -1
		for k, id := range schema.Tags {
			if id == f.Tag {
				at = k
			}
		}
		if at < 0 {
			return nil, column.Errorf(column.Internal, "head: condition on column %d, which is no tag", f.Tag)
		}
		m.filters[at] = append(m.filters[at], f)
		m.last = max(m.last, at)
	}
	return m, nil
}

func (m *matcher) match(k []byte) (bool, error) {
	var scratch []byte
	for i := 0; i <= m.last; i++ {
		value, null, rest, err := nextTag(k, m.types[i], scratch)
		if err != nil {
			return false, err
		}
		k = rest
		for _, f := range m.filters[i] {
			v, none := value, null
			if f.Label != "" && !null {
				var ok bool
				v, ok = labels.Lookup(value, f.Label)
				none = !ok
			}
			if none {
				v = nil
			}
			if !f.Match(v, none) {
				return false, nil
			}
		}
	}
	return true, nil
}

// nextTag is key.Next, with the absent values at the end that a short key leaves out.
func nextTag(k []byte, t column.Type, scratch []byte) (value []byte, null bool, rest []byte, err error) {
	if len(k) == 0 {
		return nil, true, nil, nil
	}
	return key.Next(k, t, scratch)
}
