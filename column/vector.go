package column

import "fmt"

// Encoding says how a vector's rows map to its values.
type Encoding uint8

// The encodings. An expression over encoded vectors works on the values, once per distinct value or run, which is
// how tags are filtered and grouped per series and time buckets by runs, with no operator of their own.
const (
	Flat   Encoding = iota // one value per row
	Const                  // Child has one row, every row equals it
	Dict                   // row i is Child[Codes[i]]
	RunEnd                 // rows [Ends[k-1], Ends[k]) are Child[k]: Arrow's run-end encoding
	Scaled                 // of numeric only: row i is Ints[i] / 10^Scale (scaled.go)
	Narrow                 // of integer layouts only: row i is Base + Data[i] (narrow.go)
)

// Vector is a column of a batch: a type, a length and buffers in Arrow's layout (booleans excepted: a byte each,
// because kernels write them one by one; they are packed at the edge). Exactly the buffer that belongs to
// Type.Physical() is used by a Flat vector; encoded vectors use Child. NULLs exist only in Flat, Scaled and Narrow
// vectors (the other encodings refer to a NULL of their child). The value slot of a NULL row is defined memory of no meaning.
//
// A vector is immutable once handed on; Slice and the encodings share buffers.
type Vector struct {
	Type Type
	Enc  Encoding
	Len  int

	Valid     Bitmap // nil = no NULLs
	Bools     []bool
	Ints      []int64
	Floats    []float64
	Offsets   []int32 // Len+1 of them; Offsets[0] need not be 0
	Data      []byte
	Intervals []Interval

	Child *Vector // Flat
	Codes []uint32
	Ends  []int32 // ascending, last = Len
	Scale int32   // of a Scaled vector
	Base  int64   // of a Narrow vector
}

// NewConst makes n rows that all equal row i of a flat, Scaled or Narrow vector.
func NewConst(v *Vector, i, n int) *Vector {
	return &Vector{Type: v.Type, Enc: Const, Len: n, Child: Flatten(v.Slice(i, i+1))}
}

// NewNull makes n NULLs of a type.
func NewNull(t Type, n int) *Vector {
	one := &Vector{Type: t, Len: 1, Valid: make(Bitmap, 1)}
	switch t.Physical() {
	case PhysBool:
		one.Bools = make([]bool, 1)
	case PhysInt:
		one.Ints = make([]int64, 1)
	case PhysFloat:
		one.Floats = make([]float64, 1)
	case PhysInterval:
		one.Intervals = make([]Interval, 1)
	default:
		one.Offsets = make([]int32, 2)
	}
	return &Vector{Type: t, Enc: Const, Len: n, Child: one}
}

// NewInts makes a flat vector of an integer layout; valid may be nil.
func NewInts(t Type, v []int64, valid Bitmap) *Vector {
	return &Vector{Type: t, Len: len(v), Ints: v, Valid: valid}
}

// NewFloats makes a flat vector of a float layout; valid may be nil.
func NewFloats(t Type, v []float64, valid Bitmap) *Vector {
	return &Vector{Type: t, Len: len(v), Floats: v, Valid: valid}
}

// NewBools makes a flat boolean vector; valid may be nil.
func NewBools(v []bool, valid Bitmap) *Vector {
	return &Vector{Type: T(Bool), Len: len(v), Bools: v, Valid: valid}
}

// NewBytes makes a flat vector of a bytes layout from offsets (n+1) and data; valid may be nil.
func NewBytes(t Type, offsets []int32, data []byte, valid Bitmap) *Vector {
	return &Vector{Type: t, Len: len(offsets) - 1, Offsets: offsets, Data: data, Valid: valid}
}

// NewStrings makes a flat text vector from Go strings: for tests and small metadata, not for hot paths.
func NewStrings(s ...string) *Vector {
	offsets := make([]int32, 1, len(s)+1)
	var data []byte
	for _, x := range s {
		data = append(data, x...)
		offsets = append(offsets, int32(len(data)))
	}
	return NewBytes(T(Text), offsets, data, nil)
}

// As gives the vector as one of another type of the same layout, where the values mean the same (see Type.Widens). It shares the values.
func (v *Vector) As(t Type) *Vector {
	if v.Type == t {
		return v
	}
	out := *v
	out.Type = t
	if v.Child != nil {
		out.Child = v.Child.As(t)
	}
	return &out
}

