package fn

import (
	"math/bits"
	"sync"
	"unsafe"
)

// spareSlots are slots that states have no use for any more, by powers of two, all zero: the states of a query over some thousand groups take
// megabytes, and getting them from the system anew costs about as much as filling them.
type spareSlots[C any] struct {
	pools [spareClasses]sync.Pool // of *[]C
}

const (
	leastSpare   = 8       // as power of two: what has fewer slots costs little
	spareClasses = 9       // up to 2^16 slots
	mostSpare    = 4 << 20 // bytes
)

// grown gives s with n elements, new ones zero, at least doubling what is allocated. s is not to be used any more.
func (p *spareSlots[C]) grown(s []C, n int) []C {
	if n <= len(s) {
		return s
	}
	if n <= cap(s) {
		return s[:n]
	}
	c := 1 << bits.Len(uint(max(n, 2*cap(s))-1))
	k := p.pool(c)
	if k == nil {
		return grown(s, n)
	}
	var out []C
	if spare, ok := k.Get().(*[]C); ok {
		out = (*spare)[:n]
	} else {
		out = make([]C, n, c)
	}
	copy(out, s)
	p.put(s)
	return out
}

// put takes slots that nobody uses any more.
func (p *spareSlots[C]) put(s []C) {
	if k := p.pool(cap(s)); k != nil {
		clear(s)
		s = s[:0]
		k.Put(&s)
	}
}

// pool is where slices of so many slots are kept; nil = nowhere.
func (p *spareSlots[C]) pool(n int) *sync.Pool {
	k := bits.Len(uint(n)) - 1 - leastSpare
	if n&(n-1) != 0 || k < 0 || k >= spareClasses {
		return nil
	}
	var c C
	if int64(unsafe.Sizeof(c))*int64(n) > mostSpare {
		return nil
	}
	return &p.pools[k]
}
