package exec

import "github.com/automatanexus/aegis-db/column"

// Pairs of rows with long values make batches of few rows: each pair has copies of the values of both sides, and a row has as many pairs as it has partners.

const (
	pairBytes   = 4 << 20  // values of a batch of pairs, about, where they are counted
	fewBytes    = 64 << 20 // where a batch cannot have more, nothing is counted
	shortValues = 16 << 10 // a column of no more bytes than this has no long value
)

// longColumns are the columns of a side of a join that may have long values.
type longColumns struct {
	columns []*column.Vector
	most    int // bytes of a row, at most
}

// longOf looks at columns; what a dictionary has is copied for rows of the build side only.
func longOf(columns []*column.Vector, build bool) (l longColumns) {
	for _, v := range columns {
		if v == nil || v.Type.Physical() != column.PhysBytes {
			continue
		}
		if v.Enc == column.Dict && !build {
			continue
		}
		if n := longest(v); n > 0 {
			l.columns = append(l.columns, v)
			l.most += n
		}
	}
	return l
}

// longest is how long the values of a column are at most, in bytes; 0 if all are short.
func longest(v *column.Vector) int {
	switch v.Enc {
	case column.Dict, column.RunEnd:
		return longest(v.Child)
	case column.Flat:
	default: // constants stay constants, and numbers are short
		return 0
	}
	if v.Len == 0 || v.Offsets[v.Len]-v.Offsets[0] <= shortValues {
		return 0
	}
	return mostBytes(v.Offsets[:v.Len+1])
}

// bytes is how long the values of a row are.
func (l *longColumns) bytes(row int) (n int) {
	for _, v := range l.columns {
		n += len(v.Bytes(row))
	}
	return n
}

// cutLong leaves as many of the pairs as have values of a fair size, at least one, and puts the place in the pairs behind them. The first pair
// is of the given row, of whose partners so many had been taken.
func (s *joinStream) cutLong(row, taken int) {
	if !s.counted {
		return
	}
	build := s.run.side.longValues()
	size := 0
	for i := range s.probeRows {
		size += s.long.bytes(int(s.probeRows[i])) + build.bytes(int(s.buildRows[i]))
		if size <= pairBytes || i == 0 {
			continue
		}
		first := i
		for first > 0 && s.probeRows[first-1] == s.probeRows[i] {
			first--
		}
		s.row, s.taken = int(s.probeRows[i]), i-first
		if s.row == row {
			s.taken += taken
		}
		s.probeRows, s.buildRows = s.probeRows[:i], s.buildRows[:i]
		return
	}
}

// longValues are the columns of a build side with long values.
func (s *buildSide) longValues() *longColumns {
	s.lookedAt.Do(func() { s.long = longOf(s.columns, true) })
	return &s.long
}
