package query

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// explainsGeneric reports EXPLAIN (GENERIC_PLAN), which takes no values for the parameters of the statement that it explains.
func explainsGeneric(stmt sql.Stmt) bool {
	e, ok := stmt.(*sql.Explain)
	if !ok {
		return false
	}
	on := false
	for _, o := range e.Options {
		if strings.EqualFold(o.Name, "generic_plan") {
			v := strings.ToLower(o.Value.Text)
			on = o.Value.Kind == sql.OptNone || v == "on" || v == "true" || v == "1"
		}
	}
	return on
}

// bindGeneric binds EXPLAIN (GENERIC_PLAN): what it explains keeps its parameters.
func (st *statement) bindGeneric(stmt sql.Stmt, names plan.Resolver, types []column.Type) (plan.Statement, error) {
	p, err := bind.Prepare(st.env.Expr.Ctx, stmt, st.bindOptions(names, types, nil))
	if err != nil {
		return nil, err
	}
	e, ok := p.Statement.(*plan.Explain)
	if !ok || e.Query == nil || !p.Generic || len(e.Query.First) > 0 {
		err := column.SQLErrorf(column.Unsupported, "0A000", "there is no plan of this statement that serves all values of its parameters")
		err.Position = stmt.(*sql.Explain).Stmt.Position() + 1
		err.Hint = "Leave GENERIC_PLAN out, and give values."
		return nil, err
	}
	e.Query.Root, _ = withConstants(e.Query.Root)
	return e, nil
}
