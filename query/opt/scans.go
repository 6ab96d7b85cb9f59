package opt

import (
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

// bound is a comparison of a column with a constant, which may be a parameter.
type bound struct {
	column int // of the scan's output
	op     string
	value  *column.Vector // one row, not NULL, of the column's type; nil where param stands
	param  *expr.Param
}

var mirrored = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}

// asBound reads `column op constant` in either order.
func asBound(e expr.Expr) (bound, bool) {
	call, ok := e.(*expr.Call)
	if !ok || len(call.Args) != 2 || mirrored[call.Fn.Name] == "" {
		return bound{}, false
	}
	op, left, right := call.Fn.Name, call.Args[0], call.Args[1]
	left, right = asText(left), asText(right)
	if _, ok := right.(*expr.Column); ok {
		op, left, right = mirrored[op], right, left
	}
	col, ok := left.(*expr.Column)
	if !ok || right.Type() != col.T && !(col.T.Kind == column.Varchar && right.Type().Kind == column.Text) {
		return bound{}, false
	}
	if p, ok := right.(*expr.Param); ok {
		return bound{column: col.Index, op: op, param: p}, true
	}
	v := plan.Literal(right)
	if v == nil || v.IsNull(0) {
		return bound{}, false
	}
	return bound{column: col.Index, op: op, value: v}, true
}

// asText looks through the cast of character varying to text, which changes no value.
func asText(e expr.Expr) expr.Expr {
	if c, ok := e.(*expr.Call); ok && c.Fn.Form == "cast" && c.T.Kind == column.Text && c.Args[0].Type().Kind == column.Varchar {
		return c.Args[0]
	}
	return e
}

// late adds a bound by a parameter to a scan.
func late(s *plan.Scan, b bound, exact bool) {
	s.Late = append(s.Late[:len(s.Late):len(s.Late)], plan.LateBound{Column: s.Project[b.column], Op: b.op, Param: b.param, Exact: exact})
}

// lateList adds a list with parameters to a scan.
func lateList(s *plan.Scan, in *expr.In) {
	col, ok := in.Arg.(*expr.Column)
	if !ok || in.List.Type != col.T || s.Relation.Columns()[s.Project[col.Index]].ID == 0 {
		return
	}
	s.Late = append(s.Late[:len(s.Late):len(s.Late)], plan.LateBound{Column: s.Project[col.Index], List: in})
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
			switch {
			case !ok || !all[s.Project[b.column]].Time:
				rest = append(rest, e)
			case b.param != nil:
				late(&c, b, true)
			default:
				c.Time = c.Time.Intersect(plan.TimeBound(b.op, b.value))
			}
		}
		if len(rest) == len(conds) {
			return s, conds
		}
		return &c, rest
	})
}

// zoneMaps derives hints from comparisons with constants and from IN lists. All of them stand in an AND, so pruning by
// each is conservative; an OR gives none.
func zoneMaps(_ *context, root plan.Node) plan.Node {
	return onScans(root, func(s *plan.Scan, conds []expr.Expr) (*plan.Scan, []expr.Expr) {
		c := *s
		all := s.Relation.Columns()
		for _, e := range conds {
			if b, ok := asBound(e); ok && b.param != nil {
				if all[s.Project[b.column]].ID != 0 {
					late(&c, b, false)
				}
				continue
			}
			if in, ok := e.(*expr.In); ok && len(in.Params) > 0 && !in.Negate {
				lateList(&c, in)
				continue
			}
			at, f, ok := zoneFilter(e)
			if !ok || all[s.Project[at]].ID == 0 {
				continue
			}
			f.Column = all[s.Project[at]].ID
			c.Filters = append(c.Filters[:len(c.Filters):len(c.Filters)], f)
		}
		if len(c.Filters) == len(s.Filters) && len(c.Late) == len(s.Late) {
			return s, conds
		}
		return &c, conds
	})
}

func zoneFilter(e expr.Expr) (at int, f scan.ColumnFilter, ok bool) {
	if in, isIn := e.(*expr.In); isIn {
		col, isColumn := in.Arg.(*expr.Column)
		if !isColumn || in.Negate || len(in.Params) > 0 || in.List.Type != col.T {
			return 0, f, false
		}
		f, ok = plan.ZoneList(in.List)
		return col.Index, f, ok
	}
	b, ok := asBound(e)
	if !ok {
		return 0, f, false
	}
	f, ok = plan.ZoneBound(b.op, b.value)
	return b.column, f, ok
}
