package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/automatanexus/aegis-db/bench/history"
	"github.com/automatanexus/aegis-db/bench/server"
)

// What transactions of several statements promise over kills: all of one or nothing, over tables and over the catalog, and snapshots. Clients over PostgreSQL's
// protocol move money between accounts and write each move down in another table, make tables together with a row elsewhere that says so, and append to lists
// whose history is checked; then the server is killed, and what is there is held against what was answered.

const (
	accounts     = 8
	lists        = 5
	firstBalance = 1000
	sessions     = 4
)

// kinds are the levels that lists are read and appended to at, each with a table of its own.
var kinds = [2]struct {
	table string
	iso   pgx.TxIsoLevel
	level history.Level
}{{"list", pgx.RepeatableRead, history.Snapshot}, {"listed", pgx.ReadCommitted, history.ReadCommitted}}

// Transactions is one data folder under transactions and kills.
type Transactions struct {
	o      Options
	dir    string
	rand   *rand.Rand
	began  time.Time
	number atomic.Int64 // of transfers, tables and values

	mu      sync.Mutex
	history [2][]history.Txn          // by kind
	moves   map[int64]history.Outcome // transfers, by number
	tables  map[int64]history.Outcome

	Totals TransactionTotals
}

// TransactionTotals is what a run went through.
type TransactionTotals struct{ Rounds, Committed, Refused, InDoubt, InDoubtKept int }

// NewTransactions makes a harness.
func NewTransactions(o Options) *Transactions {
	return &Transactions{o: o, rand: rand.New(rand.NewPCG(o.Seed, 2)), began: time.Now()}
}

// Run works, kills and checks so many times.
func (h *Transactions) Run(ctx context.Context, rounds int) error {
	return inRounds(ctx, rounds, h.o.Seed, h.begin, h.round, &h.Totals.Rounds)
}

