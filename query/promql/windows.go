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
type windower func(s *cut, g grid, out []float64)

// present gives the newest value that is not older than lookback.
func present(offset, lookback millis) windower {
	return func(s *cut, g grid, out []float64) {
		at, stride := 0, 0
		until, step := s.last(g.start-offset), g.step*s.perMilli
		for i := range out {
			now := g.at(i) - offset
			was := at
			at = advance(s.times, at, until, stride)
			stride = at - was
			until += step
			out[i] = nothing
			if at > 0 {
				if t := s.millis(s.times[at-1]); t > now-lookback || t == now {
					out[i] = s.values[at-1]
				}
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

// descents are the places of values that are less than the one before.
func descents(values []float64) (list []int) {
	for i := 1; i < len(values); i++ {
		if values[i] < values[i-1] {
			list = append(list, i)
		}
	}
	return list
}

// sliding calls f with the samples of each window that has some: those after from, up to the step.
func sliding(offset, length millis, f func(values []float64) float64) windower {
	return func(s *cut, g grid, out []float64) {
		lo, hi, byLo, byHi := 0, 0, 0, 0
		until, step := s.last(g.start-offset), g.step*s.perMilli
		before := until - length*s.perMilli
		was, same := nothing, false // the value of the window before, which may be that of this one
		for i := range out {
			first, end := advance(s.times, lo, before, byLo), advance(s.times, hi, until, byHi)
			byLo, byHi = first-lo, end-hi
			lo, hi = first, end
			same = same && byLo == 0 && byHi == 0
			until, before = until+step, before+step
			switch {
			case same:
			case lo == hi:
				was = nothing
			default:
				was = f(s.values[lo:hi])
			}
			out[i], same = was, true
		}
	}
}

// counting is rate, increase (perSecond or not) and delta (no counter): the difference of the last and the first sample of a window,
// where counters begin anew what they had before added, and as much again as the samples leave uncovered at the ends of the window.
func counting(offset, length millis, seconds float64, counter, perSecond bool) windower {
	return func(s *cut, g grid, out []float64) {
		times, values := s.times, s.values[:len(s.times)]
		lo, hi, byLo, byHi := 0, 0, 0, 0
		step := g.step * s.perMilli
		last := s.last(g.start - offset)
		before := last - length*s.perMilli
		var resets []int // where the counter began anew; those before the window are dropped
		if counter {
			resets = descents(values)
		}
		// What is known of the samples of a window stays while it has the same ones.
		var first, final millis
		var result, sampled, average, threshold, toZero float64
		const unbounded = math.MaxFloat64
		changed := true
		for i := range out {
			from, to := advance(times, lo, before, byLo), advance(times, hi, last, byHi)
			byLo, byHi = from-lo, to-hi
			lo, hi = from, to
			changed = changed || byLo != 0 || byHi != 0
			last, before = last+step, before+step
			if hi-lo < 2 {
				out[i] = nothing
				continue
			}
			if changed {
				changed = false
				for len(resets) > 0 && resets[0] <= lo {
					resets = resets[1:]
				}
				first, final = s.millis(times[lo]), s.millis(times[hi-1])
				result = values[hi-1] - values[lo]
				for _, r := range resets {
					if r >= hi {
						break
					}
					result += values[r-1]
				}
				sampled = float64(final-first) / 1000
				average = sampled / float64(hi-lo-1)
				threshold = average * 1.1
				toZero = unbounded
				if counter && result > 0 && values[lo] >= 0 {
					toZero = sampled * (values[lo] / result)
				}
			}
			until := g.at(i) - offset
			toStart, toEnd := float64(first-(until-length))/1000, float64(until-final)/1000
			if toStart >= threshold {
				toStart = average / 2
			}
			if toZero < toStart { // a counter is not extrapolated below zero
				toStart = toZero
			}
			if toEnd >= threshold {
				toEnd = average / 2
			}
			factor := 1.0
			if sampled != 0 {
				factor = (sampled + toStart + toEnd) / sampled
			}
			if perSecond {
				factor /= seconds
			}
			out[i] = result * factor
		}
	}
}

// compensated adds up as kahansum.Inc does, without its branches: what a sum is rounded by is known exactly either way (Knuth's TwoSum). It is no
// answer where the sum is not finite, or something on the way to it was not.
func compensated(values []float64) (sum, c float64, ok bool) {
	for _, v := range values {
		t := sum + v
		other := t - sum
		c += (sum - (t - other)) + (v - other)
		sum = t
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
func (s *shape) evaluator() func(t *track, g grid, out []float64) {
	f, whole := s.windower(), s.overIntegers()
	back := s.back()
	var room samples
	return func(t *track, g grid, out []float64) {
		if t.exact && whole != nil {
			whole(t, g, out)
			return
		}
		c := t.between(t.last(g.start-s.offset-back), t.last(g.at(len(out)-1)-s.offset), &room)
		f(&c, g, out)
	}
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
	return func(series *cut, g grid, out []float64) {
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
