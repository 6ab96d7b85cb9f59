//go:build linux

package oracletest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/query"
)

// The tables of random joins: few values, so that most rows have partners; NULLs, duplicates, other types of equal values; one is
// empty. Their columns overlap, for USING and NATURAL.
var joinTables = []struct {
	name, columns string
	tagged        string // how Aegis may keep it
	rows          int
}{
	{"ja", "k integer, s text, f double precision, ts timestamptz NOT NULL", " WITH (time_column = ts, tags = (k, s))", 14},
	{"jb", "k bigint, s text, n numeric, b boolean", "", 11},
	{"jc", "k smallint, f real, ts timestamptz NOT NULL, d date", " WITH (time_column = ts, tags = (k), partition_interval = '1 day')", 9},
	{"jd", "k integer, s text", "", 0},
}

var joinValues = map[string][]string{
	"k": {"1", "2", "2", "3", "5", "NULL"}, "s": {"'a'", "'b'", "'b'", "''", "NULL"}, "f": {"0", "1", "2", "0.5", "'NaN'", "NULL"},
	"n": {"1.0", "2.0", "0.5", "NULL"}, "b": {"true", "false", "NULL"}, "d": {"'2026-01-01'", "'2026-01-02'", "NULL"},
	"ts": {"'2026-01-01 00:00+00'", "'2026-01-02 00:00+00'", "'2026-01-02 12:00+00'"},
}

// sortOf groups the columns that compare with each other.
var sortOf = map[string]string{"k": "number", "f": "number", "n": "number", "s": "text", "b": "boolean", "d": "time", "ts": "time"}

// makeJoinTables makes them on all sides: in the head, in segments, in both.
func makeJoinTables(t *testing.T, s *sides) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 9))
	for _, j := range joinTables {
		run := func(text, options string) {
			if o := askPostgres(s.postgres, text); o.state != "" {
				t.Fatalf("%s: %s", text, o.message)
			}
			for i, v := range s.variants {
				if i == 0 {
					options = ""
				}
				if o := askAegis(v.session, text+options); o.state != "" {
					t.Fatalf("%s: %s", text, o.message)
				}
			}
		}
		run("CREATE TABLE "+j.name+" ("+j.columns+")", j.tagged)
		for n := 0; n < j.rows; n++ {
			if n == j.rows/2 {
				for _, v := range s.variants[2:] {
					if err := v.db.Flush(context.Background()); err != nil {
						t.Fatal(err)
					}
				}
			}
			var row []string
			for _, c := range strings.Split(j.columns, ", ") {
				row = append(row, pick(&generator{Rand: r}, joinValues[strings.Fields(c)[0]]))
			}
			run("INSERT INTO "+j.name+" VALUES ("+strings.Join(row, ", ")+")", "")
		}
	}
}

// randomJoins asks both sides queries over several tables: joins of every kind and syntax, subqueries, WITH and UNION. None of
// their expressions fails for a value, so the answers must be equal, row by row.
func randomJoins(t *testing.T, s *sides) {
	count, seed := setting("AEGIS_ORACLE_JOINS", 1200), setting("AEGIS_ORACLE_SEED", 1)
	if testing.Short() {
		count = min(count, 150)
	}
	makeJoinTables(t, s)
	answered, rows, bad := 0, 0, 0
	for i := range count {
		g := &joinGenerator{generator: &generator{Rand: rand.New(rand.NewPCG(uint64(seed), uint64(i)))}}
		text, ordered := g.query()
		want := askPostgres(s.postgres, text)
		if want.state == "0A000" { // FULL JOIN without a key, there
			continue
		}
		v := s.variants[i%len(s.variants)]
		before := v.session.Tuning
		if i%4 == 0 { // nested loops, filters above the joins
			v.session.Tuning.RulesOff = map[string]bool{"push_filters": true, "join_keys": true, "order_joins": i%8 == 0}
		}
		got := askWith(v.session, query.Request{SQL: text})
		v.session.Tuning = before
		answered++
		rows += len(want.rows)
		if why := (comparison{ordered: ordered}).differ(want, got); why != "" {
			t.Errorf("statement %d: %s\n    %s (%s)", i, text, why, v.name)
			if bad++; bad >= 10 {
				t.Fatal("enough")
			}
		}
		if want.state != "" && bad == 0 {
			t.Errorf("statement %d proves nothing: %s\n    %s", i, text, want.message)
		}
	}
	t.Logf("%d queries answered alike, %d rows", answered-bad, rows)
}

