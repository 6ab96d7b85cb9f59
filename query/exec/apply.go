package exec

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// apply computes its right side once for each row of its left: what a correlated query says, word by word. A right side that needs nothing of
// the row is computed once and kept.
type apply struct {
	node  *plan.Apply
	env   *Env
	stats *Stats // of the right side, whose runs add up
	input producer
	texts bool // the condition makes values of any length
}

func buildApply(n *plan.Apply, env *Env, stats *Stats) (producer, *Stats, error) {
	left, of, err := build(n.Left, env)
	if err != nil {
		return nil, nil, err
	}
	if slices.ContainsFunc(n.Params, func(p plan.ApplyParam) bool { return makesLongIn(p.Expr) }) {
		left = &longTexts{input: left}
	}
	right := &Stats{Node: n.Right}
	describeBelow(right)
	stats.Inputs = []*Stats{of, right}
	a := &apply{node: n, env: env, stats: right, input: left, texts: n.Cond != nil && makesLongIn(n.Cond)}
	return measured(a, env, stats), stats, nil
}

// describeBelow gives a plan that is built again and again the figures that EXPLAIN looks for.
func describeBelow(s *Stats) {
	for _, in := range s.Node.Inputs() {
		below := &Stats{Node: in}
		describeBelow(below)
		s.Inputs = append(s.Inputs, below)
	}
}

func (a *apply) parts(ctx context.Context) ([]part, error) {
	inner, err := a.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	run := &applyRun{apply: a, pool: mem.NewPool("subquery", 0, a.env.Pool)}
	run.left.Store(int64(len(inner)))
	if len(a.node.Params) == 0 && len(inner) > 0 {
		if err := run.keep(ctx); err != nil {
			run.kept.close()
			return nil, err
		}
	}
	out := make([]part, len(inner))
	for i, open := range inner {
		out[i] = func(ctx context.Context, w *worker) (stream, error) {
			s, err := open(ctx, w)
			if err != nil {
				return nil, err
			}
			return &applyStream{run: run, input: s, w: w, some: textRowsFirst}, nil
		}
	}
	return out, nil
}

// applyRun is what the parts of an apply share.
type applyRun struct {
	*apply
	pool *mem.Pool
	kept *rowBuffer // of a right side without parameters; given back with the last part
	have bool
	left atomic.Int64 // parts that are not closed
}

