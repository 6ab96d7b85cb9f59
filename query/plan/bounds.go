package plan

import (
	"bytes"
	"math"
	"slices"
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// LateBound is a comparison of a column with a parameter whose value is known when the scan is opened.
type LateBound struct {
	Column int    // index into Relation.Columns()
	Op     string // = < <= > >=
	Param  *expr.Param
	List   *expr.In // in the place of Op and Param: the column is in a list that has parameters
	// Exact bounds are on the time column and decide which rows come; the others are hints, as Filters are.
	Exact bool
}

// Settle gives a scan that waits for no parameter any more. Each value has one row and the type of its parameter.
func (n *Scan) Settle(ctx *expr.Context) (*Scan, error) {
	if len(n.Series) == 0 && len(n.Late) == 0 {
		return n, nil
	}
	c := *n
	c.Late = nil
	c.Filters = c.Filters[:len(c.Filters):len(c.Filters)]
	for _, b := range n.Late {
		if b.List != nil {
			given := b.List.Given(ctx)
			if f, ok := ZoneList(given.List); ok && len(given.Params) == 0 {
				f.Column = n.Relation.Columns()[b.Column].ID
				c.Filters = append(c.Filters, f)
			}
			continue
		}
		if err := ctx.Failed[b.Param.Index]; err != nil {
			return nil, err
		}
		v := ctx.Param(b.Param.Index)
		if v == nil {
			return nil, column.Errorf(column.Internal, "plan: parameter $%d, which bounds a scan, has no value", b.Param.Index+1)
		}
		switch {
		case b.Exact:
			c.Time = c.Time.Intersect(TimeBound(b.Op, v))
		case !v.IsNull(0):
			if f, ok := ZoneBound(b.Op, v); ok {
				f.Column = n.Relation.Columns()[b.Column].ID
				c.Filters = append(c.Filters, f)
			}
		}
	}
	c.Series = make([]SeriesCond, len(n.Series))
	for i, s := range n.Series {
		c.Series[i] = SeriesCond{Column: s.Column, Cond: settled(s.Cond, ctx)}
	}
	return &c, nil
}

// settled gives a condition on one tag whose constant parts are computed, so that it can be seen which values satisfy `tag = 'host ' || $1`, and so
// that they are not computed for each series.
func settled(e expr.Expr, ctx *expr.Context) expr.Expr {
	e = withValues(e, ctx)
	for _, c := range expr.Children(e) {
		switch c.(type) {
		case *expr.Column, *expr.Literal:
		default:
			return expr.Fold(ctx, e)
		}
	}
	return e
}

// withValues puts values in the place of parameters.
func withValues(e expr.Expr, ctx *expr.Context) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if in, ok := e.(*expr.In); ok {
			return in.Given(ctx)
		}
		if p, ok := e.(*expr.Param); ok {
			if v := ctx.Param(p.Index); v != nil {
				return &expr.Literal{Value: v, At: p.At}
			}
		}
		return e
	})
}

// TimeBound gives the times t that satisfy `t op v`; NULL leaves none.
func TimeBound(op string, v *column.Vector) scan.TimeRange {
	if v.IsNull(0) {
		return scan.TimeRange{Min: 1, Max: 0}
	}
	lo, hi := IntRange(op, v.Int(0))
	return scan.TimeRange{Min: lo, Max: hi}
}

// IntRange gives the integers that satisfy `x op v`; an empty range has lo > hi.
func IntRange(op string, v int64) (lo, hi int64) {
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

// AnyValue is a filter that excludes nothing.
func AnyValue() scan.ColumnFilter {
	return scan.ColumnFilter{IntMin: math.MinInt64, IntMax: math.MaxInt64, FloatMin: math.Inf(-1), FloatMax: math.NaN()}
}

// ZoneBound gives what zone maps can prune by of `column op v`, v not being NULL; false where the type's order is not theirs.
func ZoneBound(op string, v *column.Vector) (f scan.ColumnFilter, ok bool) {
	f = AnyValue()
	switch v.Type.Physical() {
	case column.PhysInt:
		f.IntMin, f.IntMax = IntRange(op, v.Int(0))
	case column.PhysFloat:
		x := v.Float(0)
		if x != x { // NaN is the greatest: leave it to the filter
			return f, false
		}
		if op != "<" && op != "<=" {
			f.FloatMin = x
		}
		if op != ">" && op != ">=" {
			f.FloatMax = x
		}
	case column.PhysBytes:
		if v.Type.Kind == column.Numeric {
			return numericBound(f, op, v.Bytes(0))
		}
		if !v.Type.Bytewise() {
			return f, false
		}
		if op != "<" && op != "<=" {
			f.TextMin = v.Bytes(0)
		}
		if op != ">" && op != ">=" {
			f.TextMax = v.Bytes(0)
		}
	default:
		return f, false
	}
	return f, true
}

// ZoneList gives what zone maps can prune by of `column IN (list)`; false where the type's order is not theirs. Of a list without values nothing is said.
func ZoneList(list *column.Vector) (f scan.ColumnFilter, ok bool) {
	f = AnyValue()
	if list.Len == 0 || list.Enc != column.Flat {
		return f, false
	}
	f.Values = list
	switch t := list.Type; {
	case t.Physical() == column.PhysInt:
		f.IntMin, f.IntMax = slices.Min(list.Ints[:list.Len]), slices.Max(list.Ints[:list.Len])
		return f, true
	case t.Physical() == column.PhysBytes && t.Bytewise():
		f.TextMin, f.TextMax = list.Bytes(0), list.Bytes(0)
		for i := range list.Len {
			if v := list.Bytes(i); bytes.Compare(v, f.TextMin) < 0 {
				f.TextMin = v
			} else if bytes.Compare(v, f.TextMax) > 0 {
				f.TextMax = v
			}
		}
		return f, true
	}
	return f, false
}

// numericBound gives the doubles around a number: what is within them is no further from it than rounding.
func numericBound(f scan.ColumnFilter, op string, text []byte) (scan.ColumnFilter, bool) {
	x, err := strconv.ParseFloat(string(text), 64)
	if err != nil || x-x != 0 {
		return f, false
	}
	if op != "<" && op != "<=" {
		f.FloatMin = math.Nextafter(x, math.Inf(-1))
	}
	if op != ">" && op != ">=" {
		f.FloatMax = math.Nextafter(x, math.Inf(1))
	}
	return f, true
}
