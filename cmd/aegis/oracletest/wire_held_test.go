//go:build linux

package oracletest

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestHeldByConnections: pg_cursors and pg_prepared_statements list what a connection keeps under names, and nobody else's, as PostgreSQL's do.
func TestHeldByConnections(t *testing.T) {
	const (
		cursors  = "SELECT name, statement, is_holdable, is_binary, abs(extract(epoch FROM now() - creation_time)) < 600 AS young FROM pg_cursors WHERE name <> '' ORDER BY name"
		prepared = "SELECT name, statement, parameter_types, from_sql, abs(extract(epoch FROM now() - prepare_time)) < 600 AS young FROM pg_prepared_statements ORDER BY name"
	)
	pg, own := startPostgres(t), wired(t)
	simple := func(text string) {
		t.Helper()
		ask := func(c *pgconn.PgConn) string {
			results, err := c.Exec(t.Context(), text).ReadAll()
			out := fmt.Sprint(err)
			for _, r := range results {
				out += fmt.Sprintf(" %s %q", r.CommandTag, r.Rows)
			}
			return out
		}
		if want, got := ask(pg), ask(own); want != got {
			t.Errorf("%s\n%s, in PostgreSQL\n%s", text, got, want)
		}
	}
	extended := func(text string) {
		t.Helper()
		want, got := pg.ExecParams(t.Context(), text, nil, nil, nil, nil).Read(), own.ExecParams(t.Context(), text, nil, nil, nil, nil).Read()
		if w, g := fmt.Sprintf("%q %v", want.Rows, want.Err), fmt.Sprintf("%q %v", got.Rows, got.Err); w != g {
			t.Errorf("%s\n%s, in PostgreSQL\n%s", text, g, w)
		}
	}
	simple(cursors)
	simple("BEGIN")
	simple("DECLARE a CURSOR FOR SELECT g FROM generate_series(1, 5) g")
	simple("DECLARE \"B b\" BINARY CURSOR WITH HOLD FOR SELECT 1")
	simple(cursors)
	extended(cursors)
	simple("FETCH 2 FROM a")
	simple("DECLARE c CURSOR FOR " + cursors)
	simple("FETCH ALL FROM a")
	simple("CLOSE a")
	simple(cursors)
	simple("COMMIT")
	simple(cursors)
	simple("CLOSE ALL")
	simple(cursors)

	simple(prepared)
	simple("PREPARE p (integer, text) AS SELECT $1 + 1, $2")
	simple("PREPARE q AS SELECT now() > $1")
	for _, c := range []*pgconn.PgConn{pg, own} {
		if _, err := c.Prepare(t.Context(), "named", "SELECT $1::date", nil); err != nil {
			t.Fatal(err)
		}
	}
	simple(prepared)
	extended(prepared)
	simple("DEALLOCATE p")
	simple(prepared)
	simple("DISCARD ALL")
	simple(prepared)
	simple("SELECT count(*) FROM pg_locks WHERE NOT granted")
}
