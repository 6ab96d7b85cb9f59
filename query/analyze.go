package query

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
)

// analyze forgets what is kept of tables' rows, so that the next plan asks the segments and takes a sample anew.
func (st *statement) analyze(a *plan.Analyze) (*Result, error) {
	c, db := st.snap.Catalog(), st.snap.Database().ID
	var tables []meta.TableID
	for _, n := range a.Tables {
		t, err := st.analyzed(n)
		if err != nil {
			return nil, err
		}
		if t != nil {
			tables = append(tables, t.ID)
		}
	}
	if len(a.Tables) == 0 {
		for _, t := range c.Tables(db) {
			tables = append(tables, t.ID)
		}
	}
	st.session.engine.store.Analyze(tables)
	return st.ended("ANALYZE", nil)
}

// analyzed finds a table; nil for what is there and has no rows of its own.
func (st *statement) analyzed(n plan.TableName) (*meta.Table, error) {
	found, err := st.named(n)
	if err != nil || found.table != nil || found.index != nil || found.of != nil {
		return found.table, err
	}
	if _, err := st.names.Resolve(st.env.Expr.Ctx, n.Schema, n.Name); err == nil {
		return nil, nil
	}
	return nil, column.SQLErrorf(column.NotFound, "42P01", "relation \"%s\" does not exist", qualified(n))
}
