// Package catalog shows what a database holds as PostgreSQL's clients look for it: the relations of pg_catalog and information_schema, and the
// names of objects by their numbers. Rows are made from one snapshot of the catalog when they are read; nothing is stored.
//
// It lives in query because it shows the function registry and the settings next to the tables. It must not know where rows lie: what the store
// alone can tell (metrics, sizes) it asks through Database.
package catalog

// The schemas.
const (
	Schema            = "pg_catalog"
	InformationSchema = "information_schema"
)
