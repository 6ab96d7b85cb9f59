package array

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/automatanexus/aegis-db/column"
)

// MaxDims is how many dimensions an array can have.
const MaxDims = 6

// MaxElements is how many elements an array can have: PostgreSQL's limit.
const MaxElements = 134217727

const (
	dimsMask  = 1<<3 - 1
	someNulls = 1 << 3
	anyLower  = 1 << 4
)

// Dim is one dimension: subscripts run from Lower to Lower+Len-1.
type Dim struct{ Len, Lower int32 }

// Array is one value, taken apart; its elements are the rows of a flat vector, in row-major order.
type Array struct {
	Dims     []Dim // none = the empty array
	Elements *column.Vector
}

// Len is how many elements there are.
func (a *Array) Len() int { return Count(a.Dims) }

// Count is how many elements such dimensions have.
func Count(dims []Dim) int {
	if len(dims) == 0 {
		return 0
	}
	n := 1
	for _, d := range dims {
		n *= int(d.Len)
	}
	return n
}

// OneDim is the shape of n elements in a row, numbered from 1.
func OneDim(n int) []Dim {
	if n == 0 {
		return nil
	}
	return []Dim{{Len: int32(n), Lower: 1}}
}

// Append encodes the array whose elements are rows [lo, lo+Count(dims)) of a flat vector.
func Append(dst []byte, dims []Dim, elements *column.Vector, lo int) []byte {
	n := Count(dims)
	if n == 0 {
		return dst
	}
	head, nulls := byte(len(dims)), false
	for _, d := range dims {
		if d.Lower != 1 {
			head |= anyLower
		}
	}
	for i := lo; elements.Valid != nil && i < lo+n && !nulls; i++ {
		nulls = !elements.Valid.Get(i)
	}
	if nulls {
		head |= someNulls
	}
	dst = append(dst, head)
	for _, d := range dims {
		dst = binary.AppendUvarint(dst, uint64(d.Len))
	}
	if head&anyLower != 0 {
		for _, d := range dims {
			dst = binary.AppendVarint(dst, int64(d.Lower))
		}
	}
	if nulls {
		at := len(dst)
		dst = append(dst, make([]byte, (n+7)/8)...)
		for i := range n {
			if elements.Valid.Get(lo + i) {
				dst[at+i>>3] |= 1 << (i & 7)
			}
		}
	}
	for i := lo; i < lo+n; i++ {
		if !nulls || elements.Valid.Get(i) {
			dst = appendElement(dst, elements, i)
		}
	}
	return dst
}

func appendElement(dst []byte, v *column.Vector, i int) []byte {
	switch v.Type.Physical() {
	case column.PhysBool:
		if v.Bools[i] {
			return append(dst, 1)
		}
		return append(dst, 0)
	case column.PhysInt:
		switch width(v.Type) {
		case 2:
			return binary.LittleEndian.AppendUint16(dst, uint16(v.Ints[i]))
		case 4:
			return binary.LittleEndian.AppendUint32(dst, uint32(v.Ints[i]))
		}
		return binary.LittleEndian.AppendUint64(dst, uint64(v.Ints[i]))
	case column.PhysFloat:
		if width(v.Type) == 4 {
			return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v.Floats[i])))
		}
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Floats[i]))
	case column.PhysInterval:
		x := v.Intervals[i]
		dst = binary.LittleEndian.AppendUint32(dst, uint32(x.Months))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(x.Days))
		return binary.LittleEndian.AppendUint64(dst, uint64(x.Micros))
	}
	x := v.Data[v.Offsets[i]:v.Offsets[i+1]]
	return append(binary.AppendUvarint(dst, uint64(len(x))), x...)
}

// width is how many bytes an element takes; 0 where that differs from value to value.
func width(t column.Type) int {
	switch t.Kind {
	case column.Bool:
		return 1
	case column.Int16:
		return 2
	case column.Int32, column.Date, column.Float32:
		return 4
	case column.IntervalKind:
		return 16
	}
	switch {
	case t.IsOID():
		return 4
	case t.Physical() == column.PhysBytes:
		return 0
	}
	return 8
}

// Reader reads one encoded value.
type Reader struct {
	Dims []Dim
	elem column.Type
	n    int
	mask []byte // presence; nil = all
	body []byte
	dims [MaxDims]Dim
	// Look, if not nil, is called now and then while many elements are read; its error ends the reading.
	Look func() error
}

// elementsBetweenLooks is how many elements are read between two calls of Look.
const elementsBetweenLooks = 1 << 14

var errDamaged = column.Errorf(column.Corrupt, "array: damaged value")

// Open starts to read a value with elements of a type; the reader can be used again.
func (r *Reader) Open(b []byte, elem column.Type) error {
	r.Dims, r.elem, r.n, r.mask, r.body = r.dims[:0], elem, 0, nil, nil
	if len(b) == 0 {
		return nil
	}
	head := b[0]
	ndim := int(head & dimsMask)
	if ndim == 0 || ndim > MaxDims || head&^(dimsMask|someNulls|anyLower) != 0 {
		return errDamaged
	}
	b, r.n = b[1:], 1
	for i := range ndim {
		v, k := binary.Uvarint(b)
		hi, n := bits.Mul64(uint64(r.n), v)
		if k <= 0 || v == 0 || hi != 0 || n > MaxElements {
			return errDamaged
		}
		r.n, b = int(n), b[k:]
		r.dims[i] = Dim{Len: int32(v), Lower: 1}
	}
	for i := 0; head&anyLower != 0 && i < ndim; i++ {
		v, k := binary.Varint(b)
		if k <= 0 || v != int64(int32(v)) {
			return errDamaged
		}
		r.dims[i].Lower, b = int32(v), b[k:]
	}
	r.Dims = r.dims[:ndim]
	if head&someNulls != 0 {
		k := (r.n + 7) / 8
		if len(b) < k {
			return errDamaged
		}
		r.mask, b = b[:k], b[k:]
	} else if len(b) < r.n {
		return errDamaged
	}
	r.body = b
	return nil
}

