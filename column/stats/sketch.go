package stats

import (
	"math"
	"math/bits"

	"github.com/zeebo/xxh3"
)

// sketchBits is how many bits of a hash choose a register. 2,048 registers err by 2.3 % (one standard deviation), which a plan cannot tell
// from the truth, and take 1.5 KB on disk; one bit more would halve neither.
const sketchBits = 11

// Registers is how many registers a sketch has.
const Registers = 1 << sketchBits

// MaxRank is the greatest value of a register: one more than the bits that are left.
const MaxRank = 64 - sketchBits + 1

// Sketch tells how many different values were added, however often each was: a HyperLogLog. The sketch of a union has the greater of two
// registers everywhere. It is ours, not the library's that aggregates use, since sketches are stored: neither the hashes nor the registers
// may ever change.
type Sketch [Registers]uint8

// AddHash adds a value by its hash.
func (s *Sketch) AddHash(h uint64) {
	rank := uint8(bits.LeadingZeros64(h<<sketchBits|1<<(sketchBits-1)) + 1)
	if r := &s[h>>(64-sketchBits)]; *r < rank {
		*r = rank
	}
}

// AddInts adds integers.
func (s *Sketch) AddInts(values []int64) {
	for _, x := range values {
		s.AddHash(mix(uint64(x)))
	}
}

// AddFloats adds floats: −0 is 0, and every NaN the same.
func (s *Sketch) AddFloats(values []float64) {
	nan := math.Float64bits(math.NaN())
	for _, x := range values {
		b := math.Float64bits(x + 0)
		if x != x {
			b = nan
		}
		s.AddHash(mix(b))
	}
}

// AddTexts adds the texts between offsets.
func (s *Sketch) AddTexts(offsets []int32, data []byte) {
	for i := 1; i < len(offsets); i++ {
		s.AddHash(xxh3.Hash(data[offsets[i-1]:offsets[i]]))
	}
}

// mix makes a hash of 64 bits in which each bit of the input matters for each of the output: the finalizer of MurmurHash3, which leaves 0 as it is, of the
// number moved by the golden ratio.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// Union adds what another sketch has seen.
func (s *Sketch) Union(other *Sketch) {
	for i, r := range other {
		s[i] = max(s[i], r)
	}
}

// Count estimates how many different values were added, by Ertl's improved estimator (https://arxiv.org/abs/1702.01284, algorithm 6), which
// needs no tables and has no range in which it is worse.
func (s *Sketch) Count() float64 {
	const m = float64(Registers)
	var ranks [MaxRank + 1]float64
	for _, r := range s {
		ranks[min(r, MaxRank)]++
	}
	if ranks[0] == m {
		return 0
	}
	z := m * tau(1-ranks[MaxRank]/m)
	for k := MaxRank - 1; k >= 1; k-- {
		z = 0.5 * (z + ranks[k])
	}
	z += m * sigma(ranks[0]/m)
	return m * m / (2 * math.Ln2 * z)
}

// sigma corrects for registers that nothing has reached.
func sigma(x float64) float64 {
	y, z := 1.0, x
	for {
		x *= x
		before := z
		z += x * y
		y += y
		if z == before {
			return z
		}
	}
}

// tau corrects for registers that can rise no more.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		before := z
		y *= 0.5
		z -= (1 - x) * (1 - x) * y
		if z == before {
			return z / 3
		}
	}
}
