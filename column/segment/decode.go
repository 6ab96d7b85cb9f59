package segment

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/bytestreamsplit"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"

	"github.com/automatanexus/aegis-db/column"
)

// unzip is shared by all readers: DecodeAll keeps nothing between calls, and a decoder per segment would cost memory for
// each open one.
var unzip = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0))
})

// pageBody undoes the compression.
func pageBody(c *chunkMeta, p *pageMeta, b []byte) ([]byte, error) {
	b = b[p.header:]
	if !c.compressed {
		if len(b) != int(p.raw) {
			return nil, fmt.Errorf("a body of %d bytes, not %d", len(b), p.raw)
		}
		return b, nil
	}
	return unpack(b, int(p.raw))
}

// unpack decompresses what must come to n bytes.
func unpack(b []byte, n int) ([]byte, error) {
	z, err := unzip()
	if err != nil {
		return nil, err
	}
	out, err := z.DecodeAll(b, make([]byte, 0, n))
	if err == nil && len(out) != n {
		err = fmt.Errorf("%d bytes, not %d", len(out), n)
	}
	return out, err
}

// decodePage turns a page's body into a vector of p.rows rows. dict is the chunk's dictionary with a NULL at its end, or nil.
func decodePage(f column.Field, c *chunkMeta, p *pageMeta, body []byte, dict *column.Vector) (*column.Vector, error) {
	var levels []uint8
	if !f.NotNull {
		if len(body) < 4 || int(binary.LittleEndian.Uint32(body)) > len(body)-4 {
			return nil, fmt.Errorf("no definition levels")
		}
		n := int(binary.LittleEndian.Uint32(body))
		if p.zone.Nulls > 0 {
			var err error
			if levels, err = (&rle.Encoding{BitWidth: 1}).DecodeLevels(nil, body[4:4+n]); err != nil {
				return nil, err
			}
			if len(levels) < int(p.rows) {
				return nil, fmt.Errorf("%d definition levels for %d rows", len(levels), p.rows)
			}
			levels = levels[:p.rows]
		}
		body = body[4+n:]
	}
	n := int(p.rows - p.zone.Nulls)
	var v *column.Vector
	var err error
	switch {
	case n == 0:
		return column.Flatten(column.NewNull(f.Type, int(p.rows))), nil
	case c.encoding == format.RLEDictionary:
		return decodeCodes(f.Type, c, body, dict, n, levels)
	default:
		v, err = decodeValues(f.Type, c.encoding, body, n)
	}
	if err != nil || levels == nil {
		return v, err
	}
	return scatter(v, levels)
}

// decodeCodes reads dictionary indexes: text keeps them, other types look their values up.
func decodeCodes(t column.Type, c *chunkMeta, body []byte, dict *column.Vector, n int, levels []uint8) (*column.Vector, error) {
	if len(body) < 1 || body[0] > 32 {
		return nil, fmt.Errorf("no width of dictionary indexes")
	}
	codes, err := (&rle.Encoding{BitWidth: int(body[0])}).DecodeInt32(make([]int32, n+8), body[1:])
	if err != nil {
		return nil, err
	}
	if len(codes) < n {
		return nil, fmt.Errorf("%d dictionary indexes for %d values", len(codes), n)
	}
	codes = codes[:n]
	worst := uint32(0)
	for _, x := range codes {
		worst = max(worst, uint32(x))
	}
	if worst >= c.dictValues {
		return nil, fmt.Errorf("dictionary index %d of %d", worst, c.dictValues)
	}
	switch t.Physical() {
	case column.PhysInt:
		out := make([]int64, n)
		for i, x := range codes {
			out[i] = dict.Ints[x]
		}
		return scatter(column.NewInts(t, out, nil), levels)
	case column.PhysFloat:
		out := make([]float64, n)
		for i, x := range codes {
			out[i] = dict.Floats[x]
		}
		return scatter(column.NewFloats(t, out, nil), levels)
	case column.PhysBool:
		return nil, fmt.Errorf("a dictionary of booleans")
	}
	if dict.Enc == column.Scaled {
		return decimalsOf(dict, codes, levels), nil
	}
	t = dict.Type
	out := make([]uint32, max(n, len(levels)))
	if levels == nil {
		for i, x := range codes {
			out[i] = uint32(x)
		}
		return &column.Vector{Type: t, Enc: column.Dict, Len: n, Codes: out, Child: dict}, nil
	}
	k := 0
	for i, l := range levels {
		if l != 0 && k < n {
			out[i] = uint32(codes[k])
			k++
		} else {
			out[i] = c.dictValues // the NULL at the dictionary's end
		}
	}
	return &column.Vector{Type: t, Enc: column.Dict, Len: len(levels), Codes: out, Child: dict}, nil
}

