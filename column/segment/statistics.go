package segment

import (
	"encoding/binary"
	"math"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/stats"
)

// Of a chunk's values one in sampleEvery is looked at closely, within bounds: few enough that a load does not feel it, and enough that a bucket of the
// histogram has 16 of them.
const (
	sampleEvery = 16
	sampleLeast = 256
	sampleMost  = 1024
)

// descriptions is how many chunks are described before their descriptions are merged: what a column of a large segment holds in memory.
const descriptions = 8

// statistics describes a column while its chunks are written.
type statistics struct {
	parts  []*stats.Column
	sketch *stats.Sketch // nil where values are not counted
	exact  float64       // of the only chunk
	chunks int
}

// counted reports whether the different values of a column are counted one by one: not of booleans, nor of the time column, which has about as many as a
// series has rows.
func (w *Writer) counted(field int) bool {
	p := w.stored[field].Type.Physical()
	return field != w.timeField && p != column.PhysBool && p != column.PhysInterval
}

// add describes one more chunk.
func (s *statistics) add(c *chunk, counted bool) {
	n := c.present()
	rows, nulls := float64(c.rows), float64(c.rows-n)
	s.chunks++
	switch {
	case n == 0:
		s.parts = append(s.parts, stats.Nulls(c.field.Type, rows))
	case c.field.Type.Physical() == column.PhysBool:
		all := c.values
		if all == nil { // a tag
			all = column.Gather(c.dict.values, c.dict.codes)
		}
		s.parts = append(s.parts, stats.OfBools(all.Bools[:n], rows, nulls))
	default:
		s.describe(c, rows, nulls, counted)
	}
	if len(s.parts) == descriptions {
		s.parts = []*stats.Column{stats.Merge(s.parts)}
	}
}

func (s *statistics) describe(c *chunk, rows, nulls float64, counted bool) {
	distinct := 0.0
	if counted {
		if s.sketch == nil {
			s.sketch = &stats.Sketch{}
		}
		all := c.values
		if c.dict != nil {
			all = c.dict.values
		}
		addTo(s.sketch, all)
		distinct, s.exact = s.sketch.Count(), 0
		if c.dict != nil {
			distinct = float64(c.dict.values.Len)
			s.exact = distinct
		}
	}
	n := c.present()
	sample := c.sample()
	width := 0.0
	if sample.Type.Physical() == column.PhysBytes {
		width = float64(sample.Offsets[sample.Len]-sample.Offsets[0]) / float64(sample.Len)
	}
	s.parts = append(s.parts, stats.Of(sample, rows, nulls, width, min(math.Round(distinct), float64(n)), nil))
}

// addTo counts the values of a flat vector.
func addTo(s *stats.Sketch, v *column.Vector) {
	switch v.Type.Physical() {
	case column.PhysInt:
		s.AddInts(v.Ints[:v.Len])
	case column.PhysFloat:
		s.AddFloats(v.Floats[:v.Len])
	case column.PhysBytes:
		s.AddTexts(v.Offsets[:v.Len+1], v.Data)
	}
}

// sample takes some of the present values, spread over the chunk by a rule that the values cannot know: what comes again at intervals must not be
// met each time, or never.
func (c *chunk) sample() *column.Vector {
	n := c.present()
	m := min(n, max(n/sampleEvery, sampleLeast), sampleMost)
	from := c.values
	if c.dict != nil {
		from = c.dict.values
	}
	if m == n && c.dict == nil {
		return from
	}
	rows := make([]int32, m)
	for i := range rows {
		lo, hi := i*n/m, (i+1)*n/m
		at := lo
		if hi-lo > 1 {
			at += int(draw(uint64(lo)) % uint64(hi-lo))
		}
		rows[i] = int32(at)
		if c.dict != nil {
			rows[i] = c.dict.codes[at]
		}
	}
	return column.Gather(from, rows)
}

func draw(i uint64) uint64 {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], i)
	return xxh3.Hash(b[:])
}

// finish gives the description of the column; tag says how many different values a tag has, else 0.
func (s *statistics) finish(tag int) *stats.Column {
	out := *stats.Merge(s.parts)
	out.Sketch, out.Exact = s.sketch, 0
	switch {
	case tag > 0:
		out.Exact = float64(tag)
	case s.chunks == 1:
		out.Exact = s.exact
	}
	return &out
}

// The forms of a sketch. Their numbers are stored.
const (
	sketchNone   = 0
	sketchSparse = 1 // the registers that are not 0
	sketchPacked = 2 // 6 bits each
)

// appendStatistics encodes a section.
func appendStatistics(dst []byte, c *stats.Column) []byte {
	for _, x := range []float64{c.Rows, c.Nulls, c.Width * c.Present(), c.Exact} {
		dst = binary.AppendUvarint(dst, uint64(math.Round(x)))
	}
	dst = binary.AppendUvarint(dst, uint64(c.Common.Len()))
	for i := range c.Common.Len() {
		dst = binary.AppendUvarint(dst, uint64(math.Round(c.Counts[i])))
		dst = appendStored(dst, c.Common.Vector, i)
	}
	dst = binary.AppendUvarint(dst, uint64(c.Bounds.Len()))
	for i := range c.Bounds.Len() {
		dst = appendStored(dst, c.Bounds.Vector, i)
	}
	return appendSketch(dst, c.Sketch)
}

func appendStored(dst []byte, v *column.Vector, i int) []byte {
	switch v.Type.Physical() {
	case column.PhysBool:
		return append(dst, boolByte(v.Bools[i]))
	case column.PhysInt:
		return binary.AppendVarint(dst, v.Ints[i])
	case column.PhysFloat:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Floats[i]))
	}
	x := v.Data[v.Offsets[i]:v.Offsets[i+1]]
	dst = binary.AppendUvarint(dst, uint64(len(x)))
	return append(dst, x...)
}

func appendSketch(dst []byte, s *stats.Sketch) []byte {
	if s == nil {
		return append(dst, sketchNone)
	}
	reached := 0
	for _, r := range s {
		if r != 0 {
			reached++
		}
	}
	if reached < stats.Registers/4 {
		dst = append(dst, sketchSparse)
		dst = binary.AppendUvarint(dst, uint64(reached))
		last := 0
		for i, r := range s {
			if r != 0 {
				dst = binary.AppendUvarint(dst, uint64(i-last))
				dst = append(dst, r)
				last = i
			}
		}
		return dst
	}
	dst = append(dst, sketchPacked)
	for i := 0; i < stats.Registers; i += 4 {
		x := uint32(s[i]) | uint32(s[i+1])<<6 | uint32(s[i+2])<<12 | uint32(s[i+3])<<18
		dst = append(dst, byte(x), byte(x>>8), byte(x>>16))
	}
	return dst
}
