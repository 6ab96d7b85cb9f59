package promql

import (
	"context"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/schema"
)

// Operations between vectors match series by labels, and labels are the same at all steps: who belongs to whom is found once. Where two
// series of one side that match the same are there at one step, or two results of one name, the query is an error, which the engine words.

// operation recognizes an operation whose sides are shapes, or one of them a number.
func (f *finder) operation(s *shape, n *parser.BinaryExpr) bool {
	if s.binary = n; n.Op.IsSetOperator() {
		if s.left = f.operand(n.LHS, s.grid); s.left == nil {
			return false
		}
		s.right = f.operand(n.RHS, s.grid)
		return s.right != nil
	}
	if binaries[n.Op] == nil {
		return false
	}
	left, isLeft := number(n.LHS)
	right, isRight := number(n.RHS)
	switch {
	case isLeft && isRight:
		return false
	case isLeft:
		s.number, s.right = left, f.operand(n.RHS, s.grid)
		return s.right != nil
	case isRight:
		s.number, s.left = right, f.operand(n.LHS, s.grid)
		return s.left != nil
	}
	m := n.VectorMatching
	if m == nil || m.Card == parser.CardManyToMany || m.FillValues.LHS != nil || m.FillValues.RHS != nil {
		return false
	}
	if s.left = f.operand(n.LHS, s.grid); s.left == nil {
		return false
	}
	s.right = f.operand(n.RHS, s.grid)
	return s.right != nil
}

func number(e parser.Expr) (float64, bool) {
	for {
		switch n := e.(type) {
		case *parser.ParenExpr:
			e = n.Expr
		case *parser.NumberLiteral:
			return n.Val, true
		default:
			return 0, false
		}
	}
}

// binaries are the operations: what they give, and whether that is kept. Comparisons give their left side.
var binaries = map[parser.ItemType]func(a, b float64) (float64, bool){
	parser.ADD:   func(a, b float64) (float64, bool) { return a + b, true },
	parser.SUB:   func(a, b float64) (float64, bool) { return a - b, true },
	parser.MUL:   func(a, b float64) (float64, bool) { return a * b, true },
	parser.DIV:   func(a, b float64) (float64, bool) { return a / b, true },
	parser.POW:   func(a, b float64) (float64, bool) { return math.Pow(a, b), true },
	parser.MOD:   func(a, b float64) (float64, bool) { return math.Mod(a, b), true },
	parser.ATAN2: func(a, b float64) (float64, bool) { return math.Atan2(a, b), true },
	parser.EQLC:  func(a, b float64) (float64, bool) { return a, a == b },
	parser.NEQ:   func(a, b float64) (float64, bool) { return a, a != b },
	parser.GTR:   func(a, b float64) (float64, bool) { return a, a > b },
	parser.LSS:   func(a, b float64) (float64, bool) { return a, a < b },
	parser.GTE:   func(a, b float64) (float64, bool) { return a, a >= b },
	parser.LTE:   func(a, b float64) (float64, bool) { return a, a <= b },
}

// apply makes the operation on two values: a stale marker where nothing is kept.
func (s *shape) apply() func(a, b float64) float64 {
	f, withBool := binaries[s.binary.Op], s.binary.ReturnBool
	// A comparison with a number on its left gives what is on its right.
	right := s.left == nil && s.binary.Op.IsComparisonOperator()
	switch {
	case withBool:
		return func(a, b float64) float64 {
			if _, keep := f(a, b); keep {
				return 1
			}
			return 0
		}
	case s.binary.Op == parser.ADD:
		return func(a, b float64) float64 { return a + b }
	case s.binary.Op == parser.MUL:
		return func(a, b float64) float64 { return a * b }
	case s.binary.Op == parser.DIV:
		return func(a, b float64) float64 { return a / b }
	}
	return func(a, b float64) float64 {
		v, keep := f(a, b)
		switch {
		case !keep:
			return nothing
		case right:
			return b
		}
		return v
	}
}

// dropsName says that a result is no longer the metric that its left side is.
func (s *shape) dropsName() bool { return s.binary.ReturnBool || !s.binary.Op.IsComparisonOperator() }