func (r *applyRun) keep(ctx context.Context) error {
	r.kept = newRowBuffer(r.env, r.stats, typesOf(r.node.Right))
	s, err := r.open(ctx, nil)
	if err != nil {
		return err
	}
	defer s.close()
	for {
		b, err := s.next(ctx)
		if errors.Is(err, io.EOF) {
			r.have = true
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.kept.add(b); err != nil {
			return err
		}
	}
}

// open starts the right side with the values of its parameters.
func (r *applyRun) open(ctx context.Context, values []*column.Vector) (stream, error) {
	if r.have {
		return r.kept.reader(), nil
	}
	env := *r.env
	env.Pool = mem.NewPool("subquery", 0, r.pool)
	env.Workers = 1 // the rows of the left side are what runs side by side
	env.Expr = fork(&r.env.Expr)
	env.Expr.Own = slices.Clone(r.env.Expr.Own)
	for i, p := range r.node.Params {
		env.Expr.SetOwn(p.Param, values[i])
	}
	p, stats, err := build(r.node.Right, &env)
	if err != nil {
		return nil, err
	}
	parts, err := p.parts(ctx)
	if err != nil {
		env.Pool.Close()
		return nil, err
	}
	return &applied{parts: parts, w: newWorker(&env), own: true, into: r.stats, from: stats}, nil
}

// applied is one run of the right side: its parts one after the other.
type applied struct {
	parts []part
	at    stream
	w     *worker
	own   bool // the environment is this run's
	into  *Stats
	from  *Stats
}

func (s *applied) next(ctx context.Context) (*scan.Batch, error) {
	for {
		if s.at == nil {
			if len(s.parts) == 0 {
				return nil, io.EOF
			}
			next, err := s.parts[0](ctx, s.w)
			if err != nil {
				return nil, err
			}
			s.at, s.parts = next, s.parts[1:]
		}
		b, err := s.at.next(ctx)
		if errors.Is(err, io.EOF) {
			s.at.close()
			s.at = nil
			continue
		}
		return b, err
	}
}

func (s *applied) close() {
	if s.at != nil {
		s.at.close()
		s.at = nil
	}
	if s.own {
		s.own = false
		s.w.env.Pool.Close() // what operators hold until their query ends
		s.into.addUp(s.from)
	}
}

// applyStream is one part of the left side. Pairs are collected over rows, so that a right side of one row each still gives whole batches.
type applyStream struct {
	run   *applyRun
	input stream
	w     *worker

	b      *scan.Batch // nil = the next one is due
	values []*column.Vector
	row    int
	right  stream      // of row; nil = not started
	rest   *scan.Batch // of the right side, what was not taken yet; nil = the next one is due
	some   int         // rows to take at a time where the condition makes texts

	leftBytes     int // of the row, copied for each pair
	leftCollected int // of the pairs that were collected

	rows     []int32           // of b, one for each pair, or for each row given alone
	builders []*column.Builder // the right side's columns
	marks    []bool
	unknown  []bool // marks that are NULL
	found    bool   // row has a partner
	null     bool   // the condition was NULL for some
}

func (s *applyStream) close() {
	if s.right != nil {
		s.right.close()
		s.right = nil
	}
	s.input.close()
	if s.run.left.Add(-1) == 0 && s.run.kept != nil {
		s.run.kept.close()
	}
}

func (s *applyStream) next(ctx context.Context) (*scan.Batch, error) {
	for {
		if s.b == nil {
			if err := s.pull(ctx); err != nil {
				return nil, err
			}
		}
		limit := scan.BatchRows
		if n := s.run.env.BatchRows; n > 0 {
			limit = n
		}
		for s.row < s.b.Len && len(s.rows) < limit && s.collected() < pairBytes {
			if err := cause(ctx); err != nil {
				return nil, err
			}
			if err := s.step(ctx); err != nil {
				return nil, err
			}
		}
		out, err := s.flush()
		if s.row >= s.b.Len {
			s.b = nil
		}
		if err != nil || out != nil {
			return out, err
		}
	}
}

func (s *applyStream) pull(ctx context.Context) error {
	b, err := s.input.next(ctx)
	if err != nil {
		return err
	}
	s.w.expr.Runs = b.Runs
	s.values = s.values[:0]
	for _, p := range s.run.node.Params {
		v, err := expr.Eval(&s.w.expr, p.Expr, b.Columns, b.Len)
		if err != nil {
			return err
		}
		s.values = append(s.values, v)
	}
	s.b, s.row = b, 0
	if s.builders == nil && s.run.node.Kind < plan.SemiJoin {
		for _, c := range s.run.node.Right.Columns() {
			s.builders = append(s.builders, column.NewBuilder(c.Type, 0))
		}
	}
	return nil
}

// step takes a batch of the right side of a row, or some of it.
func (s *applyStream) step(ctx context.Context) error {
	if s.right == nil {
		one := make([]*column.Vector, len(s.values))
		for i, v := range s.values {
			one[i] = column.Flatten(v.Slice(s.row, s.row+1))
		}
		right, err := s.run.open(ctx, one)
		if err != nil {
			return err
		}
		s.right, s.found, s.null = right, false, false
		s.leftBytes = rowBytes(s.b.Columns, s.row)
	}
	if s.rest == nil {
		b, err := s.right.next(ctx)
		if errors.Is(err, io.EOF) {
			s.endRow()
			return nil
		}
		if err != nil {
			return err
		}
		s.rest = b
	}
	b := s.take()
	pass, err := s.matches(b)
	if err != nil {
		return err
	}
	s.found = s.found || len(pass) > 0
	if s.run.node.Kind >= plan.SemiJoin {
		if s.found { // one tells
			s.endRow()
		}
		return nil
	}
	s.leftCollected += len(pass) * s.leftBytes
	for range pass {
		s.rows = append(s.rows, int32(s.row))
	}
	for i, c := range s.builders {
		c.AppendGather(b.Columns[i], pass)
	}
	return nil
}

// matches lists the rows of a batch of the right side for which the condition is true.
func (s *applyStream) matches(b *scan.Batch) ([]int32, error) {
	pass := make([]int32, 0, b.Len)
	if s.run.node.Cond == nil {
		for i := range b.Len {
			pass = append(pass, int32(i))
		}
		return pass, nil
	}
	in := make([]*column.Vector, 0, len(s.b.Columns)+len(b.Columns))
	for _, v := range s.b.Columns {
		in = append(in, column.NewConst(column.Flatten(v.Slice(s.row, s.row+1)), 0, b.Len))
	}
	s.w.expr.Runs = nil
	v, err := s.condition(append(in, b.Columns...), b.Len)
	if err != nil {
		return nil, err
	}
	s.null = s.null || v.HasNulls()
	return expr.AppendTrue(pass, v), nil
}

// endRow gives what a row gives when all of its right side is known.
func (s *applyStream) endRow() {
	s.right.close()
	s.right, s.rest = nil, nil
	switch kind := s.run.node.Kind; {
	case kind >= plan.MarkJoin:
		s.rows = append(s.rows, int32(s.row))
		s.marks, s.unknown = append(s.marks, s.found), append(s.unknown, !s.found && s.null)
	case kind == plan.SemiJoin && s.found, kind == plan.AntiJoin && !s.found:
		s.rows = append(s.rows, int32(s.row))
	case kind == plan.LeftJoin && !s.found:
		s.rows = append(s.rows, int32(s.row))
		for _, c := range s.builders {
			c.AppendNull()
		}
	}
	s.row++
}

// flush makes a batch of what was collected; nil if that is nothing.
func (s *applyStream) flush() (*scan.Batch, error) {
	n := len(s.rows)
	if n == 0 {
		return nil, nil
	}
	out := &scan.Batch{Len: n}
	for _, v := range s.b.Columns {
		out.Columns = append(out.Columns, column.Gather(v, s.rows))
	}
	if len(s.builders) > 0 {
		right, err := finishAll(s.builders)
		if err != nil {
			return nil, err
		}
		out.Columns = append(out.Columns, right...)
	}
	if s.run.node.Kind >= plan.MarkJoin {
		valid := column.NewBitmap(n, true)
		for i, u := range s.unknown {
			if u {
				valid.Clear(i)
			}
		}
		out.Columns = append(out.Columns, column.NewBools(s.marks, valid))
		s.marks, s.unknown = nil, nil
	}
	s.rows, s.leftCollected = s.rows[:0], 0
	return out, nil
}

// addUp adds the figures of one run to those of all.
func (s *Stats) addUp(from *Stats) {
	s.rows.Add(from.rows.Load())
	s.batches.Add(from.batches.Load())
	s.nanos.Add(from.nanos.Load())
	for i, in := range s.Inputs {
		in.addUp(from.Inputs[i])
	}
}