func (h *Transactions) begin(ctx context.Context) error {
	var err error
	if h.dir, err = freshFolder(h.o.Dir, h.dir); err != nil {
		return err
	}
	h.history, h.moves, h.tables = [2][]history.Txn{}, map[int64]history.Outcome{}, map[int64]history.Outcome{}
	s, err := h.start(ctx)
	if err != nil {
		return err
	}
	defer s.Kill()
	for _, sql := range []string{
		"CREATE TABLE account (id bigint, balance bigint)", "CREATE TABLE move (number bigint, account bigint, amount bigint)",
		"CREATE TABLE made (number bigint)", "CREATE TABLE list (k bigint, elements text)", "CREATE TABLE listed (k bigint, elements text)",
		fmt.Sprintf("INSERT INTO account SELECT g, %d FROM generate_series(1, %d) AS g", firstBalance, accounts),
		fmt.Sprintf("INSERT INTO list SELECT g, '' FROM generate_series(1, %d) AS g", lists),
		fmt.Sprintf("INSERT INTO listed SELECT g, '' FROM generate_series(1, %d) AS g", lists),
	} {
		if _, err := s.Query(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

func (h *Transactions) start(ctx context.Context) (*server.Server, error) {
	return server.Start(ctx, server.Options{Binary: h.o.Binary, Dir: h.dir, Args: append([]string{"--pg", "127.0.0.1:0"}, busy...)})
}

func (h *Transactions) round(ctx context.Context) error {
	s, err := h.start(ctx)
	if err != nil {
		return err
	}
	defer s.Kill()
	url, err := s.PostgresURL()
	if err != nil {
		return err
	}
	var ending atomic.Bool
	var all sync.WaitGroup
	errs := make([]error, sessions)
	for i := range errs {
		r := rand.New(rand.NewPCG(h.rand.Uint64(), uint64(i)))
		all.Go(func() { errs[i] = h.work(ctx, url, r, &ending) })
	}
	time.Sleep(time.Duration(50+h.rand.IntN(900)) * time.Millisecond)
	ending.Store(true)
	s.Kill()
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if s, err = h.start(ctx); err != nil {
		return fmt.Errorf("start after a kill: %w", err)
	}
	defer s.Kill()
	return h.check(ctx, s)
}

// work runs transactions until the server is gone.
func (h *Transactions) work(ctx context.Context, url string, r *rand.Rand, ending *atomic.Bool) error {
	c, err := pgx.Connect(ctx, url+"?sslmode=disable&user=me")
	if err != nil {
		if ending.Load() {
			return nil
		}
		return err
	}
	defer func() { _ = c.Close(context.Background()) }()
	for {
		var err error
		switch n := r.IntN(20); {
		case n == 0:
			err = h.makeTable(ctx, c)
		case n < 8:
			err = h.transfer(ctx, c, r)
		default:
			err = h.lists(ctx, c, r)
		}
		var refused *pgconn.PgError
		switch {
		case err == nil:
		case errors.As(err, &refused) && (refused.Code == "40001" || strings.HasPrefix(refused.Code, "53")):
		case refused != nil && refused.Code[:3] != "57P":
			return err
		case ending.Load():
			return nil
		default:
			return fmt.Errorf("no answer, and nobody killed the server: %w", err)
		}
		if c.IsClosed() {
			return nil
		}
	}
}

// commit ends a transaction and says what came of it.
func commit(ctx context.Context, tx pgx.Tx, err error) (history.Outcome, error) {
	if err != nil {
		_ = tx.Rollback(ctx) // or the connection is gone, and with it the transaction
		return history.Aborted, err
	}
	err = tx.Commit(ctx)
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return history.Committed, nil
	case errors.As(err, &refused), errors.Is(err, pgx.ErrTxCommitRollback):
		return history.Aborted, err
	}
	return history.Unknown, err
}

func (h *Transactions) note(into map[int64]history.Outcome, number int64, o history.Outcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	into[number] = o
	h.countLocked(o)
}

func (h *Transactions) countLocked(o history.Outcome) {
	switch o {
	case history.Committed:
		h.Totals.Committed++
	case history.Aborted:
		h.Totals.Refused++
	case history.Unknown:
		h.Totals.InDoubt++
	}
}

// transfer moves money and writes it down.
func (h *Transactions) transfer(ctx context.Context, c *pgx.Conn, r *rand.Rand) error {
	number, amount := h.number.Add(1), 1+r.Int64N(9)
	from := 1 + r.Int64N(accounts)
	to := 1 + (from+r.Int64N(accounts-1))%accounts
	tx, err := c.Begin(ctx)
	if err != nil {
		return err
	}
	for account, change := range map[int64]int64{from: -amount, to: amount} {
		if err == nil {
			_, err = tx.Exec(ctx, "UPDATE account SET balance = balance + $1 WHERE id = $2", change, account)
		}
		if err == nil {
			_, err = tx.Exec(ctx, "INSERT INTO move VALUES ($1, $2, $3)", number, account, change)
		}
	}
	outcome, err := commit(ctx, tx, err)
	h.note(h.moves, number, outcome)
	return err
}

// makeTable makes a table with a row in it, and says so elsewhere.
func (h *Transactions) makeTable(ctx context.Context, c *pgx.Conn) error {
	number := h.number.Add(1)
	tx, err := c.Begin(ctx)
	if err != nil {
		return err
	}
	for _, sql := range []string{
		fmt.Sprintf("CREATE TABLE made_%d (n bigint)", number), fmt.Sprintf("INSERT INTO made VALUES (%d)", number),
		fmt.Sprintf("INSERT INTO made_%d VALUES (%d)", number, number),
	} {
		if err == nil {
			_, err = tx.Exec(ctx, sql)
		}
	}
	outcome, err := commit(ctx, tx, err)
	h.note(h.tables, number, outcome)
	return err
}

// lists reads and appends.
func (h *Transactions) lists(ctx context.Context, c *pgx.Conn, r *rand.Rand) error {
	txn, k := history.Txn{Started: int64(time.Since(h.began))}, r.IntN(len(kinds))
	table := kinds[k].table
	tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: kinds[k].iso})
	if err != nil {
		return err
	}
	for range 1 + r.IntN(4) {
		op := history.Op{Key: 1 + r.IntN(lists)}
		if r.IntN(2) == 0 {
			op.Append = int(h.number.Add(1))
			_, err = tx.Exec(ctx, "UPDATE "+table+" SET elements = elements || $1 WHERE k = $2", strconv.Itoa(op.Append)+",", op.Key)
		} else {
			var text string
			if err = tx.QueryRow(ctx, "SELECT elements FROM "+table+" WHERE k = $1", op.Key).Scan(&text); err == nil {
				op.List = elements(text)
			}
		}
		if err != nil {
			break
		}
		txn.Ops = append(txn.Ops, op)
	}
	txn.Outcome, err = commit(ctx, tx, err)
	txn.Ended = int64(time.Since(h.began))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.history[k] = append(h.history[k], txn)
	h.countLocked(txn.Outcome)
	return err
}

