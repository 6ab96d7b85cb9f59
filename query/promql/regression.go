package promql

import "math"

// deriv is the slope of the line through the samples of a window, as Prometheus computes it; where a sum is not finite, Prometheus itself does.
//
//go:noinline
func (s *shape) deriv() windower {
	prometheus := s.prometheus()
	var room samples
	return func(t *track, g grid, out []float64) {
		until, step := t.last(g.start-s.offset), g.step*t.perMilli
		before := until - s.window*t.perMilli
		lo := t.walk(before)
		hi := lo
		for i := range out {
			lo.to(before)
			hi.to(until)
			until, before = until+step, before+step
			if i > 0 && lo.stride == 0 && hi.stride == 0 {
				out[i] = out[i-1]
				continue
			}
			out[i] = nothing
			if hi.n-lo.n < 2 {
				continue
			}
			times, values := lo.until(&hi, &room)
			slope, ok := t.slope(times, values)
			if !ok {
				prometheus(t, grid{start: g.at(i), end: g.at(i), step: g.step}, out[i:i+1])
				continue
			}
			out[i] = slope
		}
	}
}

// slope adds up as Prometheus' regression does, without its branches (see compensated).
func (c clock) slope(times []int64, values []float64) (slope float64, ok bool) {
	values = values[:len(times)]
	first, differ := values[0], false
	origin := c.millis(times[0])
	var sumX, cX, sumY, cY, sumXY, cXY, sumX2, cX2 float64
	for i, at := range times {
		y := values[i]
		differ = differ || y != first
		x := float64(c.millis(at)-origin) / 1e3
		sumX, cX = twoSum(x, sumX, cX)
		sumY, cY = twoSum(y, sumY, cY)
		sumXY, cXY = twoSum(float64(x*y), sumXY, cXY)
		sumX2, cX2 = twoSum(float64(x*x), sumX2, cX2)
	}
	sumX, sumY, sumXY, sumX2 = sumX+cX, sumY+cY, sumXY+cXY, sumX2+cX2
	for _, sum := range []float64{sumX, sumY, sumXY, sumX2} {
		if math.IsInf(sum, 0) || math.IsNaN(sum) {
			return 0, false
		}
	}
	if !differ {
		return 0, true
	}
	n := float64(len(times))
	return (sumXY - float64(sumX*sumY)/n) / (sumX2 - float64(sumX*sumX)/n), true
}

// twoSum adds to a sum, and what its rounding lost to c.
func twoSum(v, sum, c float64) (newSum, newC float64) {
	t := sum + v
	other := t - sum
	return t, c + ((sum - (t - other)) + (v - other))
}
