package aegis

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// asked is a table as the generator of queries sees it: its columns by what can be done with them.
type asked struct {
	name                       string
	texts, ints, floats, bools []string
	tags                       []string // all of them are texts or ints too
	time                       string   // "" = none
	unique                     bool     // rows are unique on (tags, time)
}

// generator writes random queries. Whatever order of rows their answers leave open, comparing sorted rows settles.
type generator struct {
	rng *rand.Rand
	t   asked
}

func (g *generator) oneOf(list ...string) string { return list[g.rng.IntN(len(list))] }

func (g *generator) chance(percent int) bool { return g.rng.IntN(100) < percent }

// some gives a random part of a list, in random order, not empty.
func (g *generator) some(list []string, most int) []string {
	out := make([]string, 0, most)
	for _, i := range g.rng.Perm(len(list))[:1+g.rng.IntN(min(most, len(list)))] {
		out = append(out, list[i])
	}
	return out
}

func (g *generator) text() string {
	return g.oneOf("'a'", "'b'", "'c'", "''", "'it''s'", "'nobody'", "'b%'", "NULL")
}

func (g *generator) int() string {
	return g.oneOf("0", "1", "2", "-7", "3", "5", "2147483647", "NULL", "1.5", "100")
}

func (g *generator) float() string {
	return g.oneOf("0", "'-0'", "1.5", "-2.25", "100", "'NaN'", "'Infinity'", "'-Infinity'", "NULL", "1e300", "64")
}

func (g *generator) timestamp() string {
	minute := g.rng.IntN(60*30) - 60
	at := fmt.Sprintf("2026-01-01 00:00:00Z'::timestamptz + interval '%d minutes", minute)
	return g.oneOf("'"+at+"'", fmt.Sprintf("'2026-01-01 %02d:%02d:00Z'", g.rng.IntN(24), g.rng.IntN(60)), "'2026-01-02'", "'1970-01-01'", "'2100-01-01'")
}

func (g *generator) comparison() string { return g.oneOf("=", "<>", "<", "<=", ">", ">=") }

// leaf writes a condition about one column, or two.
func (g *generator) leaf() string {
	for {
		switch g.rng.IntN(7) {
		case 0, 6:
			if g.t.time != "" {
				return g.timeLeaf()
			}
		case 1, 2:
			return g.valueLeaf(g.oneOf(g.t.texts...), g.text)
		case 3:
			if len(g.t.ints) > 0 {
				c := g.oneOf(g.t.ints...)
				if g.chance(25) {
					return "(" + c + " % 3) " + g.comparison() + " 1"
				}
				return g.valueLeaf(c, g.int)
			}
		case 4:
			return g.valueLeaf(g.oneOf(g.t.floats...), g.float)
		case 5:
			if len(g.t.bools) > 0 {
				return fmt.Sprintf(g.oneOf("%s", "NOT %s", "%s IS TRUE", "%s IS NOT FALSE", "%s IS NULL", "%s = true", "%s IS DISTINCT FROM false"), g.oneOf(g.t.bools...))
			}
		}
	}
}

func (g *generator) timeLeaf() string {
	switch g.rng.IntN(4) {
	case 0:
		return g.t.time + " BETWEEN " + g.timestamp() + " AND " + g.timestamp()
	case 1:
		return g.t.time + " >= " + g.timestamp() + " AND " + g.t.time + " < " + g.timestamp()
	case 2:
		return g.timestamp() + " " + g.comparison() + " " + g.t.time
	}
	return g.t.time + " " + g.comparison() + " " + g.timestamp()
}

func (g *generator) valueLeaf(c string, value func() string) string {
	switch g.rng.IntN(8) {
	case 0:
		return c + " IS NULL"
	case 1:
		return c + " IS NOT NULL"
	case 2:
		return c + g.oneOf(" IN (", " NOT IN (") + value() + ", " + value() + ", " + value() + ")"
	case 3:
		return c + g.oneOf(" BETWEEN ", " NOT BETWEEN ") + value() + " AND " + value()
	case 4:
		return value() + " " + g.comparison() + " " + c
	case 5:
		return c + g.oneOf(" IS DISTINCT FROM ", " IS NOT DISTINCT FROM ") + value()
	}
	return c + " " + g.comparison() + " " + value()
}

func (g *generator) condition(depth int) string {
	if depth == 0 || g.chance(30) {
		return g.leaf()
	}
	switch g.rng.IntN(5) {
	case 0:
		return "NOT (" + g.condition(depth-1) + ")"
	case 1, 2:
		return "(" + g.condition(depth-1) + " OR " + g.condition(depth-1) + ")"
	}
	return "(" + g.condition(depth-1) + " AND " + g.condition(depth-1) + ")"
}