// operate gives the results of an operation.
func (e *evaluation) operate(ctx context.Context) ([]series, error) {
	if e.left == nil || e.right == nil {
		return e.withNumber(ctx)
	}
	left, err := e.part(ctx, e.left)
	if err != nil {
		return nil, err
	}
	right, err := e.part(ctx, e.right)
	if err != nil {
		return nil, err
	}
	many, one, swapped := left, right, false
	if e.binary.VectorMatching.Card == parser.CardOneToMany {
		many, one, swapped = right, left, true
	}
	pairs, err := e.match(many, one)
	if err != nil {
		return nil, err
	}
	if err := e.q.pool.Grow(8 * int64(len(e.times)) * int64(len(pairs))); err != nil {
		return nil, err
	}
	f := e.apply()
	out := make([]series, len(pairs))
	err = e.q.each(ctx, len(pairs), int64(len(pairs)*len(e.times)), func(i int) {
		a, b := many[pairs[i].many].values, one[pairs[i].one].values
		values := make([]float64, len(a))
		for k := range values {
			switch {
			case isNothing(a[k]) || isNothing(b[k]):
				values[k] = nothing
			case swapped:
				values[k] = f(b[k], a[k])
			default:
				values[k] = f(a[k], b[k])
			}
		}
		out[i] = series{labels: pairs[i].labels, samples: samples{times: e.times, values: values}}
	})
	return out, err
}

// withNumber gives the results of an operation with a number.
func (e *evaluation) withNumber(ctx context.Context) ([]series, error) {
	side := e.left
	if side == nil {
		side = e.right
	}
	list, err := e.part(ctx, side)
	if err != nil {
		return nil, err
	}
	f, n, first := e.apply(), e.number, e.left == nil
	names := newNames(len(list))
	for i := range list {
		if e.dropsName() {
			list[i].labels = list[i].labels.DropReserved(schema.IsMetadataLabel)
			if !names.add(list[i].labels) {
				return nil, errAsWritten
			}
		}
	}
	err = e.q.each(ctx, len(list), int64(len(list)*len(e.times)), func(i int) {
		for k, v := range list[i].values {
			switch {
			case isNothing(v):
			case first:
				list[i].values[k] = f(n, v)
			default:
				list[i].values[k] = f(v, n)
			}
		}
	})
	return list, err
}

// pair is two series that match, and the name of what comes out of them.
type pair struct {
	many, one int
	labels    labels.Labels
}

// match finds the pairs, in the order of the side that may have many.
func (e *evaluation) match(many, one []series) ([]pair, error) {
	signature := e.signature()
	ones := make(map[string][]int, len(one))
	for i := range one {
		text := signature(one[i].labels)
		ones[string(text)] = append(ones[string(text)], i)
	}
	for _, list := range ones {
		if len(list) > 1 && together(one, list) {
			return nil, errAsWritten
		}
	}
	var out []pair
	manies := map[string][]int{}
	names := newNames(len(many))
	builder := labels.NewBuilder(labels.EmptyLabels())
	single := e.binary.VectorMatching.Card == parser.CardOneToOne
	for i := range many {
		text := signature(many[i].labels)
		list := ones[string(text)]
		if len(list) == 0 {
			continue
		}
		if single {
			manies[string(text)] = append(manies[string(text)], i)
		}
		for _, k := range list {
			p := pair{i, k, e.resultName(builder, many[i].labels, one[k].labels)}
			if !names.add(p.labels) {
				return nil, errAsWritten
			}
			out = append(out, p)
		}
	}
	for _, list := range manies {
		if len(list) > 1 && together(many, list) {
			return nil, errAsWritten
		}
	}
	return out, nil
}

// together says that two of some series have a value at the same step.
func together(of []series, list []int) bool {
	for k := range of[list[0]].values {
		n := 0
		for _, i := range list {
			if !isNothing(of[i].values[k]) {
				n++
			}
		}
		if n > 1 {
			return true
		}
	}
	return false
}

// signature makes what series are matched by.
func (e *evaluation) signature() func(labels.Labels) []byte {
	m := e.binary.VectorMatching
	names := slices.Clone(m.MatchingLabels)
	if !m.On {
		names = append(names, nameLabel)
	}
	slices.Sort(names)
	var text []byte
	return func(set labels.Labels) []byte {
		if m.On {
			text = set.BytesWithLabels(text, names...)
		} else {
			text = set.BytesWithoutLabels(text, names...)
		}
		return text
	}
}

// resultName is what the result of a pair is called.
func (e *evaluation) resultName(b *labels.Builder, many, one labels.Labels) labels.Labels {
	m := e.binary.VectorMatching
	b.Reset(many)
	if e.dropsName() {
		schema.Metadata{}.SetToLabels(b)
	}
	if m.Card == parser.CardOneToOne {
		if m.On {
			b.Keep(m.MatchingLabels...)
		} else {
			b.Del(m.MatchingLabels...)
		}
	}
	for _, name := range m.Include {
		if v := one.Get(name); v != "" {
			b.Set(name, v)
		} else {
			b.Del(name)
		}
	}
	return b.Labels()
}

// names tells whether a label set was there before.
type names struct {
	seen map[string]bool
	text []byte
}

func newNames(n int) *names { return &names{seen: make(map[string]bool, n)} }

func (n *names) add(set labels.Labels) (isNew bool) {
	n.text = set.Bytes(n.text[:0])
	if n.seen[string(n.text)] {
		return false
	}
	n.seen[string(n.text)] = true
	return true
}
