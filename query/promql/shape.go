package promql

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Prometheus' engine asks each series for each step by itself. What most queries spend their time on is of a few shapes: functions over the
// windows of selectors and subqueries, operations between them, functions of their values, and aggregations over all that. These are evaluated here, over
// flat slices, by all cores; in the tree of the query a selector takes their place whose series are the values at the steps, and the engine does the rest,
// if there is any (direct.go). So what is above them is Prometheus' own, and they must give bit for bit what its engine gives.

// grid is the steps at which an expression is evaluated: start, start+step, … up to end.
type grid struct{ start, end, step millis }

func (g grid) steps() int { return int((g.end-g.start)/g.step) + 1 }

func (g grid) at(i int) millis { return g.start + millis(i)*g.step }

// all are the times of the steps.
func (g grid) all() []int64 {
	out := make([]int64, g.steps())
	for i := range out {
		out[i] = g.at(i)
	}
	return out
}

// shape is an expression that is evaluated here.
type shape struct {
	grid
	expr     parser.Expr
	selector *parser.VectorSelector
	offset   millis
	// window is the length of the ranges of a function over them; 0 = none, the present value of each series, no older than lookback.
	window, lookback millis
	seconds          float64      // of the window
	call             *parser.Call // nil without a function
	// An aggregation over it, or over another shape; nil = none.
	over     *parser.AggregateExpr
	grouping []string // sorted
	inner    *shape
	// An operation; nil = none. One side of it may be a number.
	binary      *parser.BinaryExpr
	left, right *shape
	number      float64
	// What is done to the series of inner, if it is no aggregation.
	relabel   *relabel
	function  func(v float64) float64
	histogram bool
	// parameter is that of an aggregation that picks, and of quantiles.
	parameter float64
	// A subquery in the place of a selector, and what is in it; nil = none.
	subquery *parser.SubqueryExpr
	sub      *shape
}

// times is the range of time whose samples are read.
func (s *shape) times() timeRange {
	return timeRange{s.start - s.offset - s.back() + 1, s.end - s.offset}
}

// back is how old samples may be that count at a step.
func (s *shape) back() millis {
	if s.call == nil {
		return s.lookback
	}
	return s.window
}

// shapes are those of one query, by the matcher that stands for each in the tree.
type shapes map[*labels.Matcher]*shape

// find looks for shapes in the expression of a statement and puts selectors in their places.
func (e *Engine) find(s *parser.EvalStmt, into shapes) {
	f := &finder{engine: e, lookback: durationMillis(s.LookbackDelta), found: into}
	g := grid{s.Start.UnixMilli(), s.End.UnixMilli(), durationMillis(s.Interval)}
	if g.step <= 0 {
		g.step = 1 // one step
	}
	if g.end < g.start {
		return
	}
	if v, bare := unwrapped(s.Expr).(*parser.VectorSelector); bare {
		if one := f.operand(v, g); one != nil && one.near() {
			s.Expr = f.stand(one)
		}
		return
	}
	s.Expr = f.replace(s.Expr, g)
}

func durationMillis(d time.Duration) millis { return int64(d / time.Millisecond) }

type finder struct {
	engine   *Engine
	lookback millis
	found    shapes
}

// throughout are the functions that see of their argument nothing but its values. absent, for one, reads its selector, and timestamp
// treats one in its own way.
var throughout = map[string]bool{
	"abs": true, "ceil": true, "floor": true, "exp": true, "sqrt": true, "ln": true, "log2": true, "log10": true, "round": true, "sgn": true, "clamp": true,
	"clamp_min": true, "clamp_max": true, "histogram_quantile": true, "histogram_fraction": true, "label_replace": true, "label_join": true, "scalar": true,
	"sort": true, "sort_desc": true, "sort_by_label": true, "sort_by_label_desc": true, "deg": true, "rad": true,
}

