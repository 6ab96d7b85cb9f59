package exec

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/spill"
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
		h = &share{node: n, env: s.env, account: newAccount(s.env, nil), file: rowFile{env: s.env, types: typesOf(n)}}
		s.list[n.ID] = h
	}
	return h
}

// share is one shared plan: the batches that somebody asked for so far, and where the next come from. Those for which there was no memory are on
// disk.
type share struct {
	node    *plan.Shared
	env     *Env
	account *account

	mu      sync.Mutex
	file    rowFile
	batches []sharedBatch
	input   stream // nil = not started, or ended
	ended   bool
	err     error
	stats   *Stats
	readers []*Stats
}

// sharedBatch is a batch in memory, or a block.
type sharedBatch struct {
	batch *scan.Batch
	block spill.Block // where batch is nil
}

// batch gives batch i; io.EOF if there are not so many.
func (h *share) batch(i int) (sharedBatch, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i >= len(h.batches) {
		if h.err != nil {
			return sharedBatch{}, h.err
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
	return h.keep(b)
}

// keep holds a batch, or writes it.
func (h *share) keep(b *scan.Batch) error {
	ok, err := h.account.fits(b.SizeBytes())
	if err != nil {
		return err
	}
	kept := sharedBatch{batch: b}
	if !ok {
		block, err := h.file.append(b.Columns, b.Len)
		if err != nil {
			return err
		}
		kept = sharedBatch{block: block}
	}
	h.batches = append(h.batches, kept)
	return nil
}

func (h *share) start(ctx context.Context) error {
	p, stats, err := build(h.node.Input, h.env)
	if err != nil {
		return err
	}
	h.stats, h.file.stats = stats, stats
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
	h.file.remove()
	h.account.close()
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
	held  int64 // of the block that was read last
}

func (s *readerStream) next(ctx context.Context) (*scan.Batch, error) {
	if err := cause(ctx); err != nil {
		return nil, err
	}
	s.close()
	kept, err := s.share.batch(s.at)
	s.at++
	if err != nil || kept.batch != nil {
		return kept.batch, err
	}
	size := kept.block.SizeBytes()
	if err := s.share.account.need(size); err != nil {
		return nil, err
	}
	s.held = size
	return s.share.file.read(kept.block)
}

// close gives back what the last block took, unless the statement has ended before, and everything with it.
func (s *readerStream) close() {
	s.share.account.shrink(s.held)
	s.held = 0
}
