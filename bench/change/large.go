package main

import (
	"context"
	"fmt"
)

// largeStep is how many rows of the large table are made by a statement.
const largeStep = 5_000_000

// deletesLarge deletes a hundredth of the rows of a table of ten times as many, which lie anywhere in it.
func (s *session) deletesLarge(ctx context.Context) error {
	if s.large == 0 {
		return nil
	}
	group := fmt.Sprintf("A hundredth of a table %d times as large", s.large/s.rows)
	if err := s.exec(ctx, "CREATE TABLE "+largeTable+" (id bigint NOT NULL, grp integer NOT NULL, v double precision NOT NULL)"); err != nil {
		return err
	}
	for from := 0; from < s.large; from += largeStep {
		err := s.exec(ctx, fmt.Sprintf("INSERT INTO %s SELECT g, CAST((g * 2654435761) %% 1000003 %% 100 AS integer), CAST(g %% 4096 AS double precision) / 8 FROM generate_series(%d, %d) AS s(g)",
			largeTable, from+1, min(from+largeStep, s.large)))
		if err != nil {
			return err
		}
	}
	if err := s.Settle(ctx, largeTable); err != nil {
		return err
	}
	before, err := s.Written()
	if err != nil {
		return err
	}
	took, err := s.Exec(ctx, "DELETE FROM "+largeTable+" WHERE grp = 7")
	if err != nil {
		return err
	}
	if err := s.Published(ctx); err != nil {
		return err
	}
	after, err := s.Written()
	if err != nil {
		return err
	}
	s.add(group, "DELETE by a predicate", seconds, took.Seconds())
	s.add(group, "DELETE by a predicate, written", megabytes, float64(after-before)/1e6)
	return s.checkQuery(ctx, "DELETE from the large table", "SELECT count(*), sum(id), sum(grp), CAST(sum(v) * 8 AS bigint) FROM "+largeTable)
}
