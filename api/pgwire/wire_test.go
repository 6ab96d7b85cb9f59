package pgwire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	aegis "github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/api/pgwire"
)

// serve starts a server over a new database and gives its address.
func serve(t testing.TB, o pgwire.Options) (addr string, db *aegis.DB) {
	t.Helper()
	db, err := aegis.Open(t.Context(), aegis.Options{Dir: t.TempDir(), MemoryBytes: 512 << 20, CompactEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := pgwire.New(db, o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := errors.Join(s.Shutdown(ctx), <-served, db.Close(ctx)); err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), db
}

func connect(t testing.TB, addr string, more ...string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), "postgres://me@"+addr+"/default?sslmode=disable"+strings.Join(more, ""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func exec(t testing.TB, c *pgx.Conn, sql string, args ...any) pgconn.CommandTag {
	t.Helper()
	tag, err := c.Exec(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return tag
}

// state is the SQLSTATE of an error.
func state(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

func wantState(t *testing.T, err error, want string) {
	t.Helper()
	if state(err) != want {
		t.Errorf("error %v, want SQLSTATE %s", err, want)
	}
}

func one[T any](t testing.TB, c *pgx.Conn, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := c.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// wire is a connection without a driver.
type wire struct {
	t    testing.TB
	conn net.Conn
	*pgproto3.Frontend
}

func dial(t testing.TB, addr string) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return &wire{t, conn, pgproto3.NewFrontend(conn, conn)}
}

// start begins a session.
func (w *wire) start() *wire {
	w.t.Helper()
	w.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "me"}})
	w.flush()
	w.until('Z')
	return w
}

func (w *wire) flush() {
	w.t.Helper()
	if err := w.Flush(); err != nil {
		w.t.Fatal(err)
	}
}

// until gives the messages up to one of a kind, in short: the type's letter, and what matters of its content.
func (w *wire) until(kind byte) string {
	w.t.Helper()
	var out []string
	for {
		m, err := w.Receive()
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return strings.Join(append(out, "EOF"), " ")
			}
			w.t.Fatalf("%v after %v", err, out)
		}
		text := brief(m)
		out = append(out, text)
		if text[0] == kind {
			return strings.Join(out, " ")
		}
	}
}

func brief(m pgproto3.BackendMessage) string {
	switch m := m.(type) {
	case *pgproto3.ParseComplete:
		return "1"
	case *pgproto3.BindComplete:
		return "2"
	case *pgproto3.CloseComplete:
		return "3"
	case *pgproto3.CommandComplete:
		return "C(" + string(m.CommandTag) + ")"
	case *pgproto3.DataRow:
		var values []string
		for _, v := range m.Values {
			if v == nil {
				values = append(values, "NULL")
			} else {
				values = append(values, string(v))
			}
		}
		return "D(" + strings.Join(values, ",") + ")"
	case *pgproto3.EmptyQueryResponse:
		return "I"
	case *pgproto3.ErrorResponse:
		return "E(" + m.Severity + " " + m.Code + ")"
	case *pgproto3.NoticeResponse:
		return "N(" + m.Severity + " " + m.Code + ")"
	case *pgproto3.NoData:
		return "n"
	case *pgproto3.ParameterDescription:
		return fmt.Sprintf("t%v", m.ParameterOIDs)
	case *pgproto3.RowDescription:
		var names []string
		for _, f := range m.Fields {
			names = append(names, fmt.Sprintf("%s:%d", f.Name, f.DataTypeOID))
		}
		return "T(" + strings.Join(names, ",") + ")"
	case *pgproto3.PortalSuspended:
		return "s"
	case *pgproto3.ReadyForQuery:
		return "Z" + string(m.TxStatus)
	case *pgproto3.ParameterStatus:
		return "S(" + m.Name + "=" + m.Value + ")"
	case *pgproto3.CopyOutResponse:
		return "H"
	case *pgproto3.CopyInResponse:
		return "G"
	case *pgproto3.CopyData:
		return "d(" + string(m.Data) + ")"
	case *pgproto3.CopyDone:
		return "c"
	case *pgproto3.AuthenticationOk:
		return "R"
	case *pgproto3.BackendKeyData:
		return "K"
	case *pgproto3.NegotiateProtocolVersion:
		return "v"
	}
	return fmt.Sprintf("?%T", m)
}
