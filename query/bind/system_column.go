package bind

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// numbered is a relation that knows its object number: those of the system catalogs, which hold the numbers of relations.
type numbered interface{ OID() int64 }

// tableNumber binds tableoid, the one of PostgreSQL's system columns that there is, and that of system relations with numbers of rows only: where a
// row has one, the relation is known. nil for every other name.
func tableNumber(name string, sources []*source, pos int) expr.Expr {
	if name != "tableoid" || len(sources) != 1 {
		return nil
	}
	rel, ok := sources[0].rel.(numbered)
	if !ok {
		return nil
	}
	for _, f := range sources[0].fields {
		if f.name != "oid" {
			continue
		}
		number := &expr.Literal{Value: column.NewInts(column.T(column.OID), []int64{rel.OID()}, nil), At: pos}
		return &expr.Case{When: []expr.Expr{&expr.IsNull{Arg: f.at(pos), Negate: true, At: pos}}, Then: []expr.Expr{number}, T: column.T(column.OID), At: pos}
	}
	return nil
}
