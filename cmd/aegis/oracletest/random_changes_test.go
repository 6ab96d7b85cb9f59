//go:build linux

package oracletest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/query/opt"
)

// randomChanges changes a table at random on PostgreSQL and on all layouts, and compares what a statement returns, its tag and then all rows of the table. The
// table has all types; a second one, which is small, is joined with it; a third one has a key.
//
// What PostgreSQL refuses is undone there and not tried here: which errors there are is the scripts' business. A statement that fails here for a value that
// PostgreSQL's order of evaluation did not meet is undone there, too.
func randomChanges(t *testing.T, s *sides) {
	count, seed := setting("AEGIS_ORACLE_CHANGES", 400), setting("AEGIS_ORACLE_SEED", 1)
	if testing.Short() {
		count = min(count, 60)
	}
	r := &changeRounds{T: t, sides: s}
	r.tables()
	bad := 0
	for i := range count {
		g := &changeGenerator{generator: &generator{Rand: rand.New(rand.NewPCG(uint64(seed), uint64(i))), columns: true}, fresh: 1000 + 10*i}
		text, table := g.statement()
		if why := r.round(text, table, i); why != "" {
			bad++
			t.Errorf("statement %d: %s\n    %s", i, text, why)
			if bad >= 10 {
				t.Fatal("enough")
			}
			r.again()
		}
		if i%60 == 59 {
			r.again()
		}
	}
	t.Logf("%d statements changed rows alike, %d changed none, %d refused by PostgreSQL, %d refused here for a value", r.changed, r.none, r.refused, r.early)
	if r.changed*3 < count || r.early*10 > count {
		t.Error("too few statements change anything")
	}
}

type changeRounds struct {
	*testing.T
	*sides
	changed, none, refused, early int
}

const (
	createTT = `CREATE TABLE tt (id integer NOT NULL, ts timestamptz NOT NULL, host text, region text, slot integer, i2 smallint, i4 integer, i8 bigint,
		f4 real, f8 double precision, q double precision, nu numeric, tx text, b boolean, by bytea, d date, tm timestamp, tz timestamptz, iv interval)`
	createTS = `CREATE TABLE tsrc (k integer, h text, n integer, w text)`
	createTK = `CREATE TABLE tk (ts timestamptz NOT NULL, host text NOT NULL, n integer, w text, PRIMARY KEY (host, ts))`
)

func (r *changeRounds) everywhere(text string) {
	r.Helper()
	if o := askPostgres(r.postgres, text); o.state != "" {
		r.Fatalf("%.200s: %s", text, o.message)
	}
	for i, v := range r.variants {
		if o := askAegis(v.session, r.laidOut(text, i)); o.state != "" {
			r.Fatalf("%.200s: %s (%s)", text, o.message, v.name)
		}
	}
}

func (r *changeRounds) tables() {
	r.everywhere(createTT)
	r.everywhere(createTS)
	r.everywhere(createTK)
	r.fill()
}

// fill gives the tables their first rows.
func (r *changeRounds) fill() {
	for _, text := range fillT()[:1] {
		r.everywhere(strings.Replace(text, "INSERT INTO t VALUES", "INSERT INTO tt VALUES", 1))
	}
	r.everywhere(`INSERT INTO tsrc SELECT g, CASE g % 4 WHEN 0 THEN 'a' WHEN 1 THEN 'b' WHEN 2 THEN 'web-1' END, g * 7 % 11, 'w' || g % 5 FROM generate_series(1, 40) g`)
	r.everywhere(`INSERT INTO tk SELECT '2026-01-01'::timestamptz + (g % 9) * interval '1 hour', 'h' || g / 9, g, 'k' || g FROM generate_series(0, 35) g`)
}

// again starts from the first rows: the tables grow, shrink and become alike.
func (r *changeRounds) again() {
	for _, table := range []string{"tt", "tsrc", "tk"} {
		if o := askPostgres(r.postgres, "DELETE FROM "+table); o.state != "" {
			r.Fatal(o.message)
		}
		for _, v := range r.variants {
			if o := askAegis(v.session, "DELETE FROM "+table); o.state != "" {
				r.Fatalf("%s (%s)", o.message, v.name)
			}
		}
	}
	r.fill()
}

