package exec

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// groupingSets gives each batch once for each grouping set. Nothing is copied: keys that a set does not have are a constant NULL, so that what
// is constant inside runs stays so.
type groupingSets struct {
	node  *plan.GroupingSets
	input producer
}

func (e *groupingSets) parts(ctx context.Context) ([]part, error) {
	inner, err := e.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]part, len(inner))
	for i, open := range inner {
		out[i] = func(ctx context.Context, w *worker) (stream, error) {
			s, err := open(ctx, w)
			if err != nil {
				return nil, err
			}
			return &groupingSetsStream{stream: s, node: e.node, worker: w}, nil
		}
	}
	return out, nil
}

type groupingSetsStream struct {
	stream
	node   *plan.GroupingSets
	worker *worker
	batch  *scan.Batch
	keys   []*column.Vector
	set    int // the next one of the batch
}

func (s *groupingSetsStream) next(ctx context.Context) (*scan.Batch, error) {
	if s.batch == nil || s.set == len(s.node.Sets) {
		if err := s.advance(ctx); err != nil {
			return nil, err
		}
	}
	b, n := s.batch, s.batch.Len
	out := &scan.Batch{Len: n, Runs: b.Runs, Columns: append(make([]*column.Vector, 0, len(b.Columns)+len(s.keys)+1), b.Columns...)}
	for _, v := range s.keys {
		out.Columns = append(out.Columns, column.NewNull(v.Type, n))
	}
	for _, k := range s.node.Sets[s.set] {
		out.Columns[len(b.Columns)+k] = s.keys[k]
	}
	number := column.NewInts(plan.SetNumber, []int64{int64(s.set)}, nil)
	out.Columns = append(out.Columns, column.NewConst(number, 0, n))
	s.set++
	return out, nil
}

// advance takes the next batch of the input.
func (s *groupingSetsStream) advance(ctx context.Context) error {
	b, err := s.stream.next(ctx)
	if err != nil {
		return err
	}
	s.worker.expr.Runs = b.Runs
	s.keys = s.keys[:0]
	for _, e := range s.node.Keys {
		v, err := expr.Eval(&s.worker.expr, e, b.Columns, b.Len)
		if err != nil {
			return err
		}
		s.keys = append(s.keys, v)
	}
	s.batch, s.set = b, 0
	return nil
}