// Len is how many elements there are.
func (r *Reader) Len() int { return r.n }

// IsNull reports whether element i, counted from 0 in row-major order, is NULL.
func (r *Reader) IsNull(i int) bool { return r.mask != nil && r.mask[i>>3]&(1<<(i&7)) == 0 }

// HasNulls reports whether some element is NULL.
func (r *Reader) HasNulls() bool { return r.mask != nil }

// AppendTo appends all elements to a builder of the element type.
func (r *Reader) AppendTo(b *column.Builder) error { return r.AppendRange(b, 0, r.n) }

// AppendRange appends elements [lo, hi).
func (r *Reader) AppendRange(b *column.Builder, lo, hi int) error {
	at, w := 0, width(r.elem)
	for i := range hi {
		if i%elementsBetweenLooks == elementsBetweenLooks-1 && r.Look != nil {
			if err := r.Look(); err != nil {
				return err
			}
		}
		if r.IsNull(i) {
			if i >= lo {
				b.AppendNull()
			}
			continue
		}
		size := w
		if w == 0 {
			n, k := binary.Uvarint(r.body[at:])
			if k <= 0 || n > math.MaxInt32 {
				return errDamaged
			}
			at, size = at+k, int(n)
		}
		if len(r.body)-at < size {
			return errDamaged
		}
		if i >= lo {
			appendValue(b, r.elem, r.body[at:at+size])
		}
		at += size
	}
	return b.Err()
}

func appendValue(b *column.Builder, t column.Type, v []byte) {
	switch t.Physical() {
	case column.PhysBool:
		b.AppendBool(v[0] != 0)
	case column.PhysInt:
		switch {
		case len(v) == 2:
			b.AppendInt(int64(int16(binary.LittleEndian.Uint16(v))))
		case len(v) == 4 && t.IsOID():
			b.AppendInt(int64(binary.LittleEndian.Uint32(v)))
		case len(v) == 4:
			b.AppendInt(int64(int32(binary.LittleEndian.Uint32(v))))
		default:
			b.AppendInt(int64(binary.LittleEndian.Uint64(v)))
		}
	case column.PhysFloat:
		if len(v) == 4 {
			b.AppendFloat(float64(math.Float32frombits(binary.LittleEndian.Uint32(v))))
		} else {
			b.AppendFloat(math.Float64frombits(binary.LittleEndian.Uint64(v)))
		}
	case column.PhysInterval:
		b.AppendInterval(column.Interval{
			Months: int32(binary.LittleEndian.Uint32(v)), Days: int32(binary.LittleEndian.Uint32(v[4:])),
			Micros: int64(binary.LittleEndian.Uint64(v[8:])),
		})
	default:
		b.AppendBytes(v)
	}
}

// Decode takes a value apart.
func Decode(b []byte, elem column.Type) (Array, error) { return DecodeLooking(b, elem, nil) }

// DecodeLooking is Decode with a function that is called now and then while many elements are read; its error ends the reading.
func DecodeLooking(b []byte, elem column.Type, look func() error) (Array, error) {
	r := Reader{Look: look}
	if err := r.Open(b, elem); err != nil {
		return Array{}, err
	}
	out := column.NewBuilder(elem, r.n)
	if err := r.AppendTo(out); err != nil {
		return Array{}, err
	}
	return Array{Dims: append([]Dim(nil), r.Dims...), Elements: out.Finish()}, nil
}

// CompareInts compares two values with integer elements as AppendArray's keys do, without looking further than where they differ. ok = false: it
// cannot, as some element is NULL or there are several dimensions.
func CompareInts(a, b []byte, elem column.Type) (order int, ok bool) {
	if elem.Physical() != column.PhysInt {
		return 0, false
	}
	var x, y Reader
	if x.Open(a, elem) != nil || y.Open(b, elem) != nil || len(x.Dims) != 1 || len(y.Dims) != 1 || x.Dims[0].Lower != y.Dims[0].Lower || x.mask != nil || y.mask != nil {
		return 0, false
	}
	w := width(elem)
	n := min(x.n, y.n)
	if w == 0 || len(x.body) < w*x.n || len(y.body) < w*y.n {
		return 0, false
	}
	const piece = 64
	at := 0
	for at+piece < n && bytes.Equal(x.body[at*w:(at+piece)*w], y.body[at*w:(at+piece)*w]) {
		at += piece
	}
	for ; at < n; at++ {
		if c := cmp.Compare(x.intAt(at, w), y.intAt(at, w)); c != 0 {
			return c, true
		}
	}
	return cmp.Compare(x.n, y.n), true
}

// intAt is element i of integers that take w bytes each, none of them NULL.
func (r *Reader) intAt(i, w int) int64 {
	v := r.body[i*w:]
	switch {
	case w == 2:
		return int64(int16(binary.LittleEndian.Uint16(v)))
	case w == 4 && r.elem.IsOID():
		return int64(binary.LittleEndian.Uint32(v))
	case w == 4:
		return int64(int32(binary.LittleEndian.Uint32(v)))
	}
	return int64(binary.LittleEndian.Uint64(v))
}