// decodeDictionary reads a dictionary page of n values and adds a NULL that codes can point at.
func decodeDictionary(t column.Type, body []byte, n int) (*column.Vector, error) {
	v, err := decodeValues(t, format.Plain, body, n)
	if err != nil || t.Physical() != column.PhysBytes {
		return v, err
	}
	b := column.NewBuilder(t, n+1)
	b.AppendVector(v, 0, n)
	b.AppendNull()
	return b.Finish(), nil
}

// decodeValues reads n values without NULLs.
func decodeValues(t column.Type, enc format.Encoding, b []byte, n int) (*column.Vector, error) {
	switch t.Physical() {
	case column.PhysBool:
		return decodeBools(b, n)
	case column.PhysInt:
		return decodeInts(t, enc, b, n)
	case column.PhysFloat:
		return decodeFloats(t, enc, b, n)
	case column.PhysInterval:
		return decodeIntervals(b, n)
	}
	var v *column.Vector
	var err error
	switch {
	case t.Kind == column.UUID:
		return decodeUUIDs(b, n)
	case enc == format.DeltaLengthByteArray:
		v, err = decodeTexts(t, b, n)
	default:
		v, err = decodePlainTexts(t, b, n)
	}
	if err != nil || !t.IsArray() {
		return v, err
	}
	return arraysOf(v)
}

func short(b []byte, n, width int) error {
	if len(b) < n*width {
		return fmt.Errorf("%d bytes for %d values of %d", len(b), n, width)
	}
	return nil
}

func mismatch(what string, got, n int, err error) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%d %s, not %d", got, what, n)
}

func decodeBools(b []byte, n int) (*column.Vector, error) {
	if len(b) < (n+7)/8 {
		return nil, fmt.Errorf("%d bytes for %d bits", len(b), n)
	}
	out := make([]bool, n)
	for i := range out {
		out[i] = b[i>>3]>>(i&7)&1 != 0
	}
	return column.NewBools(out, nil), nil
}