// replace gives the expression with selectors in the places of its shapes.
func (f *finder) replace(e parser.Expr, g grid) parser.Expr {
	if s := f.shape(e, g); s != nil {
		return f.stand(s)
	}
	switch n := e.(type) {
	case *parser.ParenExpr:
		n.Expr = f.replace(n.Expr, g)
	case *parser.UnaryExpr:
		n.Expr = f.replace(n.Expr, g)
	case *parser.BinaryExpr:
		n.LHS, n.RHS = f.replace(n.LHS, g), f.replace(n.RHS, g)
	case *parser.AggregateExpr:
		n.Expr = f.replace(n.Expr, g)
	case *parser.SubqueryExpr:
		if n.Timestamp == nil {
			n.Expr = f.replace(n.Expr, below(n, g))
		}
	case *parser.Call:
		for i, arg := range n.Args {
			_, inner := arg.(*parser.SubqueryExpr)
			if inner && n.Func.Name != "absent_over_time" || throughout[n.Func.Name] {
				n.Args[i] = f.replace(arg, g)
			}
		}
	}
	return e
}

// below is the grid of what is in a subquery, as Prometheus' engine makes it.
func below(n *parser.SubqueryExpr, g grid) grid {
	offset, length := durationMillis(n.OriginalOffset), durationMillis(n.Range)
	out := grid{step: durationMillis(n.Step), end: g.at(g.steps()-1) - offset}
	if out.step == 0 {
		out.step = noStep(length)
	}
	first := g.start - offset - length
	out.start = out.step * (first / out.step)
	if out.start <= first {
		out.start += out.step
	}
	return out
}

// shape recognizes an expression that can be evaluated here; nil = it cannot, or the engine does it as well: a selector by itself is one.
func (f *finder) shape(e parser.Expr, g grid) *shape {
	if _, bare := e.(*parser.VectorSelector); bare || g.end < g.start {
		return nil
	}
	if s := f.operand(e, g); s != nil && s.near() {
		return s
	}
	return nil
}

// near says that times can be counted in nanoseconds without leaving the range of integers.
func (s *shape) near() bool {
	const most = 1 << 42
	for _, t := range []millis{s.start, s.end, s.offset, s.window, s.lookback, s.start - s.offset - s.window - s.lookback, s.end - s.offset} {
		if t <= -most || t >= most {
			return false
		}
	}
	for _, part := range s.parts() {
		if !part.near() {
			return false
		}
	}
	return true
}

// parts are the shapes that a shape is made of.
func (s *shape) parts() (list []*shape) {
	for _, part := range []*shape{s.left, s.right, s.inner, s.sub} {
		if part != nil {
			list = append(list, part)
		}
	}
	return list
}

// operand recognizes what may be part of a shape.
func (f *finder) operand(e parser.Expr, g grid) *shape {
	s := &shape{grid: g, expr: e, lookback: f.lookback}
	switch n := e.(type) {
	case *parser.ParenExpr:
		return f.operand(n.Expr, g)
	case *parser.VectorSelector:
		if !plain(n) {
			return nil
		}
		s.selector, s.offset = n, durationMillis(n.OriginalOffset)
		return s
	case *parser.StepInvariantExpr:
		return nil
	case *parser.UnaryExpr:
		if s.inner = f.operand(n.Expr, g); s.inner == nil || n.Op != parser.SUB {
			return nil
		}
		s.function = func(v float64) float64 { return -v }
		return s
	case *parser.Call:
		if f.windows(s, n) {
			s.call = n
			return s
		}
		return f.applied(n, g)
	case *parser.AggregateExpr:
		parameter, pick := picks(n)
		if !pick && (!aggregates[n.Op] || n.Param != nil) {
			return nil
		}
		inner := f.operand(n.Expr, g)
		if inner == nil {
			return nil
		}
		if s.parameter = parameter; pick {
			s.inner = inner
		} else if inner.selector != nil && inner.over == nil {
			*s = *inner // its samples are added up as they come
			s.expr = e
		} else {
			s.inner = inner
		}
		s.over, s.grouping = n, slices.Sorted(slices.Values(n.Grouping))
		return s
	case *parser.BinaryExpr:
		if !f.operation(s, n) {
			return nil
		}
		return s
	}
	return nil
}

