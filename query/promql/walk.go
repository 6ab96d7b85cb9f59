package promql

import "math"

// walk is a moment that moves on over the samples of a track: it stands before the first sample after it.
type walk struct {
	pieces []piece
	times  []int64 // of piece k; nil after the last one
	k, i   int     // that sample is row i of piece k
	n      int     // how many samples are before it, from some sample on
	stride int     // how many the last move passed: times mostly come at an interval, and so do windows
}

// walk starts at the first piece that has samples after a time.
func (t *track) walk(from int64) walk {
	w := walk{pieces: t.pieces, k: len(t.pieces)}
	for lo := 0; lo < w.k; {
		if mid := int(uint(lo+w.k) >> 1); lastTime(&t.pieces[mid]) <= from {
			lo = mid + 1
		} else {
			w.k, w.times = mid, t.pieces[mid].times
		}
	}
	return w
}

// to moves on to a moment that is not before the present one.
func (w *walk) to(t int64) {
	if at := w.i + w.stride; at < len(w.times) && w.times[at] > t && (at == 0 || w.times[at-1] <= t) {
		w.i, w.n = at, w.n+w.stride
		return
	}
	w.search(t)
}

// search is to where samples do not follow at the interval of those before.
func (w *walk) search(t int64) {
	was := w.n
	for len(w.times) > 0 && w.times[len(w.times)-1] <= t {
		w.n += len(w.times) - w.i
		w.k, w.i, w.times = w.k+1, 0, nil
		if w.k < len(w.pieces) {
			w.times = w.pieces[w.k].times
		}
	}
	at := advance(w.times, w.i, t, 0)
	w.n += at - w.i
	w.i, w.stride = at, w.n-was
}

// first says that no sample is before the moment.
func (w *walk) first() bool { return w.k == 0 && w.i == 0 }

// before is the last sample before the moment, of which there must be one.
func (w *walk) before() (p *piece, row int) {
	if w.i > 0 {
		return &w.pieces[w.k], w.i - 1
	}
	p = &w.pieces[w.k-1]
	return p, len(p.times) - 1
}

// until are the samples from one moment to a later one of the same track of floats; they are copied to room only where they are of several pieces.
func (w *walk) until(end *walk, room *samples) (times []int64, values []float64) {
	if w.n == end.n {
		return nil, nil
	}
	first := &w.pieces[w.k]
	switch {
	case w.k == end.k:
		return first.times[w.i:end.i], first.floats[w.i:end.i]
	case w.k+1 == end.k && end.i == 0:
		return first.times[w.i:], first.floats[w.i:]
	}
	times, values = append(room.times[:0], first.times[w.i:]...), append(room.values[:0], first.floats[w.i:]...)
	for k := w.k + 1; k < end.k; k++ {
		times, values = append(times, w.pieces[k].times...), append(values, w.pieces[k].floats...)
	}
	if end.i > 0 {
		last := &w.pieces[end.k]
		times, values = append(times, last.times[:end.i]...), append(values, last.floats[:end.i]...)
	}
	room.times, room.values = times, values
	return times, values
}

// value is that of a row, which is no NULL.
func (p *piece) value(row int) float64 {
	switch {
	case p.floats != nil:
		return p.floats[row]
	case p.bytes != nil:
		return float64(p.base + int64(p.bytes[row]))
	}
	return float64(p.ints[row])
}

// fall is a sample that is less than the one before it: where a counter began anew.
type fall struct {
	n    int // how many samples are before it
	from float64
}

// falls are those of windows that move on. What lies in several windows is looked at once.
type falls struct {
	list []fall
	// Samples before row i of piece k, the n-th, were looked at.
	k, i, n int
}

// within gives the falls inside a window: its first sample is none.
func (f *falls) within(lo, hi *walk) []fall {
	past := 0
	for past < len(f.list) && f.list[past].n <= lo.n {
		past++
	}
	f.list = f.list[past:]
	if f.n <= lo.n {
		f.k, f.i, f.n = lo.k, lo.i+1, lo.n+1
	}
	pieces := lo.pieces
	for f.n < hi.n {
		p := &pieces[f.k]
		end := len(p.times)
		if f.k == hi.k {
			end = hi.i
		}
		if f.i == 0 { // f.n > lo.n, so there is a piece before
			last := &pieces[f.k-1]
			if from := last.value(len(last.times) - 1); p.value(0) < from {
				f.list = append(f.list, fall{f.n, from})
			}
			f.i, f.n = 1, f.n+1
		}
		for f.i < end {
			next := p.nextFall(f.i, end)
			f.n += next - f.i
			if f.i = next; next < end {
				f.list = append(f.list, fall{f.n, p.value(next - 1)})
				f.i, f.n = next+1, f.n+1
			}
		}
		if end == len(p.times) {
			f.k, f.i = f.k+1, 0
		}
	}
	return f.list
}

// nextFall is the first row of [from, to) that is less than the one before it, or to; from is not 0.
func (p *piece) nextFall(from, to int) int {
	if p.floats != nil {
		return from + nextFall(p.floats[from-1:to])
	}
	for i := from; i < to; i++ {
		if p.value(i) < p.value(i-1) {
			return i
		}
	}
	return to
}

// nextFall is how many values follow the first one until one is less than the one before it.
func nextFall(values []float64) int {
	i := 1
	for ; i+8 <= len(values); i += 8 {
		// The bits of floats that are not negative ascend as these do: eight differences have no sign, or one of them is looked at more closely.
		v := (*[9]float64)(values[i-1:])
		last := int64(math.Float64bits(v[0]))
		signs := last
		for k := 1; k < 9; k++ {
			now := int64(math.Float64bits(v[k]))
			signs |= now | (now - last)
			last = now
		}
		if signs >= 0 {
			continue
		}
		for k := 1; k < 9; k++ {
			if v[k] < v[k-1] {
				return i - 1 + k - 1
			}
		}
	}
	for ; i < len(values); i++ {
		if values[i] < values[i-1] {
			return i - 1
		}
	}
	return max(0, len(values)-1)
}
