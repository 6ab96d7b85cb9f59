package promql

import (
	"math"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/kahansum"
)

// nothing stands for no value: a stale marker, which the engine takes for none, and which no function gives.
var nothing = math.Float64frombits(value.StaleNaN)

func isNothing(v float64) bool { return math.Float64bits(v) == value.StaleNaN }

// withoutMarkers leaves the stale markers out.
func withoutMarkers(s samples) samples {
	first := 0
	for first < len(s.values) && !isNothing(s.values[first]) {
		first++
	}
	if first == len(s.values) {
		return s
	}
	out := makeSamples(len(s.values), false)
	out.times, out.values = append(out.times, s.times[:first]...), append(out.values, s.values[:first]...)
	for i := first; i < len(s.values); i++ {
		if !isNothing(s.values[i]) {
			out.times, out.values = append(out.times, s.times[i]), append(out.values, s.values[i])
		}
	}
	return out
}

// windower gives the values of one series at some steps of a grid, from the samples of all windows there.
//
// The functions that make them are not inlined: of a closure that were, the compiler would inline no call, of which windows make some each.
type windower func(t *track, g grid, out []float64)

// present gives the newest value that is not older than lookback. It is the one that sees NULLs: they are stale markers.
//
//go:noinline
func present(offset, lookback millis) windower {
	return func(t *track, g grid, out []float64) {
		until, step := t.last(g.start-offset), g.step*t.perMilli
		at := t.walk(until)
		for i := range out {
			now := g.at(i) - offset
			at.to(until)
			until += step
			out[i] = nothing
			if at.first() {
				continue
			}
			p, row := at.before()
			if !p.valid.Get(p.first + row) {
				continue
			}
			if at := t.millis(p.times[row]); at > now-lookback || at == now {
				out[i] = p.value(row)
			}
		}
	}
}

