package segment

import (
	"math"
	"math/bits"

	"github.com/automatanexus/aegis-db/column"
)

// A dictionary is worth trying while its values repeat, and must stay small enough that reading one page of a chunk does not mean
// decoding a far larger dictionary. 64 k values is also where indexes need more than 16 bits.
const (
	dictValues = 1 << 16
	dictBytes  = 1 << 20
	// dictProbe is how many values decide whether to go on: a column whose first 4,096 values are mostly distinct pays for
	// the hashing and gets nothing.
	dictProbe = 4096
)

// dictionary is a column's distinct values, in the order they appeared, and the index of each value.
type dictionary struct {
	values *column.Vector
	codes  []int32
}

// buildDictionary gives nil where a dictionary does not pay.
func buildDictionary(v *column.Vector) *dictionary {
	switch v.Type.Physical() {
	case column.PhysInt:
		words := make([]uint64, v.Len)
		for i, x := range v.Ints {
			words[i] = uint64(x)
		}
		return wordDictionary(v, words)
	case column.PhysFloat:
		// By bits: -0 and the payloads of NaNs survive.
		words := make([]uint64, v.Len)
		for i, x := range v.Floats {
			words[i] = math.Float64bits(x)
		}
		return wordDictionary(v, words)
	case column.PhysBytes:
		return textDictionary(v)
	}
	return nil
}

// tooMany reports whether distinct values among the first done are too many to go on.
func tooMany(distinct, done int) bool {
	return distinct > dictValues || (done >= dictProbe && distinct > done/2)
}

// wordDictionary hashes 64-bit values into an open table of row numbers.
func wordDictionary(v *column.Vector, words []uint64) *dictionary {
	tableBits := min(17, bits.Len(uint(2*len(words)))) // at most twice dictValues: short probes
	table := make([]int32, 1<<tableBits)
	shift, mask := 64-tableBits, uint64(1)<<tableBits-1
	codes := make([]int32, len(words))
	var firsts []int32
	for i, w := range words {
		slot := w * 0x9e3779b97f4a7c15 >> shift
		for {
			c := table[slot]
			if c == 0 {
				firsts = append(firsts, int32(i))
				table[slot] = int32(len(firsts))
				codes[i] = int32(len(firsts) - 1)
				break
			}
			if words[firsts[c-1]] == w {
				codes[i] = c - 1
				break
			}
			slot = (slot + 1) & mask
		}
		if i&255 == 255 && tooMany(len(firsts), i+1) {
			return nil
		}
	}
	if len(firsts)*2 > len(codes) {
		return nil
	}
	return &dictionary{values: column.Gather(v, firsts), codes: codes}
}

func textDictionary(v *column.Vector) *dictionary {
	index := map[string]int32{}
	codes := make([]int32, v.Len)
	var firsts []int32
	size := 0
	for i := range codes {
		x := v.Data[v.Offsets[i]:v.Offsets[i+1]]
		c, ok := index[string(x)]
		if !ok {
			c = int32(len(firsts))
			firsts = append(firsts, int32(i))
			index[string(x)] = c
			if size += len(x); size > dictBytes || tooMany(len(firsts), i+1) {
				return nil
			}
		}
		codes[i] = c
	}
	if len(firsts)*2 > len(codes) {
		return nil
	}
	return &dictionary{values: column.Gather(v, firsts), codes: codes}
}
