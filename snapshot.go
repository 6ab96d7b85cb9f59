package aegis

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/tiering/segments"
)

// Snapshot is what a statement reads from start to end: one catalog version v and, of the shard, the head as it was at
// one seq S. Rows up to flushedSeq(v) come from v's segments, rows in (flushedSeq(v), S] from the head.
//
// The head is captured first. Whatever is flushed between the two captures is then in v's segments and above the
// flushed mark for the head, which skips it: no row is missed, none is seen twice. Rows of segments that had ended at S are in v's deletion vectors or
// pending in the head; v's vectors must have none that ended after S, and so both are captured anew where they do.
type Snapshot struct {
	db       *DB
	database *meta.Database
	head     *head.Snapshot
	catalog  *meta.Snapshot
	after    meta.Seq // flushedSeq(v)
	release  func()

	isPast bool // a state that is over: nothing in it can be changed

	mu      sync.Mutex
	past    map[plan.AsOf]*Snapshot        // states of the past that were asked for; closed with this one
	handles map[handleKey]*segments.Handle // kept open until Close: morsels read from them later
}

type handleKey struct {
	table   meta.TableID
	segment meta.SegmentID
	vector  uint64
}

// Snapshot opens the newest state of a database ("" = the default one). Close it.
func (db *DB) Snapshot(database string) (*Snapshot, error) {
	h, catalog, release := db.capture()
	if database == "" {
		database = meta.DefaultDatabase
	}
	d := catalog.Database(database)
	if d == nil {
		release()
		return nil, column.SQLErrorf(column.NotFound, "3D000", "database %q does not exist", database)
	}
	return &Snapshot{
		db: db, database: d, head: h, catalog: catalog, release: release,
		after: catalog.FlushedSeq(shardID), handles: map[handleKey]*segments.Handle{},
	}, nil
}

// capture takes the head and the catalog so that they fit together.
func (db *DB) capture() (*head.Snapshot, *meta.Snapshot, func()) {
	for tries := 0; ; tries++ {
		h := db.shard.Snapshot()
		catalog, release := db.catalog.Acquire()
		if fits(h, catalog) {
			return h, catalog, release
		}
		release() // something was flushed, published, decided or truncated between the two
		if tries < 100 {
			runtime.Gosched()
			continue
		}
		db.shard.Settle() // or it was decided long after nobody waited for it any more
		time.Sleep(time.Millisecond)
	}
}

// fits reports whether a head has all the commits that a catalog shows effects of: with an older one a reader would see what came later without what came
// before.
func fits(h *head.Snapshot, catalog *meta.Snapshot) bool {
	return h.Seq() >= max(catalog.DeletedSeq(shardID), catalog.DecidedSeq(shardID), catalog.TruncatedSeq())
}

// Close ends the snapshot and lets go of its segments.
func (s *Snapshot) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, h := range s.handles {
		h.Release()
		delete(s.handles, k)
	}
	for at, old := range s.past {
		old.Close()
		delete(s.past, at)
	}
	if s.release != nil {
		s.release()
		s.release = nil
	}
}

// under gives the same rows under another catalog, which has all the segments of this one and may have other tables. The snapshot that it is made of is
// closed after it.
func (s *Snapshot) under(catalog *meta.Snapshot) *Snapshot {
	return &Snapshot{
		db: s.db, database: s.database, head: s.head, catalog: catalog, after: s.after, handles: map[handleKey]*segments.Handle{},
	}
}

// With gives the snapshot as a transaction sees it that has written rows and ended others: its statements see all that it has done before they began. Rows that it
// has ended and that were moved since they were read are followed; an error with SQLSTATE 40001 says that nobody knows where they are. The snapshot that it is made of is closed after it.
func (s *Snapshot) With(ctx context.Context, own *ingest.Own) (*Snapshot, error) {
	h, err := own.Over(ctx, s.head, s.catalog)
	if err != nil {
		return nil, err
	}
	out := s.under(s.catalog)
	out.head = h
	return out, nil
}

// Catalog is the catalog version that is read.
func (s *Snapshot) Catalog() *meta.Snapshot { return s.catalog }

// Database is the database that names resolve in.
func (s *Snapshot) Database() *meta.Database { return s.database }

// segment opens a segment for as long as the snapshot lives.
func (s *Snapshot) segment(ctx context.Context, table meta.TableID, record *meta.Segment) (*segments.Handle, error) {
	key := handleKey{table: table, segment: record.ID}
	if record.Deleted != nil {
		key.vector = record.Deleted.Version
	}
	s.mu.Lock()
	h := s.handles[key]
	s.mu.Unlock()
	if h != nil {
		return h, nil
	}
	h, err := s.db.segments.Acquire(ctx, table, record)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.handles[key]; other != nil {
		h.Release()
		return other, nil
	}
	s.handles[key] = h
	return h, nil
}

// Resolve implements plan.Resolver: the search path is public, then metrics.
func (s *Snapshot) Resolve(ctx context.Context, schema, name string) (plan.Relation, error) {
	written := name
	if schema != "" {
		written = schema + "." + name
	}
	for _, in := range searchPath(schema) {
		if in == meta.MetricsSchema {
			r, err := s.metric(ctx, name)
			if r != nil || err != nil {
				return r, err
			}
			continue
		}
		if t := s.catalog.Table(s.database.ID, in, name); t != nil {
			return newTableRelation(s, t), nil
		}
	}
	return nil, column.SQLErrorf(column.NotFound, "42P01", "relation %q does not exist", written)
}

func searchPath(schema string) []string {
	if schema != "" {
		return []string{schema}
	}
	return []string{meta.PublicSchema, meta.MetricsSchema}
}
