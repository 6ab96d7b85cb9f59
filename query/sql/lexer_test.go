package sql

import (
	"testing"

	"pgregory.net/rapid"
)

func TestKeywordTable(t *testing.T) {
	for w, k := range keywords {
		if lookupKeyword(w) != k {
			t.Errorf("%s: %v", w, lookupKeyword(w))
		}
		if len(w) > maxKeyword {
			t.Errorf("%s is longer than maxKeyword", w)
		}
	}
	for _, w := range []string{"a", "cpu", "selec", "selects", "host", "zzzzzzzz"} {
		if lookupKeyword(w) != (keyword{}) {
			t.Errorf("%s is a keyword", w)
		}
	}
}

// TestQuote: any name and any string survive being written and read.
func TestQuote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-zA-Z_ "'$0-9äß.:?\\]{1,12}`).Draw(t, "name")
		if rapid.Bool().Draw(t, "keyword") {
			name = rapid.SampledFrom(append(sortedKeywords(), "plain")).Draw(t, "word")
		}
		text := rapid.StringOfN(rapid.Rune().Filter(func(r rune) bool { return r != 0 }), 0, 20, -1).Draw(t, "text")
		stmt := "SELECT " + QuoteIdent(name) + ", " + QuoteIdent(name) + "(" + QuoteString(text) + ") AS " + QuoteIdent(name) +
			" FROM " + QuoteIdent(name) + " AS " + QuoteIdent(name)
		s, err := ParseOne(stmt, Options{})
		if err != nil {
			t.Fatalf("%s: %v", stmt, err)
		}
		sel := s.Stmt.(*Query).Body.(*Select)
		call := sel.Targets[1].Expr.(*FuncCall)
		col := sel.Targets[0].Expr.(*ColumnRef)
		table := sel.From[0].(*Table)
		for _, got := range []string{col.Parts[0], call.Name.Name, sel.Targets[1].Alias, table.Name.Name, table.Alias.Name} {
			if got != name {
				t.Fatalf("%s: name %q, want %q", stmt, got, name)
			}
		}
		if got := call.Args[0].(*Literal).Text; got != text {
			t.Fatalf("%s: text %q, want %q", stmt, got, text)
		}
	})
}

func sortedKeywords() []string {
	var list []string
	for _, s := range keywordTable {
		if s.word != "" {
			list = append(list, s.word)
		}
	}
	return list
}
