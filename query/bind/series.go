package bind

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// seriesName is the one function that FROM takes.
const seriesName = "generate_series"

// function binds a function in FROM.
func (f *fromClause) function(t *sql.TableFunc) (*item, error) {
	switch {
	case t.RowsFrom || len(t.Funcs) != 1:
		return nil, unsupported(t.Pos, "ROWS FROM is not supported", "Join the functions.")
	case t.Ordinality:
		return nil, unsupported(t.Pos, "WITH ORDINALITY is not supported", "")
	case t.ColDefs != nil || t.Funcs[0].ColDefs != nil:
		return nil, errorAt(t.Pos, "42601", "a column definition list is only allowed for functions returning \"record\"")
	}
	call := t.Funcs[0].Func
	if call.Special || call.Name.Name != seriesName || call.Name.Schema != "" && call.Name.Schema != "pg_catalog" {
		return nil, unsupported(call.Pos, "functions in FROM other than generate_series are not supported", "Use a subquery: (SELECT ...) AS name.")
	}
	if call.Star || call.Distinct || call.Variadic || call.OrderBy != nil || call.ArgNames != nil {
		return nil, unsupported(call.Pos, "generate_series takes two or three plain arguments", "")
	}
	l := &link{}
	s := &scope{clause: "functions in FROM", outer: f.beside(l)}
	args := make([]expr.Expr, len(call.Args))
	for i, a := range call.Args {
		var err error
		if args[i], err = f.expr(s, a); err != nil {
			return nil, err
		}
	}
	node, err := f.series(call.Pos, args)
	if err != nil {
		return nil, err
	}
	src := &source{name: seriesName}
	if t.Alias != nil {
		node.Name = t.Alias.Name
	}
	src.fields = f.columnsOf(node)
	it, err := f.leaf(node, src, t.Alias)
	if it != nil {
		it.params = l.params
	}
	return it, err
}

// series chooses the overload of generate_series.
func (f *fromClause) series(pos int, args []expr.Expr) (*plan.Series, error) {
	types := make([]column.Type, len(args))
	for i, a := range args {
		types[i] = a.Type()
	}
	params, ambiguous := f.seriesTypes(types)
	if params == nil {
		names := make([]string, len(types))
		for i, t := range types {
			names[i] = t.String()
		}
		call := seriesName + "(" + strings.Join(names, ", ") + ")"
		e := errorAt(pos, "42883", "function %s does not exist", call)
		if ambiguous {
			e = errorAt(pos, "42725", "function %s is not unique", call)
		}
		e.Hint = "It takes integers, or timestamps and an interval. You might need to add explicit type casts."
		return nil, e
	}
	if len(args) == 2 {
		args = append(args, intLiteral(1, pos))
	}
	for i, to := range params {
		var err error
		if args[i], err = f.coerce(args[i], to, fn.Implicit); err != nil {
			return nil, err
		}
	}
	return &plan.Series{Start: args[0], Stop: args[1], Step: args[2], Name: seriesName}, nil
}

// seriesTypes chooses the parameters' types by PostgreSQL's rules for overloads: most exact matches, then most preferred
// types; nil if none or several are left.
func (f *fromClause) seriesTypes(args []column.Type) (params []column.Type, ambiguous bool) {
	best := -1
	for _, k := range []column.Kind{column.Int32, column.Int64, column.Numeric, column.Timestamp, column.TimestampTZ} {
		t := column.T(k)
		list := []column.Type{t, t, t}
		if t.IsTime() {
			list[2] = column.T(column.IntervalKind)
		}
		if len(args) > 3 || len(args) < 2 || len(args) == 2 && t.IsTime() {
			continue
		}
		exact, preferred, fits := 0, 0, true
		for i, from := range args {
			switch {
			case from == unknown:
			case from == list[i]:
				exact++
			case !f.Functions.CanCast(from, list[i], fn.Implicit):
				fits = false
			case k == column.TimestampTZ:
				preferred++
			}
		}
		score := exact*len(args)*2 + preferred
		switch {
		case !fits || score < best:
		case score == best:
			params, ambiguous = nil, true
		default:
			params, ambiguous, best = list, false, score
		}
	}
	return params, ambiguous
}
