package segment

import (
	"encoding/binary"
	"math"
	"math/bits"
	"sync"

	"github.com/klauspost/compress/huff0"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/bytestreamsplit"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"

	"github.com/automatanexus/aegis-db/column"
)

// intervalBytes is the width of a stored interval: months and days as int32, microseconds as int64, little-endian. Parquet's
// own INTERVAL has 12 bytes and only milliseconds, which would lose some.
const intervalBytes = 16

// uuidBytes is the width of a uuid.
const uuidBytes = 16

// physicalType says how Parquet lays a type out.
func physicalType(t column.Type) format.Type {
	switch t.Kind {
	case column.Bool:
		return format.Boolean
	case column.Int16, column.Int32, column.Date:
		return format.Int32
	case column.Float32:
		return format.Float
	case column.Float64:
		return format.Double
	case column.IntervalKind, column.UUID:
		return format.FixedLenByteArray
	}
	if t.Physical() == column.PhysBytes {
		return format.ByteArray
	}
	return format.Int64
}

// encoder turns flat vectors without NULLs into the bytes of Parquet's encodings. It holds the scratch memory of one writer.
type encoder struct {
	zstd    *zstd.Encoder
	huffman huff0.Scratch
	i32     []int32
	f32     []float32
	u32     []uint32
	bytes   []byte

	literalGain float64
}

// encoders are shared by all writers, one for each speed: starting one costs a millisecond and a megabyte, which a flush of many
// small partitions would pay for each. EncodeAll is safe for concurrent use, and runs on its caller's goroutine.
var encoders = func() (list [zstd.SpeedBestCompression + 1]func() (*zstd.Encoder, error)) {
	for speed := range list {
		list[speed] = sync.OnceValues(func() (*zstd.Encoder, error) {
			// Pages are small, and so is the window.
			return zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithEncoderLevel(zstd.EncoderLevel(speed)), zstd.WithWindowSize(1<<20))
		})
	}
	return list
}()

func newEncoder(level int) (*encoder, error) {
	z, err := encoders[zstd.EncoderLevelFromZstd(level)]()
	if err != nil {
		return nil, column.Errorf(column.Internal, "segment: start zstd: %w", err)
	}
	e := &encoder{zstd: z, literalGain: literalGain}
	if level > 1 {
		e.literalGain = mergedLiteralGain
	}
	return e, nil
}

// values appends v in an encoding (any but the dictionary's indexes, see codes).
func (e *encoder) values(dst []byte, enc format.Encoding, v *column.Vector) ([]byte, error) {
	switch v.Type.Physical() {
	case column.PhysBool:
		return appendBools(dst, v.Bools), nil
	case column.PhysInt:
		return e.ints(dst, enc, v)
	case column.PhysFloat:
		return e.floats(dst, enc, v)
	case column.PhysInterval:
		for _, x := range v.Intervals {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(x.Months))
			dst = binary.LittleEndian.AppendUint32(dst, uint32(x.Days))
			dst = binary.LittleEndian.AppendUint64(dst, uint64(x.Micros))
		}
		return dst, nil
	}
	return e.texts(dst, enc, v)
}

func appendBools(dst []byte, v []bool) []byte {
	for len(v) > 0 {
		n := min(8, len(v))
		b := byte(0)
		for i, x := range v[:n] {
			if x {
				b |= 1 << i
			}
		}
		dst = append(dst, b)
		v = v[n:]
	}
	return dst
}

func (e *encoder) ints(dst []byte, enc format.Encoding, v *column.Vector) ([]byte, error) {
	if physicalType(v.Type) == format.Int64 {
		if enc == format.DeltaBinaryPacked {
			return e.add(dst)(new(delta.BinaryPackedEncoding).EncodeInt64(e.bytes[:0], v.Ints))
		}
		for _, x := range v.Ints {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(x))
		}
		return dst, nil
	}
	e.i32 = e.i32[:0]
	for _, x := range v.Ints {
		e.i32 = append(e.i32, int32(x))
	}
	if enc == format.DeltaBinaryPacked {
		return e.add(dst)(new(delta.BinaryPackedEncoding).EncodeInt32(e.bytes[:0], e.i32))
	}
	for _, x := range e.i32 {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(x))
	}
	return dst, nil
}

