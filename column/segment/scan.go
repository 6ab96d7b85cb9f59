package segment

import (
	"context"
	"io"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// View is how a snapshot sees the segment. The zero value: by the segment's own schema, nothing deleted.
type View struct {
	// Schema is the table's schema in the snapshot. It may be newer than the segment's: it has the columns that the segment lacks, with what rows
	// have there that are older than they, and wider types for some that it has.
	Schema *column.Schema
	// Deleted are dead rows; not changed while readers are open.
	Deleted *roaring.Bitmap
	// Mask names rows that newer ones supersede; may be nil.
	Mask scan.Mask
	// Only, if not nil, are the only rows that can matter, by an index; not changed while readers are open.
	Only *roaring.Bitmap
}

// Morsels splits the answer to a request into parts of about targetRows rows (0 = one part). Only touched pages are read.
func (r *Reader) Morsels(ctx context.Context, req *scan.Request, view View, targetRows int64) ([]scan.Morsel, scan.Stats, error) {
	if view.Schema == nil {
		view.Schema = &r.meta.schema
	}
	for _, id := range req.Columns {
		if view.Schema.Index(id) < 0 {
			return nil, scan.Stats{}, column.Errorf(column.Internal, "segment %d: column %d is not in the schema", r.ref.Segment, id)
		}
	}
	s, stats, err := r.Select(ctx, req, view)
	if err != nil {
		return nil, stats, err
	}
	ends := r.endsOf(req)
	if view.Only != nil {
		ends = scan.Ends{} // an index, like a filter, says nothing about the rows it leaves
	}
	parts, err := r.split(s.Spans, req, ends, targetRows)
	if err != nil {
		return nil, stats, err
	}
	var living *livingRows
	if ends == (scan.Ends{}) && view.Only == nil { // else rows are counted before they are read, or are scraps
		living = r.livingRows(view.Deleted, s.Rows())
	}
	out := make([]scan.Morsel, len(parts))
	for i, spans := range parts {
		m := &morsel{r: r, req: req, view: view, spans: spans, ends: ends, living: living, rows: (&Selection{spans}).Rows()}
		if ends == (scan.Ends{}) && view.Only == nil && req.Limit == 0 && req.Bound == nil && req.Cutoff == nil {
			m.ahead = aheadOf(parts, i)
		}
		out[i] = m
	}
	return out, stats, nil
}

// endsOf is what the request needs of each series: all rows, unless runs ascend by time and no page was left out by a filter, which
// says nothing about the rows it leaves.
func (r *Reader) endsOf(req *scan.Request) scan.Ends {
	if !r.meta.timeSorted || r.meta.schema.Time == 0 || len(req.Filters) > 0 {
		return scan.Ends{}
	}
	return req.Ends
}

// neededRows is about how many rows of some spans are read.
func neededRows(spans []Span, ends scan.Ends) (n int64) {
	for _, s := range spans {
		n += ends.Most(int64(s.Hi - s.Lo))
	}
	return n
}

// split cuts spans into parts of about target rows. A series longer than that is cut where a page of the first column read starts, so that two
// morsels do not decode the same page.
func (r *Reader) split(spans []Span, req *scan.Request, ends scan.Ends, target int64) ([][]Span, error) {
	if len(spans) == 0 {
		return nil, nil
	}
	if target <= 0 || neededRows(spans, ends) <= target {
		return [][]Span{spans}, nil
	}
	if ends != (scan.Ends{}) {
		return splitEnds(spans, ends, target), nil
	}
	var cut *columnPages
	for _, id := range req.Columns {
		if f := r.meta.schema.Index(id); f >= 0 && !r.meta.schema.IsTag(id) {
			p, err := r.pagesOf(f)
			if err != nil {
				return nil, err
			}
			cut = p
			break
		}
	}
	var out [][]Span
	var part []Span
	rows := int64(0)
	for _, s := range spans {
		for rows+int64(s.Hi-s.Lo) > target {
			at := s.Lo + uint32(max(0, target-rows))
			if cut != nil && at < s.Hi {
				at = cut.pages[cut.find(at)].firstRow
			}
			if at > s.Lo && at < s.Hi {
				part = append(part, Span{s.Series, s.Lo, at, s.Partial})
				s.Lo = at
			} else if len(part) == 0 {
				break // the page is larger than the target
			}
			out, part, rows = append(out, part), nil, 0
		}
		part = append(part, s)
		if rows += int64(s.Hi - s.Lo); rows >= target {
			out, part, rows = append(out, part), nil, 0
		}
	}
	if len(part) > 0 {
		out = append(out, part)
	}
	return out, nil
}

// splitEnds cuts spans of which only the ends are read, between series.
func splitEnds(spans []Span, ends scan.Ends, target int64) (out [][]Span) {
	first, rows := 0, int64(0)
	for i := range spans {
		if rows += ends.Most(int64(spans[i].Hi - spans[i].Lo)); rows >= target {
			out = append(out, spans[first:i+1])
			first, rows = i+1, 0
		}
	}
	if first < len(spans) {
		out = append(out, spans[first:])
	}
	return out
}

type morsel struct {
	r     *Reader
	req   *scan.Request
	view  View
	spans []Span
	ends  scan.Ends
	rows  int64
	ahead uint32 // the row up to which pages are asked for before they are needed; 0 = none

	living *livingRows // dead rows stay among the others until they are read; nil = pieces leave them out
}

func (m *morsel) Rows() int64 { return m.rows }

// Open implements scan.Morsel.
func (m *morsel) Open(_ context.Context, pool *mem.Pool) (scan.Reader, error) {
	s := &scanReader{m: m, pool: pool, left: math.MaxInt64, rows: newRowSource(m.r, m.view, m.spans, m.r.timeRange(m.req), pool)}
	s.rows.ends = m.ends
	if m.living != nil {
		s.rows.deleted, s.rows.living = nil, m.living
	}
	if m.keepsLast() {
		s.rows.lasts = &lastRows{page: -1}
	}
	if m.r.meta.schema.Time != 0 {
		s.rows.bound = m.req.Bound
	}
	if err := s.heed(m.req.Cutoff); err != nil {
		return nil, err
	}
	if m.req.Limit > 0 {
		s.left = m.req.Limit
	} else if m.req.Long {
		s.rows.long = scan.LongRows
	}
	schema := &m.r.meta.schema
	s.tags = newTagColumns(m.r)
	for i, id := range m.req.Columns {
		shown := &m.view.Schema.Fields[m.view.Schema.Index(id)]
		c := outColumn{tag: -1, typ: shown.Type}
		field := schema.Index(id)
		switch {
		case field < 0:
			c.missing = shown
		case schema.IsTag(id):
			c.tag = s.tags.want(slices.Index(schema.Tags, id), "")
		default:
			var err error
			if c.reader, err = m.r.columnReader(field, pool); err != nil {
				s.Close()
				return nil, err
			}
			c.reader.narrow = i < len(m.req.Narrow) && m.req.Narrow[i]
			c.reader.askAhead(m.ahead)
			if s.rows.align == nil {
				s.rows.align = c.reader.pages
			}
			if c.reader.pages.wide {
				s.rows.wide = append(s.rows.wide, c.reader.pages)
			}
		}
		s.columns = append(s.columns, c)
	}
	for _, name := range m.req.Labels {
		c := outColumn{tag: -1, typ: column.T(column.Text), missing: noLabel}
		if schema.LabelSets {
			c.tag = s.tags.want(len(schema.Tags)-1, name)
		}
		s.columns = append(s.columns, c)
	}
	return s, nil
}

// outColumn is where a column of the batches comes from: a field, a tag of the series, or nowhere.
type outColumn struct {
	reader  *columnReader
	tag     int // place in tagColumns; -1 = none
	missing *column.Field
	typ     column.Type // in the view
}

// noLabel is a label of a segment without label sets.
var noLabel = &column.Field{Name: "label", Type: column.T(column.Text)}

// scanReader implements scan.Reader over one morsel.
type scanReader struct {
	m       *morsel
	pool    *mem.Pool
	rows    *rowSource
	tags    *tagColumns
	columns []outColumn
	left    int64
	given   int64
	pieces  []piece
	cut     *columnPages // of the column that the request's cutoff is about; nil = none
}

// Next implements scan.Reader.
func (s *scanReader) Next(ctx context.Context) (*scan.Batch, error) {
	if s.left <= 0 {
		return nil, io.EOF
	}
	total, living, n, err := s.nextRows(ctx)
	if err != nil {
		return nil, err
	}
	s.left -= int64(n)
	s.given += int64(n)
	b := &scan.Batch{Len: total, Columns: make([]*column.Vector, len(s.columns)), Living: living}
	runs := runsOf(s.pieces)
	schema := &s.m.r.meta.schema
	if len(schema.Tags) > 0 || len(schema.Order()) > 0 {
		b.Runs = runs
	}
	last := s.rows.lasts
	if last != nil && !last.given {
		last = nil
	}
	if err := s.fillTags(runs, last); err != nil {
		return nil, err
	}
	for i := range s.columns {
		c := &s.columns[i]
		switch {
		case c.reader != nil && last != nil:
			if b.Columns[i], err = c.reader.gatherLast(ctx, s.pieces, last); err != nil {
				return nil, err
			}
		case c.reader != nil:
			if b.Columns[i], err = c.reader.gather(ctx, s.pieces, total); err != nil {
				return nil, err
			}
		case c.tag >= 0:
			b.Columns[i] = s.tags.column(c.tag, total)
		default:
			if b.Columns[i], err = c.missing.InitialValues(total); err != nil {
				return nil, err
			}
		}
		b.Columns[i] = b.Columns[i].As(c.typ)
	}
	if last != nil && len(runs) == total && living == nil {
		b.Unlike = s.unlike()
	}
	if s.m.req.Addresses {
		b.Columns = append(b.Columns, s.addresses(total)...)
	}
	if !s.m.req.Dead {
		b = b.Compacted()
	}
	return b, nil
}

// unlike says which columns are tags that tell the rows of a batch apart, of which there is one to a series; nil if there are none.
func (s *scanReader) unlike() (out []bool) {
	for i := range s.columns {
		if c := &s.columns[i]; c.tag >= 0 && s.tags.wanted[c.tag].unlike {
			if out == nil {
				out = make([]bool, len(s.columns))
			}
			out[i] = true
		}
	}
	return out
}

// fillTags computes the tags of the pieces; last is not nil if they are of a page of last rows.
func (s *scanReader) fillTags(runs []scan.Run, last *lastRows) error {
	for i := range s.tags.wanted {
		s.tags.wanted[i].unlike = false
	}
	if last != nil && len(s.tags.wanted) > 0 {
		if done, err := s.tags.fillLast(s.pieces, runs, last); done || err != nil {
			return err
		}
	}
	return s.tags.fill(s.pieces, runs)
}

// nextRows finds the next rows, n of which live. What is dead as a whole is left out, so its pages are not read.
func (s *scanReader) nextRows(ctx context.Context) (total int, living column.Bitmap, n int, err error) {
	for {
		s.pieces, total, err = s.rows.next(ctx, s.pieces[:0], int(min(s.left, scan.BatchRows)), false)
		switch {
		case err != nil:
			return 0, nil, 0, err
		case s.cut != nil && s.cutOff():
		case s.rows.living == nil:
			return total, nil, total, nil
		default:
			if living, n = s.rows.living.of(s.pieces, total); n > 0 {
				return total, living, n, nil
			}
		}
		if err := ctx.Err(); err != nil {
			return 0, nil, 0, column.Errorf(column.Cancelled, "segment %d: %w", s.m.r.ref.Segment, err)
		}
	}
}

// addresses says where the rows of the pieces lie.
func (s *scanReader) addresses(total int) []*column.Vector {
	rows := make([]int64, 0, total)
	for _, p := range s.pieces {
		for row := p.lo; row < p.hi; row++ {
			rows = append(rows, int64(row))
		}
	}
	bigint := column.T(column.Int64)
	place := column.NewInts(bigint, []int64{int64(s.m.r.ref.Segment)}, nil)
	return []*column.Vector{column.NewConst(place, 0, total), column.NewInts(bigint, rows, nil)}
}

// Close implements scan.Reader.
func (s *scanReader) Close() error {
	for i := range s.columns {
		if c := s.columns[i].reader; c != nil {
			s.tell(c)
			c.close()
		}
	}
	if s.rows.times != nil {
		s.tell(s.rows.times)
	}
	if to := s.m.req.Counters; to != nil {
		to.Rows.Add(s.given)
	}
	s.rows.close()
	s.left, s.given = 0, 0
	return nil
}

// tell adds what a column's reader did to the request's counters.
func (s *scanReader) tell(c *columnReader) {
	if to := s.m.req.Counters; to != nil {
		to.Cached.Add(c.use.cached)
		to.Read.Add(c.use.read)
		c.use = pageUse{}
	}
}

// runsOf joins neighbouring pieces of one series.
func runsOf(pieces []piece) []scan.Run {
	runs := make([]scan.Run, 0, len(pieces))
	at := int32(0)
	for i, p := range pieces {
		n := int32(p.hi - p.lo)
		if i > 0 && pieces[i-1].series == p.series {
			runs[len(runs)-1].Len += n
		} else {
			runs = append(runs, scan.Run{Start: at, Len: n})
		}
		at += n
	}
	return runs
}
