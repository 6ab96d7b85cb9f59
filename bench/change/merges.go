package main

import (
	"context"
	"fmt"
)

// merges applies tables of a hundredth of the rows: half of their rows are new, a few say that a row ends.
func (s *session) merges(ctx context.Context) error {
	var tables []string
	for round := range s.rounds {
		table := fmt.Sprintf("%s_%d", changesTable, round)
		tables = append(tables, table)
		err := s.exec(ctx, fmt.Sprintf("CREATE TABLE %s AS SELECT CASE WHEN n %% 2 = 0 THEN id ELSE id + %d END AS id, ts, grp, n, v, tag, words FROM %s WHERE tag >= 'tag-0%02d0' AND tag < 'tag-0%02d0'",
			table, 10_000_000_000*int64(round+1), keyedRandom, 10+round, 11+round))
		if err != nil {
			return err
		}
	}
	if err := s.Settle(ctx, tables...); err != nil {
		return err
	}
	err := s.timed(ctx, "MERGE", "of a hundredth of the rows", func(round int) string {
		return "MERGE INTO " + keyedRandom + " AS t USING " + tables[round] + " AS s ON t.id = s.id WHEN MATCHED AND s.grp < 10 THEN DELETE WHEN MATCHED THEN UPDATE SET n = s.n + 1, v = t.v + 1 " +
			"WHEN NOT MATCHED THEN INSERT (id, ts, grp, n, v, tag, words) VALUES (s.id, s.ts, s.grp, s.n, s.v, s.tag, s.words)"
	})
	if err != nil {
		return err
	}
	if err := s.check(ctx, "MERGE", keyedRandom); err != nil {
		return err
	}
	for _, t := range append(tables, keyedRandom) {
		if err := s.exec(ctx, "DROP TABLE "+t); err != nil {
			return err
		}
	}
	return s.Settle(ctx)
}
