package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// The tables. Each is loaded, measured, and then used for the next measurements.
const (
	plain        = "plain"         // without a key, in the order of keys and times
	plainRandom  = "plain_random"  // without a key, keys in random order
	keyed        = "keyed"         // with a key, in its order
	keyedRandom  = "keyed_random"  // with a key, in random order
	loadingGroup = "Loading"       // of figures
	primaryKey   = "PRIMARY KEY"   // of columns
	withoutKey   = "NOT NULL"      // of columns
	changesTable = "changes_to_do" // what MERGE reads
	largeTable   = "large"
)

// loads loads the tables.
func (s *session) loads(ctx context.Context) error {
	for _, t := range []struct {
		table, name, key string
		order            order
	}{
		{plain, "without a key, ascending", withoutKey, ascending},
		{plainRandom, "without a key, random order", withoutKey, random},
		{keyed, "with a primary key, ascending", primaryKey, ascending},
		{keyedRandom, "with a primary key, random order", primaryKey, random},
	} {
		if err := s.exec(ctx, "CREATE TABLE "+t.table+" "+fmt.Sprintf(columns, t.key)); err != nil {
			return err
		}
		took, err := s.Load(ctx, t.table, s.files[t.order])
		if err != nil {
			return fmt.Errorf("%s: %w", t.table, err)
		}
		s.add(loadingGroup, t.name, rowsASecond, float64(s.rows)/took.Seconds())
		if err := s.Settle(ctx, t.table); err != nil {
			return err
		}
		rows, err := s.Query(ctx, "SELECT count(*) FROM "+t.table)
		if err != nil {
			return err
		}
		if rows[0][0] != strconv.Itoa(s.rows) {
			return fmt.Errorf("%s rows are in %s, %d were sent", rows[0][0], t.table, s.rows)
		}
		if err := s.check(ctx, "loading "+strings.ReplaceAll(t.table, "_", " "), t.table); err != nil {
			return err
		}
	}
	return nil
}
