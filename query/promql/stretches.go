package promql

import "sync/atomic"

// reading is how much one scan holds by now. What a query reads shall not be much more than StretchBytes at a time, if it can be evaluated in stretches of its
// steps instead; how many bytes a value takes is not known before its pages are there: one for small integers, eight for floats.
type reading struct {
	q     *querier
	rows  int64 // that there are, at most
	apart bool  // windows are short beside the range of the steps: where they are not, stretches would spare little
	seen  atomic.Int64
	bytes atomic.Int64
}

func (s *selection) reading() *reading {
	return &reading{q: s.q, apart: s.times.max-s.times.min >= 3*s.window}
}

// begin says whether so many rows are too many however little they take.
func (r *reading) begin(rows int64, metrics int) error {
	r.rows = rows
	return r.divide(rows * int64(timeBytes+metrics))
}

// timeBytes is what a time takes. A value takes a byte at least.
const timeBytes = 8

// add says whether, now that these rows are held too, all will be too many.
func (r *reading) add(rows, bytes int64) error {
	seen, held := r.seen.Add(rows), r.bytes.Add(bytes)
	if held <= r.q.engine.options.StretchBytes {
		return nil
	}
	return r.divide(int64(float64(held) * max(1, float64(r.rows)/float64(seen))))
}

func (r *reading) divide(bytes int64) error {
	most := r.q.engine.options.StretchBytes
	if !r.q.divisible || !r.apart || bytes <= most {
		return nil
	}
	return &tooLarge{int(1 + bytes/most)}
}
