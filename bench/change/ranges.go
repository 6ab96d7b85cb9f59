package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ranges changes a hundredth of the rows at a time: rows that follow each other in time, and rows that are anywhere.
func (s *session) ranges(ctx context.Context) error {
	const group = "A hundredth of the rows"
	if _, err := s.Index(ctx, "keyed_ts", keyed, "brin", "ts"); err != nil && !errors.Is(err, errNoIndex) {
		return err
	}
	for _, kind := range []struct {
		name, sql string
		where     func(round int) string
	}{
		{"UPDATE of a range of time", "UPDATE " + keyed + " SET n = n + 1, v = v + 0.5", func(round int) string { return s.between(10+round, 1) }},
		{"UPDATE by a predicate", "UPDATE " + keyed + " SET n = n + 1, v = v + 0.5", func(round int) string { return fmt.Sprintf("grp = %d", 10+round) }},
		{"DELETE of a range of time", "DELETE FROM " + keyed, func(round int) string { return s.between(50+round, 1) }},
		{"DELETE by a predicate", "DELETE FROM " + keyed, func(round int) string { return fmt.Sprintf("grp = %d", 50+round) }},
	} {
		if err := s.timed(ctx, group, kind.name, func(round int) string { return kind.sql + " WHERE " + kind.where(round) }); err != nil {
			return err
		}
		if err := s.check(ctx, kind.name, keyed); err != nil {
			return err
		}
		if err := s.Settle(ctx, keyed); err != nil {
			return err
		}
	}
	return s.exec(ctx, "DROP TABLE "+keyed)
}

// between is the condition on the times of some hundredths of the rows as they were loaded.
func (c *contest) between(hundredth, n int) string {
	at := func(h int) string {
		return start2025.Add(time.Duration(int64(c.rows)*int64(h)/100) * time.Second).Format("2006-01-02 15:04:05+00")
	}
	return "ts >= '" + at(hundredth) + "' AND ts < '" + at(hundredth+n) + "'"
}
