package promql

import (
	"context"

	"github.com/prometheus/prometheus/promql/parser"
)

// Set operations keep series, or leave them out, at the steps at which the other side has one that matches.

// combine gives the results of and, or, unless.
func (e *evaluation) combine(ctx context.Context) ([]series, error) {
	left, err := e.part(ctx, e.left)
	if err != nil {
		return nil, err
	}
	right, err := e.part(ctx, e.right)
	if err != nil {
		return nil, err
	}
	if e.binary.Op == parser.LOR {
		return e.union(left, right)
	}
	there, err := e.presence(right)
	if err != nil {
		return nil, err
	}
	signature, keep := e.signature(), e.binary.Op == parser.LAND
	for i := range left {
		other := there[string(signature(left[i].labels))]
		for k := range left[i].values {
			if (other != nil && other[k]) != keep {
				left[i].values[k] = nothing
			}
		}
	}
	return left, nil
}

// presence says, by what series are matched by, at which steps there is one.
func (e *evaluation) presence(list []series) (map[string][]bool, error) {
	signature := e.signature()
	there := map[string][]bool{}
	for i := range list {
		text := signature(list[i].labels)
		at := there[string(text)]
		if at == nil {
			if err := e.q.pool.Grow(int64(len(e.times) + len(text))); err != nil {
				return nil, err
			}
			at = make([]bool, len(e.times))
			there[string(text)] = at
		}
		for k, v := range list[i].values {
			if !isNothing(v) {
				at[k] = true
			}
		}
	}
	return there, nil
}

// union is the left side and, at the steps at which it has nothing that matches, the right one. What has the same labels on both sides matches,
// and is one series.
func (e *evaluation) union(left, right []series) ([]series, error) {
	there, err := e.presence(left)
	if err != nil {
		return nil, err
	}
	signature := e.signature()
	known := map[string]int{} // of the left side, by labels
	var text []byte
	for i := range left {
		text = left[i].labels.Bytes(text[:0])
		known[string(text)] = i
	}
	for i := range right {
		values := right[i].values
		if other := there[string(signature(right[i].labels))]; other != nil {
			for k := range values {
				if other[k] {
					values[k] = nothing
				}
			}
		}
		text = right[i].labels.Bytes(text[:0])
		at, same := known[string(text)]
		if !same {
			left = append(left, right[i])
			continue
		}
		for k, v := range values {
			if !isNothing(v) {
				left[at].values[k] = v
			}
		}
	}
	return left, nil
}
