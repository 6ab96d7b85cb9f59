package promql

import (
	"context"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/kahansum"
)

// state is an aggregation of one group at one step.
type state struct {
	value, mean, c, count float64
	incremental           bool // the sum has left the range of floats, and means go on from there
}

// first begins a state; add continues it. Both do what Prometheus' engine does, in the same order.
func (s *state) first(op parser.ItemType, v float64) {
	*s = state{value: v, mean: v, count: 1}
	switch op {
	case parser.GROUP:
		s.value = 1
	case parser.STDVAR, parser.STDDEV:
		s.value = 0
		if math.IsNaN(v) || math.IsInf(v, 0) {
			s.value = math.NaN()
		}
	}
}

// fold adds the values of a series at some steps to the states of its group.
func fold(op parser.ItemType, states []state, values []float64) {
	for i, v := range values {
		if isNothing(v) {
			continue
		}
		s := &states[i]
		if s.count == 0 {
			s.first(op, v)
			continue
		}
		switch op {
		case parser.SUM:
			if sum, c := twoSum(v, s.value, s.c); c-c == 0 {
				s.value, s.c = sum, c
				continue
			}
			s.value, s.c = kahansum.Inc(v, s.value, s.c) // which knows sums that are not finite
		case parser.AVG:
			s.average(v)
		case parser.MAX:
			if s.value < v || math.IsNaN(s.value) {
				s.value = v
			}
		case parser.MIN:
			if s.value > v || math.IsNaN(s.value) {
				s.value = v
			}
		case parser.COUNT:
			s.count++
		case parser.STDVAR, parser.STDDEV:
			s.count++
			delta := v - s.mean
			s.mean += delta / s.count
			s.value += delta * (v - s.mean)
		}
	}
}

func (s *state) average(v float64) {
	s.count++
	if !s.incremental {
		sum, c := twoSum(v, s.value, s.c)
		if c-c != 0 {
			sum, c = kahansum.Inc(v, s.value, s.c)
		}
		if !math.IsInf(sum, 0) {
			s.value, s.c = sum, c
			return
		}
		s.incremental = true
		s.mean = s.value / (s.count - 1)
		s.c /= s.count - 1
	}
	q := (s.count - 1) / s.count
	s.mean, s.c = kahansum.Inc(v/s.count, q*s.mean, q*s.c)
}

// result is what a state comes to; nothing where no series has a value.
func (s *state) result(op parser.ItemType) float64 {
	switch {
	case s.count == 0:
		return nothing
	case op == parser.SUM:
		return s.value + s.c
	case op == parser.AVG && s.incremental:
		return s.mean + s.c
	case op == parser.AVG:
		return s.value/s.count + s.c/s.count
	case op == parser.COUNT:
		return s.count
	case op == parser.STDVAR:
		return s.value / s.count
	case op == parser.STDDEV:
		return math.Sqrt(s.value / s.count)
	}
	return s.value
}

// groups gives each series the number of its group, and the groups their labels.
func (e *evaluation) groups() (of []int, names []labels.Labels) {
	of = make([]int, len(e.names))
	known := map[uint64]int{}
	var text []byte
	builder := labels.NewBuilder(labels.EmptyLabels())
	for i, set := range e.names {
		var key uint64
		switch {
		case e.over.Without:
			key, text = set.HashWithoutLabels(text, e.grouping...)
		case len(e.grouping) > 0:
			key, text = set.HashForLabels(text, e.grouping...)
		}
		at, there := known[key]
		if !there {
			at = len(names)
			known[key] = at
			names = append(names, e.groupName(builder, set))
		}
		of[i] = at
	}
	return of, names
}

func (e *evaluation) groupName(b *labels.Builder, set labels.Labels) labels.Labels {
	b.Reset(set)
	switch {
	case e.over.Without:
		return b.Del(e.grouping...).Del(nameLabel).Labels()
	case len(e.grouping) > 0:
		return b.Keep(e.grouping...).Labels()
	}
	return labels.EmptyLabels()
}

// stateBytes is what a state takes, and a result beside it.
const stateBytes = 48

// aggregate evaluates the series and adds them up as they come. Workers share the steps, not the series, so that at each step the series
// are added in their order, as the engine adds them.
func (e *evaluation) aggregate(ctx context.Context) ([]series, error) {
	of, names := e.groups()
	steps, rows := len(e.times), int64(0)
	longest := max(stretchSteps, stretchBytes/(stateBytes*max(1, len(names))))
	stretches := (steps + longest - 1) / longest
	if stretches == 1 && steps >= 2*e.q.engine.options.Workers {
		stretches = e.q.engine.options.Workers
	}
	length := (steps + stretches - 1) / stretches
	workers := min(stretches, e.q.engine.options.Workers)
	for i := range e.list {
		rows += e.list[i].rows()
	}
	rows = max(rows, int64(steps)*int64(len(e.names)))
	need := 8*int64(steps)*int64(len(names)) + stateBytes*int64(length)*int64(len(names))*int64(workers)
	if err := e.q.pool.Grow(need); err != nil {
		return nil, err
	}
	all := e.q.floats(steps * len(names))
	err := e.q.eachOf(ctx, stretches, 1, rows, func(k int) {
		from := k * length
		to := min(from+length, steps)
		if from >= to {
			return
		}
		e.stretch(ctx, of, len(names), from, to, all)
	})
	if err != nil {
		return nil, err
	}
	// Groups are in the order of their first series that has a value.
	var out []series
	done := make([]bool, len(names))
	for i := range e.names {
		if g := of[i]; !done[g] && e.filled[i].Load() {
			done[g] = true
			out = append(out, series{labels: names[g], samples: samples{times: e.times, values: all[g*steps : (g+1)*steps : (g+1)*steps]}})
		}
	}
	return out, nil
}

// stretch does the steps from one to another, of all series. A context that ends leaves it undone; eachOf says so.
func (e *evaluation) stretch(ctx context.Context, of []int, groups, from, to int, all []float64) {
	length, steps := to-from, len(e.times)
	states := make([]state, groups*length)
	values := make([]float64, length)
	var f windower
	if e.inner == nil {
		f = e.evaluator()
	}
	g := grid{start: e.at(from), end: e.at(to - 1), step: e.step}
	for i := range e.names {
		if i%64 == 0 && ctx.Err() != nil {
			return
		}
		if f != nil {
			f(&e.list[i], g, values)
		} else {
			values = e.values[i].values[from:to]
		}
		e.note(i, values)
		fold(e.over.Op, states[of[i]*length:][:length], values)
	}
	for k := range groups {
		for i := range length {
			all[k*steps+from+i] = states[k*length+i].result(e.over.Op)
		}
	}
}
