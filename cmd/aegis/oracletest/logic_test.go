//go:build linux

package oracletest

import (
	"crypto/md5"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// The scripts' statements with the answers that PostgreSQL gave stand in testdata/logic, in the form of SQLite's sqllogictest: a machine without
// PostgreSQL can hold Aegis to them, and they run against any server that speaks PostgreSQL's protocol.
//
//	go test ./cmd/aegis/oracletest -run TestLogic                                   against Aegis
//	go test ./cmd/aegis/oracletest -run TestLogic -server 'host=/tmp user=postgres' against a PostgreSQL whose database is empty
//	go test ./cmd/aegis/oracletest -run TestOracle/logic -update                    asks PostgreSQL anew
//
// A query has a letter for each column (T: compared as text; R: a float whose last digits may differ) and says whether the order of its rows
// counts. Its answer is a value a line, or their number and MD5 where there are many; NULL is NULL, no text at all is (empty). An error is its SQLSTATE.
// What Aegis means to answer otherwise is left out for it: skipif aegis.

var server = flag.String("server", "", "run TestLogic against the server of this DSN instead of Aegis")

// unsteady statements have other answers tomorrow, or on another machine.
var unsteady = regexp.MustCompile(`(?is)\bnow\(|current_|localtime|clock_timestamp|statement_timestamp|'(today|now|tomorrow|yesterday)\b|\bage\(|random|pg_backend|version\(|^select.*(timetz|time with time zone)|pg_size|server_`)

// logicRecord is a statement of a sqllogictest file, and what it answers.
type logicRecord struct {
	skipped string // the program that does not run it
	sql     string
	state   string // SQLSTATE; "" = no error
	kinds   string // a letter a column; "" = no rows are looked at
	ordered bool
	values  []string // in the order of rows, or sorted by rows; one line if there are many
}

const manyValues = 48

// recordOf is what a statement answered.
func recordOf(text string, o outcome, skipped bool) logicRecord {
	r := logicRecord{sql: text, state: o.state, ordered: orderBy.MatchString(text)}
	if skipped {
		r.skipped = "aegis"
	}
	if o.state != "" || len(o.names) == 0 {
		return r
	}
	for _, t := range o.types {
		if inexact.MatchString(text) && (t == "real" || t == "double precision") {
			r.kinds += "R"
		} else {
			r.kinds += "T"
		}
	}
	r.values = valuesOf(o.rows, r.ordered)
	if !strings.Contains(r.kinds, "R") {
		r.values = hashed(r.values)
	}
	return r
}

var logicEscapes = strings.NewReplacer("\\", `\\`, "\n", `\n`, "\r", `\r`)

func valuesOf(rows [][]string, ordered bool) (out []string) {
	if !ordered {
		rows = sorted(rows)
	}
	for _, row := range rows {
		for _, v := range row {
			switch v {
			case null:
				v = "NULL"
			case "":
				v = "(empty)"
			}
			out = append(out, logicEscapes.Replace(v))
		}
	}
	return out
}

// hashed puts the number and the hash of many values in their place.
func hashed(values []string) []string {
	if len(values) <= manyValues {
		return values
	}
	h := md5.New()
	for _, v := range values {
		fmt.Fprintln(h, v)
	}
	return []string{fmt.Sprintf("%d values hashing to %s", len(values), hex.EncodeToString(h.Sum(nil)))}
}

// append writes the record.
func (r logicRecord) append(b *strings.Builder) {
	if r.skipped != "" {
		fmt.Fprintf(b, "skipif %s\n", r.skipped)
	}
	switch order := map[bool]string{true: "nosort", false: "rowsort"}[r.ordered]; {
	case r.state != "":
		fmt.Fprintf(b, "statement error %s\n%s\n\n", r.state, r.sql)
	case r.kinds == "":
		fmt.Fprintf(b, "statement ok\n%s\n\n", r.sql)
	default:
		fmt.Fprintf(b, "query %s %s\n%s\n----\n", r.kinds, order, r.sql)
		for _, v := range r.values {
			b.WriteString(v + "\n")
		}
		b.WriteString("\n")
	}
}

// readLogic reads a file of records.
func readLogic(t *testing.T, file string) (out []logicRecord) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq(strings.TrimRight(string(data), "\n"), "\n\n") {
		lines := slices.DeleteFunc(strings.Split(block, "\n"), func(l string) bool { return strings.HasPrefix(l, "# ") })
		if len(lines) == 0 {
			continue
		}
		var r logicRecord
		if s, ok := strings.CutPrefix(lines[0], "skipif "); ok {
			r.skipped, lines = s, lines[1:]
		}
		words := strings.Fields(lines[0])
		body := lines[1:]
		switch {
		case len(words) == 2 && words[0] == "statement" && words[1] == "ok":
		case len(words) == 3 && words[0] == "statement" && words[1] == "error":
			r.state = words[2]
		case len(words) == 3 && words[0] == "query":
			r.kinds, r.ordered = words[1], words[2] == "nosort"
			at := slices.Index(body, "----")
			if at < 0 {
				t.Fatalf("%s: a query without ----: %s", file, block)
			}
			body, r.values = body[:at], body[at+1:]
		default:
			t.Fatalf("%s: what is %q?", file, lines[0])
		}
		r.sql = strings.Join(body, "\n")
		out = append(out, r)
	}
	return out
}

