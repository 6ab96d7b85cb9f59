package aegis

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkInsert is one statement of 100 rows of 12 columns, the way clients without a bulk protocol load; no disk below it.
func BenchmarkInsert(b *testing.B) {
	db, err := Open(b.Context(), memOptions(Options{FS: newDisk()}))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close(b.Context())
	ask(b, db, "CREATE TABLE cpu (ts timestamptz, host text, f0 bigint, f1 bigint, f2 bigint, f3 bigint, f4 bigint, f5 bigint, f6 bigint, f7 bigint, f8 bigint, f9 bigint) WITH (time_column = ts, tags = (host))")
	const rows = 100
	n := 0
	for b.Loop() {
		var text strings.Builder
		text.WriteString("INSERT INTO cpu VALUES ")
		for i := range rows {
			if i > 0 {
				text.WriteString(", ")
			}
			fmt.Fprintf(&text, "('2026-01-01 00:%02d:%02d.%06dZ', 'host_%d', 1, 2, 3, 4, 5, 6, 7, 8, 9, %d)", i/60, i%60, n%1_000_000, i, n)
		}
		ask(b, db, text.String())
		n++
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
	if got := ask(b, db, "SELECT count(*), sum(f0), max(f9) FROM cpu")[0]; got != fmt.Sprintf("%d|%d|%d", rows*n, rows*n, n-1) {
		b.Fatalf("the table has %s after %d statements", got, n)
	}
}
