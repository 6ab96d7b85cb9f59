package fn

import (
	"math/bits"
	"math/rand/v2"
	"sync"
)

// Draws is where random() of a session takes its numbers from: anywhere, until it is given a seed, and from then on the numbers that PostgreSQL has after
// the same setseed(). Safe for concurrent use.
type Draws struct {
	mu     sync.Mutex
	seeded bool
	s0, s1 uint64 // the state of xoroshiro128**
}

// Seed starts over with a number from -1 to 1.
func (d *Draws) Seed(x float64) {
	state := uint64(int64(float64(1<<52-1) * x))
	next := func() uint64 { // splitmix64
		state += 0x9e3779b97f4a7c15
		v := state
		v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
		v = (v ^ v>>27) * 0x94d049bb133111eb
		return v ^ v>>31
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seeded, d.s0, d.s1 = true, next(), next()
}

// Seeded reports that there is a seed, so that the order of calls matters.
func (d *Draws) Seeded() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seeded
}

// Fill draws numbers from 0 to less than 1.
func (d *Draws) Fill(out []float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range out {
		if !d.seeded {
			out[i] = rand.Float64()
			continue
		}
		s0, x := d.s0, d.s1^d.s0
		v := bits.RotateLeft64(s0*5, 7) * 9
		d.s0, d.s1 = bits.RotateLeft64(s0, 24)^x^x<<16, bits.RotateLeft64(x, 37)
		out[i] = float64(v>>12) / (1 << 52)
	}
}