// differs says in what an outcome is not what the record wants; "" if in nothing.
func (r logicRecord) differs(o outcome) string {
	if r.state != o.state {
		return fmt.Sprintf("SQLSTATE %q (%s), not %q", o.state, o.message, r.state)
	}
	if r.kinds == "" {
		return ""
	}
	if len(o.names) != len(r.kinds) {
		return fmt.Sprintf("%d columns, not %d", len(o.names), len(r.kinds))
	}
	got := valuesOf(o.rows, r.ordered)
	if !strings.Contains(r.kinds, "R") {
		got = hashed(got)
	}
	if len(got) != len(r.values) {
		return fmt.Sprintf("%d values, not %d: %.300q", len(got), len(r.values), got)
	}
	for i, v := range r.values {
		k := i % len(r.kinds)
		if got[i] != v && (r.kinds[k] != 'R' || !near(got[i], v, o.types[k])) {
			return fmt.Sprintf("value %d is %q, not %q", i+1, got[i], v)
		}
	}
	return ""
}

// TestLogic runs the files against Aegis over its wire protocol, or against the server that was given.
func TestLogic(t *testing.T) {
	files, err := filepath.Glob("testdata/logic/*.slt")
	if err != nil || len(files) < 14 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var c *pgconn.PgConn
	who := "aegis"
	if *server == "" {
		c = wired(t)
	} else {
		who = "postgresql"
		if c, err = pgconn.Connect(t.Context(), *server); err != nil {
			t.Fatal(err)
		}
		defer c.Close(t.Context())
	}
	for _, text := range statements("") {
		if o := askPostgres(c, text); o.state != "" {
			t.Fatalf("%s %s\n%.300s", o.state, o.message, text)
		}
	}
	total := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".slt"), func(t *testing.T) {
			for _, r := range readLogic(t, file) {
				if r.skipped == who {
					continue
				}
				total++
				if why := r.differs(askPostgres(c, r.sql)); why != "" {
					t.Errorf("%s\n    %s", r.sql, why)
				}
			}
		})
	}
	t.Logf("%d statements", total)
}

// logic holds the files to PostgreSQL, or writes them if -update is given.
func logic(t *testing.T, _ *sides) {
	fresh := startPostgres(t)
	for _, text := range statements("") {
		if o := askPostgres(fresh, text); o.state != "" {
			t.Fatalf("%s %s\n%.300s", o.state, o.message, text)
		}
	}
	scripts, err := filepath.Glob("testdata/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	known := readDifferences(t)
	for _, script := range scripts {
		name := strings.TrimSuffix(filepath.Base(script), ".sql")
		var b strings.Builder
		fmt.Fprintf(&b, "# Written by PostgreSQL 15 from testdata/%s.sql: go test ./cmd/aegis/oracletest -run TestOracle/logic -update\n\n", name)
		for _, text := range readScript(t, script) {
			o := askPostgres(fresh, text)
			if !unsteady.MatchString(text) && !strings.Contains(text, "\n\n") {
				recordOf(text, o, find(known, text) != nil).append(&b)
			}
		}
		file := filepath.Join("testdata/logic", name+".slt")
		if *update {
			if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(file); string(got) != b.String() {
			t.Errorf("%s is not what PostgreSQL says (%v): run with -update, and look at the difference", file, err)
		}
	}
}
