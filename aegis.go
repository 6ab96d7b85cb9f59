// Package aegis is a columnar database for time series and analytics, as a library: metrics, events and tables in one
// store of open Parquet, asked with SQL. cmd/aegis is the same wiring with servers around it.
//
//	db, err := aegis.Open(ctx, aegis.Options{Dir: "data"})
//	…
//	defer db.Close(ctx)
//	rows, err := db.Query(ctx, "SELECT count(*) FROM prometheus.samples")
//
// The package composes: the catalog (meta), the write path (ingest), the engine (query) and what keeps segments
// in order (tiering) do not know each other. It must not know protocols.
package aegis

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/column/spill"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/meta/node"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/promql"
	"github.com/automatanexus/aegis-db/tiering/compact"
	"github.com/automatanexus/aegis-db/tiering/gc"
	"github.com/automatanexus/aegis-db/tiering/indexes"
	"github.com/automatanexus/aegis-db/tiering/pages"
	"github.com/automatanexus/aegis-db/tiering/retention"
	"github.com/automatanexus/aegis-db/tiering/segments"
	"github.com/automatanexus/aegis-db/tiering/upkeep"
)

// shardID is the one shard a single node has.
const shardID meta.ShardID = 1

// DB is an open database. Safe for concurrent use.
type DB struct {
	options    Options
	lock       io.Closer
	pool       *mem.Pool
	files      segment.Files
	catalog    *node.Node
	shard      *ingest.Shard
	segments   *segments.Cache
	pages      *pages.Cache
	temp       *spill.Area
	engine     *query.Engine
	promql     *promql.Engine
	compactor  *compact.Compactor
	retention  *retention.Enforcer
	collector  *gc.Collector
	indexes    *indexes.Store
	holders    upkeep.Loop
	described  metadataStore
	columns    tableColumns
	samples    relationSamples
	statistics tableStatistics
	unions     deadUnions

	closing sync.Once
	closed  error
}

// Open opens the database in a folder, making it if it is not there. Whatever was acknowledged before, by a process that
// was killed too, is there again when it returns.
func Open(ctx context.Context, o Options) (db *DB, err error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	db = &DB{options: o, pool: mem.NewPool("the server", o.MemoryBytes, nil)}
	defer func() {
		if err != nil {
			_ = db.Close(ctx) // the first error is the one to tell
			db = nil
		}
	}()
	if err := o.FS.MkdirAll(o.Dir); err != nil {
		return db, err
	}
	if db.lock, err = o.FS.Lock(filepath.Join(o.Dir, "LOCK")); err != nil {
		return db, err
	}
	files := segment.NewLocalFiles(o.FS, o.Dir)
	db.files = files
	if removed, err := files.RemoveUnfinished(ctx); err != nil {
		return db, err
	} else if len(removed) > 0 {
		o.Logger.Info("removed files that a crash left unfinished", "files", removed)
	}
	db.catalog, err = node.Open(ctx, node.Options{FS: o.FS, Dir: filepath.Join(o.Dir, "catalog"), Logger: o.Logger, Now: o.Now})
	if err != nil {
		return db, err
	}
	if err := db.ensureSamples(ctx); err != nil {
		return db, err
	}
	db.pages = pages.New(pages.Options{Bytes: max(0, o.CacheBytes), Pool: mem.NewPool("the cache of pages", 0, db.pool)})
	db.pool.OnFull(db.pages.Release)
	db.segments = segments.NewCache(segments.Options{Files: db.files, Bytes: o.MemoryBytes / 16, Pages: db.pages})
	if db.temp, err = spill.Open(o.FS, filepath.Join(o.Dir, "temp"), max(0, o.TempBytes)); err != nil {
		return db, err
	}
	db.indexes, err = indexes.Open(ctx, indexes.Options{
		Catalog: db.catalog, Files: db.files, Temp: db.temp, Pool: db.pool, Logger: o.Logger, Bytes: o.MemoryBytes / 32,
	})
	if err != nil {
		return db, err
	}
	db.collector = gc.New(gc.Options{
		Beside:  db.indexes.Remove,
		Catalog: db.catalog, Files: db.files, Segments: db.segments, History: o.History, Keep: o.KeepRemoved, Now: o.Now, Logger: o.Logger,
	})
	// Files of a flush or merge that a crash interrupted; nobody writes yet.
	if err := db.collector.Sweep(ctx); err != nil {
		return db, err
	}
	db.shard, err = ingest.Open(ctx, ingest.Options{
		FS: o.FS, Dir: filepath.Join(o.Dir, "wal"), Files: db.files, Shard: shardID, Catalog: o.watched(db.catalog),
		Indexer: db.indexes,
		Pool:    db.pool, Now: o.Now, Logger: o.Logger, HeadBytes: o.HeadBytes, WALBytes: o.WALBytes,
		Moved: db.moved, OpenSegment: db.openSegment, OwnBytes: o.TransactionBytes, Forget: db.segments.Forget, FlushBytes: o.FlushBytes, FlushAge: o.FlushAge, Tick: min(time.Second, o.FlushAge/4), Repair: o.Repair,
	})
	if err != nil {
		return db, err
	}
	db.engine = query.New(store{db}, query.Options{
		PieceBytes: max(1, o.TransactionBytes/2),
		Pool:       db.pool, QueryBytes: o.QueryBytes, Spill: db.temp, QuerySpillBytes: max(0, o.QueryTempBytes),
		Workers: o.Workers, Timeout: o.QueryTimeout, Transaction: o.TransactionTimeout, Logger: o.Logger, Now: o.Now,
	})
	db.startPromQL()
	db.startUpkeep()
	return db, nil
}

