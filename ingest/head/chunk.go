package head

import (
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/codec"
	"github.com/automatanexus/aegis-db/meta"
)

// chunk is rows of one series, closed: the seqs, then for each of the part's columns the values that exist and, where some are
// missing, which. It is memory only, so its layout may change with the program. Lengths are uvarints:
//
//	len seqs | per column: count, and if > 0: len values | len nulls
type chunk struct {
	data         []byte
	rows         int
	base         uint32 // position of the first row in the series' stream
	minT, maxT   int64
	first, last  meta.Seq
	covered      meta.Seq // by then each row had been replaced by one that came after it; 0 = who knows
	wantedColumn []bool   // of a copy: which columns are in it; nil = all
}

// sealLocked closes the open chunk of a series and gives the growth in bytes.
func (p *part) sealLocked(at uint32) int64 {
	s := p.seriesLocked(at)
	before := p.openBytesLocked(at)
	c := p.copyOpenLocked(at, nil)
	c.data = append(make([]byte, 0, len(c.data)), c.data...)
	grown := int64(len(c.data)) + chunkHeader
	if len(s.chunks) == cap(s.chunks) {
		// One by one at first: most series never see a second.
		grownTo := make([]chunk, len(s.chunks), len(s.chunks)+1+len(s.chunks)/2)
		copy(grownTo, s.chunks)
		s.chunks = grownTo
	}
	s.chunks = append(s.chunks, c)
	s.sealed += s.open
	s.open = 0
	s.seqs = codec.IntAppender{}
	sl, i := p.slabs[at>>slabBits], at&(slabSize-1)
	for k := range sl.cols {
		sl.cols[k].reset(i)
	}
	return grown + p.openBytesLocked(at) - before
}

// reset empties the streams of a series, buffers included: the chunk just sealed has taken their place in the budget.
func (c *cells) reset(i uint32) {
	switch {
	case c.ints != nil:
		c.ints[i] = intCell{}
	case c.floats != nil:
		c.floats[i] = floatCell{}
	case c.bools != nil:
		c.bools[i] = boolCell{}
	case c.texts != nil:
		c.texts[i] = textCell{}
	}
}

func (p *part) openBytesLocked(at uint32) int64 {
	n := int64(p.seriesLocked(at).seqs.SizeBytes())
	sl, i := p.slabs[at>>slabBits], at&(slabSize-1)
	for k := range sl.cols {
		n += sl.cols[k].sizeBytes(i)
	}
	return n
}

func (c *cells) sizeBytes(i uint32) int64 {
	n, nulls := 0, (*codec.BoolAppender)(nil)
	switch {
	case c.ints != nil:
		n, nulls = c.ints[i].SizeBytes(), c.ints[i].nulls
	case c.floats != nil:
		n, nulls = c.floats[i].SizeBytes(), c.floats[i].nulls
	case c.bools != nil:
		n, nulls = c.bools[i].SizeBytes(), c.bools[i].nulls
	case c.texts != nil:
		n, nulls = c.texts[i].SizeBytes(), c.texts[i].nulls
	}
	if nulls != nil {
		return int64(n) + nullsBytes
	}
	return int64(n)
}

// copyOpenLocked copies the open chunk of a series, with the wanted columns only (nil = all): what a reader decodes later.
func (p *part) copyOpenLocked(at uint32, wanted []bool) chunk {
	s := p.seriesLocked(at)
	c := chunk{rows: int(s.open), base: s.sealed, minT: s.minT, maxT: s.maxT, first: s.firstSeq, last: meta.Seq(s.seqs.Last()), wantedColumn: wanted}
	b := binary.AppendUvarint(make([]byte, 0, 64), uint64(len(s.seqs.Bytes())))
	b = s.seqs.AppendTo(b)
	sl, i := p.slabs[at>>slabBits], at&(slabSize-1)
	for k := range p.fields {
		if k >= len(sl.cols) || wanted != nil && !wanted[k] {
			b = append(b, 0)
			continue
		}
		b = sl.cols[k].appendTo(b, i)
	}
	c.data = b
	return c
}

// appendTo writes one column of a chunk.
func (c *cells) appendTo(b []byte, i uint32) []byte {
	var nulls *codec.BoolAppender
	n := 0
	switch {
	case c.ints != nil:
		n, nulls = c.ints[i].Len(), c.ints[i].nulls
	case c.floats != nil:
		n, nulls = c.floats[i].Len(), c.floats[i].nulls
	case c.bools != nil:
		n, nulls = c.bools[i].Len(), c.bools[i].nulls
	case c.texts != nil:
		n, nulls = c.texts[i].Len(), c.texts[i].nulls
	}
	b = binary.AppendUvarint(b, uint64(n))
	if n == 0 {
		return b
	}
	var bits []byte
	switch {
	case c.ints != nil:
		b = appendStream(b, c.ints[i].Bytes())
	case c.floats != nil:
		b = appendStream(b, c.floats[i].Bytes())
	case c.bools != nil:
		b = appendStream(b, c.bools[i].BoolAppender.AppendTo(nil))
	case c.texts != nil:
		b = appendStream(b, c.texts[i].Bytes())
	}
	if nulls != nil {
		bits = nulls.AppendTo(nil)
	}
	return appendStream(b, bits)
}

