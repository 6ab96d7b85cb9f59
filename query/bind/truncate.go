package bind

import (
	"slices"

	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// truncate binds TRUNCATE. No table refers to another, so CASCADE finds nothing more.
func (b *binder) truncate(n *sql.Truncate) (plan.Statement, error) {
	out := &plan.Truncate{Restart: n.Restart}
	for _, name := range n.Tables {
		t, err := b.changedTable(name.Name, "truncate")
		if err != nil {
			return nil, unplaced(err) // as in PostgreSQL
		}
		if !slices.ContainsFunc(out.Tables, func(r plan.Relation) bool { return r.Name() == t.rel.Name() }) {
			out.Tables = append(out.Tables, t.rel)
		}
	}
	return out, nil
}

// Emptying gives the change that deletes all rows of a table: TRUNCATE in a transaction, which may be rolled back.
func Emptying(r plan.Relation) *plan.Change {
	rel := plan.Addressed(r)
	n := len(r.Columns())
	return &plan.Change{Kind: plan.DeleteRows, Table: r, Addressed: true, Distinct: true, Input: newScan(rel, []int{n, n + 1})}
}
