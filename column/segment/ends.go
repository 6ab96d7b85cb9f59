package segment

import "context"

// cutEnds keeps, of the rows in the queue, which are live and in the time range, those that the request needs from the ends of
// their series. A series that was split over morsels has more than two ends: some rows too many, none too few.
func (s *rowSource) cutEnds(ctx context.Context) error {
	rows := int64(0)
	for _, p := range s.queue {
		rows += int64(p.hi - p.lo)
	}
	if s.ends.Most(rows) == rows {
		return nil
	}
	if n := len(s.queue); s.lasts != nil {
		p := s.queue[n-1]
		if alone, err := s.isAlone(p.series, p.hi); alone || err != nil {
			s.queue = append(s.queue[:0], piece{p.series, p.hi - 1, p.hi})
			return err
		}
	}
	if err := s.openTimes(); err != nil {
		return err
	}
	head, err := s.firstPieces(ctx, s.ends.First)
	if err != nil {
		return err
	}
	tail, err := s.lastPieces(ctx, s.ends.Last)
	if err != nil {
		return err
	}
	if n := len(head); n > 0 {
		for len(tail) > 0 && tail[0].hi <= head[n-1].hi {
			tail = tail[1:]
		}
		if len(tail) > 0 {
			tail[0].lo = max(tail[0].lo, head[n-1].hi)
		}
	}
	s.queue = append(head, tail...)
	return nil
}

// firstPieces gives the first n rows of the queue, and those after them of the same time as the last.
func (s *rowSource) firstPieces(ctx context.Context, n int64) ([]piece, error) {
	var out []piece
	bound := int64(0)
	for _, p := range s.queue {
		if n > 0 {
			take := min(n, int64(p.hi-p.lo))
			n -= take
			out = append(out, piece{p.series, p.lo, p.lo + uint32(take)})
			p.lo += uint32(take)
			if n > 0 {
				continue
			}
			var err error
			if bound, err = s.timeOf(ctx, p.lo-1); err != nil {
				return nil, err
			}
		}
		if len(out) == 0 {
			break
		}
		for ; p.lo < p.hi; p.lo++ {
			t, err := s.timeOf(ctx, p.lo)
			if err != nil || t != bound {
				return out, err
			}
			out = appendRow(out, p.series, p.lo)
		}
	}
	return out, nil
}

// lastPieces gives the last n rows of the queue, and those before them of the same time as the first.
func (s *rowSource) lastPieces(ctx context.Context, n int64) ([]piece, error) {
	at := len(s.queue)
	if n == 0 {
		return nil, nil
	}
	var lo uint32
	for at > 0 && n > 0 {
		at--
		p := s.queue[at]
		take := min(n, int64(p.hi-p.lo))
		n -= take
		lo = p.hi - uint32(take)
	}
	bound, err := s.timeOf(ctx, lo)
	if err != nil {
		return nil, err
	}
	for {
		if lo == s.queue[at].lo {
			if at == 0 {
				break
			}
			at--
			lo = s.queue[at].hi
		}
		t, err := s.timeOf(ctx, lo-1)
		if err != nil {
			return nil, err
		}
		if t != bound {
			break
		}
		lo--
	}
	out := append([]piece(nil), s.queue[at:]...)
	out[0].lo = lo
	if out[0].lo == out[0].hi {
		out = out[1:]
	}
	return out, nil
}

// timeOf is the time of a row.
func (s *rowSource) timeOf(ctx context.Context, row uint32) (int64, error) {
	v, i, _, err := s.times.part(ctx, row, row+1)
	if err != nil {
		return 0, err
	}
	return v.Ints[i], nil
}

// applyBound narrows the time range to what still matters, and finds out whether it cuts a span or has passed all of it.
func (s *rowSource) applyBound(span *Span) (passed bool, err error) {
	s.time = s.bound.Within(s.time)
	series, err := s.r.Series(int(span.Series))
	if err != nil {
		return false, err
	}
	span.Partial = span.Partial || series.Min < s.time.Min
	return series.Max < s.time.Min, nil
}
