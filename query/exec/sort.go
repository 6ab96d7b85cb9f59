package exec

import (
	"context"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/plan"
)

// sorter orders its input, or finds its first rows. Rows of equal keys keep the order of their parts, so an answer does not depend on
// which worker was faster.
type sorter struct {
	node  *plan.Sort
	env   *Env
	input producer
	stats *Stats
}

func (s *sorter) parts(ctx context.Context) (out []part, err error) {
	inner, err := s.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	rows := newRowSorter(s.env, s.stats, s.node.Keys, typesOf(s.node), s.node.Limit)
	defer func() {
		if err != nil {
			rows.close()
		}
	}()
	err = drain(ctx, s.env, inner, func(int) func(*worker, int, *scan.Batch) error {
		in := rows.intake()
		return func(w *worker, number int, b *scan.Batch) error { return in.add(ctx, w, number, b) }
	})
	if err != nil {
		return nil, err
	}
	result, err := rows.sorted(ctx)
	if err != nil {
		return nil, err
	}
	return []part{func(context.Context, *worker) (stream, error) { return result, nil }}, nil
}
