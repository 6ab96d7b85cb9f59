package segment

import (
	"bytes"
	"math"
	"sort"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
)

// Series describes one series of a segment.
type Series struct {
	// Key is the encoded tags (package key, over the segment's own Schema.Tags); it aliases the reader's memory.
	Key []byte
	// First is its first row, Rows how many follow each other from there.
	First, Rows uint32
	// Min and Max bound the time column; both 0 without one.
	Min, Max int64
}

// blockEntry is where a block of the series table lies and what it starts with.
type blockEntry struct {
	firstRow uint32
	firstKey []byte
	offset   int64
	length   int64
	raw      int64 // length before compression; equal lengths: there is none
	sum      uint32
}

// seriesBlock is a decoded block.
type seriesBlock struct {
	keys []byte
	ends []uint32 // of the keys
	rows []uint32 // first rows, and the row after the last
	min  []int64
	max  []int64
}

func (b *seriesBlock) len() int { return len(b.ends) }

func (b *seriesBlock) key(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = b.ends[i-1]
	}
	return b.keys[from:b.ends[i]:b.ends[i]]
}

func (b *seriesBlock) series(i int) Series {
	return Series{Key: b.key(i), First: b.rows[i], Rows: b.rows[i+1] - b.rows[i], Min: b.min[i], Max: b.max[i]}
}

// loadDirectory gives the directory of the series table.
func (r *Reader) loadDirectory() ([]blockEntry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.directory != nil {
		return r.directory, nil
	}
	s, blocks := r.section(sectionDirectory, 0, ""), r.section(sectionSeries, 0, "")
	if s == nil || blocks == nil {
		return nil, r.corrupt(r.sidecarName(), 0, "no series table")
	}
	b, err := r.load(s)
	if err != nil {
		return nil, err
	}
	entries, err := parseBlockDirectory(b, r.meta.blocks, blocks, r.meta.rows)
	if err != nil {
		return nil, r.corrupt(r.sidecarName(), s.offset, "%w", err)
	}
	r.directory = entries
	r.size.Add(s.length + int64(len(entries))*64)
	return entries, nil
}

func parseBlockDirectory(b []byte, n int, blocks *section, rows uint32) ([]blockEntry, error) {
	c := cursor{src: b}
	at := blocks.offset
	var out []blockEntry
	for i := 0; i < n && !c.bad; i++ {
		e := blockEntry{firstRow: uint32(c.uvarint(uint64(rows))), firstKey: c.bytes(c.count()), offset: at, length: c.offset(), raw: c.offset(), sum: c.fixed32()}
		c.bad = c.bad || (e.raw != e.length && e.raw > maxBlock) || e.length > blocks.offset+blocks.length-at
		at += e.length
		out = append(out, e)
	}
	return out, c.end("directory of the series table")
}

// block gives a decoded block of the series table.
func (r *Reader) block(i int) (*seriesBlock, error) {
	if b := r.blocks[i].Load(); b != nil {
		return b, nil
	}
	directory, err := r.loadDirectory()
	if err != nil {
		return nil, err
	}
	e := directory[i]
	raw := make([]byte, e.length)
	if err := readAt(r.sidecar, raw, e.offset); err != nil {
		return nil, r.readError(r.sidecarName(), e.offset, e.length, err)
	}
	if sum(raw) != e.sum {
		return nil, r.corrupt(r.sidecarName(), e.offset, "the checksum of a block of series is wrong")
	}
	if e.raw != e.length {
		if raw, err = unpack(raw, int(e.raw)); err != nil {
			return nil, r.corrupt(r.sidecarName(), e.offset, "unpack a block of series: %w", err)
		}
	}
	end := r.meta.rows
	if i+1 < len(directory) {
		end = directory[i+1].firstRow
	}
	n := min(blockSeries, int(r.meta.series)-i*blockSeries)
	b, err := parseBlock(raw, n, e.firstRow, end)
	if err != nil {
		return nil, r.corrupt(r.sidecarName(), e.offset, "%w", err)
	}
	if r.blocks[i].CompareAndSwap(nil, b) {
		r.size.Add(int64(cap(b.keys)) + int64(n)*24)
	}
	return b, nil
}

// parseBlock reads n series whose rows are [firstRow, end).
func parseBlock(raw []byte, n int, firstRow, end uint32) (*seriesBlock, error) {
	c := cursor{src: raw}
	b := &seriesBlock{rows: []uint32{firstRow}}
	var previous []byte
	row := firstRow
	for i := 0; i < n && !c.bad; i++ {
		shared := int(c.uvarint(uint64(len(previous))))
		suffix := c.bytes(c.count())
		start := len(b.keys)
		b.keys = append(append(b.keys, previous[:shared]...), suffix...)
		previous = b.keys[start:]
		b.ends = append(b.ends, uint32(len(b.keys)))
		if end < row {
			c.bad = true
			break
		}
		row += uint32(c.uvarint(uint64(end - row)))
		b.rows = append(b.rows, row)
		lo := c.varint()
		b.min = append(b.min, lo)
		b.max = append(b.max, lo+int64(c.uvarint(math.MaxUint64)))
	}
	if err := c.end("block of series"); err != nil {
		return nil, err
	}
	if row != end {
		return nil, column.Errorf(column.Corrupt, "block of series: it ends at row %d, not %d", row, end)
	}
	return b, nil
}

// Series describes series i, in the order of keys.
func (r *Reader) Series(i int) (Series, error) {
	if i < 0 || i >= int(r.meta.series) {
		return Series{}, column.Errorf(column.Internal, "segment %d: series %d of %d", r.ref.Segment, i, r.meta.series)
	}
	b, err := r.block(i / blockSeries)
	if err != nil {
		return Series{}, err
	}
	return b.series(i % blockSeries), nil
}

// FindSeries gives the number of the series with these encoded tags, in either form of package key, -1 if the segment has none of its rows. A
// key made by another schema, with more tags or fewer, is the same series where those are absent.
func (r *Reader) FindSeries(series []byte) (int, error) {
	own, known, err := key.Complete(series, r.meta.tags)
	if err != nil || !known {
		return -1, err
	}
	directory, err := r.loadDirectory()
	if err != nil {
		return -1, err
	}
	k := sort.Search(len(directory), func(i int) bool { return bytes.Compare(directory[i].firstKey, own) > 0 }) - 1
	if k < 0 {
		return -1, nil
	}
	b, err := r.block(k)
	if err != nil {
		return -1, err
	}
	i := sort.Search(b.len(), func(i int) bool { return bytes.Compare(b.key(i), own) >= 0 })
	if i < b.len() && bytes.Equal(b.key(i), own) {
		return k*blockSeries + i, nil
	}
	return -1, nil
}
