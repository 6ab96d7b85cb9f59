package ingest

import (
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
	if !t.Columns.Enforced {
		return nil
	}
	return []uniqueKey{{name: t.Name + "_pkey", columns: t.Columns.Key, distinct: true}}
}
