package spill

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"github.com/automatanexus/aegis-db/column"
)

// The parts of a vector, in the order they are written.
const (
	hasValid = 1 << iota
	hasBools
	hasInts
	hasFloats
	hasOffsets
	hasIntervals
	hasCodes
	hasEnds
	hasChild
)

const (
	blockHeader  = 24
	vectorHeader = 8
)

// appendBlock writes everything but the checksum.
func appendBlock(dst []byte, columns []*column.Vector, n int) []byte {
	dst = append(dst, make([]byte, blockHeader)...)
	binary.NativeEndian.PutUint32(dst[16:], uint32(n))
	binary.NativeEndian.PutUint32(dst[20:], uint32(len(columns)))
	for _, v := range columns {
		dst = appendVector(dst, compact(v))
	}
	binary.NativeEndian.PutUint64(dst[8:], uint64(len(dst)))
	return dst
}

func seal(block []byte, at int64) { binary.NativeEndian.PutUint64(block, checksum(block, at)) }

// compact leaves entries of a dictionary out that no row can refer to, where they would take more than the rows do. Blocks have no narrow
// form.
func compact(v *column.Vector) *column.Vector {
	if v.Enc == column.Narrow || v.Enc == column.Dict && v.Child.Len > v.Len {
		return column.Flatten(v)
	}
	return v
}

// appendVector writes the rows of a vector; of buffers that it shares with others its own part only.
func appendVector(dst []byte, v *column.Vector) []byte {
	at := len(dst)
	dst = append(dst, byte(v.Enc), byte(v.Scale), 0, 0, 0, 0, 0, 0)
	present := uint16(0)
	binary.NativeEndian.PutUint32(dst[at+4:], uint32(v.Len))
	if v.Valid != nil {
		present |= hasValid
		dst = appendSlice(dst, v.Valid[:(v.Len+63)/64])
	}
	if len(v.Bools) > 0 {
		present |= hasBools
		dst = appendSlice(dst, v.Bools[:v.Len])
	}
	if len(v.Ints) > 0 {
		present |= hasInts
		dst = appendSlice(dst, v.Ints[:v.Len])
	}
	if len(v.Floats) > 0 {
		present |= hasFloats
		dst = appendSlice(dst, v.Floats[:v.Len])
	}
	if len(v.Offsets) > 0 {
		present |= hasOffsets
		dst = appendTexts(dst, v)
	}
	if len(v.Intervals) > 0 {
		present |= hasIntervals
		dst = appendSlice(dst, v.Intervals[:v.Len])
	}
	if len(v.Codes) > 0 {
		present |= hasCodes
		dst = appendSlice(dst, v.Codes[:v.Len])
	}
	if len(v.Ends) > 0 {
		present |= hasEnds
		dst = binary.NativeEndian.AppendUint64(dst, uint64(len(v.Ends)))
		dst = appendSlice(dst, v.Ends)
	}
	if v.Child != nil {
		present |= hasChild
		dst = appendVector(dst, v.Child)
	}
	binary.NativeEndian.PutUint16(dst[at+2:], present)
	return dst
}

// appendTexts writes offsets that begin at 0, and the data between the first and the last.
func appendTexts(dst []byte, v *column.Vector) []byte {
	offsets := v.Offsets[:v.Len+1]
	first := offsets[0]
	if first == 0 {
		dst = appendSlice(dst, offsets)
	} else {
		at := len(dst)
		dst = appendSlice(dst, offsets)
		moved := unsafe.Slice((*int32)(unsafe.Pointer(&dst[at])), len(offsets)) // parts begin at multiples of 8
		for i := range moved {
			moved[i] -= first
		}
	}
	return appendSlice(dst, v.Data[first:offsets[v.Len]])
}

// appendSlice writes elements as they lie in memory, up to a multiple of 8 bytes.
func appendSlice[T any](dst []byte, s []T) []byte {
	if len(s) == 0 {
		return dst
	}
	dst = append(dst, unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(s[0])))...)
	for len(dst)&7 != 0 {
		dst = append(dst, 0)
	}
	return dst
}

