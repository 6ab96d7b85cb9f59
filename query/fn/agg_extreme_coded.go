package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// codedExtreme is min or max of byte strings that takes rows as they refer to a dictionary. An entry that was compared with the best of a group
// need not be compared with it again: so what is looked at for most rows is one number.
type codedExtreme struct {
	*bytesState[bestCell[[]byte]]
	dictionary *column.Vector
	last       []uint32       // by entry: the group that it was compared in the last time, + 1
	large      *column.Vector // the last dictionary that was too large for one batch
	forgetful  bool           // groups are cleared, as frames of windows are: what was compared in one says nothing
}

func newCodedExtreme(t column.Type, sign int) func() expr.State {
	f := bytesExtreme(t, sign)
	return func() expr.State {
		return &codedExtreme{bytesState: &bytesState[bestCell[[]byte]]{bytesFold: f}}
	}
}

func (s *codedExtreme) Add(groups []uint32, args []*column.Vector, n int) error {
	v := args[0]
	if v.Enc != column.Dict {
		return s.bytesState.Add(groups, args, n)
	}
	remember := s.know(v)
	for i, code := range v.Codes[:n] {
		g := groups[i]
		if remember {
			if s.last[code] == g+1 {
				continue
			}
			s.last[code] = g + 1
		}
		if err := s.take(g, v.Child, code); err != nil {
			return err
		}
	}
	return nil
}

func (s *codedExtreme) AddRange(g uint32, args []*column.Vector, lo, hi int, sorted bool) error {
	v := args[0]
	if v.Enc != column.Dict {
		return s.bytesState.AddRange(g, args, lo, hi, sorted)
	}
	remember := s.know(v)
	for _, code := range v.Codes[lo:hi] {
		if remember {
			if s.last[code] == g+1 {
				continue
			}
			s.last[code] = g + 1
		}
		if err := s.take(g, v.Child, code); err != nil {
			return err
		}
	}
	return nil
}

// know reports that something is remembered of the entries of a vector's dictionary: not of one that is larger than the batch, unless it comes again.
func (s *codedExtreme) know(v *column.Vector) bool {
	if s.forgetful {
		return false
	}
	d := v.Child
	if d == s.dictionary {
		return true
	}
	if d.Len > 4*v.Len && d != s.large {
		s.large = d
		return false
	}
	s.dictionary = d
	if cap(s.last) < d.Len {
		s.last = make([]uint32, d.Len)
		return true
	}
	s.last = s.last[:d.Len]
	clear(s.last)
	return true
}

// take compares an entry of a dictionary with the best of a group.
func (s *codedExtreme) take(g uint32, dictionary *column.Vector, code uint32) error {
	if !dictionary.Valid.Get(int(code)) {
		return nil
	}
	more, err := s.one(&s.slots[g], dictionary.Data[dictionary.Offsets[code]:dictionary.Offsets[code+1]])
	s.held += int64(more)
	return err
}

func (s *codedExtreme) Merge(other expr.State, from, into []uint32) error {
	o, ok := other.(*codedExtreme)
	if !ok {
		return column.Errorf(column.Internal, "fn: merging %T into an extreme of byte strings", other)
	}
	return s.bytesState.Merge(o.bytesState, from, into)
}

// Clear implements expr.SlidingState.
func (s *codedExtreme) Clear(g uint32) {
	s.forgetful = true
	s.bytesState.Clear(g)
}

// Take implements expr.SlidingState.
func (s *codedExtreme) Take(g uint32, other expr.State, i uint32) error {
	o, ok := other.(*codedExtreme)
	if !ok {
		return mismatched(s, other)
	}
	return s.bytesState.Take(g, o.bytesState, i)
}

func (s *codedExtreme) SizeBytes() int64 { return s.bytesState.SizeBytes() + 4*int64(cap(s.last)) }
