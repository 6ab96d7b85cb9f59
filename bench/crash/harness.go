package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/server"
)

// Options configures a run.
type Options struct {
	Binary string
	Dir    string // an empty folder for the data folders
	Seed   uint64
}

// busy are the settings under which flush, compaction, collection and catalog commits never rest.
var busy = []string{"--flush-age", "150ms", "--compact-every", "100ms", "--keep-removed", "200ms"}

// roundsPerFolder is after how many rounds a new data folder begins: reading every row after every kill would else take longer
// and longer.
const roundsPerFolder = 20

// writersPerTable is how many connections write to each table at once: two of them meet in group commit.
const writersPerTable = 2

// writer sends the batches of one ledger.
type writer struct {
	table  *table
	ledger *Ledger
	rand   *rand.Rand
	resend *Batch // in doubt at the last kill: a client of a unique table sends it again
}

// Harness is one data folder under writing and killing.
type Harness struct {
	o       Options
	dir     string
	rand    *rand.Rand
	writers []*writer
	ddl     *ddl
	Totals  Totals
}

// Totals is what a run went through, so that one can see that it proved something.
type Totals struct {
	Rounds, Batches, Rows, InDoubt, Taken, Refused, KilledStarting, KilledStopping, Stopped int
	Flushes, Merges                                                                         float64
}

// New makes a harness.
func New(o Options) *Harness {
	return &Harness{o: o, rand: rand.New(rand.NewPCG(o.Seed, 0))}
}

// begin starts over with an empty folder.
func (h *Harness) begin(ctx context.Context) error {
	var err error
	if h.dir, err = freshFolder(h.o.Dir, h.dir); err != nil {
		return err
	}
	h.writers, h.ddl = nil, newDDL()
	for _, t := range tables {
		for i := range writersPerTable {
			h.writers = append(h.writers, &writer{
				table: t, ledger: NewLedger(int64(i + 1)), rand: rand.New(rand.NewPCG(h.rand.Uint64(), 1)),
			})
		}
	}
	s, err := h.start(ctx)
	if err != nil {
		return err
	}
	defer s.Kill()
	for _, t := range tables {
		if t.create == "" {
			continue
		}
		if _, err := s.Query(ctx, t.create); err != nil {
			return fmt.Errorf("%s: %w", t.create, err)
		}
	}
	return nil
}

func (h *Harness) start(ctx context.Context) (*server.Server, error) {
	return server.Start(ctx, server.Options{Binary: h.o.Binary, Dir: h.dir, Args: busy})
}

// Run writes, kills and checks so many times. The error lists what the last round found wrong; the folder stays then.
func (h *Harness) Run(ctx context.Context, rounds int) error {
	return inRounds(ctx, rounds, h.o.Seed, h.begin, h.round, &h.Totals.Rounds)
}

func (h *Harness) round(ctx context.Context) error {
	s, err := h.start(ctx)
	if err != nil {
		return err
	}
	defer s.Kill()
	if err := h.write(ctx, s); err != nil {
		return err
	}
	if h.rand.IntN(3) == 0 {
		if err := h.killStarting(ctx); err != nil {
			return err
		}
	}
	s, err = h.start(ctx)
	if err != nil {
		return fmt.Errorf("start after a kill: %w", err)
	}
	defer s.Kill()
	if err := h.check(ctx, s, "after the start"); err != nil {
		return err
	}
	if h.rand.IntN(4) == 0 {
		// What was replayed is flushed and merged meanwhile.
		time.Sleep(500 * time.Millisecond)
		return h.check(ctx, s, "after flush and compaction")
	}
	return nil
}

// killStarting starts the server and kills it before or soon after it is ready, so that replay and recovery are cut too.
func (h *Harness) killStarting(ctx context.Context) error {
	o := server.Options{Binary: h.o.Binary, Dir: h.dir, Args: busy}
	if err := killStarting(ctx, o, time.Duration(h.rand.IntN(250))*time.Millisecond); err != nil {
		return err
	}
	h.Totals.KilledStarting++
	return nil
}

func killStarting(ctx context.Context, o server.Options, after time.Duration) error {
	s, err := server.Launch(o)
	if err != nil {
		return err
	}
	time.Sleep(after)
	if !s.Running() {
		return fmt.Errorf("the server ended while starting; it printed:\n%s", s.Printed())
	}
	s.Kill()
	return ctx.Err()
}

// write lets all writers write until the server is gone.
func (h *Harness) write(ctx context.Context, s *server.Server) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(h.writers)+1)
	var wg sync.WaitGroup
	var refused atomic.Int64
	var ending atomic.Bool
	for i, w := range h.writers {
		wg.Go(func() { errs[i] = w.run(ctx, s, &refused, &ending) })
	}
	wg.Go(func() { errs[len(h.writers)] = h.ddl.run(ctx, s) })
	time.Sleep(h.life())
	busyness, metricsErr := s.Metrics(ctx)
	h.Totals.Flushes += busyness["aegis_flushes_total"]
	h.Totals.Merges += busyness["aegis_compactions_total"]
	ending.Store(true)
	err := h.end(s)
	wg.Wait()
	h.Totals.Refused += int(refused.Load())
	return errors.Join(append(errs, metricsErr, err)...)
}

