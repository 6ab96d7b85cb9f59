package aegis

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/lineproto"
	"github.com/automatanexus/aegis-db/meta"
)

// Lines is where line protocol for a database ("" = the default one) goes.
func (db *DB) Lines(database string) (lineproto.Target, error) {
	if database == "" {
		database = meta.DefaultDatabase
	}
	d := db.catalog.Snapshot().Database(database)
	if d == nil {
		return lineproto.Target{}, column.SQLErrorf(column.NotFound, "3D000", "database %q does not exist", database)
	}
	return lineproto.Target{Catalog: db.catalog, Database: d.ID, Sink: db.shard.Points()}, nil
}
