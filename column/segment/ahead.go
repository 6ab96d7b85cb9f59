package segment

import "context"

// aheadFile is an OpenFile that can be told what will be read soon, so that reading it from the disk and unpacking what came before go on side by side.
type aheadFile interface {
	Ahead(offset, length int64)
}

// aheadOf says up to which row what a morsel reads is asked for before it is needed: to its end, and to that of the next one, which another worker takes
// soon. 0 = nothing: rows may be left out, or are few of those that lie between.
func aheadOf(parts [][]Span, i int) uint32 {
	until := dense(parts[i])
	if until == 0 || i+1 == len(parts) || parts[i+1][0].Lo != until {
		return until
	}
	return max(until, dense(parts[i+1]))
}

// dense gives the end of spans that are half of the rows between their ends at least; else 0.
func dense(spans []Span) uint32 {
	lo, hi := spans[0].Lo, spans[len(spans)-1].Hi
	if 2*(&Selection{spans}).Rows() < int64(hi)-int64(lo) {
		return 0
	}
	return hi
}

// askAhead has pages up to a row asked for as soon as one is not in memory.
func (c *columnReader) askAhead(until uint32) {
	if until > 0 {
		c.until, c.use.missed = until, c.ahead
	}
}

// ahead asks for the pages from one on that was not in memory. It is done once for each morsel and column.
func (c *columnReader) ahead(ctx context.Context, number int) {
	until := c.until
	c.until, c.use.missed = 0, nil
	f, err := c.r.dataFile(ctx)
	if err != nil {
		return // reading will say so
	}
	asked, ok := f.(aheadFile)
	if !ok {
		return
	}
	start, end := int64(-1), int64(-1)
	ask := func(p *pageMeta) {
		if p.offset != end {
			if end > start {
				asked.Ahead(start, end-start)
			}
			start = p.offset
		}
		end = p.offset + int64(p.length)
	}
	for k := number; k < len(c.pages.pages) && c.pages.pages[k].firstRow < until; k++ {
		if k == number || c.pages.chunk[k] != c.pages.chunk[k-1] {
			if p := &c.pages.chunks[c.pages.chunk[k]].dictPage; p.length > 0 {
				ask(p)
			}
		}
		ask(&c.pages.pages[k])
	}
	if end > start {
		asked.Ahead(start, end-start)
	}
}
