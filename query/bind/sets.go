package bind

import (
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// setBase is the number of the first column of functions that give rows while a SELECT is bound: beyond any subquery.
const setBase = 1 << 26

// sets collects the calls of functions that give rows in the list of one SELECT. They run side by side, those whose arguments hold others
// above these.
type sets struct{ calls []boundSet }

type boundSet struct {
	call  expr.SetCall
	level int // 1 + that of the calls in its arguments
}

// without gives the scope for a part of an expression that may hold no function that gives rows.
func (s *scope) withoutSets(what string) *scope {
	c := *s
	c.sets, c.noSets = nil, "set-returning functions are not allowed in "+what
	return &c
}

// listCall binds a call in the list of a SELECT; a column of number setBase + k stands for call k.
func (b *binder) listCall(s *scope, n *sql.FuncCall) (expr.Expr, error) {
	refuse := func(message string) error {
		return unsupported(n.Pos, message, "You might be able to move the set-returning function into a LATERAL FROM item.")
	}
	switch {
	case s.aggs != nil && s.aggs.inside:
		return nil, refuse("aggregate function calls cannot contain set-returning function calls")
	case s.windows != nil && s.windows.inside:
		return nil, refuse("window function calls cannot contain set-returning function calls")
	case s.sets == nil && s.noSets != "":
		return nil, refuse(s.noSets)
	case s.sets == nil:
		return nil, refuse("set-returning functions are not allowed in " + s.clause)
	}
	args, err := b.setArguments(s, n)
	if err != nil {
		return nil, err
	}
	call, err := b.setCall(n, args)
	if err != nil {
		return nil, err
	}
	out := boundSet{call: call, level: 1}
	for _, a := range call.Args {
		expr.Walk(a, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Column); ok && c.Index >= setBase && c.Index < rightBase {
				out.level = max(out.level, s.sets.calls[(c.Index-setBase)%setColumns].level+1)
			}
			return true
		})
	}
	s.sets.calls = append(s.sets.calls, out)
	k := len(s.sets.calls) - 1
	if len(call.Names) == 1 {
		return &expr.Column{Index: setBase + k, Name: call.Names[0], T: call.Fn.Columns[0].Type, At: n.Pos}, nil
	}
	return setRow(&call, k, n.Pos), nil
}

// setColumns bounds the columns that a function gives: column c of call k of a list stands at setBase + c * setColumns + k.
const setColumns = 1 << 16

// setRow is the row that a function of several columns gives, which is NULL where the function has ended before others.
func setRow(call *expr.SetCall, k, pos int) expr.Expr {
	columns := call.Fn.Columns
	values, gone := make([]expr.Expr, len(columns)), &expr.Logic{At: pos}
	for c := range columns {
		values[c] = &expr.Column{Index: setBase + c*setColumns + k, Name: call.Names[c], T: columns[c].Type, At: pos}
		gone.Args = append(gone.Args, &expr.IsNull{Arg: values[c], At: pos})
	}
	return &expr.Case{When: []expr.Expr{&expr.Not{Arg: gone, At: pos}}, Then: []expr.Expr{makeRow(call.Names, values, pos)}, T: recordType, At: pos}
}

// readsSets reports that an expression reads a function that gives rows.
func readsSets(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		c, ok := e.(*expr.Column)
		found = found || ok && c.Index >= setBase && c.Index < rightBase
		return !found
	})
	return found
}

// expand puts the functions over the input of the select list, level by level, and makes targets read their columns.
func (b *binder) expand(input plan.Node, list *sets, g *grouping, targets []target) (plan.Node, error) {
	places := make([]int, len(list.calls))
	replace := func(e expr.Expr) expr.Expr {
		return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			c, ok := e.(*expr.Column)
			if !ok || c.Index < setBase || c.Index >= rightBase {
				return e
			}
			out := *c
			out.Index = places[(c.Index-setBase)%setColumns] + (c.Index-setBase)/setColumns
			return &out
		})
	}
	for level, left := 1, len(list.calls); left > 0; level++ {
		x, width := &plan.Expand{}, 0
		for k, c := range list.calls {
			if c.level != level {
				continue
			}
			var failed error
			call := c.call.Map(func(e expr.Expr) expr.Expr {
				if g != nil {
					out, err := g.resolve(e)
					if err != nil {
						failed = err
						return e
					}
					e = out
				}
				input = b.attach(input, 0, &e)
				return replace(e)
			})
			if failed != nil {
				return nil, failed
			}
			x.Calls = append(x.Calls, call)
			places[k], width = width, width+len(call.Names)
		}
		x.Input = input
		for k, c := range list.calls {
			if c.level == level {
				places[k] += len(input.Columns())
			}
		}
		left -= len(x.Calls)
		input = x
	}
	for i := range targets {
		targets[i].bound = replace(targets[i].bound)
	}
	return input, nil
}
