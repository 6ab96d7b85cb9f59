package exec

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/plan"
)

// Stats is what one operator did. Times are summed over workers and include the operator's inputs.
type Stats struct {
	Node    plan.Node
	Inputs  []*Stats
	rows    atomic.Int64
	batches atomic.Int64
	nanos   atomic.Int64
	parts   atomic.Int64
	began   atomic.Int64 // nanoseconds since start
	ended   atomic.Int64
	read    scan.Counters
	join    atomic.Pointer[JoinStats]
	held    atomic.Int64 // bytes, now
	peak    atomic.Int64
	spilled atomic.Int64

	mu    sync.Mutex
	scan  *scan.Stats
	notes []string
}

// Above describes a node over an input that has run, where somebody else than an operator has done the node's work.
func Above(n plan.Node, input *Stats) *Stats { return &Stats{Node: n, Inputs: []*Stats{input}} }

// Rows is the number of rows the operator gave.
func (s *Stats) Rows() int64 { return s.rows.Load() }

// Time is the time spent in the operator and its inputs, summed over workers.
func (s *Stats) Time() time.Duration { return time.Duration(s.nanos.Load()) }

// Wall is the time from the operator's first step to its last: with several workers, less than what they were busy.
func (s *Stats) Wall() time.Duration { return time.Duration(s.ended.Load() - s.began.Load()) }

// Parts is into how many independent streams its rows came, Batches how many batches of rows.
func (s *Stats) Parts() int64 { return s.parts.Load() }

// Batches is how many batches the operator gave.
func (s *Stats) Batches() int64 { return s.batches.Load() }

// start is what times are counted from.
var start = time.Now()

// worked counts a step that began then.
func (s *Stats) worked(began time.Time) {
	now := time.Now()
	s.nanos.Add(int64(now.Sub(began)))
	s.began.CompareAndSwap(0, int64(began.Sub(start)))
	s.ended.Store(int64(now.Sub(start)))
}

// Own is Time without the inputs'. A breaker runs its input's workers while it waits for them, so the difference can
// be negative by the parallelism; it is 0 then.
func (s *Stats) Own() time.Duration {
	t := s.Time()
	for _, in := range s.Inputs {
		t -= in.Time()
	}
	return max(t, 0)
}

// Peak is the most memory that the operator held for rows it has to keep, in bytes.
func (s *Stats) Peak() int64 { return s.peak.Load() }

// Spilled is what the operator wrote to temporary files, in bytes.
func (s *Stats) Spilled() int64 { return s.spilled.Load() }

// hold counts memory that was taken, or given back where n is negative.
func (s *Stats) hold(n int64) {
	if s == nil {
		return
	}
	held := s.held.Add(n)
	for {
		peak := s.peak.Load()
		if held <= peak || s.peak.CompareAndSwap(peak, held) {
			return
		}
	}
}

// spill counts bytes that were written.
func (s *Stats) spill(n int64) {
	if s != nil {
		s.spilled.Add(n)
	}
}

// Scan is what a scan found and spared; nil for other operators.
func (s *Stats) Scan() *scan.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scan
}

// Read is what the readers of a scan did so far; nothing for other operators.
func (s *Stats) Read() *scan.Counters { return &s.read }

// Notes says how the work was done where there was a choice, each once: "by runs", "by rows".
func (s *Stats) Notes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.notes
}

func (s *Stats) note(text string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.notes {
		if n == text {
			return
		}
	}
	s.notes = append(s.notes, text)
}

// measured has what flows out of a producer counted, if somebody wants to know.
func measured(p producer, env *Env, stats *Stats) producer {
	if !env.Measure {
		return p
	}
	return &meter{producer: p, stats: stats}
}

// meter counts what flows out of a producer.
type meter struct {
	producer
	stats *Stats
}

func (m *meter) parts(ctx context.Context) ([]part, error) {
	began := time.Now()
	inner, err := m.producer.parts(ctx)
	m.stats.worked(began)
	if err != nil {
		return nil, err
	}
	m.stats.parts.Add(int64(len(inner)))
	out := make([]part, len(inner))
	for i, open := range inner {
		out[i] = func(ctx context.Context, w *worker) (stream, error) {
			began := time.Now()
			s, err := open(ctx, w)
			m.stats.worked(began)
			if err != nil {
				return nil, err
			}
			return &metered{stream: s, stats: m.stats}, nil
		}
	}
	return out, nil
}

type metered struct {
	stream
	stats *Stats
}

func (m *metered) next(ctx context.Context) (*scan.Batch, error) {
	began := time.Now()
	b, err := m.stream.next(ctx)
	m.stats.worked(began)
	if err == nil {
		m.stats.rows.Add(int64(b.Rows()))
		m.stats.batches.Add(1)
	}
	return b, err
}
