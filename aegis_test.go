package aegis

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query"
)

// open opens a database in a folder that lasts as long as the test.
func open(t testing.TB, dir string, change ...func(*Options)) *DB {
	t.Helper()
	o := Options{Dir: dir, CompactEvery: -1, MemoryBytes: 1 << 30}
	for _, c := range change {
		c(&o)
	}
	db, err := Open(context.Background(), o)
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

// ask runs a statement and gives its rows as text, cells separated by |, NULL as nothing.
func ask(t testing.TB, db *DB, text string) []string {
	t.Helper()
	rows, err := tryAsk(db.NewSession(""), text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return rows
}

func tryAsk(s *query.Session, text string) ([]string, error) {
	return tryRun(s, query.Request{SQL: text})
}

func tryRun(s *query.Session, req query.Request) ([]string, error) {
	r, err := s.Run(context.Background(), req)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out []string
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range b.Len {
			var cells []string
			for _, v := range b.Columns {
				cell := ""
				if !v.IsNull(i) {
					cell = string(literal.Append(nil, v, i, literal.Options{Location: r.Location}))
				}
				cells = append(cells, cell)
			}
			out = append(out, strings.Join(cells, "|"))
		}
	}
}

func TestTour(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	ask(t, db, `CREATE TABLE cpu (ts timestamptz NOT NULL, host text, usage double precision) WITH (time_column = ts, tags = (host), unique_key = (host, ts))`)
	ask(t, db, `INSERT INTO cpu VALUES ('2026-01-01 00:00:00Z', 'a', 1.5), ('2026-01-01 00:01:00Z', 'a', 2.5), ('2026-01-01 00:00:30Z', 'b', 10)`)
	for _, step := range []string{"head", "flushed", "compacted"} {
		t.Log(step)
		for _, q := range []string{
			`SELECT host, count(*), sum(usage) FROM cpu GROUP BY host ORDER BY host`,
			`SELECT time_bucket('1 minute', ts) AS m, avg(usage) FROM cpu WHERE host = 'a' GROUP BY m ORDER BY m`,
			`SELECT * FROM cpu ORDER BY ts DESC LIMIT 2`,
			`EXPLAIN ANALYZE SELECT host, time_bucket('1 minute', ts), avg(usage) FROM cpu WHERE host = 'a' AND ts >= '2026-01-01' GROUP BY 1, 2`,
		} {
			t.Log(q, "\n"+strings.Join(ask(t, db, q), "\n"))
		}
		if step == "head" {
			if err := db.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		} else if err := db.Compact(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}
