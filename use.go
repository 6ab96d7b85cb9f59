package aegis

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/spill"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/tiering/pages"
)

// Query runs one statement in a session of its own. Close the result.
func (db *DB) Query(ctx context.Context, text string, params ...*string) (*query.Result, error) {
	return db.NewSession("").Run(ctx, query.Request{SQL: text, Params: params})
}

// NewSession starts a session in a database ("" = the default one).
func (db *DB) NewSession(database string) *query.Session { return db.engine.NewSession(database) }

// TempSpace is room for temporary files that others keep, within the bound of all of them.
func (db *DB) TempSpace() *spill.Space { return db.temp.Space(0) }

// OpenSession starts a session of a user, with settings of his.
func (db *DB) OpenSession(o query.SessionOptions) (*query.Session, error) {
	return db.engine.OpenSession(o)
}

// Engine is the query engine.
func (db *DB) Engine() *query.Engine { return db.engine }

// Catalog is the newest state of the catalog.
func (db *DB) Catalog() *meta.Snapshot { return db.catalog.Snapshot() }

// Samples is the fast path into prometheus.samples of a database ("" = the default one).
func (db *DB) Samples(database string) (*ingest.Samples, error) {
	if database == "" {
		database = meta.DefaultDatabase
	}
	catalog := db.catalog.Snapshot()
	d := catalog.Database(database)
	if d == nil {
		return nil, column.SQLErrorf(column.NotFound, "3D000", "database %q does not exist", database)
	}
	t := catalog.Table(d.ID, meta.PrometheusSchema, meta.SamplesTable)
	if t == nil {
		return nil, column.SQLErrorf(column.NotFound, "42P01", "database %q takes no samples: it has no table prometheus.samples", database)
	}
	samples, err := db.shard.Samples(t, valueColumn(&t.Columns))
	if err != nil {
		return nil, err
	}
	return samples.WithStart(t.Columns.Fields[t.Columns.Lookup("start_ts")]), nil
}

// Flush writes everything that is in memory to segments.
func (db *DB) Flush(ctx context.Context) error { return db.shard.Flush(ctx) }

// BuildIndexes builds the files of indexes that segments lack, as happens in the background by itself, and returns when all are there.
func (db *DB) BuildIndexes(ctx context.Context) error { return db.indexes.Run(ctx) }

// Compact removes rows that are older than their tables keep them, merges segments until no partition has more than it should, then collects the replaced files
// whose time is over.
func (db *DB) Compact(ctx context.Context) error {
	if err := db.retention.Run(ctx); err != nil {
		return err
	}
	if err := db.compactor.Run(ctx); err != nil {
		return err
	}
	return db.collector.Run(ctx)
}

// Stats is what a DB holds and does, for metrics and health checks.
type Stats struct {
	Ingest        ingest.Stats
	MemoryUsed    int64
	MemoryLimit   int64
	OpenSegments  int
	SegmentsIdle  int64 // bytes of readers kept for later
	Pages         pages.Stats
	Admission     query.Admission // statements that run and wait
	TempBytes     int64           // of temporary files of statements, now
	TempFiles     int64
	TempWritten   int64 // ever
	PlansFound    int64 // statements asked before whose plan was kept, and those that were planned again
	PlansMade     int64
	Tables        int
	Segments      int
	SegmentBytes  int64
	LiveRows      int64 // in segments
	Compactions   int64
	CompactErrors int64
	Compacting    int64 // merges that run
	Garbage       int   // files waiting to be removed
}

// Stats measures; figures are each right, not all of one moment.
func (db *DB) Stats() Stats {
	s := Stats{
		Ingest: db.shard.Stats(), MemoryUsed: db.pool.Used(), MemoryLimit: db.pool.Limit(), Admission: db.engine.Admission(),
	}
	s.TempBytes, s.TempFiles, s.TempWritten = db.temp.Used(), db.temp.Files(), db.temp.Written()
	s.OpenSegments, s.SegmentsIdle = db.segments.Stats()
	s.Pages = db.pages.Stats()
	s.PlansFound, s.PlansMade = db.engine.PlanCache()
	s.Compactions, s.CompactErrors = db.compactor.Stats()
	s.Compacting = db.compactor.Running()
	catalog := db.catalog.Snapshot()
	s.Garbage = len(catalog.Garbage())
	for _, d := range catalog.Databases() {
		for _, t := range catalog.Tables(d.ID) {
			m := catalog.Manifest(t.ID)
			s.Tables++
			s.Segments += m.Len()
			s.SegmentBytes += m.Bytes()
			s.LiveRows += m.LiveRows()
		}
	}
	return s
}

// CreateUser makes a user. As soon as there is one, servers over the database have everybody log in.
func (db *DB) CreateUser(ctx context.Context, user meta.CreateUser) error {
	_, err := db.catalog.Propose(ctx, meta.Command{CreateUser: &user})
	return err
}
