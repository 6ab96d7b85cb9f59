package pgwire_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/api/pgwire"
)

// TestThousandColumns makes a table of 1,000 columns, fills it, and reads it in every way that a client has.
func TestThousandColumns(t *testing.T) {
	const columns, rows = 1000, 500
	ctx := context.Background()
	addr, db := serve(t, pgwire.Options{})
	c := connect(t, addr)
	var names, values []string
	for i := range columns {
		kind := []string{"bigint", "double precision", "text", "boolean", "numeric(12,2)"}[i%5]
		names = append(names, fmt.Sprintf("c%03d %s", i, kind))
		values = append(values, []string{"i * %d", "i / %d.0", "'text ' || i %% %d", "i %% %d = 0", "round(i * 0.01 * %d, 2)"}[i%5])
		values[i] = fmt.Sprintf(values[i], i+1)
	}
	exec(t, c, "CREATE TABLE wide ("+strings.Join(names, ", ")+")")
	exec(t, c, fmt.Sprintf("INSERT INTO wide SELECT %s FROM generate_series(1, %d) AS g(i)", strings.Join(values, ", "), rows))
	check := func(when string) {
		t.Helper()
		s, err := c.Prepare(ctx, "", "SELECT * FROM wide")
		if err != nil || len(s.Fields) != columns || s.Fields[999].Name != "c999" {
			t.Fatalf("%s: described as %d columns, %v", when, len(s.Fields), err)
		}
		list, err := c.Query(ctx, "SELECT * FROM wide ORDER BY c000")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for list.Next() {
			v, err := list.Values()
			if err != nil || len(v) != columns {
				t.Fatalf("%s: %d values, %v", when, len(v), err)
			}
			if n++; v[0] != int64(n) || v[995] != int64(n*996) || v[2] != fmt.Sprint("text ", n%3) {
				t.Fatalf("%s: row %d has %v, %v, %v", when, n, v[0], v[995], v[2])
			}
		}
		if list.Err() != nil || n != rows {
			t.Fatalf("%s: %d rows, %v", when, n, list.Err())
		}
		if got := one[string](t, c, "SELECT string_agg(c997, ',' ORDER BY c000) FROM (SELECT c000, c500, c997 FROM wide WHERE c000 <= 3) AS s"); got != "text 1,text 2,text 3" {
			t.Errorf("%s: three columns: %s", when, got)
		}
		var out bytes.Buffer
		tag, err := c.PgConn().CopyTo(ctx, &out, "COPY wide TO STDOUT")
		if err != nil || tag.RowsAffected() != rows || strings.Count(out.String(), "\t") != rows*(columns-1) {
			t.Fatalf("%s: COPY: %v, %v, %d bytes", when, tag, err, out.Len())
		}
	}
	check("in memory")
	if err := db.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	check("in a segment")
	if n := one[int64](t, c, "SELECT count(*) FROM pg_stats WHERE tablename = 'wide'"); n != columns {
		t.Errorf("pg_stats describes %d columns", n)
	}
	if n := one[int64](t, c, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'wide'"); n != columns {
		t.Errorf("information_schema has %d columns", n)
	}
	exec(t, c, "UPDATE wide SET c001 = -1 WHERE c000 > 490")
	exec(t, c, "ALTER TABLE wide ADD COLUMN one_more int DEFAULT 7")
	if n := one[int64](t, c, "SELECT count(*) FROM wide WHERE c001 = -1 AND one_more = 7"); n != 10 {
		t.Errorf("%d rows changed", n)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 512<<20 { // the values are 8 MB
		t.Errorf("%d MB of memory are held", m.HeapAlloc>>20)
	}
}