// round runs one statement on all sides.
func (r *changeRounds) round(text, table string, n int) string {
	askPostgres(r.postgres, "BEGIN")
	want := askPostgres(r.postgres, text)
	if want.state != "" {
		r.refused++
		askPostgres(r.postgres, "ROLLBACK")
		return ""
	}
	refused := 0
	var why string
	for i, v := range r.variants {
		session := v.session
		if rules := opt.Rules(); i == 1 { // without one rule at a time
			session.Tuning.RulesOff = map[string]bool{rules[n%len(rules)].Name: true}
		}
		got := askAegis(session, text)
		if strings.HasPrefix(got.state, "22") {
			refused++
			continue
		}
		if why = (comparison{near: true}).differ(want, got); why == "" && want.tag != got.tag {
			why = fmt.Sprintf("the tag is %q, in PostgreSQL %q", got.tag, want.tag)
		}
		if why != "" {
			askPostgres(r.postgres, "COMMIT")
			return why + " (" + v.name + ")"
		}
		if between := changeLayouts[i].between; between != nil {
			if err := between(context.Background(), v.db, n); err != nil {
				r.Fatalf("%s: %v", v.name, err)
			}
		}
	}
	if refused > 0 {
		r.early++
		if refused < len(r.variants) {
			askPostgres(r.postgres, "COMMIT")
			r.again()
			return ""
		}
		askPostgres(r.postgres, "ROLLBACK")
		return ""
	}
	askPostgres(r.postgres, "COMMIT")
	if strings.HasSuffix(want.tag, " 0") {
		r.none++
	} else {
		r.changed++
	}
	return r.same(table)
}

// same compares all rows of a table.
func (r *changeRounds) same(table string) string {
	all := "SELECT * FROM " + table
	want := askPostgres(r.postgres, all)
	for _, v := range r.variants {
		if why := (comparison{near: true}).differ(want, askAegis(v.session, all)); why != "" {
			return "then " + table + ": " + why + " (" + v.name + ")"
		}
		tuning := v.session.Tuning // and as the optimizer would read it
		v.session.Tuning.RulesOff = nil
		few := "SELECT host, count(*), min(ts), max(ts) FROM " + table + " GROUP BY host"
		if table == "tsrc" {
			few = "SELECT h, count(*), min(k), max(k) FROM tsrc GROUP BY h"
		}
		why := (comparison{}).differ(askPostgres(r.postgres, few), askAegis(v.session, few))
		v.session.Tuning = tuning
		if why != "" {
			return "then " + few + ": " + why + " (" + v.name + ")"
		}
	}
	return ""
}

// changeGenerator writes statements that change rows.
type changeGenerator struct {
	*generator
	fresh int // numbers that no row has yet
}

func (g *changeGenerator) statement() (text, table string) {
	switch n := g.IntN(20); {
	case n < 5:
		return "UPDATE tt SET " + g.set(1+g.IntN(3)) + g.where() + g.returning("tt"), "tt"
	case n < 7:
		return "DELETE FROM tt" + g.rarely() + g.returning("tt"), "tt"
	case n < 9:
		return g.updateFrom(), "tt"
	case n < 10:
		return "DELETE FROM tt USING tsrc WHERE tsrc.k = tt.slot + " + fmt.Sprint(g.IntN(30)) + " AND " + g.expr(boolean, 1) + g.returning("tt"), "tt"
	case n < 12:
		return g.insert(), "tt"
	case n < 14:
		return g.merge(), "tt"
	case n < 15:
		return pick(g.generator, []string{
			"UPDATE tsrc SET n = n + 1, w = w || k WHERE k % 3 = 1 RETURNING *",
			"UPDATE tsrc SET h = tt.host, n = tt.slot FROM (SELECT DISTINCT ON (id) id, host, slot FROM tt ORDER BY id, ts, host, slot) tt WHERE tt.id = tsrc.k",
			"DELETE FROM tsrc WHERE k IN (SELECT slot FROM tt)",
			"INSERT INTO tsrc SELECT id + 100, host, slot, region FROM tt WHERE id < 20",
			"DELETE FROM tsrc WHERE NOT EXISTS (SELECT 1 FROM tt WHERE tt.id = tsrc.k)",
			"UPDATE tsrc SET n = (SELECT count(*) FROM tt WHERE tt.slot = tsrc.n), w = (SELECT max(host) FROM tt WHERE tt.id < tsrc.k)",
			"DELETE FROM tsrc WHERE k > 40",
		}), "tsrc"
	}
	return g.keyed(), "tk"
}

