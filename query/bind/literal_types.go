package bind

import (
	"cmp"
	"slices"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/sql"
)

// literalsOf gives a check with the types that its bare literals have had so far, of the columns that they stand beside, so that they keep them when a column gets
// another type: what was compared as a text, or as a date, is not read as a number then.
func (a *alteration) literalsOf(text string) (string, error) {
	n, err := sql.ParseExpr(text, sql.Options{})
	if err != nil {
		return "", column.Errorf(column.Corrupt, "the catalog holds an expression that cannot be read: %w", err)
	}
	a.literals = map[int]column.Type{}
	defer func() { a.literals = nil }()
	e, err := a.rule(checkRule, a.of.table.Name, &a.of.table.Columns, 0, n)
	if err == nil {
		_, err = a.condition(e, "CHECK")
	}
	if err != nil {
		return text, nil //nolint:nilerr // it may be of columns that the same statement adds: it is bound as it is
	}
	type typed struct {
		end int
		t   column.Type
	}
	var found []typed
	sql.Walk(n, func(n sql.Node) bool {
		if l, ok := n.(*sql.Literal); ok && l.Kind == sql.LitString {
			if t, ok := a.literals[l.Pos]; ok {
				if end := endOfString(text, l.Pos); end > 0 {
					found = append(found, typed{end, t})
				}
			}
		}
		return true
	})
	slices.SortFunc(found, func(a, b typed) int { return cmp.Compare(b.end, a.end) })
	for _, f := range found {
		text = text[:f.end] + "::" + f.t.String() + text[f.end:]
	}
	return text, nil
}

// endOfString gives where a string ends that begins at a place of a text as the catalog keeps it; 0 if it is written otherwise.
func endOfString(text string, at int) int {
	if at < 0 || at >= len(text) || text[at] != '\'' {
		return 0
	}
	for i := at + 1; i < len(text); i++ {
		switch {
		case text[i] != '\'':
		case strings.HasPrefix(text[i:], "''"):
			i++
		default:
			return i + 1
		}
	}
	return 0
}
