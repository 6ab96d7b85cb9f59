package oracletest

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/query/sql"
	pgquery "github.com/pganalyze/pg_query_go/v6"
)

// corpus reads the statements of one file, one a line.
func corpus(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "corpus", name+".sql"))
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

var places = regexp.MustCompile(`,?"(location|arg_location|stmt_location|stmt_len|name_location|list_start|list_end|rexpr_list_start|rexpr_list_end)":-?\d+`)

// tree is PostgreSQL's parse tree without places.
func tree(text string) (string, error) {
	j, err := pgquery.ParseToJSON(text)
	// An option without a value, in the syntax that has no place for one, and the value that stands for it.
	j = strings.ReplaceAll(j, `{"Boolean":{"boolval":true}}`, `{"String":{"sval":"true"}}`)
	return places.ReplaceAllString(j, ""), err
}

// TestSupported: what we accept PostgreSQL accepts, and our text form has the
// same meaning to it as the original.
func TestSupported(t *testing.T) {
	for _, file := range []string{"select", "dml", "ddl", "session"} {
		for _, text := range corpus(t, file) {
			compare(t, text, true)
		}
	}
}

// compare checks one statement. With must set, both have to accept it.
func compare(t *testing.T, text string, must bool) {
	t.Helper()
	want, pgErr := tree(text)
	s, err := sql.ParseOne(text, sql.Options{})
	switch {
	case pgErr != nil && err != nil && !must:
		return
	case pgErr != nil:
		t.Errorf("%s\n  PostgreSQL refuses it: %v\n  ours says: %v", text, pgErr, err)
		return
	case err != nil:
		t.Errorf("%s\n  PostgreSQL accepts it, ours says: %v", text, err)
		return
	}
	out := sql.Format(s.Stmt)
	got, pgErr := tree(out)
	if pgErr != nil {
		t.Errorf("%s\n  is written as %s\n  which PostgreSQL refuses: %v", text, out, pgErr)
		return
	}
	if canonical(got) != canonical(want) {
		t.Errorf("%s\n  is written as %s\n  which means something else:\n  %s\n  %s", text, out, want, got)
	}
}

// canonical removes from PostgreSQL's tree the few traces of spelling that our
// text form does not keep, none of which has a meaning: ASC, LIMIT ALL, START
// TRANSACTION for BEGIN, and a frame's BETWEEN ... AND CURRENT ROW.
// What is left is stricter than a fingerprint, which ignores constants.
func canonical(tree string) string {
	tree = strings.ReplaceAll(tree, "SORTBY_ASC", "SORTBY_DEFAULT")
	tree = strings.ReplaceAll(tree, "TRANS_STMT_START", "TRANS_STMT_BEGIN")
	tree = limitAll.ReplaceAllString(tree, `"limitOption":"LIMIT_OPTION_DEFAULT"`)
	return frameOptions.ReplaceAllStringFunc(tree, func(s string) string {
		const between = 0x10
		_, digits, _ := strings.Cut(s, ":")
		n, _ := strconv.Atoi(digits)
		return `"frameOptions":` + strconv.Itoa(n&^between)
	})
}

var (
	limitAll     = regexp.MustCompile(`"limitCount":\{"A_Const":\{"isnull":true\}\},"limitOption":"LIMIT_OPTION_COUNT"`)
	frameOptions = regexp.MustCompile(`"frameOptions":\d+`)
)

// TestStricter: what we refuse although PostgreSQL accepts it, for no other
// reason than that nobody writes it: an operator's word as a label without AS,
// and what PostgreSQL refuses one step later.
func TestStricter(t *testing.T) {
	for _, text := range corpus(t, "stricter") {
		if _, err := pgquery.Parse(text); err != nil {
			t.Errorf("%s\n  PostgreSQL refuses it: %v", text, err)
		}
		if _, err := sql.Parse(text, sql.Options{}); err == nil {
			t.Errorf("%s\n  is accepted after all", text)
		}
	}
}

// TestInvalid: what PostgreSQL refuses we refuse, with the same SQLSTATE class
// and, for plain syntax errors, at the same place.
func TestInvalid(t *testing.T) {
	for _, text := range corpus(t, "invalid") {
		_, pgErr := pgquery.Parse(text)
		_, err := sql.Parse(text, sql.Options{})
		if pgErr == nil {
			t.Errorf("%s\n  PostgreSQL accepts it", text)
		} else if err == nil {
			t.Errorf("%s\n  is accepted; PostgreSQL says: %v", text, pgErr)
		} else if ours := err.(*sql.Error); ours.Code == "42601" && ours.Message != pgErr.Error() {
			t.Logf("%s\n  ours: %s\n  PostgreSQL: %s", text, ours.Message, pgErr)
		}
	}
}

