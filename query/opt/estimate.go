package opt

import (
	"math"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/stats"
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
	// described is what is known of columns of stored rows; may be shorter than the columns are. A condition on one column takes its description away.
	described []described
	// sample has some of the rows, columns that nobody looked at excepted (nil); nil = there is none.
	sample *sample
	keys   []tableKey
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
	case *plan.Constants:
		return &profile{rows: float64(n.Rows)}
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
	out := &profile{rows: in.rows, distinct: make([]float64, len(n.Columns())), described: in.described, keys: in.keys}
	copy(out.distinct, in.distinct)
	return out
}

// scan looks at the descriptions of the relation's columns and at a sample of its rows, if it has them, for everything that was pushed into the scan.
func (s *estimator) scan(n *plan.Scan) *profile {
	out := &profile{rows: float64(n.Relation.Rows())}
	columns := s.columnsFor(n)
	place := map[int]int{} // of a relation's column in the profile
	for i, c := range columns {
		place[c] = i
	}
	taken := s.sample(n, columns)
	if taken != nil {
		out.rows = float64(max(taken.Rows, n.Relation.Rows()))
		out.sample = &sample{columns: make([]*column.Vector, len(columns)), rows: taken.Len}
	}
	whole := out.rows
	out.distinct, out.described = make([]float64, len(columns)), make([]described, len(columns))
	for i, c := range columns {
		if taken != nil {
			if v, ok := taken.Columns[c]; ok {
				out.sample.columns[i], out.distinct[i] = v.Values, v.Distinct
			}
		}
		s.describe(n, c, out, i)
	}
	out.keep(s.pushed(n, out, place))
	for _, b := range n.Late {
		if b.Exact {
			out.thin(keptByRange)
		}
	}
	out = out.project(n.Project, place)
	out.keys = tableKeys(n, whole)
	if n.Limit > 0 {
		out.rows = min(out.rows, float64(n.Limit))
	}
	return out
}

// pushed asks about the conditions on series and the range of time that a scan knows of.
func (s *estimator) pushed(n *plan.Scan, p *profile, place map[int]int) []tested {
	var conds []expr.Expr
	for _, cond := range n.Series {
		conds = append(conds, renumber(cond.Cond, []int{place[cond.Column]}))
	}
	out := s.tests(p, conds)
	if n.Time == scan.AllTime {
		return out
	}
	for c, col := range n.Relation.Columns() {
		if col.Time {
			return append(out, timed(p, place[c], col.Type, n.Time))
		}
	}
	return out
}

// timed asks about a range of time.
func timed(p *profile, c int, typ column.Type, r scan.TimeRange) tested {
	t := tested{share: keptByRange, by: -1}
	if p.sample != nil && p.sample.columns[c] != nil {
		t.rows, t.sampled = rowsIn(p.sample.columns[c], r), true
		t.share = atLeastHalf(len(t.rows), p.sample.rows)
	}
	if d := p.describes(c); d != nil {
		at := func(x int64) stats.Range { return stats.Range{Vector: column.NewInts(typ, []int64{x}, nil)} }
		share := d.Between(at(r.Min), at(r.Max))
		if d.stored < 1 && t.sampled {
			share = d.stored*share + (1-d.stored)*t.share
		}
		t.share, t.by = share, c
	}
	return t
}

// describe asks the relation about a column.
func (s *estimator) describe(n *plan.Scan, c int, p *profile, at int) {
	rel, ok := plan.Unaddressed(n.Relation).(plan.Described)
	if !ok || s.c.expr.Ctx == nil || n.Relation.Columns()[c].Address != plan.NoAddress {
		return
	}
	d, err := rel.Statistics(s.c.expr.Ctx, c)
	if err != nil || d == nil || d.Rows == 0 || d.Type != n.Relation.Columns()[c].Type {
		return // the query itself will meet what is wrong
	}
	p.described[at] = described{d, min(1, d.Rows/max(p.rows, 1))}
	if x := d.Distinct(); x > 0 && (p.distinct[at] == 0 || p.described[at].stored > mostlyStored || x > p.distinct[at]) {
		p.distinct[at] = x
	}
}

