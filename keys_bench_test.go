package aegis

import (
	"context"
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
					_ = loadKeyed(b, b.TempDir(), order, key, keyedRowsOf()).Close(context.Background())
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

func loadKeyed(b *testing.B, dir, order, key string, rows int) *DB {
	b.StopTimer()
	db, err := Open(b.Context(), Options{Dir: dir, MemoryBytes: 4 << 30})
	if err != nil {
		b.Fatal(err)
	}
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
			db := loadKeyed(b, b.TempDir(), "random", "primary key", rows)
			defer func() { _ = db.Close(context.Background()) }()
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

// BenchmarkKeyChange changes rows by their keys in a loaded table whose rows are in segments, or in the head: upserts of 10,000 rows of random keys that are
// all there or half of them, of one row, and INSERT, UPDATE and DELETE of one row and of ranges.
func BenchmarkKeyChange(b *testing.B) {
	rows := keyedRowsOf()
	for _, where := range []string{"segments", "head"} {
		var db *DB
		n, dir := 0, b.TempDir()
		for _, c := range []struct {
			what string
			rows int
			sql  func() string
		}{
			{"upsert-10000-existing", 10_000, func() string { return upsert(rows, n, 10_000, 0) }},
			{"upsert-10000-half", 10_000, func() string { return upsert(rows, n, 10_000, 2) }},
			{"upsert-1", 1, func() string { return upsert(rows, n, 1, 0) }},
			{"insert-1", 1, func() string { return fmt.Sprintf("INSERT INTO t VALUES (%d, 1)", -1-n) }},
			{"update-1", 1, func() string { return fmt.Sprintf("UPDATE t SET v = v + 1 WHERE id = %d", oneKey(rows, n)) }},
			{"delete-1", 1, func() string { return fmt.Sprintf("DELETE FROM t WHERE id = %d", oneKey(rows, n)) }},
			{"update-hot", 1, func() string { return fmt.Sprintf("UPDATE t SET v = v + 1 WHERE id = %d", oneKey(rows, 0)) }},
			{"update-range", 1, func() string { return "UPDATE t SET v = v + 1" + keyRange(n) }},
			{"delete-range", 1, func() string { return "DELETE FROM t" + keyRange(n) }},
		} {
			b.Run(where+"/"+c.what, func(b *testing.B) {
				if db == nil {
					db = loadKeyed(b, dir, "random", "primary key", rows)
					if where == "segments" {
						if err := errors.Join(db.Flush(context.Background()), db.Compact(context.Background())); err != nil {
							b.Fatal(err)
						}
					}
					n++
					ask(b, db, upsert(rows, n, 1, 0)) // what is made at first use
				}
				b.ResetTimer()
				for b.Loop() {
					n++
					ask(b, db, c.sql())
				}
				b.ReportMetric(float64(b.N*c.rows)/b.Elapsed().Seconds(), "rows/s")
			})
		}
		if db != nil {
			_ = db.Close(context.Background())
		}
	}
}

// oneKey is a key that is there.
func oneKey(rows, n int) int64 { return int64(n*7919%rows+1) * 0x9e3779b1 % (1 << 40) }

// keyRange is a thousandth of the keys.
func keyRange(n int) string {
	lo := int64(n*7919%1000) << 30
	return fmt.Sprintf(" WHERE id >= %d AND id < %d", lo, lo+1<<30)
}

// upsert proposes rows, of which each fresh-th is not there.
func upsert(rows, n, batch, fresh int) string {
	key := "x * 0x9e3779b1 % 1099511627776"
	if fresh > 0 {
		key = fmt.Sprintf("CASE WHEN g %% %d = 0 THEN -1 - %d * %d::bigint - g ELSE %s END", fresh, n, batch, key)
	}
	return fmt.Sprintf(`INSERT INTO t SELECT %s, g FROM (SELECT g, (%d + g * 7919) %% %d + 1 AS x FROM generate_series(1::bigint, %d) AS s(g)) AS q
		ON CONFLICT (id) DO UPDATE SET v = t.v + excluded.v`, key, n*batch, rows, batch)
}
