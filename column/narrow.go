package column

import (
	"math"
	"slices"
)

// A Narrow vector of an integer layout holds a byte for each row: row i is Base + Data[i]. It is how pages whose values are close to each other
// stay decoded for aggregates that know the form: they read an eighth of the memory, which is what bounds them. Whoever did not ask for it
// never gets it, and Flatten gives integers of it.
//
// Children of encoded vectors are never Narrow.

// ToNarrow gives a flat vector of an integer layout as Narrow, nil if its values are too far apart.
func ToNarrow(v *Vector) *Vector {
	if v.Enc != Flat || v.Type.Physical() != PhysInt {
		return nil
	}
	least, most := int64(math.MaxInt64), int64(math.MinInt64)
	for i, x := range v.Ints {
		if v.Valid != nil && !v.Valid.Get(i) {
			continue
		}
		least, most = min(least, x), max(most, x)
		if uint64(most)-uint64(least) > math.MaxUint8 {
			return nil
		}
	}
	if least > most {
		least = 0 // NULLs alone
	}
	data := make([]byte, v.Len)
	for i, x := range v.Ints {
		data[i] = byte(x - least) // what stands in a NULL's place means nothing
	}
	return &Vector{Type: v.Type, Enc: Narrow, Len: v.Len, Base: least, Data: data, Valid: v.Valid}
}

// widen gives rows [lo, hi) of a Narrow vector as a flat one.
func (v *Vector) widen(lo, hi int) *Vector {
	ints := make([]int64, hi-lo)
	for i, x := range v.Data[lo:hi] {
		ints[i] = v.Base + int64(x)
	}
	return NewInts(v.Type, ints, v.Valid.slice(lo, hi))
}

// appendNarrow appends rows [lo, hi) of a Narrow vector.
func (b *Builder) appendNarrow(v *Vector, lo, hi int) {
	b.ints = slices.Grow(b.ints, hi-lo)
	for _, x := range v.Data[lo:hi] {
		b.ints = append(b.ints, v.Base+int64(x))
	}
	b.extendValid(hi-lo, v.Valid == nil)
	if v.Valid != nil {
		b.valid.CopyBits(b.n, v.Valid, lo, hi)
	}
	b.n += hi - lo
}
