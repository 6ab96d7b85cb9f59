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
	cutoff := cutoffBelow(s.node, s.input, s.env)
	firstOfGroups(s.node, s.input, s.env)
	inner, err := s.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	rows := newRowSorter(s.env, s.stats, s.node.Keys, typesOf(s.node), s.node.Limit)
	rows.cutoff = cutoff
	defer func() {
		if err != nil {
			rows.close()
		}
	}()
	result, err := s.run(ctx, rows, inner)
	if err != nil {
		return nil, err
	}
	return []part{func(context.Context, *worker) (stream, error) { return result, nil }}, nil
}

func (s *sorter) run(ctx context.Context, rows *rowSorter, parts []part) (stream, error) {
	if len(parts) == 1 {
		in := &orderedRows{sorter: rows}
		err := drain(ctx, s.env, parts, func(int) func(*worker, int, *scan.Batch) error {
			return func(w *worker, _ int, b *scan.Batch) error { return in.add(ctx, w, b) }
		})
		if err != nil {
			return nil, err
		}
		return in.sorted(ctx)
	}
	err := drain(ctx, s.env, parts, func(int) func(*worker, int, *scan.Batch) error {
		in := rows.intake()
		return func(w *worker, number int, b *scan.Batch) error {
			if rows.cutoff != nil && rows.cutoff.Desc {
				number = len(parts) - 1 - number // the scan has turned them round
			}
			keys, err := rows.keys.eval(w, b)
			if err != nil {
				return err
			}
			return in.add(ctx, number, b, keys)
		}
	})
	if err != nil {
		return nil, err
	}
	return rows.sorted(ctx)
}
