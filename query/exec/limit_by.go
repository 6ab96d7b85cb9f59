package exec

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// limitBy passes a window of its input's rows for each combination of some values, in order. Of a combination it keeps how many rows came.
type limitBy struct {
	node  *plan.Limit
	env   *Env
	input producer
}

func (l *limitBy) parts(ctx context.Context) ([]part, error) {
	if l.node.Count == 0 {
		return nil, nil
	}
	inner, err := l.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	return []part{func(ctx context.Context, w *worker) (stream, error) {
		types := make([]column.Type, len(l.node.By))
		for i, e := range l.node.By {
			types[i] = e.Type()
		}
		s := &limitByStream{node: l.node, w: w, groups: newGrouper(types).watch(ctx), pool: mem.NewPool("limit", 0, l.env.Pool)}
		if len(inner) == 1 {
			s.stream, err = inner[0](ctx, w)
			return s, err
		}
		s.stream = newGather(ctx, l.env, inner)
		return s, nil
	}}, nil
}

type limitByStream struct {
	stream
	node   *plan.Limit
	w      *worker
	groups *grouper
	seen   []int64 // by group, its rows so far
	rows   []int32
	pool   *mem.Pool
	held   int64
}

func (s *limitByStream) next(ctx context.Context) (*scan.Batch, error) {
	for {
		b, err := s.stream.next(ctx)
		if err != nil {
			return nil, err
		}
		keys := make([]*column.Vector, len(s.node.By))
		s.w.expr.Runs = b.Runs
		for i, e := range s.node.By {
			if keys[i], err = expr.Eval(&s.w.expr, e, b.Columns, b.Len); err != nil {
				return nil, err
			}
		}
		s.rows = s.rows[:0]
		for i := range b.Len {
			g := s.groups.find(keys, i)
			if int(g) == len(s.seen) {
				s.seen = append(s.seen, 0)
			}
			s.seen[g]++
			if n := s.seen[g] - s.node.Offset; n > 0 && (s.node.Count < 0 || n <= s.node.Count) {
				s.rows = append(s.rows, int32(i))
			}
		}
		if size := s.groups.sizeBytes() + 8*int64(cap(s.seen)); size > s.held {
			if err := s.pool.Grow(size - s.held); err != nil {
				return nil, err
			}
			s.held = size
		}
		if len(s.rows) > 0 {
			return b.Compact(s.rows), nil
		}
		if err := cause(ctx); err != nil {
			return nil, err
		}
	}
}

func (s *limitByStream) close() {
	s.stream.close()
	s.pool.Close()
}
