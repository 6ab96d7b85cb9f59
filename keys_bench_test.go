package aegis

import (
	"errors"
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

// BenchmarkKeyLookup is SELECT … WHERE id = … over a loaded table whose rows are in segments, or in the head.
func BenchmarkKeyLookup(b *testing.B) {
	for _, where := range []string{"segments", "head"} {
		b.Run(where, func(b *testing.B) {
			rows := keyedRowsOf()
			db := loadKeyed(b, "random", "primary key", rows)
			if where == "segments" {
				if err := errors.Join(db.Flush(b.Context()), db.Compact(b.Context())); err != nil {
					b.Fatal(err)
				}
			}
			n := 0
			b.ResetTimer()
			for b.Loop() {
				n++
				g := int64(n) * 7919 % int64(rows)
				key := (g + 1) * 0x9e3779b1 % 1099511627776
				if got := ask(b, db, fmt.Sprintf("SELECT v FROM t WHERE id = %d", key)); len(got) != 1 || got[0] != strconv.FormatInt(g+1, 10) {
					b.Fatal(key, got)
				}
			}
		})
	}
}

// BenchmarkKeyUpsert is INSERT … ON CONFLICT DO UPDATE of 10,000 rows of random keys, half of them new.
func BenchmarkKeyUpsert(b *testing.B) {
	rows := keyedRowsOf()
	db := loadKeyed(b, "random", "primary key", rows)
	const batch = 10_000
	n := 0
	b.ResetTimer()
	for b.Loop() {
		from := n * 7919 * batch % rows
		ask(b, db, fmt.Sprintf(`INSERT INTO t SELECT CASE WHEN g %% 2 = 0 THEN (x * 0x9e3779b1) %% 1099511627776 ELSE -1 - %d * %d - g END, g
			FROM (SELECT g, (%d + g * 7) %% %d + 1 AS x FROM generate_series(1::bigint, %d) AS s(g)) AS q
			ON CONFLICT (id) DO UPDATE SET v = t.v + excluded.v`, n, batch, from, rows, batch))
		n++
	}
	b.ReportMetric(float64(n*batch)/b.Elapsed().Seconds(), "rows/s")
}
