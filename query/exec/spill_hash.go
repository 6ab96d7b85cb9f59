package exec

import (
	"math"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
)

// Hashes by which rows are parted. They agree wherever keys are equal as GROUP BY and = see it, and do not depend on the encoding: −0
// and 0 are one value, so are all NaN, and what package key encodes alike.

// hashNull is the hash of NULL.
const hashNull = 0x5bd1e9955bd1e995

// hasher computes hashes of tuples. It is one goroutine's.
type hasher struct {
	hashes, values []uint64
	scratch        []byte
	kept           []keptHashes // by key column
}

// hash gives one hash for each of n tuples; it is valid until the next call.
func (h *hasher) hash(keys []*column.Vector, n int) []uint64 {
	h.hashes = resized(h.hashes, n)
	clear(h.hashes)
	if len(h.kept) != len(keys) {
		h.kept = make([]keptHashes, len(keys))
	}
	for i, v := range keys {
		h.mix(&h.kept[i], v)
	}
	return h.hashes
}

// mix takes a column into the hashes.
func (h *hasher) mix(k *keptHashes, v *column.Vector) {
	out := h.hashes
	switch {
	case v.Enc == column.Const:
		h.flat(v.Child)
		for i := range out {
			out[i] = combine(out[i], h.values[0])
		}
	case v.Enc == column.Dict && h.codes(k, v), v.Enc == column.Scaled && h.scaledRows(k, v):
	case v.Enc == column.RunEnd:
		h.flat(v.Child)
		i := 0
		for k, end := range v.Ends {
			for ; i < int(end); i++ {
				out[i] = combine(out[i], h.values[k])
			}
		}
	default:
		h.flat(v)
		for i := range out {
			out[i] = combine(out[i], h.values[i])
		}
	}
}

func combine(h, v uint64) uint64 { return hashInt(int64(h<<1 ^ h>>63 ^ v)) }

// flat hashes the rows of a vector one by one.
func (h *hasher) flat(v *column.Vector) {
	h.values = resized(h.values, v.Len)
	out := h.values
	if v.Type.Kind != column.Numeric {
		v = column.Flatten(v) // a dictionary that is larger than its rows
	}
	switch {
	case v.Enc != column.Flat: // Scaled
		h.encoded(v)
		return
	case len(v.Ints) > 0:
		for i, x := range v.Ints[:v.Len] {
			out[i] = hashInt(x)
		}
	case len(v.Floats) > 0:
		for i, x := range v.Floats[:v.Len] {
			switch {
			case x == 0:
				x = 0
			case x != x:
				x = math.NaN()
			}
			out[i] = hashInt(int64(math.Float64bits(x)))
		}
	case v.Type.Kind == column.Text || v.Type.Kind == column.Bytea:
		for i := range out {
			out[i] = xxh3.Hash(v.Data[v.Offsets[i]:v.Offsets[i+1]])
		}
	default:
		h.encoded(v)
		return
	}
	if v.Valid != nil {
		for i := range out {
			if !v.Valid.Get(i) {
				out[i] = hashNull
			}
		}
	}
}

// sizeBytes is what is kept between batches, and the scratch.
func (h *hasher) sizeBytes() int64 {
	n := 8*int64(cap(h.hashes)+cap(h.values)) + int64(cap(h.scratch))
	for i := range h.kept {
		n += h.kept[i].sizeBytes()
	}
	return n
}

// encoded hashes the ordered keys of the rows: right for every type.
func (h *hasher) encoded(v *column.Vector) {
	for i := range h.values {
		if v.IsNull(i) {
			h.values[i] = hashNull
			continue
		}
		h.scratch = key.AppendValue(h.scratch[:0], v, i)
		h.values[i] = xxh3.Hash(h.scratch)
	}
}
