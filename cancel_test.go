package aegis

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// cancelMost is what may pass between the cancelling of a statement and its end.
const cancelMost = 100 * time.Millisecond

// TestCancel cancels statements at random moments, by the client and by their time-out, in memory and with everything on disk. Each ends within
// a tenth of a second, of the clock or of what this process computes: a machine that does other things makes the one longer, and the other not.
// Even so one may meet a collection of garbage, caches that others have emptied, or a slower machine, so that it is three tenths in the usual run, a
// statement that took longer is asked again, and fails if it does so half of the time. AEGIS_CANCEL_ROUNDS says how often to cancel each, none of
// which may take longer than a tenth then: of one that does, the stacks are logged as they are three quarters of it after the cancelling.
// AEGIS_CANCEL_LIKE picks the statements that have this text.
func TestCancel(t *testing.T) {
	db := bigOnDisk(t, Options{MemoryBytes: 512 << 20, QueryBytes: 64 << 20}, 40_000)
	c := cancelling{db: db, rounds: 2, again: 8, limit: 3 * cancelMost * slowdown, latest: 120 * time.Millisecond}
	if n, err := strconv.Atoi(os.Getenv("AEGIS_CANCEL_ROUNDS")); err == nil {
		c.rounds, c.again, c.strict, c.limit = n, 0, true, cancelMost
	}
	c.run(t, endlessQueries)
}

// TestCancelLarge cancels statements that have worked for seconds and hold up to two gigabytes: what grows has grown then. It runs only where
// AEGIS_CANCEL_ROUNDS is set, a tenth as often as that says since a round takes minutes, or for less long, and is as strict as TestCancel is then.
func TestCancelLarge(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("AEGIS_CANCEL_ROUNDS"))
	if err != nil {
		t.Skip("AEGIS_CANCEL_ROUNDS is not set")
	}
	db := bigOnDisk(t, Options{MemoryBytes: 4 << 30, QueryBytes: 2 << 30}, 200_000)
	c := cancelling{db: db, rounds: (rounds + 9) / 10, strict: true, limit: cancelMost, latest: time.Duration(min(rounds, 10)) * 600 * time.Millisecond, mayEnd: true}
	c.run(t, endlessQueries)
}

// bigOnDisk is a database with the table big, of n rows, in a folder of its own. A disk in memory would hold what statements spill, several times over
// and in no budget, and would be what their ends wait for.
func bigOnDisk(t *testing.T, o Options, n int) *DB {
	ctx := context.Background()
	o.Dir, o.Workers, o.CompactEvery = t.TempDir(), 2, -1
	db, err := Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	fillBig(t, db, n)
	return db
}

// cancelling is how statements are cancelled.
type cancelling struct {
	db            *DB
	rounds, again int // how often each, and how often more if one was late
	strict        bool
	limit         time.Duration // of what passes until the end
	latest        time.Duration // when a statement is cancelled at the latest
	mayEnd        bool          // before that
}

func (c *cancelling) run(t *testing.T, statements []string) {
	seed := course(t)
	rng := rand.New(rand.NewPCG(seed, 0))
	used := c.db.Stats().MemoryUsed
	worst := time.Duration(0)
	for _, q := range statements {
		if !strings.Contains(q, os.Getenv("AEGIS_CANCEL_LIKE")) {
			continue
		}
		var took []time.Duration
		late := 0
		for round := 0; round < c.rounds || late > 0 && round < c.rounds+c.again; round++ {
			s := c.db.NewSession("")
			if round%2 == 1 {
				s.Tuning = query.Tuning{HeldBytes: 100_000}
			}
			after := time.Duration(rng.Int64N(int64(c.latest)))
			var stacks lateStacks
			d, err := cancelled(s, q, after, round%4 < 2, &stacks)
			if c.strict && d > c.limit && !errors.Is(err, errEnded) {
				t.Logf("%s: ended %v after its cancelling, which came after %v; the stacks before that:\n%s", q, d, after, stacks.text)
			}
			var e *column.Error
			switch {
			case c.mayEnd && errors.Is(err, errEnded):
			case !errors.As(err, &e):
				t.Errorf("seed %d: %s: after %v: %v", seed, q, after, err)
			case e.SQLState == "57014", e.SQLState == "53300":
				took = append(took, d)
				if d > c.limit {
					late++
				}
			case e.SQLState != "53200":
				t.Errorf("seed %d: %s: after %v: %s %v", seed, q, after, e.SQLState, err)
			}
		}
		slices.Sort(took)
		if len(took) == 0 {
			t.Logf("it was over, or memory full, before it was cancelled: %s", q)
			continue
		}
		most := took[len(took)-1]
		worst = max(worst, most)
		switch {
		case 2*late > len(took) || c.strict && late > 0:
			t.Errorf("%s: ended after %v", q, took)
		case c.strict:
			t.Logf("median %v, most %v of %d: %s", took[len(took)/2].Round(time.Microsecond*100), most.Round(time.Microsecond*100), len(took), q)
		default:
			t.Logf("%v %s", most.Round(time.Microsecond*100), q)
		}
	}
	t.Logf("the latest of %d statements ended after %v", len(statements), worst)
	for until := time.Now().Add(time.Minute); c.db.Stats().TempFiles > 0 && time.Now().Before(until); {
		time.Sleep(10 * time.Millisecond) // large files are removed while statements end
	}
	if s := c.db.Stats(); s.TempFiles != 0 || s.TempBytes != 0 || s.Admission.Running != 0 || s.MemoryUsed > used+s.Pages.Bytes {
		t.Errorf("left: %+v", s)
	}
}

var errEnded = errors.New("it came to an end")

// cancelled runs a statement, ends it after a while, and gives what passes from then until it is over: on the clock, or of the processors' time, if
// that is less. That it waits for something else than a processor does not count as less.
func cancelled(s *query.Session, text string, after time.Duration, byClient bool, stacks *lateStacks) (time.Duration, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var at time.Time
	var cpu time.Duration
	req := query.Request{SQL: text}
	ended := make(chan struct{})
	over := func() {}
	if !byClient {
		after = max(after, time.Millisecond)
		req.Timeout = after
	}
	timer := time.AfterFunc(after, func() {
		at, cpu = time.Now(), cpuTime()
		if byClient {
			cancel()
		}
		over = watchLate(stacks)
		close(ended)
	})
	defer timer.Stop()
	err := toItsEnd(ctx, s, req)
	computed, now := cpuTime(), time.Now()
	select {
	case <-ended:
		over()
	default:
		return 0, err // it ended by itself, or before the timer of the test
	}
	const blocked = 10 * time.Second // whoever waits that long without computing waits for something that does not come
	if passed := now.Sub(at); passed < blocked {
		return max(min(passed, computed-cpu), 0), err
	}
	return now.Sub(at), err
}

// toItsEnd runs a statement and reads its rows; errEnded says that nothing kept it from that.
func toItsEnd(ctx context.Context, s *query.Session, req query.Request) error {
	r, err := s.Run(ctx, req)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			return errEnded
		} else if err != nil {
			return err
		}
	}
}