// settable are columns that take whatever comes; q is left alone, as a float that is added up drifts.
var settable = []struct {
	name string
	kind kind
}{
	{"host", text},
	{"region", text},
	{"slot", int4},
	{"i2", int2},
	{"i4", int4},
	{"i8", int8},
	{"f4", float4},
	{"f8", float8},
	{"nu", numeric},
	{"tx", text},
	{"b", boolean},
	{"d", date},
	{"tm", timestamp},
	{"tz", timezone},
	{"iv", interval},
}

func (g *changeGenerator) set(n int) string {
	var list []string
	for _, i := range g.Perm(len(settable))[:n] {
		c := settable[i]
		list = append(list, c.name+" = "+g.expr(c.kind, g.IntN(3)))
	}
	if g.IntN(4) == 0 {
		list = append(list, "ts = ts + interval '"+fmt.Sprint(g.IntN(100)-50)+" hours'")
	}
	return strings.Join(list, ", ")
}

func (g *changeGenerator) where() string {
	switch g.IntN(6) {
	case 0:
		return ""
	case 1:
		return " WHERE id % 7 = " + fmt.Sprint(g.IntN(7))
	case 2:
		return " WHERE " + g.expr(boolean, 1) + " AND " + g.expr(boolean, 1)
	}
	return " WHERE " + g.expr(boolean, 1+g.IntN(2))
}

// rarely is a condition that leaves most rows alone.
func (g *changeGenerator) rarely() string {
	return " WHERE id % 9 = " + fmt.Sprint(g.IntN(9)) + " AND " + g.expr(boolean, 1)
}

func (g *changeGenerator) returning(table string) string {
	switch g.IntN(4) {
	case 0:
		return " RETURNING *"
	case 1:
		return " RETURNING " + table + ".id, " + table + ".ts, " + table + ".host"
	}
	return ""
}

func (g *changeGenerator) updateFrom() string {
	source := pick(g.generator, []string{
		"(SELECT k, min(n) AS n, min(w) AS w FROM tsrc GROUP BY k) src", "(SELECT DISTINCT ON (k) k, n, w FROM tsrc ORDER BY k, n, w, h) src",
	})
	return "UPDATE tt SET i4 = coalesce(src.n, 0) + " + g.leaf(int2) + ", tx = src.w" + pick(g.generator, []string{"", ", host = src.w"}) + " FROM " + source +
		" WHERE src.k = tt.id" + pick(g.generator, []string{"", " AND " + g.expr(boolean, 1)}) + pick(g.generator, []string{"", " RETURNING tt.id, src.*"})
}

func (g *changeGenerator) insert() string {
	columns := []string{"id", "ts"}
	kinds := []kind{}
	for _, i := range g.Perm(len(settable))[:3] {
		columns, kinds = append(columns, settable[i].name), append(kinds, settable[i].kind)
	}
	row := func(id, ts string) string {
		list := []string{id, ts}
		for _, k := range kinds {
			list = append(list, g.expr(k, 1))
		}
		return strings.Join(list, ", ")
	}
	head := "INSERT INTO tt (" + strings.Join(columns, ", ") + ") "
	if g.IntN(2) == 0 {
		g.columns = false
		defer func() { g.columns = true }()
		var rows []string
		for i := range 1 + g.IntN(4) {
			rows = append(rows, "("+row(fmt.Sprint(g.fresh+i), "'2026-01-0"+fmt.Sprint(1+g.IntN(8))+"'")+")")
		}
		return head + "VALUES " + strings.Join(rows, ", ") + g.returning("tt")
	}
	return head + "SELECT " + row("id + "+fmt.Sprint(g.fresh), "ts") + " FROM tt" + g.rarely() + g.returning("tt")
}

