package exec

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/plan"
)

// Shares holds the plans that a statement computes once for all who read them. It outlives the single runs of the statement: a subquery that
// runs first reads the same rows as the query after it.
type Shares struct {
	mu   sync.Mutex
	list map[*plan.SharedID]*share
	// env is the statement's: a reader may be part of something that is run for one row only.
	env *Env
}

// Close ends what was not read to its end.
func (s *Shares) Close() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.list {
		h.close()
	}
	s.list = nil
}

// of gives the state of a shared plan.
func (s *Shares) of(n *plan.Shared) *share {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list == nil {
		s.list = map[*plan.SharedID]*share{}
	}
	h := s.list[n.ID]
	if h == nil {
		h = &share{node: n, env: s.env, pool: mem.NewPool("WITH "+n.Name, 0, s.env.Pool)}
		s.list[n.ID] = h
	}
	return h
}

// share is one shared plan: the batches that somebody asked for so far, and where the next come from.
type share struct {
	node *plan.Shared
	env  *Env
	pool *mem.Pool

	mu      sync.Mutex
	batches []*scan.Batch
	input   stream // nil = not started, or ended
	ended   bool
	err     error
	stats   *Stats
	readers []*Stats
}

// batch gives batch i; io.EOF if there are not so many.
func (h *share) batch(i int) (*scan.Batch, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i >= len(h.batches) {
		if h.err != nil {
			return nil, h.err
		}
		if err := h.pull(); err != nil {
			h.err = err
		}
	}
	return h.batches[i], nil
}

func (h *share) pull() error {
	// Not the reader's context: others may want more than it.
	ctx := h.env.Expr.Ctx
	if h.input == nil {
		if h.ended {
			return io.EOF
		}
		if err := h.start(ctx); err != nil {
			return err
		}
	}
	b, err := h.input.next(ctx)
	if errors.Is(err, io.EOF) {
		h.input.close()
		h.input, h.ended = nil, true
		return io.EOF
	}
	if err != nil {
		return err
	}
	if err := h.pool.Grow(b.SizeBytes()); err != nil {
		return err
	}
	h.batches = append(h.batches, b)
	return nil
}

func (h *share) start(ctx context.Context) error {
	p, stats, err := build(h.node.Input, h.env)
	if err != nil {
		return err
	}
	h.stats = stats
	for _, r := range h.readers {
		r.Inputs = []*Stats{stats}
	}
	parts, err := p.parts(ctx)
	if err != nil {
		return err
	}
	if len(parts) == 1 {
		h.input, err = parts[0](ctx, newWorker(h.env))
		return err
	}
	h.input = newGather(ctx, h.env, parts)
	return nil
}

func (h *share) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.input != nil {
		h.input.close()
		h.input, h.ended = nil, true
	}
	h.batches = nil
	h.pool.Close()
}

// reader gives a shared plan's rows once more.
type reader struct{ share *share }

func buildShared(n *plan.Shared, env *Env, stats *Stats) (producer, *Stats, error) {
	h := env.Shares.of(n)
	describeBelow(stats)
	h.mu.Lock()
	if h.stats != nil {
		stats.Inputs = []*Stats{h.stats}
	}
	h.readers = append(h.readers, stats)
	h.mu.Unlock()
	return measured(&reader{h}, env, stats), stats, nil
}

func (r *reader) parts(context.Context) ([]part, error) {
	return []part{func(context.Context, *worker) (stream, error) { return &readerStream{share: r.share}, nil }}, nil
}

type readerStream struct {
	share *share
	at    int
}

func (s *readerStream) next(ctx context.Context) (*scan.Batch, error) {
	if err := cause(ctx); err != nil {
		return nil, err
	}
	b, err := s.share.batch(s.at)
	s.at++
	return b, err
}

func (s *readerStream) close() {}
