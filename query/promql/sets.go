package promql

import (
	"context"

	"github.com/prometheus/prometheus/promql/parser"
)

// Set operations keep series, or leave them out, at the steps at which the other side has one that matches.

// combine gives the results of and, or, unless.
func (e *evaluation) combine(ctx context.Context) ([]series, error) {
	if e.binary.Op == parser.LOR {
		return e.union(ctx)
	}
	left, err := e.part(ctx, e.left)
	if err != nil {
		return nil, err
	}
	right, err := e.part(ctx, e.right)
	if err != nil {
		return nil, err
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
