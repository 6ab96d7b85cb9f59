package exec

import (
	"context"
	"errors"
	"io"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/plan"
)

// emptySets adds the groups of grouping sets without keys, which are there even over no rows. Over some they are made as all others.
type emptySets struct {
	node  *plan.Aggregate
	env   *Env
	input producer
}

func (e *emptySets) parts(ctx context.Context) ([]part, error) {
	inner, err := e.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	return []part{func(ctx context.Context, _ *worker) (stream, error) {
		return &emptySetsStream{stream: newGather(ctx, e.env, inner), node: e.node}, nil
	}}, nil
}

type emptySetsStream struct {
	stream
	node  *plan.Aggregate
	found bool
}

func (s *emptySetsStream) next(ctx context.Context) (*scan.Batch, error) {
	b, err := s.stream.next(ctx)
	if !errors.Is(err, io.EOF) || s.found {
		s.found = true
		return b, err
	}
	s.found = true
	return s.groups(ctx)
}

// groups are those of the sets without keys, over no rows.
func (s *emptySetsStream) groups(ctx context.Context) (*scan.Batch, error) {
	n := len(s.node.Always)
	out := &scan.Batch{Len: n}
	last := len(s.node.Keys) - 1
	for _, k := range s.node.Keys[:last] {
		out.Columns = append(out.Columns, column.NewNull(k.Type(), n))
	}
	out.Columns = append(out.Columns, column.NewInts(s.node.Keys[last].Type(), s.node.Always, nil))
	for i := range s.node.Aggs {
		state := newState(ctx, &s.node.Aggs[i])
		state.Grow(n)
		v, err := state.Finish(n)
		if err != nil {
			return nil, err
		}
		out.Columns = append(out.Columns, v)
	}
	return out, nil
}
