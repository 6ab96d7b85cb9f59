package aegis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestAsof: ASOF JOIN is LATERAL with ORDER BY time LIMIT 1, whatever the comparison, with NULLs and without keys. Times of a key are unique, so that
// there is one answer.
func TestAsof(t *testing.T) {
	db := open(t, t.TempDir())
	s := db.NewSession("")
	r := rand.New(rand.NewPCG(5, 5))
	must := func(text string) []string {
		t.Helper()
		rows, err := tryAsk(s, text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return rows
	}
	must("CREATE TABLE l (id integer, k integer, h text, ts timestamptz)")
	must("CREATE TABLE r (ts timestamptz NOT NULL, h text, k integer, v double precision) WITH (time_column = ts, tags = (h))")
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	var left, right []string
	at := func(n int) string { return fmt.Sprintf("'2026-01-01 00:00Z'::timestamptz + interval '%d minutes'", n) }
	for i := range 120 {
		left = append(left, fmt.Sprintf("(%d, %s, %s, %s)", i, pick("1", "2", "NULL"), pick("'a'", "'b'", "'c'", "NULL"), pick(at(r.IntN(300)), at(r.IntN(300)), "NULL")))
		right = append(right, fmt.Sprintf("(%s, %s, %s, %d)", at(r.IntN(2)+2*i), pick("'a'", "'b'", "NULL"), pick("1", "2", "NULL"), i))
	}
	must("INSERT INTO l VALUES " + strings.Join(left, ", "))
	must("INSERT INTO r VALUES " + strings.Join(right[:60], ", "))
	if err := db.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	must("INSERT INTO r VALUES " + strings.Join(right[60:], ", "))
	for _, keys := range []string{"", "l.h = r.h AND ", "l.h = r.h AND r.k = l.k AND "} {
		for _, op := range []string{">=", ">", "<=", "<"} {
			order := map[bool]string{true: "DESC", false: "ASC"}[op[0] == '>']
			for _, kind := range []string{"", "LEFT "} {
				for _, where := range []string{"", " WHERE l.id < 70 AND r.v > 20"} {
					got := must("SELECT l.id, r.v, r.ts FROM l ASOF " + kind + "JOIN r ON " + keys + "l.ts " + op + " r.ts" + where)
					want := must("SELECT l.id, r.v, r.ts FROM l " + kind + "JOIN LATERAL (SELECT * FROM r WHERE " + keys + "l.ts " + op + " r.ts ORDER BY r.ts " + order + " LIMIT 1) r ON true" + where)
					slices.Sort(got)
					slices.Sort(want)
					if !slices.Equal(got, want) || len(want) == 0 {
						t.Errorf("%sJOIN ON %sl.ts %s r.ts%s: %d rows, want %d\n%s\nwant\n%s", kind, keys, op, where, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
					}
				}
			}
		}
	}
	for _, bad := range []string{"l.k = r.k", "l.ts >= r.ts OR l.k = 1", "l.ts >= r.ts AND l.k > 1", "l.ts >= r.ts AND l.ts <= r.ts", "l.h >= r.h", "true"} {
		if _, err := tryAsk(s, "SELECT 1 FROM l ASOF JOIN r ON "+bad); err == nil || !strings.Contains(err.Error(), "ASOF JOIN takes") {
			t.Errorf("%s: error %v, want a refusal", bad, err)
		}
	}
}
