package pgwire_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/automatanexus/aegis-db/api/pgwire"
)

// TestTransactionsEnd: a transaction that its client leaves alone, or that takes too long, ends with its connection, and nothing of it stays.
func TestTransactionsEnd(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{})
	watcher := connect(t, addr)
	exec(t, watcher, "CREATE TABLE t (n int)")
	for _, c := range []struct{ name, before, begin, want string }{
		{"idle", "SET idle_in_transaction_session_timeout = '80ms'", "BEGIN; INSERT INTO t VALUES (1)", "E(FATAL 25P03) EOF"},
		{"idle and failed", "SET idle_in_transaction_session_timeout = '80ms'", "BEGIN; SELECT 1/0", "E(FATAL 25P03) EOF"},
		{"long and idle", "SET transaction_timeout = '80ms'", "BEGIN; INSERT INTO t VALUES (1)", "E(FATAL 25P04) EOF"},
		{"set inside", "SELECT 1", "BEGIN; INSERT INTO t VALUES (1); SET LOCAL transaction_timeout = '80ms'", "E(FATAL 25P04) EOF"},
		{"idle outside of one", "SET idle_session_timeout = '80ms'", "SELECT 1", "E(FATAL 57P05) EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := dial(t, addr).start()
			for _, sql := range []string{c.before, c.begin} {
				w.Send(&pgproto3.Query{String: sql})
				w.flush()
				w.until('Z')
			}
			started := time.Now()
			if got := w.until('Z'); got != c.want || time.Since(started) > 5*time.Second {
				t.Errorf("%s after %v", got, time.Since(started))
			}
		})
	}
	t.Run("long and busy", func(t *testing.T) {
		w := dial(t, addr).start()
		w.Send(&pgproto3.Query{String: "SET transaction_timeout = '150ms'"})
		w.flush()
		w.until('Z')
		w.Send(&pgproto3.Query{String: "BEGIN; INSERT INTO t VALUES (1); " + slow})
		w.flush()
		if got := w.until('Z'); got != "C(BEGIN) C(INSERT 0 1) E(FATAL 25P04) EOF" {
			t.Error(got)
		}
	})
	t.Run("a block ends in time", func(t *testing.T) {
		c := connect(t, addr)
		exec(t, c, "SET transaction_timeout = '200ms'")
		exec(t, c, "BEGIN")
		exec(t, c, "COMMIT")
		time.Sleep(300 * time.Millisecond)
		exec(t, c, "SELECT 1")
	})
	t.Cleanup(func() {
		var n int
		if err := watcher.QueryRow(t.Context(), "SELECT count(*) FROM t").Scan(&n); err == nil && n != 0 {
			t.Errorf("%d rows of transactions that were ended", n)
		}
	})
}

// TestPipelineWithoutEnd: messages that no Sync ends are a transaction too, and are not waited for longer than one.
func TestPipelineWithoutEnd(t *testing.T) {
	addr, _ := serve(t, pgwire.Options{IdleInBlock: 100 * time.Millisecond})
	exec(t, connect(t, addr), "CREATE TABLE t (n int)")
	w := dial(t, addr).start()
	w.Send(&pgproto3.Parse{Query: "INSERT INTO t VALUES (1)"})
	w.Send(&pgproto3.Bind{})
	w.Send(&pgproto3.Execute{})
	w.Send(&pgproto3.Flush{})
	w.flush()
	if got := w.until('Z'); got != "1 2 C(INSERT 0 1) E(FATAL 25P03) EOF" {
		t.Error(got)
	}
}
