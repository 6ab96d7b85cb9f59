package bind

import (
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

func (b *binder) analyze(n *sql.Vacuum) (plan.Statement, error) {
	if n.Vacuum {
		return nil, unsupported(n.Pos, "VACUUM is not supported: rows that have ended are removed by merges, all the time", "Leave it out.")
	}
	out := &plan.Analyze{}
	for _, t := range n.Tables {
		out.Tables = append(out.Tables, plan.TableName{Schema: t.Schema, Name: t.Name, Pos: t.Pos})
	}
	return out, nil
}
