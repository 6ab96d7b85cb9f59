package aegis

import (
	"fmt"
	"strings"
)

// ends writes a statement that a scan may answer from the first and last rows of each series, or that looks like one.
func (g *generator) ends() (text string, ordered bool) {
	from := " FROM " + g.t.name
	switch g.rng.IntN(4) {
	case 0:
		from += " WHERE " + g.timeLeaf()
	case 1:
		from += " WHERE " + g.valueLeaf(g.oneOf(g.t.texts...), g.text)
	case 2:
		from += g.where()
	}
	if g.chance(40) {
		out := append([]string{g.t.time}, g.some(g.columns(), 4)...)
		by := "1" + g.oneOf("", " DESC")
		for i := range out[1:] {
			by += fmt.Sprint(", ", i+2)
		}
		return "SELECT " + strings.Join(out, ", ") + from + " ORDER BY " + by + " LIMIT " + g.oneOf("1", "3", "50") + g.oneOf("", " OFFSET 2"), true
	}
	if g.chance(40) {
		return g.newest(from)
	}
	keys := g.some(g.t.tags, len(g.t.tags))
	if g.chance(30) {
		keys = nil
	}
	out := append([]string{}, keys...)
	for range g.rng.IntN(4) {
		switch {
		case g.t.unique && containsAll(keys, g.t.tags):
			out = append(out, g.oneOf("first(", "last(")+g.oneOf(g.columns()...)+", "+g.t.time+")")
		case g.chance(20):
			out = append(out, g.oneOf("min(", "max(")+g.oneOf(g.t.texts...)+")")
		default:
			out = append(out, g.oneOf("min(", "max(")+g.t.time+")")
		}
	}
	if len(out) == 0 {
		out = append(out, "max("+g.t.time+")")
	}
	text = "SELECT " + strings.Join(out, ", ") + from
	if len(keys) > 0 {
		text += " GROUP BY " + strings.Join(keys, ", ")
	}
	return text, false
}

// newest writes a statement about the last groups by time.
func (g *generator) newest(from string) (text string, ordered bool) {
	keys := []string{g.oneOf(g.t.time, "time_bucket('10 minutes', "+g.t.time+")", "time_bucket('1 day', "+g.t.time+")", "time_bucket('1 month', "+g.t.time+")")}
	if g.chance(40) {
		keys = append(keys, g.some(g.columns(), 2)...)
	}
	out := append([]string{}, keys...)
	for range 1 + g.rng.IntN(2) {
		out = append(out, g.aggregate(keys))
	}
	by := "1 DESC"
	for i := range out[1:] {
		by += fmt.Sprint(", ", i+2)
	}
	text = "SELECT " + strings.Join(out, ", ") + from + " GROUP BY " + strings.Join(keys, ", ") + " ORDER BY " + by
	return text + " LIMIT " + g.oneOf("1", "5", "40") + g.oneOf("", " OFFSET 2"), true
}
