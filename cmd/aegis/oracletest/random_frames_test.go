//go:build linux

package oracletest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/query"
)

// randomWindows asks both sides queries with window functions: any function over any frame. What is compared is settled by the query:
// functions that tell peers apart get an order without peers.
func randomWindows(t *testing.T, s *sides) {
	count, seed := setting("AEGIS_ORACLE_WINDOWS", 1500), setting("AEGIS_ORACLE_SEED", 1)
	if testing.Short() {
		count = min(count, 150)
	}
	answered, failed, bad := 0, 0, 0
	for i := range count {
		g := &windowGenerator{generator: &generator{Rand: rand.New(rand.NewPCG(uint64(seed), uint64(i)))}}
		text := g.query()
		want := askPostgres(s.postgres, text)
		v := s.variants[i%len(s.variants)]
		before := v.session.Tuning
		if i%3 == 0 {
			v.session.Tuning.RulesOff = map[string]bool{"push_filters": true, "top_rows": i%2 == 0, "prune_columns": true}
		}
		got := askWith(v.session, query.Request{SQL: text})
		v.session.Tuning = before
		if why := (comparison{ordered: true, near: true}).differ(want, got); why != "" {
			t.Errorf("statement %d: %s\n    %s (%s)", i, text, why, v.name)
			if bad++; bad >= 10 {
				t.Fatal("enough")
			}
		}
		if want.state == "" {
			answered++
		} else {
			failed++
		}
	}
	t.Logf("%d queries answered alike, %d refused alike, %d not alike", answered, failed, bad)
	if failed*5 > count {
		t.Errorf("%d of %d queries have no answer", failed, count)
	}
}

// windowGenerator writes queries with window functions over t.
type windowGenerator struct{ *generator }

func (g *windowGenerator) some(list []string, most int) []string {
	var out []string
	for _, i := range g.Perm(len(list))[:g.IntN(most+1)] {
		out = append(out, list[i])
	}
	return out
}

var (
	windowPartitions = []string{"host", "region", "slot", "b", "i2", "host = 'a'", "id % 3", "date_trunc('day', ts)", "f4", "nu", "iv"}
	windowOrders     = []string{"slot", "region", "b", "i2", "id / 10", "d", "tm", "q", "nu", "tx", "iv", "f8", "ts", "slot IS NULL", "by"}
	// rangeOrders are what RANGE with an offset can be ordered by, with offsets.
	rangeOrders = map[string][]string{
		"slot": {"0", "1", "2"}, "i2": {"10", "100", "0"}, "i4": {"10", "2147483647"}, "i8": {"5", "9223372036854775807"}, "id": {"3", "20", "0"},
		"q": {"0.5", "10", "'Infinity'", "0"}, "f8": {"1", "1e300", "'Infinity'"}, "nu": {"1.5", "0", "1000"}, "ts": {"interval '1 hour'", "'1 day'", "'1 month'", "'0'"},
		"iv": {"'1 day'", "'1 month'", "interval '30 days'"}, "tz": {"'1 day'"}, "f4": {"2", "0.5"},
	}
	// Functions that do not tell peers apart, and those that do.
	peerCalls = []string{
		"rank()", "dense_rank()", "percent_rank()", "cume_dist()", "count(*)", "count(i4)", "count(tx)", "sum(i2)", "sum(i4)", "sum(i8)", "avg(i2)", "avg(i8)", "min(i4)", "max(i8)", "min(tx)",
		"max(host)", "min(ts)", "max(d)", "min(tm)", "bool_and(b)", "bool_or(b)", "sum(q)", "avg(q)", "bit_or(i4)", "bit_and(i2)", "min(by)", "stddev(i2)", "var_pop(id)", "max(id)", "sum(slot)",
	}
	rowCalls = []string{
		"row_number()", "ntile(4)", "ntile(100)", "lag(id)", "lead(tx)", "lag(nu, 2)", "lead(i4, 3, 7)", "lag(f8, slot)", "lead(host, -1, 'none')", "lag(iv, 1, interval '0')", "first_value(id)", "last_value(tx)",
		"first_value(iv)", "last_value(nu)", "nth_value(id, 2)", "nth_value(tx, 3)", "nth_value(f8, 1)", "string_agg(host, ',')", "min(nu)", "max(nu)", "min(f8)", "max(f4)", "max(iv)", "min(iv)", "nth_value(b, slot)",
	}
)

func (g *windowGenerator) direction() string {
	return pick(g.generator, []string{"", "", " DESC", " NULLS FIRST", " DESC NULLS LAST", " ASC NULLS LAST"})
}

