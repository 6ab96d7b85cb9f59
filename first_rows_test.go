package aegis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/automatanexus/aegis-db/query"
)

// TestFirstRows: the first rows of an order are the same whether or not what is behind them is left out while it is read, with NULLs at either end, in
// tables whose order of storage follows the key, is its reverse, or has nothing to do with it, of which rows were changed and some are not flushed.
func TestFirstRows(t *testing.T) {
	db := open(t, t.TempDir())
	ask(t, db, "CREATE TABLE first (id bigint, up bigint, down integer, small smallint, day date, note text)")
	rows := 60_000
	for from := 0; from < rows; from += rows / 3 {
		ask(t, db, fmt.Sprintf(`INSERT INTO first SELECT g, CASE WHEN g %% 11 > 0 OR g %% 7000 > 3000 THEN g / 3 END, (-g / 2), CASE WHEN g %% 5 > 0 THEN g * 7919 %% 1000 END,
			'2020-01-01'::date + (g / 1000)::integer, CASE g %% 4 WHEN 0 THEN '' WHEN 1 THEN 'note ' || g %% 97 ELSE 'x' END FROM generate_series(%d, %d) AS g`, from, from+rows/3-1))
		if from < 2*rows/3 {
			if err := db.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	ask(t, db, "DELETE FROM first WHERE id % 13 = 5 OR id BETWEEN 100 AND 900")
	ask(t, db, "UPDATE first SET up = -up, small = 999 WHERE id % 1009 = 3")
	rng := rand.New(rand.NewPCG(19, 11))
	one := func(list ...string) string { return list[rng.IntN(len(list))] }
	statements := 60
	if testing.Short() {
		statements = 15
	}
	for range statements {
		key := one("up", "down", "small", "day", "id")
		text := "SELECT " + one("*", key, "note, "+key, "id, up + 1") + " FROM first" +
			one("", " WHERE note LIKE '%1%'", " WHERE note <> ''", " WHERE note = 'note 7' AND small > 3", " WHERE up > 5000 OR small < 10", " WHERE small IS NULL", " WHERE note LIKE 'x'") +
			" ORDER BY " + key + one("", " DESC") + one("", " NULLS FIRST", " NULLS LAST") + one("", ", note", ", small DESC") + ", id LIMIT " + one("1", "10", "100", "5000") + one("", "", " OFFSET 20")
		want, err := answer(db, query.Tuning{Plain: true, RulesOff: map[string]bool{"top_n": true}}, text, true)
		if err != nil {
			t.Fatal(err)
		}
		for name, tuning := range map[string]query.Tuning{"default": {}, "one worker": {Workers: 1}, "four workers": {Workers: 4}, "spilling": {HeldBytes: 1, Workers: 2}} {
			got, err := answer(db, tuning, text, true)
			if err != nil || got != want {
				t.Fatalf("%s, %s: %v\n%.1000s\nnot\n%.1000s", name, text, err, got, want)
			}
		}
	}
}
