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
	if t.ColDefs != nil {
		return nil, noRecord(t.ColDefs[0].Pos)
	}
	if n := changesCall(t); n != nil {
		return f.changes(t, n)
	}
	l := &link{}
	s := &scope{clause: "functions in FROM", noSets: "set-returning functions must appear at top level of FROM", outer: f.beside(l)}
	x := &plan.Expand{Input: &plan.Values{Rows: [][]expr.Expr{{}}}, Ordinality: t.Ordinality}
	for _, item := range t.Funcs {
		if item.ColDefs != nil {
			return nil, noRecord(item.ColDefs[0].Pos)
		}
		calls, err := f.tableCalls(s, item.Func)
		if err != nil {
			return nil, err
		}
		x.Calls = append(x.Calls, calls...)
	}
	src := &source{name: columnName(t.Funcs[0].Func), single: len(x.Calls) == 1 && len(x.Calls[0].Names) == 1 && !t.Ordinality}
	// An alias names the column too, unless the function itself names it otherwise than after itself.
	if t.Alias != nil && len(x.Calls) == 1 && len(x.Calls[0].Names) == 1 && x.Calls[0].Fn.Columns[0].Name == x.Calls[0].Fn.Name {
		x.Calls[0].Names = []string{t.Alias.Name}
	}
	src.fields = f.columnsOf(x)
	it, err := f.leaf(x, src, t.Alias)
	if it != nil {
		it.params = l.params
	}
	return it, err
}

func noRecord(pos int) error {
	return errorAt(pos, "42601", "a column definition list is only allowed for functions returning \"record\"")
}

// tableCalls binds a function in FROM: one that gives rows, unnest of several arrays as so many of it, or any other, which gives one row.
func (f *fromClause) tableCalls(s *scope, n *sql.FuncCall) ([]expr.SetCall, error) {
	name := n.Name.Name
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
	case n.Variadic || n.ArgNames != nil:
		return nil, unsupported(n.Pos, "named and VARIADIC arguments are not supported here", "Write the arguments one by one, in order.")
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
