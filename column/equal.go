package column

import (
	"bytes"
	"math"
	"unsafe"
)

// Equal reports whether two vectors have the same type and the same rows, whatever their encodings. As for keys,
// NaN equals NaN, −0 equals 0, and NULL equals NULL. Numeric compares by its text: 1.0 is not 1.
func Equal(a, b *Vector) bool {
	return sameRows(a, b, func(x, y float64) bool { return x == y || x != x && y != y })
}

// Identical is Equal with floats compared by their bits.
func Identical(a, b *Vector) bool {
	return sameRows(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
}

func sameRows(a, b *Vector, sameFloat func(x, y float64) bool) bool {
	if a.Type != b.Type || a.Len != b.Len {
		return false
	}
	phys := a.Type.Physical()
	for i := range a.Len {
		f, j := a.At(i)
		g, k := b.At(i)
		null := f.Valid != nil && !f.Valid.Get(j)
		if null != (g.Valid != nil && !g.Valid.Get(k)) {
			return false
		}
		if null {
			continue
		}
		same := true
		switch phys {
		case PhysBool:
			same = f.Bools[j] == g.Bools[k]
		case PhysInt:
			same = f.Ints[j] == g.Ints[k]
		case PhysFloat:
			same = sameFloat(f.Floats[j], g.Floats[k])
		case PhysInterval:
			same = f.Intervals[j] == g.Intervals[k]
		default:
			same = bytes.Equal(f.Data[f.Offsets[j]:f.Offsets[j+1]], g.Data[g.Offsets[k]:g.Offsets[k+1]])
		}
		if !same {
			return false
		}
	}
	return true
}

// SizeBytes is what the vector's rows take in memory, for accounting: the parts of its buffers that it refers to,
// also where it shares them with others.
func (v *Vector) SizeBytes() int64 {
	n := int64(unsafe.Sizeof(*v)) + 8*int64(len(v.Valid)) + int64(len(v.Bools)) + 8*int64(len(v.Ints)) + 8*int64(len(v.Floats)) +
		4*int64(len(v.Offsets)) + 16*int64(len(v.Intervals)) + 4*int64(len(v.Codes)) + 4*int64(len(v.Ends))
	if v.Enc == Narrow {
		n += int64(len(v.Data))
	}
	if len(v.Offsets) > 0 {
		n += int64(v.Offsets[len(v.Offsets)-1]) - int64(v.Offsets[0])
	}
	if v.Child != nil {
		n += v.Child.SizeBytes()
	}
	return n
}