// life is how long a server lives: often it dies while the first flush runs, sometimes after several and in a merge.
func (h *Harness) life() time.Duration {
	most := 600
	if h.rand.IntN(2) == 0 {
		most = 2800
	}
	return time.Duration(20+h.rand.IntN(most)) * time.Millisecond
}

// end ends the server: most often by a kill, sometimes by a kill that interrupts an orderly stop, sometimes in order.
func (h *Harness) end(s *server.Server) error {
	if !s.Running() {
		return fmt.Errorf("the server ended by itself; it printed:\n%s", s.Printed())
	}
	switch h.rand.IntN(8) {
	case 0:
		if err := s.Stop(30 * time.Second); err != nil {
			return err
		}
		h.Totals.Stopped++
	case 1:
		// An error here is a stop that took longer than a moment, which is what is wanted.
		if s.Stop(time.Duration(h.rand.IntN(120))*time.Millisecond) != nil {
			h.Totals.KilledStopping++
		} else {
			h.Totals.Stopped++
		}
	default:
		s.Kill()
	}
	return nil
}

// run sends batches until an answer does not come any more.
func (w *writer) run(ctx context.Context, s *server.Server, refused *atomic.Int64, ending *atomic.Bool) error {
	client := load.NewClient(s.URL, 1)
	defer client.Close()
	for ctx.Err() == nil {
		b := w.resend
		if b == nil {
			b = w.batch()
		}
		w.ledger.Sent(b)
		err := w.table.send(ctx, s, client, b.Rows(w.ledger.Writer))
		switch what := verdict(err); what {
		case took:
			w.ledger.Took()
			w.resend = nil
		case pushedBack:
			w.ledger.Refused()
			w.resend = b
			refused.Add(1)
			time.Sleep(20 * time.Millisecond)
		case unknown:
			if !ending.Load() {
				return fmt.Errorf("table %s: no answer, and nobody killed the server: %w", w.table.name, err)
			}
			return nil
		case wrong:
			return fmt.Errorf("table %s, writer %d, batch %d: %w; the server printed:\n%s", w.table.name, w.ledger.Writer, b.Number, err, s.Printed())
		}
	}
	return nil
}

// batch makes the next batch: mostly small, sometimes large.
func (w *writer) batch() *Batch {
	n := 1 + w.rand.IntN(20)
	if w.rand.IntN(10) == 0 {
		n = 1 + w.rand.IntN(500)
	}
	var over []int64
	if used := w.ledger.Keys(); w.table.unique && used > 0 && w.rand.IntN(2) == 0 {
		for range 1 + w.rand.IntN(5) {
			k := w.rand.Int64N(used)
			if !contains(over, k) {
				over = append(over, k)
			}
		}
	}
	return w.ledger.Next(n, over)
}

func contains(list []int64, k int64) bool {
	for _, x := range list {
		if x == k {
			return true
		}
	}
	return false
}

// outcome is what an answer means for the rows.
type outcome int

const (
	took       outcome = iota
	pushedBack         // not taken, to be sent again
	unknown            // no answer
	wrong              // an answer that nothing excuses
)

func verdict(err error) outcome {
	var refusal *load.StatusError
	var sql *server.QueryError
	switch {
	case err == nil:
		return took
	case errors.As(err, &refusal) && refusal.Pushback(), errors.As(err, &sql) && (sql.Status == 429 || sql.Status == 503):
		return pushedBack
	case refusal != nil, sql != nil:
		return wrong
	}
	return unknown
}

// check reads every table and holds it against the ledgers.
func (h *Harness) check(ctx context.Context, s *server.Server, when string) error {
	var problems []string
	shown := map[*table]map[int64][]Row{}
	for _, t := range tables {
		rows, err := t.rowsOf(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w; the server printed:\n%s", when, err, s.Printed())
		}
		shown[t] = rows
	}
	for _, w := range h.writers {
		doubt := w.ledger.Doubt()
		found, taken := w.ledger.Check(shown[w.table][w.ledger.Writer])
		delete(shown[w.table], w.ledger.Writer)
		for _, p := range found {
			problems = append(problems, w.table.name+": "+p)
		}
		if doubt != nil {
			h.Totals.InDoubt++
			// Only a unique table lets a client send again what it does not know the fate of.
			if w.table.unique {
				w.resend = doubt
			}
		}
		if taken {
			h.Totals.Taken++
		}
		h.Totals.Batches += w.ledger.Acked
		h.Totals.Rows += w.ledger.Sum
		w.ledger.Acked, w.ledger.Sum = 0, 0
	}
	for t, rest := range shown {
		for id := range rest {
			problems = append(problems, fmt.Sprintf("%s: rows of a writer %d that there never was", t.name, id))
		}
	}
	found, err := h.ddl.check(ctx, s)
	if err != nil {
		return err
	}
	problems = append(problems, found...)
	if len(problems) == 0 {
		return nil
	}
	text := ""
	for _, p := range problems {
		text += "\n  " + p
	}
	return fmt.Errorf("%s, data in %s:%s\nthe server printed:\n%s", when, h.dir, text, s.Printed())
}
