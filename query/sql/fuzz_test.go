package sql

import "testing"

// FuzzParse checks that no text makes the parser panic, that errors lie inside
// the text and that what is accepted survives the way through its text form.
func FuzzParse(f *testing.F) {
	for _, file := range []string{"select", "dml", "ddl", "session", "extension", "invalid", "unsupported"} {
		for _, text := range corpus(f, file) {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Parse(text, Options{MaxDepth: 100, MaxChain: 500})
		if err != nil {
			e := err.(*Error)
			if len(e.Code) != 5 || e.Offset < 0 || e.Offset > len(text) {
				t.Fatalf("%q: %+v", text, e)
			}
			return
		}
		for _, s := range list {
			if s.Start < 0 || s.End > len(text) || s.Start >= s.End {
				t.Fatalf("%q: span %d-%d", text, s.Start, s.End)
			}
			nodes := 0
			Walk(s.Stmt, func(Node) bool { nodes++; return true })
			if nodes == 0 {
				t.Fatalf("%q: no nodes", text)
			}
			roundTrip(t, text, s)
		}
	})
}
