package aegis

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// TestHotRow updates one row over and over, and says what an update takes: the same each time for a key that is held, however many versions of it the memory has.
// AEGIS_HOT_UPDATES is how often.
func TestHotRow(t *testing.T) {
	n := 800
	if text := os.Getenv("AEGIS_HOT_UPDATES"); text != "" {
		n, _ = strconv.Atoi(text)
	}
	for name, create := range map[string]string{
		"keyed":     "CREATE TABLE h (k bigint PRIMARY KEY, v bigint)",
		"unkeyed":   "CREATE TABLE h (k bigint, v bigint)",
		"replacing": "CREATE TABLE h (k bigint, v bigint, ts timestamptz DEFAULT '2026-01-01') WITH (time_column = 'ts', tags = 'k', unique_key = 'k, ts')",
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, "/data", func(o *Options) { o.FS = newDisk() })
			s := db.NewSession("")
			must(t, s, create)
			must(t, s, "INSERT INTO h (k, v) SELECT g, 0 FROM generate_series(1, 1000) AS g")
			began := time.Now()
			for i := range n {
				must(t, s, "UPDATE h SET v = v + 1 WHERE k = 500")
				if (i+1)%(n/8) == 0 {
					t.Logf("%d: %v an update", i+1, time.Since(began)/time.Duration(n/8))
					began = time.Now()
				}
			}
			if got := must(t, s, "SELECT v FROM h WHERE k = 500"); got != int64(n) {
				t.Errorf("%d", got)
			}
		})
	}
}

// TestHotRowComesAndGoes deletes and inserts one row of a table whose rows replace each other over and over: neither way to write looks at all that has been.
func TestHotRowComesAndGoes(t *testing.T) {
	db := open(t, "/data", func(o *Options) { o.FS = newDisk() })
	s := db.NewSession("")
	must(t, s, replacing)
	const n = 300
	for i := range n {
		must(t, s, "INSERT INTO r VALUES ('a', '2026-01-01', 1) ON CONFLICT (k, ts) DO UPDATE SET n = r.n + 1")
		if i == n/2 {
			if err := db.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if i%3 > 0 {
			must(t, s, "DELETE FROM r WHERE k = 'a'")
			if got := must(t, s, "SELECT count(*) FROM r"); got != 0 {
				t.Fatalf("%d: %d rows", i, got)
			}
			continue
		}
		if got := must(t, s, "SELECT sum(n) FROM r"); got != 1 {
			t.Fatalf("%d: %d", i, got)
		}
		must(t, s, "UPDATE r SET n = 0")
		must(t, s, "DELETE FROM r")
	}
}
