package promql

import (
	"math"
	"slices"
	"sort"

	"github.com/prometheus/prometheus/model/value"
)

// clock converts the times of a table to milliseconds.
type clock struct{ perMilli int64 }

// millis rounds down, before 1970 too.
func (c clock) millis(t int64) int64 {
	switch c.perMilli {
	case 1_000: // the compiler turns a division by a constant into a multiplication
		return floor(t/1_000, t%1_000)
	default:
		return floor(t/c.perMilli, t%c.perMilli)
	}
}

func floor(quotient, remainder int64) int64 {
	if remainder < 0 {
		return quotient - 1
	}
	return quotient
}

// first is the first time of a millisecond, last the last one; beyond the column's range its ends.
func (c clock) first(millis int64) int64 {
	switch {
	case millis > math.MaxInt64/c.perMilli:
		return math.MaxInt64
	case millis < math.MinInt64/c.perMilli:
		return math.MinInt64
	}
	return millis * c.perMilli
}

func (c clock) last(millis int64) int64 {
	if millis == math.MaxInt64 {
		return math.MaxInt64
	}
	switch next := c.first(millis + 1); next {
	case math.MaxInt64, math.MinInt64:
		return next
	default:
		return next - 1
	}
}

// samples are rows of one series in the order of time, in the unit of the table.
type samples struct {
	times  []int64
	values []float64
	starts []int64 // when each counter began, 0 = unknown; nil = not asked for
}

func makeSamples(n int, starts bool) samples {
	s := samples{times: make([]int64, 0, n), values: make([]float64, 0, n)}
	if starts {
		s.starts = make([]int64, 0, n)
	}
	return s
}

// take moves the first sample of another list to the end of this one.
func (s *samples) take(from *samples) {
	s.times, from.times = append(s.times, from.times[0]), from.times[1:]
	s.values, from.values = append(s.values, from.values[0]), from.values[1:]
	if s.starts != nil {
		s.starts, from.starts = append(s.starts, from.starts[0]), from.starts[1:]
	}
}

// move overwrites sample n by sample i.
func (s *samples) move(n, i int) {
	s.times[n], s.values[n] = s.times[i], s.values[i]
	if s.starts != nil {
		s.starts[n] = s.starts[i]
	}
}

// first keeps the first n samples.
func (s *samples) first(n int) samples {
	out := samples{times: s.times[:n:n], values: s.values[:n:n]}
	if s.starts != nil {
		out.starts = s.starts[:n:n]
	}
	return out
}

// layout is how the rows of a table become samples.
type layout struct {
	clock
	// stale says that NULL is a stale marker; otherwise such rows are left out.
	stale bool
	// shuffled says that the rows of a series are not in the order of time.
	shuffled bool
}

// flatten copies the pieces of a series into one slice of times, in milliseconds, and one of values. Of the rows of one
// millisecond the last one counts.
func (l layout) flatten(pieces []piece) samples {
	var out samples
	if l.shuffled {
		out = concatenate(pieces, l.stale)
		sort.Stable(&out)
	} else {
		sortPieces(pieces)
		out = mergePieces(pieces, l.stale)
	}
	return l.settle(out)
}

// settle turns sorted times, and start timestamps, into milliseconds, in place, each time once.
func (c clock) settle(s samples) samples {
	n := 0
	for i, t := range s.times {
		t = c.millis(t)
		if n > 0 && s.times[n-1] == t {
			n--
		}
		s.move(n, i)
		s.times[n] = t
		n++
	}
	out := s.first(n)
	for i, t := range out.starts {
		out.starts[i] = c.millis(t)
	}
	return out
}

func (s *samples) Len() int           { return len(s.times) }
func (s *samples) Less(i, j int) bool { return s.times[i] < s.times[j] }
func (s *samples) Swap(i, j int) {
	s.times[i], s.times[j] = s.times[j], s.times[i]
	s.values[i], s.values[j] = s.values[j], s.values[i]
	if s.starts != nil {
		s.starts[i], s.starts[j] = s.starts[j], s.starts[i]
	}
}

func sortPieces(pieces []piece) {
	slices.SortStableFunc(pieces, func(a, b piece) int {
		switch x, y := a.times[0], b.times[0]; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
}

// mergePieces joins pieces that are sorted by their first times. Pieces of different segments may overlap; most do not, and are
// copied one after the other.
func mergePieces(pieces []piece, stale bool) samples {
	sequential := true
	for i := 1; i < len(pieces); i++ {
		before := pieces[i-1].times
		sequential = sequential && before[len(before)-1] <= pieces[i].times[0]
	}
	if sequential {
		return concatenate(pieces, stale)
	}
	half := len(pieces) / 2
	return mergeSamples(mergePieces(pieces[:half], stale), mergePieces(pieces[half:], stale))
}

func concatenate(pieces []piece, stale bool) samples {
	out := makeSamples(rowsOf(pieces), pieces[0].starts != nil)
	for i := range pieces {
		out = pieces[i].appendTo(out, stale)
	}
	return out
}

func rowsOf(pieces []piece) int {
	n := 0
	for i := range pieces {
		n += len(pieces[i].times)
	}
	return n
}

// appendTo appends the rows of a piece.
func (p *piece) appendTo(dst samples, stale bool) samples {
	if p.starts != nil {
		dst.starts = p.appendStarts(dst.starts)
	}
	if p.valid == nil {
		dst.times, dst.values = append(dst.times, p.times...), p.appendFloats(dst.values, 0, len(p.times))
		return dst
	}
	for i, t := range p.times {
		var v float64
		switch {
		case !p.valid.Get(p.first + i):
			if !stale {
				continue
			}
			v = math.Float64frombits(value.StaleNaN)
		case p.floats != nil:
			v = p.floats[i]
		case p.bytes != nil:
			v = float64(p.base + int64(p.bytes[i]))
		default:
			v = float64(p.ints[i])
		}
		dst.times = append(dst.times, t)
		dst.values = append(dst.values, v)
	}
	return dst
}

// appendFloats appends the values of rows [lo, hi), none of which is NULL.
func (p *piece) appendFloats(dst []float64, lo, hi int) []float64 {
	if p.floats != nil {
		return append(dst, p.floats[lo:hi]...)
	}
	dst = slices.Grow(dst, hi-lo)
	if p.bytes != nil {
		for _, v := range p.bytes[lo:hi] {
			dst = append(dst, float64(p.base+int64(v)))
		}
		return dst
	}
	for _, v := range p.ints[lo:hi] {
		dst = append(dst, float64(v))
	}
	return dst
}

// appendStarts appends the start timestamps of a piece: of all of its rows, since tables that have them leave none out.
func (p *piece) appendStarts(dst []int64) []int64 {
	for i := p.first; i < p.first+len(p.times); i++ {
		if p.starts.IsNull(i) {
			dst = append(dst, 0)
		} else {
			dst = append(dst, p.starts.Ints[i])
		}
	}
	return dst
}

// mergeSamples merges by time; of equal times a's come first.
func mergeSamples(a, b samples) samples {
	out := makeSamples(len(a.times)+len(b.times), a.starts != nil && b.starts != nil)
	for len(a.times) > 0 && len(b.times) > 0 {
		if b.times[0] < a.times[0] {
			out.take(&b)
		} else {
			out.take(&a)
		}
	}
	for _, rest := range []samples{a, b} {
		out.times, out.values = append(out.times, rest.times...), append(out.values, rest.values...)
		if out.starts != nil {
			out.starts = append(out.starts, rest.starts...)
		}
	}
	return out
}
