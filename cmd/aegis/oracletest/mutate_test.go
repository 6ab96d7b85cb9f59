//go:build linux

package oracletest

import (
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/query"
)

// TestMutatedStatements exchanges words of the scripts' statements. Whatever becomes of them is answered, or
// refused as wrong: never a broken invariant of ours, whichever rules run.
func TestMutatedStatements(t *testing.T) {
	db := openAegis(t)
	session := db.NewSession("")
	// Some become products of large tables.
	if err := session.Set("statement_timeout", "500"); err != nil {
		t.Fatal(err)
	}
	for _, text := range append(statements(tagged)[:4], "CREATE TABLE w (k bigint, name text, n numeric, r real)",
		"INSERT INTO w VALUES (1, 'a', 1.0, 1.5), (2, 'b', 2.50, 0)", "CREATE TABLE p (id integer, k integer, v text, x double precision)") {
		if o := askAegis(session, text); o.state != "" {
			t.Fatal(o.message)
		}
	}
	var all []string
	for _, name := range []string{"joins", "subqueries", "unions", "grouping", "aggregates"} {
		for _, text := range readScript(t, filepath.Join("testdata", name+".sql")) {
			if strings.HasPrefix(text, "SELECT") || strings.HasPrefix(text, "WITH") {
				all = append(all, text)
			}
		}
	}
	var words []string
	for _, text := range all {
		words = append(words, word.FindAllString(text, -1)...)
	}
	count := setting("AEGIS_ORACLE_MUTATIONS", 4000)
	if testing.Short() {
		count = min(count, 800)
	}
	r := rand.New(rand.NewPCG(uint64(setting("AEGIS_ORACLE_SEED", 1)), 5))
	answered := 0
	for range count {
		parts := word.FindAllString(all[r.IntN(len(all))], -1)
		for range 1 + r.IntN(3) {
			i := r.IntN(len(parts))
			switch other := words[r.IntN(len(words))]; {
			case r.IntN(20) == 0: // any word
				parts[i] = other
			case operand.MatchString(parts[i]) && operand.MatchString(other):
				parts[i] = other
			case joinKind.MatchString(parts[i]):
				parts[i] = []string{"LEFT", "RIGHT", "FULL", "INNER"}[r.IntN(4)]
			}
		}
		text := strings.Join(parts, " ")
		if strings.Contains(text, "00000") {
			continue // series that take their time
		}
		session.Tuning = query.Tuning{Workers: 1}
		if r.IntN(4) == 0 {
			session.Tuning.RulesOff = map[string]bool{"push_filters": true, "join_keys": true, "prune_columns": true}
		}
		o := askAegis(session, text)
		if o.state == "XX000" || strings.HasPrefix(o.state, "class") || o.state == "none" {
			t.Errorf("%s\n    %s %.600s", text, o.state, o.message)
		}
		if o.state == "" {
			answered++
		}
	}
	t.Logf("%d of %d are answered", answered, count)
	if answered < count/20 {
		t.Errorf("only %d of %d statements have an answer", answered, count)
	}
}

var (
	word     = regexp.MustCompile(`'[^']*'|[a-zA-Z_0-9.]+|::|<>|<=|>=|\S`)
	operand  = regexp.MustCompile(`^[a-z_0-9.]+$|^'`) // keywords are written in capitals
	joinKind = regexp.MustCompile(`^(LEFT|RIGHT|FULL|INNER)$`)
)