func appendStream(b, stream []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(stream))), stream...)
}

// stream splits a length and its bytes off. Chunks are our own memory, so there is no check.
func stream(b []byte) (s, rest []byte) {
	n, k := binary.Uvarint(b)
	return b[k : k+int(n)], b[k+int(n):]
}

// decoder turns chunks into vectors. For one goroutine; its buffers are reused where the vectors do not keep them.
type decoder struct {
	seqs  []int64
	valid []byte
}

// decodeSeqs gives the seqs of a chunk, valid until the next call.
func (d *decoder) decodeSeqs(c *chunk) ([]int64, error) {
	src, _ := stream(c.data)
	out, _, err := codec.DecodeInts(d.seqs[:0], src, c.rows)
	d.seqs = out
	return out, internal(err)
}

// internal marks an error of our own streams: they are memory, not bytes from a disk.
func internal(err error) error {
	if err == nil {
		return nil
	}
	return column.Errorf(column.Internal, "head: decode chunk: %w", err)
}

// decode gives the first rows of the wanted columns of a chunk as flat vectors. fields are those of the part; wanted[k] is the index in the result of
// field k, or -1; missing results stay nil: NULL throughout.
func (d *decoder) decode(c *chunk, fields []column.Field, wanted []int, rows int, out []*column.Vector) error {
	_, b := stream(c.data)
	for k := 0; len(b) > 0 && k < len(fields); k++ {
		n, w := binary.Uvarint(b)
		b = b[w:]
		if n == 0 {
			continue
		}
		var values, nulls []byte
		values, b = stream(b)
		nulls, b = stream(b)
		if wanted[k] < 0 {
			continue
		}
		count := int(n)
		if p := fields[k].Type.Physical(); len(nulls) == 0 && (p == column.PhysInt || p == column.PhysFloat) {
			count = min(count, rows) // these streams can be read up to anywhere
		}
		v, err := d.column(fields[k].Type, values, nulls, count, c.rows)
		if err != nil {
			return internal(err)
		}
		if v.Len > rows {
			v = v.Slice(0, rows)
		}
		out[wanted[k]] = v
	}
	return nil
}

func (d *decoder) column(t column.Type, values, nulls []byte, n, rows int) (*column.Vector, error) {
	v := &column.Vector{Type: t, Len: n}
	var err error
	switch t.Physical() {
	case column.PhysInt:
		v.Ints, _, err = codec.DecodeInts(nil, values, n)
	case column.PhysFloat:
		v.Floats, _, err = codec.DecodeFloats(nil, values, n)
	case column.PhysBool:
		v.Bools, _, err = codec.DecodeBools(nil, values, n, n)
	default:
		v.Offsets, v.Data, _, err = codec.DecodeStrings(nil, nil, values, n, 1<<31-1)
		if t.Kind == column.IntervalKind && err == nil {
			v.Intervals = make([]column.Interval, n)
			for i := range v.Intervals {
				v.Intervals[i] = getSpan(v.Data[v.Offsets[i]:])
			}
			v.Offsets, v.Data = nil, nil
		}
	}
	if err != nil || len(nulls) == 0 {
		return v, err
	}
	d.valid, _, _, err = codec.DecodeBitmap(d.valid[:0], nulls, rows, rows, false)
	if err != nil {
		return nil, err
	}
	return spread(v, d.valid, rows), nil
}

// spread puts the values that exist into the rows that have one.
func spread(v *column.Vector, valid []byte, rows int) *column.Vector {
	out := &column.Vector{Type: v.Type, Len: rows, Valid: make(column.Bitmap, (rows+63)/64)}
	for i, b := range valid {
		out.Valid[i>>3] |= uint64(b) << (8 * (i & 7))
	}
	switch v.Type.Physical() {
	case column.PhysInt:
		out.Ints = spreadSlice(v.Ints, out.Valid, rows)
	case column.PhysFloat:
		out.Floats = spreadSlice(v.Floats, out.Valid, rows)
	case column.PhysBool:
		out.Bools = spreadSlice(v.Bools, out.Valid, rows)
	case column.PhysInterval:
		out.Intervals = spreadSlice(v.Intervals, out.Valid, rows)
	default:
		out.Data = v.Data
		out.Offsets = make([]int32, rows+1)
		k := 0
		for i := range rows {
			if out.Valid.Get(i) {
				k++
			}
			out.Offsets[i+1] = v.Offsets[k]
		}
	}
	return out
}

func spreadSlice[T any](values []T, valid column.Bitmap, rows int) []T {
	out := make([]T, rows)
	k := 0
	for i := range out {
		if valid.Get(i) {
			out[i] = values[k]
			k++
		}
	}
	return out
}
