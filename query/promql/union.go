package promql

import (
	"context"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// A union is its left side and, at the steps at which that has nothing that matches, the right one. What has the same labels on both sides matches, and is
// one series. Unions of unions that match alike are one of many sides: whether a side has something that matches is the same as whether one of
// its own sides has, so that each is looked at once.

// sides are those of a union, from left to right.
func (s *shape) sides() []*shape {
	left := s.left
	if b := left.binary; b != nil && b.Op == parser.LOR && left.right != nil && alikeMatching(b.VectorMatching, s.binary.VectorMatching) {
		return append(left.sides(), s.right)
	}
	return []*shape{left, s.right}
}

func alikeMatching(a, b *parser.VectorMatching) bool {
	return a.On == b.On && slices.Equal(a.MatchingLabels, b.MatchingLabels)
}

// uniting is a union to which sides are added.
type uniting struct {
	e         *evaluation
	list      []series
	signature func(labels.Labels) []byte
	matching  map[string]*matched
}

// matched are the series of a union that match each other.
type matched struct {
	first  int    // place of the first of them
	others []int  // those of the others
	there  []bool // at which steps there is one; nil = at those at which the first one is, being alone
}

func (e *evaluation) union(ctx context.Context) ([]series, error) {
	u := &uniting{e: e, signature: e.signature()}
	for k, side := range e.sides() {
		list, err := e.part(ctx, side)
		if err != nil {
			return nil, err
		}
		if k == 0 {
			u.matching = make(map[string]*matched, len(list))
		}
		if err := u.add(list); err != nil {
			return nil, err
		}
	}
	return u.list, nil
}

// addition is a series of the side that is being added, with those that match it.
type addition struct {
	to *matched
	at int // its place in the union
}

// add adds a side. Its series do not hide each other.
func (u *uniting) add(side []series) error {
	added := make([]addition, len(side))
	before := len(u.list)
	for i := range side {
		text := u.signature(side[i].labels)
		m := u.matching[string(text)]
		if m == nil {
			if err := u.e.q.pool.Grow(int64(len(text)) + entryBytes); err != nil {
				return err
			}
			m = &matched{first: len(u.list)}
			u.matching[string(text)] = m
			added[i] = addition{m, len(u.list)}
			u.list = append(u.list, side[i])
			continue
		}
		u.hide(m, before, side[i].values)
		at := u.same(m, before, side[i].labels)
		if at < 0 {
			at = len(u.list)
			m.others = append(m.others, at)
			u.list = append(u.list, side[i])
		} else if err := u.merge(m, at, side[i].values); err != nil {
			return err
		}
		added[i] = addition{m, at}
	}
	for _, a := range added {
		if err := u.note(a); err != nil {
			return err
		}
	}
	return nil
}

// hide takes from the values of a series those of steps at which the sides before have something that matches.
func (u *uniting) hide(m *matched, before int, values []float64) {
	switch {
	case m.there != nil:
		for k := range values {
			if m.there[k] {
				values[k] = nothing
			}
		}
	case m.first < before:
		for k, v := range u.list[m.first].values {
			if !isNothing(v) {
				values[k] = nothing
			}
		}
	}
}

// same is the place of the series of the sides before that has certain labels; -1 = there is none.
func (u *uniting) same(m *matched, before int, set labels.Labels) int {
	if m.first < before && labels.Equal(u.list[m.first].labels, set) {
		return m.first
	}
	for _, at := range m.others {
		if at < before && labels.Equal(u.list[at].labels, set) {
			return at
		}
	}
	return -1
}

// merge adds values to a series that is there. What else of their side matches it is not hidden by them.
func (u *uniting) merge(m *matched, at int, values []float64) error {
	if err := u.remember(m); err != nil {
		return err
	}
	for k, v := range values {
		if !isNothing(v) {
			u.list[at].values[k] = v
		}
	}
	return nil
}

// note has those of sides that follow see a series, once all of its side have been added.
func (u *uniting) note(a addition) error {
	m := a.to
	if m.there == nil && len(m.others) == 0 {
		return nil
	}
	if err := u.remember(m); err != nil {
		return err
	}
	m.see(u.list[a.at].values)
	return nil
}

// remember keeps apart from the values of the first series at which steps it is there.
func (u *uniting) remember(m *matched) error {
	if m.there != nil {
		return nil
	}
	if err := u.e.q.pool.Grow(int64(len(u.e.times))); err != nil {
		return err
	}
	m.there = make([]bool, len(u.e.times))
	m.see(u.list[m.first].values)
	return nil
}

func (m *matched) see(values []float64) {
	for k, v := range values {
		if !isNothing(v) {
			m.there[k] = true
		}
	}
}
