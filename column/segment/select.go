package segment

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
	"github.com/automatanexus/aegis-db/column/scan"
)

// Span is a stretch [Lo, Hi) of rows of one series.
type Span struct {
	Series, Lo, Hi uint32
	// Partial says that some of the rows may lie outside the request's time range.
	Partial bool
}

// Selection is which rows may answer a request: ascending spans, exact in series, no finer than pages in time and filters.
type Selection struct {
	Spans []Span
}

// Rows is how many rows the spans hold.
func (s *Selection) Rows() int64 {
	n := int64(0)
	for _, p := range s.Spans {
		n += int64(p.Hi - p.Lo)
	}
	return n
}

// Select finds the rows that may answer a request, by the sidecar alone: series by postings, series and pages by their bounds; and those among
// view.Only, where there is one. view.Schema is what the request is about; nil = the segment's own.
func (r *Reader) Select(ctx context.Context, req *scan.Request, view View) (*Selection, scan.Stats, error) {
	stats := scan.Stats{Segments: 1, Series: int(r.meta.series)}
	series, err := r.selectSeries(req.Series)
	if err != nil {
		return nil, stats, err
	}
	spans, err := r.spans(ctx, series, r.timeRange(req))
	if err != nil {
		return nil, stats, err
	}
	stats.SeriesPruned = stats.Series - countSeries(spans)
	if spans, err = r.prune(spans, req, view.Schema); err != nil {
		return nil, stats, err
	}
	if req.Sample != nil {
		spans = sampled(spans, req.Sample, int64(r.ref.Segment))
	}
	s, only := &Selection{Spans: spans}, view.Only
	if only != nil {
		all := s.Rows()
		s.Spans = among(spans, only)
		stats.Indexed, stats.RowsSpared = 1, all-s.Rows()
	}
	if len(s.Spans) == 0 {
		stats.SegmentsPruned = 1
	}
	stats.Rows = s.Rows()
	whole := scan.Ends{}
	if t := r.timeRange(req); series == nil && only == nil && req.Sample == nil && t.Min <= r.meta.minTime && r.meta.maxTime <= t.Max {
		whole = r.endsOf(req)
	}
	return s, stats, r.countPages(func() []Span {
		if only != nil {
			return s.Spans
		}
		return r.neededSpans(spans, req)
	}, whole, req, &stats)
}

// among cuts ascending spans to the rows of a bitmap.
func among(spans []Span, only *roaring.Bitmap) []Span {
	var out []Span
	it := only.Iterator()
	for _, s := range spans {
		it.AdvanceIfNeeded(s.Lo)
		for it.HasNext() && it.PeekNext() < s.Hi {
			row := it.Next()
			if n := len(out); n > 0 && out[n-1].Hi == row && out[n-1].Series == s.Series {
				out[n-1].Hi++
			} else {
				out = append(out, Span{s.Series, row, row + 1, s.Partial})
			}
		}
	}
	return out
}

// sampled cuts ascending spans to the blocks of rows that a sample has.
func sampled(spans []Span, of *scan.Sample, place int64) []Span {
	var out []Span
	for _, s := range spans {
		for lo := s.Lo; lo < s.Hi; {
			hi := min(s.Hi, lo-lo%scan.SampleBlock+scan.SampleBlock)
			if of.HasBlock(place, int64(lo)) {
				out = joined(out, Span{s.Series, lo, hi, s.Partial})
			}
			lo = hi
		}
	}
	return out
}

// joined appends a span, to the last one where it goes on.
func joined(out []Span, s Span) []Span {
	if n := len(out); n > 0 && out[n-1].Hi == s.Lo && out[n-1].Series == s.Series {
		out[n-1].Hi = s.Hi
		return out
	}
	return append(out, s)
}

// timeRange is the request's range, or all time for tables without time.
func (r *Reader) timeRange(req *scan.Request) scan.TimeRange {
	if r.meta.schema.Time == 0 {
		return scan.AllTime
	}
	return req.Time
}

func countSeries(spans []Span) int {
	n, last := 0, -1
	for _, s := range spans {
		if int(s.Series) != last {
			n++
			last = int(s.Series)
		}
	}
	return n
}

