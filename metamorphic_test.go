package aegis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/opt"
)

// The tables that random queries ask. wide has more rows in a segment than a page has; keyed is written twice over, so that
// masks and deletion vectors hide rows; merged likewise, and its rows take values from those that are hidden; loose has no order of its own.
var askedTables = []struct {
	asked
	create string
	rows   int
}{
	{
		asked{name: "wide", texts: []string{"host", "note"}, ints: []string{"cpu", "n"}, floats: []string{"v", "w"}, bools: []string{"ok"}, tags: []string{"host", "cpu"}, time: "ts"},
		"CREATE TABLE wide (ts timestamptz, host text, cpu integer, v double precision, w double precision, n bigint, note text, ok boolean) WITH (time_column = ts, tags = (host, cpu))", 10_000,
	},
	{
		asked{name: "keyed", texts: []string{"host", "note"}, ints: []string{"n"}, floats: []string{"v"}, bools: []string{"up", "ok"}, tags: []string{"host", "up"}, time: "ts", unique: true},
		"CREATE TABLE keyed (host text, up boolean, ts timestamptz, v double precision, n smallint, note text, ok boolean) WITH (time_column = ts, tags = (host, up), unique_key = (host, up, ts), partition_interval = '6 hours')", 1500,
	},
	{
		asked{name: "merged", texts: []string{"host", "note"}, ints: []string{"n"}, floats: []string{"v"}, bools: []string{"ok"}, tags: []string{"host"}, time: "ts", unique: true},
		"CREATE TABLE merged (host text, ts timestamptz, v double precision, n smallint, note text, ok boolean) WITH (time_column = ts, tags = (host), unique_key = (host, ts), merge_fields = true, partition_interval = '6 hours')", 1500,
	},
	{
		asked{name: "loose", texts: []string{"host", "note"}, ints: []string{"n"}, floats: []string{"v"}, bools: []string{"ok"}},
		"CREATE TABLE loose (host text, v double precision, n bigint, note text, ok boolean)", 600,
	},
}

var askedMetric = asked{name: "metrics.up", texts: []string{"job", "label_ts"}, floats: []string{"value"}, tags: []string{"job", "label_ts"}, time: "ts", unique: true}

// richCell makes values in blocks, so that whole pages are NULL, NaN or of one sign, between blocks of everything.
func richCell(rng *rand.Rand, name string, row, rows int) cell {
	block := row * 12 / rows
	switch name {
	case "ts":
		// On the bounds that queries name, and a microsecond beside them.
		return base + int64(row%1500)*60e6*int64(1+rng.IntN(2))/2 + int64(rng.IntN(4)/2*rng.IntN(3)) - 1
	case "host":
		return []cell{"a", "b", "c", "", "it's", nil}[rng.IntN(6)]
	case "cpu":
		return []cell{int64(0), int64(1), int64(3), nil}[rng.IntN(4)]
	case "n":
		return []cell{int64(rng.IntN(6)), int64(block), int64(-7), int64(row % 100), nil}[rng.IntN(5)]
	case "note":
		if block%3 == 0 {
			return nil
		}
		return []cell{"a", "b", "ba", "b%", "", "long note of a row", nil}[rng.IntN(7)]
	case "ok", "up":
		return drawnBools[rng.IntN(3)]
	}
	switch block % 4 {
	case 0:
		return nil
	case 1:
		return math.NaN()
	case 2:
		return float64(rng.IntN(400)) / 4
	}
	return drawnFloats[rng.IntN(len(drawnFloats))]
}

