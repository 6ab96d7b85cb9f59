package promql

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/schema"
	"github.com/prometheus/prometheus/util/annotations"
)

// errAsWritten says that the engine has to evaluate a query as it is written: its shapes cannot answer it.
var errAsWritten = errors.New("the query has to be evaluated as it is written")

// stretchSteps is how many steps of a grid one worker takes at a time at least: enough that finding the first window costs little. It takes more where the
// states of its aggregations take less than stretchBytes, so that they stay in the cache.
const (
	stretchSteps = 128
	stretchBytes = 256 << 10
)

// evaluation is a shape at work.
type evaluation struct {
	*shape
	q     *querier
	times []int64 // of the grid
	infos annotations.Annotations
	// What is aggregated, or is the result: samples of a selector, or values that are there already.
	list   []track
	values []series
	// names are those that the series of the result have, or would have without the aggregation.
	names  []labels.Labels
	filled []atomic.Bool // which of them have a value
}

// evaluate gives the series of a shape, with a value for each step: a stale marker where there is none.
func (q *querier) evaluate(ctx context.Context, s *shape) (*seriesSet, error) {
	if err := q.pool.Grow(8 * int64(s.steps())); err != nil {
		return &seriesSet{}, err
	}
	e := &evaluation{shape: s, q: q, times: s.all()}
	list, err := e.run(ctx)
	return &seriesSet{at: -1, list: list, warnings: e.infos}, err
}

// part evaluates a shape that is part of this one.
func (e *evaluation) part(ctx context.Context, s *shape) ([]series, error) {
	p := &evaluation{shape: s, q: e.q, times: e.times}
	if s.grid != e.grid {
		if s.end < s.start {
			return nil, nil // of a subquery without a step in it
		}
		if err := e.q.pool.Grow(8 * int64(s.steps())); err != nil {
			return nil, err
		}
		p.times = s.all()
	}
	list, err := p.run(ctx)
	e.infos.Merge(p.infos)
	return list, err
}

func (e *evaluation) run(ctx context.Context) (out []series, err error) {
	switch {
	case e.binary != nil && e.binary.Op.IsSetOperator():
		return e.combine(ctx)
	case e.binary != nil:
		return e.operate(ctx)
	case e.relabel != nil:
		return e.rename(ctx)
	case e.function != nil:
		return e.compute(ctx)
	case e.histogram:
		return e.histograms(ctx)
	case e.inner != nil:
		if e.values, err = e.part(ctx, e.inner); err != nil {
			return nil, err
		}
		e.names = make([]labels.Labels, len(e.values))
		for i := range e.values {
			e.names[i] = e.values[i].labels
		}
	default:
		if e.sub != nil {
			e.list, err = e.subTracks(ctx)
		} else {
			e.list, err = e.q.tracksOf(ctx, e.shape)
		}
		if err != nil {
			return nil, err
		}
		if err := e.name(); err != nil {
			return nil, err
		}
	}
	e.filled = make([]atomic.Bool, len(e.names))
	if e.over != nil && !aggregates[e.over.Op] {
		return e.pick(ctx)
	}
	if e.over != nil {
		out, err = e.aggregate(ctx)
	} else {
		out, err = e.each(ctx)
	}
	e.inform()
	return out, err
}

// name gives the results their names. Two of the same name are an error, which the engine words.
func (e *evaluation) name() error {
	e.names = make([]labels.Labels, len(e.list))
	if e.keepsName() {
		for i := range e.list {
			e.names[i] = e.list[i].labels
		}
		return nil
	}
	if e.namedByGroups() {
		for i := range e.list {
			e.names[i] = e.list[i].labels
		}
		return nil
	}
	same, first := true, ""
	for i := range e.list {
		set := e.list[i].labels
		name := set.Get(nameLabel)
		if i == 0 {
			first = name
		}
		e.names[i] = set.DropReserved(schema.IsMetadataLabel)
		same = same && name == first && e.names[i].Len() == set.Len()-1
	}
	if same {
		return nil // and they differ in something else
	}
	seen := newNames(len(e.names))
	for _, set := range e.names {
		if !seen.add(set) {
			return errAsWritten
		}
	}
	return nil
}

// namedByGroups says that no name is needed but those of groups by labels that every series keeps, and that no two series are of the same name.
func (e *evaluation) namedByGroups() bool {
	if e.over == nil || !aggregates[e.over.Op] || e.over.Without || slices.ContainsFunc(e.grouping, schema.IsMetadataLabel) || len(e.list) == 0 {
		return false
	}
	name := e.list[0].labels.Get(nameLabel)
	for i := range e.list {
		same := true
		e.list[i].labels.Range(func(l labels.Label) {
			if schema.IsMetadataLabel(l.Name) {
				same = same && l.Name == nameLabel && l.Value == name
			}
		})
		if !same || name == "" {
			return false
		}
	}
	return true
}

// inform says of rates of what is no counter by its name that it may be none.
func (e *evaluation) inform() {
	if e.call == nil || e.call.Func.Name != "rate" && e.call.Func.Name != "increase" {
		return
	}
	last := ""
	for i := range e.list {
		name := e.list[i].labels.Get(nameLabel)
		if name == last || !e.filled[i].Load() {
			continue
		}
		last = name
		counter := false
		for _, ending := range []string{"_total", "_sum", "_count", "_bucket"} {
			counter = counter || strings.HasSuffix(name, ending)
		}
		if !counter && name != "" {
			e.infos.Add(annotations.NewPossibleNonCounterInfo(name, e.call.Args[0].PositionRange()))
		}
	}
}

// each evaluates each series by itself.
func (e *evaluation) each(ctx context.Context) ([]series, error) {
	steps := len(e.times)
	if err := e.q.pool.Grow(8 * int64(steps) * int64(len(e.list))); err != nil {
		return nil, err
	}
	all := e.q.floats(steps * len(e.list))
	out := make([]series, len(e.list))
	workers := sync.Pool{New: func() any { return e.evaluator() }}
	err := e.q.each(ctx, len(e.list), int64(len(all)), func(i int) {
		values := all[i*steps : (i+1)*steps : (i+1)*steps]
		f := workers.Get().(windower)
		f(&e.list[i], e.grid, values)
		workers.Put(f)
		e.note(i, values)
		out[i] = series{labels: e.names[i], samples: samples{times: e.times, values: values}}
	})
	return out, err
}

// note remembers of a series whether it has a value.
func (e *evaluation) note(i int, values []float64) {
	if e.filled[i].Load() {
		return
	}
	for _, v := range values {
		if !isNothing(v) {
			e.filled[i].Store(true)
			return
		}
	}
}

// subTracks evaluates what is in a subquery: its values at its steps are the samples of a function's windows.
func (e *evaluation) subTracks(ctx context.Context) ([]track, error) {
	list, err := e.part(ctx, e.sub)
	if err != nil {
		return nil, err
	}
	out := make([]track, 0, len(list))
	for i := range list {
		one := withoutMarkers(list[i].samples)
		if len(one.times) == 0 {
			continue
		}
		if len(one.times) < len(list[i].times) {
			if err := e.q.pool.Grow(resultBytes * int64(len(one.times))); err != nil {
				return nil, err
			}
		}
		t := track{labels: list[i].labels, clock: clock{perMilli: 1}}
		t.add(one)
		out = append(out, t)
	}
	return out, nil
}
