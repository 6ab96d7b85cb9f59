package promql

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// timeRange is a closed range of milliseconds.
type timeRange struct{ min, max int64 }

// selection is one selector at work: what it reads, and the series that it makes of that.
type selection struct {
	q     *querier
	times timeRange
	// bare leaves the times out at which counters began.
	bare bool
	// window is how far the first time lies before what is asked for, 0 = unknown.
	window millis
	// parts are the series of an answer before their samples are brought together.
	parts []part
}

// part is a series as one target has it.
type part struct {
	labels labels.Labels
	pieces []piece
	layout layout
	metric int  // which of the target's metrics it is
	apart  bool // the pieces are sorted, and their times are apart (layout.apart); not looked for unless the selection is bare
}

// readSamples gives the series that match, with their samples in a range, sorted by labels.
func (q *querier) readSamples(ctx context.Context, times timeRange, matchers []*labels.Matcher) ([]series, error) {
	s := &selection{q: q, times: times}
	if err := s.read(ctx, matchers); err != nil {
		return nil, err
	}
	return s.finish(ctx)
}

// read scans all that matches.
func (s *selection) read(ctx context.Context, matchers []*labels.Matcher) error {
	targets, err := s.q.targets(ctx, matchers)
	if err != nil {
		return err
	}
	for _, t := range targets {
		if err := s.readTarget(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// columnsOf are the columns a target is read with: tags, time, and what is measured.
func columnsOf(t *target) (tags, measured []column.ID) {
	schema := &t.table.Columns
	if t.samples() {
		return schema.Tags, []column.ID{schema.Fields[schema.Lookup(valueColumn)].ID}
	}
	for _, m := range t.metrics {
		measured = append(measured, m.field.ID)
	}
	return schema.Tags, measured
}

// The columns of prometheus.samples that hold the values and the times at which counters began.
const (
	valueColumn = "value"
	startColumn = "start_ts"
)

func layoutOf(t *target) layout {
	schema := &t.table.Columns
	unit := schema.Fields[schema.Index(schema.Time)].Type.UnitsPerSecond()
	return layout{clock: clock{perMilli: unit / 1000}, stale: t.samples(), shuffled: schema.Order()[0] != schema.Time}
}

func (r timeRange) of(c clock) scan.TimeRange {
	return scan.TimeRange{Min: c.first(r.min), Max: c.last(r.max)}
}

// readTarget scans a target.
func (s *selection) readTarget(ctx context.Context, t *target) error {
	tags, measured := columnsOf(t)
	how := layoutOf(t)
	req := &scan.Request{
		Columns: slices.Concat(tags, []column.ID{t.table.Columns.Time}, measured), Series: t.filters, Time: s.times.of(how.clock),
	}
	if s.bare {
		req.Narrow = slices.Repeat([]bool{true}, len(req.Columns))
		for i := range len(tags) + 1 {
			req.Narrow[i] = false
		}
	}
	starts := !s.bare && t.samples() && s.q.engine.options.StartTimestamps
	if starts {
		schema := &t.table.Columns
		req.Columns = append(req.Columns, schema.Fields[schema.Lookup(startColumn)].ID)
	}
	var mu sync.Mutex
	var all []*collector
	held := s.reading()
	fits := func(rows int64) error { return held.begin(rows, len(measured)) }
	err := s.q.scanIf(ctx, t.source, req, fits, func() sink {
		c := newCollector(s.q.pool, len(tags), len(measured), starts)
		c.reading = held
		mu.Lock()
		defer mu.Unlock()
		all = append(all, c)
		return c.add
	})
	if err != nil || len(all) == 0 {
		return err
	}
	for _, other := range all[1:] {
		all[0].merge(other)
	}
	return s.name(ctx, t, how, all[0].series)
}

// name gives the series that were found their labels.
func (s *selection) name(ctx context.Context, t *target, how layout, list []found) error {
	n := newNamer(t)
	apart, err := s.apart(ctx, how, list)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return nil
	}
	first := len(s.parts)
	for k := range list[0].pieces {
		for i := range list {
			set, err := n.labels(list[i].tags, k)
			if err != nil {
				return err
			}
			if err := s.q.pool.Grow(int64(set.ByteSize())); err != nil {
				return err
			}
			s.parts = append(s.parts, part{labels: set, pieces: list[i].pieces[k], layout: how, metric: k, apart: apart[i]})
		}
		if k == 0 && len(list[0].pieces) > 1 {
			// What follows has the same order under every other name.
			order(list, apart, s.parts[first:])
		}
	}
	return nil
}

// order puts series into the order of the labels that they have in their parts, and those with them.
func order(list []found, apart []bool, parts []part) {
	at := make([]int, len(list))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(a, b int) int { return labels.Compare(parts[a].labels, parts[b].labels) })
	oldList, oldApart, oldParts := slices.Clone(list), slices.Clone(apart), slices.Clone(parts)
	for i, from := range at {
		list[i], apart[i], parts[i] = oldList[from], oldApart[from], oldParts[from]
	}
}

// apart sorts the pieces of each series, of a bare selection, and says whether its times are apart; all metrics of a series have the same.
func (s *selection) apart(ctx context.Context, how layout, list []found) ([]bool, error) {
	out := make([]bool, len(list))
	if !s.bare || how.shuffled {
		return out, nil
	}
	rows := int64(0)
	for i := range list {
		rows += int64(rowsOf(list[i].pieces[0]))
	}
	err := s.q.each(ctx, len(list), rows, func(i int) {
		for _, pieces := range list[i].pieces {
			sortPieces(pieces)
		}
		if out[i] = how.apart(list[i].pieces[0]); !out[i] {
			out[i] = s.interleave(how, list[i].pieces)
		}
	})
	return out, err
}

// interleave cuts the pieces of a series, in all of its metrics, where they overlap, if their times are apart then.
func (s *selection) interleave(how layout, metrics [][]piece) bool {
	stretches, few := interleaved(metrics[0])
	if !few || s.q.pool.Grow(pieceBytes*int64(len(stretches)*len(metrics))) != nil { // who merges them instead will say so
		return false
	}
	cut := cutInto(metrics[0], stretches)
	if !how.apart(cut) {
		return false
	}
	metrics[0] = cut
	for k := 1; k < len(metrics); k++ {
		metrics[k] = cutInto(metrics[k], stretches)
	}
	return true
}

// sampleBytes is what a sample takes in a series: a time, a value, and, if there are such, when it started.
const sampleBytes = 24

// finish sorts the series and brings the samples of each together. Series without samples are left out.
func (s *selection) finish(ctx context.Context) ([]series, error) {
	starts, rows := s.sort()
	if err := s.q.pool.Grow(rows * sampleBytes); err != nil {
		return nil, err
	}
	out := make([]series, len(starts))
	starts = append(starts, len(s.parts))
	fill := func(i int) {
		parts := s.parts[starts[i]:starts[i+1]]
		out[i].labels = parts[0].labels
		all := parts[0].flatten()
		for k := 1; k < len(parts); k++ {
			all = lastOf(mergeSamples(all, parts[k].flatten()))
		}
		out[i].samples = all
	}
	if err := s.q.each(ctx, len(out), rows, fill); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(out, func(s series) bool { return len(s.times) == 0 }), nil
}

// sort puts the parts in the order of their labels. It gives where those of each label set start, and how many rows there are.
func (s *selection) sort() (starts []int, rows int64) {
	byLabels := func(a, b part) int { return labels.Compare(a.labels, b.labels) }
	if !slices.IsSortedFunc(s.parts, byLabels) {
		slices.SortStableFunc(s.parts, byLabels)
	}
	for i := range s.parts {
		rows += int64(rowsOf(s.parts[i].pieces))
		if i == 0 || !labels.Equal(s.parts[i-1].labels, s.parts[i].labels) {
			starts = append(starts, i)
		}
	}
	return starts, rows
}

func (p *part) flatten() samples { return p.layout.flatten(p.pieces) }

// lastOf keeps, of the samples of one millisecond, the last.
func lastOf(s samples) samples { return clock{perMilli: 1}.settle(s) }

// shortRows is up to how many rows that are in memory work is done before another goroutine would have begun.
const shortRows = 16 * inlineRows

// each calls f with 0 to n-1, by as many workers as pay for so many rows. A series is short work: workers take some at a time.
func (q *querier) each(ctx context.Context, n int, rows int64, f func(i int)) error {
	return q.eachOf(ctx, n, 64, rows, f)
}

// eachOf does the same; stretch is how many a worker takes at a time.
func (q *querier) eachOf(ctx context.Context, n, stretch int, rows int64, f func(i int)) error {
	var next atomic.Int64
	work := func() (err error) {
		defer guard(&err)
		for ctx.Err() == nil {
			hi := int(next.Add(int64(stretch)))
			lo := hi - stretch
			if lo >= n {
				return nil
			}
			for i := lo; i < min(hi, n) && ctx.Err() == nil; i++ { // one may have many windows at many steps
				f(i)
			}
		}
		return queryError(ctx, ctx.Err())
	}
	workers := min(q.engine.options.Workers, (n+stretch-1)/stretch)
	if workers <= 1 || rows <= shortRows {
		return work()
	}
	var group sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		group.Go(func() { errs[w] = work() })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
