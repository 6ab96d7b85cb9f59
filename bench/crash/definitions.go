package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/automatanexus/aegis-db/bench/history"
	"github.com/automatanexus/aegis-db/bench/server"
)

// What definitions promise over kills: ALTER TABLE and CREATE INDEX are there as a whole or not at all, also those of a transaction that writes rows, and rows
// are read under whatever shape the table has. Of each table one client changes the shape while others insert, update and delete; then the server is
// killed, and the shape and all rows are held against what was answered, with indexes and without.

// definedTable is a table under changes.
type definedTable struct {
	name, create string
	timed        bool
	shape        *shape
	doubt        *definition // sent, and the answer never came
	began        int64       // of it
	definer      *definer
	rows         []*changedRows // the first are the definer's own
}

const clientsPerTable = 2

func (h *Definitions) newTables() []*definedTable {
	var out []*definedTable
	for i, t := range []definedTable{
		{name: "defined", create: "CREATE TABLE defined (k bigint, v bigint, note text)"},
		{
			name: "dated", timed: true,
			create: "CREATE TABLE dated (ts timestamptz, host text, k bigint, v bigint, note text) WITH (time_column = ts, tags = (host), partition_interval = '1 day')",
		},
		{name: "keyed", create: "CREATE TABLE keyed (k bigint PRIMARY KEY, v bigint, note text)"},
	} {
		t.shape = &shape{indexes: map[string]string{}}
		t.definer = &definer{rand: rand.New(rand.NewPCG(h.rand.Uint64(), uint64(i))), table: t.name}
		for w := range clientsPerTable + 1 {
			t.rows = append(t.rows, newChangedRows(int64(w), rand.New(rand.NewPCG(h.rand.Uint64(), uint64(w)))))
		}
		out = append(out, &t)
	}
	return out
}

// Definitions is one data folder under definitions and kills.
type Definitions struct {
	o      Options
	dir    string
	rand   *rand.Rand
	clock  atomic.Int64
	tables []*definedTable

	mu     sync.Mutex
	Totals DefinitionTotals
}

// DefinitionTotals is what a run went through.
type DefinitionTotals struct {
	Rounds, Changes, Blocks, Refused, InDoubt, InDoubtDone, Statements, StatementsInDoubt, Asked, KilledStarting, Files int
	IndexScans                                                                                                          int64
}

// NewDefinitions makes a harness.
func NewDefinitions(o Options) *Definitions {
	return &Definitions{o: o, rand: rand.New(rand.NewPCG(o.Seed, 3))}
}

// Run works, kills and checks so many times.
func (h *Definitions) Run(ctx context.Context, rounds int) error {
	if err := inRounds(ctx, rounds, h.o.Seed, h.begin, h.round, &h.Totals.Rounds); err != nil {
		return err
	}
	return h.finish(ctx)
}

func (h *Definitions) options() server.Options {
	return server.Options{Binary: h.o.Binary, Dir: h.dir, Args: append([]string{"--pg", "127.0.0.1:0", "--history", "0s"}, busy...)}
}