// TestUnsupported: PostgreSQL accepts it, we refuse it by name.
func TestUnsupported(t *testing.T) {
	for _, text := range corpus(t, "unsupported") {
		if _, err := pgquery.Parse(text); err != nil {
			t.Errorf("%s\n  PostgreSQL refuses it: %v", text, err)
		}
		_, err := sql.Parse(text, sql.Options{})
		if err == nil {
			t.Errorf("%s\n  is accepted", text)
		} else if e := err.(*sql.Error); e.Code != "0A000" && !strings.Contains(e.Hint, "starts a clause") {
			t.Errorf("%s\n  is refused with %s %v, not as unsupported", text, e.Code, e)
		}
	}
}

// TestExtensions: ours alone.
func TestExtensions(t *testing.T) {
	for _, text := range corpus(t, "extension") {
		if _, err := pgquery.Parse(text); err == nil {
			t.Errorf("%s\n  PostgreSQL accepts it: not an extension", text)
		}
		if _, err := sql.Parse(text, sql.Options{}); err != nil {
			t.Errorf("%s\n  is refused: %v", text, err)
		}
	}
}

// atoms and glue make random token sequences that are often nearly valid.
var (
	atoms = []string{
		"a", "b.c", "1", "-1", "'x'", "NULL", "f(a)", "(a)", "(a, b)", "(SELECT 1)", "$1", "CASE WHEN a THEN b END", "count(*)",
		"date 'x'", "interval '1' day", "ARRAY[1]", "a[1]", "(a).b", "ROW(1)", "EXISTS (SELECT 1)", "time", "current_date", "left(a)",
		"cast(a AS int)", "b.*", "value", "coalesce(a)", "extract(day FROM a)",
	}
	glue = []string{
		"+", "-", "*", "/", "%", "^", "||", "->", "=", "<", "<>", ">=", "AND", "OR", "IS DISTINCT FROM", "LIKE", "NOT LIKE", "ILIKE",
		"BETWEEN", "NOT BETWEEN SYMMETRIC", "AND", "ESCAPE", "AT TIME ZONE", "SIMILAR TO", "= ANY", "OPERATOR(pg_catalog.+)", "~",
		"OVERLAPS", "@?", "COLLATE",
	}
	prefixes = []string{"-", "+", "NOT", "~", "@", "NOT NOT", "- -"}
	suffixes = []string{
		"IS NULL", "IS NOT TRUE", "ISNULL", "NOTNULL", "::int", "COLLATE x", "IN (1)", "NOT IN (1, 2)", "IN (SELECT 1)", "AT LOCAL",
		"[1]", ".x", "::int[]", "= ANY (a)", "IS UNKNOWN",
	}
)

// TestRandomExpressions compares precedence and associativity on random
// sequences of operands and operators.
func TestRandomExpressions(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(list []string) string { return list[rng.IntN(len(list))] }
	var expr func(depth int) string
	expr = func(depth int) string {
		var parts []string
		for i := range 1 + rng.IntN(4) {
			if i > 0 {
				parts = append(parts, pick(glue))
			}
			if rng.IntN(5) == 0 {
				parts = append(parts, pick(prefixes))
			}
			if depth > 0 && rng.IntN(6) == 0 {
				parts = append(parts, "("+expr(depth-1)+")")
			} else {
				parts = append(parts, pick(atoms))
			}
			if rng.IntN(5) == 0 {
				parts = append(parts, pick(suffixes))
			}
		}
		return strings.Join(parts, " ")
	}
	accepted := 0
	for range 30000 {
		text := "SELECT " + expr(2)
		if t.Failed() && accepted > 0 && testing.Short() {
			return
		}
		compare(t, text, false)
		if _, err := sql.Parse(text, sql.Options{}); err == nil {
			accepted++
		}
	}
	t.Logf("%d of 30000 accepted", accepted)
}

// TestMutatedStatements drops, doubles or swaps tokens of the corpus and checks
// that both parsers agree whether the result is a statement.
func TestMutatedStatements(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	differ, total := 0, 0
	for _, file := range []string{"select", "dml", "ddl", "session"} {
		for _, text := range corpus(t, file) {
			words := strings.Fields(text)
			for range 20 {
				w := append([]string(nil), words...)
				i, j := rng.IntN(len(w)), rng.IntN(len(w))
				switch rng.IntN(3) {
				case 0:
					w = append(w[:i], w[i+1:]...)
				case 1:
					w[i], w[j] = w[j], w[i]
				case 2:
					w[i] = w[j]
				}
				m := strings.Join(w, " ")
				total++
				_, pgErr := pgquery.Parse(m)
				_, err := sql.Parse(m, sql.Options{})
				if e, ok := err.(*sql.Error); ok && e.Code == "0A000" {
					continue
				}
				if (pgErr == nil) != (err == nil) {
					differ++
					t.Logf("%s\n  ours: %v\n  PostgreSQL: %v", m, err, pgErr)
				} else if err == nil && strings.TrimSpace(m) != "" && !strings.Contains(m, ";") {
					compare(t, m, true)
				}
			}
		}
	}
	// What is left: EXPLAIN and CREATE DATABASE take more words as options,
	// $1 is never a label, and a few reserved words as names of settings.
	if differ > total/400 {
		t.Errorf("%d of %d mutations differ", differ, total)
	}
}
