package aegis

import (
	"fmt"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/query"
)

// texts reads a statement's rows.
func texts(t *testing.T, s *query.Session, statement string) string {
	t.Helper()
	rows, err := read(t.Context(), s, statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return fmt.Sprint(rows)
}

// TestTimeTravel: the past is asked in every way there is.
func TestTimeTravel(t *testing.T) {
	db := open(t, t.TempDir(), func(o *Options) { o.CompactEvery, o.KeepRemoved = -1, time.Nanosecond })
	s := db.NewSession("")
	defer s.Close()
	must(t, s, "CREATE TABLE t (n bigint, ts timestamptz) WITH (time_column = 'ts')")
	must(t, s, "INSERT INTO t SELECT g, '2026-01-01'::timestamptz + g * interval '1 s' FROM generate_series(1, 10) AS g")
	must(t, s, "CREATE PIN ten")
	must(t, s, "DELETE FROM t WHERE n > 5")
	must(t, s, "CREATE PIN five")
	must(t, s, "INSERT INTO t VALUES (11, '2026-01-02')")
	for _, c := range []struct{ statement, want string }{
		{"SELECT count(*) FROM t FOR VERSION AS OF 'ten'", "[[10]]"},
		{"SELECT count(*) FROM t FOR VERSION AS OF 'five'", "[[5]]"},
		{"SELECT count(*) FROM t FOR SYSTEM_TIME AS OF now()", "[[6]]"},
		{"SELECT a.n FROM t FOR VERSION AS OF 'ten' AS a LEFT JOIN t AS b ON a.n = b.n WHERE b.n IS NULL ORDER BY 1", "[[6] [7] [8] [9] [10]]"},
		{"SELECT _change, count(*), sum(n) FROM table_changes('t', 'ten') GROUP BY 1 ORDER BY 1", "[[delete 5 40] [insert 1 11]]"},
		{"SELECT n FROM table_changes('public.t', 'ten', 'five') AS c WHERE _change = 'delete' AND ts > '2026-01-01 00:00:07Z' ORDER BY n", "[[8] [9] [10]]"},
		{"SELECT name FROM aegis.pins ORDER BY version", "[[ten] [five]]"},
	} {
		for range 2 {
			if got := texts(t, s, c.statement); got != c.want {
				t.Errorf("%s: %s, not %s", c.statement, got, c.want)
			}
			if err := db.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := texts(t, s, "SELECT what FROM aegis.versions ORDER BY version LIMIT 4"); got != "[[schema] [schema] [schema] [rows]]" {
		t.Error(got) // two tables of Prometheus', t, and its first flush
	}
	must(t, s, "CREATE TABLE u CLONE t FOR VERSION AS OF 'ten'")
	must(t, s, "DELETE FROM u WHERE n = 1")
	must(t, s, "DROP TABLE t")
	if got := texts(t, s, "SELECT count(*) FROM u"); got != "[[9]]" {
		t.Error(got)
	}
	must(t, s, "SET aegis.as_of = 'ten'")
	if got := texts(t, s, "SELECT count(*) FROM t"); got != "[[10]]" {
		t.Error(got)
	}
	if _, err := does(t, s, "CREATE TABLE x (n int)"); err == nil {
		t.Error("a table was made in the past")
	}
	must(t, s, "RESET aegis.as_of")
	must(t, s, "DROP PIN ten")
}
