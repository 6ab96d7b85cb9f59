package segment

import (
	"math"

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
		return wordDictionary(v, func(i int) uint64 { return uint64(v.Ints[i]) })
	case column.PhysFloat:
		// By bits: -0 and the payloads of NaNs survive.
		return wordDictionary(v, func(i int) uint64 { return math.Float64bits(v.Floats[i]) })
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
func wordDictionary(v *column.Vector, word func(int) uint64) *dictionary {
	const tableBits = 17 // twice dictValues: short probes
	table := make([]int32, 1<<tableBits)
	codes := make([]int32, v.Len)
	var firsts []int32
	for i := range codes {
		w := word(i)
		slot := w * 0x9e3779b97f4a7c15 >> (64 - tableBits)
		for {
			c := table[slot]
			if c == 0 {
				firsts = append(firsts, int32(i))
				table[slot] = int32(len(firsts))
				codes[i] = int32(len(firsts) - 1)
				if len(firsts)&255 == 0 && tooMany(len(firsts), i+1) {
					return nil
				}
				break
			}
			if word(int(firsts[c-1])) == w {
				codes[i] = c - 1
				break
			}
			slot = (slot + 1) & (1<<tableBits - 1)
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
