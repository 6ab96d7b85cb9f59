package load

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// Stream is a contiguous part of a workload's series, written by one connection: label sets are encoded once, and bodies are made while the one
// before is on its way, so that much can be sent without much memory.
type Stream struct {
	workload Workload
	first    int // series
	labels   []Encoded
	last     []float64
	rand     *rand.Rand
	round    int
	writer   BodyWriter
}

// Streams cuts a workload into n streams.
func (w *Workload) Streams(n int) (list []*Stream) {
	for k := range n {
		first, end := w.Series*k/n, w.Series*(k+1)/n
		s := &Stream{workload: *w, first: first, last: make([]float64, end-first), rand: rand.New(rand.NewPCG(w.Seed, uint64(k)))}
		for i := first; i < end; i++ {
			s.labels = append(s.labels, EncodeLabels(w.Labels(i)))
		}
		list = append(list, s)
	}
	return list
}

// next makes the bodies of the next round, a sample of each series.
func (s *Stream) next(to func(Body) error) error {
	at := s.workload.Start + int64(s.round)*s.workload.Interval
	s.round++
	for i, labels := range s.labels {
		s.last[i] = value(s.rand, s.last[i], s.first+i)
		s.writer.Add(labels, Sample{T: at, V: s.last[i]})
		if s.writer.Samples() == s.workload.Batch || i == len(s.labels)-1 {
			if err := to(s.writer.Body()); err != nil {
				return err
			}
		}
	}
	return nil
}

// SendRounds sends the next rounds of all streams, each over a connection of its own, and gives how many samples were acknowledged.
func (c *Client) SendRounds(ctx context.Context, streams []*Stream, rounds int) (int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var samples atomic.Int64
	var wg sync.WaitGroup
	for _, s := range streams {
		wg.Go(func() {
			for range rounds {
				err := s.next(func(b Body) error {
					if _, err := c.SendUntilTaken(ctx, b.Data); err != nil {
						return err
					}
					samples.Add(int64(b.Samples))
					return nil
				})
				if err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return samples.Load(), context.Cause(ctx)
}