func (g *windowGenerator) bound(offsets []string) (start, end string) {
	kinds := []string{"UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING"}
	a, b := g.IntN(4), 1+g.IntN(4)
	if a > b {
		a, b = b, a
	}
	text := func(k int) string {
		if k == 1 || k == 3 {
			return pick(g.generator, offsets) + " " + kinds[k]
		}
		return kinds[k]
	}
	return text(a), text(b)
}

// over writes a window; strict says that its rows must have no peers.
func (g *windowGenerator) over(strict bool) string {
	var out []string
	if parts := g.some(windowPartitions, 2); len(parts) > 0 {
		out = append(out, "PARTITION BY "+strings.Join(parts, ", "))
	}
	var order []string
	mode := pick(g.generator, []string{"", "ROWS", "RANGE", "GROUPS", "RANGE offset"})
	offsets := []string{"0", "1", "2", "5", "100", "1 + 1"}
	if mode == "RANGE offset" {
		key := "id"
		if !strict {
			key = pick(g.generator, slices.Sorted(maps.Keys(rangeOrders)))
		}
		return g.finish(out, []string{key + g.direction()}, "RANGE", rangeOrders[key])
	}
	for _, o := range g.some(windowOrders, 2) {
		order = append(order, o+g.direction())
	}
	if strict || mode == "ROWS" {
		order = append(order, "id"+g.direction())
	}
	if mode == "GROUPS" && len(order) == 0 {
		order = []string{"slot"}
	}
	if mode == "RANGE" {
		offsets = nil
	}
	return g.finish(out, order, mode, offsets)
}

func (g *windowGenerator) finish(out, order []string, mode string, offsets []string) string {
	if len(order) > 0 {
		out = append(out, "ORDER BY "+strings.Join(order, ", "))
	}
	if mode == "" {
		return "(" + strings.Join(out, " ") + ")"
	}
	start, end := "UNBOUNDED PRECEDING", pick(g.generator, []string{"CURRENT ROW", "UNBOUNDED FOLLOWING"})
	if offsets != nil {
		start, end = g.bound(offsets)
	} else if g.IntN(2) == 0 {
		start = "CURRENT ROW"
	}
	frame := mode + " BETWEEN " + start + " AND " + end
	frame += pick(g.generator, []string{"", "", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE NO OTHERS"})
	return "(" + strings.Join(append(out, frame), " ") + ")"
}

func (g *windowGenerator) call() string {
	if g.IntN(2) == 0 {
		return pick(g.generator, rowCalls) + " OVER " + g.rowsOver()
	}
	c := pick(g.generator, peerCalls)
	if strings.Contains(c, "(*)") || strings.ContainsAny(c[strings.Index(c, "("):], "abcdefghijklmnopqrstuvwxyz") {
		if g.IntN(4) == 0 {
			c += " FILTER (WHERE " + pick(g.generator, []string{"b", "i4 > 0", "slot IS NULL", "host <> 'a'", "id % 3 = 0"}) + ")"
		}
	}
	return c + " OVER " + g.over(false)
}

// rowsOver is a window whose rows have no peers.
func (g *windowGenerator) rowsOver() string {
	for {
		if w := g.over(true); strings.Contains(w, " id") || strings.Contains(w, "(id") {
			return w
		}
	}
}

func (g *windowGenerator) query() string {
	var calls []string
	for range 1 + g.IntN(3) {
		calls = append(calls, g.call())
	}
	where := ""
	if g.IntN(3) == 0 {
		where = " WHERE " + pick(g.generator, []string{"id < 40", "host = 'b'", "slot IS NOT NULL", "ts >= '2026-01-03'", "id = 5", "false", "i4 > 1"})
	}
	if g.IntN(6) == 0 {
		n := pick(g.generator, []string{"row_number() OVER " + g.rowsOver(), "rank() OVER " + g.over(false), "row_number() OVER " + g.rowsOver()})
		return fmt.Sprintf("SELECT * FROM (SELECT id, host, %s AS n FROM t%s) s WHERE %s ORDER BY id, n", n, where,
			pick(g.generator, []string{"n <= 3", "n < 2", "n = 1", "n <= 10 AND host = 'a'", "n > 5", "n BETWEEN 2 AND 4"}))
	}
	if g.IntN(8) == 0 {
		return fmt.Sprintf("SELECT id %% 7, count(*), sum(count(*)) OVER (ORDER BY id %% 7), rank() OVER (ORDER BY count(*) DESC, max(slot)) FROM t%s GROUP BY id %% 7 ORDER BY 1", where)
	}
	return "SELECT id, " + strings.Join(calls, ", ") + " FROM t" + where + " ORDER BY id"
}
