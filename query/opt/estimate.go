package opt

import (
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// Where nothing is known of a condition it is taken to leave these shares of the rows: guesses that only have to put plans in order.
const (
	keptByEquality = 0.1
	keptByRange    = 0.3
	keptByPattern  = 0.1
	groupedRows    = 0.1 // rows of an aggregate, for each of its input
	seriesRows     = 100 // of a function that gives rows
)

// profile is what is expected of a plan's output.
type profile struct {
	rows     float64
	distinct []float64 // different values of each column; 0 = not known
	// sample has some of the rows, columns that nobody looked at excepted (nil); nil = there is none.
	sample *sample
}

type sample struct {
	columns []*column.Vector
	rows    int
}

// values is how many different values column c has among the rows.
func (p *profile) values(c int) float64 {
	d := p.distinct[c]
	if d <= 0 {
		d = p.rows // as if it were a key: joins are then expected to be small, not to explode
	}
	return max(1, min(d, p.rows))
}

// estimator makes profiles and remembers them: nodes are immutable.
type estimator struct {
	c     *context
	known map[plan.Node]*profile
}

func newEstimator(c *context) *estimator {
	return &estimator{c: c, known: map[plan.Node]*profile{}}
}

// Expected gives, for EXPLAIN, how many rows each node of a plan is expected to give.
func Expected(ctx *expr.Context) func(plan.Node) float64 {
	return newEstimator(&context{expr: ctx}).rows
}

// rows is how many rows a plan is expected to give.
func (s *estimator) rows(n plan.Node) float64 { return s.of(n).rows }

func (s *estimator) of(n plan.Node) *profile {
	p := s.known[n]
	if p == nil {
		p = s.make(n)
		if p.distinct == nil {
			p.distinct = make([]float64, len(n.Columns()))
		}
		p.rows = max(p.rows, 0)
		s.known[n] = p
	}
	return p
}

func (s *estimator) make(n plan.Node) *profile {
	switch n := n.(type) {
	case *plan.Scan:
		return s.scan(n)
	case *plan.Work:
		return &profile{rows: seriesRows}
	case *plan.Given:
		return given(n)
	case *plan.Recursive:
		return &profile{rows: 10 * s.rows(n.Base)}
	case *plan.Shared:
		in := *s.of(n.Input)
		return &in
	case *plan.Values:
		return &profile{rows: float64(len(n.Rows))}
	case *plan.Expand:
		out := s.other(n)
		out.rows *= seriesRows
		return out
	case *plan.Filter:
		return s.filter(s.of(n.Input), n.Cond)
	case *plan.Project:
		return s.project(n)
	case *plan.Aggregate:
		return s.aggregate(n)
	case *plan.Limit:
		in := *s.of(n.Input)
		if n.Count >= 0 && len(n.By) == 0 {
			in.rows = min(in.rows, float64(n.Count))
		}
		return &in
	case *plan.Sort:
		in := *s.of(n.Input)
		if n.Limit > 0 {
			in.rows = min(in.rows, float64(n.Limit))
		}
		return &in
	case *plan.GroupingSets:
		out := s.other(n)
		out.rows *= float64(len(n.Sets))
		return out
	case *plan.Union:
		sum := &profile{}
		for _, in := range n.Ins {
			sum.rows += s.rows(in)
		}
		return sum
	case *plan.Join:
		return s.join(n)
	case *plan.Apply:
		out := s.other(n)
		if n.Kind < plan.SemiJoin {
			out.rows *= max(s.rows(n.Right), 1)
		}
		return out
	}
	return s.other(n)
}

func given(n *plan.Given) *profile {
	if n.Rows > 0 {
		return &profile{rows: float64(n.Rows)}
	}
	return &profile{rows: seriesRows}
}

// other takes a node to give about as many rows as its input, which its first columns are.
func (s *estimator) other(n plan.Node) *profile {
	inputs := n.Inputs()
	if len(inputs) == 0 {
		return &profile{rows: seriesRows}
	}
	in := s.of(inputs[0])
	out := &profile{rows: in.rows, distinct: make([]float64, len(n.Columns()))}
	copy(out.distinct, in.distinct)
	return out
}

// scan looks at a sample of the relation, if it has one, for everything that was pushed into the scan.
func (s *estimator) scan(n *plan.Scan) *profile {
	rows := float64(n.Relation.Rows())
	out := &profile{rows: rows, distinct: make([]float64, len(n.Project))}
	all := n.Relation.Columns()
	taken := s.sample(n)
	if taken != nil {
		out.rows = float64(max(taken.Rows, n.Relation.Rows()))
		out.sample = &sample{columns: make([]*column.Vector, len(n.Project)), rows: taken.Len}
		for i, c := range n.Project {
			if all[c].Address == plan.NoAddress {
				out.sample.columns[i], out.distinct[i] = taken.Columns[c].Values, taken.Columns[c].Distinct
			}
		}
	}
	kept := 1.0
	for _, cond := range n.Series {
		share := keptByEquality
		if taken != nil {
			share = s.share(&sample{[]*column.Vector{taken.Columns[cond.Column].Values}, taken.Len}, cond.Cond)
		}
		kept *= share
	}
	if n.Time != scan.AllTime {
		share := keptByRange
		if taken != nil {
			for c := range all {
				if all[c].Time {
					share = sharedTime(taken.Columns[c].Values, n.Time)
				}
			}
		}
		kept *= share
	}
	for _, b := range n.Late {
		if b.Exact {
			kept *= keptByRange
		}
	}
	out.thin(kept)
	if n.Limit > 0 {
		out.rows = min(out.rows, float64(n.Limit))
	}
	return out
}

// sample asks a scan's relation for the columns that its output and its conditions are about; nil if it cannot say.
func (s *estimator) sample(n *plan.Scan) *plan.Sample {
	rel, ok := plan.Unaddressed(n.Relation).(plan.Sampled)
	if !ok || s.c.expr.Ctx == nil {
		return nil
	}
	var columns []int
	add := func(c int) {
		for _, have := range columns {
			if have == c {
				return
			}
		}
		columns = append(columns, c)
	}
	all := n.Relation.Columns()
	for _, c := range n.Project {
		if all[c].Address == plan.NoAddress {
			add(c)
		}
	}
	for _, cond := range n.Series {
		add(cond.Column)
	}
	if n.Time != scan.AllTime {
		for c, col := range all {
			if col.Time {
				add(c)
			}
		}
	}
	taken, err := rel.Sample(s.c.expr.Ctx, columns)
	if err != nil || taken.Len == 0 {
		return nil // the query itself will meet what is wrong
	}
	return taken
}

func sharedTime(times *column.Vector, r scan.TimeRange) float64 {
	n := 0
	for i := range times.Len {
		if !times.IsNull(i) && r.Contains(times.Int(i)) {
			n++
		}
	}
	return atLeastHalf(n, times.Len)
}

// atLeastHalf is the share of n in all; of what was not met at all half a row is expected.
func atLeastHalf(n, all int) float64 { return max(float64(n), 0.5) / float64(max(all, 1)) }

// thin leaves a share of the rows. Values that come often are all still there, of those that come once only the share.
func (p *profile) thin(kept float64) {
	if kept >= 1 {
		return
	}
	for i, d := range p.distinct {
		if d > 0 && p.rows > 0 {
			p.distinct[i] = max(1, d*(1-math.Pow(1-kept, p.rows/d)))
		}
	}
	p.rows *= kept
}

// filter evaluates a condition on the sample, if there is one, and on what other columns are known to hold.
func (s *estimator) filter(in *profile, cond expr.Expr) *profile {
	out := &profile{rows: in.rows, distinct: append([]float64(nil), in.distinct...)}
	kept := 1.0
	conds := conjuncts(cond)
	if in.sample != nil {
		var seen, unseen []expr.Expr
		for _, e := range conds {
			if in.sample.has(e) && !expr.Volatile(e) {
				seen = append(seen, e)
			} else {
				unseen = append(unseen, e)
			}
		}
		if len(seen) > 0 {
			kept, out.sample = s.passing(in.sample, conjunction(seen))
		} else {
			out.sample = in.sample
		}
		conds = unseen
	}
	for _, e := range conds {
		kept *= guess(e, in)
	}
	out.thin(kept)
	return out
}

// has reports whether the sample has the columns that an expression reads.
func (s *sample) has(e expr.Expr) bool {
	for _, c := range expr.Columns(e) {
		if c >= len(s.columns) || s.columns[c] == nil {
			return false
		}
	}
	return true
}

// share is the part of a sample that passes a condition.
func (s *estimator) share(from *sample, cond expr.Expr) float64 {
	kept, _ := s.passing(from, cond)
	return kept
}

// passing gives the part of a sample that passes a condition, and those rows. Where it cannot be evaluated, for want of a parameter's
// value or because it fails for a row, that is left to guess.
func (s *estimator) passing(from *sample, cond expr.Expr) (float64, *sample) {
	ctx := expr.Context{Ctx: s.c.expr.Ctx, Now: s.c.expr.Now, Location: s.c.expr.Location, Params: s.c.expr.Params, Settings: s.c.expr.Settings}
	rows, err := expr.EvalBool(&ctx, cond, from.columns, from.rows, nil)
	if err != nil || from.rows == 0 {
		kept := 1.0
		for _, e := range conjuncts(cond) {
			kept *= guess(e, nil)
		}
		return kept, nil
	}
	left := &sample{columns: make([]*column.Vector, len(from.columns)), rows: len(rows)}
	for i, v := range from.columns {
		if v != nil {
			left.columns[i] = column.Gather(v, rows)
		}
	}
	if len(rows) == 0 {
		left = nil // it says nothing any more
	}
	return atLeastHalf(len(rows), from.rows), left
}

// guess is the share that a condition leaves by its form alone.
func guess(e expr.Expr, in *profile) float64 {
	switch e := e.(type) {
	case *expr.Not:
		return 1 - guess(e.Arg, in)
	case *expr.IsNull:
		if e.Negate {
			return 1 - keptByEquality
		}
		return keptByEquality
	case *expr.In:
		return min(1, float64(e.List.Len)*oneOf(e.Arg, in))
	case *expr.Logic:
		kept := 1.0
		for _, a := range e.Args {
			if e.Or {
				kept *= 1 - guess(a, in)
			} else {
				kept *= guess(a, in)
			}
		}
		if e.Or {
			return 1 - kept
		}
		return kept
	case *expr.Call:
		switch e.Fn.Name {
		case "=":
			return min(oneOf(e.Args[0], in), oneOf(e.Args[1], in))
		case "<>":
			return 1 - keptByEquality
		case "~~", "~", "~*", "~~*", "like", "ilike":
			return keptByPattern
		}
	}
	return keptByRange
}

// oneOf is the share of the rows in which an expression has one given value.
func oneOf(e expr.Expr, in *profile) float64 {
	if c, ok := e.(*expr.Column); ok && in != nil && c.Index < len(in.distinct) && in.distinct[c.Index] > 0 {
		return 1 / in.values(c.Index)
	}
	return keptByEquality
}

func (s *estimator) project(n *plan.Project) *profile {
	in := s.of(n.Input)
	out := &profile{rows: in.rows, distinct: make([]float64, len(n.Exprs))}
	if in.sample != nil {
		out.sample = &sample{columns: make([]*column.Vector, len(n.Exprs)), rows: in.sample.rows}
	}
	for i, e := range n.Exprs {
		c, ok := e.(*expr.Column)
		if !ok {
			continue
		}
		out.distinct[i] = in.distinct[c.Index]
		if out.sample != nil {
			out.sample.columns[i] = in.sample.columns[c.Index]
		}
	}
	return out
}

func (s *estimator) aggregate(n *plan.Aggregate) *profile {
	in := s.of(n.Input)
	out := &profile{rows: 1, distinct: make([]float64, len(n.Columns()))}
	for i, k := range n.Keys {
		d := max(1, groupedRows*in.rows)
		if c, ok := k.(*expr.Column); ok && in.distinct[c.Index] > 0 {
			d = in.values(c.Index)
		}
		out.distinct[i] = d
		out.rows *= d
	}
	if len(n.Keys) > 0 {
		out.rows = min(out.rows, max(1, in.rows))
	}
	return out
}
