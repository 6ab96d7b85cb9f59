package promql

import (
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
)

// Store is where queries read. Safe for concurrent use.
type Store interface {
	// OpenSnapshot opens the newest state of a database; "" is the default one.
	OpenSnapshot(database string) (Snapshot, error)
}

// Past is a Store that knows states of the past; in others as_of is refused.
type Past interface {
	OpenPast(database string, at plan.AsOf) (Snapshot, error)
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
