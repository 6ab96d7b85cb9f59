package promql

import "github.com/automatanexus/aegis-db/column/lanes"

// Columns of integers are mostly small numbers. Sums of them that stay below 2⁵³ are exact whatever the order, so that compensated
// summation, which Prometheus adds floats with, has nothing to compensate; and greatest and least are the same before and after a conversion to float.
// These functions are evaluated on the integers, or on the bytes of Narrow vectors (package column), as they are in the cache.

// wholeNumbers says that sums of the values of pieces are exact.
func wholeNumbers(pieces []piece) bool {
	most, rows := uint64(0), uint64(0)
	for i := range pieces {
		p := &pieces[i]
		rows += uint64(len(p.times))
		switch {
		case p.floats != nil || p.valid != nil:
			return false
		case p.bytes != nil:
			most |= magnitude(p.base) | magnitude(p.base+255)
		default:
			for _, v := range p.ints {
				most |= magnitude(v)
			}
		}
	}
	const exact = 1 << 53
	return rows == 0 || most < exact/rows // below the next power of two of the greatest, which is less than twice as much
}

// magnitude has at least the bits of the absolute value.
func magnitude(v int64) uint64 { return uint64(v ^ v>>63) }

// whole is what is known of the integers of a window.
type whole struct {
	n     int
	value int64
}

// wholeFunctions are the functions over windows that are evaluated on integers: what rows [lo, hi) of a piece, at least one, add to a window, and what
// comes out.
var wholeFunctions = map[string]struct {
	add    func(w *whole, p *piece, lo, hi int)
	result func(w *whole) float64
}{
	"sum_over_time":     {addSum, wholeValue},
	"avg_over_time":     {addSum, func(w *whole) float64 { return float64(w.value) / float64(w.n) }},
	"min_over_time":     {addLeast, wholeValue},
	"max_over_time":     {addGreatest, wholeValue},
	"last_over_time":    {addLast, wholeValue},
	"count_over_time":   {addCount, func(w *whole) float64 { return float64(w.n) }},
	"present_over_time": {addCount, func(*whole) float64 { return 1 }},
}

func wholeValue(w *whole) float64 { return float64(w.value) }

func addCount(*whole, *piece, int, int) {}

func addSum(w *whole, p *piece, lo, hi int) {
	if p.bytes != nil {
		w.value += p.base*int64(hi-lo) + int64(lanes.Sum(p.bytes[lo:hi]))
		return
	}
	sum := int64(0)
	for _, v := range p.ints[lo:hi] {
		sum += v
	}
	w.value += sum
}

func addLeast(w *whole, p *piece, lo, hi int) {
	var least int64
	if p.bytes != nil {
		least = p.base + int64(lanes.Min(p.bytes[lo:hi]))
	} else {
		least = p.ints[lo]
		for _, v := range p.ints[lo+1 : hi] {
			least = min(least, v)
		}
	}
	if w.n == 0 || least < w.value {
		w.value = least
	}
}

func addGreatest(w *whole, p *piece, lo, hi int) {
	var greatest int64
	if p.bytes != nil {
		greatest = p.base + int64(lanes.Max(p.bytes[lo:hi]))
	} else {
		greatest = p.ints[lo]
		for _, v := range p.ints[lo+1 : hi] {
			greatest = max(greatest, v)
		}
	}
	if w.n == 0 || greatest > w.value {
		w.value = greatest
	}
}

func addLast(w *whole, p *piece, _, hi int) {
	if p.bytes != nil {
		w.value = p.base + int64(p.bytes[hi-1])
	} else {
		w.value = p.ints[hi-1]
	}
}

// overIntegers makes what evaluates a function over the windows of an exact track; nil = it is none of these.
func (s *shape) overIntegers() func(t *track, g grid, out []float64) {
	if s.call == nil {
		return nil
	}
	f, known := wholeFunctions[s.call.Func.Name]
	if !known {
		return nil
	}
	return func(t *track, g grid, out []float64) {
		first := 0 // no piece before it has samples for the window at hand
		until, step := t.last(g.start-s.offset), g.step*t.perMilli
		before := until - s.window*t.perMilli
		for i := range out {
			for first < len(t.pieces) && lastTime(&t.pieces[first]) <= before {
				first++
			}
			var w whole
			for k := first; k < len(t.pieces) && t.pieces[k].times[0] <= until; k++ {
				p := &t.pieces[k]
				lo, hi := place(p.times, before), place(p.times, until)
				if lo < hi {
					f.add(&w, p, lo, hi)
					w.n += hi - lo
				}
			}
			out[i] = nothing
			if w.n > 0 {
				out[i] = f.result(&w)
			}
			until, before = until+step, before+step
		}
	}
}

func lastTime(p *piece) int64 { return p.times[len(p.times)-1] }

// place is lowest for times that mostly come at an interval: then it follows from the first and the last.
func place(times []int64, t int64) int {
	last := len(times) - 1
	switch {
	case t < times[0]:
		return 0
	case t >= times[last]:
		return last + 1
	}
	// times[0] <= t < times[last]
	guess := 1 + int(float64(t-times[0])*float64(last)/float64(times[last]-times[0]))
	if guess <= last && times[guess] > t && times[guess-1] <= t {
		return guess
	}
	return lowest(times, t)
}