// joinGenerator writes queries over several tables.
type joinGenerator struct {
	*generator
	tables int      // used so far
	ctes   []string // names of WITH; each has the columns k and s
}

// side is what stands in FROM so far: an expression, and what can be read from it.
type side struct {
	text    string
	columns []joinColumn
}

type joinColumn struct{ text, sort string }

func (g *joinGenerator) query() (text string, ordered bool) {
	with := ""
	if g.IntN(5) == 0 {
		g.ctes = []string{"wa"}
		with = "WITH wa AS (" + g.narrow() + ")"
		if g.IntN(2) == 0 {
			with += ", wb(k, s) AS (SELECT k + 1, s FROM wa)"
			g.ctes = append(g.ctes, "wb")
		}
		with += " "
	}
	switch g.IntN(10) {
	case 0:
		text = g.narrow() + pick(g.generator, []string{" UNION ALL ", " UNION "}) + g.narrow()
		if g.IntN(2) == 0 {
			text = "SELECT k, count(*) AS c FROM (" + text + ") AS q WHERE k IS DISTINCT FROM 3 GROUP BY k"
		}
		return with + text + " ORDER BY 1, 2", true
	case 1, 2, 3:
		return with + g.aggregated(), false
	}
	from := g.from(1 + g.IntN(3))
	list := g.some(from.columns, 4)
	text = "SELECT " + pick(g.generator, []string{"", "", "DISTINCT "}) + strings.Join(list, ", ") + " FROM " + from.text + g.where(from)
	if g.IntN(3) > 0 {
		return with + text, false
	}
	text += " ORDER BY "
	for i := range list {
		text += fmt.Sprintf("%d%s, ", i+1, pick(g.generator, []string{"", " DESC", " NULLS FIRST"}))
	}
	text = strings.TrimSuffix(text, ", ")
	if g.IntN(2) == 0 {
		text += fmt.Sprintf(" LIMIT %d OFFSET %d", g.IntN(9), g.IntN(3))
	}
	return with + text, true
}

func (g *joinGenerator) aggregated() string {
	from := g.from(1 + g.IntN(3))
	key, other := pick(g.generator, from.columns), pick(g.generator, from.columns)
	aggs := fmt.Sprintf("count(*), count(%s), max(%s)", other.text, g.of(from, "text", "number", "time"))
	if g.IntN(4) == 0 {
		return "SELECT " + aggs + " FROM " + from.text + g.where(from)
	}
	return "SELECT " + key.text + ", " + aggs + " FROM " + from.text + g.where(from) + " GROUP BY " + key.text + pick(g.generator, []string{"", " HAVING count(*) > 2"})
}

// of gives a column of one of the sorts.
func (g *joinGenerator) of(s side, sorts ...string) string {
	for _, i := range g.Perm(len(s.columns)) {
		for _, sort := range sorts {
			if s.columns[i].sort == sort {
				return s.columns[i].text
			}
		}
	}
	return "1"
}

// some gives columns, not all of them alike.
func (g *joinGenerator) some(list []joinColumn, most int) []string {
	var out []string
	for _, i := range g.Perm(len(list))[:1+g.IntN(min(most, len(list)))] {
		out = append(out, list[i].text)
	}
	return out
}

