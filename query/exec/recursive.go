package exec

import (
	"context"
	"errors"
	"io"
	"maps"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/plan"
)

// recursive gives rows as they come, step by step, so that a query that wants few of endlessly many ends.
type recursive struct {
	node  *plan.Recursive
	env   *Env
	stats *Stats // of both terms
	base  producer
}

func buildRecursive(n *plan.Recursive, env *Env, stats *Stats) (producer, *Stats, error) {
	base, of, err := build(n.Base, env)
	if err != nil {
		return nil, nil, err
	}
	step := &Stats{Node: n.Step}
	describeBelow(step)
	stats.Inputs = []*Stats{of, step}
	return measured(&recursive{node: n, env: env, stats: step, base: base}, env, stats), stats, nil
}

func (r *recursive) parts(ctx context.Context) ([]part, error) {
	inner, err := r.base.parts(ctx)
	if err != nil {
		return nil, err
	}
	return []part{func(context.Context, *worker) (stream, error) {
		s := &recursiveStream{recursive: r, input: &applied{parts: inner, w: newWorker(r.env)}}
		s.pool = mem.NewPool("WITH RECURSIVE "+r.node.Name, 0, r.env.Pool)
		if r.node.Distinct {
			types := make([]column.Type, len(r.node.Out))
			for i, c := range r.node.Out {
				types[i] = c.Type
			}
			s.seen = newGrouper(types).watch(r.env.Expr.Ctx)
		}
		return s, nil
	}}, nil
}

type recursiveStream struct {
	*recursive
	input  stream // of the term that is at work
	pool   *mem.Pool
	latest []*scan.Batch // rows for the next step
	size   int64         // of these
	work   int64         // bytes of the rows that the step at work reads
	seen   *grouper      // of Distinct
	held   int64         // by seen
	rows   []int32
}

func (s *recursiveStream) close() {
	s.input.close()
	s.pool.Close()
}

func (s *recursiveStream) next(ctx context.Context) (*scan.Batch, error) {
	for {
		if err := cause(ctx); err != nil {
			return nil, err
		}
		b, err := s.input.next(ctx)
		if errors.Is(err, io.EOF) {
			err = s.step(ctx)
		}
		if err != nil {
			return nil, err
		}
		if b == nil {
			continue
		}
		b = &scan.Batch{Len: b.Len, Columns: b.Columns}
		if b, err = s.fresh(b); err != nil || b == nil {
			if err != nil {
				return nil, err
			}
			continue
		}
		size := b.SizeBytes()
		if err := s.pool.Grow(size); err != nil {
			return nil, err
		}
		s.latest, s.size = append(s.latest, b), s.size+size
		return b, nil
	}
}

// fresh drops the rows that came before; nil if none is left.
func (s *recursiveStream) fresh(b *scan.Batch) (*scan.Batch, error) {
	if s.seen == nil {
		return b, nil
	}
	s.rows = s.rows[:0]
	for i := range b.Len {
		before := s.seen.count
		if s.seen.find(b.Columns, i); s.seen.count > before {
			s.rows = append(s.rows, int32(i))
		}
	}
	if size := s.seen.sizeBytes(); size > s.held {
		if err := s.pool.Grow(size - s.held); err != nil {
			return nil, err
		}
		s.held = size
	}
	if len(s.rows) == 0 {
		return nil, nil
	}
	return b.Compact(s.rows), nil
}

// step starts the next step over the rows that came last; io.EOF if there were none.
func (s *recursiveStream) step(ctx context.Context) error {
	s.input.close()
	s.input = &batches{}
	s.pool.Shrink(s.work)
	if len(s.latest) == 0 {
		return io.EOF
	}
	env := *s.env
	env.Pool = mem.NewPool("a step", 0, s.pool)
	env.work = maps.Clone(s.env.work)
	if env.work == nil {
		env.work = map[*plan.SharedID][]*scan.Batch{}
	}
	env.work[s.node.ID] = s.latest
	s.latest, s.work, s.size = nil, s.size, 0
	p, stats, err := build(s.node.Step, &env)
	if err != nil {
		return err
	}
	parts, err := p.parts(ctx)
	if err != nil {
		env.Pool.Close()
		return err
	}
	s.input = &applied{parts: parts, w: newWorker(&env), own: true, into: s.stats, from: stats}
	return nil
}

// worked gives the rows that came last.
type worked struct {
	node *plan.Work
	env  *Env
}

func (w *worked) parts(context.Context) ([]part, error) { return once(w.env.work[w.node.ID]), nil }
