package aegis

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
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
// which may take longer than a tenth then.
func TestCancel(t *testing.T) {
	db := manyRows(t, Options{MemoryBytes: 512 << 20, QueryBytes: 64 << 20}, 40_000)
	seed := course(t)
	rng := rand.New(rand.NewPCG(seed, 0))
	rounds, again, strict, limit := 2, 8, false, 3*cancelMost*slowdown
	if n, err := strconv.Atoi(os.Getenv("AEGIS_CANCEL_ROUNDS")); err == nil {
		rounds, again, strict, limit = n, 0, true, cancelMost
	}
	used := db.Stats().MemoryUsed
	worst := time.Duration(0)
	for _, q := range endlessQueries {
		var took []time.Duration
		late := 0
		for round := 0; round < rounds || late > 0 && round < rounds+again; round++ {
			s := db.NewSession("")
			if round%2 == 1 {
				s.Tuning = query.Tuning{HeldBytes: 100_000}
			}
			after := time.Duration(rng.IntN(120)) * time.Millisecond
			d, err := cancelled(s, q, after, round%4 < 2)
			var e *column.Error
			switch {
			case !errors.As(err, &e):
				t.Errorf("seed %d: %s: after %v: %v", seed, q, after, err)
			case e.SQLState == "57014", e.SQLState == "53300":
				took = append(took, d)
				if d > limit {
					late++
				}
			case e.SQLState != "53200":
				t.Errorf("seed %d: %s: after %v: %s %v", seed, q, after, e.SQLState, err)
			}
		}
		slices.Sort(took)
		if len(took) == 0 {
			t.Logf("memory was full before the end of %s", q)
			continue
		}
		most := took[len(took)-1]
		worst = max(worst, most)
		switch {
		case 2*late > len(took) || strict && late > 0:
			t.Errorf("%s: ended after %v", q, took)
		case strict:
			t.Logf("median %v, most %v of %d: %s", took[len(took)/2].Round(time.Microsecond*100), most.Round(time.Microsecond*100), len(took), q)
		default:
			t.Logf("%v %s", most.Round(time.Microsecond*100), q)
		}
	}
	t.Logf("the latest of %d statements ended after %v", len(endlessQueries), worst)
	if s := db.Stats(); s.TempFiles != 0 || s.TempBytes != 0 || s.Admission.Running != 0 || s.MemoryUsed > used+s.Pages.Bytes {
		t.Errorf("left: %+v", s)
	}
}

// cancelled runs a statement, ends it after a while, and gives what passes from then until it is over: on the clock, or of the processors' time, if
// that is less. That it waits for something else than a processor does not count as less.
func cancelled(s *query.Session, text string, after time.Duration, byClient bool) (time.Duration, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var at time.Time
	var cpu time.Duration
	req := query.Request{SQL: text}
	ended := make(chan struct{})
	if byClient {
		timer := time.AfterFunc(after, func() {
			at, cpu = time.Now(), cpuTime()
			cancel()
			close(ended)
		})
		defer timer.Stop()
	} else {
		req.Timeout = max(after, time.Millisecond)
		timer := time.AfterFunc(req.Timeout, func() {
			at, cpu = time.Now(), cpuTime()
			close(ended)
		})
		defer timer.Stop()
	}
	r, err := s.Run(ctx, req)
	for err == nil {
		_, err = r.Next()
		if errors.Is(err, io.EOF) {
			r.Close()
			return 0, errors.New("it came to an end")
		}
	}
	if r != nil {
		r.Close()
	}
	computed, now := cpuTime(), time.Now()
	select {
	case <-ended:
	default:
		return 0, err // it ended by itself, or before the timer of the test
	}
	const blocked = 10 * time.Second // whoever waits that long without computing waits for something that does not come
	if passed := now.Sub(at); passed < blocked {
		return max(min(passed, computed-cpu), 0), err
	}
	return now.Sub(at), err
}