// mostlyStored is the share of the rows from which on what is stored says more than a sample of all.
const mostlyStored = 0.8

// project gives the columns of a relation that a scan gives.
func (p *profile) project(columns []int, place map[int]int) *profile {
	out := &profile{rows: p.rows, distinct: make([]float64, len(columns)), described: make([]described, len(columns))}
	if p.sample != nil {
		out.sample = &sample{columns: make([]*column.Vector, len(columns)), rows: p.sample.rows}
	}
	for i, c := range columns {
		at := place[c]
		out.distinct[i], out.described[i] = p.distinct[at], p.described[at]
		if p.sample != nil {
			out.sample.columns[i] = p.sample.columns[at]
		}
	}
	return out
}

// columnsFor lists the columns that a scan's output and its conditions are about.
func (s *estimator) columnsFor(n *plan.Scan) []int {
	var columns []int
	add := func(c int) {
		if !slices.Contains(columns, c) {
			columns = append(columns, c)
		}
	}
	for _, c := range n.Project {
		add(c)
	}
	for _, cond := range n.Series {
		add(cond.Column)
	}
	if n.Time != scan.AllTime {
		for c, col := range n.Relation.Columns() {
			if col.Time {
				add(c)
			}
		}
	}
	return columns
}

// sample asks a scan's relation for columns of its rows; nil if it cannot say.
func (s *estimator) sample(n *plan.Scan, columns []int) *plan.Sample {
	rel, ok := plan.Unaddressed(n.Relation).(plan.Sampled)
	if !ok || s.c.expr.Ctx == nil {
		return nil
	}
	all := n.Relation.Columns()
	stored := slices.DeleteFunc(slices.Clone(columns), func(c int) bool { return all[c].Address != plan.NoAddress })
	taken, err := rel.Sample(s.c.expr.Ctx, stored)
	if err != nil || taken.Len == 0 {
		return nil // the query itself will meet what is wrong
	}
	return taken
}

func rowsIn(times *column.Vector, r scan.TimeRange) []int32 {
	var rows []int32
	for i := range times.Len {
		if !times.IsNull(i) && r.Contains(times.Int(i)) {
			rows = append(rows, int32(i))
		}
	}
	return rows
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

// filter asks about all conditions together.
func (s *estimator) filter(in *profile, cond expr.Expr) *profile {
	out := *in
	out.distinct, out.described = slices.Clone(in.distinct), slices.Clone(in.described)
	out.keep(s.tests(in, conjuncts(cond)))
	return &out
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
	if rows, ok := s.passing(from, cond); ok {
		return atLeastHalf(len(rows), from.rows)
	}
	kept := 1.0
	for _, e := range conjuncts(cond) {
		kept *= guess(e, nil)
	}
	return kept
}

// passing gives the rows of a sample that pass a condition, if it can be evaluated: it cannot for want of a parameter's value, or where it fails for a row.
func (s *estimator) passing(from *sample, cond expr.Expr) ([]int32, bool) {
	ctx := expr.Context{Ctx: s.c.expr.Ctx, Now: s.c.expr.Now, Location: s.c.expr.Location, Params: s.c.expr.Params, Settings: s.c.expr.Settings}
	rows, err := expr.EvalBool(&ctx, cond, from.columns, from.rows, nil)
	return rows, err == nil && from.rows > 0
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
		one, ok := oneOf(e.Arg, in)
		if !ok {
			one = keptByEquality
		}
		return min(1, float64(e.List.Len+len(e.Params))*one)
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
			left, ok := oneOf(e.Args[0], in)
			right, too := oneOf(e.Args[1], in)
			if !ok && !too {
				return keptByEquality
			}
			return min(left, right)
		case "<>":
			return 1 - keptByEquality
		case "~~", "~", "~*", "~~*", "like", "ilike":
			return keptByPattern
		}
	}
	return keptByRange
}

// oneOf is the share of the rows in which an expression has one given value; 1 and false if that is not known.
func oneOf(e expr.Expr, in *profile) (float64, bool) {
	if c, ok := e.(*expr.Column); ok && in != nil && c.Index < len(in.distinct) && in.distinct[c.Index] > 0 {
		return 1 / in.values(c.Index), true
	}
	return 1, false
}

