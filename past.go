package aegis

import (
	"context"
	"fmt"
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/tiering/segments"
)

// A state of the past is a version of the catalog, and segments alone: what was not flushed then came with the version of its flush.

// AsOf gives a state of the past, or, with a time that is not over, the newest state after a flush. It lives as long as s, which is of use for
// other states too.
func (s *Snapshot) AsOf(ctx context.Context, at plan.AsOf) (*Snapshot, error) {
	s.mu.Lock()
	old := s.past[at]
	s.mu.Unlock()
	if old != nil {
		return old, nil
	}
	old, err := s.db.asOf(ctx, s.database, at)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.past == nil {
		s.past = map[plan.AsOf]*Snapshot{}
	}
	if other := s.past[at]; other != nil {
		defer old.Close()
		return other, nil
	}
	s.past[at] = old
	return old, nil
}

func (db *DB) asOf(ctx context.Context, database *meta.Database, at plan.AsOf) (*Snapshot, error) {
	now := at.Version == 0 && at.Pin == "" && (at.Time == 0 || at.Time >= db.options.Now().UnixMicro())
	if now {
		if err := db.settle(ctx); err != nil {
			return nil, err
		}
	}
	newest, release := db.catalog.Acquire()
	catalog, err := pastOf(newest, at, now)
	if err != nil {
		release()
		return nil, err
	}
	return &Snapshot{
		db: db, database: database, head: db.shard.Nothing(), catalog: catalog, after: math.MaxUint64, release: release, isPast: true,
		handles: map[handleKey]*segments.Handle{},
	}, nil
}

// settle gives everything that was written a version.
func (db *DB) settle(ctx context.Context) error {
	if err := db.shard.Flush(ctx); err != nil {
		return err
	}
	return db.shard.PublishDeletes(ctx)
}

func pastOf(newest *meta.Snapshot, at plan.AsOf, now bool) (*meta.Snapshot, error) {
	v := meta.Version(at.Version)
	switch {
	case now:
		return newest, nil
	case at.Pin != "":
		pin := newest.Pin(at.Pin)
		if pin == nil {
			return nil, meta.ErrNoPin(at.Pin)
		}
		v = pin.Version
	case v == 0:
		var err error
		if v, err = newest.VersionAt(at.Time); err != nil {
			return nil, err
		}
	}
	return newest.At(v)
}

// ResolveAsOf implements plan.Past.
func (s *Snapshot) ResolveAsOf(ctx context.Context, schema, name string, at plan.AsOf) (plan.Relation, error) {
	old, err := s.AsOf(ctx, at)
	if err != nil {
		return nil, err
	}
	r, err := old.Resolve(ctx, schema, name)
	if column.ClassOf(err) == column.NotFound {
		e := column.SQLErrorf(column.NotFound, "42P01", "relation \"%s\" does not exist as of version %d", name, old.catalog.Version)
		e.Hint = "A name means what it meant then. A table may also keep its past for less time than others."
		return nil, e
	}
	return r, err
}

// Past implements query.Past.
func (s *Snapshot) Past(ctx context.Context, at plan.AsOf) (query.Snapshot, error) {
	old, err := s.AsOf(ctx, at)
	if err != nil {
		return nil, err
	}
	return old, nil
}

// versionName tells relations of different versions apart.
func versionName(name string, v meta.Version) string {
	return fmt.Sprintf("%s as of version %d", name, v)
}
