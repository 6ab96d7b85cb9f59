package segment

import (
	"context"
	"fmt"
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/lanes"
	"github.com/automatanexus/aegis-db/column/mem"
)

// pagesOf gives a field's page table.
func (r *Reader) pagesOf(field int) (*columnPages, error) {
	if p := r.columns[field].Load(); p != nil {
		return p, nil
	}
	f := storedField(r.meta.schema.Fields[field])
	s := r.section(sectionPages, f.ID, "")
	if s == nil {
		return nil, r.corrupt(r.sidecarName(), 0, "no page table of column %d", f.ID)
	}
	b, err := r.load(s)
	if err != nil {
		return nil, err
	}
	p, err := parsePages(b, f, r.meta.groups, r.meta.dataBytes)
	if err != nil {
		return nil, r.corrupt(r.sidecarName(), s.offset, "%w", err)
	}
	if r.columns[field].CompareAndSwap(nil, p) {
		r.size.Add(int64(len(p.pages)) * 204) // what a pageMeta with its zone takes
	}
	return p, nil
}

// find gives the page that holds a row.
func (p *columnPages) find(row uint32) int {
	lo, hi := 0, len(p.starts)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); p.starts[mid] > row {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo - 1
}

// findFrom is find for a row that is not before a page, and often in it or the next one; -1 = any row.
func (p *columnPages) findFrom(page int, row uint32) int {
	for range 2 {
		if page >= 0 && page < len(p.pages) && row < p.end(page) {
			return page
		}
		page++
	}
	return p.find(row)
}

// end is the row after a page.
func (p *columnPages) end(page int) uint32 { return p.pages[page].firstRow + p.pages[page].rows }

// chunkPages is how many pages the chunk of a page has.
func (p *columnPages) chunkPages(page int) int {
	chunk, first := p.chunk[page], page
	for first > 0 && p.chunk[first-1] == chunk {
		first--
	}
	end := page + 1
	for end < len(p.chunk) && p.chunk[end] == chunk {
		end++
	}
	return end - first
}

// rawPage reads a page's bytes and checks them.
func (r *Reader) rawPage(ctx context.Context, p *pageMeta) ([]byte, error) {
	f, err := r.dataFile(ctx)
	if err != nil {
		return nil, err
	}
	// Room behind the bytes spares the bit-unpacking kernels, which read ahead, a copy of the last group.
	b := make([]byte, p.length, p.length+64)
	if err := readAt(f, b, p.offset); err != nil {
		return nil, r.readError(r.dataName(), p.offset, int64(p.length), err)
	}
	if sum(b) != p.sum {
		return nil, r.corrupt(r.dataName(), p.offset, "the checksum of a page of %d bytes is wrong", p.length)
	}
	return b, nil
}

// narrowPage gives a decoded page in the narrow form if it has one. What has none is kept under the same name, for next to nothing, so that
// nobody looks for it again.
func (r *Reader) narrowPage(ctx context.Context, t *columnPages, number int, u *pageUse) (*column.Vector, error) {
	if r.o.Cache == nil || u.once {
		return r.page(ctx, t, number, u)
	}
	k := PageKey{Table: r.ref.Table, Segment: r.ref.Segment, Column: t.field.ID, Page: uint32(number), Narrow: true}
	if v := r.o.Cache.Get(k); v != nil {
		u.cached++
		return v, nil
	}
	v, err := r.page(ctx, t, number, u)
	if err != nil {
		return nil, err
	}
	if n := column.ToNarrow(v); n != nil {
		r.o.Cache.Put(k, n, n.SizeBytes())
		return n, nil
	}
	r.o.Cache.Put(k, v, v.SizeBytes())
	return v, nil
}

