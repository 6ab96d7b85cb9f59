package promql

import (
	"context"
	"sync/atomic"

	"github.com/prometheus/prometheus/model/labels"
)

// track is the samples of one series as functions over windows read them: where it can be, slices of what was scanned, with times in the
// unit of the table, of which no two are in one millisecond.
type track struct {
	clock
	labels labels.Labels
	times  []int64
	values []float64
}

// readTracks gives the series that match, sorted by labels; markers says that stale markers are wanted.
func (q *querier) readTracks(ctx context.Context, times timeRange, matchers []*labels.Matcher, markers bool) ([]track, error) {
	s := &selection{q: q, times: times, bare: true}
	if err := s.read(ctx, matchers); err != nil {
		return nil, err
	}
	starts, rows := s.sort()
	out := make([]track, len(starts))
	starts = append(starts, len(s.parts))
	var failed atomic.Pointer[error]
	fill := func(i int) {
		parts := s.parts[starts[i]:starts[i+1]]
		out[i].labels = parts[0].labels
		if err := out[i].fill(q, parts, markers); err != nil {
			failed.CompareAndSwap(nil, &err)
		}
	}
	if err := q.each(ctx, len(out), rows, fill); err != nil {
		return nil, err
	}
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	return out, nil
}

// fill brings the parts of a series together.
func (t *track) fill(q *querier, parts []part, markers bool) error {
	if one := &parts[0]; len(parts) == 1 && !one.layout.shuffled && one.layout.apart(one.pieces) {
		return t.join(q, one, markers)
	}
	rows := 0
	for i := range parts {
		rows += rowsOf(parts[i].pieces)
	}
	if err := q.pool.Grow(int64(rows) * sampleBytes); err != nil {
		return err
	}
	all := parts[0].flatten()
	for k := 1; k < len(parts); k++ {
		all = lastOf(mergeSamples(all, parts[k].flatten()))
	}
	if !markers {
		all = withoutMarkers(all)
	}
	t.clock, t.times, t.values = clock{perMilli: 1}, all.times, all.values
	return nil
}

// apart sorts pieces and says whether all times ascend, each by a millisecond at least: then none needs to be rounded to be told from
// the others.
func (l layout) apart(pieces []piece) bool {
	sortPieces(pieces)
	last := pieces[0].times[0] - l.perMilli
	for i := range pieces {
		for _, t := range pieces[i].times {
			if t-last < l.perMilli {
				return false
			}
			last = t
		}
	}
	return true
}

// join takes the one piece as it is, or copies several one after the other.
func (t *track) join(q *querier, p *part, markers bool) error {
	t.clock = p.layout.clock
	if one := &p.pieces[0]; len(p.pieces) == 1 && one.floats != nil && one.valid == nil {
		t.times, t.values = one.times, one.floats
	} else {
		if err := q.pool.Grow(int64(rowsOf(p.pieces)) * sampleBytes); err != nil {
			return err
		}
		all := concatenate(p.pieces, p.layout.stale && markers)
		t.times, t.values = all.times, all.values
	}
	if !markers && !p.layout.stale {
		// Prometheus' samples have NULL for a stale marker; in other tables a float may look like one.
		kept := withoutMarkers(samples{times: t.times, values: t.values})
		t.times, t.values = kept.times, kept.values
	}
	return nil
}
