package aegis

import (
	"fmt"
	"strings"
)

// as gives a table's columns behind an alias.
func (t asked) as(alias string) asked {
	behind := func(list []string) []string {
		out := make([]string, len(list))
		for i, c := range list {
			out[i] = alias + "." + c
		}
		return out
	}
	out := asked{name: t.name, texts: behind(t.texts), ints: behind(t.ints), floats: behind(t.floats), bools: behind(t.bools), tags: behind(t.tags)}
	if t.time != "" {
		out.time = alias + "." + t.time
	}
	return out
}

// joined writes a statement over two tables. The answer is small: a join without its keys looks at every pair, and tests run it so.
func (g *generator) joined(other asked) (text string, ordered bool) {
	left, right := g.t, other
	switch g.rng.IntN(6) {
	case 0:
		return g.united(other)
	case 1:
		return g.tested(other)
	}
	from := left.name + " AS a " + g.oneOf("JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN") + " " + g.few(right) + " AS b ON "
	a, b := left.as("a"), right.as("b")
	from += g.equality(a, b)
	for g.chance(30) {
		g.t = []asked{a, b}[g.rng.IntN(2)]
		from += " AND " + g.condition(1)
	}
	where := ""
	if g.chance(60) {
		g.t = []asked{a, b}[g.rng.IntN(2)]
		where = " WHERE " + g.condition(2)
	}
	g.t = b
	key, least := g.oneOf(g.columns()...), g.oneOf(g.columns()...)
	g.t = a
	if g.chance(50) {
		key = g.oneOf(g.columns()...)
	}
	if side := []asked{a, b}[g.rng.IntN(2)]; side.time != "" && g.chance(40) {
		key = "time_bucket('" + g.oneOf("1 hour", "1 day") + "', " + side.time + ")"
	}
	text = fmt.Sprintf("SELECT %s, count(*), count(%s), count(DISTINCT %s) FROM %s%s GROUP BY 1", key, least, g.oneOf(g.columns()...), from, where)
	return g.tail(text, 4)
}

// few is a part of a table with few rows, the same wherever it lies: an order of all columns settles which.
func (g *generator) few(t asked) string {
	before := g.t
	defer func() { g.t = before }()
	g.t = t
	columns := strings.Join(g.columns(), ", ")
	return fmt.Sprintf("(SELECT %s FROM %s%s ORDER BY %s LIMIT %s)", columns, t.name, g.where(), columns, g.oneOf("0", "3", "40"))
}

// equality compares columns of two tables that have one type, or two that compare.
func (g *generator) equality(a, b asked) string {
	switch {
	case g.chance(30) && len(a.ints) > 0 && len(b.ints) > 0:
		return g.oneOf(a.ints...) + " = " + g.oneOf(b.ints...)
	case g.chance(20) && len(a.ints) > 0:
		return g.oneOf(a.ints...) + " = " + g.oneOf(b.floats...)
	case g.chance(20) && a.time != "" && b.time != "":
		return "time_bucket('1 hour', " + a.time + ") = time_bucket('1 hour', " + b.time + ")"
	case g.chance(15):
		return g.oneOf(a.floats...) + g.oneOf(" = ", " < ") + g.oneOf(b.floats...)
	}
	return g.oneOf(a.texts...) + " = " + g.oneOf(b.texts...)
}

// tested asks IN and EXISTS.
func (g *generator) tested(other asked) (string, bool) {
	a, b := g.t.as("a"), other.as("b")
	text := "SELECT " + g.oneOf(a.texts...) + ", count(*) FROM " + g.t.name + " AS a WHERE "
	inner := " FROM " + g.few(other) + " AS b"
	if g.chance(50) {
		text += g.oneOf("", "NOT ") + "EXISTS (SELECT 1" + inner + " WHERE " + g.equality(a, b)
		g.t = b
		if g.chance(50) {
			text += " AND " + g.condition(1)
		}
		text += ")"
	} else {
		text += g.oneOf(a.texts...) + g.oneOf(" IN ", " NOT IN ") + "(SELECT " + g.oneOf(b.texts...) + inner
		g.t = b
		text += g.oneOf("", " WHERE "+g.oneOf(b.texts...)+" IS NOT NULL", g.where()) + ")"
	}
	g.t = a
	if g.chance(50) {
		text += " AND " + g.condition(1)
	}
	return text + " GROUP BY 1", false
}

// united asks UNION, from outside of it.
func (g *generator) united(other asked) (string, bool) {
	columns := func(t asked) string { return g.oneOf(t.texts...) + " AS x, " + g.oneOf(t.floats...) + " AS y" }
	text := "SELECT " + columns(g.t) + " FROM " + g.t.name + g.where()
	g.t = other
	text += g.oneOf(" UNION ALL ", " UNION ") + "SELECT " + columns(g.t) + " FROM " + other.name + g.where()
	g.t = asked{texts: []string{"x"}, floats: []string{"y"}}
	return g.tail("SELECT x, count(*), count(y), min(y) FROM ("+text+") AS u"+g.where()+" GROUP BY x", 4)
}
