package promql

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/automatanexus/aegis-db/column/mem"
)

// queryable shows a database to Prometheus' engine.
type queryable struct {
	engine   *Engine
	database string
	asOf     string
	shapes   shapes // of the query that asks; nil = none
}

// Querier implements storage.Queryable.
func (d queryable) Querier(mint, maxt int64) (storage.Querier, error) {
	s, err := d.open()
	if err != nil {
		return nil, err
	}
	pool := mem.NewPool("a PromQL query", d.engine.options.QueryBytes, d.engine.options.Pool)
	q := &querier{engine: d.engine, snapshot: s, pool: pool, times: timeRange{mint, maxt}, shapes: d.shapes}
	if len(d.shapes) > 0 {
		q.leaves = newLeaves(slices.Collect(maps.Values(d.shapes)))
	}
	return q, nil
}

// querier implements storage.Querier over one snapshot. Safe for concurrent use until it is closed.
type querier struct {
	engine   *Engine
	snapshot Snapshot
	pool     *mem.Pool
	times    timeRange
	shapes   shapes
	leaves   leaves // of the shapes that are evaluated
	// divisible says that what would read too much is evaluated in stretches instead (direct.go).
	divisible bool
	mu        sync.Mutex
	lent      [][]float64 // to be given back
	also      *querier    // to be released with this one; nil = none
}

// seriesOnly is the name of the function that hints give where samples are not needed.
const seriesOnly = "series"

// Select implements storage.Querier. The set is always sorted: it costs little, since sources are sorted by tags, and an answer whose
// order is not asked for is at least the same every time.
func (q *querier) Select(ctx context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	if len(matchers) == 1 {
		if s, known := q.shapes[matchers[0]]; known {
			return &seriesSet{evaluate: func() (*seriesSet, error) { return q.evaluate(ctx, s) }}
		}
	}
	times := q.times
	read := q.readSamples
	if hints != nil {
		times = timeRange{hints.Start, hints.End}
		if hints.Func == seriesOnly {
			read = q.readSeries
		}
	}
	return &seriesSet{load: func() ([]series, error) { return read(ctx, times, matchers) }}
}

// LabelValues implements storage.Querier.
func (q *querier) LabelValues(ctx context.Context, name string, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	values, err := q.values(ctx, q.times, name, matchers)
	return values, nil, err
}

// LabelNames implements storage.Querier.
func (q *querier) LabelNames(ctx context.Context, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	names, err := q.labelNames(ctx, q.times, matchers)
	return names, nil, err
}

// Close implements storage.Querier.
func (q *querier) Close() error {
	q.snapshot.Close()
	q.release()
	return nil
}
