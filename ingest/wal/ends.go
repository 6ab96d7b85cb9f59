package wal

import (
	"encoding/binary"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/codec"
	"github.com/automatanexus/aegis-db/column/index"
	"github.com/automatanexus/aegis-db/meta"
)

// Ends are the rows of one table that a commit ends. Rows of segments are named as they are there; rows that were in the head are named
// by what the log knows of them, since their places are of one process only.
type Ends struct {
	Table    meta.TableID
	Segments []SegmentEnds // ascending
	Series   []SeriesEnds
	Own      *roaring.Bitmap // numbers among the record's own rows of the table, in their order; nil = none
}

// Rows is the number of rows that end.
func (e *Ends) Rows() int64 {
	n := int64(0)
	for _, s := range e.Segments {
		n += int64(s.Rows.GetCardinality())
	}
	for _, s := range e.Series {
		n += int64(len(s.Seqs))
	}
	if e.Own != nil {
		n += int64(e.Own.GetCardinality())
	}
	return n
}

// SegmentEnds are rows of a segment, by number.
type SegmentEnds struct {
	Segment meta.SegmentID
	Rows    *roaring.Bitmap
}

// SeriesEnds are rows of a series that earlier commits wrote: Seqs[i] is the commit of a row, and Numbers[i] how many rows of the series
// it wrote before this one.
type SeriesEnds struct {
	Ref     uint32
	Seqs    []int64
	Numbers []int64
}

// EncodeEnds makes the part of a record that says which rows of a table end, as EncodeTable does for rows that come.
func EncodeEnds(dst []byte, e *Ends) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(len(e.Segments)))
	last := meta.SegmentID(0)
	for _, s := range e.Segments {
		dst = binary.AppendUvarint(dst, uint64(s.Segment-last))
		last = s.Segment
		var err error
		if dst, err = appendBitmap(dst, s.Rows); err != nil {
			return dst, err
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(e.Series)))
	for _, s := range e.Series {
		if len(s.Seqs) == 0 || len(s.Seqs) > MaxRows {
			return dst, column.Errorf(column.Limit, "a commit ends 1 to %d rows of a series, not %d", MaxRows, len(s.Seqs))
		}
		dst = binary.AppendUvarint(dst, uint64(s.Ref))
		dst = binary.AppendUvarint(dst, uint64(len(s.Seqs)))
		dst = appendSized(dst, func(dst []byte) []byte { return codec.AppendInts(dst, s.Seqs) })
		dst = appendSized(dst, func(dst []byte) []byte { return codec.AppendInts(dst, s.Numbers) })
	}
	if e.Own == nil || e.Own.IsEmpty() {
		return append(dst, 0), nil
	}
	return appendBitmap(dst, e.Own)
}

// appendBitmap writes a bitmap in roaring's portable form after its length.
func appendBitmap(dst []byte, rows *roaring.Bitmap) ([]byte, error) {
	compact := rows.Clone() // RunOptimize changes what others may be reading
	compact.RunOptimize()
	b, err := compact.ToBytes()
	if err != nil {
		return dst, column.Errorf(column.Internal, "encode rows that end: %w", err)
	}
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...), nil
}

// ends reads the rows that end, of all tables.
func (c *cursor) ends(r *Record, define func(meta.TableID, uint32, []byte) error, skip bool) error {
	n := c.uvarint("number of tables with rows that end", maxTables)
	if c.err == nil && n == 0 && !r.Bound {
		c.fail("no rows end")
	}
	for i := uint64(0); i < n && c.err == nil; i++ {
		e := Ends{Table: meta.TableID(c.uvarint("table", ^uint64(0)))}
		if err := c.definitions(e.Table, define); err != nil {
			return err
		}
		body := c.bytes("rows that end", c.uvarint("length of rows that end", uint64(len(c.src))))
		if c.err == nil && !skip {
			b := &cursor{src: body, size: len(body)}
			b.endsOf(&e)
			if b.err == nil && len(b.src) > 0 {
				b.fail("bytes left over")
			}
			c.err = b.err
		}
		r.Ends = append(r.Ends, e)
	}
	return c.err
}

// endsOf reads the rows that end of one table.
func (c *cursor) endsOf(e *Ends) {
	last := uint64(0)
	for range c.uvarint("number of segments", uint64(len(c.src))) {
		id := last + c.uvarint("segment", ^uint64(0)>>1)
		if c.err == nil && id <= last {
			c.fail("segments out of order")
		}
		e.Segments = append(e.Segments, SegmentEnds{meta.SegmentID(id), c.bitmap()})
		if last = id; c.err != nil {
			return
		}
	}
	for range c.uvarint("number of series", uint64(len(c.src))) {
		s := SeriesEnds{Ref: uint32(c.uvarint("ref", 1<<32-2))}
		n := int(c.uvarint("number of rows that end", MaxRows))
		if c.err == nil && n == 0 {
			c.fail("a series without rows that end")
		}
		s.Seqs, s.Numbers = c.ints("seqs", n), c.ints("numbers", n)
		if c.err == nil && (slices.Min(s.Seqs) < 1 || slices.Min(s.Numbers) < 0) {
			c.fail("impossible row that ends")
		}
		if c.err != nil {
			return
		}
		e.Series = append(e.Series, s)
	}
	if len(c.src) > 0 && c.src[0] == 0 {
		c.src = c.src[1:]
		return
	}
	e.Own = c.bitmap()
}

// bitmap reads what appendBitmap wrote; it is never empty.
func (c *cursor) bitmap() *roaring.Bitmap {
	b := c.bytes("bitmap", c.uvarint("bitmap length", uint64(len(c.src))))
	if c.err != nil {
		return nil
	}
	rows, ok := index.DecodeBitmap(b)
	if !ok || rows.IsEmpty() {
		c.fail("bad bitmap")
		return nil
	}
	return rows
}
