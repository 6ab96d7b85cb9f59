package main

import (
	"context"
	"fmt"
	"time"
)

// upserts proposes rows, of which every other has a key that is there.
func (s *session) upserts(ctx context.Context) error {
	const group = "Upserts, half of the rows new"
	proposed := 0
	for _, kind := range []struct {
		size, batches int
	}{{1, s.calls}, {min(1000, s.rows/40), 10}, {min(10_000, s.rows/10), 3}} {
		var rounds [][]time.Duration
		var rates []float64
		for range s.rounds {
			var batches [][]row
			for range kind.batches {
				var batch []row
				for range kind.size {
					batch = append(batch, s.proposed(proposed))
					proposed++
				}
				batches = append(batches, batch)
			}
			took, err := s.Upsert(ctx, keyedRandom, batches)
			if err != nil {
				return err
			}
			total := time.Duration(0)
			for _, t := range took {
				total += t
			}
			rounds, rates = append(rounds, took), append(rates, float64(kind.size*kind.batches)/total.Seconds())
		}
		name := fmt.Sprintf("batches of %d", kind.size)
		if kind.size == 1 {
			s.addTimings(group, "single rows", rounds)
			name = "single rows"
		}
		s.add(group, name, rowsASecond, rates...)
		if err := s.check(ctx, "upserts in "+name, keyedRandom); err != nil {
			return err
		}
	}
	return s.Settle(ctx, keyedRandom)
}

// proposed is the i-th row that is proposed: of an even number it has the key of a row that is there (or was), of an odd one a new key.
func (c *contest) proposed(i int) row {
	r := random.number(c.rows + i)
	if i%2 == 0 {
		r.id = c.existing(random, c.rows/2+i)
	}
	return r
}
