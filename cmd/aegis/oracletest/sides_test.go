//go:build linux

package oracletest

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/query"
)

// variant is a way to keep the same rows in Aegis, with a session to ask for them.
type variant struct {
	name    string
	db      *aegis.DB
	session *query.Session
}

// sides are PostgreSQL and Aegis with equal tables.
type sides struct {
	postgres *pgconn.PgConn
	variants []variant
}

// TestOracle is everything that needs PostgreSQL, which is started once.
func TestOracle(t *testing.T) {
	s := newSides(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *sides)
	}{
		{"scripts", scripts},
		{"logic", logic},
		{"refusals", refusals},
		{"parameters", parameters},
		{"random", random},
		{"random_joins", randomJoins},
		{"random_windows", randomWindows},
		{"random_groupings", randomGroupings},
		{"random_subqueries", randomSubqueries},
		{"random_types", randomTypes},
		{"stored_types", storedTypes},
		{"time_bucket", timeBuckets},
		{"first_last", firstLast},
		{"first_last_time", firstLastTime},
		{"catalog_facts", catalogFacts},
		{"system_relations", systemRelations},
		{"clients", clients},
		{"gapfill", gapfills},
		{"gapfill_edges", gapfillEdges},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, s) })
	}
}

func newSides(t testing.TB) *sides {
	t.Helper()
	s := &sides{postgres: startPostgres(t)}
	for _, text := range statements("") {
		if o := askPostgres(s.postgres, text); o.state != "" {
			t.Fatalf("PostgreSQL: %s: %s\n%.300s", o.state, o.message, text)
		}
	}
	s.variants = aegisVariants(t)
	return s
}

func statements(options string) []string {
	list := []string{createT + options, createU, createE, fillU}
	return append(list, fillT()...)
}

// aegisVariants makes one database a variant: rows in the head, in segments, in both; with and without time and tags; asked
// on all cores, on one in tiny batches, and without the optimizer.
func aegisVariants(t testing.TB) []variant {
	t.Helper()
	var out []variant
	for _, v := range []struct {
		name, options string
		flushAfter    []int // statements
		twice         bool  // every row is written again after a flush; then all is compacted
		tuning        query.Tuning
	}{
		{name: "plain table, head"},
		{name: "time and tags, head", options: tagged},
		{name: "time and tags, segments", options: tagged, flushAfter: []int{100}},
		{name: "time and tags, both, one worker, tiny batches", options: tagged, flushAfter: []int{4}, tuning: query.Tuning{Workers: 1, BatchRows: 7, Plain: true}},
		{name: "unique key, written twice, compacted", options: keyed, flushAfter: []int{100}, twice: true},
	} {
		db := openAegis(t)
		s := db.NewSession("")
		for i, text := range statements(v.options) {
			if o := askAegis(s, text); o.state != "" {
				t.Fatalf("%s: %s %s\n%.300s", v.name, o.state, o.message, text)
			}
			for _, at := range v.flushAfter {
				if i == min(at, len(statements(""))-1) {
					if err := db.Flush(context.Background()); err != nil {
						t.Fatalf("%s: flush: %v", v.name, err)
					}
				}
			}
		}
		if v.twice {
			rewrite(t, db, s)
		}
		s.Tuning = v.tuning
		out = append(out, variant{v.name, db, s})
	}
	return out
}

func rewrite(t testing.TB, db *aegis.DB, s *query.Session) {
	t.Helper()
	for _, text := range fillT() {
		if o := askAegis(s, text); o.state != "" {
			t.Fatal(o.message)
		}
	}
	if err := errors.Join(db.Flush(context.Background()), db.Compact(context.Background())); err != nil {
		t.Fatal(err)
	}
}

func openAegis(t testing.TB) *aegis.DB {
	t.Helper()
	db, err := aegis.Open(context.Background(), aegis.Options{Dir: t.TempDir(), CompactEvery: -1, MemoryBytes: 512 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}
