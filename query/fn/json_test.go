package fn

import (
	"fmt"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

func logLines(n int) *column.Vector {
	b := column.NewBuilder(tJSON, n)
	for i := range n {
		b.AppendString(fmt.Sprintf(`{"ts": "2026-01-01T00:00:%02d", "tags": {"host": "web-%d", "rack": [1, 2, {"x": "]}"}]}, "msg": "say \"hi\"", "level": "info", "n": %d}`, i%60, i, i))
	}
	return b.Finish()
}

// TestJSONMemberAllocates: finding a member costs no allocation per row.
func TestJSONMemberAllocates(t *testing.T) {
	f, err := New().Operator("->>", tJSON, tText)
	if err != nil {
		t.Fatal(err)
	}
	const rows = 4096
	args := []*column.Vector{logLines(rows), column.NewConst(column.NewStrings("level"), 0, rows)}
	ctx := &expr.Context{}
	allocs := testing.AllocsPerRun(5, func() {
		v, err := f.Kernel(ctx, args, rows)
		if err != nil || string(v.Bytes(rows-1)) != "info" {
			t.Fatal(v, err)
		}
	})
	if allocs > 100 {
		t.Errorf("%.0f allocations for %d rows", allocs, rows)
	}
}

func BenchmarkJSONMember(b *testing.B) {
	f, err := New().Operator("->>", tJSON, tText)
	if err != nil {
		b.Fatal(err)
	}
	const rows = 4096
	doc := logLines(rows)
	args := []*column.Vector{doc, column.NewConst(column.NewStrings("level"), 0, rows)}
	b.SetBytes(int64(len(doc.Data)))
	for b.Loop() {
		if _, err := f.Kernel(&expr.Context{}, args, rows); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzJSONScan: the scanner of texts that are no documents ends, and inside of the text.
func FuzzJSONScan(f *testing.F) {
	for _, s := range []string{`{"a": [1, {"b": "\"}"}], "c": null}`, `[1, 2`, `{"a`, `"\\`, `{"a":}`, ``, `{"a":1,`, `[,`, `{"\u00`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, a []byte) {
		jsonMember(a, []byte("a"), false)
		jsonElement(a, -1)
		jsonLength(a)
		jsonMembers(a, func(k, v []byte) bool {
			_, _ = jsonText(k, nil)
			_, _ = jsonText(v, nil)
			return true
		})
		jsonHas(a, []byte("b"))
	})
}

// FuzzRegexSyntax: any pattern compiles or is refused with PostgreSQL's class of errors.
func FuzzRegexSyntax(f *testing.F) {
	for _, s := range []string{`a(b|bc)*?[^x-z]{2,3}`, `(?i)\m\w+\M`, `[[:alpha:]\d-]`, `***=a.c`, `(?x) a # b`, `\u00e4\x7f\012`, `a{1`, `[]a]`, `(((`, `\`, `[[.`, `(?#`, `a|*`} {
		f.Add(s, "gi")
	}
	f.Fuzz(func(t *testing.T, pattern, flags string) {
		re, err := compileRegex(pattern, flags)
		if err == nil {
			re.MatchString("some text")
			return
		}
		if e, ok := err.(*column.Error); !ok || e.SQLState != "2201B" && e.SQLState != "0A000" && e.SQLState != "22023" {
			t.Errorf("%q %q: %v", pattern, flags, err)
		}
	})
}

// FuzzFormats: any pattern formats or reads any value, or is refused.
func FuzzFormats(f *testing.F) {
	for _, s := range []string{"YYYY-MM-DD HH24:MI:SS.US", "FM999,990.0099", "S9G999D99", "RN", "9.99EEEE", "\"x", "Y,YYYth", "FXIYYY IW", "99V9", "PR", "TZH:TZM"} {
		f.Add(s, "2026-01-02 03:04:05", int64(1234567890123456))
	}
	f.Fuzz(func(t *testing.T, pattern, text string, v int64) {
		if p, err := parseTimePattern(pattern); err == nil {
			_, _ = p.format(clockOf(v%(1<<58), time.UTC, true))
			_, _ = p.format(clockOfInterval(column.Interval{Months: int32(v), Days: int32(v >> 8), Micros: v}))
			r := timeReader{text: text, nodes: p}
			if r.read() == nil {
				_, _ = r.date()
				_, _ = r.instant(time.UTC)
			}
		}
		if p, err := parseNumberPattern(pattern); err == nil && len(p.nodes) > 0 {
			for _, digits := range []digitsOf[int64]{intDigits(tInt4), intDigits(tInt8)} {
				q := *p
				if s, negative, err := digits(&q, v); err == nil {
					w := numberWriter{p: &q, digits: s, negative: negative}
					w.write()
				}
			}
			q := *p
			if s, negative, err := floatDigits(15)(&q, float64(v)/1000); err == nil {
				w := numberWriter{p: &q, digits: s, negative: negative}
				w.write()
			}
			_, _ = p.read(text)
		}
	})
}
