package query

import (
	"slices"

	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/plan"
)

// truncate ends all rows of tables: in the catalog, whatever their number, or in a transaction row by row, as DELETE does, so that it can be rolled back.
func (st *statement) truncate(t *plan.Truncate) (*Result, error) {
	if st.session.settings.ReadOnly {
		return nil, readOnlyBlock("TRUNCATE TABLE")
	}
	restart := st.restarts(t)
	if st.session.block != nil {
		for _, c := range restart {
			if _, err := st.propose(c); err != nil {
				return nil, err
			}
		}
		all := &changing{st: st}
		for _, r := range t.Tables {
			if _, err := all.make(bind.Emptying(r)); err != nil {
				return nil, err
			}
		}
		return st.ended("TRUNCATE TABLE", oneCommit(st.apply(all.transaction())))
	}
	ids := make([]meta.TableID, len(t.Tables))
	for i, r := range t.Tables {
		ids[i] = r.(plan.Stored).Table().ID
	}
	return st.ended("TRUNCATE TABLE", st.session.engine.store.Truncate(st.env.Expr.Ctx, ids, restart))
}

// restarts are the commands that let the sequences which belong to the tables begin again, for RESTART IDENTITY.
func (st *statement) restarts(t *plan.Truncate) []meta.Command {
	if !t.Restart {
		return nil
	}
	var out []meta.Command
	for _, q := range st.snap.Catalog().Sequences(st.snap.Database().ID) {
		owned := func(r plan.Relation) bool { return r.(plan.Stored).Table().ID == q.Table }
		if !slices.ContainsFunc(t.Tables, owned) {
			continue
		}
		again := *q
		again.Last, again.Called = q.Start, false
		out = append(out, meta.Command{AlterSequence: &meta.AlterSequence{Sequence: again, From: q.Changed, Restart: true}})
	}
	return out
}
