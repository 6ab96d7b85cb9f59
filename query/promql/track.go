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
		times := pieces[i].times
		if times[0]-last < l.perMilli || !ascend(times, l.perMilli) {
			return false
		}
		last = times[len(times)-1]
	}
	return true
}

// ascend says whether each time is at least so much after the one before.
func ascend(times []int64, by int64) bool {
	signs, i := int64(0), 1
	for ; i+8 <= len(times); i += 8 {
		t := (*[9]int64)(times[i-1:])
		signs |= (t[1] - t[0] - by) | (t[2] - t[1] - by) | (t[3] - t[2] - by) | (t[4] - t[3] - by)
		signs |= (t[5] - t[4] - by) | (t[6] - t[5] - by) | (t[7] - t[6] - by) | (t[8] - t[7] - by)
	}
	for ; i < len(times); i++ {
		signs |= times[i] - times[i-1] - by
	}
	return signs >= 0
}

// floats says that all values are floats.
func (t *track) floats() bool {
	for i := range t.pieces {
		if t.pieces[i].floats == nil {
			return false
		}
	}
	return true
}

// join takes pieces as they are, but for those that have NULLs or markers which are not wanted.
func (t *track) join(q *querier, p *part, markers bool) error {
	t.clock, t.pieces = p.layout.clock, p.pieces
	changed := false
	for i := range p.pieces {
		one := &p.pieces[i]
		// Prometheus' samples have NULL for a stale marker, which is seen where markers are; in other tables a float may look like one.
		split := one.valid != nil && !(p.layout.stale && markers)
		doubtful := one.floats != nil && !markers && !p.layout.stale && hasMarkers(one.floats)
		if split || doubtful {
			if !changed { // the part may be another's as well
				changed, t.pieces = true, append(make([]piece, 0, p.stretches()), p.pieces[:i]...)
			}
			if err := t.addWithout(q, one, doubtful); err != nil {
				return err
			}
		} else if changed {
			t.pieces = append(t.pieces, *one)
		}
	}
	t.exact = wholeNumbers(t.pieces)
	return nil
}

// stretches is about how many pieces there are without NULLs.
func (p *part) stretches() int {
	n := len(p.pieces)
	for i := range p.pieces {
		one := &p.pieces[i]
		for to, end := one.first, one.first+len(one.times); to < end && n < 64*len(p.pieces); n++ {
			to = one.valid.NextClear(to, end) + 1
		}
	}
	return n
}

func hasMarkers(values []float64) bool { return slices.ContainsFunc(values, isNothing) }

// pieceBytes is what a piece takes beside its rows.
const pieceBytes = 144

// addWithout adds the rows of a piece that are no NULLs, nor, if they are in doubt, stale markers: stretches of it, or a copy where there would be
// many short ones.
func (t *track) addWithout(q *querier, p *piece, doubtful bool) error {
	const shortest = 16
	first, n, stretches := len(t.pieces), len(p.times), 0
	for from := 0; from < n; {
		to := p.nextOut(from, doubtful)
		if stretches++; stretches*shortest > n+shortest {
			return t.addCopy(q, first, p, doubtful)
		}
		if from < to {
			t.pieces = append(t.pieces, p.rows(from, to))
		}
		from = to + 1
	}
	return q.pool.Grow(pieceBytes * int64(len(t.pieces)-first))
}

// nextOut is the first row from one on that is NULL, or, if they are in doubt, a stale marker.
func (p *piece) nextOut(from int, doubtful bool) int {
	to := p.valid.NextClear(p.first+from, p.first+len(p.times)) - p.first
	if doubtful {
		if i := slices.IndexFunc(p.floats[from:to], isNothing); i >= 0 {
			return from + i
		}
	}
	return to
}

// addCopy adds the rows of a piece that are no NULLs or markers in the place of what was added since.
func (t *track) addCopy(q *querier, since int, p *piece, doubtful bool) error {
	t.pieces = t.pieces[:since]
	if err := q.pool.Grow(int64(len(p.times)) * sampleBytes); err != nil {
		return err
	}
	kept := piece{times: make([]int64, 0, len(p.times)), base: p.base}
	for i, at := range p.times {
		if !p.valid.Get(p.first+i) || doubtful && isNothing(p.floats[i]) {
			continue
		}
		kept.times = append(kept.times, at)
		switch {
		case p.floats != nil:
			kept.floats = append(kept.floats, p.floats[i])
		case p.bytes != nil:
			kept.bytes = append(kept.bytes, p.bytes[i])
		default:
			kept.ints = append(kept.ints, p.ints[i])
		}
	}
	if len(kept.times) > 0 {
		t.pieces = append(t.pieces, kept)
	}
	return nil
}

// rows is a view of rows [from, to) of a piece that has no NULLs there.
func (p *piece) rows(from, to int) piece {
	out := piece{times: p.times[from:to], base: p.base}
	switch {
	case p.floats != nil:
		out.floats = p.floats[from:to]
	case p.bytes != nil:
		out.bytes = p.bytes[from:to]
	default:
		out.ints = p.ints[from:to]
	}
	return out
}
