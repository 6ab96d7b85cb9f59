package aegis

import (
	"fmt"
	"strings"
)

// over writes a statement with window functions, DISTINCT ON or grouping sets. Rows that an order leaves equal are equal in all that is
// shown, so that it does not matter which of them comes first.
func (g *generator) over() (text string, ordered bool) {
	from := " FROM " + g.t.name + g.where()
	columns := g.columns()
	switch g.rng.IntN(5) {
	case 0:
		keys := g.keys()
		out := append(append([]string{}, keys...), "grouping("+keys[0]+")", g.aggregate(nil)) // some sets lack tags: rows of several series may share a time
		return "SELECT " + strings.Join(out, ", ") + from + " GROUP BY " + g.oneOf("ROLLUP", "CUBE", "GROUPING SETS") + " (" + strings.Join(keys, ", ") + ")", false
	case 1:
		on := g.partition()
		return "SELECT DISTINCT ON (" + strings.Join(on, ", ") + ") " + strings.Join(columns, ", ") + from + " ORDER BY " + strings.Join(on, ", ") + ", " + g.everything(), false
	case 2:
		window := "(PARTITION BY " + strings.Join(g.partition(), ", ") + " ORDER BY " + g.everything() + ")"
		return "SELECT * FROM (SELECT " + strings.Join(columns, ", ") + ", row_number() OVER " + window + " AS place" + from + ") s WHERE place " + g.oneOf("= 1", "<= 3", "< 3", "<= 10 AND "+g.oneOf(g.t.texts...)+" = 'a'", "> 5"), false
	}
	calls := []string{}
	for range 1 + g.rng.IntN(2) {
		calls = append(calls, g.windowCall())
	}
	return "SELECT " + strings.Join(append(columns, calls...), ", ") + from, false
}

// partition is mostly made of tags, by which series are whole.
func (g *generator) partition() []string {
	if len(g.t.tags) > 0 && g.chance(60) {
		return g.some(g.t.tags, len(g.t.tags))
	}
	return g.some(g.columns(), 2)
}

// everything is an order by all columns.
func (g *generator) everything() string {
	columns := g.columns()
	g.rng.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	if g.t.time != "" && g.chance(60) {
		columns = append([]string{g.t.time}, columns...)
	}
	for i := range columns {
		columns[i] += g.oneOf("", " DESC", " NULLS FIRST", " DESC NULLS LAST")
	}
	return strings.Join(columns, ", ")
}

func (g *generator) windowCall() string {
	list := []string{"row_number()", "rank()", "count(*)", "ntile(3)"}
	for _, c := range g.columns() {
		list = append(list, "lag("+c+")", "lead("+c+", 2)", "first_value("+c+")", "last_value("+c+")", "count("+c+")")
	}
	for _, c := range append(append([]string{}, g.t.texts...), g.t.ints...) {
		list = append(list, "min("+c+")", "max("+c+")")
	}
	for _, c := range g.t.ints {
		list = append(list, "sum("+c+")", "avg("+c+")")
	}
	frame := ""
	if g.chance(50) {
		bound := func() string { return fmt.Sprint(g.rng.IntN(4)) }
		frame = g.oneOf(" ROWS ", " GROUPS ") + "BETWEEN " + g.oneOf("UNBOUNDED PRECEDING", bound()+" PRECEDING", "CURRENT ROW") + " AND " +
			g.oneOf("CURRENT ROW", bound()+" FOLLOWING", "UNBOUNDED FOLLOWING") + g.oneOf("", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP")
	}
	return g.oneOf(list...) + " OVER (" + g.oneOf("", "PARTITION BY "+strings.Join(g.partition(), ", ")+" ") + "ORDER BY " + g.everything() + frame + ")"
}
