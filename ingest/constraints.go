package ingest

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

// uniqueKey is a constraint that no two live rows of a table are equal in.
type uniqueKey struct {
	name     string
	columns  []column.ID
	distinct bool // a NULL equals nothing, not even another NULL
}

// uniques lists the constraints that a table's rows are held against, the primary key first.
func uniques(t *meta.Table) []uniqueKey {
	var out []uniqueKey
	for i := range t.Constraints {
		switch c := &t.Constraints[i]; c.Kind {
		case meta.PrimaryConstraint:
			out = slices.Insert(out, 0, uniqueKey{c.Name, c.Columns, true})
		case meta.UniqueConstraint:
			out = append(out, uniqueKey{c.Name, c.Columns, !c.NullsNotDistinct})
		}
	}
	return out
}
