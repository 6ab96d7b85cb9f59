package aegis

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/plan"
	"github.com/automatanexus/aegis-db/query/promql"
)

// PromQL is the engine for Prometheus' query language.
func (db *DB) PromQL() *promql.Engine { return db.promql }

// startPromQL makes the engine for PromQL, which shares memory and cores with that for SQL.
func (db *DB) startPromQL() {
	o := &db.options
	db.promql = promql.New(promStore{db}, promql.Options{
		Limits: o.PromQL, Pool: db.pool, QueryBytes: o.QueryBytes, Workers: o.Workers, Logger: o.Logger,
	})
}

// Source reads a table of the snapshot's catalog.
func (s *Snapshot) Source(t *meta.Table) scan.Source { return &tableSource{snapshot: s, table: t} }

// promStore shows a DB to the engine for PromQL.
type promStore struct{ db *DB }

// OpenPast implements promql.Past.
func (s promStore) OpenPast(database string, at plan.AsOf) (promql.Snapshot, error) {
	if database == "" {
		database = meta.DefaultDatabase
	}
	d := s.db.Catalog().Database(database)
	if d == nil {
		return nil, column.SQLErrorf(column.NotFound, "3D000", "database %q does not exist", database)
	}
	snap, err := s.db.asOf(context.Background(), d, at)
	if err != nil {
		return nil, err
	}
	return snap, nil
}

// OpenSnapshot implements promql.Store.
func (s promStore) OpenSnapshot(database string) (promql.Snapshot, error) {
	snap, err := s.db.Snapshot(database)
	if err != nil {
		return nil, err
	}
	return snap, nil
}