func (s *estimator) project(n *plan.Project) *profile {
	in := s.of(n.Input)
	out := &profile{rows: in.rows, distinct: make([]float64, len(n.Exprs)), described: make([]described, len(n.Exprs))}
	if in.sample != nil {
		out.sample = &sample{columns: make([]*column.Vector, len(n.Exprs)), rows: in.sample.rows}
	}
	for i, e := range n.Exprs {
		c, ok := e.(*expr.Column)
		if !ok {
			continue
		}
		out.distinct[i] = in.distinct[c.Index]
		if d := in.describes(c.Index); d != nil {
			out.described[i] = *d
		}
		if out.sample != nil {
			out.sample.columns[i] = in.sample.columns[c.Index]
		}
	}
	out.keys = moved(in.keys, func(at int) int {
		return slices.IndexFunc(n.Exprs, func(e expr.Expr) bool { c, ok := e.(*expr.Column); return ok && c.Index == at })
	})
	return out
}

func (s *estimator) aggregate(n *plan.Aggregate) *profile {
	in := s.of(n.Input)
	out := &profile{rows: 1, distinct: make([]float64, len(n.Columns()))}
	for i, k := range n.Keys {
		out.distinct[i] = s.groups(in, k)
		out.rows *= out.distinct[i]
	}
	if len(n.Keys) > 1 {
		out.rows = min(out.rows, s.tuples(in, n.Keys, out.distinct))
	}
	if len(n.Keys) > 0 {
		out.rows = min(out.rows, max(1, in.rows))
	}
	return out
}

// groups is how many different values an expression has; one that is no column is evaluated on the sample.
func (s *estimator) groups(in *profile, k expr.Expr) float64 {
	if c, ok := k.(*expr.Column); ok && in.distinct[c.Index] > 0 {
		return in.values(c.Index)
	}
	if d, ok := s.sampled(in, k); ok {
		return d
	}
	return max(1, groupedRows*in.rows)
}

// tuples is how many different tuples several expressions have: fewer than each has values times what the others have, where they go together. The
// sample shows how many fewer, unless it has met hardly any tuple more than once.
func (s *estimator) tuples(in *profile, keys []expr.Expr, each []float64) float64 {
	found, ok := s.found(in, keys)
	if !ok || found > float64(in.sample.rows)/2 {
		return math.Inf(1)
	}
	for i, k := range keys {
		alone, ok := s.found(in, []expr.Expr{k})
		if !ok {
			return math.Inf(1)
		}
		found *= each[i] / alone
	}
	return max(found, slices.Max(each[:len(keys)]))
}

// sampled estimates how many different values an expression has by those of the sample.
func (s *estimator) sampled(in *profile, k expr.Expr) (float64, bool) {
	found, ok := s.found(in, []expr.Expr{k})
	if !ok {
		return 0, false
	}
	if draws := float64(in.sample.rows); draws < in.rows {
		found = stats.Behind(found, draws)
	}
	return max(1, min(found, in.rows)), true
}

// found counts the different tuples of expressions in the sample.
func (s *estimator) found(in *profile, keys []expr.Expr) (float64, bool) {
	if in.sample == nil || in.sample.rows == 0 {
		return 0, false
	}
	var vectors []*column.Vector
	for _, k := range keys {
		if !in.sample.has(k) || expr.Volatile(k) {
			return 0, false
		}
		ctx := expr.Context{Ctx: s.c.expr.Ctx, Now: s.c.expr.Now, Location: s.c.expr.Location, Params: s.c.expr.Params, Settings: s.c.expr.Settings}
		v, err := expr.Eval(&ctx, k, in.sample.columns, in.sample.rows)
		if err != nil {
			return 0, false
		}
		vectors = append(vectors, v)
	}
	seen := map[string]struct{}{}
	var tuple []byte
	for i := range in.sample.rows {
		tuple = tuple[:0]
		for _, v := range vectors {
			tuple = key.AppendValue(tuple, v, i)
		}
		seen[string(tuple)] = struct{}{}
	}
	return float64(len(seen)), true
}
