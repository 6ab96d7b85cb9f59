package segment

import (
	"context"
	"io"
	"math"
	"sort"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// rowSource turns spans into the rows a view shows: exact in time, without the dead and the superseded.
type rowSource struct {
	r       *Reader
	view    View
	spans   []Span
	time    scan.TimeRange
	pool    *mem.Pool
	ends    scan.Ends
	bound   *scan.Bound         // nil = none
	align   *columnPages        // a batch that is not tiny ends where one of its pages does; nil = of no matter
	wide    []*columnPages      // whose pages of long values no batch reaches over
	times   *columnReader       // opened when a span is partial
	deleted roaring.IntPeekable // nil = none, or they are in dead
	living  *livingRows         // nil = pieces have living rows only; else they are to be asked for here
	lasts   *lastRows           // nil = more than last rows is wanted, or they are not kept
	queue   []piece             // what is left of the span at hand
	long    int                 // rows of a batch that is one piece; 0 = no more than others have
	// maskedSeries is the series that masked belongs to; -1 = none.
	maskedSeries int64
	masked       []uint32
}

func newRowSource(r *Reader, view View, spans []Span, t scan.TimeRange, pool *mem.Pool) *rowSource {
	s := &rowSource{r: r, view: view, spans: spans, time: t, pool: pool, maskedSeries: -1}
	if view.Deleted != nil && !view.Deleted.IsEmpty() {
		s.deleted = view.Deleted.Iterator()
	}
	return s
}

func (s *rowSource) close() {
	if s.times != nil {
		s.times.close()
	}
	s.spans, s.queue = nil, nil
}

// wholeRows is how many consecutive rows make a batch of their own, whose vectors are slices of pages. Of runs of 360 rows such batches
// cost as much as copying runs together (BenchmarkTSBS, single-groupby-5-8-1); of runs of 2,880 a fifth less (cpu-max-all-8).
const wholeRows = 512

// next appends pieces of at most limit rows in total, or one that is long, from one row group (so that dictionaries are shared), and of one series if
// asked. io.EOF if there are none left.
func (s *rowSource) next(ctx context.Context, pieces []piece, limit int, oneSeries bool) ([]piece, int, error) {
	if s.lasts != nil {
		if pieces, total, err := s.nextLast(ctx, pieces, limit); total > 0 || err != nil {
			return pieces, total, err
		}
	}
	total := 0
	barrier := uint32(0)
	for total < limit {
		if len(s.queue) == 0 {
			if len(s.spans) == 0 {
				break
			}
			if oneSeries && total > 0 && s.spans[0].Series != pieces[0].series {
				break
			}
			if err := s.expand(ctx); err != nil {
				return pieces, 0, err
			}
			continue
		}
		p := s.queue[0]
		end := p.hi
		if total == 0 {
			barrier = s.barrier(p.lo)
			end = p.lo + even(min(end, barrier)-p.lo, uint32(max(limit, s.long)))
		} else {
			apart := p.lo != pieces[len(pieces)-1].hi && (total >= wholeRows || p.hi-p.lo >= wholeRows)
			if p.lo >= barrier || (oneSeries && p.series != pieces[0].series) || apart {
				break
			}
			end = min(end, barrier, p.lo+uint32(limit-total))
		}
		total += int(end - p.lo)
		pieces = append(pieces, piece{p.series, p.lo, end})
		if end < p.hi {
			s.queue[0].lo = end
			break
		}
		s.queue = s.queue[1:]
	}
	if total == 0 {
		return pieces, 0, io.EOF
	}
	return pieces, total, nil
}

// barrier is the row that a batch beginning with row lo must not reach over.
func (s *rowSource) barrier(lo uint32) uint32 {
	end := s.pageBarrier(lo)
	for _, p := range s.wide {
		end = min(end, p.wideBarrier(lo))
	}
	return end
}

// wideBarrier keeps a batch that begins with row lo out of pages of long values, but for one. There are few rows in those, and 4,096 of them may be
// gigabytes.
func (p *columnPages) wideBarrier(lo uint32) uint32 {
	page, end := p.find(lo), lo+scan.BatchRows
	if p.pages[page].isWide() {
		return p.end(page)
	}
	for page++; page < len(p.pages) && p.starts[page] < end; page++ {
		if p.pages[page].isWide() {
			return p.starts[page]
		}
	}
	return end
}

// pageBarrier is the end of the row group of row lo or, unless that is close, of its page.
func (s *rowSource) pageBarrier(lo uint32) uint32 {
	if s.align != nil && s.view.Only == nil { // what an index leaves is scraps
		if page := s.align.end(s.align.find(lo)); page-lo >= wholeRows {
			return page
		}
	}
	groups := s.r.meta.groups
	return groups[sort.Search(len(groups), func(i int) bool { return groups[i] > lo })]
}

// even is the size of the first of the fewest parts of at most limit rows, all of about one size, that n rows make: 4,320 rows are
// rather twice 2,160 than 4,096 and a rest that would be filled up by copying.
func even(n, limit uint32) uint32 {
	parts := (n + limit - 1) / limit
	return (n + parts - 1) / parts
}

// expand moves the next span into the queue.
func (s *rowSource) expand(ctx context.Context) error {
	span := s.spans[0]
	s.spans = s.spans[1:]
	s.queue = append(s.queue[:0], piece{span.Series, span.Lo, span.Hi})
	if s.bound != nil {
		if passed, err := s.applyBound(&span); err != nil || passed {
			s.queue = s.queue[:0]
			return err
		}
	}
	var err error
	if span.Partial {
		if s.queue, err = s.trim(ctx, span); err != nil {
			return err
		}
	}
	if s.deleted != nil {
		s.dropDeleted()
	}
	if s.view.Mask != nil && len(s.queue) > 0 {
		if err := s.dropMasked(ctx, span.Series); err != nil {
			return err
		}
	}
	return s.cutEnds(ctx)
}

// openTimes opens the reader of the time column.
func (s *rowSource) openTimes() (err error) {
	if s.times == nil {
		s.times, err = s.r.columnReader(s.r.meta.schema.Index(s.r.meta.schema.Time), s.pool)
	}
	return err
}

// trim cuts a span to the time range: by halves where runs are sorted by time, row by row elsewhere.
func (s *rowSource) trim(ctx context.Context, span Span) ([]piece, error) {
	if err := s.openTimes(); err != nil {
		return nil, err
	}
	out := s.queue[:0]
	if s.r.meta.timeSorted {
		lo, err := s.times.search(ctx, span.Lo, span.Hi, s.time.Min)
		if err != nil {
			return nil, err
		}
		hi := span.Hi
		if s.time.Max < math.MaxInt64 {
			hi, err = s.times.search(ctx, lo, span.Hi, s.time.Max+1)
		}
		if err != nil || lo == hi {
			return out, err
		}
		return append(out, piece{span.Series, lo, hi}), nil
	}
	for at := span.Lo; at < span.Hi; {
		v, from, to, err := s.times.part(ctx, at, span.Hi)
		if err != nil {
			return nil, err
		}
		for i, t := range v.Ints[from:to] {
			if row := at + uint32(i); s.time.Contains(t) {
				out = appendRow(out, span.Series, row)
			}
		}
		at += uint32(to - from)
	}
	return out, nil
}

func appendRow(pieces []piece, series, row uint32) []piece {
	if n := len(pieces); n > 0 && pieces[n-1].hi == row {
		pieces[n-1].hi++
		return pieces
	}
	return append(pieces, piece{series, row, row + 1})
}

// search gives the first row in [lo, hi) whose time is not below a limit, of rows whose times ascend; hi if there is none. Pages that the
// zone map decides are not read.
func (c *columnReader) search(ctx context.Context, lo, hi uint32, limit int64) (uint32, error) {
	for at := lo; at < hi; {
		number := c.pages.find(at)
		end := min(hi, c.pages.end(number))
		z := &c.pages.pages[number].zone
		switch {
		case z.IntMin >= limit:
			return at, nil
		case z.IntMax < limit:
			at = end
			continue
		}
		if err := c.load(ctx, number); err != nil {
			return 0, err
		}
		v, first := c.vector, c.pages.starts[number]
		times := v.Ints[at-first : end-first]
		bounds := scan.TimeRange{Min: z.IntMin, Max: z.IntMax} // of a whole page, and at hand
		if len(times) < v.Len {
			bounds = scan.TimeRange{Min: times[0], Max: times[len(times)-1]}
		}
		if k := notBelow(times, bounds, limit); k < len(times) {
			return at + uint32(k), nil
		}
		at = end
	}
	return hi, nil
}

// notBelow is the place of the first of ascending times, from the least to the greatest of bounds, that is not below a limit; their number if there is none.
// Times mostly come at an interval: then the place is the one that follows from the bounds. The search begins there, and goes on in steps that
// double.
func notBelow(times []int64, bounds scan.TimeRange, limit int64) int {
	last := len(times) - 1
	switch {
	case last < 0 || bounds.Min >= limit:
		return 0
	case bounds.Max < limit:
		return last + 1
	}
	// Up to lo all are below the limit, from hi on none is.
	lo, hi := -1, last+1
	guess := int(float64(uint64(limit-bounds.Min)) / float64(uint64(bounds.Max-bounds.Min)) * float64(last))
	guess = min(max(guess, 0), last)
	step := 1
	if times[guess] < limit {
		for lo = guess; lo+step < hi && times[lo+step] < limit; step *= 2 {
			lo += step
		}
		hi = min(hi, lo+step)
	} else {
		for hi = guess; hi-step > lo && times[hi-step] >= limit; step *= 2 {
			hi -= step
		}
		lo = max(lo, hi-step)
	}
	for hi-lo > 1 {
		if mid := int(uint(lo+hi) >> 1); times[mid] < limit {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// dropDeleted cuts the dead rows out of the queue. Spans ascend, so the iterator never goes back.
func (s *rowSource) dropDeleted() {
	var out []piece
	for _, p := range s.queue {
		s.deleted.AdvanceIfNeeded(p.lo)
		for s.deleted.HasNext() && s.deleted.PeekNext() < p.hi {
			row := s.deleted.Next()
			if row > p.lo {
				out = append(out, piece{p.series, p.lo, row})
			}
			p.lo = row + 1
		}
		if p.lo < p.hi {
			out = append(out, p)
		}
	}
	s.queue = out
}

// dropMasked cuts the superseded rows of a series out of the queue.
func (s *rowSource) dropMasked(ctx context.Context, ordinal uint32) error {
	if s.maskedSeries != int64(ordinal) {
		rows, err := s.superseded(ctx, ordinal)
		if err != nil {
			return err
		}
		s.maskedSeries, s.masked = int64(ordinal), rows
	}
	rows := s.masked
	if len(rows) == 0 {
		return nil
	}
	var out []piece
	for _, p := range s.queue {
		k := sort.Search(len(rows), func(i int) bool { return rows[i] >= p.lo })
		for ; k < len(rows) && rows[k] < p.hi; k++ {
			if rows[k] > p.lo {
				out = append(out, piece{p.series, p.lo, rows[k]})
			}
			p.lo = rows[k] + 1
		}
		if p.lo < p.hi {
			out = append(out, p)
		}
	}
	s.queue = out
	return nil
}

// superseded asks the mask about a whole series, once.
func (s *rowSource) superseded(ctx context.Context, ordinal uint32) ([]uint32, error) {
	info, err := s.r.Series(int(ordinal))
	if err != nil {
		return nil, err
	}
	var lo, hi []byte
	schema := &s.r.meta.schema
	if order := schema.Order(); len(order) == 1 && order[0] == schema.Time {
		lo, hi = key.AppendInt(nil, info.Min), key.AppendInt(nil, info.Max)
	}
	keys, err := s.view.Mask.Superseded(s.r.viewKey(info.Key, s.view.Schema), lo, hi)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	return s.r.findRows(ctx, info, keys, s.pool)
}

// viewKey is a series' key under a newer schema: tags that were added since are absent.
func (r *Reader) viewKey(own []byte, view *column.Schema) []byte {
	if view == nil || len(view.Tags) <= len(r.meta.schema.Tags) {
		return own
	}
	out := append(make([]byte, 0, len(own)+len(view.Tags)-len(r.meta.tags)), own...)
	for range len(view.Tags) - len(r.meta.tags) {
		out = key.AppendNull(out)
	}
	return out
}
