//go:build linux

package oracletest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/query"
	"github.com/automatanexus/aegis-db/query/opt"
)

// changeLayouts are the ways to keep rows that are changed. Between statements some of them flush, or flush and merge, so that later statements find rows in the
// head, in segments, in merged segments, and dead ones in all of these.
var changeLayouts = []struct {
	name    string
	options string // of tables with columns host and ts
	between func(ctx context.Context, db *aegis.DB, n int) error
	tuning  query.Tuning
}{
	{name: "plain table, head"},
	{name: "plain table, a segment a statement", between: func(ctx context.Context, db *aegis.DB, _ int) error { return db.Flush(ctx) }},
	{name: "time and tags, head", options: " WITH (time_column = ts, tags = (host))"},
	{name: "time and tags, merged", options: " WITH (time_column = ts, tags = (host), partition_interval = '1 day')", between: func(ctx context.Context, db *aegis.DB, n int) error {
		if n%3 > 0 {
			return db.Flush(ctx)
		}
		return errors.Join(db.Flush(ctx), db.Compact(ctx))
	}},
	{name: "time and tags, both, one worker, tiny batches, no rules", options: " WITH (time_column = ts, tags = (host))", between: func(ctx context.Context, db *aegis.DB, n int) error {
		if n%4 > 0 {
			return nil
		}
		return db.Flush(ctx)
	}, tuning: query.Tuning{Workers: 1, BatchRows: 3, Plain: true, RulesOff: allRules()}},
}

// TestChanges compares statements that change rows with PostgreSQL.
func TestChanges(t *testing.T) {
	pg := startPostgres(t)
	s := &sides{postgres: pg}
	for _, l := range changeLayouts {
		db := openAegis(t)
		session := db.NewSession("")
		session.Tuning = l.tuning
		s.variants = append(s.variants, variant{l.name, db, session})
	}
	t.Run("scripts", func(t *testing.T) { changeScripts(t, s) })
	t.Run("random", func(t *testing.T) { randomChanges(t, s) })
}

// TestBlocks does so inside of transactions.
func TestBlocks(t *testing.T) {
	pg := startPostgres(t)
	s := &sides{postgres: pg}
	for _, l := range changeLayouts {
		db := openAegis(t)
		session := db.NewSession("")
		session.Blocks, session.Tuning = true, l.tuning
		t.Cleanup(session.Close)
		s.variants = append(s.variants, variant{l.name, db, session})
	}
	files, err := filepath.Glob("testdata/blocks/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	for _, file := range files {
		for i, text := range readScript(t, file) {
			s.change(t, text, i)
		}
	}
}

// changeScripts runs testdata/changes/*.sql, a table's options depending on the layout. Command tags are compared, too.
func changeScripts(t *testing.T, s *sides) {
	files, err := filepath.Glob("testdata/changes/*.sql")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	total := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sql"), func(t *testing.T) {
			for i, text := range readScript(t, file) {
				total++
				s.change(t, text, i)
			}
		})
	}
	t.Logf("%d statements on %d layouts", total, len(s.variants))
}

// change runs one statement of a script on PostgreSQL and on all layouts.
func (s *sides) change(t *testing.T, text string, n int) {
	t.Helper()
	want := askPostgres(s.postgres, text)
	c := comparison{ordered: orderBy.MatchString(text), near: inexact.MatchString(text)}
	for i, v := range s.variants {
		got := askAegis(v.session, s.laidOut(text, i))
		if got.state != "" {
			v.session.Fail() // as whoever speaks a protocol does
		}
		why := c.differ(want, got)
		if why == "" && want.tag != got.tag && !strings.HasPrefix(want.tag, "SELECT") {
			why = fmt.Sprintf("the tag is %q, in PostgreSQL %q", got.tag, want.tag)
		}
		if why != "" {
			t.Errorf("%s\n    %s (%s)", text, why, v.name)
			return
		}
		if between := changeLayouts[i].between; between != nil && want.state == "" {
			if err := between(context.Background(), v.db, n); err != nil {
				t.Fatalf("%s: %v", v.name, err)
			}
		}
	}
}

var (
	hasTimeAndHost = regexp.MustCompile(`(?s)^CREATE TABLE.*\bts timestamptz NOT NULL.*\bhost text`)
	itsKey         = regexp.MustCompile(`(?s), PRIMARY KEY (\([^)]*\))\)$`)
)

// laidOut gives CREATE TABLE the options of a layout.
func (s *sides) laidOut(text string, layout int) string {
	options := changeLayouts[layout].options
	if !hasTimeAndHost.MatchString(text) {
		options = ""
	}
	key := itsKey.FindStringSubmatch(text)
	// Every other layout has a unique_key in the place of a primary key, where no other key is beside it.
	if key == nil || layout%2 == 0 || !strings.HasPrefix(text, "CREATE TABLE") || strings.Contains(text, "UNIQUE") {
		return text + options
	}
	text = strings.TrimSuffix(text, key[0]) + ")"
	if options == "" {
		return text + " WITH (unique_key = " + key[1] + ")"
	}
	return text + strings.TrimSuffix(options, ")") + ", unique_key = " + key[1] + ")"
}

// allRules names every rule of the optimizer.
func allRules() map[string]bool {
	out := map[string]bool{}
	for _, r := range opt.Rules() {
		out[r.Name] = true
	}
	return out
}
