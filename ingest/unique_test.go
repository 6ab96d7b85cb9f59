package ingest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/meta"
)

// keyed are tables with primary keys of several shapes; the last column is the row's value.
var keyed = map[string]column.Schema{
	"ids": {
		Fields: []column.Field{{ID: 1, Name: "id", Type: column.T(column.Int64), NotNull: true}, {ID: 2, Name: "v", Type: column.T(column.Int64)}},
		Key:    []column.ID{1}, Enforced: true,
	},
	"names": {
		Fields: []column.Field{
			{ID: 1, Name: "v", Type: column.T(column.Int64)},
			{ID: 2, Name: "name", Type: column.T(column.Text), NotNull: true},
			{ID: 3, Name: "n", Type: column.T(column.Int32), NotNull: true},
		},
		Key: []column.ID{3, 2}, Enforced: true,
	},
	"series": {
		Fields: []column.Field{
			{ID: 1, Name: "ts", Type: column.T(column.TimestampTZ), NotNull: true},
			{ID: 2, Name: "host", Type: column.T(column.Text), NotNull: true},
			{ID: 3, Name: "cpu", Type: column.T(column.Int16), NotNull: true},
			{ID: 4, Name: "v", Type: column.T(column.Int64)},
		},
		Tags: []column.ID{2, 3}, Time: 1, Partition: 40, Key: []column.ID{3, 1, 2}, Enforced: true,
	},
}

// keyedRows makes rows whose numbers say what their keys are.
func keyedRows(t *meta.Table, numbers []int) meta.Rows {
	r := meta.Rows{Table: t, Len: len(numbers)}
	for _, f := range t.Columns.Fields {
		b := column.NewBuilder(f.Type, 0)
		for _, n := range numbers {
			switch f.Name {
			case "v":
				b.AppendInt(int64(n))
			case "host", "name":
				b.AppendString(fmt.Sprint("x", n%7))
			case "cpu":
				b.AppendInt(int64(n % 3))
			case "id":
				b.AppendInt(int64(n) - 50)
			case "ts":
				b.AppendInt(int64(n / 21))
			default:
				b.AppendInt(int64(n / 7))
			}
		}
		r.Columns = append(r.Columns, b.Finish())
	}
	return r
}

// detail is what the error of a taken key says.
func detail(t *meta.Table, n int) string {
	switch t.Name {
	case "ids":
		return fmt.Sprintf("Key (id)=(%d) already exists.", n-50)
	case "names":
		return fmt.Sprintf("Key (n, name)=(%d, x%d) already exists.", n/7, n%7)
	}
	return fmt.Sprintf("Key (cpu, ts, host)=(%d, 1970-01-01 00:00:00%s+00, x%d) already exists.", n%3, micros(n/21), n%7)
}

func micros(n int) string {
	if n == 0 {
		return ""
	}
	return strings.TrimRight(fmt.Sprintf(".%06d", n), "0")
}

func keyedWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, memfs.New())
	for name, columns := range keyed {
		table, err := w.catalog.Create(name, columns, meta.Constraint{Name: name + "_pkey", Kind: meta.PrimaryConstraint, Columns: columns.Key})
		if err != nil {
			t.Fatal(err)
		}
		w.tables[name], w.rows[name] = table, modelRows{}.clone()
	}
	w.opts.SegmentBytes, w.opts.rowsPerKey = 1<<10, 4 // some segments get filters, at some time
	w.open(t)
	return w
}

// TestPrimaryKeys: whatever is written in whatever order, with flushes and restarts in between, a row is refused exactly if its key is there, and
// the error names the first such row.
func TestPrimaryKeys(t *testing.T) {
	for seed := range uint64(6) {
		w := keyedWorld(t)
		rng := rand.New(rand.NewPCG(seed, 1))
		there := map[string]map[int]bool{"ids": {}, "names": {}, "series": {}}
		refused := 0
		for step := range 300 {
			switch rng.IntN(20) {
			case 0:
				if err := w.shard.Flush(ctx); err != nil {
					t.Fatal(err)
				}
			case 1:
				w.abort(t)
				w.open(t)
			}
			name := []string{"ids", "names", "series"}[rng.IntN(3)]
			var numbers []int
			first := -1
			for range 1 + rng.IntN(20) {
				n := rng.IntN(3000)
				if rng.IntN(2) == 0 {
					n = 3000 + step*10 + len(numbers) // ascending
				}
				if first < 0 && (there[name][n] || slices.Contains(numbers, n)) {
					first = n
				}
				numbers = append(numbers, n)
			}
			rows := []meta.Rows{keyedRows(w.tables[name], numbers)}
			_, err := w.shard.Write(ctx, rows, meta.AckWAL)
			if first < 0 {
				if err != nil {
					t.Fatalf("seed %d, step %d: %s %v: %v", seed, step, name, numbers, err)
				}
				w.apply(rows)
				for _, n := range numbers {
					there[name][n] = true
				}
				continue
			}
			refused++
			var e *column.Error
			if !errors.As(err, &e) || e.SQLState != "23505" || e.Detail != detail(w.tables[name], first) ||
				e.Message != fmt.Sprintf("duplicate key value violates unique constraint \"%s_pkey\"", name) {
				t.Fatalf("seed %d, step %d: %s %v: %v (%+v), want %s", seed, step, name, numbers, err, e, detail(w.tables[name], first))
			}
		}
		if refused == 0 {
			t.Fatal("nothing was refused")
		}
		w.check(t, w.snapshot())
		w.abort(t)
	}
}

// TestPrimaryKeysTogether: many write at once. What is acknowledged is there once, and what is refused had a key that somebody has.
func TestPrimaryKeysTogether(t *testing.T) {
	w := keyedWorld(t)
	var mu sync.Mutex
	there := map[string]bool{}
	type try struct {
		table   string
		numbers []int
	}
	var refused []try
	var writers sync.WaitGroup
	for g := range 6 {
		writers.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 7))
			for step := range 120 {
				name := []string{"ids", "names", "series"}[rng.IntN(3)]
				var numbers []int
				for range 1 + rng.IntN(8) {
					numbers = append(numbers, rng.IntN(4000))
				}
				rows := []meta.Rows{keyedRows(w.tables[name], numbers)}
				_, err := w.shard.Write(ctx, rows, meta.Ack(rng.IntN(3)))
				mu.Lock()
				var e *column.Error
				switch {
				case err == nil:
					w.apply(rows)
					for _, n := range numbers {
						k := fmt.Sprint(name, n)
						if there[k] {
							t.Errorf("%s was acknowledged twice", k)
						}
						there[k] = true
					}
				case errors.As(err, &e) && e.SQLState == "23505":
					refused = append(refused, try{name, numbers})
				default:
					t.Error(err)
				}
				mu.Unlock()
				if g == 0 && step%15 == 0 {
					if err := w.shard.Flush(ctx); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	writers.Wait()
	for _, r := range refused {
		sorted := slices.Sorted(slices.Values(r.numbers))
		if len(slices.Compact(sorted)) == len(r.numbers) &&
			!slices.ContainsFunc(r.numbers, func(n int) bool { return there[fmt.Sprint(r.table, n)] }) {
			t.Errorf("%s %v were refused, and nobody has one of them", r.table, r.numbers)
		}
	}
	if err := w.shard.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	w.check(t, w.snapshot())
	w.abort(t)
}
