package promql

// Rows of a series that were written at about the same time may have come into different segments, so that pieces overlap a little where one ends
// and the next begins. There they are cut into stretches that follow each other, which are views like the pieces: nothing is copied. Overlaps of
// many rows by turns are left to be merged.

// stretch is rows [from, to) of a piece.
type stretch struct{ piece, from, to int }

// interleaved gives the stretches, by time, of pieces that are sorted by their first times; false = there would be too many.
func interleaved(pieces []piece) ([]stretch, bool) {
	var out []stretch
	most := 4*len(pieces) + rowsOf(pieces)/16
	var begun []stretch // what is left of the pieces that have begun
	next := 0
	for next < len(pieces) || len(begun) > 0 {
		first := earliest(begun, pieces)
		if next < len(pieces) && (first < 0 || pieces[next].times[0] <= begun[first].begins(pieces)) {
			begun = append(begun, stretch{next, 0, len(pieces[next].times)})
			next++
			continue
		}
		s := &begun[first]
		until := s.to
		if next < len(pieces) {
			until = s.before(pieces[next].times[0], pieces)
		}
		for k := range begun {
			if k != first {
				until = min(until, s.before(begun[k].begins(pieces), pieces))
			}
		}
		if out = append(out, stretch{s.piece, s.from, until}); len(out) > most {
			return nil, false
		}
		if s.from = until; until == s.to {
			begun = append(begun[:first], begun[first+1:]...)
		}
	}
	return out, true
}

// earliest is the stretch that begins first; -1 = there is none.
func earliest(begun []stretch, pieces []piece) int {
	first := -1
	for k := range begun {
		if first < 0 || begun[k].begins(pieces) < begun[first].begins(pieces) {
			first = k
		}
	}
	return first
}

func (s *stretch) begins(pieces []piece) int64 { return pieces[s.piece].times[s.from] }

// before is the first row of a stretch that is not before a time, but for its first one.
func (s *stretch) before(t int64, pieces []piece) int {
	return s.from + max(1, lowest(pieces[s.piece].times[s.from:s.to], t-1))
}

// cutInto gives stretches of pieces as pieces.
func cutInto(pieces []piece, stretches []stretch) []piece {
	out := make([]piece, len(stretches))
	for i, s := range stretches {
		p := &pieces[s.piece]
		out[i] = p.rows(s.from, s.to)
		out[i].valid, out[i].first = p.valid, p.first+s.from
	}
	return out
}
