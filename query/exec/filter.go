package exec

import (
	"context"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// filter drops rows part by part. It compacts the batch at once instead of carrying a selection: at 4096 rows the copy
// costs less than a selection vector that every kernel after it would have to follow. Where nearly all rows pass and an aggregation lists them by
// group, the others are left (left_rows.go).
type filter struct {
	node      *plan.Filter
	env       *Env
	input     producer
	leave     *atomic.Bool // whether rows that do not pass may lie among the others; nil = never
	cutoff    *scan.Cutoff // of the rows that a sort above wants; nil = none
	cutColumn int          // what it is about
	read      []bool       // of the columns; nil = all
	// The condition, taken apart; no ranges where it has none.
	ranges []numberRange
	rest   []expr.Expr
}

func newFilter(n *plan.Filter, env *Env, input producer, read []bool) *filter {
	f := &filter{node: n, env: env, input: input, read: read}
	if !env.Plain {
		f.ranges, f.rest = splitRanges(n.Cond, &env.Expr)
	}
	return f
}

func (f *filter) parts(ctx context.Context) ([]part, error) {
	deadBelow(f.input, f.node.Cond)
	return mapParts(ctx, f.input, func(w *worker, b *scan.Batch) (*scan.Batch, error) {
		rows, err := f.passing(w, b)
		if err != nil {
			return nil, err
		}
		w.rows = livingRows(rows, b.Living)
		if f.leave != nil && f.leave.Load() {
			if b, ok := left(b, w.rows); ok {
				return b, nil
			}
		}
		return compactRead(b, w.rows, f.read), nil
	})
}

// passing lists the rows of a batch for which the condition is true.
func (f *filter) passing(w *worker, b *scan.Batch) ([]int32, error) {
	w.expr.Runs = b.Runs
	rows, all := f.before(b, w.rows[:0])
	if !all && len(rows) == 0 {
		return rows, nil
	}
	for i := range f.ranges {
		v := b.Columns[f.ranges[i].column]
		lo, hi, ok := f.ranges[i].of(v)
		switch {
		case ok && all:
			rows, all = within(v, lo, hi, nil, rows), false
		case ok:
			rows = within(v, lo, hi, rows, rows)
		case all:
			return expr.EvalBool(&w.expr, f.node.Cond, b.Columns, b.Len, rows)
		default:
			return expr.EvalBoolOf(&w.expr, f.node.Cond, b.Columns, b.Len, rows)
		}
		if len(rows) == 0 {
			return rows, nil
		}
	}
	switch {
	case all:
		return expr.EvalBool(&w.expr, f.node.Cond, b.Columns, b.Len, rows)
	case len(f.ranges) == 0:
		return expr.EvalBoolOf(&w.expr, f.node.Cond, b.Columns, b.Len, rows)
	}
	return expr.KeepTrue(&w.expr, f.rest, b.Columns, b.Len, rows)
}

// project computes expressions part by part. Runs stay: it neither drops nor moves rows.
type project struct {
	node  *plan.Project
	input producer
}

func (p *project) parts(ctx context.Context) ([]part, error) {
	return mapParts(ctx, p.input, func(w *worker, b *scan.Batch) (*scan.Batch, error) {
		columns, b, err := evalLiving(w, p.node.Exprs, b)
		if err != nil {
			return nil, err
		}
		return &scan.Batch{Len: b.Len, Columns: columns, Runs: b.Runs, Living: b.Living}, nil
	})
}

// mapParts puts a function on each batch of each part; batches it empties are skipped.
func mapParts(ctx context.Context, input producer, apply func(*worker, *scan.Batch) (*scan.Batch, error)) ([]part, error) {
	inner, err := input.parts(ctx)
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
			return &mapped{stream: s, w: w, apply: apply}, nil
		}
	}
	return out, nil
}

type mapped struct {
	stream
	w     *worker
	apply func(*worker, *scan.Batch) (*scan.Batch, error)
}

func (m *mapped) next(ctx context.Context) (*scan.Batch, error) {
	for {
		b, err := m.stream.next(ctx)
		if err != nil {
			return nil, err
		}
		if b, err = m.apply(m.w, b); err != nil || b.Len > 0 {
			return b, err
		}
		if err := cause(ctx); err != nil {
			return nil, err
		}
	}
}
