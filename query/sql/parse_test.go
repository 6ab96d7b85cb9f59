package sql

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/cockroachdb/datadriven"
)

// corpus reads the statements of testdata/corpus/name.sql, one a line.
func corpus(t testing.TB, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "corpus", name+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// TestGolden runs scripts. Commands: parse prints the text form, tree the tree,
// expr the text form of a single expression. An error is shown with its code and
// a caret below the text.
func TestGolden(t *testing.T) {
	datadriven.Walk(t, "testdata/golden", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var opt Options
			d.MaybeScanArgs(t, "depth", &opt.MaxDepth)
			if d.Cmd == "expr" {
				e, err := ParseExpr(d.Input, opt)
				if err != nil {
					return showError(d.Input, err)
				}
				return Format(e) + "\n"
			}
			list, err := Parse(d.Input, opt)
			if err != nil {
				return showError(d.Input, err)
			}
			var out strings.Builder
			for _, s := range list {
				if d.Cmd == "tree" {
					fmt.Fprintln(&out, dump(s.Stmt))
					continue
				}
				fmt.Fprintln(&out, Format(s.Stmt))
				if s.NumParams > 0 || s.ParamNames != nil {
					fmt.Fprintln(&out, "-- params:", s.NumParams, s.ParamNames)
				}
			}
			return out.String()
		})
	})
}

// showError shows the line of the error with a caret under the place.
func showError(text string, err error) string {
	e := err.(*Error)
	before := text[:e.Offset]
	start := strings.LastIndexByte(before, '\n') + 1
	line, _, _ := strings.Cut(text[start:], "\n")
	out := fmt.Sprintf("%s: %s\n%s\n%s^\n", e.Code, e.Message, line, strings.Repeat(" ", CharPosition(text[start:], e.Offset-start)-1))
	if e.Hint != "" {
		out += "hint: " + e.Hint + "\n"
	}
	return out
}

func TestCorpusRoundTrip(t *testing.T) {
	for _, file := range []string{"select", "dml", "ddl", "session", "extension"} {
		for _, text := range corpus(t, file) {
			s, err := ParseOne(text, Options{})
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			roundTrip(t, text, s)
		}
	}
}

func TestCorpusRefused(t *testing.T) {
	for _, file := range []string{"invalid", "unsupported", "stricter"} {
		for _, text := range corpus(t, file) {
			_, err := Parse(text, Options{})
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("%s: is accepted", text)
				continue
			}
			if e.Position < 1 || e.Offset > len(text) {
				t.Errorf("%s: error at %d, offset %d", text, e.Position, e.Offset)
			}
			if want := column.ClassOf(err); (e.Code == codeUnsupported) != (want == column.Unsupported) {
				t.Errorf("%s: class %v for code %s", text, want, e.Code)
			}
		}
	}
}

// TestTruncated parses every prefix of every statement: none may panic, and an
// error must lie inside the text.
func TestTruncated(t *testing.T) {
	for _, file := range []string{"select", "dml", "ddl", "session", "extension", "unsupported"} {
		for _, text := range corpus(t, file) {
			for i := range len(text) {
				if _, err := Parse(text[:i], Options{}); err != nil {
					if e := err.(*Error); e.Offset > i {
						t.Fatalf("%q: offset %d", text[:i], e.Offset)
					}
				}
			}
		}
	}
}

