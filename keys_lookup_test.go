package aegis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query"
)

// TestKeyLookups: what is found by keys is what a look at every row finds, in the head and in segments, with rows that have ended and rows that are
// newer than the snapshot.
func TestKeyLookups(t *testing.T) {
	db, err := Open(t.Context(), memOptions(Options{FS: newDisk()}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	ask(t, db, "CREATE TABLE one (id bigint PRIMARY KEY, n bigint)")
	ask(t, db, "CREATE TABLE two (name text, n bigint, id integer, PRIMARY KEY (id, name))")
	ask(t, db, "CREATE TABLE timed (ts timestamptz, host text, n bigint, PRIMARY KEY (host, ts)) WITH (time_column = ts, tags = (host))")
	rng := rand.New(rand.NewPCG(5, 6))
	for round := range 12 {
		for range 3 {
			k := rng.IntN(400)
			ask(t, db, fmt.Sprintf("INSERT INTO one SELECT (g * 37) %% 1000, %d FROM generate_series(%d, %d) AS s(g) ON CONFLICT (id) DO UPDATE SET n = one.n + 1", round, k, k+60))
			ask(t, db, fmt.Sprintf("INSERT INTO two SELECT 'x' || g %% 7, %d, (g * 37) %% 1000 FROM generate_series(%d, %d) AS s(g) ON CONFLICT (id, name) DO UPDATE SET n = two.n + 1", round, k, k+60))
			ask(t, db, fmt.Sprintf("INSERT INTO timed SELECT '2026-01-01'::timestamptz + g * interval '1 hour', 'h' || g %% 3, %d FROM generate_series(%d, %d) AS s(g) ON CONFLICT (host, ts) DO UPDATE SET n = timed.n + 1", round, k, k+60))
			d := rng.IntN(1000)
			ask(t, db, fmt.Sprintf("DELETE FROM one WHERE id BETWEEN %d AND %d", d, d+20))
			ask(t, db, fmt.Sprintf("DELETE FROM two WHERE id BETWEEN %d AND %d", d, d+20))
		}
		older := db.NewSession("")
		older.Blocks = true
		inSession(t, older, "BEGIN ISOLATION LEVEL REPEATABLE READ")
		compareLookups(t, older, rng)
		before := inSession(t, older, "SELECT id, n FROM one WHERE id + 0 < 5")
		ask(t, db, "UPDATE one SET n = n + 100 WHERE id < 5")
		compareLookups(t, older, rng)
		for _, row := range before {
			id, _, _ := strings.Cut(row, "|")
			if got := inSession(t, older, "SELECT id, n FROM one WHERE id = "+id); !slices.Equal(got, []string{row}) {
				t.Errorf("an older snapshot sees %v, not %s", got, row)
			}
		}
		inSession(t, older, "COMMIT")
		older.Close()
		now := db.NewSession("")
		compareLookups(t, now, rng)
		now.Close()
		switch rng.IntN(3) {
		case 0:
			err = db.Flush(t.Context())
		case 1:
			err = errors.Join(db.Flush(t.Context()), db.Compact(t.Context()))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestKeyLookupsInMemory: a row is found by its key wherever it lies among those of a series in memory, with values of each kind, some of them NULL, and
// with columns that came later.
func TestKeyLookupsInMemory(t *testing.T) {
	db, err := Open(t.Context(), memOptions(Options{FS: newDisk()}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	ask(t, db, "CREATE TABLE kinds (id integer PRIMARY KEY, i bigint NOT NULL, f double precision NOT NULL, s text NOT NULL, b boolean NOT NULL, ni bigint, nf double precision, ns text)")
	insert := func(from, to int) {
		ask(t, db, fmt.Sprintf(`INSERT INTO kinds (id, i, f, s, b, ni, nf, ns) SELECT g, g * 3, g * 0.25, 'text ' || g, g %% 3 = 0,
			CASE WHEN g %% 5 > 0 THEN g * 7 END, CASE WHEN g %% 4 > 0 THEN g / 8.0 END, CASE WHEN g %% 6 > 0 THEN 'n' || g END
			FROM generate_series(%d, %d) AS x(g)`, from, to))
	}
	session := db.NewSession("")
	defer session.Close()
	rng := rand.New(rand.NewPCG(7, 8))
	check := func(rows int) {
		t.Helper()
		keys := []int{0, 1, 2, rows - 1, rows, rows + 1}
		for range 20 {
			keys = append(keys, rng.IntN(rows))
		}
		for _, k := range keys {
			got := inSession(t, session, fmt.Sprintf("SELECT * FROM kinds WHERE id = %d", k))
			want := inSession(t, session, fmt.Sprintf("SELECT * FROM kinds WHERE id + 0 = %d", k))
			if !slices.Equal(got, want) {
				t.Errorf("key %d: %v, not %v", k, got, want)
			}
		}
	}
	insert(1, 3000)
	check(3000)
	insert(3001, 20_000)
	check(20_000)
	ask(t, db, "DELETE FROM kinds WHERE id % 10 = 3")
	ask(t, db, "UPDATE kinds SET i = -i WHERE id % 100 = 4")
	check(20_000)
	ask(t, db, "ALTER TABLE kinds ADD COLUMN later integer DEFAULT 5")
	insert(20_001, 21_000)
	check(21_000)
}

// compareLookups asks by key and in a way that no key is found by.
func compareLookups(t *testing.T, s *query.Session, rng *rand.Rand) {
	t.Helper()
	k := rng.IntN(1000)
	for _, q := range [][2]string{
		{fmt.Sprintf("SELECT * FROM one WHERE id = %d", k), fmt.Sprintf("SELECT * FROM one WHERE id + 0 = %d", k)},
		{fmt.Sprintf("SELECT * FROM two WHERE id = %d AND name = 'x%d'", k, k%7), fmt.Sprintf("SELECT * FROM two WHERE id + 0 = %d AND name || '' = 'x%d'", k, k%7)},
		{fmt.Sprintf("SELECT * FROM two WHERE id = %d", k), fmt.Sprintf("SELECT * FROM two WHERE id + 0 = %d", k)},
		{
			fmt.Sprintf("SELECT * FROM timed WHERE host = 'h%d' AND ts = '2026-01-01'::timestamptz + %d * interval '1 hour'", k%3, k%450),
			fmt.Sprintf("SELECT * FROM timed WHERE host || '' = 'h%d' AND ts + interval '0' = '2026-01-01'::timestamptz + %d * interval '1 hour'", k%3, k%450),
		},
		{
			fmt.Sprintf("SELECT g, one.* FROM generate_series(%[1]d, %[1]d + 9) AS s(g) JOIN one ON one.id = g", k),
			fmt.Sprintf("SELECT id, one.* FROM one WHERE id + 0 BETWEEN %[1]d AND %[1]d + 9", k),
		},
		{
			fmt.Sprintf("SELECT count(*), count(one.n) FROM generate_series(%[1]d, %[1]d + 9) AS s(g) LEFT JOIN one ON one.id = g", k),
			fmt.Sprintf("SELECT 10, count(*) FROM one WHERE id + 0 BETWEEN %[1]d AND %[1]d + 9", k),
		},
	} {
		got, want := inSession(t, s, q[0]), inSession(t, s, q[1])
		if !slices.Equal(got, want) {
			t.Errorf("%s\n%v\n%s\n%v", q[0], got, q[1], want)
		}
	}
}

// inSession runs a statement and gives its rows, sorted.
func inSession(t *testing.T, s *query.Session, text string) []string {
	t.Helper()
	r, err := s.Run(context.Background(), query.Request{SQL: text})
	if err != nil {
		t.Fatal(text, err)
	}
	defer r.Close()
	var out []string
	for {
		b, err := r.Next()
		if err != nil {
			break
		}
		for i := range b.Len {
			cells := make([]string, len(b.Columns))
			for k, v := range b.Columns {
				cells[k] = string(literal.Append(nil, v, i, r.Format()))
			}
			out = append(out, strings.Join(cells, "|"))
		}
	}
	slices.Sort(out)
	return out
}
