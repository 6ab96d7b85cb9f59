package pgwire_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/automatanexus/aegis-db/api/pgwire"
)

const slow = "SELECT count(*) FROM generate_series(1, 1000000) AS a(x), generate_series(1, 1000000) AS b(y) WHERE x * y < 0"

func TestTooManyConnections(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{Connections: 2})
	connect(t, addr)
	second := connect(t, addr)
	if _, err := pgx.Connect(t.Context(), "postgres://me@"+addr+"/default?sslmode=disable"); state(err) != "53300" {
		t.Errorf("the third: %v", err)
	}
	_ = second.Close(t.Context())
	for range 100 { // the place is free when the server has noticed
		c, err := pgx.Connect(t.Context(), "postgres://me@"+addr+"/default?sslmode=disable")
		if err == nil {
			_ = c.Close(t.Context())
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("nobody gets in after one has left")
}

func TestLimits(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{MessageBytes: 64 << 10, StartTimeout: 300 * time.Millisecond, IdleTimeout: 300 * time.Millisecond, IdleInBlock: 150 * time.Millisecond})
	w := dial(t, addr).start()
	w.Send(&pgproto3.Query{String: "SELECT '" + strings.Repeat("x", 65<<10) + "'"})
	w.flush()
	if got := w.until('Z'); got != "E(FATAL 54000) EOF" {
		t.Errorf("a long message: %s", got)
	}
	w = dial(t, addr).start()
	started := time.Now()
	if got := w.until('Z'); got != "E(FATAL 57P05) EOF" || time.Since(started) < 250*time.Millisecond {
		t.Errorf("an idle client: %s after %v", got, time.Since(started))
	}
	w = dial(t, addr).start()
	w.Send(&pgproto3.Query{String: "BEGIN"})
	w.flush()
	w.until('Z')
	if got := w.until('Z'); got != "E(FATAL 25P03) EOF" {
		t.Errorf("an idle transaction: %s", got)
	}
	silent := dial(t, addr)
	started = time.Now()
	if _, err := io.Copy(io.Discard, silent.conn); err != nil || time.Since(started) > 5*time.Second {
		t.Errorf("a client that never starts: %v after %v", err, time.Since(started))
	}
}

// TestCancel: a cancel request ends the statement at once, and only with the right secret.
func TestCancel(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{})
	for name, sql := range map[string]string{
		"a join": slow, "an aggregation": "SELECT sum(x % 7) FROM generate_series(1, 100000000000) AS t(x)", "many rows": "SELECT x FROM generate_series(1, 100000000000) AS t(x)",
		"a sort": "SELECT x FROM generate_series(1, 100000000000) AS t(x) ORDER BY x DESC",
	} {
		t.Run(name, func(t *testing.T) {
			w := dial(t, addr)
			w.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "me"}})
			w.flush()
			var key *pgproto3.BackendKeyData
			for {
				m, err := w.Receive()
				if err != nil {
					t.Fatal(err)
				}
				if k, ok := m.(*pgproto3.BackendKeyData); ok {
					key = &pgproto3.BackendKeyData{ProcessID: k.ProcessID, SecretKey: append([]byte{}, k.SecretKey...)}
				}
				if _, ok := m.(*pgproto3.ReadyForQuery); ok {
					break
				}
			}
			w.Send(&pgproto3.Query{String: sql})
			w.flush()
			ended := make(chan time.Time, 1)
			var got string
			go func() {
				for {
					m, err := w.Receive()
					if err != nil {
						got = err.Error()
						break
					}
					if e, ok := m.(*pgproto3.ErrorResponse); ok {
						got = e.Code + " " + e.Message
					}
					if _, ok := m.(*pgproto3.ReadyForQuery); ok {
						break
					}
				}
				ended <- time.Now()
			}()
			cancel := func(secret []byte) {
				c := dial(t, addr)
				c.Send(&pgproto3.CancelRequest{ProcessID: key.ProcessID, SecretKey: secret})
				c.flush()
				_, _ = io.Copy(io.Discard, c.conn)
			}
			time.Sleep(100 * time.Millisecond)
			cancel([]byte{1, 2, 3, 4})
			select {
			case <-ended:
				t.Fatalf("the wrong secret ended it: %s", got)
			case <-time.After(100 * time.Millisecond):
			}
			started := time.Now()
			cancel(key.SecretKey)
			took := (<-ended).Sub(started)
			t.Logf("ended after %v", took)
			if got != "57014 canceling statement due to user request" || took > 2*time.Second { // 100 ms on a machine of its own
				t.Errorf("%s after %v", got, took)
			}
			w.Send(&pgproto3.Query{String: "SELECT 1"})
			w.flush()
			if got := w.until('Z'); got != "T(?column?:23) D(1) C(SELECT 1) ZI" {
				t.Errorf("afterwards: %s", got)
			}
		})
	}
}

