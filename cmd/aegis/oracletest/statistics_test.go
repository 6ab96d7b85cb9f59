//go:build linux

package oracletest

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/query"
)

// measured has columns of which PostgreSQL's sample, which takes all of so few rows, and the segments' figures say the same: numbers that are all
// different, some that come often, half NULLs, one value, none. Ours are of a sample of the rows.
var measured = []string{
	`CREATE TABLE measured (id integer, word text, half bigint, one boolean, none double precision, price numeric(10,2), day date, at timestamptz)`,
	`INSERT INTO measured SELECT n, (ARRAY['red', 'red', 'red', 'green', 'green', 'blue'])[n % 6 + 1], CASE WHEN n % 2 = 0 THEN n % 40 END, true, NULL,
		n % 1000 + 0.25, date '2026-01-01' + n % 300, timestamptz '2026-01-01 00:00:00Z' + n * interval '1 minute' FROM generate_series(1, 20000) n`,
}

// TestAnalyze: pg_stats says of known rows what PostgreSQL says of them after ANALYZE. Common values and bounds are fewer here, so their shares are compared.
func TestAnalyze(t *testing.T) {
	pg, db := startPostgres(t), openAegis(t)
	s := db.NewSession("")
	for _, text := range measured {
		if o := askPostgres(pg, text); o.state != "" {
			t.Fatal(o.message)
		}
		if o := askAegis(s, text); o.state != "" {
			t.Fatal(o.message)
		}
	}
	if err := db.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"ANALYZE measured", "ANALYZE VERBOSE measured", "ANALYZE nothing", "ANALYZE measured, nothing", "ANALYZE"} {
		want, got := askPostgres(pg, text), askAegis(s, text)
		if want.state != got.state || want.tag != got.tag || want.position > 0 && want.position != got.position {
			t.Errorf("%s: %s %s %s at %d, in PostgreSQL %s %s %s at %d", text, got.tag, got.state, got.message, got.position, want.tag, want.state, want.message, want.position)
		}
	}
	const facts = "SELECT attname, null_frac, n_distinct, avg_width, most_common_vals, most_common_freqs, histogram_bounds FROM pg_stats WHERE tablename = 'measured' ORDER BY attname"
	want, got := askPostgres(pg, facts), askAegis(s, facts)
	if got.state != "" || len(got.rows) != 8 || len(want.rows) != 8 || !slices.Equal(got.names, want.names) {
		t.Fatalf("%s %s: %v, in PostgreSQL %v", got.state, got.message, got.rows, want.rows)
	}
	for i, w := range want.rows {
		g := got.rows[i]
		if g[0] != w[0] {
			t.Fatalf("row %d is of %s, in PostgreSQL of %s", i, g[0], w[0])
		}
		t.Run(w[0], func(t *testing.T) {
			apart(t, "null_frac", g[1], w[1], 0.001)
			apart(t, "n_distinct", g[2], w[2], 0.05)
			apart(t, "avg_width", g[3], w[3], 0.5)
			commonValues(t, g, w)
			bounds(t, s, g, w)
		})
	}
}

// apart holds two numbers to a share of what PostgreSQL says.
func apart(t *testing.T, what, got, want string, share float64) {
	t.Helper()
	g, err1 := strconv.ParseFloat(got, 64)
	w, err2 := strconv.ParseFloat(want, 64)
	if err1 != nil || err2 != nil || math.Abs(g-w) > share*max(1e-9, math.Abs(w)) {
		t.Errorf("%s is %s, in PostgreSQL %s", what, got, want)
	}
}

// commonValues compares values that come often where both sides have a list: as sets, with their shares.
func commonValues(t *testing.T, got, want []string) {
	t.Helper()
	w, g := shares(t, want[4], want[5]), shares(t, got[4], got[5])
	if len(w) > 0 && len(w) <= 16 && len(g) != len(w) {
		t.Errorf("common values are %s, in PostgreSQL %s", got[4], want[4])
	}
	for value, share := range g {
		if real, there := w[value]; there && math.Abs(share-real) > 0.1*real {
			t.Errorf("%s comes with a share of %g, in PostgreSQL %g", value, share, real)
		}
	}
}

func shares(t *testing.T, values, parts string) map[string]float64 {
	t.Helper()
	if values == null {
		return nil
	}
	v, p := strings.Split(strings.Trim(values, "{}"), ","), strings.Split(strings.Trim(parts, "{}"), ",")
	out := map[string]float64{}
	for i := range v {
		x, err := strconv.ParseFloat(p[i], 64)
		if err != nil || len(p) != len(v) {
			t.Fatalf("%s, %s: %v", values, parts, err)
		}
		out[v[i]] = x
	}
	return out
}

// bounds sees that there is a histogram where PostgreSQL has one, and that each bound of it stands where it should among the rows, within a fiftieth.
func bounds(t *testing.T, s *query.Session, got, want []string) {
	t.Helper()
	if want[6] == null && got[6] == null {
		return
	}
	if got[6] == null {
		t.Fatalf("no bounds, in PostgreSQL %.60s", want[6])
	}
	g := strings.Split(strings.Trim(got[6], "{}"), ",")
	for i, b := range g {
		share := float64(i) / float64(len(g)-1)
		text := "SELECT avg((" + want[0] + " <= '" + strings.Trim(b, `"`) + "')::int), avg((" + want[0] + " < '" + strings.Trim(b, `"`) + "')::int) FROM measured WHERE " + want[0] + " IS NOT NULL"
		o := askAegis(s, text)
		if o.state != "" {
			t.Fatalf("%s: %s", text, o.message)
		}
		hi, _ := strconv.ParseFloat(o.rows[0][0], 64)
		lo, _ := strconv.ParseFloat(o.rows[0][1], 64)
		if share > hi+0.02 || share < lo-0.02 {
			t.Errorf("bound %d of %d is %s, which stands at %g to %g", i, len(g), b, lo, hi)
		}
	}
}
