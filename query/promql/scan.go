package promql

import (
	"context"
	"errors"
	"io"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/prometheus/prometheus/promql"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// sink takes the batches of one worker.
type sink func(b *scan.Batch) error

// inlineRows is up to how many rows a scan is not worth a goroutine.
const inlineRows = scan.BatchRows

// errEnough ends a scan whose question is answered.
var errEnough = errors.New("enough was read")

// scan reads a request by morsels, with as many workers as pay, each of which has a sink of its own. It returns when all of
// them have ended.
func (q *querier) scan(ctx context.Context, source scan.Source, req *scan.Request, newSink func() sink) error {
	return q.scanIf(ctx, source, req, nil, newSink)
}

// scanIf does the same, unless fits has an error for the most rows that there may be.
func (q *querier) scanIf(ctx context.Context, source scan.Source, req *scan.Request, fits func(rows int64) error, newSink func() sink) error {
	morsels, stats, err := source.Morsels(ctx, req)
	if err != nil {
		return queryError(ctx, err)
	}
	if fits != nil {
		if err := fits(stats.Rows); err != nil {
			return err
		}
	}
	workers := min(q.engine.options.Workers, len(morsels))
	if stats.Rows <= inlineRows {
		workers = min(workers, 1)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	work := func() {
		eat := newSink()
		for ctx.Err() == nil {
			i := int(next.Add(1)) - 1
			if i >= len(morsels) {
				return
			}
			if err := q.read(ctx, morsels[i], eat); err != nil {
				cancel(err)
				return
			}
		}
	}
	if workers <= 1 {
		work()
	} else {
		var group sync.WaitGroup
		for range workers {
			group.Go(work)
		}
		group.Wait()
	}
	if err := context.Cause(ctx); err != nil && !errors.Is(err, errEnough) {
		return queryError(ctx, err)
	}
	return nil
}

// read pulls a morsel to its end.
func (q *querier) read(ctx context.Context, m scan.Morsel, eat sink) (err error) {
	defer guard(&err)
	pool := mem.NewPool("PromQL scan", 0, q.pool)
	defer pool.Close()
	r, err := m.Open(ctx, pool)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := eat(b); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// guard turns a panic into an error of its query: one query's broken invariant is no reason to stop everybody else's.
func guard(err *error) {
	if r := recover(); r != nil {
		*err = column.Recovered(r, debug.Stack())
	}
}

// queryError gives errors of contexts the form and text that they have in Prometheus.
func queryError(ctx context.Context, err error) error {
	if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return promql.ErrQueryTimeout("series selection")
	}
	return promql.ErrQueryCanceled("series selection")
}
