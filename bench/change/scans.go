package main

import (
	"context"
	"time"
)

// scanRuns is how often a query is measured, after once for warming up.
const scanRuns = 5

const scanGroup = "Reading over dead rows"

// scanQueries read all rows of a table.
var scanQueries = []struct{ name, sql string }{
	{"sum of integers", "SELECT sum(n) FROM "}, {"sum of doubles", "SELECT sum(v) FROM "}, {"by group", "SELECT grp, count(*), sum(n), avg(v) FROM "},
}

// scans reads tables of which more and more rows are dead, anywhere or next to each other.
func (s *session) scans(ctx context.Context) error {
	if err := s.Compacting(ctx, false); err != nil {
		return err
	}
	for _, state := range []struct {
		name, scattered, together string
		compacting                bool
	}{
		{name: "none dead"},
		{name: "1 % dead", scattered: "grp = 7", together: s.between(40, 1)},
		{name: "20 % dead", scattered: "grp < 20", together: s.between(41, 19)},
		{name: "20 % dead, compacted", compacting: true},
	} {
		if state.compacting {
			if err := s.Compacting(ctx, true); err != nil {
				return err
			}
			if err := s.Settle(ctx, plain, plainRandom); err != nil {
				return err
			}
		}
		for _, t := range []struct{ table, where, name string }{{plain, state.scattered, "scattered"}, {plainRandom, state.together, "in ranges"}} {
			if err := s.scan(ctx, t.table, t.where, state.name+", "+t.name); err != nil {
				return err
			}
		}
	}
	return s.exec(ctx, "DROP TABLE "+plain, "DROP TABLE "+plainRandom)
}

// scan deletes some rows and measures reading the others.
func (s *session) scan(ctx context.Context, table, where, state string) error {
	if where != "" {
		if err := s.exec(ctx, "DELETE FROM "+table+" WHERE "+where); err != nil {
			return err
		}
		if err := s.Published(ctx); err != nil {
			return err
		}
	}
	for _, q := range scanQueries {
		sql := q.sql + table
		if q.name == "by group" {
			sql += " GROUP BY grp"
		}
		calls := make([][]any, 1+scanRuns)
		took, err := s.Repeat(ctx, sql, calls)
		if err != nil {
			return err
		}
		s.add(scanGroup, q.name+": "+state, milliseconds, inMilliseconds(took[1:])...)
	}
	if err := s.checkQuery(ctx, "reading by group with "+state, "SELECT grp, count(*), sum(n), CAST(sum(v) * 8 AS bigint) FROM "+table+" GROUP BY grp ORDER BY grp"); err != nil {
		return err
	}
	return s.check(ctx, "reading with "+state, table)
}

func inMilliseconds(took []time.Duration) (out []float64) {
	for _, t := range took {
		out = append(out, ms(t))
	}
	return out
}
