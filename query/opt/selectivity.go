package opt

import (
	"bytes"
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/stats"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// Two things are known of conditions. The description of a column says what share of the rows one condition leaves, or a range of several, be it as rare as it
// may; the sample says the same of any expression, but not of what it has not met, and it alone tells conditions that go together from such as do
// not. So each is asked for what it knows: shares are multiplied, and corrected by how much more or fewer rows of the sample pass all conditions
// than would by chance.

// described is what the segments say of a column.
type described struct {
	*stats.Column
	stored float64 // share of the relation's rows that it is about
}

// compares reports whether values are of the column's type, or a text beside character varying.
func (d *described) compares(v *column.Vector) bool {
	return v.Type == d.Type || d.Type.Kind == column.Varchar && v.Type.Kind == column.Text
}

// tested is what is known of one condition, or of a range that several make.
type tested struct {
	share    float64
	by       int     // the column that a description was asked about; -1 = none was
	values   float64 // how many values of that column are left, if that is known; else 0
	sampled  bool    // rows is known
	rows     []int32
	relevant expr.Expr
}

// span collects the comparisons of one column.
type span struct {
	lo, hi stats.Range
	conds  []expr.Expr
}

// tests asks about each of some conditions over a profile's columns.
func (s *estimator) tests(in *profile, conds []expr.Expr) []tested {
	var out []tested
	spans := map[int]*span{}
	var order []int
	for _, e := range conds {
		if c, r, ok := s.comparison(in, e); ok {
			sp := spans[c]
			if sp == nil {
				sp = &span{}
				spans[c] = sp
				order = append(order, c)
			}
			if sp.add(r) {
				sp.conds = append(sp.conds, e)
				continue
			}
		}
		out = append(out, s.test(in, e))
	}
	for _, c := range order {
		if sp := spans[c]; len(sp.conds) > 0 {
			d := in.described[c]
			t := s.measured(in, conjunction(sp.conds), c, d.Between(sp.lo, sp.hi))
			t.values = d.Values(sp.lo, sp.hi)
			out = append(out, t)
		}
	}
	return out
}

// comparison reads column < constant and its kin over a described column.
func (s *estimator) comparison(in *profile, e expr.Expr) (c int, r [2]stats.Range, ok bool) {
	b, ok := asBound(e)
	if !ok || b.op == "=" {
		return 0, r, false
	}
	v := s.constant(b)
	if d := in.describes(b.column); d == nil || v == nil || !d.compares(v) {
		return 0, r, false
	}
	end := stats.Range{Vector: v, Open: b.op == "<" || b.op == ">"}
	if b.op[0] == '<' {
		r[1] = end
	} else {
		r[0] = end
	}
	return b.column, r, true
}

// add narrows the span by an end that it does not have yet.
func (sp *span) add(r [2]stats.Range) bool {
	switch {
	case r[0].Vector != nil && sp.lo.Vector == nil:
		sp.lo = r[0]
	case r[1].Vector != nil && sp.hi.Vector == nil:
		sp.hi = r[1]
	default:
		return false
	}
	return true
}

// constant is what a bound compares with; nil if that is not known yet.
func (s *estimator) constant(b bound) *column.Vector {
	v := b.value
	if b.param != nil {
		if v = s.c.expr.Param(b.param.Index); v == nil || v.Len == 0 || v.IsNull(0) {
			return nil
		}
		v = column.Flatten(v)
	}
	return v
}

// test asks about one condition.
func (s *estimator) test(in *profile, e expr.Expr) tested {
	if share, c, values := s.byDescription(in, e); c >= 0 {
		t := s.measured(in, e, c, share)
		t.values = values
		return t
	}
	t := s.onSample(in, e)
	switch {
	case t.sampled:
		t.share = atLeastHalf(len(t.rows), in.sample.rows)
	default:
		t.share = guess(e, in)
	}
	return t
}

// measured takes a share that a description gives; of the rows that it is not about the sample is asked.
func (s *estimator) measured(in *profile, e expr.Expr, c int, share float64) tested {
	t := s.onSample(in, e)
	t.by = c
	t.share = share
	if stored := in.described[c].stored; stored < 1 && t.sampled {
		t.share = stored*share + (1-stored)*atLeastHalf(len(t.rows), in.sample.rows)
	}
	return t
}

// onSample evaluates a condition on the sample, if that has its columns.
func (s *estimator) onSample(in *profile, e expr.Expr) tested {
	t := tested{by: -1, relevant: e}
	if in.sample != nil && in.sample.rows > 0 && in.sample.has(e) && !expr.Volatile(e) {
		t.rows, t.sampled = s.passing(in.sample, e)
	}
	return t
}

// byDescription gives the share that a condition on one described column leaves, and how many of its values where that is plain; column -1 if descriptions
// do not say.
func (s *estimator) byDescription(in *profile, e expr.Expr) (share float64, c int, values float64) {
	switch e := e.(type) {
	case *expr.IsNull:
		if col, d := in.column(e.Arg, 0); d != nil {
			if e.Negate {
				return 1 - d.NullShare(), col, 0
			}
			return d.NullShare(), col, 1
		}
	case *expr.In:
		return in.listed(e)
	case *expr.Not:
		if share, c, _ := s.byDescription(in, e.Arg); c >= 0 {
			return max(0, 1-share-in.described[c].NullShare()), c, 0
		}
	case *expr.Logic:
		return s.eitherOf(in, e)
	case *expr.Call:
		return s.compared(in, e)
	}
	return 0, -1, 0
}

func (in *profile) listed(e *expr.In) (float64, int, float64) {
	c, d := in.column(e.Arg, 0)
	if d == nil || len(e.Params) > 0 || !d.compares(e.List) {
		return 0, -1, 0
	}
	share := 0.0
	for i := range e.List.Len {
		share += d.Equal(e.List, i)
	}
	share = min(share, 1-d.Nulls/max(d.Rows, 1))
	if e.Negate {
		return max(0, 1-share-d.Nulls/max(d.Rows, 1)), c, 0
	}
	return share, c, float64(e.List.Len)
}

// eitherOf adds up conditions on one column.
func (s *estimator) eitherOf(in *profile, e *expr.Logic) (float64, int, float64) {
	if !e.Or {
		return 0, -1, 0
	}
	share, at := 0.0, -1
	for _, arg := range e.Args {
		part, c, _ := s.byDescription(in, arg)
		if c < 0 || at >= 0 && c != at {
			return 0, -1, 0
		}
		share, at = share+part, c
	}
	return min(share, 1), at, 0
}

func (s *estimator) compared(in *profile, e *expr.Call) (float64, int, float64) {
	if b, ok := asBound(e); ok {
		d, v := in.describes(b.column), s.constant(b)
		if d == nil || v == nil || !d.compares(v) {
			return 0, -1, 0
		}
		if b.op == "=" {
			return d.Equal(v, 0), b.column, 1
		}
		end := stats.Range{Vector: v, Open: b.op == "<" || b.op == ">"}
		if b.op[0] == '<' {
			return d.Between(stats.Range{}, end), b.column, 0
		}
		return d.Between(end, stats.Range{}), b.column, 0
	}
	if len(e.Args) != 2 {
		return 0, -1, 0
	}
	c, d := in.column(e.Args[0], 0)
	v := plan.Literal(e.Args[1])
	if d == nil || v == nil || v.IsNull(0) {
		return 0, -1, 0
	}
	switch e.Fn.Name {
	case "<>":
		if d.compares(v) {
			return max(0, 1-d.Equal(v, 0)-d.Nulls/max(d.Rows, 1)), c, 0
		}
	case "~~", "like":
		if prefix, ok := prefixOf(v.Bytes(0)); ok && d.Type.Bytewise() {
			return d.Between(beginning(prefix, d.Type)), c, 0
		}
	}
	return 0, -1, 0
}

// prefixOf reads a pattern that asks for the beginning of a text and nothing else.
func prefixOf(pattern []byte) ([]byte, bool) {
	prefix, any := bytes.CutSuffix(pattern, []byte("%"))
	return prefix, any && len(prefix) > 0 && !bytes.ContainsAny(prefix, `%_\`)
}

// beginning is the range of the texts that begin so.
func beginning(prefix []byte, t column.Type) (lo, hi stats.Range) {
	one := func(x []byte) *column.Vector { return column.NewBytes(t, []int32{0, int32(len(x))}, x, nil) }
	lo = stats.Range{Vector: one(prefix)}
	after := bytes.Clone(prefix)
	for i := len(after) - 1; i >= 0; i-- {
		if after[i] < math.MaxUint8 {
			after[i]++
			return lo, stats.Range{Vector: one(after[:i+1]), Open: true}
		}
	}
	return lo, stats.Range{}
}

// column gives the described column that an expression is; the profile's columns begin at first.
func (in *profile) column(e expr.Expr, first int) (int, *described) {
	if c, ok := asText(e).(*expr.Column); ok {
		return c.Index - first, in.describes(c.Index - first)
	}
	return -1, nil
}

func (in *profile) describes(c int) *described {
	if c < len(in.described) && in.described[c].Column != nil {
		return &in.described[c]
	}
	return nil
}

// together is the share of the rows that pass several tests.
func together(list []tested, rows int) float64 {
	kept, least, expected := 1.0, 1.0, float64(rows)
	repeated := sameColumn(list)
	var all []int32
	sampled := 0
	for _, t := range list {
		kept *= t.share
		least = min(least, t.share)
		if !t.sampled {
			continue
		}
		expected *= float64(len(t.rows)) / float64(max(rows, 1))
		if sampled == 0 {
			all = t.rows
		} else {
			all = intersect(all, t.rows)
		}
		sampled++
	}
	met := float64(len(all))
	switch {
	case sampled > 1 && repeated:
		kept *= (met + unmet) / (expected + unmet)
	case sampled > 1 && met > expected:
		kept *= (met + few) / (expected + few)
	case sampled > 1:
		kept *= (met + some) / (expected + some)
	}
	return min(kept, least)
}

// Rows that are added to those that were met and to those that were expected, so that a few rows prove little. What is met has a reason more often
// than what is not, as rows of a sample stand together; of conditions on one column each row counts.
const (
	unmet = 0.02
	few   = 0.25
	some  = 1.0
)

// sameColumn reports whether two tests are about one column.
func sameColumn(list []tested) bool {
	for i, t := range list {
		for _, other := range list[:i] {
			if t.by >= 0 && t.by == other.by {
				return true
			}
		}
	}
	return false
}

// intersect gives the rows that ascend in both lists.
func intersect(a, b []int32) []int32 {
	out := make([]int32, 0, min(len(a), len(b)))
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			out = append(out, a[i])
			i, j = i+1, j+1
		}
	}
	return out
}

// enoughRows is how many rows a sample must have to say more of what is left than one of all rows does.
const enoughRows = 64

// keep leaves the rows that pass all tests.
func (p *profile) keep(list []tested) {
	rows := 0
	if p.sample != nil {
		rows = p.sample.rows
	}
	p.thin(together(list, rows))
	for _, t := range list {
		if t.by < 0 || p.describes(t.by) == nil {
			continue
		}
		if t.values > 0 {
			p.distinct[t.by] = t.values
		} else if d := p.described[t.by].Distinct(); d > 0 {
			p.distinct[t.by] = max(1, min(p.distinct[t.by], d*t.share))
		}
		p.described[t.by] = described{}
	}
	if p.sample == nil {
		return
	}
	var all []int32
	asked := false
	for _, t := range list {
		switch {
		case !t.sampled:
		case !asked:
			all, asked = t.rows, true
		default:
			all = intersect(all, t.rows)
		}
	}
	if asked && len(all) >= enoughRows {
		p.sample = p.sample.only(all)
	}
}

// only gives some of a sample's rows.
func (s *sample) only(rows []int32) *sample {
	out := &sample{columns: make([]*column.Vector, len(s.columns)), rows: len(rows)}
	for i, v := range s.columns {
		if v != nil {
			out.columns[i] = column.Gather(v, rows)
		}
	}
	return out
}
