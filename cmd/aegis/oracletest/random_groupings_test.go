//go:build linux

package oracletest

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/query"
)

// randomGroupings asks both sides queries with grouping sets, and with aggregates whose rows have an order or are distinct.
func randomGroupings(t *testing.T, s *sides) {
	count, seed := setting("AEGIS_ORACLE_GROUPINGS", 800), setting("AEGIS_ORACLE_SEED", 1)
	if testing.Short() {
		count = min(count, 100)
	}
	answered, bad := 0, 0
	for i := range count {
		g := &groupingGenerator{&generator{Rand: rand.New(rand.NewPCG(uint64(seed), uint64(i)))}}
		text := g.query()
		want := askPostgres(s.postgres, text)
		v := s.variants[i%len(s.variants)]
		got := askWith(v.session, query.Request{SQL: text})
		if why := (comparison{near: true}).differ(want, got); why != "" {
			t.Errorf("statement %d: %s\n    %s (%s)", i, text, why, v.name)
			if bad++; bad >= 10 {
				t.Fatal("enough")
			}
		}
		if want.state == "" {
			answered++
		}
	}
	t.Logf("%d queries of %d have an answer, %d not alike", answered, count, bad)
	if answered*10 < count*9 {
		t.Errorf("only %d of %d queries have an answer", answered, count)
	}
}

type groupingGenerator struct{ *generator }

var (
	groupingKeys  = []string{"host", "region", "slot", "b", "id % 4", "date_trunc('day', ts)", "slot IS NULL", "upper(host)"}
	groupingCalls = []string{
		"count(*)", "sum(i2)", "count(DISTINCT slot)", "min(id)", "max(tx)", "avg(q)", "bool_or(b)", "string_agg(host, ',' ORDER BY id)", "string_agg(DISTINCT region, '/')",
		"array_agg(id ORDER BY slot DESC, id)", "array_agg(DISTINCT b)", "string_agg(DISTINCT host, ',' ORDER BY host DESC)", "percentile_cont(0.5) WITHIN GROUP (ORDER BY id)",
		"percentile_disc(0.3) WITHIN GROUP (ORDER BY id DESC)", "mode() WITHIN GROUP (ORDER BY region)", "rank(2) WITHIN GROUP (ORDER BY slot)", "dense_rank('b') WITHIN GROUP (ORDER BY host DESC)",
		"cume_dist(1) WITHIN GROUP (ORDER BY slot NULLS FIRST)", "percent_rank(100) WITHIN GROUP (ORDER BY id)", "regr_count(q, slot)", "array_agg(tm ORDER BY id)",
	}
)

func (g *groupingGenerator) some(most int) []string {
	var out []string
	for _, i := range g.Perm(len(groupingKeys))[:1+g.IntN(most)] {
		out = append(out, groupingKeys[i])
	}
	return out
}

// set writes an element of GROUP BY, and adds its keys to used.
func (g *groupingGenerator) set(depth int, used map[string]bool) string {
	n := g.IntN(6)
	if n == 2 && depth > 0 {
		list := []string{g.set(depth-1, used), "()"}
		if g.IntN(2) == 0 {
			list[1] = g.set(0, used)
		}
		return "GROUPING SETS (" + strings.Join(list, ", ") + ")"
	}
	keys := g.some(2)
	for _, k := range keys {
		used[k] = true
	}
	switch {
	case n == 0:
		return "ROLLUP (" + strings.Join(keys, ", ") + ")"
	case n == 1:
		return "CUBE (" + strings.Join(keys, ", ") + ")"
	case n == 3:
		return "GROUPING SETS ((" + strings.Join(keys, ", ") + "), ())"
	}
	return strings.Join(keys, ", ")
}

func (g *groupingGenerator) query() string {
	used := map[string]bool{}
	sets := []string{g.set(2, used)}
	if g.IntN(3) == 0 {
		sets = append(sets, g.set(1, used))
	}
	var out []string
	for _, k := range groupingKeys {
		if used[k] && g.IntN(4) > 0 {
			out = append(out, k)
		}
		if used[k] && g.IntN(4) == 0 {
			out = append(out, "grouping("+k+")")
		}
	}
	for range 1 + g.IntN(3) {
		call := pick(g.generator, groupingCalls)
		if g.IntN(4) == 0 {
			call += " FILTER (WHERE " + pick(g.generator, []string{"b", "id > 100", "slot = 1", "false"}) + ")"
		}
		out = append(out, call)
	}
	text := "SELECT " + strings.Join(out, ", ") + " FROM t" + pick(g.generator, []string{"", "", " WHERE id < 50", " WHERE slot > 1", " WHERE false"}) +
		" GROUP BY " + pick(g.generator, []string{"", "", "DISTINCT "}) + strings.Join(sets, ", ")
	return text + pick(g.generator, []string{"", "", " HAVING count(*) > 2", " HAVING min(id) < 100", " HAVING count(*) = 0"})
}
