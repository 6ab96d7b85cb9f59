package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// TABLESAMPLE is a filter over a scan that says where its rows lie: which of them it keeps follows from their addresses.

// noSample is the error of what has no rows of its own.
func noSample(t *sql.Table) error {
	return errorAt(t.Name.Pos, "0A000", "TABLESAMPLE clause can only be applied to tables and materialized views")
}

// sample makes the node of a table of which only some rows are wanted, with the columns of project.
func (f *fromClause) sample(t *sql.Table, rel plan.Relation, project []int) (plan.Node, error) {
	n := t.Sample
	if _, stored := rel.(plan.Stored); !stored {
		return nil, noSample(t)
	}
	switch m := n.Method; {
	case m.Schema != "" && m.Schema != "pg_catalog":
		return nil, errorAt(m.Pos, "42704", "tablesample method %s.%s does not exist", m.Schema, m.Name)
	case m.Name != "bernoulli" && m.Name != "system":
		return nil, errorAt(m.Pos, "42704", "tablesample method %s does not exist", m.Name)
	}
	if len(n.Args) != 1 {
		return nil, errorAt(n.Method.Pos, "2202H", "tablesample method %s requires 1 argument, not %d", n.Method.Name, len(n.Args))
	}
	of := &plan.TableSample{Blocks: n.Method.Name == "system", Repeatable: n.Repeatable != nil}
	var err error
	if of.Percent, err = f.sampleArgument(n.Args[0], "TABLESAMPLE", column.T(column.Float32)); err != nil {
		return nil, err
	}
	if of.Repeatable {
		of.Seed, err = f.sampleArgument(n.Repeatable, "REPEATABLE", column.T(column.Float64))
	} else {
		of.Seed, err = f.anySeed(n.Pos)
	}
	if err != nil {
		return nil, err
	}
	scan := newScan(plan.Addressed(rel), append(slices.Clone(project), len(rel.Columns()), len(rel.Columns())+1))
	if sameForAll(of.Percent) && sameForAll(of.Seed) {
		scan.Sample = of
	}
	refs, names := columnRefs(scan.Columns())
	at := len(project)
	cond := &expr.Call{Fn: fn.Sampled(of.Method(), of.Blocks), Args: append(refs[at:at+2:at+2], of.Percent, of.Seed), T: column.T(column.Bool), At: -1}
	var input plan.Node = scan
	var kept expr.Expr = cond
	input = f.attach(input, 0, &kept)
	return &plan.Project{Input: &plan.Filter{Input: input, Cond: kept}, Exprs: refs[:at], Names: names[:at]}, nil
}

// sampleArgument binds an argument of TABLESAMPLE or REPEATABLE. It cannot read the items beside it.
func (f *fromClause) sampleArgument(n sql.Expr, clause string, t column.Type) (expr.Expr, error) {
	s := &scope{clause: "functions in FROM", sets: &sets{}, outer: f.outer, hidden: f.all}
	e, err := f.expr(s, n)
	if err != nil {
		return nil, err
	}
	if len(s.sets.calls) > 0 {
		return nil, errorAt(e.Pos(), "42804", "argument of %s must not return a set", clause)
	}
	if from := e.Type(); from != unknown && !f.Functions.CanCast(from, t, fn.Assignment) {
		return nil, errorAt(e.Pos(), "42804", "argument of %s must be type %s, not type %s", clause, t, from)
	}
	return f.coerce(e, t, fn.Assignment)
}

// anySeed is the seed of a sample that need not repeat: another in each run, one for all of the run's rows.
func (f *fromClause) anySeed(pos int) (expr.Expr, error) {
	random, err := f.Functions.Function("random", nil)
	if err != nil {
		return nil, err
	}
	call := &expr.Call{Fn: random, T: random.Result, At: pos}
	return f.first(&plan.Project{Input: &plan.Values{Rows: [][]expr.Expr{{}}}, Exprs: []expr.Expr{call}, Names: []string{"seed"}}, pos), nil
}

// sameForAll reports an argument that has one value while the statement runs: it reads no row, not even of a query around.
func sameForAll(e expr.Expr) bool {
	same := true
	expr.Walk(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Column:
			same = false
		case *expr.Call:
			same = same && !e.Fn.Volatile
		case *expr.Param:
			same = same && (e.Index < expr.OwnParams || e.Name[0] == '(')
		}
		return same
	})
	return same
}