// applied recognizes a call that does something to each series of a shape by itself.
func (f *finder) applied(n *parser.Call, g grid) *shape {
	s := &shape{grid: g, expr: n, lookback: f.lookback}
	if q, ok := quantileOfBuckets(n); ok {
		if s.inner = f.operand(n.Args[1], g); s.inner == nil {
			return nil
		}
		s.parameter, s.histogram = q, true
		return s
	}
	switch n.Func.Name {
	case "label_replace", "label_join":
		s.relabel = relabelled(n)
	default:
		s.function = function(n)
	}
	if s.relabel == nil && s.function == nil {
		return nil
	}
	if s.inner = f.operand(n.Args[0], g); s.inner == nil {
		return nil
	}
	return s
}

// windows says whether a call is a function over the windows of a selector, its other arguments being numbers.
func (f *finder) windows(s *shape, n *parser.Call) bool {
	if seesStarts, known := overWindows[n.Func.Name]; !known || seesStarts && f.engine.options.StartTimestamps {
		return false
	}
	for _, arg := range n.Args {
		switch a := arg.(type) {
		case *parser.MatrixSelector:
			s.selector = a.VectorSelector.(*parser.VectorSelector)
			s.window, s.seconds, s.offset = durationMillis(a.Range), a.Range.Seconds(), durationMillis(s.selector.OriginalOffset)
		case *parser.SubqueryExpr:
			inside := below(a, s.grid)
			if a.Timestamp != nil || a.StartOrEnd != 0 || inside.end < inside.start {
				return false
			}
			if s.sub = f.operand(a.Expr, inside); s.sub == nil {
				return false
			}
			s.subquery = a
			s.window, s.seconds, s.offset = durationMillis(a.Range), a.Range.Seconds(), durationMillis(a.OriginalOffset)
		case *parser.NumberLiteral:
			if n.Func.Name == "quantile_over_time" && !(a.Val >= 0 && a.Val <= 1) {
				return false // there is a warning to be given
			}
		default:
			return false
		}
	}
	return s.window > 0 && (s.sub != nil || s.selector != nil && plain(s.selector))
}

// plain says that a selector has nothing but matchers and an offset.
func plain(v *parser.VectorSelector) bool {
	return v.Timestamp == nil && v.StartOrEnd == 0 && !v.Anchored && !v.Smoothed
}

// stand makes the selector that stands for a shape.
func (f *finder) stand(s *shape) parser.Expr {
	m := labels.MustNewMatcher(labels.MatchEqual, nameLabel, "evaluated")
	f.found[m] = s
	return &parser.VectorSelector{LabelMatchers: []*labels.Matcher{m}, PosRange: s.expr.PositionRange()}
}

// aggregates are the aggregations that are evaluated here.
var aggregates = map[parser.ItemType]bool{
	parser.SUM: true, parser.AVG: true, parser.MIN: true, parser.MAX: true, parser.COUNT: true, parser.GROUP: true, parser.STDDEV: true, parser.STDVAR: true,
}

// overWindows are the functions over ranges that are evaluated here, all of which see the samples of a window and nothing else. Those that are
// true see when counters began as well, if that is asked for, and are left to the engine then.
var overWindows = map[string]bool{
	"rate": true, "increase": true, "irate": true, "resets": true,
	"delta": false, "idelta": false, "deriv": false, "predict_linear": false, "changes": false,
	"avg_over_time": false, "sum_over_time": false, "count_over_time": false, "min_over_time": false, "max_over_time": false, "last_over_time": false,
	"present_over_time": false, "stddev_over_time": false, "stdvar_over_time": false, "quantile_over_time": false,
}

// keepsName says that a function leaves series their names.
func (s *shape) keepsName() bool { return s.call == nil || s.call.Func.Name == "last_over_time" }
