//go:build linux

package oracletest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/catalog"
)

var update = flag.Bool("update", false, "rewrite the answers printed in docs/sql.md, and docs/sql-functions.md")

const (
	manual    = "../../../docs/sql.md"
	functions = "../../../docs/sql-functions.md"
)

// TestManual runs every example of docs/sql.md, in order, in one new database that holds a few samples of a metric, and
// compares what it prints.
func TestManual(t *testing.T) {
	data, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	db := openAegis(t)
	writeSamples(t, db)
	s := db.NewSession("")
	s.Blocks = true
	var out strings.Builder
	blocks := fences.FindAllStringSubmatchIndex(string(data), -1)
	at, ran, answer := 0, 0, ""
	for _, b := range blocks {
		language, body := string(data[b[2]:b[3]]), string(data[b[4]:b[5]])
		out.Write(data[at:b[4]])
		at = b[4]
		switch language {
		case "sql":
			answer = runBlock(t, s, body)
			ran++
		case "text":
			if steady(body) != steady(answer) && !*update {
				t.Errorf("docs/sql.md prints\n%s\nbut the answer is\n%s", body, answer)
			}
			if steady(body) != steady(answer) {
				body = answer
			}
			out.WriteString(body)
			at = b[5]
			answer = ""
		}
		if strings.Contains(language, "sql") && strings.Contains(answer, "ERROR") && !strings.HasPrefix(string(data[b[1]:]), "\n\n```text") && !strings.HasPrefix(string(data[b[1]:]), "\n```text") {
			t.Errorf("an example fails and the manual does not say so:\n%s\n%s", body, answer)
		}
	}
	out.Write(data[at:])
	if ran < 25 {
		t.Errorf("only %d examples found", ran)
	}
	if *update {
		if err := os.WriteFile(manual, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFunctionReference holds docs/sql-functions.md to the registry it is made from.
func TestFunctionReference(t *testing.T) {
	want := "# Functions, operators and aggregates\n\nGenerated from the registry: `go test ./cmd/aegis/oracletest -run TestFunctionReference -update`.\n" +
		"What they mean is PostgreSQL's, except for those of time series (`time_bucket`, `first`, `rate`, …), which are described in [sql.md](sql.md).\n\n" + catalog.Functions().Reference()
	want = strings.TrimRight(want, "\n") + "\n"
	if *update {
		if err := os.WriteFile(functions, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(functions)
	if err != nil || string(got) != want {
		t.Errorf("docs/sql-functions.md is out of date (%v): run with -update", err)
	}
}

var (
	fences  = regexp.MustCompile("(?s)```(\\w+)\n(.*?)```")
	figures = regexp.MustCompile(`[0-9.]+ (ms|KiB)`)
	lines   = regexp.MustCompile(`---+`) // as long as the figures make them
)

// steady hides what differs from run to run.
func steady(s string) string {
	return lines.ReplaceAllString(figures.ReplaceAllString(s, "… $1"), "---")
}

// printed is an error as psql shows it.
func printed(o outcome) string {
	out := "ERROR:  " + o.message + "\n"
	if o.detail != "" {
		out += "DETAIL:  " + o.detail + "\n"
	}
	out += "SQLSTATE " + o.state
	if o.position > 0 || o.detail == "" {
		out += fmt.Sprintf(", character %d", o.position)
	}
	return out + "\n"
}

// runBlock runs the statements of a block and prints the last one's answer.
func runBlock(t *testing.T, s *query.Session, body string) string {
	t.Helper()
	var last string
	statements := strings.Split(strings.TrimRight(body, "\n"), ";\n")
	for i, text := range statements {
		text = strings.TrimSuffix(text, ";")
		o := askAegis(s, text)
		last = table(o)
		if o.state != "" {
			last = printed(o)
			if i < len(statements)-1 {
				t.Errorf("%s\n%s", text, last)
			}
		}
	}
	return last
}

// table prints rows as psql does.
func table(o outcome) string {
	width := make([]int, len(o.names))
	rows := append([][]string{o.names}, o.rows...)
	for _, r := range rows {
		for i, c := range r {
			if c == null {
				r[i] = ""
			}
			width[i] = max(width[i], utf8.RuneCountInString(r[i]))
		}
	}
	var b strings.Builder
	for k, r := range rows {
		var line strings.Builder
		for i, c := range r {
			if i > 0 {
				line.WriteString(" | ")
			}
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if k > 0 && rightAligned[o.types[i]] {
				line.WriteString(pad + c)
			} else {
				line.WriteString(c + pad)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		if k == 0 {
			for i, w := range width {
				if i > 0 {
					b.WriteString("-+-")
				}
				b.WriteString(strings.Repeat("-", w))
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

var rightAligned = map[string]bool{"smallint": true, "integer": true, "bigint": true, "real": true, "double precision": true, "numeric": true}

// writeSamples writes what a Prometheus would send of one counter: two codes, a sample every 15 seconds for two minutes.
func writeSamples(t *testing.T, db *aegis.DB) {
	t.Helper()
	s, err := db.Samples("")
	if err != nil {
		t.Fatal(err)
	}
	const start, step = 1767225600_000_000, 15_000_000 // 2026-01-01 00:00 UTC
	b := ingest.SampleBatch{Refs: make([]uint32, 2)}
	hashes := []ingest.SeriesHash{{Hi: 1, Lo: 1}, {Hi: 2, Lo: 2}}
	b.Epoch, _ = s.Lookup(hashes, b.Refs)
	refs := make([]uint32, 2)
	for i, labels := range []string{`{"code":"200","job":"api"}`, `{"code":"500","job":"api"}`} {
		tags := key.AppendBytes(key.AppendBytes(nil, []byte("http_requests_total")), []byte(labels))
		if refs[i], err = s.Define(b.Epoch, hashes[i], tags); err != nil {
			t.Fatal(err)
		}
	}
	b.Refs = nil
	for k := range 8 {
		for i, ref := range refs {
			b.Refs = append(b.Refs, ref)
			b.Times = append(b.Times, int64(start+k*step))
			b.Values = append(b.Values, float64(k*[]int{40, 2}[i]))
		}
	}
	b.Valid = column.NewBitmap(len(b.Refs), true)
	if _, err := s.Write(context.Background(), &b, meta.AckWAL); err != nil {
		t.Fatal(err)
	}
}
