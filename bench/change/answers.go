package main

import (
	"context"
	"fmt"
	"strings"
)

// answer is what a system says of a table after a change.
type answer struct {
	after string
	rows  string
}

// summary is as many rows, sums, ends and products of columns as tell tables apart whose rows differ anywhere. All of it is exact: values of v are
// multiples of 1/8.
const summary = `SELECT count(*), sum(id), sum(grp), sum(n), CAST(sum(v) * 8 AS bigint), CAST(min(ts) AS date), CAST(max(ts) AS date), min(tag), max(tag), sum(length(words)),
	sum((id % 1000003) * (n % 1009)), sum((id % 1009) * grp), CAST(sum(v * (id % 127)) * 8 AS bigint), sum(length(tag) * (id % 17)), min(words), max(words) FROM `

// check keeps what the system says of a table, to be compared with the others.
func (s *session) check(ctx context.Context, after, table string) error {
	return s.checkQuery(ctx, after, summary+table)
}

func (s *session) checkQuery(ctx context.Context, after, sql string) error {
	rows, err := s.Query(ctx, sql)
	if err != nil {
		return fmt.Errorf("%.200s: %w", sql, err)
	}
	var lines []string
	for _, r := range rows {
		lines = append(lines, strings.Join(r, "|"))
	}
	s.out.answers = append(s.out.answers, answer{after, strings.Join(lines, "\n")})
	return nil
}

// sameAnswers is an error if two systems do not say the same. The second may lack what it has no way to do.
func sameAnswers(a, b *result) error {
	all := map[string]string{}
	for _, x := range a.answers {
		all[x.after] = x.rows
	}
	for _, got := range b.answers {
		if want, asked := all[got.after]; !asked || got.rows != want {
			return fmt.Errorf("after %s the answers are not the same:\n%s: %s\n%s: %s", got.after, a.Name, want, b.Name, got.rows)
		}
	}
	return nil
}
