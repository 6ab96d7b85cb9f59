package promql

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/prometheus/prometheus/model/labels"
)

// track is the samples of one series as functions over windows read them: where it can be, views of what was scanned, with times in the
// unit of the table, of which no two are in one millisecond, and without NULLs.
type track struct {
	clock
	labels labels.Labels
	pieces []piece // that follow each other
	// exact says that all values are whole numbers, and few and small enough for sums of them to be exact in whatever order.
	exact bool
}

// cut is the samples of a track in some range of time.
type cut struct {
	clock
	samples
}

// between gives the samples after from, up to to, both in the track's unit. It copies, to a place that is used again, only where the range reaches
// from one piece into another, or values are no floats.
func (t *track) between(from, to int64, room *samples) cut {
	out := cut{clock: t.clock}
	copied := false
	for i := range t.pieces {
		p := &t.pieces[i]
		if p.times[len(p.times)-1] <= from {
			continue
		}
		if p.times[0] > to {
			break
		}
		lo, hi := lowest(p.times, from), lowest(p.times, to)
		switch {
		case lo == hi:
		case len(out.times) == 0 && p.floats != nil:
			out.times, out.values = p.times[lo:hi], p.floats[lo:hi]
		case len(out.times) == 0:
			room.values = p.appendFloats(room.values[:0], lo, hi)
			out.times, out.values = p.times[lo:hi], room.values
		default:
			if !copied {
				copied = true
				room.times, room.values = append(room.times[:0], out.times...), append(room.values[:0], out.values...)
			}
			room.times, room.values = append(room.times, p.times[lo:hi]...), p.appendFloats(room.values, lo, hi)
			out.times, out.values = room.times, room.values
		}
	}
	return out
}

// rows is how many samples a track has.
func (t *track) rows() (n int64) {
	for i := range t.pieces {
		n += int64(len(t.pieces[i].times))
	}
	return n
}

// tracks brings the parts of each series together, sorted by labels; markers says that stale markers are wanted.
func (s *selection) tracks(ctx context.Context, markers bool) ([]track, error) {
	starts, rows := s.sort()
	out := make([]track, len(starts))
	starts = append(starts, len(s.parts))
	var failed atomic.Pointer[error]
	fill := func(i int) {
		parts := s.parts[starts[i]:starts[i+1]]
		out[i].labels = parts[0].labels
		if err := out[i].fill(s.q, parts, markers); err != nil {
			failed.CompareAndSwap(nil, &err)
		}
	}
	if err := s.q.each(ctx, len(out), rows, fill); err != nil {
		return nil, err
	}
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	return out, nil
}

// fill brings the parts of a series together.
func (t *track) fill(q *querier, parts []part, markers bool) error {
	if one := &parts[0]; len(parts) == 1 && one.apart {
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
	t.clock = clock{perMilli: 1}
	t.add(all)
	return nil
}

// add appends a piece of floats, if it has samples.
func (t *track) add(s samples) {
	if len(s.times) > 0 {
		t.pieces = append(t.pieces, piece{times: s.times, floats: s.values})
	}
}

// apart says of sorted pieces whether all times ascend, each by a millisecond at least: then none needs to be rounded to be told from
// the others.
func (l layout) apart(pieces []piece) bool {
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

// join takes pieces as they are, but for those that have NULLs or markers.
func (t *track) join(q *querier, p *part, markers bool) error {
	t.clock, t.pieces, t.exact = p.layout.clock, p.pieces, wholeNumbers(p.pieces)
	changed := false
	for i := range p.pieces {
		one := &p.pieces[i]
		// Prometheus' samples have NULL for a stale marker; in other tables a float may look like one.
		doubtful := one.floats != nil && !markers && !p.layout.stale
		if one.valid == nil && !doubtful {
			continue
		}
		s := samples{times: one.times, values: one.floats}
		if one.valid != nil {
			if err := q.pool.Grow(int64(len(one.times)) * sampleBytes); err != nil {
				return err
			}
			s = one.appendTo(makeSamples(len(one.times), false), p.layout.stale && markers)
		}
		if doubtful {
			s = withoutMarkers(s)
		}
		if one.valid == nil && len(s.times) == len(one.times) {
			continue
		}
		if !changed { // the part may be another's as well
			changed, t.pieces = true, slices.Clone(p.pieces)
		}
		t.pieces[i] = piece{times: s.times, floats: s.values}
	}
	if changed {
		t.pieces = slices.DeleteFunc(t.pieces, func(p piece) bool { return len(p.times) == 0 })
	}
	return nil
}