// lowest is the first place whose time is after t, looked for by halves.
func lowest(times []int64, t millis) int {
	lo, hi := 0, len(times)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); times[mid] <= t {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// advance is the first place from at on whose time is after t, stride places on if that is right: times mostly come at an interval.
func advance(times []int64, at int, t int64, stride int) int {
	if to := at + stride; to <= len(times) && (to == len(times) || times[to] > t) && (to == 0 || times[to-1] <= t) {
		return to
	}
	if at == len(times) || times[at] > t {
		return at
	}
	step := 1
	for at+step < len(times) && times[at+step] <= t {
		at += step
		step *= 2
	}
	return at + lowest(times[at:min(at+step, len(times))], t)
}

// sliding calls f with the samples of each window that has some: those after from, up to the step.
//
//go:noinline
func sliding(offset, length millis, f func(values []float64) float64) windower {
	var room samples
	return func(t *track, g grid, out []float64) {
		until, step := t.last(g.start-offset), g.step*t.perMilli
		before := until - length*t.perMilli
		lo := t.walk(before)
		hi := lo
		was, same := nothing, false // the value of the window before, which may be that of this one
		for i := range out {
			lo.to(before)
			hi.to(until)
			same = same && lo.stride == 0 && hi.stride == 0
			until, before = until+step, before+step
			switch {
			case same:
			case lo.n == hi.n:
				was = nothing
			default:
				_, values := lo.until(&hi, &room)
				was = f(values)
			}
			out[i], same = was, true
		}
	}
}

// counting is rate, increase (perSecond or not) and delta (no counter): the difference of the last and the first sample of a window,
// where counters begin anew what they had before added, and as much again as the samples leave uncovered at the ends of the window.
//
//go:noinline
func counting(offset, length millis, seconds float64, counter, perSecond bool) windower {
	var room []fall
	return func(t *track, g grid, out []float64) {
		step := g.step * t.perMilli
		last := t.last(g.start - offset)
		before := last - length*t.perMilli
		lo := t.walk(before)
		hi := lo
		anew := falls{list: room[:0]}
		var opened, result float64 // of a window: its first value, and what it adds up to
		var ends extents
		for i := range out {
			lo.to(before)
			hi.to(last)
			last, before = last+step, before+step
			n := hi.n - lo.n
			if n < 2 {
				out[i] = nothing
				continue
			}
			p, row := hi.before()
			if i == 0 || lo.stride != 0 || hi.stride != 0 {
				opened = lo.pieces[lo.k].value(lo.i)
				result = p.value(row) - opened
				if counter {
					for _, f := range anew.within(&lo, &hi) {
						result += f.from
					}
				}
			}
			first, final, until := t.millis(lo.times[lo.i]), t.millis(p.times[row]), g.at(i)-offset
			if is := (extents{n: n, sampled: final - first, before: first - (until - length), after: until - final}); !is.same(&ends) {
				is.extrapolate(seconds, perSecond)
				ends = is
			}
			factor := ends.factor
			// A counter is not extrapolated below zero. What began with more than it grew by since is not near it.
			if counter && result > 0 && opened >= 0 && !(opened >= result && ends.sampledSeconds >= ends.toStart) {
				if toZero := ends.sampledSeconds * (opened / result); toZero < ends.toStart {
					factor = ends.by(toZero, seconds, perSecond)
				}
			}
			out[i] = result * factor
		}
		room = anew.list
	}
}

// extents are the milliseconds between the samples of a window and its ends. Where scrapes and steps come at intervals they are the same in window
// after window, and so is what follows from them.
type extents struct {
	n                      int
	sampled, before, after millis

	sampledSeconds, toStart, toEnd float64
	factor                         float64
}

func (e *extents) same(as *extents) bool {
	return e.n == as.n && e.sampled == as.sampled && e.before == as.before && e.after == as.after
}

// extrapolate says by which factor a window, which has n samples, grows to its ends, unless a counter would have been below zero.
func (e *extents) extrapolate(seconds float64, perSecond bool) {
	e.sampledSeconds, e.toStart, e.toEnd = float64(e.sampled)/1000, float64(e.before)/1000, float64(e.after)/1000
	average := e.sampledSeconds / float64(e.n-1)
	threshold := average * 1.1
	if e.toStart >= threshold {
		e.toStart = average / 2
	}
	if e.toEnd >= threshold {
		e.toEnd = average / 2
	}
	e.factor = e.by(e.toStart, seconds, perSecond)
}

// by is the factor if a window is extrapolated so far to its start.
func (e *extents) by(toStart, seconds float64, perSecond bool) float64 {
	factor := 1.0
	if e.sampledSeconds != 0 {
		factor = (e.sampledSeconds + toStart + e.toEnd) / e.sampledSeconds
	}
	if perSecond {
		factor /= seconds
	}
	return factor
}

// compensated adds up as kahansum.Inc does, without its branches: what a sum is rounded by is known exactly either way (Knuth's TwoSum). It is no
// answer where the sum is not finite, or something on the way to it was not.
func compensated(values []float64) (sum, c float64, ok bool) {
	for _, v := range values {
		sum, c = twoSum(v, sum, c)
	}
	return sum, c, !math.IsInf(sum, 0) && !math.IsInf(c, 0) && !math.IsNaN(sum) && !math.IsNaN(c)
}

func sumOf(values []float64) float64 {
	if sum, c, ok := compensated(values); ok {
		return sum + c
	}
	var sum, c float64
	for _, v := range values {
		sum, c = kahansum.Inc(v, sum, c)
	}
	if math.IsInf(sum, 0) {
		return sum
	}
	return sum + c
}

// averageOf adds up as long as the sum does not overflow, and goes on with means from there.
func averageOf(values []float64) float64 {
	if sum, c, ok := compensated(values); ok {
		return sum/float64(len(values)) + c/float64(len(values))
	}
	sum, count := values[0], 1.0
	var mean, c float64
	incremental := false
	for i, v := range values[1:] {
		count = float64(i + 2)
		if !incremental {
			newSum, newC := kahansum.Inc(v, sum, c)
			if !math.IsInf(newSum, 0) {
				sum, c = newSum, newC
				continue
			}
			incremental = true
			mean = sum / (count - 1)
			c /= (count - 1)
		}
		q := (count - 1) / count
		mean, c = kahansum.Inc(v/count, q*mean, q*c)
	}
	if incremental {
		return mean + c
	}
	return sum/count + c/count
}

func leastOf(values []float64) float64 {
	least := values[0]
	for _, v := range values {
		if v < least || math.IsNaN(least) {
			least = v
		}
	}
	return least
}

func greatestOf(values []float64) float64 {
	greatest := values[0]
	for _, v := range values {
		if v > greatest || math.IsNaN(greatest) {
			greatest = v
		}
	}
	return greatest
}

// evaluator gives the values of a series at some steps. It is of one worker.
func (s *shape) evaluator() windower {
	f, whole := s.windower(), s.overIntegers()
	if whole == nil {
		return f
	}
	f = s.ofFloats(f)
	return func(t *track, g grid, out []float64) {
		if t.exact {
			whole(t, g, out)
		} else {
			f(t, g, out)
		}
	}
}

// ofFloats lets what evaluates floats evaluate integers: they become floats once, since windows may overlap.
func (s *shape) ofFloats(f windower) windower {
	var room samples
	return func(t *track, g grid, out []float64) {
		if !t.floats() {
			c := s.cut(t, g, &room)
			t = &track{clock: t.clock, pieces: []piece{{times: c.times, floats: c.values}}[:min(1, len(c.times))]}
		}
		f(t, g, out)
	}
}

// cut gives the samples of all windows of some steps.
func (s *shape) cut(t *track, g grid, room *samples) cut {
	return t.between(t.last(g.start-s.offset-s.back()), t.last(g.end-s.offset), room)
}

// windower makes what evaluates a shape for one series.
func (s *shape) windower() windower {
	if s.call == nil {
		return present(s.offset, s.lookback)
	}
	over := func(f func([]float64) float64) windower { return sliding(s.offset, s.window, f) }
	switch s.call.Func.Name {
	case "rate":
		return counting(s.offset, s.window, s.seconds, true, true)
	case "increase":
		return counting(s.offset, s.window, s.seconds, true, false)
	case "delta":
		return counting(s.offset, s.window, s.seconds, false, false)
	case "deriv":
		return s.ofFloats(s.deriv())
	case "sum_over_time":
		return over(sumOf)
	case "avg_over_time":
		return over(averageOf)
	case "min_over_time":
		return over(leastOf)
	case "max_over_time":
		return over(greatestOf)
	case "count_over_time":
		return over(func(values []float64) float64 { return float64(len(values)) })
	case "last_over_time":
		return over(func(values []float64) float64 { return values[len(values)-1] })
	case "present_over_time":
		return over(func([]float64) float64 { return 1 })
	}
	return s.prometheus()
}

// prometheus calls the function of Prometheus for each window. The points of a series are laid out once.
func (s *shape) prometheus() windower {
	f := promql.FunctionCalls[s.call.Func.Name]
	var numbers []promql.Vector
	for _, arg := range s.call.Args {
		if n, ok := arg.(*parser.NumberLiteral); ok {
			numbers = append(numbers, promql.Vector{promql.Sample{F: n.Val}})
		}
	}
	var room samples
	return func(t *track, g grid, out []float64) {
		series := s.cut(t, g, &room)
		points := make([]promql.FPoint, len(series.times))
		for i := range points {
			points[i] = promql.FPoint{T: series.millis(series.times[i]), F: series.values[i]}
		}
		matrix := promql.Matrix{promql.Series{}}
		helper := &promql.EvalNodeHelper{Out: make(promql.Vector, 0, 1)}
		lo, hi := 0, 0
		for i := range out {
			helper.Ts = g.at(i)
			until := helper.Ts - s.offset
			for hi < len(points) && points[hi].T <= until {
				hi++
			}
			for lo < hi && points[lo].T <= until-s.window {
				lo++
			}
			out[i] = nothing
			if lo == hi {
				continue
			}
			matrix[0].Floats = points[lo:hi]
			if got, _ := f(numbers, matrix, s.call.Args, helper); len(got) > 0 {
				out[i] = got[0].F
				helper.Out = got[:0]
			}
		}
	}
}
