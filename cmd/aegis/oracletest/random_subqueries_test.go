//go:build linux

package oracletest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/query"
)

// randomSubqueries asks both sides queries that nest: subqueries over several levels that read any query around them, in every place an expression
// may stand, LATERAL, set operations, functions in FROM. They run on the tables of random joins. Every third runs without unnest, which is how
// such queries are meant word by word.
func randomSubqueries(t *testing.T, s *sides) {
	count, seed := setting("AEGIS_ORACLE_SUBQUERIES", 600), setting("AEGIS_ORACLE_SEED", 1)
	if testing.Short() {
		count = min(count, 40)
	}
	answered, rows, bad := 0, 0, 0
	for i := range count {
		g := &nestGenerator{generator: &generator{Rand: rand.New(rand.NewPCG(uint64(seed)+77, uint64(i)))}}
		text := g.top()
		askPostgres(s.postgres, "SET statement_timeout = '3s'")
		want := askPostgres(s.postgres, text)
		if want.state == "57014" { // too much of a good thing
			continue
		}
		v := s.variants[i%len(s.variants)]
		before := v.session.Tuning
		switch i % 3 {
		case 0:
			v.session.Tuning.RulesOff = map[string]bool{"unnest": true}
		case 1:
			if i%2 == 0 {
				v.session.Tuning.RulesOff = map[string]bool{"push_filters": true, "join_keys": i%4 == 0}
			}
		}
		got := askWith(v.session, query.Request{SQL: text, Timeout: 10 * time.Second})
		off := v.session.Tuning.RulesOff
		v.session.Tuning = before
		if got.state == "57014" && off["unnest"] { // row by row is how such queries are meant, not how they are run
			continue
		}
		answered++
		rows += len(want.rows)
		if why := (comparison{near: true}).differ(want, got); why != "" {
			t.Errorf("statement %d: %s\n    %s (%s, without %v)", i, text, why, v.name, off)
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

// nestGenerator writes queries in queries. Columns are numbers or texts; numbers that are grouped or compared as wholes are brought to one type, as
// equal ones may print differently.
type nestGenerator struct {
	*generator
	items int
}

type nestColumn struct {
	text   string
	number bool
}

// nestTables are what a query can read: name, numbers, texts.
var nestTables = []struct {
	name           string
	numbers, texts []string
}{
	{"ja", []string{"k", "f"}, []string{"s"}}, {"jb", []string{"k", "n"}, []string{"s"}}, {"jc", []string{"k", "f"}, nil}, {"jd", []string{"k"}, []string{"s"}},
}

func (g *nestGenerator) alias() string {
	g.items++
	return fmt.Sprintf("q%d", g.items)
}

func (g *nestGenerator) top() string {
	from, own := g.from(2, nil)
	var list []string
	for i := range 1 + g.IntN(3) {
		list = append(list, g.whole(g.value(2, g.IntN(3) > 0, own))+fmt.Sprintf(" AS c%d", i))
	}
	text := "SELECT " + pick(g.generator, []string{"", "", "DISTINCT "}) + strings.Join(list, ", ") + " FROM " + from
	if g.IntN(3) > 0 {
		text += " WHERE " + g.condition(2, own)
	}
	switch g.IntN(6) {
	case 0:
		number := g.IntN(2) == 0
		return "SELECT " + g.whole(g.value(2, number, own)) + " AS c FROM " + from + " " + pick(g.generator, []string{"UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL"}) + " " + g.query(1, []bool{number}, nil)
	case 1:
		key := g.column(own, true)
		return "SELECT " + key.text + "::float8 AS k, " + g.aggregate(1, own) + " AS a FROM " + from + " GROUP BY " + key.text +
			" HAVING " + g.condition(2, []nestColumn{key, {"max(" + key.text + ")", true}})
	}
	return text
}

// whole brings a value to the one type of its kind.
func (g *nestGenerator) whole(c nestColumn) string {
	if c.number {
		return "(" + c.text + ")::float8"
	}
	return c.text
}

// from writes what a query reads, and gives the columns of it. Some of it reads what stands to its left.
func (g *nestGenerator) from(depth int, outer []nestColumn) (string, []nestColumn) {
	text, own := g.item(depth, outer)
	for range g.IntN(3) {
		all := append(own[:len(own):len(own)], outer...)
		switch g.IntN(5) {
		case 0:
			a := g.alias()
			text += fmt.Sprintf(" CROSS JOIN generate_series(1, %s::integer) AS %s", g.bounded(own), a)
			own = append(own, nestColumn{a, true})
		case 1:
			if depth == 0 {
				continue
			}
			a, number := g.alias(), g.IntN(2) == 0
			text += pick(g.generator, []string{" LEFT JOIN LATERAL (", " JOIN LATERAL ("}) + g.query(depth-1, []bool{true, number}, all) + ") AS " + a + "(x, y) ON "
			added := []nestColumn{{a + ".x", true}, {a + ".y", number}}
			text += pick(g.generator, []string{"true", g.compare(0, append(added, own...))})
			own = append(own, added...)
		default:
			more, added := g.item(depth, outer)
			both := append(own[:len(own):len(own)], added...)
			text += pick(g.generator, []string{" JOIN ", " LEFT JOIN ", " JOIN "}) + more + " ON " + g.condition(min(depth, 1), both)
			own = both
		}
	}
	return text, own
}

// bounded is a small number, so that series stay short.
func (g *nestGenerator) bounded(own []nestColumn) string {
	return "CASE WHEN " + g.column(own, true).text + " > 1 THEN 2 ELSE 1 END"
}

func (g *nestGenerator) item(depth int, outer []nestColumn) (string, []nestColumn) {
	a := g.alias()
	if depth > 0 && g.IntN(6) == 0 {
		return "(" + g.query(depth-1, []bool{true, false}, outer) + ") AS " + a + "(x, y)", []nestColumn{{a + ".x", true}, {a + ".y", false}}
	}
	table := nestTables[g.IntN(len(nestTables))]
	if g.IntN(3) > 0 {
		table = nestTables[g.IntN(2)]
	}
	var own []nestColumn
	for _, c := range table.numbers {
		own = append(own, nestColumn{a + "." + c, true})
	}
	for _, c := range table.texts {
		own = append(own, nestColumn{a + "." + c, false})
	}
	return table.name + " AS " + a, own
}

func (g *nestGenerator) column(columns []nestColumn, number bool) nestColumn {
	var fit []nestColumn
	for _, c := range columns {
		if c.number == number {
			fit = append(fit, c)
		}
	}
	if len(fit) == 0 {
		return nestColumn{map[bool]string{true: "2", false: "'a'"}[number], number}
	}
	return fit[g.IntN(len(fit))]
}

// value writes an expression over columns.
func (g *nestGenerator) value(depth int, number bool, columns []nestColumn) nestColumn {
	if depth > 0 {
		switch g.IntN(7) {
		case 0, 1:
			if number {
				return nestColumn{"(" + g.one(depth-1, columns) + ")", true}
			}
			return nestColumn{"(" + g.first(depth-1, number, columns) + ")", number}
		case 2:
			return nestColumn{"(" + g.first(depth-1, number, columns) + ")", number}
		case 3:
			return nestColumn{"CASE WHEN " + g.condition(depth-1, columns) + " THEN " + g.value(depth-1, number, columns).text + " ELSE " + g.value(0, number, columns).text + " END", number}
		}
	}
	c := g.column(columns, number)
	if number && g.IntN(6) == 0 {
		c.text = "(" + c.text + " + 1)"
	}
	return c
}

// one is a query of one number: an aggregate.
func (g *nestGenerator) one(depth int, outer []nestColumn) string {
	from, own := g.from(depth, outer)
	return "SELECT " + g.aggregate(depth, own) + " FROM " + from + g.where(depth, own, outer)
}

func (g *nestGenerator) aggregate(depth int, own []nestColumn) string {
	c := g.whole(g.value(depth, true, own))
	return pick(g.generator, []string{"count(*)", "max(" + c + ")", "min(" + c + ")", "sum(" + c + ")", "count(" + c + ")", "count(DISTINCT " + c + ")"})
}

// first is a query of one value at most.
func (g *nestGenerator) first(depth int, number bool, outer []nestColumn) string {
	from, own := g.from(depth, outer)
	return "SELECT " + g.whole(g.value(0, number, append(own, outer...))) + " FROM " + from + g.where(depth, own, outer) + " ORDER BY 1 " +
		pick(g.generator, []string{"", "DESC "}) + "LIMIT 1" + pick(g.generator, []string{"", "", " OFFSET 1"})
}

// where mostly ties a query to what is around it.
func (g *nestGenerator) where(depth int, own, outer []nestColumn) string {
	var conds []string
	if len(outer) > 0 && g.IntN(5) > 0 {
		number := g.IntN(3) > 0
		op := pick(g.generator, []string{" = ", " = ", " = ", " < ", " >= ", " IS NOT DISTINCT FROM "})
		conds = append(conds, g.column(own, number).text+op+g.column(outer, number).text)
	}
	if g.IntN(2) == 0 {
		conds = append(conds, g.condition(depth, append(own[:len(own):len(own)], outer...)))
	}
	if len(conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(conds, " AND ")
}

// query writes a query with columns of the given kinds.
func (g *nestGenerator) query(depth int, kinds []bool, outer []nestColumn) string {
	if depth > 0 && g.IntN(5) == 0 {
		return g.query(depth-1, kinds, outer) + " " + pick(g.generator, []string{"UNION", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL"}) + " " + g.query(depth-1, kinds, outer)
	}
	from, own := g.from(depth, outer)
	all := append(own[:len(own):len(own)], outer...)
	var list []string
	for _, number := range kinds {
		list = append(list, g.whole(g.value(depth, number, all)))
	}
	if g.IntN(6) == 0 {
		key := g.column(own, true).text
		for i, number := range kinds {
			list[i] = "min(" + g.whole(g.column(own, number)) + ")"
		}
		list[0] = "(" + key + ")::float8"
		if !kinds[0] {
			list[0] = "max(" + g.column(own, false).text + ")"
		}
		return "SELECT " + strings.Join(list, ", ") + " FROM " + from + g.where(depth, own, outer) + " GROUP BY " + key + pick(g.generator, []string{"", " HAVING count(*) > 1"})
	}
	return "SELECT " + pick(g.generator, []string{"", "", "DISTINCT "}) + strings.Join(list, ", ") + " FROM " + from + g.where(depth, own, outer)
}

func (g *nestGenerator) compare(depth int, columns []nestColumn) string {
	number := g.IntN(3) > 0
	return g.value(depth, number, columns).text + pick(g.generator, []string{" = ", " = ", " <> ", " < ", " >= ", " IS DISTINCT FROM "}) + g.value(0, number, columns).text
}

// condition writes a condition over columns.
func (g *nestGenerator) condition(depth int, columns []nestColumn) string {
	if depth == 0 {
		return g.compare(0, columns)
	}
	number := g.IntN(3) > 0
	not := pick(g.generator, []string{"", "", "NOT "})
	switch g.IntN(9) {
	case 0, 1:
		return not + "EXISTS (" + g.query(depth-1, []bool{number}, columns) + ")"
	case 2, 3:
		return g.value(0, number, columns).text + " " + not + "IN (" + g.query(depth-1, []bool{number}, columns) + ")"
	case 4:
		op := pick(g.generator, []string{" = ANY (", " <> ALL (", " < ANY (", " >= ALL (", " <> ANY ("})
		return not + g.value(0, number, columns).text + op + g.query(depth-1, []bool{number}, columns) + ")"
	case 5:
		return not + "(" + g.value(0, true, columns).text + ", " + g.value(0, false, columns).text + ") IN (" + g.query(depth-1, []bool{true, false}, columns) + ")"
	case 6:
		return not + "(" + g.condition(depth-1, columns) + pick(g.generator, []string{" OR ", " AND "}) + g.condition(depth, columns) + ")"
	case 7:
		return "(" + g.condition(depth, columns) + ") IS " + pick(g.generator, []string{"NULL", "TRUE", "NOT TRUE"})
	}
	return g.compare(depth, columns)
}
