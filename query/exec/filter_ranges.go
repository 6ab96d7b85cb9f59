package exec

import (
	"math"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// numberRange is what the conditions of a filter that compare one column with constants leave: numbers between two bounds. Several conditions
// of a column are one look at it, and no vector of truth values is made.
type numberRange struct {
	column int
	bounds []numberBound // all of them hold
}

// numberBound is a comparison with value / 10^scale.
type numberBound struct {
	op    string
	value int64
	scale int32
}

var mirroredOps = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}

// splitRanges finds the comparisons of columns with constants among the conditions of a filter, and gives the others.
func splitRanges(cond expr.Expr, ctx *expr.Context) (ranges []numberRange, rest []expr.Expr) {
	list := []expr.Expr{cond}
	if and, ok := cond.(*expr.Logic); ok && !and.Or {
		list = and.Args
	}
	if slices.ContainsFunc(list, expr.Volatile) {
		return nil, list
	}
	for _, e := range list {
		c, b, ok := boundOf(e, ctx)
		if !ok {
			rest = append(rest, e)
			continue
		}
		i := slices.IndexFunc(ranges, func(r numberRange) bool { return r.column == c })
		if i < 0 {
			i, ranges = len(ranges), append(ranges, numberRange{column: c})
		}
		ranges[i].bounds = append(ranges[i].bounds, b)
	}
	return ranges, rest
}

// boundOf reads `column op constant` of integers or numerics, in either order.
func boundOf(e expr.Expr, ctx *expr.Context) (c int, b numberBound, ok bool) {
	call, ok := e.(*expr.Call)
	if !ok || len(call.Args) != 2 || mirroredOps[call.Fn.Name] == "" {
		return 0, b, false
	}
	op, left, right := call.Fn.Name, call.Args[0], call.Args[1]
	if _, ok := right.(*expr.Column); ok {
		op, left, right = mirroredOps[op], right, left
	}
	col, ok := left.(*expr.Column)
	v := constantOf(right, ctx)
	if !ok || v == nil || v.IsNull(0) || v.Type != col.T {
		return 0, b, false
	}
	switch {
	case col.T.Physical() == column.PhysInt:
		return col.Index, numberBound{op: op, value: v.Int(0)}, true
	case col.T.Kind == column.Numeric:
		value, scale, ok := column.ParseScaled(column.Flatten(v).Bytes(0))
		for ok && scale > 0 && value%10 == 0 {
			value, scale = value/10, scale-1
		}
		return col.Index, numberBound{op: op, value: value, scale: scale}, ok
	}
	return 0, b, false
}

func constantOf(e expr.Expr, ctx *expr.Context) *column.Vector {
	if p, ok := e.(*expr.Param); ok {
		return ctx.Param(p.Index)
	}
	return plan.Literal(e)
}

// of gives the integers of a vector that pass; false where it has none, or a bound lies between them.
func (r *numberRange) of(v *column.Vector) (lo, hi int64, ok bool) {
	scale := int32(0)
	switch v.Enc {
	case column.Scaled:
		scale = v.Scale
	case column.Flat:
		if v.Type.Physical() != column.PhysInt {
			return 0, 0, false
		}
	default:
		return 0, 0, false
	}
	lo, hi = math.MinInt64, math.MaxInt64
	for _, b := range r.bounds {
		value := b.value
		if b.scale > scale {
			return 0, 0, false
		}
		for range scale - b.scale {
			if value > math.MaxInt64/10 || value < math.MinInt64/10 {
				return 0, 0, false
			}
			value *= 10
		}
		from, to := plan.IntRange(b.op, value)
		lo, hi = max(lo, from), min(hi, to)
	}
	return lo, hi, true
}

// within keeps those of the listed rows whose integers lie between two others; rows = nil: of all, in the memory of out.
func within(v *column.Vector, lo, hi int64, rows, out []int32) []int32 {
	if lo > hi {
		return out[:0]
	}
	n, from, span := 0, uint64(lo), uint64(hi)-uint64(lo)
	if rows == nil {
		out = resized(out, v.Len)
		for i, k := range v.Ints[:v.Len] {
			out[n] = int32(i)
			n += oneIf(uint64(k)-from <= span)
		}
	} else {
		for _, r := range rows {
			out[n] = r
			n += oneIf(uint64(v.Ints[r])-from <= span)
		}
	}
	return livingRows(out[:n], v.Valid)
}

// oneIf is a number without a branch that could be mispredicted.
func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}
