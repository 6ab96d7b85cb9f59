//go:build linux

package oracletest

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/automatanexus/aegis-db/bench/postgres"
)

// settings keep the text forms of both sides the same, and spare a throw-away server its fsyncs.
var settings = []string{
	"fsync=off", "full_page_writes=off", "synchronous_commit=off", "timezone=UTC", "datestyle=ISO, MDY", "intervalstyle=postgres",
	"extra_float_digits=1", "max_parallel_workers_per_gather=0", "jit=off", "bytea_output=hex", "autovacuum=off",
}

// startPostgres starts a server of its own for the test and connects to it. Without the binaries the test is skipped, or fails
// where AEGIS_REQUIRE_REAL=1 says that they must be there.
func startPostgres(t testing.TB) *pgconn.PgConn {
	t.Helper()
	if err := postgres.Installed(); err != nil {
		if os.Getenv("AEGIS_REQUIRE_REAL") == "1" {
			t.Fatal(err)
		}
		t.Skipf("nothing to compare with: %v", err)
	}
	s, err := postgres.Start(context.Background(), postgres.Options{Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	c, err := pgconn.Connect(context.Background(), s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}
