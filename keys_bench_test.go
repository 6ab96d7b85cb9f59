package aegis

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// keyedRowsOf is how many rows the benchmarks of primary keys load: AEGIS_KEYED_ROWS, or few enough for any day.
func keyedRowsOf() int {
	if n, err := strconv.Atoi(os.Getenv("AEGIS_KEYED_ROWS")); err == nil {
		return n
	}
	return 500_000
}

// BenchmarkKeyedLoad loads tables with and without a primary key, by ascending keys and by random ones.
func BenchmarkKeyedLoad(b *testing.B) {
	for _, order := range []string{"ascending", "random"} {
		for _, key := range []string{"", "primary key", "unique"} {
			b.Run(order+"/"+map[string]string{"": "unkeyed", "primary key": "primary", "unique": "unique"}[key], func(b *testing.B) {
				for range b.N {
					loadKeyed(b, order, key, keyedRowsOf())
				}
			})
		}
	}
}

// keyOf is the expression that gives the keys of generate_series: all different, below 2^40.
func keyOf(order string) string {
	if order == "random" {
		return "(g * 0x9e3779b1) % 1099511627776"
	}
	return "g"
}

func loadKeyed(b *testing.B, order, key string, rows int) *DB {
	b.StopTimer()
	db, err := Open(b.Context(), Options{Dir: b.TempDir(), MemoryBytes: 4 << 30})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close(b.Context()) })
	ask(b, db, "CREATE TABLE t (id bigint NOT NULL "+key+", v bigint)")
	b.StartTimer()
	start := time.Now()
	const chunk = 100_000
	for at := 0; at < rows; at += chunk {
		ask(b, db, fmt.Sprintf("INSERT INTO t SELECT %s, g FROM generate_series(%d::bigint, %d) AS s(g)", keyOf(order), at+1, min(rows, at+chunk)))
	}
	b.ReportMetric(float64(rows)/time.Since(start).Seconds(), "rows/s")
	return db
}