func (e *encoder) floats(dst []byte, enc format.Encoding, v *column.Vector) ([]byte, error) {
	if physicalType(v.Type) == format.Double {
		if enc == format.ByteStreamSplit {
			return e.add(dst)(new(bytestreamsplit.Encoding).EncodeDouble(e.bytes[:0], v.Floats))
		}
		for _, x := range v.Floats {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
		}
		return dst, nil
	}
	e.f32 = e.f32[:0]
	for _, x := range v.Floats {
		e.f32 = append(e.f32, float32(x))
	}
	if enc == format.ByteStreamSplit {
		return e.add(dst)(new(bytestreamsplit.Encoding).EncodeFloat(e.bytes[:0], e.f32))
	}
	for _, x := range e.f32 {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(x))
	}
	return dst, nil
}

func (e *encoder) texts(dst []byte, enc format.Encoding, v *column.Vector) ([]byte, error) {
	if enc == format.DeltaLengthByteArray {
		first := v.Offsets[0]
		e.u32 = e.u32[:0]
		for _, o := range v.Offsets {
			e.u32 = append(e.u32, uint32(o-first))
		}
		return e.add(dst)(new(delta.LengthByteArrayEncoding).EncodeByteArray(e.bytes[:0], v.Data[first:v.Offsets[v.Len]], e.u32))
	}
	if v.Type.Kind == column.UUID {
		return append(dst, v.Data[v.Offsets[0]:v.Offsets[v.Len]]...), nil
	}
	for i := range v.Len {
		x := v.Data[v.Offsets[i]:v.Offsets[i+1]]
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(x)))
		dst = append(dst, x...)
	}
	return dst, nil
}

// add keeps the scratch buffer an encoding grew, and appends what is in it.
func (e *encoder) add(dst []byte) func([]byte, error) ([]byte, error) {
	return func(b []byte, err error) ([]byte, error) {
		if err != nil {
			return dst, err
		}
		e.bytes = b
		return append(dst, b...), nil
	}
}

// codes appends indexes into a dictionary of size entries: their width in bits, then runs and packed groups.
func (e *encoder) codes(dst []byte, codes []int32, size int) ([]byte, error) {
	width := max(1, bits.Len(uint(max(size-1, 0)))) // width 0 is legal and not read by everyone
	dst = append(dst, byte(width))
	return e.add(dst)((&rle.Encoding{BitWidth: width}).EncodeInt32(e.bytes[:0], codes))
}

// levels appends a page's definition levels as version 1 pages have them: their length, then runs of one bit per row.
func (e *encoder) levels(dst []byte, valid column.Bitmap, lo, hi int) ([]byte, error) {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	if valid == nil {
		dst = binary.AppendUvarint(dst, uint64(hi-lo)<<1)
		dst = append(dst, 1)
	} else {
		levels := make([]uint8, hi-lo)
		for i := range levels {
			if valid.Get(lo + i) {
				levels[i] = 1
			}
		}
		var err error
		if dst, err = e.add(dst)((&rle.Encoding{BitWidth: 1}).EncodeLevels(e.bytes[:0], levels)); err != nil {
			return dst, err
		}
	}
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst, nil
}

// compact drops the NULL rows of a flat vector.
func compact(v *column.Vector) *column.Vector {
	if !v.HasNulls() {
		out := *v
		out.Valid = nil
		return &out
	}
	rows := make([]int32, 0, v.Len)
	for i := range v.Len {
		if v.Valid.Get(i) {
			rows = append(rows, int32(i))
		}
	}
	out := *column.Gather(v, rows)
	out.Valid = nil
	return &out
}

// countRange counts the ones in [lo, hi).
func countRange(b column.Bitmap, lo, hi int) int {
	if b == nil {
		return hi - lo
	}
	return b.Count(hi) - b.Count(lo)
}
