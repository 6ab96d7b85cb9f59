package jsonpath

import (
	"cmp"
	"errors"
	"strings"

	"github.com/automatanexus/aegis-db/query/jsonvalue"
)

// truth is of three values; an error inside of a condition is unknown.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (e *evaluator) predicate(n *node, v jsonvalue.Value) truth {
	switch n.op {
	case opAnd:
		a := e.predicate(n.left, v)
		if a == no {
			return no
		}
		if b := e.predicate(n.right, v); b != yes {
			return b
		}
		return a
	case opOr:
		a := e.predicate(n.left, v)
		if a == yes {
			return yes
		}
		if b := e.predicate(n.right, v); b != no {
			return b
		}
		return a
	case opNot:
		switch e.predicate(n.left, v) {
		case yes:
			return no
		case no:
			return yes
		}
		return unknown
	case opUnknown:
		return truthOf(e.predicate(n.left, v) == unknown)
	case opExists:
		return e.exists(n.left, v)
	case opStartsWith:
		return e.pairs(n, v, false, func(a, b *jsonvalue.Value) truth {
			if a.Kind != jsonvalue.String || b.Kind != jsonvalue.String {
				return unknown
			}
			return truthOf(strings.HasPrefix(a.Text, b.Text))
		})
	case opLikeRegex:
		return e.pairs(n, v, false, func(a, _ *jsonvalue.Value) truth {
			if a.Kind != jsonvalue.String {
				return unknown
			}
			return truthOf(n.match(a.Text))
		})
	}
	return e.pairs(n, v, true, func(a, b *jsonvalue.Value) truth { return e.compare(n.text, a, b) })
}

func (e *evaluator) exists(n *node, v jsonvalue.Value) truth {
	found, outer := false, e.existence
	e.existence = e.lax
	defer func() { e.existence = outer }()
	err := e.item(n, v, e.lax, func(jsonvalue.Value) error {
		found = true
		if e.lax {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return unknown
	}
	return truthOf(found)
}

// pairs asks of each pair of a left and a right result; one that holds is enough, in strict mode if nothing is unknown.
func (e *evaluator) pairs(n *node, v jsonvalue.Value, unwrapRight bool, test func(a, b *jsonvalue.Value) truth) truth {
	left, err := e.list(n.left, v, true)
	if err != nil {
		return unknown
	}
	right := []jsonvalue.Value{{}}
	if n.right != nil {
		if right, err = e.list(n.right, v, unwrapRight); err != nil {
			return unknown
		}
	}
	failed, found := false, false
	for i := range left {
		for k := range right {
			switch test(&left[i], &right[k]) {
			case unknown:
				if !e.lax {
					return unknown
				}
				failed = true
			case yes:
				if e.lax {
					return yes
				}
				found = true
			}
		}
	}
	switch {
	case found:
		return yes
	case failed:
		return unknown
	}
	return no
}

func (e *evaluator) compare(operator string, a, b *jsonvalue.Value) truth {
	if a.Kind != b.Kind {
		if a.Kind == jsonvalue.Null || b.Kind == jsonvalue.Null {
			// Null is not equal to anything else, and not in order with it.
			return truthOf(operator == "!=")
		}
		return unknown
	}
	order := 0
	switch a.Kind {
	case jsonvalue.Null:
	case jsonvalue.Bool:
		if a.Truth != b.Truth {
			order = -1
			if a.Truth {
				order = 1
			}
		}
	case jsonvalue.Number, jsonvalue.String:
		order = jsonvalue.Compare(a, b)
	case jsonvalue.Time:
		x, okA := a.Moment.(moment)
		y, okB := b.Moment.(moment)
		if !okA || !okB {
			return unknown
		}
		var ok bool
		if order, ok = e.compareMoments(x, y); !ok {
			return unknown
		}
	default:
		return unknown
	}
	return truthOf(holds(operator, order))
}

func holds(operator string, order int) bool {
	switch operator {
	case "==":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return cmp.Compare(order, 0) >= 0
}