// storedOnce writes the same rows into a database, calling between after each of four parts.
func storedOnce(t *testing.T, between func(db *DB, part int) error) *DB {
	ctx := context.Background()
	db, err := Open(ctx, memOptions(Options{FS: newDisk()}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	for _, a := range askedTables {
		ask(t, db, a.create)
	}
	for part := range 4 {
		for _, a := range askedTables {
			rng := rand.New(rand.NewPCG(uint64(part), uint64(a.rows)))
			table := findTable(db, a.name)
			var rows []modelRow
			for i := part * a.rows / 4; i < (part+1)*a.rows/4; i++ {
				r := make(modelRow, len(table.Columns.Fields))
				for k, f := range table.Columns.Fields {
					r[k] = richCell(rng, f.Name, i, a.rows)
				}
				if a.unique && part > 0 && i%3 == 0 {
					r[table.Columns.Index(table.Columns.Time)] = base + int64(i%90)*60e6 // again
				}
				rows = append(rows, r)
			}
			if _, err := db.shard.Write(ctx, []meta.Rows{vectors(table, rows)}, meta.AckWAL); err != nil {
				t.Fatal(err)
			}
		}
		rng := rand.New(rand.NewPCG(uint64(part), 1))
		if err := writeSamples(db, makeRows(rng, findTable(db, samples), 300)); err != nil {
			t.Fatal(err)
		}
		if err := between(db, part); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// storages are places where the same rows may lie.
func storages(t *testing.T) map[string]*DB {
	ctx := context.Background()
	return map[string]*DB{
		"head":    storedOnce(t, func(*DB, int) error { return nil }),
		"flushed": storedOnce(t, func(db *DB, _ int) error { return db.Flush(ctx) }),
		"compacted": storedOnce(t, func(db *DB, part int) error {
			if err := db.Flush(ctx); err != nil || part < 3 {
				return err
			}
			return db.Compact(ctx)
		}),
		"some of each": storedOnce(t, func(db *DB, part int) error {
			switch part {
			case 1:
				if err := db.Flush(ctx); err != nil {
					return err
				}
				return db.Compact(ctx)
			case 2:
				return db.Flush(ctx)
			}
			return nil
		}),
		"rewritten in the head": storedOnce(t, func(db *DB, part int) error { return rewrite(ctx, db, part) }),
		"rewritten": storedOnce(t, func(db *DB, part int) error {
			if err := errors.Join(db.Flush(ctx), rewrite(ctx, db, part)); err != nil || part%2 == 0 {
				return err // pending
			}
			if err := db.shard.PublishDeletes(ctx); err != nil || part < 3 {
				return err
			}
			return errors.Join(db.Compact(ctx), rewrite(ctx, db, 1))
		}),
	}
}

// rewrite ends every third row of each table and writes it anew.
func rewrite(ctx context.Context, db *DB, first int) error {
	names := []string{samples}
	for _, a := range askedTables {
		names = append(names, a.name)
	}
	for _, name := range names {
		snap, err := db.Snapshot("")
		if err != nil {
			return err
		}
		t := findTable(db, name)
		placed, err := placedRows(ctx, db, snap, t)
		snap.Close()
		if err != nil {
			return err
		}
		set := &scan.RowSet{}
		var rows []modelRow
		for i := first % 3; i < len(placed); i += 3 {
			set.Add(placed[i].place, placed[i].row)
			rows = append(rows, placed[i].cells)
		}
		tx := &meta.Transaction{Rows: []meta.Rows{vectors(t, rows)}, Deletes: []meta.Deletes{{Table: t, Rows: set}}}
		if _, err := db.shard.Commit(ctx, tx, meta.AckWAL); err != nil {
			return err
		}
	}
	return nil
}

// tunings are ways to run a statement that must not change its answer.
func tunings() map[string]query.Tuning {
	all := map[string]bool{}
	out := map[string]query.Tuning{
		"default": {}, "one worker": {Workers: 1}, "four workers": {Workers: 4}, "plain": {Plain: true},
		"everything spills": {HeldBytes: 1}, "everything spills, one worker, batches of 3": {HeldBytes: 1, Workers: 1, BatchRows: 3},
		"much spills":  {HeldBytes: 64 << 10, Workers: 4},
		"batches of 1": {BatchRows: 1}, "batches of 3": {BatchRows: 3}, "plain batches of 3": {Plain: true, BatchRows: 3},
	}
	for _, r := range opt.Rules() {
		all[r.Name] = true
		out["no "+r.Name] = query.Tuning{RulesOff: map[string]bool{r.Name: true}}
	}
	out["no rules"] = query.Tuning{RulesOff: all}
	out["nothing"] = query.Tuning{RulesOff: all, Plain: true, Workers: 1}
	return out
}

// answer is the rows of a statement in a form that compares: sorted where their order is open.
func answer(db *DB, tuning query.Tuning, text string, ordered bool) (string, error) {
	s := db.NewSession("")
	s.Tuning = tuning
	rows, err := read(context.Background(), s, text)
	if err != nil {
		return "", err
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		for k, c := range r {
			if f, ok := c.(float64); ok && f == 0 {
				r[k] = 0.0 // which zero stands for equal ones is open
			}
		}
		lines[i] = r.text()
	}
	if !ordered {
		slices.Sort(lines)
	}
	return strings.Join(lines, "\n"), nil
}

// TestMetamorphic: random queries have one answer, wherever the rows lie and however the statement is run. The measure is the
// head, read row by row without any rule: nothing is pruned there.
func TestMetamorphic(t *testing.T) {
	stores, ways := storages(t), tunings()
	names, wayNames := sortedKeys(stores), sortedKeys(ways)
	seed := course(t)
	rng := rand.New(rand.NewPCG(seed, 0))
	targets := []asked{askedMetric}
	for _, a := range askedTables {
		targets = append(targets, a.asked)
	}
	began, lasts := time.Now(), budget(10*time.Second)
	if long {
		lasts = 5 * time.Minute
	}
	queries, empty := 0, 0
	for time.Since(began) < lasts {
		g := &generator{rng: rng, t: targets[queries%len(targets)]}
		if g.t.name == "wide" && queries%3 > 0 {
			g.t = targets[2] // large tables take their time
		}
		text, ordered := "", false
		if g.t.name != "wide" && rng.IntN(3) == 0 {
			text, ordered = g.joined(targets[rng.IntN(len(targets))])
		} else {
			text, ordered = g.query()
		}
		want, err := answer(stores["head"], ways["nothing"], text, ordered)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		queries++
		empty += b2i(want == "")
		for _, n := range names {
			for _, w := range []string{"default", wayNames[rng.IntN(len(wayNames))]} {
				if g.t.name == "wide" && strings.Contains(w, "of 1") {
					continue
				}
				got, err := answer(stores[n], ways[w], text, ordered)
				if err != nil || got != want {
					t.Fatalf("seed %d: %s\n%s, %s: %v\n%s", seed, text, n, w, err, firstDifference(got, want))
				}
			}
		}
	}
	t.Logf("%d queries, %d of them without rows", queries, empty)
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// firstDifference shows where two answers part.
func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := 0; ; i++ {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			cut := func(s []string) string { return strings.Join(s[min(i, len(s)):min(i+3, len(s))], "\n") }
			return fmt.Sprintf("%d rows, from %d on:\n%s\nnot %d rows:\n%s", len(a), i, cut(a), len(b), cut(b))
		}
	}
}
