package aegis

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// endlessQueries would each take minutes: one for every operator, and for functions that work long on one value.
var endlessQueries = []string{
	"SELECT count(*) FROM big AS a, big AS b, big AS c",
	"SELECT count(*) FROM big AS a, big AS b WHERE a.s || b.s LIKE '%7%9%x'",
	"SELECT count(*) FROM big AS a JOIN big AS b ON a.g = b.g JOIN big AS c ON b.g = c.g",
	"SELECT count(*) FROM big AS a LEFT JOIN big AS b ON a.k <> b.k AND a.k + b.k < 0",
	"SELECT count(*) FROM big AS a WHERE NOT EXISTS (SELECT 1 FROM big AS b, big AS c WHERE b.g = a.g AND c.g = b.g AND b.k + c.k < a.k - 1000000)",
	"SELECT a.k FROM big AS a JOIN big AS b ON a.g = b.g ORDER BY a.s DESC, b.k",
	"SELECT a.k, b.k FROM big AS a, big AS b ORDER BY a.k * b.k LIMIT 1000",
	"SELECT a.k, b.g, count(*), sum(a.v) FROM big AS a, big AS b GROUP BY 1, 2",
	"SELECT count(DISTINCT a.k * b.k) FROM big AS a, big AS b",
	"SELECT a.g, string_agg(b.s, ',') FROM big AS a JOIN big AS b ON a.g = b.g GROUP BY 1",
	"SELECT sum(x) FROM generate_series(1, 1000000000000) AS x",
	"SELECT DISTINCT a.k - b.k FROM big AS a, big AS b",
	"SELECT max(r) FROM (SELECT row_number() OVER (PARTITION BY a.g ORDER BY b.k, a.k) AS r FROM big AS a JOIN big AS b ON a.g = b.g) AS x",
	"SELECT count(*) FROM big AS a, big AS b WHERE regexp_replace(a.s || b.s, '([a-z]+) ([a-z]+)', '\\2 \\1', 'g') = 'x'",
	"SELECT count(*) FROM big AS a, LATERAL (SELECT count(*) AS n FROM big AS b WHERE b.k > a.k AND b.v > a.v) AS x WHERE n < 0",
	"SELECT count(*) FROM generate_series(1, 100000) AS i WHERE repeat('ab', 200000 + i::integer % 2) LIKE '%ba%aa%'",
	"SELECT count(*) FROM generate_series(1, 100000) AS i WHERE repeat('ab', 200000 + i::integer % 2) ~ '(ab)*a$'",
	"SELECT sum(length(replace(repeat('ab', 2000000 + i::integer % 2), 'a', 'bb'))) FROM generate_series(1, 100000) AS i",
	"SELECT sum(length(lpad(i::text, 10000000))) FROM generate_series(1, 100000) AS i",
}

// TestCancel cancels statements at random moments, by the client and by their time-out, in memory and with everything on disk. Each ends within
// a tenth of a second, half of the time at least: this machine may be doing other things; and never takes much longer. Nothing is left.
func TestCancel(t *testing.T) {
	db := manyRows(t, Options{MemoryBytes: 256 << 20, QueryBytes: 32 << 20}, 40_000)
	seed := course(t)
	rng := rand.New(rand.NewPCG(seed, 0))
	rounds := 4
	if testing.Short() {
		rounds = 2
	}
	used := db.Stats().MemoryUsed
	for _, q := range endlessQueries {
		var took []time.Duration
		for round := range rounds {
			s := db.NewSession("")
			if round%2 == 1 {
				s.Tuning = query.Tuning{HeldBytes: 100_000}
			}
			after := time.Duration(rng.IntN(150)) * time.Millisecond
			d, err := cancelled(s, q, after, round%4 < 2)
			var e *column.Error
			switch {
			case !errors.As(err, &e):
				t.Errorf("seed %d: %s: after %v: %v", seed, q, after, err)
			case e.SQLState != "57014" && e.SQLState != "53300" && e.SQLState != "53200":
				t.Errorf("seed %d: %s: after %v: %s %v", seed, q, after, e.SQLState, err)
			}
			took = append(took, d)
		}
		slices.Sort(took)
		// The median is the promise. One may meet what else the machine does; two are the statement's own time.
		if took[(len(took)-1)/2] > 100*time.Millisecond || took[len(took)-2] > 2*time.Second || took[len(took)-1] > 10*time.Second {
			t.Errorf("%s: ended after %v", q, took)
		} else {
			t.Logf("%v %s", took[len(took)-1].Round(time.Millisecond/10), q)
		}
	}
	if s := db.Stats(); s.TempFiles != 0 || s.TempBytes != 0 || s.Admission.Running != 0 || s.MemoryUsed > used+s.Pages.Bytes {
		t.Errorf("left: %+v", s)
	}
}

// cancelled runs a statement, ends it after a while, and gives the time from then until it is over.
func cancelled(s *query.Session, text string, after time.Duration, byClient bool) (time.Duration, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var at time.Time
	req := query.Request{SQL: text}
	if byClient {
		timer := time.AfterFunc(after, func() { at = time.Now(); cancel() })
		defer timer.Stop()
	} else {
		req.Timeout = max(after, time.Millisecond)
		at = time.Now().Add(req.Timeout)
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
	if at.IsZero() {
		return 0, err
	}
	return max(time.Since(at), 0), err
}
