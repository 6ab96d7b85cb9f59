package promql

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/automatanexus/aegis-db/column/mem"
)

// A query that is a shape as a whole needs nothing of Prometheus' engine but its parser. It is evaluated here to its end, and where its samples
// would take much memory stretch after stretch of its steps: each stretch is read, evaluated and forgotten before the next one.

// direct is a query that is one shape.
type direct struct {
	engine  *Engine
	data    queryable
	shape   *shape
	instant bool
	points  []promql.FPoint // of the result
}

// directly gives the query that a statement is as a whole; nil = it is not one shape.
func (e *Engine) directly(s *parser.EvalStmt, data queryable) *direct {
	v, ok := unwrapped(s.Expr).(*parser.VectorSelector)
	if !ok || len(v.LabelMatchers) != 1 {
		return nil
	}
	root := data.shapes[v.LabelMatchers[0]]
	if root == nil {
		return nil
	}
	return &direct{engine: e, data: data, shape: root, instant: s.Interval == 0}
}

func unwrapped(e parser.Expr) parser.Expr {
	for {
		p, ok := e.(*parser.ParenExpr)
		if !ok {
			return e
		}
		e = p.Expr
	}
}

// run answers the query.
func (d *direct) run(ctx context.Context) *promql.Result {
	ctx, cancel := context.WithTimeout(ctx, d.engine.options.Timeout)
	defer cancel()
	if err := (tracker{d.engine}).wait(ctx); err != nil {
		return &promql.Result{Err: err}
	}
	defer func() { <-d.engine.running }()
	value, infos, err := d.evaluate(ctx)
	if err != nil {
		return &promql.Result{Err: queryError(ctx, err), Warnings: infos}
	}
	return &promql.Result{Value: value, Warnings: infos}
}

func (d *direct) evaluate(ctx context.Context) (parser.Value, annotations.Annotations, error) {
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	opened, err := d.data.Querier(0, 0)
	if err != nil {
		return nil, nil, err
	}
	q := opened.(*querier)
	defer q.Close()
	list, infos, err := d.whole(ctx, q)
	if err != nil {
		return nil, infos, err
	}
	value, err := d.result(q, list)
	return value, infos, err
}

// whole evaluates all steps: at once if that may be, else in as many stretches as keep what is read at a time within bounds.
func (d *direct) whole(ctx context.Context, q *querier) ([]series, annotations.Annotations, error) {
	p := q.within(d.shape)
	p.divisible = d.shape.steps() > 1
	set, err := p.evaluate(ctx, d.shape)
	var large *tooLarge
	if errors.As(err, &large) {
		p.release()
		return d.inStretches(ctx, q, large.stretches)
	}
	q.also = p
	return set.list, set.warnings, err
}

// within is a querier that reads the same for a shape, on an account of its own.
func (q *querier) within(s *shape) *querier {
	return &querier{engine: q.engine, snapshot: q.snapshot, leaves: newLeaves([]*shape{s}), pool: mem.NewPool("samples of a PromQL query", 0, q.pool)}
}

// tooLarge says that a query is to be evaluated in so many stretches.
type tooLarge struct{ stretches int }

func (*tooLarge) Error() string { return "the query has to be evaluated in stretches" }

// inStretches evaluates some steps at a time. Series are those of any stretch.
func (d *direct) inStretches(ctx context.Context, q *querier, stretches int) ([]series, annotations.Annotations, error) {
	out := &gathered{q: q, times: d.shape.all(), known: map[string]int{}}
	steps := len(out.times)
	length := max(1, steps/stretches)
	for from := 0; from < steps; from += length {
		to := min(steps, from+length)
		part := d.shape.during(grid{d.shape.at(from), d.shape.at(to - 1), d.shape.step})
		p := q.within(part)
		set, err := p.evaluate(ctx, part)
		out.infos.Merge(set.warnings)
		if err == nil {
			err = out.add(set.list, from, to)
		}
		p.release()
		if err != nil {
			return nil, out.infos, err
		}
	}
	return out.list, out.infos, nil
}