// narrow writes a query of the columns k and s.
func (g *joinGenerator) narrow() string {
	table := pick(g.generator, []string{"ja", "jb", "jd"})
	switch g.IntN(4) {
	case 0:
		return "SELECT DISTINCT k::integer, s FROM " + table
	case 1:
		return "SELECT k::integer, max(s) AS s FROM " + table + " GROUP BY k"
	}
	return "SELECT k::integer, s FROM " + table + " WHERE " + pick(g.generator, []string{"k > 1", "s <> 'a'", "k IS NULL OR s = 'b'", "true", "k IN (1, 2, 5)"})
}

// primary writes one item of FROM.
func (g *joinGenerator) primary() side {
	alias := "t" + fmt.Sprint(g.tables)
	g.tables++
	named := func(text string, columns ...string) side {
		s := side{text: text + " AS " + alias}
		for _, c := range columns {
			s.columns = append(s.columns, joinColumn{alias + "." + c, sortOf[c]})
		}
		return s
	}
	switch n := g.IntN(12); {
	case n == 0:
		return named("("+g.narrow()+")", "k", "s")
	case n == 1:
		return named("(SELECT * FROM (VALUES (1, 'a'), (2, NULL), (NULL, 'b')) AS v(k, s))", "k", "s")
	case n == 2:
		return named("(SELECT k, s, count(*) AS n FROM jb GROUP BY k, s)", "k", "s", "n")
	case n == 3:
		return named("(SELECT g AS k FROM generate_series(1, 4) AS g)", "k")
	case n == 4 && len(g.ctes) > 0:
		return named(pick(g.generator, g.ctes), "k", "s")
	}
	j := pick(g.generator, joinTables)
	var columns []string
	for _, c := range strings.Split(j.columns, ", ") {
		columns = append(columns, strings.Fields(c)[0])
	}
	return named(j.name, columns...)
}

func (g *joinGenerator) from(joins int) side {
	left := g.primary()
	for range joins {
		right := g.primary()
		if g.IntN(6) == 0 { // a join on the right
			right = g.join(right, g.primary())
			right.text = "(" + right.text + ")"
		}
		left = g.join(left, right)
	}
	return left
}

func (g *joinGenerator) join(l, r side) side {
	l.columns, r.columns = qualified(l.columns), qualified(r.columns)
	out := side{columns: append(append([]joinColumn{}, l.columns...), r.columns...)}
	kind := pick(g.generator, []string{"JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"})
	switch g.IntN(8) {
	case 0:
		out.text = l.text + " CROSS JOIN " + r.text
		return out
	case 1, 2:
		if hasOneK(l) && hasOneK(r) {
			out.text = l.text + " " + kind + " " + r.text + " USING (k)"
			if !strings.Contains(l.text, "JOIN") && !strings.Contains(r.text, "JOIN") && g.IntN(2) == 0 {
				out.columns = append(out.columns, joinColumn{"k", "number"})
				out.text = "(" + out.text + ")"
			}
			return out
		}
	}
	out.text = l.text + " " + kind + " " + r.text + " ON " + g.on(l, r)
	return out
}

// qualified drops the column that USING merged: beside another table its bare name is ambiguous.
func qualified(list []joinColumn) []joinColumn {
	var out []joinColumn
	for _, c := range list {
		if c.text != "k" {
			out = append(out, c)
		}
	}
	return out
}

// hasOneK: a side of several tables may have several columns of that name.
func hasOneK(s side) bool {
	n := 0
	for _, c := range s.columns {
		if strings.HasSuffix(c.text, ".k") {
			n++
		}
	}
	return n == 1
}

// on writes the condition of a join: mostly equalities between its sides, with others beside them.
func (g *joinGenerator) on(l, r side) string {
	both := side{columns: append(append([]joinColumn{}, l.columns...), r.columns...)}
	conds := []string{g.across(l, r, "=")}
	for g.IntN(3) == 0 {
		conds = append(conds, g.across(l, r, pick(g.generator, []string{"=", "<", "<>", "IS NOT DISTINCT FROM"})))
	}
	if g.IntN(3) == 0 {
		conds = append(conds, g.condition(both, 1))
	}
	if g.IntN(12) == 0 {
		conds = conds[1:]
		conds = append(conds, pick(g.generator, []string{"true", "false", "NULL"}))
	}
	return strings.Join(conds, " AND ")
}