func (g *generator) where() string {
	switch {
	case g.chance(15):
		return ""
	case g.t.time != "" && g.chance(15):
		return " WHERE " + g.timeLeaf() // alone, where a row more or less shows
	}
	return " WHERE " + g.condition(3)
}

func (g *generator) columns() []string {
	all := append(append(append(append([]string{}, g.t.texts...), g.t.ints...), g.t.floats...), g.t.bools...)
	if g.t.time != "" {
		all = append(all, g.t.time)
	}
	return all
}

// keys writes what to group by.
func (g *generator) keys() []string {
	list := append([]string{}, g.columns()...)
	for _, t := range g.t.tags {
		list = append(list, t, t, "coalesce("+t+"::text, 'none')")
	}
	if g.t.time != "" {
		for _, width := range []string{"1 hour", "10 minutes", "1 day", "1 month"} {
			list = append(list, "time_bucket('"+width+"', "+g.t.time+")")
		}
	}
	for _, c := range g.t.ints {
		list = append(list, "("+c+" % 4)")
	}
	return g.some(list, 3)
}

func (g *generator) aggregate(keys []string) string {
	var call string
	switch g.rng.IntN(8) {
	case 0, 1:
		call = "count(*)"
	case 2:
		call = "count(" + g.oneOf(g.columns()...) + ")"
	case 3:
		call = g.oneOf("sum(", "avg(", "min(", "max(") + g.oneOf(g.t.floats...) + ")"
	case 4:
		call = g.oneOf("min(", "max(") + g.oneOf(g.t.texts...) + ")"
	case 5:
		call = "count(DISTINCT " + g.oneOf(g.columns()...) + ")"
	case 6:
		if len(g.t.ints) == 0 {
			return g.aggregate(keys)
		}
		call = g.oneOf("sum(", "avg(", "min(", "max(") + g.oneOf(g.t.ints...) + ")"
	case 7:
		if g.t.time == "" {
			return g.aggregate(keys)
		}
		call = g.oneOf("min(", "max(") + g.t.time + ")"
		if g.t.unique && containsAll(keys, g.t.tags) {
			call = g.oneOf("first(", "last(") + g.oneOf(g.columns()...) + ", " + g.t.time + ")"
		}
	}
	if g.chance(20) {
		call += " FILTER (WHERE " + g.condition(1) + ")"
	}
	return call
}

func containsAll(list, want []string) bool {
	for _, w := range want {
		found := false
		for _, l := range list {
			found = found || l == w
		}
		if !found {
			return false
		}
	}
	return true
}

// query writes a statement; ordered says that the order of its rows is settled.
func (g *generator) query() (text string, ordered bool) {
	if g.t.time != "" && len(g.t.tags) > 0 && g.chance(15) {
		return g.ends()
	}
	if g.chance(20) {
		return g.over()
	}
	from := " FROM " + g.t.name + g.where()
	switch g.rng.IntN(4) {
	case 0:
		out := strings.Join(g.some(g.columns(), 4), ", ")
		return g.tail("SELECT "+g.oneOf("", "DISTINCT ")+out+from, strings.Count(out, ",")+1)
	case 1:
		return g.tail("SELECT "+strings.Join([]string{g.aggregate(nil), g.aggregate(nil), g.aggregate(nil)}, ", ")+from, 3)
	}
	keys := g.keys()
	out := append([]string{}, keys...)
	for range 1 + g.rng.IntN(3) {
		out = append(out, g.aggregate(keys))
	}
	text = "SELECT " + strings.Join(out, ", ") + from + " GROUP BY " + strings.Join(keys, ", ")
	if g.chance(20) {
		text += " HAVING count(*) > " + g.oneOf("1", "3", "40")
	}
	return g.tail(text, len(out))
}

// tail may order by every column, and only then limit: what is cut off is then settled too.
func (g *generator) tail(text string, columns int) (string, bool) {
	if !g.chance(40) {
		return text, false
	}
	var by []string
	for _, i := range g.rng.Perm(columns) {
		by = append(by, fmt.Sprint(i+1)+g.oneOf("", " DESC", " NULLS FIRST", " DESC NULLS LAST"))
	}
	text += " ORDER BY " + strings.Join(by, ", ")
	if g.chance(60) {
		text += " LIMIT " + g.oneOf("0", "1", "7", "100")
		text += g.oneOf("", "", " OFFSET 3")
	}
	return text, true
}