func TestStatementSpans(t *testing.T) {
	const text = " ; SELECT $2 /* x */ ; ;\n-- y\nSELECT :a, :b, :a;; SHOW x -- z"
	list, err := Parse(text, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		got = append(got, fmt.Sprintf("%s,%d,%v", text[s.Start:s.End], s.NumParams, s.ParamNames))
	}
	want := "SELECT $2,2,[]|SELECT :a, :b, :a,0,[a b]|SHOW x,0,[]"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// TestPositions checks that a node's Pos is where it stands in the text.
func TestPositions(t *testing.T) {
	const text = "SELECT a + f(b), 'ä', c::int FROM s.t AS x WHERE NOT d AND e IS NULL"
	s, err := ParseOne(text, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"*sql.Binary": "+ f", "*sql.FuncCall": "f(b)", "*sql.Cast": "::int", "*sql.TypeName": "int FROM", "*sql.Table": "s.t",
		"*sql.Not": "NOT d", "*sql.Logic": "AND e", "*sql.Is": "IS NULL", "*sql.Select": "SELECT", "*sql.Literal": "'ä'",
	}
	Walk(s.Stmt, func(n Node) bool {
		if w, ok := want[fmt.Sprintf("%T", n)]; ok {
			if !strings.HasPrefix(text[n.Position():], w) {
				t.Errorf("%T is at %q", n, text[n.Position():])
			}
			delete(want, fmt.Sprintf("%T", n))
		}
		return true
	})
	if len(want) > 0 {
		t.Errorf("not visited: %v", want)
	}
	e := ErrorAt(text, strings.Index(text, "c::"), "X", "x")
	if e.Position != strings.Index(text, "c::") {
		t.Errorf("character position %d", e.Position) // one less for ä, one more to count from 1
	}
}

func TestLimits(t *testing.T) {
	rep := strings.Repeat
	for _, c := range []struct {
		name, text, code string
	}{
		{"deep parentheses", "SELECT " + rep("(", 5000) + "1" + rep(")", 5000), codeTooDeep},
		{"deep not", "SELECT " + rep("NOT ", 5000) + "1", codeTooDeep},
		{"deep minus", "SELECT " + rep("- ", 5000) + "a", codeTooDeep},
		{"deep subquery", rep("SELECT * FROM (", 1000) + "SELECT 1" + rep(")", 1000), codeTooDeep},
		{"deep from", "SELECT * FROM " + rep("(", 1000) + "a", codeTooDeep},
		{"deep join", "SELECT * FROM " + rep("a JOIN ", 5000) + "b", codeTooDeep},
		{"deep array", "SELECT ARRAY" + rep("[", 1000), codeTooDeep},
		{"deep case", "SELECT " + rep("CASE ", 1000), codeTooDeep},
		{"deep call", "SELECT " + rep("f(", 1000), codeTooDeep},
		{"deep with", rep("WITH a AS (", 1000), codeTooDeep},
		{"deep explain", "EXPLAIN " + rep("(", 1000) + "SELECT 1", codeTooDeep},
		{"deep grouping", "SELECT 1 GROUP BY " + rep("GROUPING SETS (", 1000), codeTooDeep},
		{"deep set operation", rep("(", 1000) + "SELECT 1", codeTooDeep},
		{"deep comment", "SELECT " + rep("/*", 100000), codeSyntax},
		{"long chain", "SELECT 1" + rep("+1", 6000), codeTooDeep},
		{"long casts", "SELECT 1" + rep("::int", 6000), codeTooDeep},
		{"long fields", "SELECT (a)" + rep(".b", 6000), codeTooDeep},
		{"long dims", "SELECT a::int" + rep("[]", 6000), codeTooDeep},
		{"long unions", "SELECT 1" + rep(" UNION SELECT 1", 6000), codeTooDeep},
		{"long joins", "SELECT * FROM a" + rep(" CROSS JOIN a", 6000), codeTooDeep},
		{"long and", "SELECT a" + rep(" AND a", 50000), ""},
		{"long in", "SELECT a IN (1" + rep(", 1", 50000) + ")", ""},
		{"fair depth", "SELECT " + rep("(", 300) + "1" + rep(")", 300), ""},
		{"too long", rep("x", 200), codeTooLong},
		{"zero byte", "SELECT '\x00'", codeEncoding},
		{"not UTF-8", "SELECT 'ä\xff'", codeEncoding},
		{"parameter 0", "SELECT $0", codeUndefParam},
		{"parameter 65536", "SELECT $65536", codeUndefParam},
		{"mixed parameters", "SELECT $1, ?", codeSyntax},
		{"underscores", "SELECT 1_0.2_5", ""},
		{"unknown binary digit", "SELECT B'12'", codeInvalidText},
		{"bad bytes by escapes", `SELECT E'\xff'`, codeEncoding},
	} {
		opt := Options{}
		if c.name == "too long" {
			opt.MaxBytes = 100
		}
		_, err := Parse(c.text, opt)
		var e *Error
		if code := ""; errors.As(err, &e) {
			code = e.SQLState()
			if code != c.code {
				t.Errorf("%s: %v", c.name, e)
			}
		} else if c.code != "" {
			t.Errorf("%s: is accepted", c.name)
		}
	}
}

// TestLinear guards against an input that takes more than linear time: 16 times
// the text may not take 100 times as long. What is quadratic takes 256 times as long.
func TestLinear(t *testing.T) {
	for _, part := range []string{"(", "a.", "'x'\n", "/* */", "[", "f(", "x AND ", "?", ":a,", "$a$", "SELECT 1;", "((", "- ", "E'\\'", "1 + ", "+", "*+", "?+", "@-"} {
		measure := func(n int) time.Duration {
			text := "SELECT " + strings.Repeat(part, n)
			start := time.Now()
			_, _ = Parse(text, Options{MaxDepth: 1 << 20, MaxChain: 1 << 20})
			return time.Since(start)
		}
		// Other work of the machine only ever adds to a time, so the least of several is the parser's own.
		small, large := max(measure(500), 50*time.Microsecond), measure(8000)
		for tries := 0; tries < 100 && large > 100*small; tries++ {
			large = min(large, measure(8000))
		}
		if large > 100*small {
			t.Errorf("%q: %v for 500, %v for 8000", part, small, large)
		}
	}
}
