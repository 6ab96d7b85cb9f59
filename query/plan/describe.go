package plan

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Describe is the columns of a bound plan with the limits that their types were declared with: those of tables' columns that come
// through as they are, and those of casts. A query without columns has none, but is one: the list is not nil.
func Describe(root Node) []Column {
	out := append([]Column{}, root.Columns()...)
	for i, m := range mods(root) {
		if i < len(out) {
			out[i].Mod = m
		}
	}
	return out
}

// mods gives the limits of a node's columns, as far as they are known.
func mods(n Node) []column.Mod {
	switch n := n.(type) {
	case *Scan:
		columns := n.Columns()
		out := make([]column.Mod, len(columns))
		for i, c := range columns {
			out[i] = c.Mod
		}
		return out
	case *Project:
		return modsOf(n.Exprs, mods(n.Input))
	case *Aggregate:
		return modsOf(n.Keys, mods(n.Input))
	case *Join:
		left, width := mods(n.Left), len(n.Left.Columns())
		for len(left) < width {
			left = append(left, 0)
		}
		return append(left[:width:width], mods(n.Right)...)
	case *Filter, *Sort, *Limit, *Window:
		return mods(n.Inputs()[0])
	case *Union:
		out := mods(n.Ins[0])
		for _, in := range n.Ins[1:] {
			other := mods(in)
			for i := range out {
				if i >= len(other) || other[i] != out[i] {
					out[i] = 0
				}
			}
		}
		return out
	}
	return nil
}

func modsOf(list []expr.Expr, in []column.Mod) []column.Mod {
	out := make([]column.Mod, len(list))
	for i, e := range list {
		switch e := e.(type) {
		case *expr.Column:
			if e.Index < len(in) {
				out[i] = in[e.Index]
			}
		case *expr.Call:
			out[i] = e.Fn.Mod
		case *expr.Literal:
			out[i] = e.Mod
		}
	}
	return out
}
