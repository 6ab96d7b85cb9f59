package pgwire_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/automatanexus/aegis-db/api/pgwire"
)

// TestPipelineIsOneTransaction: what is sent together counts together, changes of the catalog too; what is sent alone counts alone.
func TestPipelineIsOneTransaction(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{})
	c := connect(t, addr)
	send := func(statements ...string) error {
		b := &pgx.Batch{}
		for _, sql := range statements {
			b.Queue(sql)
		}
		return c.SendBatch(t.Context(), b).Close()
	}
	count := func(table string) (n int, err error) {
		err = c.QueryRow(t.Context(), "SELECT count(*) FROM "+table, pgx.QueryExecModeSimpleProtocol).Scan(&n)
		return n, err
	}
	exec(t, c, "CREATE TABLE t (n int)")
	if err := send("INSERT INTO t VALUES (1)", "UPDATE t SET n = 2", "SELECT 1/0"); state(err) != "22012" {
		t.Errorf("a pipeline that fails: %v", err)
	}
	if n, err := count("t"); n != 0 || err != nil {
		t.Errorf("%d rows of a pipeline that failed: %v", n, err)
	}
	if err := send("INSERT INTO t VALUES (1), (2)", "DELETE FROM t WHERE n = 1", "UPDATE t SET n = n + 10"); err != nil {
		t.Error(err)
	}
	var sum int
	if err := c.QueryRow(t.Context(), "SELECT sum(n) FROM t").Scan(&sum); err != nil || sum != 12 {
		t.Errorf("%d, %v", sum, err)
	}
	w := dial(t, addr).start()
	pipeline := func(statements ...string) string {
		for _, sql := range statements {
			w.Send(&pgproto3.Parse{Query: sql})
			w.Send(&pgproto3.Bind{})
			w.Send(&pgproto3.Execute{})
		}
		w.Send(&pgproto3.Sync{})
		w.flush()
		return w.until('Z')
	}
	if got := pipeline("CREATE TABLE u (n int)", "INSERT INTO t VALUES (99)", "SELECT 1/0"); got != "1 2 C(CREATE TABLE) 1 2 C(INSERT 0 1) 1 2 E(ERROR 22012) ZI" {
		t.Error(got)
	}
	if _, err := count("u"); state(err) != "42P01" {
		t.Errorf("a table of a pipeline that failed: %v", err)
	}
	if got := pipeline("CREATE TABLE u (n int)", "INSERT INTO u VALUES (1), (2)", "DELETE FROM u WHERE n = 2"); got != "1 2 C(CREATE TABLE) 1 2 C(INSERT 0 2) 1 2 C(DELETE 1) ZI" {
		t.Error(got)
	}
	if n, err := count("u"); n != 1 || err != nil {
		t.Errorf("%d rows in the new table: %v", n, err)
	}
	w.Send(&pgproto3.Query{String: "CREATE TABLE v (n int); INSERT INTO v VALUES (1); SELECT 1/0"})
	w.flush()
	w.until('Z')
	if _, err := count("v"); state(err) != "42P01" {
		t.Errorf("a table of a text that failed: %v", err)
	}
	// Nobody has said that it counts.
	w.Send(&pgproto3.Parse{Query: "INSERT INTO u VALUES (7)"})
	w.Send(&pgproto3.Bind{})
	w.Send(&pgproto3.Execute{})
	w.Send(&pgproto3.Terminate{})
	w.flush()
	w.until('Z')
	if n, err := count("u"); n != 1 || err != nil {
		t.Errorf("%d rows after a client has left before Sync: %v", n, err)
	}
}

// TestAloneIsRunAgain: a statement that is sent by itself is run again when others have changed its rows meanwhile.
func TestAloneIsRunAgain(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{})
	exec(t, connect(t, addr), "CREATE TABLE t (n int)")
	exec(t, connect(t, addr), "INSERT INTO t VALUES (0)")
	const clients, each = 4, 25
	errs := make(chan error, clients)
	for range clients {
		c := connect(t, addr)
		go func() {
			for range each {
				if _, err := c.Exec(context.Background(), "UPDATE t SET n = n + 1 WHERE n >= $1", 0); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range clients {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	var n int
	if err := connect(t, addr).QueryRow(t.Context(), "SELECT n FROM t").Scan(&n); err != nil || n != clients*each {
		t.Errorf("%d, %v", n, err)
	}
}

// TestTagComesAfterCommit: nobody is told that a statement is complete whose commit is refused.
func TestTagComesAfterCommit(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{})
	other := connect(t, addr)
	exec(t, other, "CREATE TABLE t (n int PRIMARY KEY)")
	w := dial(t, addr).start()
	w.Send(&pgproto3.Query{String: "INSERT INTO t VALUES (1); COPY t FROM STDIN"})
	w.flush()
	if got := w.until('G'); got != "C(INSERT 0 1) G" {
		t.Fatal(got)
	}
	// More than are gathered before they are looked at: of these only the commit can find that one is there already.
	var rows strings.Builder
	for n := range 20_000 {
		fmt.Fprintln(&rows, n+2)
	}
	w.Send(&pgproto3.CopyData{Data: []byte(rows.String())})
	w.flush()
	time.Sleep(time.Second) // until they were; sooner it would be the statement that fails, of which nothing is proven
	exec(t, other, "INSERT INTO t VALUES (2)")
	w.Send(&pgproto3.CopyDone{})
	w.flush()
	if got := w.until('Z'); strings.Contains(got, "C(") || !strings.Contains(got, "E(ERROR ") {
		t.Errorf("after a commit that was refused: %s", got)
	}
	var sum int
	if err := other.QueryRow(t.Context(), "SELECT sum(n) FROM t").Scan(&sum); err != nil || sum != 2 {
		t.Errorf("%d, %v", sum, err)
	}
	w.Send(&pgproto3.Query{String: "INSERT INTO t VALUES (3); INSERT INTO t VALUES (4)"})
	w.flush()
	if got := w.until('Z'); got != "C(INSERT 0 1) C(INSERT 0 1) ZI" {
		t.Error(got)
	}
}