// across compares a column of one side with one of the other.
func (g *joinGenerator) across(l, r side, op string) string {
	for range 20 {
		a, b := pick(g.generator, l.columns), pick(g.generator, r.columns)
		if a.sort == b.sort {
			return a.text + " " + op + " " + b.text
		}
	}
	return g.of(l, "number") + " " + op + " " + g.of(r, "number")
}

func (g *joinGenerator) where(s side) string {
	switch g.IntN(5) {
	case 0:
		return ""
	case 1:
		return " WHERE " + g.test(s) + pick(g.generator, []string{"", " AND " + g.condition(s, 1)})
	case 2:
		return " WHERE " + g.condition(s, 1) + " AND " + g.test(s)
	}
	return " WHERE " + g.condition(s, 2)
}

// condition writes one that fails for no value.
func (g *joinGenerator) condition(s side, depth int) string {
	if depth > 0 && g.IntN(2) == 0 {
		return pick(g.generator, []string{"(", "NOT ("}) + g.condition(s, depth-1) + pick(g.generator, []string{" AND ", " OR "}) + g.condition(s, depth-1) + ")"
	}
	c := pick(g.generator, s.columns)
	value := map[string][]string{
		"number": {"1", "2", "3", "0.5"}, "text": {"'a'", "'b'", "''"}, "boolean": {"true", "false"}, "time": {"'2026-01-02'", "'2026-01-01'"},
	}[c.sort]
	switch g.IntN(6) {
	case 0:
		return c.text + pick(g.generator, []string{" IS NULL", " IS NOT NULL"})
	case 1:
		return c.text + pick(g.generator, []string{" IN (", " NOT IN ("}) + pick(g.generator, value) + ", " + pick(g.generator, value) + ")"
	case 2:
		return g.across(s, s, pick(g.generator, []string{"=", "<", "<>", ">="}))
	case 3:
		if c.sort == "number" {
			return c.text + pick(g.generator, []string{" = ", " > "}) + "(SELECT " + pick(g.generator, []string{"max(k) FROM jb", "min(k) FROM jd", "count(*) FROM jd", "avg(k) FROM ja"}) + ")"
		}
	}
	return c.text + " " + pick(g.generator, []string{"=", "=", "<", ">", "<>", ">="}) + " " + pick(g.generator, value)
}

// test writes EXISTS or IN.
func (g *joinGenerator) test(s side) string {
	s.columns = qualified(s.columns)
	inner := g.primary()
	if g.IntN(4) == 0 {
		inner = g.join(inner, g.primary())
	}
	not := pick(g.generator, []string{"", "", "NOT "})
	if g.IntN(2) == 0 {
		text := "SELECT " + pick(g.generator, []string{"1", "*", ""}) + " FROM " + inner.text + " WHERE " + g.across(s, inner, "=")
		if g.IntN(2) == 0 {
			text += " AND " + g.across(s, inner, pick(g.generator, []string{"=", "<", "<>"}))
		}
		if g.IntN(2) == 0 {
			text += " AND " + g.condition(inner, 1)
		}
		return not + "EXISTS (" + text + ")"
	}
	for range 20 {
		a, b := pick(g.generator, s.columns), pick(g.generator, inner.columns)
		if a.sort != b.sort {
			continue
		}
		text := "SELECT " + b.text + " FROM " + inner.text
		switch g.IntN(4) {
		case 0:
			text += " WHERE " + g.condition(inner, 1)
		case 1:
			text += " WHERE " + b.text + " IS NOT NULL"
		case 2:
			text += " WHERE " + g.across(s, inner, pick(g.generator, []string{"=", "<"}))
		}
		return a.text + " " + not + "IN (" + text + ")"
	}
	return not + "EXISTS (SELECT 1 FROM " + inner.text + ")"
}
