package segment

import (
	"context"
	"slices"
	"sort"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// lastSeries is how many series a page of last rows is of. Such a page has a column's values in the last row of each of them, decoded: what those who
// want only last rows ask for again and again would otherwise be picked from as many pages of the file as there are series.
const lastSeries = scan.BatchRows

// lastRows is what a row source knows of last rows while nothing else is wanted of each series.
type lastRows struct {
	page   int            // of the series at hand; -1 = none
	alone  *column.Vector // of the page at hand: whose last row has a time of its own; nil = the page is not worth having
	places []int32        // of the pieces that were given last: their places in the page; -1 = no last row
	even   bool           // these places follow each other, and none is -1
	given  bool           // the pieces that were given last are of the page
}

// keepsLast reports whether last rows alone are wanted, and can be kept.
func (m *morsel) keepsLast() bool {
	return m.ends == scan.Ends{Last: 1} && m.r.o.Cache != nil
}

// lastKey names a page of last rows.
func (r *Reader) lastKey(id column.ID, page int) PageKey {
	return PageKey{Table: r.ref.Table, Segment: r.ref.Segment, Column: id, Page: uint32(page), Last: true}
}

// lastPieces lists the last rows of a page's series.
func (r *Reader) lastPieces(page int) ([]piece, error) {
	first := page * lastSeries
	out := make([]piece, 0, min(lastSeries, int(r.meta.series)-first))
	for len(out) < cap(out) {
		at := first + len(out)
		b, err := r.block(at / blockSeries)
		if err != nil {
			return nil, err
		}
		for i := at % blockSeries; i < b.len() && len(out) < cap(out); i++ {
			out = append(out, piece{uint32(first + len(out)), b.rows[i+1] - 1, b.rows[i+1]})
		}
	}
	return out, nil
}

// turnPage makes the page of the next span's series the one at hand, and reports whether it is worth having: at least half of its series are wanted.
func (s *rowSource) turnPage(ctx context.Context) (bool, error) {
	l := s.lasts
	page := int(s.spans[0].Series) / lastSeries
	if page == l.page {
		return l.alone != nil, nil
	}
	l.page, l.alone = page, nil
	end := uint32(page+1) * lastSeries
	n := 0
	for n < len(s.spans) && s.spans[n].Series < end {
		n++
	}
	if 2*n < min(lastSeries, int(s.r.meta.series)-page*lastSeries) {
		return false, nil
	}
	k := s.r.lastKey(0, page)
	if l.alone = s.r.o.Cache.Get(k); l.alone != nil {
		return true, nil
	}
	alone, err := s.findAlone(ctx, page)
	if err != nil {
		return false, err
	}
	l.alone = column.NewBools(alone, nil)
	s.r.o.Cache.Put(k, l.alone, l.alone.SizeBytes())
	return true, nil
}

// findAlone says for each series of a page whether the row before its last one is of another time.
func (s *rowSource) findAlone(ctx context.Context, page int) ([]bool, error) {
	if err := s.openTimes(); err != nil {
		return nil, err
	}
	rows, err := s.r.lastPieces(page)
	if err != nil {
		return nil, err
	}
	out := make([]bool, len(rows))
	for i, p := range rows {
		series, err := s.r.Series(int(p.series))
		if err != nil {
			return nil, err
		}
		out[i] = series.Rows == 1
		if !out[i] {
			before, err := s.timeOf(ctx, p.lo-1)
			if err != nil {
				return nil, err
			}
			out[i] = before != series.Max
		}
	}
	return out, nil
}

// isAlone reports that the row before a series' end is its last one and the only one of its time.
func (s *rowSource) isAlone(series, end uint32) (bool, error) {
	l := s.lasts
	if l == nil || l.alone == nil || int(series)/lastSeries != l.page || !l.alone.Bools[series%lastSeries] {
		return false, nil
	}
	b, err := s.r.block(int(series) / blockSeries)
	return err == nil && b.rows[series%blockSeries+1] == end, err
}

// nextLast is next where there is a page that has what is wanted of most series at hand; no rows where there is none. Rows that it has not stand
// between those that it has.
func (s *rowSource) nextLast(ctx context.Context, pieces []piece, limit int) ([]piece, int, error) {
	l := s.lasts
	for {
		if len(s.queue) == 0 {
			if len(s.spans) == 0 {
				return pieces, 0, nil
			}
			var err error
			if l.given, err = s.turnPage(ctx); err != nil {
				return pieces, 0, err
			}
		}
		if !l.given {
			return pieces, 0, nil
		}
		if pieces, total, err := s.ofPage(ctx, pieces, limit); total > 0 || err != nil {
			return pieces, total, err
		}
	}
}

// ofPage gives the rows of the series of the page at hand.
func (s *rowSource) ofPage(ctx context.Context, pieces []piece, limit int) ([]piece, int, error) {
	l := s.lasts
	l.places, l.even = l.places[:0], true
	if room := min(limit, len(s.spans), lastSeries); room > cap(l.places) {
		l.places, pieces = slices.Grow(l.places, room), slices.Grow(pieces, room)
	}
	total, end := 0, uint32(l.page+1)*lastSeries
	plain := s.deleted == nil && s.view.Mask == nil && s.bound == nil
	for total < limit {
		if len(s.queue) == 0 {
			if len(s.spans) == 0 || s.spans[0].Series >= end {
				break
			}
			span := s.spans[0]
			alone, err := s.isAlone(span.Series, span.Hi)
			if err != nil {
				return pieces, 0, err
			}
			if !plain || !alone || span.Partial {
				if err := s.expand(ctx); err != nil {
					return pieces, 0, err
				}
				continue
			}
			s.spans = s.spans[1:]
			pieces = append(pieces, piece{span.Series, span.Hi - 1, span.Hi})
			l.place(int32(span.Series % lastSeries))
			total++
			continue
		}
		p := s.queue[0]
		p.hi = min(p.hi, p.lo+uint32(limit-total))
		alone, err := s.isAlone(p.series, p.hi)
		if err != nil {
			return pieces, 0, err
		}
		place := int32(-1)
		if alone && p.hi-p.lo == 1 {
			place = int32(p.series % lastSeries)
		}
		pieces = append(pieces, p)
		l.place(place)
		total += int(p.hi - p.lo)
		if s.queue[0].lo = p.hi; p.hi == s.queue[0].hi {
			s.queue = s.queue[1:]
		}
	}
	return pieces, total, nil
}

// place notes the place of a piece's row in the page.
func (l *lastRows) place(at int32) {
	if n := len(l.places); at < 0 || n > 0 && at != l.places[n-1]+1 {
		l.even = false
	}
	l.places = append(l.places, at)
}

// gatherLast is gather for pieces that were given with their places in a page of last rows.
func (c *columnReader) gatherLast(ctx context.Context, pieces []piece, l *lastRows) (*column.Vector, error) {
	page, err := c.lastPage(ctx, l.page)
	if err != nil {
		return nil, err
	}
	if l.even {
		from := int(l.places[0])
		return page.Slice(from, from+len(l.places)), nil
	}
	var parts []*column.Vector
	for i := 0; i < len(pieces); {
		if from := l.places[i]; from >= 0 {
			first := i
			for i++; i < len(pieces) && l.places[i] == from+int32(i-first); i++ {
			}
			if first == 0 && i < len(pieces) && !slices.Contains(l.places, -1) {
				return column.Gather(page, l.places), nil
			}
			parts = append(parts, page.Slice(int(from), int(from)+i-first))
			continue
		}
		for at := pieces[i].lo; at < pieces[i].hi; {
			v, from, to, err := c.part(ctx, at, pieces[i].hi)
			if err != nil {
				return nil, err
			}
			parts = append(parts, v.Slice(from, to))
			at += uint32(to - from)
		}
		i++
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return column.Concat(parts[0].Type, parts...)
}

// lastPage gives a page of last rows, from the cache if it is there.
func (c *columnReader) lastPage(ctx context.Context, page int) (*column.Vector, error) {
	k := c.r.lastKey(c.pages.field.ID, page)
	if v := c.r.o.Cache.Get(k); v != nil {
		c.use.cached++
		return v, c.hold(v)
	}
	pieces, err := c.r.lastPieces(page)
	if err != nil {
		return nil, err
	}
	var v *column.Vector
	if c.pages.field.ID == c.r.meta.schema.Time {
		v, err = c.r.lastTimes(c.pages.field.Type, pieces)
	} else {
		v, err = c.lastValues(ctx, pieces)
	}
	if err != nil {
		return nil, err
	}
	c.r.o.Cache.Put(k, v, v.SizeBytes())
	return v, c.hold(v)
}

// hold reserves memory for a page of last rows in the place of the one before.
func (c *columnReader) hold(v *column.Vector) error {
	if c.pool == nil || c.last == v {
		return nil
	}
	size := v.SizeBytes()
	if err := c.pool.Grow(size); err != nil {
		return err
	}
	c.pool.Shrink(c.lastHeld)
	c.last, c.lastHeld = v, size
	return nil
}

// lastTimes needs no page: the series table says when each series ends.
func (r *Reader) lastTimes(t column.Type, pieces []piece) (*column.Vector, error) {
	out := make([]int64, len(pieces))
	for i, p := range pieces {
		s, err := r.Series(int(p.series))
		if err != nil {
			return nil, err
		}
		out[i] = s.Max
	}
	return column.NewInts(t, out, nil), nil
}

// lastValues reads the rows of pieces, row group by row group.
func (c *columnReader) lastValues(ctx context.Context, pieces []piece) (*column.Vector, error) {
	groups := c.r.meta.groups
	var parts []*column.Vector
	for len(pieces) > 0 {
		end := groups[sort.Search(len(groups), func(i int) bool { return groups[i] > pieces[0].lo })]
		n := sort.Search(len(pieces), func(i int) bool { return pieces[i].lo >= end })
		v, err := c.gather(ctx, pieces[:n], n)
		if err != nil {
			return nil, err
		}
		parts = append(parts, v)
		pieces = pieces[n:]
	}
	return column.Concat(parts[0].Type, parts...)
}

// fillLast is fill for pieces that were given with their places in a page of last rows; false if what is wanted is not only tags.
func (t *tagColumns) fillLast(pieces []piece, runs []scan.Run, l *lastRows) (bool, error) {
	if slices.ContainsFunc(t.wanted, func(w wantedTag) bool { return w.label != "" }) {
		return false, nil
	}
	t.ends = make([]int32, len(runs)) // vectors keep it
	rows := make([]int32, len(runs))
	for i, r := range runs {
		t.ends[i] = r.Start + r.Len
	}
	k := -1
	for i, p := range pieces {
		if i == 0 || pieces[i-1].series != p.series {
			k++
			rows[k] = int32(p.series % lastSeries)
		}
	}
	first, last := int(rows[0]), int(rows[k])
	schema := &t.r.meta.schema
	for i := range t.wanted {
		w := &t.wanted[i]
		page, err := t.lastPage(w, l.page)
		if err != nil {
			return false, err
		}
		w.unlike = t.r.tellsApart(schema.Tags[w.tag], l.page, page)
		if last-first == k {
			w.value = page.Slice(first, last+1)
		} else {
			w.value = column.Gather(page, rows)
		}
	}
	t.last = -1
	return true, nil
}

// lastPage gives a tag's values of the series of a page, from the cache if they are there.
func (t *tagColumns) lastPage(w *wantedTag, page int) (*column.Vector, error) {
	schema := &t.r.meta.schema
	k := t.r.lastKey(schema.Tags[w.tag], page)
	if v := t.r.o.Cache.Get(k); v != nil {
		return v, nil
	}
	pieces, err := t.r.lastPieces(page)
	if err != nil {
		return nil, err
	}
	one := newTagColumns(t.r)
	one.want(w.tag, "")
	if err := one.fill(pieces, runsOf(pieces)); err != nil {
		return nil, err
	}
	v := one.wanted[0].value
	t.r.o.Cache.Put(k, v, v.SizeBytes())
	return v, nil
}

// tellsApart reports whether no two series of a page have the same value of a tag, nor one none. It is found out once, and kept beside the values.
func (r *Reader) tellsApart(tag column.ID, number int, page *column.Vector) bool {
	k := r.lastKey(tag, number)
	k.Dictionary = true // no dictionary is of last rows
	if v := r.o.Cache.Get(k); v != nil {
		return v.Bools[0]
	}
	v := column.NewBools([]bool{allUnlike(page)}, nil)
	r.o.Cache.Put(k, v, v.SizeBytes())
	return v.Bools[0]
}

// allUnlike reports that a vector's values are all different, where equal ones have the same form.
func allUnlike(v *column.Vector) bool {
	v = column.Flatten(v)
	if v.HasNulls() {
		return false
	}
	switch kind := v.Type.Kind; {
	case v.Type.Physical() == column.PhysInt:
		seen := make(map[int64]struct{}, v.Len)
		for _, n := range v.Ints[:v.Len] {
			seen[n] = struct{}{}
		}
		return len(seen) == v.Len
	case kind == column.Text || kind == column.Bytea:
		seen := make(map[string]struct{}, v.Len)
		for i := range v.Len {
			seen[string(v.Bytes(i))] = struct{}{}
		}
		return len(seen) == v.Len
	}
	return false
}
