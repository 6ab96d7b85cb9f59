package column

import (
	"math"
	"slices"
)

// ErrTooLarge is what a Builder's Err wraps once the bytes of one vector would pass 2 GiB, which is as far as int32
// offsets reach.
var ErrTooLarge = Errorf(Limit, "one vector holds at most 2 GiB of text")

// maxData is the largest offset a vector can hold.
const maxData = math.MaxInt32

// Builder appends rows to a flat vector of one type. Values go in with the method of the type's layout: AppendInt
// for integers, dates and timestamps, AppendBytes or AppendString for text, bytea, numeric and json, and so on;
// nothing checks that at run time. Not safe for concurrent use.
//
// Bytes that no longer fit (see ErrTooLarge) become NULLs and set Err: the count of rows stays right, and whoever
// may meet that much text asks Err before Finish.
type Builder struct {
	typ  Type
	phys Physical
	n    int

	valid     Bitmap // nil until the first NULL
	bools     []bool
	ints      []int64
	floats    []float64
	offsets   []int32 // n+1 of them, once there is a row
	data      []byte
	intervals []Interval

	scratch []int32 // child rows of an encoded vector that is being gathered
	limit   int     // maxData, but in tests
	err     error
}

// NewBuilder makes a builder with room for capacity rows; it grows beyond that.
func NewBuilder(t Type, capacity int) *Builder {
	b := &Builder{typ: t, phys: t.Physical(), limit: maxData}
	b.Grow(capacity)
	return b
}

// Type is the type of the rows.
func (b *Builder) Type() Type { return b.typ }

// Len is how many rows there are.
func (b *Builder) Len() int { return b.n }

// DataLen is how many bytes of text there are, for callers that cut vectors by size.
func (b *Builder) DataLen() int { return len(b.data) }

// Err is nil, or says that values were lost to ErrTooLarge since the last Finish or Reset.
func (b *Builder) Err() error { return b.err }

// Grow makes room for n more rows.
func (b *Builder) Grow(n int) {
	switch b.phys {
	case PhysBool:
		b.bools = slices.Grow(b.bools, n)
	case PhysInt:
		b.ints = slices.Grow(b.ints, n)
	case PhysFloat:
		b.floats = slices.Grow(b.floats, n)
	case PhysInterval:
		b.intervals = slices.Grow(b.intervals, n)
	default:
		if len(b.offsets) == 0 {
			b.offsets = make([]int32, 1, n+1)
		}
		b.offsets = slices.Grow(b.offsets, n)
	}
}

// AppendInt appends a row to an integer layout.
func (b *Builder) AppendInt(v int64) {
	b.ints = append(b.ints, v)
	b.present()
}

// AppendFloat appends a row to a float layout. For Float32 the caller has rounded.
func (b *Builder) AppendFloat(v float64) {
	b.floats = append(b.floats, v)
	b.present()
}

// AppendBool appends a row to a boolean builder.
func (b *Builder) AppendBool(v bool) {
	b.bools = append(b.bools, v)
	b.present()
}

// AppendInterval appends a row to an interval builder.
func (b *Builder) AppendInterval(v Interval) {
	b.intervals = append(b.intervals, v)
	b.present()
}

// AppendBytes appends a row to a bytes layout; v is copied.
func (b *Builder) AppendBytes(v []byte) {
	if !b.fits(len(v)) {
		b.AppendNull()
		return
	}
	b.data = append(b.data, v...)
	b.offsets = append(b.offsets, int32(len(b.data)))
	b.present()
}

// AppendString is AppendBytes for a string.
func (b *Builder) AppendString(v string) {
	if !b.fits(len(v)) {
		b.AppendNull()
		return
	}
	b.data = append(b.data, v...)
	b.offsets = append(b.offsets, int32(len(b.data)))
	b.present()
}

// AppendNull appends a NULL.
func (b *Builder) AppendNull() { b.AppendNulls(1) }

// AppendNulls appends n NULLs.
func (b *Builder) AppendNulls(n int) {
	b.padSlots(n)
	b.extendValid(n, false)
	b.n += n
}

// padSlots adds value slots of no meaning.
func (b *Builder) padSlots(n int) {
	switch b.phys {
	case PhysBool:
		b.bools = append(b.bools, make([]bool, n)...)
	case PhysInt:
		b.ints = append(b.ints, make([]int64, n)...)
	case PhysFloat:
		b.floats = append(b.floats, make([]float64, n)...)
	case PhysInterval:
		b.intervals = append(b.intervals, make([]Interval, n)...)
	default:
		b.fits(0)
		end := int32(len(b.data))
		for range n {
			b.offsets = append(b.offsets, end)
		}
	}
}

// present counts a row that is not NULL.
func (b *Builder) present() {
	if b.valid != nil {
		if b.n>>6 == len(b.valid) {
			b.valid = append(b.valid, 0)
		}
		b.valid[b.n>>6] |= 1 << (b.n & 63)
	}
	b.n++
}

// fits makes the first offset, and reports whether so many more bytes can be addressed.
func (b *Builder) fits(more int) bool {
	if len(b.offsets) == 0 {
		b.offsets = append(b.offsets, 0)
	}
	if more <= b.limit-len(b.data) {
		if len(b.data)+more > cap(b.data) {
			b.growData(more)
		}
		return true
	}
	b.err = ErrTooLarge
	return false
}

// growData makes room for more bytes, and for those of the rows that are expected, if they are like those that came; but for no more than some
// times what is there, because the first rows may be unlike the others.
func (b *Builder) growData(more int) {
	const most = 3
	have := len(b.data)
	expected := 0
	if b.n > 0 {
		expected = min(have/b.n*(cap(b.offsets)-1-b.n), most*have)
	}
	b.data = slices.Grow(b.data, max(more, expected))
}

// extendValid adds n bits after the first b.n; the caller adds n to b.n afterwards. Bits past the end stay zero.
func (b *Builder) extendValid(n int, set bool) {
	if n == 0 || set && b.valid == nil {
		return
	}
	if b.valid == nil {
		b.valid = NewBitmap(b.n, true)
		if r := b.n & 63; r != 0 {
			b.valid[len(b.valid)-1] = 1<<r - 1
		}
	}
	for len(b.valid) < (b.n+n+63)/64 {
		b.valid = append(b.valid, 0)
	}
	if set {
		b.valid.setRange(b.n, b.n+n)
	}
}

// Finish hands over the rows as a flat vector, whose Valid is nil if there is no NULL, and empties the builder. The
// vector owns its buffers.
func (b *Builder) Finish() *Vector {
	if b.phys == PhysBytes || b.phys == PhysNone {
		b.fits(0)
	}
	v := &Vector{
		Type: b.typ, Len: b.n, Valid: b.valid, Bools: b.bools, Ints: b.ints, Floats: b.floats,
		Offsets: b.offsets, Data: b.data, Intervals: b.intervals,
	}
	*b = Builder{typ: b.typ, phys: b.phys, limit: b.limit, scratch: b.scratch[:0]}
	return v
}

// Reset empties the builder and keeps its buffers, for rows that are thrown away.
func (b *Builder) Reset() {
	*b = Builder{
		typ: b.typ, phys: b.phys, limit: b.limit, bools: b.bools[:0], ints: b.ints[:0], floats: b.floats[:0],
		offsets: b.offsets[:0], data: b.data[:0], intervals: b.intervals[:0], scratch: b.scratch[:0],
	}
}
