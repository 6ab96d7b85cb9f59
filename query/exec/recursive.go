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
		s.latest = s.buffer()
		if r.node.Distinct {
			s.seen = newGrouper(s.types()).watch(r.env.Expr.Ctx)
		}
		return s, nil
	}}, nil
}

// types are those of the query's columns.
func (r *recursive) types() []column.Type {
	out := make([]column.Type, len(r.node.Out))
	for i, c := range r.node.Out {
		out[i] = c.Type
	}
	return out
}

// buffer keeps the rows of a step for the next one, on disk where they do not fit.
func (r *recursive) buffer() *rowBuffer { return newRowBuffer(r.env, r.stats, r.types()) }

type recursiveStream struct {
	*recursive
	input  stream // of the term that is at work
	pool   *mem.Pool
	latest *rowBuffer // rows for the next step
	work   *rowBuffer // rows that the step at work reads; nil = none yet
	seen   *grouper   // of Distinct
	held   int64      // by seen
	rows   []int32
}

func (s *recursiveStream) close() {
	s.input.close()
	s.latest.close()
	if s.work != nil {
		s.work.close()
	}
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
		return b, s.latest.add(b)
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
	if s.work != nil {
		s.work.close()
		s.work = nil
	}
	if s.latest.rows() == 0 {
		return io.EOF
	}
	if len(s.latest.blocks) > 0 { // all of it: the memory is for the rows to come
		if err := s.latest.flush(); err != nil {
			return err
		}
	}
	env := *s.env
	env.Pool = mem.NewPool("a step", 0, s.pool)
	env.work = maps.Clone(s.env.work)
	if env.work == nil {
		env.work = map[*plan.SharedID]*rowBuffer{}
	}
	env.work[s.node.ID] = s.latest
	s.latest, s.work = s.buffer(), s.latest
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

func (w *worked) parts(context.Context) ([]part, error) {
	rows := w.env.work[w.node.ID]
	return []part{func(context.Context, *worker) (stream, error) { return rows.reader(), nil }}, nil
}
