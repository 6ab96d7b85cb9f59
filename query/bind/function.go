package bind

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// function binds functions in FROM: one, or several side by side (ROWS FROM). They may read what stands to their left.
func (f *fromClause) function(t *sql.TableFunc) (*item, error) {
	if n := changesCall(t); n != nil {
		return f.changes(t, n)
	}
	l := &link{}
	s := &scope{clause: "functions in FROM", noSets: "set-returning functions must appear at top level of FROM", outer: f.beside(l)}
	x := &plan.Expand{Input: &plan.Values{Rows: [][]expr.Expr{{}}}, Ordinality: t.Ordinality}
	var fields []column.Field
	defined := false
	for _, item := range t.Funcs {
		defs := item.ColDefs
		if t.ColDefs != nil {
			defs = t.ColDefs
		}
		if t.ColDefs != nil && t.Ordinality {
			e := errorAt(t.ColDefs[0].Pos, "42601", "WITH ORDINALITY cannot be used with a column definition list")
			e.Hint = "Put the column definition list inside ROWS FROM()."
			return nil, e
		}
		if defs != nil && (t.ColDefs == nil || len(t.Funcs) == 1) {
			call, list, err := f.recordCall(s, item.Func, defs)
			if err != nil {
				return nil, err
			}
			x.Calls, fields, defined = append(x.Calls, call), append(fields, list...), true
			continue
		}
		if defs == nil && !item.Func.Special && hasFunctions(item.Func.Name) && fn.PopulateFunction(item.Func.Name.Name, nil) != nil {
			call, list, err := f.populateCall(s, item.Func)
			if err != nil {
				return nil, err
			}
			x.Calls, fields, defined = append(x.Calls, call), append(fields, list...), true
			continue
		}
		if defs != nil {
			return nil, errorAt(defs[0].Pos, "42601", "ROWS FROM() with multiple functions cannot have a column definition list")
		}
		calls, err := f.tableCalls(s, item.Func)
		if err != nil {
			return nil, err
		}
		for _, c := range calls {
			x.Calls, fields = append(x.Calls, c), append(fields, make([]column.Field, len(c.Names))...)
		}
	}
	src := &source{name: columnName(t.Funcs[0].Func), single: len(x.Calls) == 1 && len(x.Calls[0].Names) == 1 && !t.Ordinality && !defined}
	// An alias names the column too, unless the function itself names it otherwise than after itself.
	if t.Alias != nil && !defined && len(x.Calls) == 1 && len(x.Calls[0].Names) == 1 && x.Calls[0].Fn.Columns[0].Name == x.Calls[0].Fn.Name {
		x.Calls[0].Names = []string{t.Alias.Name}
	}
	node := f.within(x, fields)
	src.fields = f.columnsOf(node)
	it, err := f.leaf(node, src, t.Alias)
	if it != nil {
		it.params = l.params
	}
	return it, err
}

// tableCalls binds a function in FROM: one that gives rows, unnest of several arrays as so many of it, or any other, which gives one row.
func (f *fromClause) tableCalls(s *scope, n *sql.FuncCall) ([]expr.SetCall, error) {
	name := n.Name.Name
	if !n.Special && fn.RecordFunction(name, nil) != nil {
		return nil, errorAt(n.Pos, "42601", "a column definition list is required for functions returning \"record\"")
	}
	if n.Special || !f.Functions.IsSetFunction(name) {
		e, err := f.value(s, n)
		if err != nil {
			return nil, err
		}
		return []expr.SetCall{{Fn: fn.OneRow(name, e.Type()), Args: []expr.Expr{e}, Names: []string{columnName(n)}, At: n.Pos}}, nil
	}
	args, err := f.setArguments(s, n)
	if err != nil {
		return nil, err
	}
	if name != "unnest" || len(args) < 2 {
		call, err := f.setCall(n, args)
		return []expr.SetCall{call}, err
	}
	var out []expr.SetCall
	for _, a := range args {
		call, err := f.setCall(n, []expr.Expr{a})
		if err != nil {
			return nil, err
		}
		out = append(out, call)
	}
	return out, nil
}

// hasFunctions reports that a function of the name may be in the schema that stands before it.
func hasFunctions(n sql.Name) bool {
	switch n.Schema {
	case "", "pg_catalog":
		return true
	case "information_schema":
		return strings.HasPrefix(n.Name, "_pg_")
	}
	return false
}

// setArguments binds what a function that gives rows is called with.
func (b *binder) setArguments(s *scope, n *sql.FuncCall) ([]expr.Expr, error) {
	switch {
	case !hasFunctions(n.Name):
		return nil, errorAt(n.Pos, "3F000", "schema \"%s\" does not exist", n.Name.Schema)
	case n.Star || n.Distinct || n.OrderBy != nil || n.Filter != nil:
		return nil, errorAt(n.Pos, "42809", "%s is not an aggregate function", n.Name.Name)
	case n.Over != nil:
		return nil, errorAt(n.Pos, "42809", "OVER specified, but %s is not a window function nor an aggregate function", n.Name.Name)
	case n.Variadic:
		return nil, unsupported(n.Pos, "VARIADIC arguments are not supported here", "Write the arguments one by one.")
	case n.ArgNames != nil && strings.Join(n.ArgNames, "") != "":
		args, ts, err := b.namedArguments(s, n)
		if err != nil {
			return nil, err
		}
		f, order, err := b.Functions.NamedSet(n.Name.Name, ts, n.ArgNames)
		if err != nil {
			return nil, place(err, n.Pos)
		}
		return arranged(args, order, f.Defaults, n.Pos), nil
	}
	args := make([]expr.Expr, len(n.Args))
	for i, a := range n.Args {
		var err error
		if args[i], err = b.expr(s, a); err != nil {
			return nil, err
		}
	}
	return args, nil
}

// setCall chooses the overload of a function that gives rows.
func (b *binder) setCall(n *sql.FuncCall, args []expr.Expr) (expr.SetCall, error) {
	call := expr.SetCall{At: n.Pos}
	types := make([]column.Type, len(args))
	for i, a := range args {
		types[i] = a.Type()
	}
	f, err := b.Functions.SetFunction(n.Name.Name, types)
	if err != nil {
		return call, place(err, n.Pos)
	}
	call.Fn = f
	for i, a := range args {
		t := f.Args[min(i, len(f.Args)-1)]
		if t == unknown {
			a, err = b.known(a)
		} else {
			a, err = b.coerce(a, t, fn.Implicit)
		}
		if err == nil {
			err = checked(f.Check, i, a)
		}
		if err != nil {
			return call, err
		}
		call.Args = append(call.Args, a)
	}
	for _, c := range f.Columns {
		call.Names = append(call.Names, c.Name)
	}
	return call, nil
}