func elements(text string) []int {
	var out []int
	for part := range strings.SplitSeq(strings.TrimSuffix(text, ","), ",") {
		if n, err := strconv.Atoi(part); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// check holds what is there against what was answered.
func (h *Transactions) check(ctx context.Context, s *server.Server) error {
	url, err := s.PostgresURL()
	if err != nil {
		return err
	}
	c, err := pgx.Connect(ctx, url+"?sslmode=disable&user=me")
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.Background()) }()
	var problems []string
	for _, f := range []func(context.Context, *pgx.Conn) ([]string, error){h.checkMoves, h.checkTables, h.checkLists} {
		found, err := f(ctx, c)
		if err != nil {
			return fmt.Errorf("%w; the server printed:\n%s", err, s.Printed())
		}
		problems = append(problems, found...)
	}
	if len(problems) > 0 {
		return fmt.Errorf("the data in %s is wrong:\n%s", h.dir, strings.Join(problems, "\n"))
	}
	return nil
}

func (h *Transactions) checkMoves(ctx context.Context, c *pgx.Conn) (problems []string, err error) {
	var wrong, total int64
	err = c.QueryRow(ctx, `SELECT count(*) FILTER (WHERE balance <> $1 + coalesce((SELECT sum(amount) FROM move WHERE account = id), 0)), sum(balance)::bigint
		FROM account`, firstBalance).Scan(&wrong, &total)
	if err != nil {
		return nil, err
	}
	if wrong > 0 || total != accounts*firstBalance {
		problems = append(problems, fmt.Sprintf("%d accounts differ from their moves; the sum of all is %d", wrong, total))
	}
	rows, err := c.Query(ctx, "SELECT number, count(*), sum(amount)::bigint FROM move GROUP BY number")
	if err != nil {
		return nil, err
	}
	there := map[int64]bool{}
	var number, count, sum int64
	_, err = pgx.ForEachRow(rows, []any{&number, &count, &sum}, func() error {
		there[number] = true
		if count != 2 || sum != 0 {
			problems = append(problems, fmt.Sprintf("move %d has %d rows, of %d in all", number, count, sum))
		}
		return nil
	})
	return append(problems, h.held("move", h.moves, there)...), err
}

// held holds what is there against the outcomes.
func (h *Transactions) held(what string, known map[int64]history.Outcome, there map[int64]bool) (problems []string) {
	for number, o := range known {
		switch {
		case o == history.Committed && !there[number]:
			problems = append(problems, fmt.Sprintf("%s %d is lost", what, number))
		case o == history.Aborted && there[number]:
			problems = append(problems, fmt.Sprintf("%s %d was rolled back and is there", what, number))
		case o == history.Unknown && there[number]: // from now on it must stay
			known[number] = history.Committed
			h.Totals.InDoubtKept++
		case o == history.Unknown:
			known[number] = history.Aborted
		}
		delete(there, number)
	}
	for number := range there {
		problems = append(problems, fmt.Sprintf("%s %d is there, and nobody has made it", what, number))
	}
	return problems
}

func (h *Transactions) checkTables(ctx context.Context, c *pgx.Conn) (problems []string, err error) {
	rows, err := c.Query(ctx, "SELECT number FROM made")
	if err != nil {
		return nil, err
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	rows, err = c.Query(ctx, "SELECT substr(relname, 6)::bigint FROM pg_class WHERE relname LIKE 'made\\_%' AND relkind = 'r'")
	if err != nil {
		return nil, err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	slices.Sort(numbers)
	slices.Sort(tables)
	if !slices.Equal(numbers, tables) {
		problems = append(problems, fmt.Sprintf("the tables %v are there, and rows that say so of %v", tables, numbers))
	}
	there := map[int64]bool{}
	for _, number := range tables {
		there[number] = true
		var n int64
		if err := c.QueryRow(ctx, fmt.Sprintf("SELECT n FROM made_%d", number)).Scan(&n); err != nil || n != number {
			problems = append(problems, fmt.Sprintf("table made_%d has no row of its own: %d, %v", number, n, err))
		}
	}
	return append(problems, h.held("table", h.tables, there)...), nil
}

func (h *Transactions) checkLists(ctx context.Context, c *pgx.Conn) (problems []string, err error) {
	for k, kind := range kinds {
		last := history.Txn{Started: int64(time.Since(h.began))}
		rows, err := c.Query(ctx, "SELECT k, elements FROM "+kind.table)
		if err != nil {
			return nil, err
		}
		var key int
		var text string
		if _, err = pgx.ForEachRow(rows, []any{&key, &text}, func() error {
			last.Ops = append(last.Ops, history.Op{Key: key, List: elements(text)})
			return nil
		}); err != nil {
			return nil, err
		}
		last.Ended = int64(time.Since(h.began))
		if len(last.Ops) != lists {
			problems = append(problems, fmt.Sprintf("%d of %d lists are there", len(last.Ops), lists))
		}
		h.history[k] = append(h.history[k], last)
		for _, p := range history.Check(h.history[k], kind.level) {
			problems = append(problems, string(kind.iso)+": "+p)
		}
	}
	return problems, nil
}
