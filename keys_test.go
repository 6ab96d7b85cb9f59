package aegis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// keyedTables are the shapes whose keys are held in different ways: as the order of the table, and beside it.
var keyedTables = map[string]string{
	"ordered": "CREATE TABLE ordered (id bigint PRIMARY KEY, n bigint)",
	"beside":  "CREATE TABLE beside (n bigint, ts timestamptz, id bigint UNIQUE) WITH (time_column = ts)",
}

// TestKeysTogether: sessions insert, count up by ON CONFLICT, update and delete the same few keys at once, while rows are flushed, merged and
// the database is opened again. At the end each key has one row, which has counted everything that was acknowledged.
func TestKeysTogether(t *testing.T) {
	for _, name := range []string{"ordered", "beside"} {
		t.Run(name, func(t *testing.T) {
			disk := newDisk()
			db, err := Open(t.Context(), memOptions(Options{FS: disk}))
			if err != nil {
				t.Fatal(err)
			}
			ask(t, db, keyedTables[name])
			counted := map[int]int{} // what a key's row should say; no entry = no row
			for round := range 4 {
				keysTogether(t, db, name, uint64(round), counted)
				if err := db.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
				if db, err = Open(t.Context(), memOptions(Options{FS: disk})); err != nil {
					t.Fatal(err)
				}
				checkKeys(t, db, name, counted)
			}
			if err := db.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// keysTogether lets writers work; each has keys of its own that it also deletes, and all count up those of everybody.
func keysTogether(t *testing.T, db *DB, table string, seed uint64, counted map[int]int) {
	const shared, own = 20, 15
	var mu sync.Mutex
	var writers sync.WaitGroup
	for g := range 4 {
		writers.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(g)))
			for step := range 60 {
				mine := shared + g*own + rng.IntN(own)
				switch rng.IntN(4) {
				case 0, 1: // everybody's: by one each time
					k := rng.IntN(shared)
					text := fmt.Sprintf("INSERT INTO %[1]s (id, n) VALUES (%[2]d, 1) ON CONFLICT (id) DO UPDATE SET n = %[1]s.n + 1", table, k)
					if table == "beside" {
						text = fmt.Sprintf("INSERT INTO beside (id, n, ts) VALUES (%d, 1, '2026-01-0%d') ON CONFLICT (id) DO UPDATE SET n = beside.n + 1, ts = excluded.ts", k, 1+rng.IntN(9))
					}
					if state := stateOf(db, text); state == "" {
						mu.Lock()
						counted[k]++
						mu.Unlock()
					} else if state != "40001" {
						t.Errorf("%s: %s", text, state)
					}
				case 2: // one's own: there or not, and nobody else knows
					text := fmt.Sprintf("INSERT INTO %s (id, n) VALUES (%d, %d)", table, mine, step)
					if table == "beside" {
						text = fmt.Sprintf("INSERT INTO beside (id, n, ts) VALUES (%d, %d, '2026-01-0%d')", mine, step, 1+rng.IntN(9))
					}
					mu.Lock()
					_, there := counted[mine]
					mu.Unlock()
					state := stateOf(db, text)
					if there && state != "23505" || !there && state != "" {
						t.Errorf("%s: %q, and the key is there: %v", text, state, there)
					}
					if state == "" {
						mu.Lock()
						counted[mine] = step
						mu.Unlock()
					}
				case 3:
					text := fmt.Sprintf("DELETE FROM %s WHERE id = %d", table, mine)
					if state := stateOf(db, text); state != "" {
						t.Errorf("%s: %s", text, state)
					}
					mu.Lock()
					delete(counted, mine)
					mu.Unlock()
				}
				if step%20 == 10 {
					if err := errors.Join(db.Flush(t.Context()), db.Compact(t.Context())); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	writers.Wait()
	checkKeys(t, db, table, counted)
}

// stateOf runs a statement and gives the SQLSTATE that it failed with.
func stateOf(db *DB, text string) string {
	r, err := db.Query(context.Background(), text)
	if err == nil {
		r.Close()
		return ""
	}
	var e *column.Error
	if errors.As(err, &e) && e.SQLState != "" {
		return e.SQLState
	}
	return err.Error()
}

func checkKeys(t *testing.T, db *DB, table string, counted map[int]int) {
	t.Helper()
	var want []string
	for k, n := range counted {
		want = append(want, fmt.Sprintf("%d|%d", k, n))
	}
	got := ask(t, db, "SELECT id, n FROM "+table)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s has\n%s\nand should have\n%s", table, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for k := range counted {
		if got := ask(t, db, "SELECT n FROM "+table+" WHERE id = "+strconv.Itoa(k)); len(got) != 1 || got[0] != strconv.Itoa(counted[k]) {
			t.Errorf("%s: key %d has %v, not %d", table, k, got, counted[k])
		}
	}
}

// TestAlterKeys: a key that comes later holds for the rows that are there and for those that come, and one that is dropped does not.
func TestAlterKeys(t *testing.T) {
	db, err := Open(t.Context(), memOptions(Options{FS: newDisk()}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	ask(t, db, "CREATE TABLE late (id bigint, mail text, n bigint)")
	ask(t, db, "INSERT INTO late SELECT g, 'm' || g, g FROM generate_series(1, 500) AS s(g)")
	if err := db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask(t, db, "INSERT INTO late VALUES (501, NULL, 1), (502, NULL, 1), (503, 'm7', 1)")
	for _, step := range [][2]string{
		{"ALTER TABLE late ADD PRIMARY KEY (id)", ""},
		{"ALTER TABLE late ADD PRIMARY KEY (n)", "42P16"},
		{"INSERT INTO late VALUES (17, 'x', 1)", "23505"},
		{"INSERT INTO late VALUES (502, 'x', 1)", "23505"},
		{"INSERT INTO late VALUES (NULL, 'x', 1)", "23502"},
		{"ALTER TABLE late ADD CONSTRAINT mails UNIQUE (mail)", "23505"},
		{"INSERT INTO late VALUES (600, 'm8', 1)", ""}, // it went again
		{"DELETE FROM late WHERE id IN (503, 600)", ""},
		{"ALTER TABLE late ADD CONSTRAINT mails UNIQUE (mail)", ""},
		{"INSERT INTO late VALUES (600, 'm8', 1)", "23505"},
		{"INSERT INTO late VALUES (600, NULL, 1)", ""},
		{"INSERT INTO late VALUES (600, 'm600', 5) ON CONFLICT (id) DO UPDATE SET n = excluded.n", ""},
		{"ALTER TABLE late DROP CONSTRAINT late_pkey", ""},
		{"INSERT INTO late VALUES (600, 'm601', 1)", ""},
		{"ALTER TABLE late ADD PRIMARY KEY (id)", "23505"},
		{"ALTER TABLE late ADD COLUMN k bigint UNIQUE", ""},
		{"CREATE TABLE later (LIKE late INCLUDING ALL)", ""},
	} {
		if state := stateOf(db, step[0]); state != step[1] {
			t.Errorf("%s: %q, not %q", step[0], state, step[1])
		}
	}
	if got := ask(t, db, "SELECT count(*), sum(n) FROM late WHERE id = 600"); got[0] != "2|6" {
		t.Error(got)
	}
}
