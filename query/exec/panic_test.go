package exec

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// bomb is a function that gives its argument and panics when it is called for the n-th time.
type bomb struct {
	calls atomic.Int64
	at    int64
}

func (b *bomb) of(arg expr.Expr) expr.Expr {
	f := &expr.Function{Name: "bomb", Args: []column.Type{big}, Result: big, Strict: true, CanFail: true, Kernel: func(_ *expr.Context, args []*column.Vector, _ int) (*column.Vector, error) {
		if b.calls.Add(1) == b.at {
			var none []int
			_ = none[b.at] // as a broken invariant would
		}
		return args[0], nil
	}}
	return &expr.Call{Fn: f, Args: []expr.Expr{arg}, T: big}
}

// brittle is an aggregate state that panics in one of its methods.
type brittle struct {
	expr.State
	in string
}

func (s *brittle) Add(groups []uint32, args []*column.Vector, n int) error {
	if s.in == "Add" {
		panic("brittle")
	}
	return s.State.Add(groups, args, n)
}

func (s *brittle) AddRange(g uint32, args []*column.Vector, lo, hi int, sorted bool) error {
	if s.in == "Add" {
		panic("brittle")
	}
	return s.State.AddRange(g, args, lo, hi, sorted)
}

func (s *brittle) Merge(other expr.State, from, into []uint32) error {
	if s.in == "Merge" {
		panic("brittle")
	}
	return s.State.Merge(other.(*brittle).State, from, into)
}

func (s *brittle) Finish(n int) (*column.Vector, error) {
	if s.in == "Finish" {
		panic("brittle")
	}
	return s.State.Finish(n)
}

