package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/automatanexus/aegis-db/bench/measure"
)

// lookUps asks for rows of the keyed table by other columns than its key, without and with indexes.
func (s *session) lookUps(ctx context.Context) error {
	const group = "Looking up rows"
	row := func(i int) row { return ascending.number(int(int64(i) * stride % int64(s.rows))) }
	for _, kind := range []struct {
		name, method, columns string
		sql                   string
		args                  func(i int) []any
	}{
		{"a number, btree", "btree", "n", "n = $1", func(i int) []any { return []any{row(i).n} }},
		{"a number, bloom", "bloom", "n", "n = $1", func(i int) []any { return []any{row(i).n} }},
		{"a group and a tag, bitmap", "bitmap", "grp, tag", "grp = $1 AND tag = $2", func(i int) []any { return []any{row(i).grp, row(i).tag} }},
		{"a word in a text, gin", "gin", "words gin_trgm_ops", "words LIKE $1", func(i int) []any { return []any{"%" + code(mixed(int(int64(i)*stride%int64(s.rows)))) + "%"} }},
	} {
		sql := "SELECT count(*), sum(v) FROM " + keyed + " WHERE " + kind.sql
		if kind.method != "bloom" { // without an index it is the question before
			if err := s.lookUp(ctx, group, kind.name+": no index", sql, 3, kind.args); err != nil {
				return err
			}
		}
		name := "keyed_" + kind.method
		took, err := s.Index(ctx, name, keyed, kind.method, kind.columns)
		if errors.Is(err, errNoIndex) {
			continue
		}
		if err != nil {
			return err
		}
		s.add(group, kind.name+": making the index", seconds, took.Seconds())
		if err := s.lookUp(ctx, group, kind.name+": index", sql, s.calls/2, kind.args); err != nil {
			return err
		}
		if err := s.DropIndex(ctx, name, kind.method); err != nil {
			return err
		}
	}
	return nil
}

// lookUp measures the median of some look-ups in each round, and keeps one answer.
func (s *session) lookUp(ctx context.Context, group, name, sql string, n int, args func(i int) []any) error {
	if err := s.checkQuery(ctx, name, withArguments(sql, args(1))); err != nil {
		return err
	}
	var medians []float64
	for round := range s.rounds {
		var calls [][]any
		for i := range n {
			calls = append(calls, args(round*n+i))
		}
		took, err := s.Repeat(ctx, sql, calls)
		if err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
		medians = append(medians, measure.NewTiming(took).P50)
	}
	s.add(group, name, milliseconds, medians...)
	return nil
}

// withArguments puts values in the places of a statement's parameters.
func withArguments(sql string, args []any) string {
	for i, v := range args {
		sql = strings.Replace(sql, fmt.Sprintf("$%d", i+1), literals([]any{v}), 1)
	}
	return sql
}