func (g *changeGenerator) merge() string {
	source := "(SELECT k, min(n) AS n, min(w) AS w, min(h) AS h FROM tsrc GROUP BY k) src"
	var b strings.Builder
	fmt.Fprintf(&b, "MERGE INTO tt USING %s ON src.k = tt.id", source)
	if g.IntN(3) == 0 {
		b.WriteString(" AND " + g.expr(boolean, 1))
	}
	if g.IntN(3) > 0 {
		fmt.Fprintf(&b, " WHEN MATCHED AND tt.id %% 5 = %d THEN DELETE", g.IntN(5))
	}
	if g.IntN(3) == 0 {
		fmt.Fprintf(&b, " WHEN MATCHED AND %s THEN DO NOTHING", g.expr(boolean, 1))
	}
	if g.IntN(4) > 0 {
		fmt.Fprintf(&b, " WHEN MATCHED THEN UPDATE SET i8 = src.n + tt.id, %s", strings.ReplaceAll(g.set(1), "i8 =", "i2 ="))
	}
	if g.IntN(2) == 0 {
		b.WriteString(" WHEN NOT MATCHED AND src.n > 5 THEN DO NOTHING")
	}
	if g.IntN(2) == 0 || !strings.Contains(b.String(), "WHEN") {
		fmt.Fprintf(&b, " WHEN NOT MATCHED THEN INSERT (id, ts, host, i4, tx) VALUES (src.k + %d, '2026-01-05', src.h, src.n, src.w)", g.fresh)
	}
	return b.String()
}

// keyed changes the table with a key, so that no key comes twice.
func (g *changeGenerator) keyed() string {
	rows := func(n int) string {
		var list []string
		seen := map[string]bool{}
		for range n {
			key := fmt.Sprintf("'2026-01-01 %02d:00+00', 'h%d'", g.IntN(12), g.IntN(6))
			if !seen[key] {
				list = append(list, fmt.Sprintf("(%s, %d, 'new%d')", key, g.IntN(100), g.IntN(10)))
			}
			seen[key] = true
		}
		return strings.Join(list, ", ")
	}
	returning := pick(g.generator, []string{"", " RETURNING *", " RETURNING host, ts, n + 1"})
	n := g.IntN(50)
	return pick(g.generator, []string{
		"INSERT INTO tk VALUES " + rows(1+g.IntN(8)) + " ON CONFLICT DO NOTHING" + returning,
		"INSERT INTO tk VALUES " + rows(1+g.IntN(8)) + " ON CONFLICT (host, ts) DO UPDATE SET n = tk.n + excluded.n, w = excluded.w" + returning,
		"INSERT INTO tk VALUES " + rows(1+g.IntN(8)) + fmt.Sprintf(" ON CONFLICT (ts, host) DO UPDATE SET w = tk.w || '+' WHERE tk.n > %d", n) + returning,
		fmt.Sprintf("INSERT INTO tk SELECT ts + interval '3 hours', host, n, 'moved' FROM tk WHERE n %% 4 = %d ON CONFLICT (host, ts) DO UPDATE SET n = excluded.n - tk.n", n%4) + returning,
		fmt.Sprintf("INSERT INTO tk SELECT ts + interval '1 day', host, n, 'next' FROM tk WHERE n %% 4 = %d ON CONFLICT DO NOTHING", n%4) + returning,
		fmt.Sprintf("UPDATE tk SET n = n * 2 %% 100, w = 'u%d' WHERE n > %d", n, n) + returning,
		fmt.Sprintf("UPDATE tk SET ts = ts + interval '100 days' * %d WHERE host = 'h%d'", 1+g.fresh, n%6) + returning,
		fmt.Sprintf("UPDATE tk SET host = host || '-%d' WHERE n %% 10 = %d", g.fresh, n%10) + returning,
		fmt.Sprintf("DELETE FROM tk WHERE n %% 7 = %d", n%7) + returning,
		fmt.Sprintf("DELETE FROM tk WHERE host = 'h%d' AND ts < '2026-01-01 04:00+00'", n%6) + returning,
		fmt.Sprintf("WITH d AS (DELETE FROM tk WHERE n %% 5 = %d RETURNING *) INSERT INTO tk SELECT ts + interval '%d days', host, n + 1, w FROM d", n%5, 500+g.fresh) + returning,
		fmt.Sprintf("MERGE INTO tk USING (SELECT 'h' || g AS host, g FROM generate_series(0, 8) g) s ON s.host = tk.host AND tk.ts = '2026-01-01 %02d:00+00' WHEN MATCHED AND tk.n > %d THEN DELETE WHEN MATCHED THEN UPDATE SET n = s.g WHEN NOT MATCHED THEN INSERT VALUES ('2026-01-01 %02d:00+00', s.host, s.g, 'm')", n%12, n, n%12),
	})
}