// selectSeries ANDs the filters; nil stands for all series.
func (r *Reader) selectSeries(filters []scan.SeriesFilter) (*roaring.Bitmap, error) {
	var out *roaring.Bitmap
	// Filters with listed values first: they read little and leave little.
	order := make([]int, 0, 2*len(filters))
	for pass := range 2 {
		for i := range filters {
			if (filters[i].Equal != nil) == (pass == 0) {
				order = append(order, i)
			}
		}
	}
	for _, i := range order {
		f := &filters[i]
		p, err := r.postingsOf(f)
		if err != nil {
			return nil, err
		}
		if p == nil { // no series has it: NULL everywhere
			if f.Equal != nil || (f.Match != nil && !f.Match(nil, true)) {
				return roaring.New(), nil
			}
			continue
		}
		b, err := p.Select(f)
		if err != nil {
			return nil, r.corrupt(r.sidecarName(), 0, "column %d: %w", f.Tag, err)
		}
		if out == nil {
			out = b
		} else {
			out.And(b)
		}
		if out.IsEmpty() {
			break
		}
	}
	return out, nil
}

// postingsOf gives the postings a filter asks for; nil where the segment has none, which means NULL for every series.
func (r *Reader) postingsOf(f *scan.SeriesFilter) (*index.Postings, error) {
	if r.meta.schema.Index(f.Tag) >= 0 && !r.meta.schema.IsTag(f.Tag) {
		return nil, column.Errorf(column.Internal, "segment %d: a series filter on column %d, which is no tag", r.ref.Segment, f.Tag)
	}
	i := slices.IndexFunc(r.sections, func(s section) bool {
		return (s.kind == sectionPostings || s.kind == sectionZippedPostings) && s.column == f.Tag && s.label == f.Label
	})
	if i < 0 {
		return nil, nil
	}
	if p := r.postings[i].Load(); p != nil {
		return p, nil
	}
	p, err := r.loadPostings(&r.sections[i])
	if err != nil {
		return nil, err
	}
	if r.postings[i].CompareAndSwap(nil, p) {
		r.size.Add(p.SizeBytes())
	}
	return p, nil
}

// spans lists the rows of the selected series that have some in the range.
func (r *Reader) spans(ctx context.Context, selected *roaring.Bitmap, t scan.TimeRange) ([]Span, error) {
	if t.Min > t.Max {
		return nil, nil
	}
	// A segment inside the range needs no look at the series' bounds.
	inside := t.Min <= r.meta.minTime && r.meta.maxTime <= t.Max
	var out []Span
	add := func(b *seriesBlock, first, i int) {
		if !inside && (b.max[i] < t.Min || b.min[i] > t.Max) {
			return
		}
		out = append(out, Span{
			Series: uint32(first + i), Lo: b.rows[i], Hi: b.rows[i+1], Partial: !inside && (b.min[i] < t.Min || b.max[i] > t.Max),
		})
	}
	if selected == nil {
		if inside {
			out = make([]Span, 0, r.meta.series)
		}
		for k := range r.blocks {
			if err := ctx.Err(); err != nil {
				return nil, column.Errorf(column.Cancelled, "segment %d: %w", r.ref.Segment, err)
			}
			b, err := r.block(k)
			if err != nil {
				return nil, err
			}
			for i := range b.len() {
				add(b, k*blockSeries, i)
			}
		}
		return out, nil
	}
	for it := selected.Iterator(); it.HasNext(); {
		o := int(it.Next())
		b, err := r.block(o / blockSeries)
		if err != nil {
			return nil, err
		}
		add(b, o-o%blockSeries, o%blockSeries)
	}
	return out, nil
}

// prune drops the pages that time or a filter excludes. In a column that the segment does not have, every row has its initial value.
func (r *Reader) prune(spans []Span, req *scan.Request, view *column.Schema) ([]Span, error) {
	filters := req.Filters
	if t := r.timeRange(req); t != scan.AllTime && slices.ContainsFunc(spans, func(s Span) bool { return s.Partial }) {
		filters = append(slices.Clip(filters), scan.ColumnFilter{Column: r.meta.schema.Time, IntMin: t.Min, IntMax: t.Max})
	}
	for i := range filters {
		if len(spans) == 0 {
			break
		}
		field := r.meta.schema.Index(filters[i].Column)
		if field < 0 {
			if admitted, err := admitsInitial(view, &filters[i]); err != nil || !admitted {
				return nil, err
			}
			continue
		}
		if r.meta.schema.IsTag(filters[i].Column) {
			continue // their pages are never read; series filters did this
		}
		p, err := r.pagesOf(field)
		if err != nil {
			return nil, err
		}
		spans = p.prune(spans, &filters[i])
	}
	return spans, nil
}

