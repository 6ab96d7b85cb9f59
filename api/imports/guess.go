package imports

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

// guess finds the type of a column from its first values: the first of a list that has all of them.
type guess struct {
	seen      bool
	documents bool // objects or lists of JSON are among them
	not       [len(guessed)]bool
}

// guessed are the types that texts are taken for, the narrowest first. What is none of them is text.
var guessed = [...]struct {
	kind column.Kind
	is   func(string) bool
}{
	{column.Bool, func(s string) bool { return s == "true" || s == "false" }},
	{column.Int64, isInt},
	{column.Float64, isFloat},
	{column.Date, func(s string) bool { return len(s) == len("2006-01-02") && isDated(s) && parses(s, column.Date) }},
	{column.Timestamp, func(s string) bool { return isDated(s) && !zoned(s) && parses(s, column.Timestamp) }},
	{column.TimestampTZ, func(s string) bool { return isDated(s) && zoned(s) && parses(s, column.TimestampTZ) }},
	{column.UUID, func(s string) bool { return len(s) == 36 && s[8] == '-' && parses(s, column.UUID) }},
}

// text looks at a value.
func (g *guess) text(s string) {
	g.seen = true
	for i := range guessed {
		g.not[i] = g.not[i] || !guessed[i].is(s)
	}
}

// only says of which kind a value is that is no text.
func (g *guess) only(k column.Kind) {
	g.seen = true
	for i := range guessed {
		g.not[i] = g.not[i] || guessed[i].kind != k && (k != column.Int64 || guessed[i].kind != column.Float64)
	}
}

// quoted notes that a text was one, which numbers and booleans of JSON are not.
func (g *guess) quoted() {
	for i, c := range guessed {
		g.not[i] = g.not[i] || c.kind == column.Bool || c.kind == column.Int64 || c.kind == column.Float64
	}
}

func (g *guess) result() column.Type {
	for i := range guessed {
		if g.seen && !g.not[i] {
			return column.T(guessed[i].kind)
		}
	}
	return column.T(column.Text)
}

// isInt leaves out what would lose zeros: numbers of telephones and of houses.
func isInt(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return digits != "" && (digits[0] != '0' || digits == "0") && digits[0] >= '0' && digits[0] <= '9' && parses(s, column.Int64)
}

func isFloat(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if s == "NaN" || digits == "Infinity" {
		return true
	}
	if digits == "" || digits[0] < '0' || digits[0] > '9' || digits[0] == '0' && len(digits) > 1 && digits[1] >= '0' && digits[1] <= '9' {
		return false
	}
	return parses(s, column.Float64)
}

// isDated reports what begins as an ISO date does.
func isDated(s string) bool {
	return len(s) >= 10 && s[4] == '-' && s[7] == '-' && s[0] >= '0' && s[0] <= '9'
}

// zoned reports whether a time has a zone behind it.
func zoned(s string) bool {
	return len(s) > 16 && (strings.ContainsAny(s[16:], "Zz+") || strings.Contains(s[16:], "-"))
}

func parses(s string, k column.Kind) bool {
	return literal.Parse(column.NewBuilder(column.T(k), 1), column.T(k), s, literal.Options{}) == nil
}
