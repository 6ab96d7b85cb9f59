package promql

import (
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// Store is where queries read. Safe for concurrent use.
type Store interface {
	// OpenSnapshot opens the newest state of a database; "" is the default one.
	OpenSnapshot(database string) (Snapshot, error)
}

// Snapshot is what one query reads from start to end. Safe for concurrent use until it is closed.
type Snapshot interface {
	// Database is where metrics are looked for.
	Database() *meta.Database
	// Catalog is the catalog version that is read.
	Catalog() *meta.Snapshot
	// Source reads a table of the catalog, as the snapshot sees it.
	Source(t *meta.Table) scan.Source
	Close()
}
