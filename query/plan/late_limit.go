package plan

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// LateLimit is a Limit whose numbers are known when it runs: they come of subqueries, of rows of a query around, or of functions that give another
// value each time. They are bigint and read no columns; nil, or NULL, is no limit, and no offset.
type LateLimit struct {
	Input         Node
	Count, Offset expr.Expr
}

// Columns are the input's.
func (n *LateLimit) Columns() []Column { return n.Input.Columns() }

// Inputs is the one input.
func (n *LateLimit) Inputs() []Node { return []Node{n.Input} }

// With gives the same node over another input.
func (n *LateLimit) With(in []Node) Node { c := *n; c.Input = in[0]; return &c }

// Numbers are the expressions that there are.
func (n *LateLimit) Numbers() (out []expr.Expr) {
	for _, e := range []expr.Expr{n.Count, n.Offset} {
		if e != nil {
			out = append(out, e)
		}
	}
	return out
}

// Map gives the node with each number replaced by f of it.
func (n *LateLimit) Map(f func(expr.Expr) expr.Expr) *LateLimit {
	c := *n
	if c.Count != nil {
		c.Count = f(c.Count)
	}
	if c.Offset != nil {
		c.Offset = f(c.Offset)
	}
	return &c
}

// Settle gives the Limit that it is.
func (n *LateLimit) Settle(ctx *expr.Context) (*Limit, error) {
	out := &Limit{Input: n.Input, Count: -1}
	// The offset first, as in PostgreSQL.
	for _, part := range []struct {
		e           expr.Expr
		to          *int64
		name, state string
	}{{n.Offset, &out.Offset, "OFFSET", "2201X"}, {n.Count, &out.Count, "LIMIT", "2201W"}} {
		if part.e == nil {
			continue
		}
		v, err := expr.Eval(ctx, part.e, nil, 1)
		switch {
		case err != nil:
			return nil, err
		case v.IsNull(0):
			continue
		case v.Int(0) < 0:
			return nil, column.SQLErrorf(column.Invalid, part.state, "%s must not be negative", part.name)
		}
		*part.to = v.Int(0)
	}
	return out, nil
}
