package bind

import (
	"context"
	"strings"

	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/sql"
)

// CopyTarget finds the table that COPY FROM fills, and which of its columns the data has, in the data's order.
func CopyTarget(ctx context.Context, n *sql.Copy, resolver plan.Resolver) (plan.Relation, []int, error) {
	rel, err := resolver.Resolve(ctx, n.Table.Schema, n.Table.Name)
	if err != nil {
		return nil, nil, place(err, n.Table.Pos)
	}
	if strings.HasPrefix(rel.Name(), computedSchema+".") {
		e := errorAt(n.Table.Pos, "42809", "cannot copy to \"%s\": it is computed from the samples of a metric", rel.Name())
		e.Hint = "Send samples by remote write, OTLP or line protocol."
		return nil, nil, e
	}
	in := &insertion{rel: rel, schema: rel.Schema(), name: n.Table.Name}
	if err := in.setColumns(n.Columns); err != nil {
		return nil, nil, err
	}
	for i := range in.schema.Fields {
		if f := &in.schema.Fields[i]; f.NotNull && !containsInt(in.columns, i) {
			return nil, nil, notNull(f.Name, in.name, "")
		}
	}
	return rel, in.columns, nil
}
