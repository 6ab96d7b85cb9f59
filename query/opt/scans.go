package opt

import (
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// onScans applies f to every filter that stands directly on a scan: f takes what it can from the conjuncts into
// a copy of the scan and gives back the rest.
func onScans(root plan.Node, f func(s *plan.Scan, conds []expr.Expr) (*plan.Scan, []expr.Expr)) plan.Node {
	return rewrite(root, func(n plan.Node) plan.Node {
		flt, ok := n.(*plan.Filter)
		if !ok {
			return n
		}
		s, ok := flt.Input.(*plan.Scan)
		if !ok {
			return n
		}
		changed, rest := f(s, conjuncts(flt.Cond))
		if changed == s {
			return n
		}
		return filtered(changed, rest)
	})
}

// seriesConditions moves the conditions that read exactly one tag, and that cannot fail, into the scan. One that can
// fail stays: the scan would meet values no row of the answer has.
func seriesConditions(_ *context, root plan.Node) plan.Node {
	return onScans(root, func(s *plan.Scan, conds []expr.Expr) (*plan.Scan, []expr.Expr) {
		c := *s
		var rest []expr.Expr
		all := s.Relation.Columns()
		for _, e := range conds {
			columns := expr.Columns(e)
			if len(columns) != 1 || !all[s.Project[columns[0]]].Tag || expr.CanFail(e) || expr.Volatile(e) {
				rest = append(rest, e)
				continue
			}
			to := make([]int, columns[0]+1)
			c.Series = append(c.Series[:len(c.Series):len(c.Series)],
				plan.SeriesCond{Column: s.Project[columns[0]], Cond: renumber(e, to)})
		}
		if len(rest) == len(conds) {
			return s, conds
		}
		return &c, rest
	})
}

// bound is a comparison of a column with a constant.
type bound struct {
	column int // of the scan's output
	op     string
	value  *column.Vector // one row, not NULL, of the column's type
}

var mirrored = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}

// asBound reads `column op constant` in either order.
func asBound(e expr.Expr) (bound, bool) {
	call, ok := e.(*expr.Call)
	if !ok || len(call.Args) != 2 || mirrored[call.Fn.Name] == "" {
		return bound{}, false
	}
	op, left, right := call.Fn.Name, call.Args[0], call.Args[1]
	if _, ok := right.(*expr.Column); ok {
		op, left, right = mirrored[op], right, left
	}
	col, ok := left.(*expr.Column)
	v := plan.Literal(right)
	if !ok || v == nil || v.Type != col.T || v.IsNull(0) {
		return bound{}, false
	}
	return bound{column: col.Index, op: op, value: v}, true
}

// timeRange turns comparisons of the time column into the scan's range. The column has no NULLs, so nothing is left to
// check.
func timeRange(_ *context, root plan.Node) plan.Node {
	return onScans(root, func(s *plan.Scan, conds []expr.Expr) (*plan.Scan, []expr.Expr) {
		c := *s
		var rest []expr.Expr
		all := s.Relation.Columns()
		for _, e := range conds {
			b, ok := asBound(e)
			if !ok || !all[s.Project[b.column]].Time {
				rest = append(rest, e)
				continue
			}
			lo, hi := intRange(b.op, b.value.Int(0))
			c.Time = c.Time.Intersect(scan.TimeRange{Min: lo, Max: hi})
		}
		if len(rest) == len(conds) {
			return s, conds
		}
		return &c, rest
	})
}

// intRange gives the integers that satisfy `x op v`; an empty range has lo > hi.
func intRange(op string, v int64) (lo, hi int64) {
	lo, hi = math.MinInt64, math.MaxInt64
	switch op {
	case "=":
		return v, v
	case "<=":
		return lo, v
	case ">=":
		return v, hi
	case "<":
		if v == math.MinInt64 {
			return 1, 0
		}
		return lo, v - 1
	}
	if v == math.MaxInt64 {
		return 1, 0
	}
	return v + 1, hi
}

// zoneMaps derives hints from comparisons with constants and from IN lists. All of them stand in an AND, so pruning by
// each is conservative; an OR gives none.
func zoneMaps(_ *context, root plan.Node) plan.Node {
	return onScans(root, func(s *plan.Scan, conds []expr.Expr) (*plan.Scan, []expr.Expr) {
		c := *s
		all := s.Relation.Columns()
		for _, e := range conds {
			at, f, ok := zoneFilter(e)
			if !ok || all[s.Project[at]].ID == 0 {
				continue
			}
			f.Column = all[s.Project[at]].ID
			c.Filters = append(c.Filters[:len(c.Filters):len(c.Filters)], f)
		}
		if len(c.Filters) == len(s.Filters) {
			return s, conds
		}
		return &c, conds
	})
}

func zoneFilter(e expr.Expr) (at int, f scan.ColumnFilter, ok bool) {
	f = scan.ColumnFilter{IntMin: math.MinInt64, IntMax: math.MaxInt64, FloatMin: math.Inf(-1), FloatMax: math.NaN()}
	if in, isIn := e.(*expr.In); isIn {
		col, isColumn := in.Arg.(*expr.Column)
		if !isColumn || in.Negate || in.List.Len == 0 || col.T.Physical() != column.PhysInt || in.List.Enc != column.Flat {
			return 0, f, false
		}
		f.IntMin, f.IntMax = in.List.Ints[0], in.List.Ints[0]
		for _, v := range in.List.Ints[:in.List.Len] {
			f.IntMin, f.IntMax = min(f.IntMin, v), max(f.IntMax, v)
		}
		return col.Index, f, true
	}
	b, ok := asBound(e)
	if !ok {
		return 0, f, false
	}
	switch b.value.Type.Physical() {
	case column.PhysInt:
		f.IntMin, f.IntMax = intRange(b.op, b.value.Int(0))
	case column.PhysFloat:
		v := b.value.Float(0)
		if v != v { // NaN is the greatest: leave it to the filter
			return 0, f, false
		}
		if b.op != "<" && b.op != "<=" {
			f.FloatMin = v
		}
		if b.op != ">" && b.op != ">=" {
			f.FloatMax = v
		}
	case column.PhysBytes:
		if k := b.value.Type.Kind; k != column.Text && k != column.Bytea {
			return 0, f, false // numeric and json do not order by bytes
		}
		if b.op != "<" && b.op != "<=" {
			f.TextMin = b.value.Bytes(0)
		}
		if b.op != ">" && b.op != ">=" {
			f.TextMax = b.value.Bytes(0)
		}
	default:
		return 0, f, false
	}
	return b.column, f, true
}