// admitsInitial reports whether the initial value of a column satisfies a filter.
func admitsInitial(view *column.Schema, f *scan.ColumnFilter) (bool, error) {
	at := -1
	if view != nil {
		at = view.Index(f.Column)
	}
	if at < 0 || view.Fields[at].Initial == "" {
		return false, nil // it is NULL
	}
	t := view.Fields[at].Type
	v, err := view.Fields[at].Initial.Vector(t)
	if err != nil {
		return false, err
	}
	var z index.Zone
	switch {
	case t.Physical() == column.PhysInt:
		z = index.Ints(v.Ints, 1)
	case t.Physical() == column.PhysFloat:
		z = index.Floats(v.Floats, 1)
	case t.Bytewise():
		z = index.Texts(v.Offsets, v.Data, 1)
	default:
		return true, nil
	}
	return z.Admits(f, t), nil
}

// prune cuts ascending spans at the pages the filter does not admit. Only pages that spans touch are looked at.
func (p *columnPages) prune(spans []Span, f *scan.ColumnFilter) []Span {
	out := make([]Span, 0, len(spans))
	page, last, admitted := 0, -1, false
	for _, s := range spans {
		if p.end(page) <= s.Lo {
			page = p.find(s.Lo)
		}
		for at, k := s.Lo, page; at < s.Hi; k++ {
			if k != last {
				last, admitted = k, p.admits(k, f)
			}
			end := min(s.Hi, p.end(k))
			if admitted {
				out = joined(out, Span{s.Series, at, end, s.Partial})
			}
			at = end
		}
	}
	return out
}

// admits reports whether a page may have rows that a filter wants.
func (p *columnPages) admits(page int, f *scan.ColumnFilter) bool {
	_, scale, isDecimal := p.field.Mod.Numeric() // stored fields of other types have no modifier
	switch z := &p.pages[page].zone; {
	case wideDecimal(&p.field):
		return admitsWide(z, f, int32(scale))
	case isDecimal:
		return admitsDecimal(z, f, int32(scale))
	default:
		return z.Admits(f, p.field.Type)
	}
}

// neededSpans is about where the rows lie that the request needs: as if no row were dead, outside of the time range, or of the time of
// another one.
func (r *Reader) neededSpans(spans []Span, req *scan.Request) []Span {
	ends := r.endsOf(req)
	if ends == (scan.Ends{}) {
		return spans
	}
	out := make([]Span, 0, len(spans))
	for _, s := range spans {
		n := int64(s.Hi - s.Lo)
		if ends.Most(n) == n {
			out = append(out, s)
			continue
		}
		if ends.First > 0 {
			out = append(out, Span{Series: s.Series, Lo: s.Lo, Hi: s.Lo + uint32(ends.First)})
		}
		if ends.Last > 0 {
			out = append(out, Span{Series: s.Series, Lo: s.Hi - uint32(ends.Last), Hi: s.Hi})
		}
	}
	return out
}

// sparedPages is how many pages of a column are spared by who reads some ends of all series.
type sparedPages struct {
	ends scan.Ends
	n    int
}

// countPages fills in how many pages of the columns asked for exist and are spared. spans gives the rows that are needed; whole, if it is not zero,
// says that these are such ends of all series, for which the answer is always the same.
func (r *Reader) countPages(spans func() []Span, whole scan.Ends, req *scan.Request, stats *scan.Stats) error {
	var rows []Span // without the limits of series; nil until they are needed
	for i, id := range req.Columns {
		field := r.meta.schema.Index(id)
		if field < 0 || r.meta.schema.IsTag(id) || slices.Contains(req.Columns[:i], id) {
			continue
		}
		p, err := r.pagesOf(field)
		if err != nil {
			return err
		}
		stats.Pages += len(p.pages)
		if known := p.spared.Load(); known != nil && whole != (scan.Ends{}) && known.ends == whole {
			stats.PagesPruned += known.n
			continue
		}
		if rows == nil {
			rows = joinedRows(spans())
		}
		n := p.without(rows)
		stats.PagesPruned += n
		if whole != (scan.Ends{}) {
			p.spared.Store(&sparedPages{whole, n})
		}
	}
	return nil
}

// joinedRows gives spans without the limits of series; never nil.
func joinedRows(spans []Span) []Span {
	rows := []Span{}
	for _, s := range spans {
		if n := len(rows); n > 0 && rows[n-1].Hi == s.Lo {
			rows[n-1].Hi = s.Hi
		} else {
			rows = append(rows, s)
		}
	}
	return rows
}

// without is how many pages have none of the rows.
func (p *columnPages) without(rows []Span) int {
	n, last := len(p.pages), -1
	for _, s := range rows {
		at := p.findFrom(last, s.Lo)
		first := max(at, last+1)
		last = max(last, p.findFrom(at, s.Hi-1))
		n -= last + 1 - first
	}
	return n
}