func decodeInts(t column.Type, enc format.Encoding, b []byte, n int) (*column.Vector, error) {
	wide := physicalType(t) == format.Int64
	out := make([]int64, n)
	switch {
	case enc == format.DeltaBinaryPacked && wide:
		got, err := new(delta.BinaryPackedEncoding).DecodeInt64(out, b)
		if err != nil || len(got) != n {
			return nil, mismatch("delta values", len(got), n, err)
		}
		out = got
	case enc == format.DeltaBinaryPacked:
		got, err := new(delta.BinaryPackedEncoding).DecodeInt32(make([]int32, n), b)
		if err != nil || len(got) != n {
			return nil, mismatch("delta values", len(got), n, err)
		}
		for i, x := range got {
			out[i] = int64(x)
		}
	case enc != format.Plain:
		return nil, fmt.Errorf("encoding %d of integers", enc)
	case wide:
		if err := short(b, n, 8); err != nil {
			return nil, err
		}
		for i := range out {
			out[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
		}
	default:
		if err := short(b, n, 4); err != nil {
			return nil, err
		}
		for i := range out {
			out[i] = int64(int32(binary.LittleEndian.Uint32(b[4*i:])))
		}
	}
	return column.NewInts(t, out, nil), nil
}

func decodeFloats(t column.Type, enc format.Encoding, b []byte, n int) (*column.Vector, error) {
	width := 8
	if t.Kind == column.Float32 {
		width = 4
	}
	if err := short(b, n, width); err != nil {
		return nil, err
	}
	b = b[:n*width]
	out := make([]float64, n)
	switch {
	case enc == format.ByteStreamSplit && width == 8:
		got, err := new(bytestreamsplit.Encoding).DecodeDouble(out, b)
		if err != nil {
			return nil, err
		}
		out = got
	case enc == format.ByteStreamSplit:
		got, err := new(bytestreamsplit.Encoding).DecodeFloat(make([]float32, n), b)
		if err != nil {
			return nil, err
		}
		for i, x := range got {
			out[i] = float64(x)
		}
	case enc != format.Plain:
		return nil, fmt.Errorf("encoding %d of floats", enc)
	case width == 8:
		for i := range out {
			out[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		}
	default:
		for i := range out {
			out[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
		}
	}
	return column.NewFloats(t, out, nil), nil
}

func decodeIntervals(b []byte, n int) (*column.Vector, error) {
	if err := short(b, n, intervalBytes); err != nil {
		return nil, err
	}
	out := make([]column.Interval, n)
	for i := range out {
		x := b[intervalBytes*i:]
		out[i] = column.Interval{
			Months: int32(binary.LittleEndian.Uint32(x)), Days: int32(binary.LittleEndian.Uint32(x[4:])),
			Micros: int64(binary.LittleEndian.Uint64(x[8:])),
		}
	}
	return &column.Vector{Type: column.T(column.IntervalKind), Len: n, Intervals: out}, nil
}

func decodeTexts(t column.Type, b []byte, n int) (*column.Vector, error) {
	data, ends, err := new(delta.LengthByteArrayEncoding).DecodeByteArray(nil, b, make([]uint32, n+1))
	if err != nil || len(ends) != n+1 {
		return nil, mismatch("texts", len(ends)-1, n, err)
	}
	offsets := make([]int32, n+1)
	for i, e := range ends {
		offsets[i] = int32(e)
	}
	return column.NewBytes(t, offsets, data, nil), nil
}

func decodePlainTexts(t column.Type, b []byte, n int) (*column.Vector, error) {
	offsets := make([]int32, n+1)
	data := make([]byte, 0, max(0, len(b)-4*n))
	for i := range n {
		if len(b) < 4 || int(binary.LittleEndian.Uint32(b)) > len(b)-4 {
			return nil, fmt.Errorf("text %d of %d is cut", i, n)
		}
		size := int(binary.LittleEndian.Uint32(b))
		data = append(data, b[4:4+size]...)
		offsets[i+1] = int32(len(data))
		b = b[4+size:]
	}
	return column.NewBytes(t, offsets, data, nil), nil
}

// scatter spreads present values over the rows whose level is 1.
func scatter(v *column.Vector, levels []uint8) (*column.Vector, error) {
	if levels == nil {
		return v, nil
	}
	n := len(levels)
	out := &column.Vector{Type: v.Type, Len: n, Valid: column.NewBitmap(n, false)}
	rows := make([]int32, 0, v.Len)
	for i, l := range levels {
		if l != 0 {
			rows = append(rows, int32(i))
			out.Valid.Set(i)
		}
	}
	if len(rows) != v.Len {
		return nil, fmt.Errorf("%d rows are present, %d values", len(rows), v.Len)
	}
	switch v.Type.Physical() {
	case column.PhysBool:
		out.Bools = spread(v.Bools, rows, n)
	case column.PhysInt:
		out.Ints = spread(v.Ints, rows, n)
	case column.PhysFloat:
		out.Floats = spread(v.Floats, rows, n)
	case column.PhysInterval:
		out.Intervals = spread(v.Intervals, rows, n)
	default:
		out.Data = v.Data
		out.Offsets = make([]int32, n+1)
		k := 0
		for i, l := range levels {
			if l != 0 {
				k++
			}
			out.Offsets[i+1] = v.Offsets[k]
		}
	}
	return out, nil
}

func spread[T any](v []T, rows []int32, n int) []T {
	out := make([]T, n)
	for k, i := range rows {
		out[i] = v[k]
	}
	return out
}