// gathered is the series of several stretches.
type gathered struct {
	q     *querier
	times []int64
	list  []series
	known map[string]int // places in list by labels
	infos annotations.Annotations
	text  []byte
}

// add adds the series of the steps from one to another.
func (g *gathered) add(list []series, from, to int) error {
	for i := range list {
		g.text = list[i].labels.Bytes(g.text[:0])
		at, there := g.known[string(g.text)]
		if !there {
			if err := g.q.pool.Grow(8*int64(len(g.times)) + int64(len(g.text)) + seriesBytes); err != nil {
				return err
			}
			at = len(g.list)
			g.known[string(g.text)] = at
			values := g.q.floats(len(g.times))
			for k := range values {
				values[k] = nothing
			}
			g.list = append(g.list, series{labels: list[i].labels, samples: samples{times: g.times, values: values}})
		}
		copy(g.list[at].values[from:to], list[i].values)
	}
	return nil
}

// during is the shape at other steps.
func (s *shape) during(g grid) *shape {
	out := *s
	out.grid = g
	for _, part := range []**shape{&out.left, &out.right, &out.inner} {
		if *part != nil {
			*part = (*part).during(g)
		}
	}
	if out.sub != nil {
		out.sub = out.sub.during(below(out.subquery, g))
	}
	return &out
}

// result makes of series what Prometheus' engine gives.
func (d *direct) result(q *querier, list []series) (parser.Value, error) {
	total := 0
	for i := range list {
		for _, v := range list[i].values {
			if !isNothing(v) {
				total++
			}
		}
	}
	if total > d.engine.options.Samples {
		return nil, promql.ErrTooManySamples("query execution")
	}
	if err := q.pool.Grow(resultBytes * int64(total)); err != nil {
		return nil, err
	}
	if d.instant {
		out := make(promql.Vector, 0, total)
		for i := range list {
			if v := list[i].values[0]; !isNothing(v) {
				out = append(out, promql.Sample{Metric: list[i].labels, T: d.shape.start, F: v})
			}
		}
		return out, nil
	}
	d.points = takePoints(total)
	at := 0
	out := make(promql.Matrix, 0, len(list))
	for i := range list {
		first := at
		for k, v := range list[i].values {
			if !isNothing(v) {
				d.points[at] = promql.FPoint{T: list[i].times[k], F: v}
				at++
			}
		}
		if at > first {
			out = append(out, promql.Series{Metric: list[i].labels, Floats: d.points[first:at:at]})
		}
	}
	slices.SortStableFunc(out, func(a, b promql.Series) int { return labels.Compare(a.Metric, b.Metric) })
	return out, nil
}

// close gives the result's points back.
func (d *direct) close() {
	if d.points != nil {
		freePoints.Put(&d.points)
		d.points = nil
	}
}

var freePoints, freeFloats sync.Pool

// takePoints gives room for a result, as it may have been left by another.
func takePoints(n int) []promql.FPoint {
	if old, _ := freePoints.Get().(*[]promql.FPoint); old != nil && cap(*old) >= n {
		return (*old)[:n]
	}
	return make([]promql.FPoint, n)
}

// floats gives room for values, as it may have been left by another. It is the querier's until that is closed.
func (q *querier) floats(n int) []float64 {
	var list []float64
	if old, _ := freeFloats.Get().(*[]float64); old != nil && cap(*old) >= n {
		list = (*old)[:n]
	} else {
		list = make([]float64, n)
	}
	q.mu.Lock()
	q.lent = append(q.lent, list)
	q.mu.Unlock()
	return list
}

// release ends a querier but for its snapshot.
func (q *querier) release() {
	if q.also != nil {
		q.also.release()
	}
	for i := range q.lent {
		freeFloats.Put(&q.lent[i])
	}
	q.lent = nil
	q.pool.Close()
}
