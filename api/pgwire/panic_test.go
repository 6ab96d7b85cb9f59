package pgwire

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	aegis "github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/query"
)

// TestPanic: a fault of ours is one statement's XX000 and a line in the log; the session and the server go on.
func TestPanic(t *testing.T) {
	db, err := aegis.Open(t.Context(), aegis.Options{Dir: t.TempDir(), MemoryBytes: 256 << 20, CompactEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())
	var log bytes.Buffer
	s, err := New(db, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	c, err := pgx.Connect(t.Context(), "postgres://me@"+l.Addr().String()+"/default?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	session := s.sessions[int32(c.PgConn().PID())]
	s.mu.Unlock()
	session.statements["ours"] = &statement{prepared: &query.Prepared{}} // no statement at all: the engine stumbles
	r := c.PgConn().ExecPrepared(t.Context(), "ours", nil, nil, nil).Read()
	if e, ok := r.Err.(*pgconn.PgError); !ok || e.Code != "XX000" || strings.Contains(e.Message, "nil pointer") { //nolint:errorlint // as pgconn gives it
		t.Errorf("in the engine: %v", r.Err)
	}
	session.statements = nil // a write to it panics here
	if _, err := c.Prepare(t.Context(), "x", "SELECT 1"); err == nil || !strings.Contains(err.Error(), "XX000") {
		t.Errorf("in the session: %v", err)
	}
	session.statements = map[string]*statement{}
	var n int
	if err := c.QueryRow(t.Context(), "SELECT $1::int", 7).Scan(&n); err != nil || n != 7 {
		t.Errorf("afterwards: %d, %v", n, err)
	}
	_ = c.Close(t.Context())
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if text := log.String(); strings.Count(text, "level=ERROR") < 2 {
		t.Errorf("the log has only\n%s", text)
	}
}