// page gives a decoded page, from the cache if it is there.
func (r *Reader) page(ctx context.Context, t *columnPages, number int, u *pageUse) (*column.Vector, error) {
	k := PageKey{Table: r.ref.Table, Segment: r.ref.Segment, Column: t.field.ID, Page: uint32(number)}
	if r.o.Cache != nil {
		if v := r.o.Cache.Get(k); v != nil {
			u.cached++
			return v, nil
		}
	}
	u.read++
	if err := ctx.Err(); err != nil {
		return nil, column.Errorf(column.Cancelled, "segment %d: %w", r.ref.Segment, err)
	}
	if u.missed != nil {
		u.missed(ctx, number)
	}
	p, c := &t.pages[number], &t.chunks[t.chunk[number]]
	dict, err := r.dictionary(ctx, t, int(t.chunk[number]), u.once)
	if err != nil {
		return nil, err
	}
	raw, err := r.rawPage(ctx, p)
	if err != nil {
		return nil, err
	}
	body, err := pageBody(c, p, raw)
	if err != nil {
		return nil, r.corrupt(r.dataName(), p.offset, "unpack a page of column %d: %w", t.field.ID, err)
	}
	v, err := decodePage(t.field, c, p, body, dict)
	if err == nil && v.Len != int(p.rows) {
		err = fmt.Errorf("%d rows, not %d", v.Len, p.rows)
	}
	if err != nil {
		return nil, r.corrupt(r.dataName(), p.offset, "decode a page of column %d: %w", t.field.ID, err)
	}
	if _, scale, ok := t.field.Mod.Numeric(); ok && v.Type.Kind != column.Numeric {
		v = fromStored(v, int32(scale))
	}
	if r.o.Cache != nil && !u.once {
		r.o.Cache.Put(k, v, v.SizeBytes()-sharedBytes(v, t.chunkPages(number)))
	}
	return v, nil
}

// sharedBytes is what a page's dictionary takes, but for the page's share of it: each page of the chunk keeps it in memory.
func sharedBytes(v *column.Vector, pages int) int64 {
	if v.Enc != column.Dict {
		return 0
	}
	n := v.Child.SizeBytes()
	return n - n/int64(pages)
}

// dictionary gives a chunk's dictionary, nil if it has none.
func (r *Reader) dictionary(ctx context.Context, t *columnPages, chunk int, once bool) (*column.Vector, error) {
	c := &t.chunks[chunk]
	p := &c.dictPage
	if p.length == 0 {
		return nil, nil
	}
	k := PageKey{Table: r.ref.Table, Segment: r.ref.Segment, Column: t.field.ID, Page: uint32(chunk), Dictionary: true}
	if r.o.Cache != nil {
		if v := r.o.Cache.Get(k); v != nil {
			return v, nil
		}
	}
	raw, err := r.rawPage(ctx, p)
	if err != nil {
		return nil, err
	}
	body, err := pageBody(c, p, raw)
	var v *column.Vector
	if err == nil {
		v, err = decodeDictionary(t.field.Type, body, int(c.dictValues))
	}
	if err != nil {
		return nil, r.corrupt(r.dataName(), p.offset, "decode the dictionary of column %d: %w", t.field.ID, err)
	}
	if wideDecimal(&t.field) { // once for all pages
		_, scale, _ := t.field.Mod.Numeric()
		v = fromWides(v, int32(scale))
	}
	if r.o.Cache != nil && !once {
		r.o.Cache.Put(k, v, v.SizeBytes())
	}
	return v, nil
}

// piece is a stretch of rows of one series on its way into a batch.
type piece struct{ series, lo, hi uint32 }

// pageUse is how a reader treats the cache, and what came of it.
type pageUse struct {
	once         bool // what is read now is not worth keeping
	cached, read int64
	missed       func(ctx context.Context, page int) // is told of pages that must be read; may be nil
}

// columnReader reads one field's rows in ascending order and holds one decoded page.
type columnReader struct {
	r       *Reader
	pages   *columnPages
	pool    *mem.Pool
	current int // page; -1 = none
	vector  *column.Vector
	held    int64
	use     pageUse
	narrow  bool   // vectors may be Narrow
	until   uint32 // the row up to which pages are asked for before they are needed, when one is not in memory; 0 = none

	last     *column.Vector // page of last rows; nil = none
	lastHeld int64
}

func (r *Reader) columnReader(field int, pool *mem.Pool) (*columnReader, error) {
	p, err := r.pagesOf(field)
	if err != nil {
		return nil, err
	}
	return &columnReader{r: r, pages: p, pool: pool, current: -1}, nil
}

func (c *columnReader) close() {
	if c.pool != nil {
		c.pool.Shrink(c.held + c.lastHeld)
	}
	c.held, c.vector, c.current, c.last, c.lastHeld = 0, nil, -1, nil, 0
}

// at makes the page that holds a row the current one.
func (c *columnReader) at(ctx context.Context, row uint32) error {
	if c.current >= 0 {
		p := &c.pages.pages[c.current]
		if row >= p.firstRow && row < p.firstRow+p.rows {
			return nil
		}
	}
	return c.load(ctx, c.pages.find(row))
}

// load makes a page the current one.
func (c *columnReader) load(ctx context.Context, number int) error {
	if number == c.current {
		return nil
	}
	read := c.r.page
	if c.narrow {
		read = c.r.narrowPage
	}
	v, err := read(ctx, c.pages, number, &c.use)
	if err != nil {
		return err
	}
	size := v.SizeBytes()
	if c.pool != nil {
		if err := c.pool.Grow(size); err != nil {
			return err
		}
		c.pool.Shrink(c.held)
	}
	c.held, c.vector, c.current = size, v, number
	return nil
}

