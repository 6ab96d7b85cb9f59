package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// What states can do for frames of windows: see expr.SlidingState.

func mismatched(into, other expr.State) error {
	return column.Errorf(column.Internal, "fn: taking %T into %T", other, into)
}

func (s *foldState[V, C]) Result(b *column.Builder, g uint32) error { return s.finish(b, &s.slots[g]) }

func (s *foldState[V, C]) Clear(g uint32) {
	var empty C
	s.slots[g] = empty
}

func (s *foldState[V, C]) Take(g uint32, other expr.State, i uint32) error {
	o, ok := other.(*foldState[V, C])
	if !ok {
		return mismatched(s, other)
	}
	return s.merge(&s.slots[g], &o.slots[i])
}

func (s *bytesState[C]) Result(b *column.Builder, g uint32) error { return s.finish(b, &s.slots[g]) }

func (s *bytesState[C]) Clear(g uint32) {
	var empty C
	if s.size != nil {
		s.held -= int64(s.size(&s.slots[g]))
	}
	s.slots[g] = empty
}

func (s *bytesState[C]) Take(g uint32, other expr.State, i uint32) error {
	o, ok := other.(*bytesState[C])
	if !ok {
		return mismatched(s, other)
	}
	more, err := s.merge(&s.slots[g], &o.slots[i])
	s.held += int64(more)
	return err
}

func (s *countState) Result(b *column.Builder, g uint32) error {
	b.AppendInt(s.counts[g])
	return nil
}

func (s *countState) Clear(g uint32) { s.counts[g] = 0 }

func (s *countState) Take(g uint32, other expr.State, i uint32) error {
	o, ok := other.(*countState)
	if !ok {
		return mismatched(s, other)
	}
	s.counts[g] += o.counts[i]
	return nil
}

func (s *edgeState) Result(b *column.Builder, g uint32) error {
	s.write(b, g)
	return nil
}

func (s *edgeState) Clear(g uint32) {
	s.slots[g] = edge{}
	if s.wide != nil {
		s.held -= int64(cap(s.wide[g].data))
		s.wide[g] = wideEdge{}
	}
}

func (s *edgeState) Take(g uint32, other expr.State, i uint32) error {
	o, ok := other.(*edgeState)
	if !ok {
		return mismatched(s, other)
	}
	s.mergeOne(g, o, i)
	return nil
}

func (s *joinState) Result(b *column.Builder, g uint32) error { return s.write(b, &s.slots[g]) }

func (s *joinState) Clear(g uint32) {
	c := &s.slots[g]
	s.held -= int64(cap(c.text) + cap(c.sep))
	*c = joinCell{}
}

func (s *joinState) Take(g uint32, other expr.State, i uint32) error {
	o, ok := other.(*joinState)
	if !ok {
		return mismatched(s, other)
	}
	if c := &o.slots[i]; c.seen {
		return s.append(&s.slots[g], c.sep, c.text)
	}
	return nil
}

func (s *numericSum) Result(b *column.Builder, g uint32) error {
	return s.cells[g].appendTo(b, &s.rests, s.mean)
}

func (s *numericSum) Clear(g uint32) {
	if at := int(s.cells[g].rest) - 1; at >= 0 {
		s.held = max(s.held-decimalSize, 0)
		if s.rests[at] = nil; at == len(s.rests)-1 {
			s.rests = s.rests[:at]
		}
	}
	s.cells[g] = numericCell{}
}

func (s *numericSum) Take(g uint32, other expr.State, i uint32) error {
	o, ok := other.(*numericSum)
	if !ok {
		return mismatched(s, other)
	}
	s.cells[g].merge(&s.rests, &o.cells[i], o.rests)
	return nil
}

func (s *numericExtreme) Result(b *column.Builder, g uint32) error {
	return writeExtreme(b, &s.cells[g])
}

func (s *numericExtreme) Clear(g uint32) {
	s.held -= int64(len(s.cells[g].text))
	s.cells[g] = extremeCell{}
}

func (s *numericExtreme) Take(g uint32, other expr.State, i uint32) error {
	o, ok := other.(*numericExtreme)
	if !ok {
		return mismatched(s, other)
	}
	s.mergeOne(g, &o.cells[i])
	return nil
}