// moved finds rows that merges have moved, as soon as there are merges.
func (db *DB) moved(table meta.TableID, id meta.SegmentID, rows *roaring.Bitmap, live func(meta.SegmentID) bool) (map[meta.SegmentID]*roaring.Bitmap, bool) {
	if db.compactor == nil {
		return nil, false
	}
	return db.compactor.Moved(table, id, rows, live)
}

// indexEvery is how soon the building of an index begins. Looking costs nothing where the catalog has not changed.
const indexEvery = 200 * time.Millisecond

// startUpkeep starts compaction and the collection of what it leaves.
func (db *DB) startUpkeep() {
	o := &db.options
	db.compactor = compact.New(compact.Options{
		Catalog: db.catalog, Files: db.files, Segments: db.segments, Pool: db.pool, Logger: o.Logger,
		Publish: db.shard.Settled, Indexer: db.indexes,
	})
	db.retention = retention.New(retention.Options{Catalog: db.catalog, Publish: db.shard.Settled, Logger: o.Logger, Now: o.Now})
	if o.CompactEvery > 0 {
		db.retention.Start(o.CompactEvery)
		db.indexes.Start(min(o.CompactEvery, indexEvery))
		db.compactor.Start(o.CompactEvery)
		db.collector.Start(o.CompactEvery)
		db.holders.Start(o.CompactEvery, db.endHolder)
	}
}

// ensureSamples makes the default database, and in it the tables that Prometheus writes to.
func (db *DB) ensureSamples(ctx context.Context) error {
	_, err := db.catalog.Propose(ctx, meta.Command{CreateDatabase: &meta.CreateDatabase{Name: meta.DefaultDatabase, IfNotExists: true}})
	if err != nil {
		return err
	}
	database := db.catalog.Snapshot().Database(meta.DefaultDatabase).ID
	for _, t := range []meta.CreateTable{
		{Name: meta.SamplesTable, Columns: meta.SamplesSchema()},
		{Name: meta.MetadataTable, Columns: meta.MetadataSchema()},
	} {
		t.Database, t.Schema, t.IfNotExists = database, meta.PrometheusSchema, true
		if _, err := db.catalog.Propose(ctx, meta.Command{CreateTable: &t}); err != nil {
			return err
		}
	}
	return nil
}

// closeWait is how long Close waits for statements that were told to end: they look at their context at every batch.
const closeWait = 10 * time.Second

// Close flushes what is in memory and closes everything. Statements that run end with an error.
func (db *DB) Close(ctx context.Context) error {
	db.closing.Do(func() { db.closed = db.close(ctx) })
	return db.closed
}

func (db *DB) close(ctx context.Context) error {
	var errs []error
	db.holders.Stop()
	if db.compactor != nil {
		db.compactor.Stop()
		db.retention.Stop()
	}
	if db.indexes != nil {
		db.indexes.Stop()
	}
	if db.collector != nil {
		db.collector.Stop()
	}
	if db.engine != nil {
		// A result that nobody closes must not keep the rows in memory from being flushed.
		wait, cancel := context.WithTimeout(ctx, closeWait)
		errs = append(errs, db.engine.Close(wait))
		cancel()
	}
	if db.promql != nil {
		wait, cancel := context.WithTimeout(ctx, closeWait)
		errs = append(errs, db.promql.Close(wait))
		cancel()
	}
	if db.temp != nil {
		db.temp.Close()
	}
	if db.shard != nil {
		errs = append(errs, db.shard.Close(ctx))
	}
	if db.indexes != nil {
		db.indexes.Close()
	}
	if db.segments != nil {
		db.segments.Close()
	}
	if db.catalog != nil {
		errs = append(errs, db.catalog.Close())
	}
	if db.lock != nil {
		errs = append(errs, db.lock.Close())
	}
	return errors.Join(errs...)
}

// store shows a DB to the query engine.
type store struct{ db *DB }

func (s store) OpenSnapshot(database string) (query.Snapshot, error) {
	snap, err := s.db.Snapshot(database)
	if err != nil {
		return nil, err
	}
	return snap, nil
}

// ownRows shows what a transaction has written to the query engine.
type ownRows struct{ *ingest.Own }

func (o ownRows) Mark() any { return o.Own.Mark() }
func (o ownRows) Unique(ctx context.Context, since any, again []meta.Arbiter) error {
	mark, _ := since.(ingest.OwnMark) // nil is the beginning
	return o.Own.Unique(ctx, mark, again)
}

func (o ownRows) Write(ctx context.Context, since any, kept []meta.TableID, again []meta.Arbiter) error {
	mark, _ := since.(ingest.OwnMark)
	return o.Own.Write(ctx, mark, kept, again)
}
func (o ownRows) Rewind(mark any) { o.Own.Rewind(mark.(ingest.OwnMark)) }

func (s store) NewOwn(pool *mem.Pool) query.Own { return ownRows{s.db.shard.NewOwn(pool)} }

func (s store) Overlay(ctx context.Context, snap query.Snapshot, own query.Own, catalog *meta.Snapshot) (query.Snapshot, error) {
	out := snap.(*Snapshot) // it is one that OpenSnapshot gave
	if own != nil {
		var err error
		if out, err = out.With(ctx, own.(ownRows).Own); err != nil {
			return nil, err
		}
	}
	if own != nil {
		base := catalog
		if base == nil {
			base = out.catalog
		}
		with, err := own.(ownRows).Catalog(base)
		if err != nil {
			return nil, err
		}
		if with != base {
			catalog = with
		}
	}
	if catalog != nil {
		out = out.under(catalog)
	}
	return out, nil
}

func (s store) Catalog() meta.Catalog { return s.db.catalog }
func (s store) Writer() meta.Writer   { return s.db.shard }