func (h *Definitions) begin(ctx context.Context) error {
	if h.dir != "" {
		if err := h.finish(ctx); err != nil {
			return err
		}
	}
	var err error
	if h.dir, err = freshFolder(h.o.Dir, h.dir); err != nil {
		return err
	}
	h.tables = h.newTables()
	s, err := server.Start(ctx, h.options())
	if err != nil {
		return err
	}
	defer s.Kill()
	for _, t := range h.tables {
		own := t.rows[0]
		first := &rowChange{kind: "INSERT", began: h.clock.Add(1)}
		for ; own.keys < 200; own.keys++ { // no rule that these break is ever taken
			first.keys = append(first.keys, own.keys)
		}
		for _, sql := range []string{t.create, own.sql(t.name, t.timed, first)} {
			if _, err := s.Query(ctx, sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		own.took(first, h.clock.Add(1))
	}
	return nil
}

func (h *Definitions) round(ctx context.Context) error {
	s, err := server.Start(ctx, h.options())
	if err != nil {
		return err
	}
	defer s.Kill()
	if err := h.work(ctx, s); err != nil {
		return err
	}
	if h.rand.IntN(3) == 0 {
		if err := killStarting(ctx, h.options(), time.Duration(h.rand.IntN(250))*time.Millisecond); err != nil {
			return err
		}
		h.Totals.KilledStarting++
	}
	if s, err = server.Start(ctx, h.options()); err != nil {
		return fmt.Errorf("start after a kill: %w", err)
	}
	defer s.Kill()
	if err := h.check(ctx, s, "after the start"); err != nil {
		return err
	}
	if h.rand.IntN(4) == 0 {
		time.Sleep(500 * time.Millisecond) // what was replayed is flushed and merged, and indexes are built
		return h.check(ctx, s, "after flush and compaction")
	}
	return nil
}

// work lets all clients work until the server is killed.
func (h *Definitions) work(ctx context.Context, s *server.Server) error {
	url, err := s.PostgresURL()
	if err != nil {
		return err
	}
	var ending atomic.Bool
	var all sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	run := func(f func() error) {
		all.Go(func() {
			if err := f(); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	for _, t := range h.tables {
		run(func() error { return h.define(ctx, url, t, &ending) })
		for _, rows := range t.rows[1:] {
			run(func() error { return h.write(ctx, s, t, rows, &ending) })
		}
	}
	time.Sleep(time.Duration(50+h.rand.IntN(900)) * time.Millisecond)
	ending.Store(true)
	s.Kill()
	all.Wait()
	return errors.Join(errs...)
}

// write inserts, updates and deletes until the server is gone.
func (h *Definitions) write(ctx context.Context, s *server.Server, t *definedTable, rows *changedRows, ending *atomic.Bool) error {
	for {
		c := rows.draw(h.clock.Add(1))
		rows.doubt = c
		sql := rows.sql(t.name, t.timed, c)
		answer, err := s.Query(ctx, sql)
		var refused *server.QueryError
		conflict := errors.As(err, &refused) && refused.SQLState == "40001"
		switch what := verdict(err); {
		case what == took && answer.Affected != int64(len(c.keys)):
			return fmt.Errorf("%.300s: %d of %d rows", sql, answer.Affected, len(c.keys))
		case what == took:
			rows.took(c, h.clock.Add(1))
			h.count(func(n *DefinitionTotals) { n.Statements++ })
		case what == pushedBack || conflict:
			rows.doubt = nil
			time.Sleep(10 * time.Millisecond)
		case what == wrong:
			return fmt.Errorf("%.300s: %w; the server printed:\n%s", sql, err, s.Printed())
		case !ending.Load():
			return fmt.Errorf("%.300s: no answer, and nobody killed the server: %w", sql, err)
		default:
			return nil
		}
	}
}

func (h *Definitions) count(f func(*DefinitionTotals)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(&h.Totals)
}

// define changes the shape of a table until the server is gone.
func (h *Definitions) define(ctx context.Context, url string, t *definedTable, ending *atomic.Bool) error {
	c, err := pgx.Connect(ctx, url+"?sslmode=disable&user=me&default_query_exec_mode=simple_protocol")
	if err != nil {
		if ending.Load() {
			return nil
		}
		return err
	}
	defer func() { _ = c.Close(context.Background()) }()
	for {
		t.began = h.clock.Add(1)
		d := t.definer.draw(t.shape, t.began)
		own := t.rows[0]
		t.doubt = d
		var err error
		outcome := history.Unknown
		block := !d.alone && t.definer.rand.IntN(3) == 0
		if block {
			own.doubt = own.draw(t.began)
			outcome, err = h.together(ctx, c, d.sql, own.sql(t.name, t.timed, own.doubt))
		} else {
			outcome, err = alone(ctx, c, d.sql)
		}
		var refused *pgconn.PgError
		switch {
		case outcome == history.Committed && d.never:
			return fmt.Errorf("%s: it is done", d.sql)
		case outcome == history.Committed:
			now := h.clock.Add(1)
			d.next.acknowledge(t.began, now)
			t.shape, t.doubt = d.next, nil
			if block {
				own.took(own.doubt, now)
			}
			h.count(func(n *DefinitionTotals) {
				n.Changes++
				if block {
					n.Blocks++
				}
			})
		case errors.As(err, &refused) && !strings.HasPrefix(refused.Code, "57P"):
			if refused.Code != "40001" && !strings.HasPrefix(refused.Code, "53") && !slices.Contains(d.refusals, refused.Code) {
				return fmt.Errorf("%s: %w", d.sql, err)
			}
			t.doubt, own.doubt = nil, nil
			h.count(func(n *DefinitionTotals) { n.Refused++ })
		case ending.Load():
			return nil
		default:
			return fmt.Errorf("%s: no answer, and nobody killed the server: %w", d.sql, err)
		}
	}
}

// alone runs a statement by itself and says what came of it.
func alone(ctx context.Context, c *pgx.Conn, sql string) (history.Outcome, error) {
	_, err := c.Exec(ctx, sql)
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return history.Committed, nil
	case errors.As(err, &refused) && !strings.HasPrefix(refused.Code, "57P"):
		return history.Aborted, err
	}
	return history.Unknown, err
}

// together runs a definition and a change of rows in one transaction, in either order.
func (h *Definitions) together(ctx context.Context, c *pgx.Conn, statements ...string) (history.Outcome, error) {
	tx, err := c.Begin(ctx)
	if err != nil {
		return history.Aborted, err
	}
	for _, sql := range statements {
		if err == nil {
			_, err = tx.Exec(ctx, sql)
		}
	}
	return commit(ctx, tx, err)
}