var (
	errChecksum = errors.New("its checksum is not that of its bytes")
	errLength   = errors.New("its parts do not add up")
)

// readBlock checks a block and gives its columns, which keep referring to raw. raw begins where words may.
func readBlock(raw []byte, b Block, types []column.Type) ([]*column.Vector, error) {
	if len(raw) < blockHeader || binary.NativeEndian.Uint64(raw) != checksum(raw, b.offset) {
		return nil, errChecksum
	}
	rows, count := int(binary.NativeEndian.Uint32(raw[16:])), int(binary.NativeEndian.Uint32(raw[20:]))
	if binary.NativeEndian.Uint64(raw[8:]) != uint64(len(raw)) || rows != b.Rows() || count != len(types) {
		return nil, errLength
	}
	c := cursor{rest: raw[blockHeader:]}
	out := make([]*column.Vector, count)
	for i, t := range types {
		out[i] = c.vector(t)
		if c.bad || out[i].Len != rows {
			return nil, errLength
		}
	}
	if len(c.rest) != 0 {
		return nil, errLength
	}
	return out, nil
}

// cursor reads the parts of a block one after the other. bad says that one of them was not there.
type cursor struct {
	rest []byte
	bad  bool
}

func (c *cursor) vector(t column.Type) *column.Vector {
	head := c.bytes(vectorHeader)
	if c.bad {
		return &column.Vector{}
	}
	present, n := binary.NativeEndian.Uint16(head[2:]), int(binary.NativeEndian.Uint32(head[4:]))
	v := &column.Vector{Type: t, Enc: column.Encoding(head[0]), Len: n, Scale: int32(head[1])}
	if present&hasValid != 0 {
		v.Valid = take[uint64](c, (n+63)/64)
	}
	if present&hasBools != 0 {
		v.Bools = take[bool](c, n)
	}
	if present&hasInts != 0 {
		v.Ints = take[int64](c, n)
	}
	if present&hasFloats != 0 {
		v.Floats = take[float64](c, n)
	}
	if present&hasOffsets != 0 {
		v.Offsets = take[int32](c, n+1)
		if !c.bad {
			v.Data = take[byte](c, int(v.Offsets[n]))
		}
	}
	if present&hasIntervals != 0 {
		v.Intervals = take[column.Interval](c, n)
	}
	if present&hasCodes != 0 {
		v.Codes = take[uint32](c, n)
	}
	if present&hasEnds != 0 {
		if count := c.bytes(8); !c.bad {
			v.Ends = take[int32](c, int(binary.NativeEndian.Uint64(count)))
		}
	}
	if present&hasChild != 0 && !c.bad {
		v.Child = c.vector(t)
	}
	c.bad = c.bad || !whole(v, present)
	return v
}

// whole reports that a vector has what its encoding needs.
func whole(v *column.Vector, present uint16) bool {
	switch v.Enc {
	case column.Flat:
		return present&hasChild == 0
	case column.Const:
		return present&hasChild != 0 && v.Child.Len == 1
	case column.Dict:
		return present&hasChild != 0 && (present&hasCodes != 0 || v.Len == 0)
	case column.RunEnd:
		return present&hasChild != 0 && len(v.Ends) == v.Child.Len
	case column.Scaled:
		return v.Scale <= column.MaxScale && (present&hasInts != 0 || v.Len == 0)
	}
	return false
}

// bytes takes n bytes and what fills them up.
func (c *cursor) bytes(n int) []byte {
	padded := (n + 7) &^ 7
	if c.bad || n < 0 || padded > len(c.rest) {
		c.bad = true
		return nil
	}
	out := c.rest[:n:n]
	c.rest = c.rest[padded:]
	return out
}

// take gives n elements where they lie.
func take[T any](c *cursor, n int) []T {
	var one T
	if n < 0 || n > len(c.rest) {
		c.bad = true
		return nil
	}
	raw := c.bytes(n * int(unsafe.Sizeof(one)))
	if c.bad || n == 0 {
		return []T{}
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(raw))), n)
}