// TestPanics lets every operator meet a panic, in what it computes and in what it reads, on one worker and on several, in memory and
// with everything on disk: it is an error of class Internal, XX000, whose message has no stack, and nothing is left.
func TestPanics(t *testing.T) {
	values := make([]int64, 30_000)
	for i := range values {
		values[i] = int64(i * 7919 % 20_000)
	}
	a := &expr.Column{T: big}
	plans := map[string]func(b *bomb) plan.Node{
		"filter": func(b *bomb) plan.Node {
			return &plan.Filter{Input: ints(values, 3).scan(), Cond: lessThan(t, b.of(a), a)}
		},
		"project": func(b *bomb) plan.Node { return projected(b.of(a), ints(values, 3)) },
		"limit":   func(b *bomb) plan.Node { return &plan.Limit{Input: projected(b.of(a), ints(values, 3)), Count: 25_000} },
		"limit by": func(b *bomb) plan.Node {
			return &plan.Limit{Input: ints(values, 3).scan(), Count: 1, By: []expr.Expr{b.of(a)}}
		},
		"sort": func(b *bomb) plan.Node {
			return &plan.Sort{Input: ints(values, 3).scan(), Keys: []plan.SortKey{{Expr: b.of(a)}}}
		},
		"top n": func(b *bomb) plan.Node {
			return &plan.Sort{Input: ints(values, 3).scan(), Keys: []plan.SortKey{{Expr: b.of(a)}}, Limit: 10}
		},
		"group key": func(b *bomb) plan.Node { return grouped(ints(values, 3), b.of(a), call(t, "count", false, nil)) },
		"argument":  func(b *bomb) plan.Node { return grouped(ints(values, 3), a, call(t, "sum", false, nil, b.of(a))) },
		"distinct argument": func(b *bomb) plan.Node {
			return grouped(ints(values, 3), a, call(t, "sum", true, nil, b.of(a)))
		},
		"aggregate's filter": func(b *bomb) plan.Node {
			return grouped(ints(values, 3), a, call(t, "sum", false, lessThan(t, b.of(a), a), a))
		},
		"build key": func(b *bomb) plan.Node {
			n := joinOn(plan.FullJoin, ints(values, 3), ints(values, 3))
			n.RightKeys = []expr.Expr{b.of(a)}
			return n
		},
		"probe key": func(b *bomb) plan.Node {
			n := joinOn(plan.FullJoin, ints(values, 3), ints(values, 3))
			n.LeftKeys = []expr.Expr{b.of(a)}
			return n
		},
		"join condition": func(b *bomb) plan.Node {
			n := joinOn(plan.LeftJoin, ints(values, 3), ints(values, 3))
			n.Cond = lessThan(t, b.of(a), a)
			return n
		},
		"union": func(b *bomb) plan.Node {
			out := ints(values, 1).scan().Columns()[:1]
			return &plan.Union{Ins: []plan.Node{projected(a, ints(values, 1)), projected(b.of(a), ints(values, 2))}, Out: out}
		},
		"window": func(b *bomb) plan.Node {
			return &plan.Window{Input: ints(values, 3).scan(), Partition: []expr.Expr{b.of(a)}, Order: []plan.SortKey{{Expr: a}}}
		},
		"apply": func(b *bomb) plan.Node {
			return &plan.Apply{
				Left: ints(values[:3], 1).scan(), Right: projected(b.of(a), ints(values[:3], 1)), Kind: plan.InnerJoin,
				Params: []plan.ApplyParam{{Param: 0, Expr: a}},
			}
		},
		"input": func(b *bomb) plan.Node {
			return &plan.Sort{Input: grouped(ints(values, 3), b.of(a), call(t, "count", false, nil)), Keys: []plan.SortKey{{Expr: a}}}
		},
	}
	for _, in := range []string{"Add", "Merge", "Finish"} {
		plans["state's "+in] = func(b *bomb) plan.Node {
			c := call(t, "sum", false, nil, a)
			sum, broken := c.Fn, *c.Fn
			broken.New = func() expr.State { return &brittle{State: sum.New(), in: in} }
			c.Fn = &broken
			b.calls.Store(b.at) // not this one
			return grouped(ints(values, 3), a, c)
		}
	}
	for name, node := range plans {
		for _, workers := range []int{1, 4} {
			for _, held := range []int64{1, 1 << 30} {
				if name == "state's Merge" && workers == 1 && held > 1 {
					continue // nothing is merged
				}
				at := int64(2)
				if name == "apply" {
					at = 1
				}
				panics(t, fmt.Sprintf("%s, %d workers, held %d", name, workers, held), node(&bomb{at: at}), spillEnv(t, memfs.New(), workers, held, 0))
			}
		}
	}
	panics(t, "source", brokenSource{ints(values, 3)}.scan(), spillEnv(t, memfs.New(), 2, 1<<30, 0))
}

func panics(t *testing.T, name string, node plan.Node, env spilling) {
	t.Helper()
	_, err := runAny(node, env.Env)
	var e *column.Error
	var p *column.Panic
	if !errors.As(err, &e) || e.Class != column.Internal || e.SQLState != "XX000" || !errors.As(err, &p) || len(p.Stack) == 0 {
		t.Errorf("%s: %v", name, err)
		return
	}
	if strings.Contains(err.Error(), "goroutine") || strings.Contains(err.Error(), ".go:") {
		t.Errorf("%s: the message has the stack: %s", name, err)
	}
	env.closed(t)
}

func projected(e expr.Expr, r *relation) plan.Node {
	return &plan.Project{Input: r.scan(), Exprs: []expr.Expr{e}, Names: []string{"x"}}
}

func grouped(r *relation, key expr.Expr, c expr.AggregateCall) plan.Node {
	return &plan.Aggregate{Input: r.scan(), Keys: []expr.Expr{key}, KeyNames: []string{"k"}, Aggs: []expr.AggregateCall{c}, AggNames: []string{"a"}}
}

// brokenSource is a relation whose readers panic.
type brokenSource struct{ *relation }

func (r brokenSource) Source() scan.Source { return nil }

func (r brokenSource) scan() plan.Node {
	n := r.relation.scan()
	n.Relation = r
	return n
}
