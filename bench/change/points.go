package main

import (
	"context"
	"time"
)

// stride goes through the rows of a table without meeting one twice: it is a prime, and no size of a table that somebody asks for is a multiple of it.
const stride = 7_368_787

// existing is the key of the i-th of the rows that are changed.
func (c *contest) existing(o order, i int) int64 {
	return o.key(int(int64(i) * stride % int64(c.rows)))
}

// points changes single rows by their keys.
func (s *session) points(ctx context.Context) error {
	const group = "Single rows by key"
	next := 0
	for _, kind := range []struct {
		name, sql string
		args      func(id int64, i int) []any
	}{
		{"UPDATE", "UPDATE " + keyedRandom + " SET n = n + $1, v = v + $2 WHERE id = $3", func(id int64, i int) []any { return []any{int64(i % 1000), float64(i%64) / 8, id} }},
		{"DELETE", "DELETE FROM " + keyedRandom + " WHERE id = $1", func(id int64, _ int) []any { return []any{id} }},
	} {
		var rounds [][]time.Duration
		for range s.rounds {
			var calls [][]any
			for range s.calls {
				calls = append(calls, kind.args(s.existing(random, next), next))
				next++
			}
			took, err := s.Repeat(ctx, kind.sql, calls)
			if err != nil {
				return err
			}
			rounds = append(rounds, took)
		}
		s.addTimings(group, kind.name, rounds)
		if err := s.check(ctx, kind.name+" by key", keyedRandom); err != nil {
			return err
		}
	}
	return s.Settle(ctx, keyedRandom)
}