func TestStatementTimeout(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{})
	c := connect(t, addr)
	exec(t, c, "SET statement_timeout = 100")
	started := time.Now()
	_, err := c.Exec(t.Context(), slow)
	wantState(t, err, "57014")
	if !strings.Contains(err.Error(), "statement timeout") || time.Since(started) > 3*time.Second {
		t.Errorf("%v after %v", err, time.Since(started))
	}
	// A portal's time is that of each Execute, not of the client's pauses.
	exec(t, c, "BEGIN")
	w := dial(t, addr).start()
	w.Send(&pgproto3.Query{String: "SET statement_timeout = 300; BEGIN"})
	w.Send(&pgproto3.Parse{Query: "SELECT g FROM generate_series(1, 10000) AS t(g)"})
	w.Send(&pgproto3.Bind{DestinationPortal: "c"})
	w.Send(&pgproto3.Execute{Portal: "c", MaxRows: 1})
	w.Send(&pgproto3.Sync{})
	w.flush()
	w.until('Z')
	w.until('Z')
	time.Sleep(500 * time.Millisecond)
	w.Send(&pgproto3.Execute{Portal: "c", MaxRows: 1})
	w.Send(&pgproto3.Sync{})
	w.flush()
	if got := w.until('Z'); got != "D(2) s ZT" {
		t.Errorf("after a pause: %s", got)
	}
}

// TestClientsThatDoNotRead: as many as there are places for statements, and more, leave their answers unread, or their portals open; others
// are served all the same.
func TestClientsThatDoNotRead(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{})
	const many = "SELECT repeat('x', 1000), g FROM generate_series(1, 1000000) AS t(g)"
	for range 20 {
		w := dial(t, addr).start()
		w.Send(&pgproto3.Query{String: many})
		w.flush()
	}
	for range 20 {
		w := dial(t, addr).start()
		w.Send(&pgproto3.Query{String: "BEGIN"})
		w.Send(&pgproto3.Parse{Query: many})
		w.Send(&pgproto3.Bind{DestinationPortal: "c"})
		w.Send(&pgproto3.Execute{Portal: "c", MaxRows: 1})
		w.Send(&pgproto3.Sync{})
		w.flush()
		w.until('Z')
		w.until('Z')
	}
	c := connect(t, addr)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for i := range 20 {
		var n int
		if err := c.QueryRow(ctx, "SELECT $1::int", i).Scan(&n); err != nil || n != i {
			t.Fatalf("%d, %v", n, err)
		}
	}
}

// TestStall: a client that takes nothing for too long loses its connection, and what it held.
func TestStall(t *testing.T) {
	addr, db := serve(t, pgwire.Options{Stall: 200 * time.Millisecond})
	other := connect(t, addr)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// A fixed buffer: one that the kernel lets grow takes a little more again and again, as a reader does.
	if err := conn.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil {
		t.Fatal(err)
	}
	b := encoded(t, []pgproto3.FrontendMessage{
		&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber, Parameters: map[string]string{"user": "me"}},
		&pgproto3.Query{String: "SELECT repeat('x', 1000) FROM generate_series(1, 10000000)"},
	})
	if _, err := conn.Write(b); err != nil {
		t.Fatal(err)
	}
	connections := func() (n int) {
		t.Helper()
		if err := other.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := conn.Read(make([]byte, 1)); err != nil { // it is being served
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); connections() != 1; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the connection is still there")
		}
	}
	if n := db.Stats().Admission.Running; n != 0 {
		t.Errorf("%d statements run", n)
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Error("the connection is open")
	}
}

func TestHundredConnections(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{})
	var wait sync.WaitGroup
	for i := range 100 {
		wait.Go(func() {
			c, err := pgx.Connect(t.Context(), "postgres://me@"+addr+"/default?sslmode=disable")
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close(context.Background())
			for k := range 10 {
				var got string
				if err := c.QueryRow(t.Context(), "SELECT $1::text || $2::int", fmt.Sprint(i, " "), k).Scan(&got); err != nil || got != fmt.Sprint(i, " ", k) {
					t.Errorf("%q, %v", got, err)
				}
			}
		})
	}
	wait.Wait()
}
