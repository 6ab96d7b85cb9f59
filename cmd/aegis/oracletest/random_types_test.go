//go:build linux

package oracletest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// samples are texts of values of each type, awkward ones among them.
var samples = map[string][]string{
	"boolean":          {"t", "f"},
	"smallint":         {"0", "-1", "32767", "-32768", "7"},
	"integer":          {"0", "-1", "2147483647", "65", "12"},
	"bigint":           {"0", "-1", "9223372036854775807", "4294967295", "4294967296"},
	"real":             {"0", "-0", "1.5", "NaN", "-Infinity", "1e10"},
	"double precision": {"0", "-2.5", "1e20", "NaN", "Infinity", "0.1"},
	"numeric":          {"0", "1.50", "-2.5", "12345678901234567890.5", "NaN"},
	"numeric(4,2)":     {"0", "1.5", "-99.99", "12.345"},
	"text":             {"", "abc", " 12 ", "1.5", "t", "10:00", "2026-01-01", "{1,2}", "äö", "long enough to be cut somewhere", "[1]", "a  "},
	"varchar":          {"", "abc", "12", "a "},
	"varchar(3)":       {"", "abc", "ab ", "abcdef"},
	"char(4)":          {"", "ab", "abcd", "ab  ", "12"},
	"name":             {"", "abc", "12"},
	`"char"`:           {"b", "a", "1"},
	"bytea":            {`\x`, `\x00ff`, `\x6162`},
	"date":             {"2026-01-01", "1999-12-31", "infinity", "0044-03-15 BC"},
	"time":             {"00:00", "10:11:12.5", "24:00", "23:59:59.999999"},
	"time(1)":          {"10:11:12.25", "23:59:59.96"},
	"timetz":           {"00:00+00", "10:11:12.5+02", "24:00-15:59", "12:00-05:30"},
	"timestamp":        {"2026-01-01 10:11:12.5", "1999-12-31 23:59:59.999999", "infinity", "0001-01-01 BC"},
	"timestamp(0)":     {"2026-01-01 10:11:12.5", "1999-12-31 23:59:59.5"},
	"timestamptz":      {"2026-01-01 10:11:12.5+02", "1999-12-31 23:59:59Z", "-infinity"},
	"interval":         {"1 day", "-02:03:04.5", "1 year 2 mons 3 days 04:05:06.789", "0", "25:00"},
	"interval hour":    {"1 day 02:03:04"},
	"uuid":             {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"},
	"json":             {`{"b":1,"a":2}`, "[1, 2]", "null", `"x"`, "12"},
	"jsonb":            {`{"b":1,"a":2}`, "[1, 2]", "null", `"x"`, "12", "1.50", "true"},
	"oid":              {"0", "23", "4294967295"},
	"integer[]":        {"{}", "{1,2}", "{1,NULL}", "{{1,2},{3,4}}", "[0:1]={5,6}"},
	"text[]":           {"{}", "{a,b}", `{"a b",NULL,""}`, "{1,2}"},
	"numeric[]":        {"{1.0,2.50}", "{NaN}"},
	"timestamp[]":      {`{"2026-01-01 10:00",infinity}`},
	"boolean[]":        {"{t,f,NULL}"},
}

// typeList is the types in a fixed order.
func typeList() []string {
	var out []string
	for name := range samples {
		out = append(out, name)
	}
	return sortedStrings(out)
}

func sortedStrings(list []string) []string {
	rows := make([][]string, len(list))
	for i, s := range list {
		rows[i] = []string{s}
	}
	for i, r := range sorted(rows) {
		list[i] = r[0]
	}
	return list
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// literalOf spells a value of a type in one of the ways there are.
func literalOf(r *rand.Rand, typ string) string {
	if r.IntN(12) == 0 {
		return "NULL::" + typ
	}
	list := samples[typ]
	return quote(list[r.IntN(len(list))]) + "::" + typ
}

// typeOperators are tried between all types.
var typeOperators = []string{"=", "<>", "<", "<=", ">", ">=", "||", "+", "-", "*", "@>", "<@", "&&", "IS DISTINCT FROM"}

var dates = regexp.MustCompile("date/time|interval|timestamp|time zone|type (date|time)")

// randomTypes casts values of every type to every other, and puts every operator between them.
func randomTypes(t *testing.T, s *sides) {
	types := typeList()
	known := readDifferences(t)
	seed := uint64(setting("AEGIS_ORACLE_SEED", 1))
	session := s.variants[0].session
	alike, refused, bad := 0, 0, 0
	try := func(text string) {
		want := askPostgres(s.postgres, text)
		if want.state == "XX000" {
			return
		}
		got := askAegis(session, text)
		why := (comparison{near: true}).differ(want, got)
		if strings.HasPrefix(want.state, "22") && strings.HasPrefix(got.state, "22") && dates.MatchString(want.message) {
			why = "" // which fields of a text that is no date are out of range, and which are no fields, is not copied to the last case
		}
		switch {
		case why == "" && want.state == "":
			alike++
		case why == "":
			refused++
		case find(known, text) != nil:
			find(known, text).used = true
		default:
			if bad++; bad > 60 {
				t.FailNow()
			}
			t.Errorf("%s\n    %s", text, why)
		}
	}
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		r := rand.New(rand.NewPCG(seed, uint64(round)))
		for _, from := range types {
			for _, to := range types {
				v := literalOf(r, from)
				switch r.IntN(4) {
				case 0:
					try("SELECT (" + v + ")::" + to + "::text")
				case 1:
					try("SELECT coalesce(NULL, " + v + ")::" + to + ", pg_typeof((" + v + ")::" + to + ")")
				default:
					try("SELECT (" + v + ")::" + to)
				}
				w := literalOf(r, to)
				if bare := samples[to][r.IntN(len(samples[to]))]; r.IntN(6) == 0 && !strings.HasPrefix(bare, "{") {
					w = quote(bare)
				}
				op := typeOperators[r.IntN(len(typeOperators))]
				if sets := op == "@>" || op == "<@" || op == "&&"; sets && !strings.Contains(w, "::") {
					continue // PostgreSQL has these for ranges, too, and so several to choose from
				}
				if (from == "jsonb" || to == "jsonb") && strings.Contains("|| - @> <@", op) {
					continue
				}
				try("SELECT " + v + " " + op + " " + w)
				if r.IntN(4) == 0 {
					try("SELECT greatest(" + v + ", " + w + "), CASE WHEN true THEN " + v + " ELSE " + w + " END")
				}
				if r.IntN(6) == 0 {
					try("SELECT " + v + " = ANY (ARRAY[" + w + "]), ARRAY[" + w + ", " + v + "]")
				}
			}
		}
	}
	t.Logf("%d answered alike, %d refused alike, %d not", alike, refused, bad)
}

// storedTypes writes rows of every type on both sides, and reads them from the head, from segments and from what compaction made of these.
func storedTypes(t *testing.T, s *sides) {
	types := typeList()
	columns := []string{"id integer"}
	for i, typ := range types {
		columns = append(columns, fmt.Sprintf("c%d %s", i, typ))
	}
	create := "CREATE TABLE stored (" + strings.Join(columns, ", ") + ")"
	r := rand.New(rand.NewPCG(5, 6))
	id := 0
	rows := func(n int) string {
		var list []string
		for range n {
			row := []string{fmt.Sprint(id)}
			for _, typ := range types {
				v := samples[typ][r.IntN(len(samples[typ]))]
				switch {
				case r.IntN(5) == 0:
					row = append(row, "NULL")
				case typ == "varchar(3)" && len(v) > 3, typ == "numeric(4,2)" && r.IntN(2) == 0:
					row = append(row, quote(v)+"::"+typ)
				default:
					row = append(row, quote(v))
				}
			}
			list = append(list, "("+strings.Join(row, ", ")+")")
			id++
		}
		return "INSERT INTO stored VALUES " + strings.Join(list, ", ")
	}
	queries := []string{"SELECT * FROM stored ORDER BY id"}
	for i, typ := range types {
		c := fmt.Sprintf("c%d", i)
		queries = append(queries, "SELECT id, "+c+" FROM stored WHERE "+c+" IS NOT NULL ORDER BY id")
		if typ == "json" {
			continue
		}
		v := samples[typ][0]
		queries = append(queries,
			"SELECT id FROM stored WHERE "+c+" = "+quote(v)+" ORDER BY id", "SELECT id FROM stored WHERE "+c+" > "+quote(v)+" ORDER BY id",
			"SELECT "+c+"::text, count(*) FROM stored GROUP BY "+c+"::text ORDER BY 1", "SELECT id FROM stored ORDER BY "+c+" DESC, id LIMIT 7",
			"SELECT count(*), count(DISTINCT "+c+") FROM stored", "SELECT count(*) FROM stored a JOIN stored b ON a."+c+" = b."+c)
	}
	fill := []string{create, rows(40), rows(40)}
	more := rows(20)
	known := readDifferences(t)
	ask := func(v variant, texts []string) {
		t.Helper()
		for _, text := range texts {
			want, got := askPostgres(s.postgres, text), askAegis(v.session, text)
			if why := (comparison{ordered: true}).differ(want, got); why != "" && find(known, text) == nil {
				t.Errorf("%s\n    %s (%s)", text, why, v.name)
			}
		}
	}
	for _, text := range append(fill, more) {
		if o := askPostgres(s.postgres, text); o.state != "" {
			t.Fatal(o.message)
		}
	}
	defer askPostgres(s.postgres, "DROP TABLE stored")
	for _, v := range s.variants {
		for _, text := range fill {
			if o := askAegis(v.session, text); o.state != "" {
				t.Fatalf("%s %s\n%.300s", o.state, o.message, text)
			}
		}
		ctx := context.Background()
		if v.name != s.variants[0].name {
			if err := v.db.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if o := askAegis(v.session, more); o.state != "" {
			t.Fatal(o.message)
		}
		if v.name == s.variants[len(s.variants)-1].name {
			if err := errors.Join(v.db.Flush(ctx), v.db.Compact(ctx)); err != nil {
				t.Fatal(err)
			}
		}
		ask(v, queries)
		askAegis(v.session, "DROP TABLE stored")
	}
}
