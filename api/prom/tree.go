package prom

import (
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// node is a part of an expression in the form that Prometheus' own user interface draws.
type node map[string]any

// tree turns an expression into nodes; nil is nothing.
func tree(e parser.Expr) any {
	switch e := e.(type) {
	case *parser.AggregateExpr:
		return node{
			"type": "aggregation", "op": e.Op.String(), "expr": tree(e.Expr), "param": tree(e.Param),
			"grouping": texts(e.Grouping), "without": e.Without,
		}
	case *parser.BinaryExpr:
		return node{
			"type": "binaryExpr", "op": e.Op.String(), "lhs": tree(e.LHS), "rhs": tree(e.RHS),
			"matching": matching(e.VectorMatching), "bool": e.ReturnBool,
		}
	case *parser.Call:
		args := make([]any, len(e.Args))
		for i, arg := range e.Args {
			args[i] = tree(arg)
		}
		return node{"type": "call", "args": args, "func": node{
			"name": e.Func.Name, "argTypes": e.Func.ArgTypes, "variadic": e.Func.Variadic, "returnType": e.Func.ReturnType,
		}}
	case *parser.VectorSelector:
		return selector("vectorSelector", e)
	case *parser.MatrixSelector:
		inner, _ := e.VectorSelector.(*parser.VectorSelector)
		out := selector("matrixSelector", inner)
		out["range"], out["rangeExpr"] = e.Range.Milliseconds(), duration(e.RangeExpr)
		return out
	case *parser.SubqueryExpr:
		return node{
			"type": "subquery", "expr": tree(e.Expr), "range": e.Range.Milliseconds(), "rangeExpr": duration(e.RangeExpr),
			"offset": e.OriginalOffset.Milliseconds(), "offsetExpr": duration(e.OriginalOffsetExpr),
			"step": e.Step.Milliseconds(), "stepExpr": duration(e.StepExpr), "timestamp": e.Timestamp, "startOrEnd": bound(e.StartOrEnd),
		}
	case *parser.ParenExpr:
		return node{"type": "parenExpr", "expr": tree(e.Expr)}
	case *parser.UnaryExpr:
		return node{"type": "unaryExpr", "op": e.Op.String(), "expr": tree(e.Expr)}
	case *parser.NumberLiteral:
		return node{"type": "numberLiteral", "val": strconv.FormatFloat(e.Val, 'f', -1, 64)}
	case *parser.StringLiteral:
		return node{"type": "stringLiteral", "val": e.Val}
	case *parser.StepInvariantExpr:
		return tree(e.Expr)
	case *parser.DurationExpr:
		return duration(e)
	}
	return nil
}

func selector(kind string, s *parser.VectorSelector) node {
	matchers := make([]node, len(s.LabelMatchers))
	for i, m := range s.LabelMatchers {
		matchers[i] = matcher(m)
	}
	return node{
		"type": kind, "name": s.Name, "offset": s.OriginalOffset.Milliseconds(), "offsetExpr": duration(s.OriginalOffsetExpr),
		"matchers": matchers, "timestamp": s.Timestamp, "startOrEnd": bound(s.StartOrEnd),
		"anchored": s.Anchored, "smoothed": s.Smoothed,
	}
}

func matcher(m *labels.Matcher) node {
	return node{"name": m.Name, "value": m.Value, "type": m.Type.String()}
}

func matching(m *parser.VectorMatching) any {
	if m == nil {
		return nil
	}
	return node{
		"card": m.Card.String(), "labels": texts(m.MatchingLabels), "on": m.On, "include": texts(m.Include),
		"fillValues": node{"lhs": m.FillValues.LHS, "rhs": m.FillValues.RHS},
	}
}

// duration is the tree of a computed duration; nil where it was written as a number.
func duration(e parser.Expr) any {
	switch e := e.(type) {
	case *parser.DurationExpr:
		if e == nil {
			return nil
		}
		return node{
			"type": "durationExpr", "op": e.Op.String(), "lhs": duration(e.LHS), "rhs": duration(e.RHS), "wrapped": e.Wrapped,
		}
	case *parser.NumberLiteral:
		if e == nil {
			return nil
		}
		return node{"type": "numberLiteral", "val": strconv.FormatFloat(e.Val, 'f', -1, 64), "duration": e.Duration}
	}
	return nil
}

// bound is start or end, where a selector's time is one of them.
func bound(item parser.ItemType) any {
	if item == 0 {
		return nil
	}
	return item.String()
}

// texts is a list that is never null.
func texts(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
