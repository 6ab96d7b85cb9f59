package aegis

import (
	"context"
	"fmt"
	"testing"
)

// benchRows is how many rows the tables of these benchmarks have.
const benchRows = 2_000_000

func benchTable(b *testing.B, options string) *DB {
	db := open(b, b.TempDir())
	ask(b, db, `CREATE TABLE big (id bigint NOT NULL, ts timestamptz NOT NULL, host text, v double precision)`+options)
	for lo := 0; lo < benchRows; lo += 500_000 {
		ask(b, db, fmt.Sprintf(`INSERT INTO big SELECT g, '2026-01-01'::timestamptz + g * interval '1 second', 'host-' || g %% 100, g %% 1000 FROM generate_series(%d, %d) g`, lo, lo+499_999))
		if err := db.Flush(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Compact(context.Background()); err != nil {
		b.Fatal(err)
	}
	return db
}

const benchTagged = ` WITH (time_column = ts, tags = (host), partition_interval = '30 days')`

// BenchmarkDelete deletes 1 % of the rows by a predicate.
func BenchmarkDelete(b *testing.B) {
	db := benchTable(b, benchTagged)
	b.ResetTimer()
	for i := range b.N {
		ask(b, db, fmt.Sprintf(`DELETE FROM big WHERE v = %d OR v = %d OR v >= %d AND v < %d`, i, i+300, 500+8*i, 508+8*i))
	}
}

// BenchmarkUpdate gives 1 % of the rows another value.
func BenchmarkUpdate(b *testing.B) {
	db := benchTable(b, benchTagged)
	b.ResetTimer()
	for i := range b.N {
		ask(b, db, fmt.Sprintf(`UPDATE big SET v = v + 1 WHERE host = 'host-%d'`, i%100))
	}
}

// BenchmarkUpdateOne changes one row by its series and time.
func BenchmarkUpdateOne(b *testing.B) {
	db := benchTable(b, benchTagged)
	b.ResetTimer()
	for i := range b.N {
		n := i * 7919 % benchRows
		ask(b, db, fmt.Sprintf(`UPDATE big SET v = -1 WHERE host = 'host-%d' AND ts = '2026-01-01'::timestamptz + %d * interval '1 second'`, n%100, n))
	}
}

// BenchmarkUpsert proposes 1000 rows, half of which are there.
func BenchmarkUpsert(b *testing.B) {
	db := benchTable(b, ` WITH (time_column = ts, tags = (host), unique_key = (host, ts), partition_interval = '30 days')`)
	b.ResetTimer()
	for i := range b.N {
		ask(b, db, fmt.Sprintf(`INSERT INTO big SELECT g, '2026-01-01'::timestamptz + g * interval '1 second', 'host-' || g %% 100, 1 FROM generate_series(%d, %d) g
			ON CONFLICT (host, ts) DO UPDATE SET v = big.v + excluded.v`, benchRows-500+i*1000, benchRows+499+i*1000))
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkUpsertByNumber does so where the key is a number that no series tells apart.
func BenchmarkUpsertByNumber(b *testing.B) {
	db := benchTable(b, ` WITH (unique_key = (id))`)
	b.ResetTimer()
	for i := range b.N {
		ask(b, db, fmt.Sprintf(`INSERT INTO big SELECT g, '2026-01-01', 'x', 1 FROM generate_series(%d, %d) g
			ON CONFLICT (id) DO UPDATE SET v = big.v + excluded.v`, benchRows-500+i*1000, benchRows+499+i*1000))
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