// part gives the part of [lo, hi) that lies in the page of lo.
func (c *columnReader) part(ctx context.Context, lo, hi uint32) (v *column.Vector, from, to int, err error) {
	if err := c.at(ctx, lo); err != nil {
		return nil, 0, 0, err
	}
	first := c.pages.pages[c.current].firstRow
	return c.vector, int(lo - first), int(min(hi, c.pages.end(c.current)) - first), nil
}

// gather gives the rows of some ascending pieces of one row group, total of them: a slice of the page where that is possible, a copy elsewhere.
func (c *columnReader) gather(ctx context.Context, pieces []piece, total int) (*column.Vector, error) {
	lo, hi := pieces[0].lo, pieces[len(pieces)-1].hi
	v, from, to, err := c.part(ctx, lo, hi)
	if err != nil {
		return nil, err
	}
	if int(hi-lo) == total && to-from == total {
		return v.Slice(from, to), nil
	}
	switch {
	case v.Enc == column.Scaled:
		return c.gatherScaled(ctx, pieces)
	case v.Enc == column.Narrow && v.Valid == nil:
		if v, err := c.gatherNarrow(ctx, pieces, total); v != nil || err != nil {
			return v, err
		}
	}
	var b *column.Builder
	var codes []uint32
	dict := v.Enc == column.Dict
	if dict {
		codes = make([]uint32, 0, total)
	} else {
		b = column.NewBuilder(v.Type, total)
	}
	for _, p := range pieces {
		for at := p.lo; at < p.hi; {
			v, from, to, err := c.part(ctx, at, p.hi)
			if err != nil {
				return nil, err
			}
			if dict && v.Enc == column.Dict {
				codes = append(codes, v.Codes[from:to]...)
			} else if dict {
				// A page of NULLs alone has no codes: point at the dictionary's NULL.
				for range to - from {
					codes = append(codes, c.pages.chunks[c.pages.chunk[c.current]].dictValues)
				}
			} else {
				b.AppendVector(v, from, to)
			}
			at += uint32(to - from)
		}
	}
	if dict {
		return &column.Vector{Type: v.Type, Enc: column.Dict, Len: total, Codes: codes, Child: v.Child}, nil
	}
	return b.Finish(), b.Err()
}

// gatherNarrow is gather where the first page, which has no NULLs, is Narrow: the rows are, if all their pages are and all of them lie within the range of a byte;
// else it gives nil.
func (c *columnReader) gatherNarrow(ctx context.Context, pieces []piece, total int) (*column.Vector, error) {
	out := &column.Vector{Type: c.vector.Type, Enc: column.Narrow, Len: total, Base: c.vector.Base, Data: make([]byte, 0, total)}
	for _, p := range pieces {
		for at := p.lo; at < p.hi; {
			v, from, to, err := c.part(ctx, at, p.hi)
			if err != nil {
				return nil, err
			}
			if v.Enc != column.Narrow || v.Valid != nil {
				return nil, nil
			}
			part := v.Data[from:to]
			if v.Base < out.Base {
				if !raised(out.Data, uint64(out.Base)-uint64(v.Base)) {
					return nil, nil
				}
				out.Base = v.Base
			}
			n := len(out.Data)
			out.Data = append(out.Data, part...)
			if !raised(out.Data[n:], uint64(v.Base)-uint64(out.Base)) {
				return nil, nil
			}
			at += uint32(to - from)
		}
	}
	return out, nil
}

// raised adds by to bytes, if the sums still are bytes.
func raised(v []byte, by uint64) bool {
	if by == 0 || len(v) == 0 {
		return true
	}
	if by > math.MaxUint8 || by+uint64(lanes.Max(v)) > math.MaxUint8 {
		return false
	}
	for i := range v {
		v[i] += byte(by)
	}
	return true
}

// gatherScaled is gather where the first page is Scaled: the rows are, unless a page with NaN is among them.
func (c *columnReader) gatherScaled(ctx context.Context, pieces []piece) (*column.Vector, error) {
	var parts []*column.Vector
	for _, p := range pieces {
		for at := p.lo; at < p.hi; {
			v, from, to, err := c.part(ctx, at, p.hi)
			if err != nil {
				return nil, err
			}
			parts = append(parts, v.Slice(from, to))
			at += uint32(to - from)
		}
	}
	return column.Concat(column.T(column.Numeric), parts...)
}