// At maps row i to the row of the flat vector that holds its value: the vector itself or its child. For a row of a Scaled
// or Narrow vector that vector is made: loops flatten it first, or know the encoding.
func (v *Vector) At(i int) (*Vector, int) {
	switch v.Enc {
	case Flat:
		return v, i
	case Const:
		return v.Child, 0
	case Dict:
		return v.Child, int(v.Codes[i])
	case Scaled:
		return v.text(i, i+1), 0
	case Narrow:
		return v.widen(i, i+1), 0
	default:
		return v.Child, v.run(i)
	}
}

// run finds the run that holds row i.
func (v *Vector) run(i int) int {
	lo, hi := 0, len(v.Ends)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if int(v.Ends[mid]) <= i {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// IsNull reports whether row i is NULL.
func (v *Vector) IsNull(i int) bool {
	if v.Enc == Scaled || v.Enc == Narrow {
		return v.Valid != nil && !v.Valid.Get(i)
	}
	f, j := v.At(i)
	return f.Valid != nil && !f.Valid.Get(j)
}

// HasNulls reports whether any row may be NULL.
func (v *Vector) HasNulls() bool {
	if v.Child != nil {
		return v.Child.HasNulls()
	}
	return v.Valid != nil && v.Valid.Count(v.Len) != v.Len
}

// Int, Float, Bool, Bytes and Interval read row i of a vector of that layout, whatever its encoding: for edges and
// tests; kernels take the buffers.
func (v *Vector) Int(i int) int64 { f, j := v.At(i); return f.Ints[j] }

// Float reads row i of a float layout.
func (v *Vector) Float(i int) float64 { f, j := v.At(i); return f.Floats[j] }

// Bool reads row i of a boolean vector.
func (v *Vector) Bool(i int) bool { f, j := v.At(i); return f.Bools[j] }

// Bytes reads row i of a bytes layout; the result aliases the vector.
func (v *Vector) Bytes(i int) []byte {
	f, j := v.At(i)
	return f.Data[f.Offsets[j]:f.Offsets[j+1]]
}

// Interval reads row i of an interval vector.
func (v *Vector) Interval(i int) Interval { f, j := v.At(i); return f.Intervals[j] }

// Slice gives rows [lo, hi) and shares the buffers. A validity bitmap that does not start on a word is copied.
func (v *Vector) Slice(lo, hi int) *Vector {
	if lo == 0 && hi == v.Len {
		return v
	}
	if lo < 0 || hi < lo || hi > v.Len {
		panic(fmt.Sprintf("column: slice [%d,%d) of %d rows", lo, hi, v.Len))
	}
	s := *v
	s.Len = hi - lo
	switch v.Enc {
	case Const:
		return &s
	case Dict:
		s.Codes = v.Codes[lo:hi]
		return &s
	case RunEnd:
		return v.sliceRuns(lo, hi)
	}
	s.Valid = v.Valid.slice(lo, hi)
	switch v.Enc {
	case Scaled:
		s.Ints = v.Ints[lo:hi]
		return &s
	case Narrow:
		s.Data = v.Data[lo:hi]
		return &s
	}
	switch v.Type.Physical() {
	case PhysBool:
		s.Bools = v.Bools[lo:hi]
	case PhysInt:
		s.Ints = v.Ints[lo:hi]
	case PhysFloat:
		s.Floats = v.Floats[lo:hi]
	case PhysInterval:
		s.Intervals = v.Intervals[lo:hi]
	default:
		s.Offsets = v.Offsets[lo : hi+1]
	}
	return &s
}

func (v *Vector) sliceRuns(lo, hi int) *Vector {
	if lo == hi {
		return &Vector{Type: v.Type, Enc: RunEnd, Child: v.Child.Slice(0, 0)}
	}
	first, last := v.run(lo), v.run(hi-1)
	ends := make([]int32, last-first+1)
	for k := range ends {
		ends[k] = v.Ends[first+k] - int32(lo)
	}
	ends[len(ends)-1] = int32(hi - lo)
	return &Vector{Type: v.Type, Enc: RunEnd, Len: hi - lo, Child: v.Child.Slice(first, last+1), Ends: ends}
}

// slice gives bits [lo, hi); it shares words where lo is a multiple of 64.
func (b Bitmap) slice(lo, hi int) Bitmap {
	if b == nil {
		return nil
	}
	if lo&63 == 0 {
		return b[lo>>6 : (hi+63)>>6]
	}
	out := make(Bitmap, (hi-lo+63)/64)
	shift := uint(lo & 63)
	for k := range out {
		w := b[lo>>6+k] >> shift
		if next := lo>>6 + k + 1; next < len(b) {
			w |= b[next] << (64 - shift)
		}
		out[k] = w
	}
	return out
}
