package exec

import (
	"context"
	"io"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// window computes functions over partitions. Workers number the rows of what they pull into partitions; when all of it is there, rows are
// put partition by partition, without moving them: a row is a reference to its batch. From there on partitions are independent, so that
// some of them at a time are a part: the part sorts each, finds peers and frames, and computes the functions column by column.
//
// Partitions come in the order of their keys, and rows that are equal in a window's order in that of the input, so that an answer does
// not depend on the workers.
type window struct {
	node  *plan.Window
	env   *Env
	input producer
	stats *Stats
}

// windowPart is how many rows a part has at least, if there are as many: enough that what a part costs does not show.
const windowPart = 1 << 15

func (o *window) parts(ctx context.Context) (out []part, err error) {
	inner, err := o.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	p, err := planWindow(o.node, o.env)
	if err != nil {
		return nil, err
	}
	in := newWindowIntake(p, o.env, o.stats, 0)
	err = drain(ctx, o.env, inner, func(int) func(*worker, int, *scan.Batch) error { return in.list().add })
	if err == nil {
		out, err = in.parts(ctx)
	}
	if err != nil {
		in.release()
	}
	return out, err
}

// windowPlan says which columns the work needs: those of the input, and behind them what is computed from them.
type windowPlan struct {
	node      *plan.Window
	width     int // columns of the input
	computed  []expr.Expr
	partition []int // columns of the window's partitions
	order     []int // and of its order
	calls     []windowCall
	pieces    *windowPieces // nil = a partition has to fit into memory
}

// windowCall is a call by the columns it reads; -1 = none.
type windowCall struct {
	*expr.WindowCall
	args        []int
	filter      int
	frame       *frame
	value, ends [2]int // of RANGE: see expr.FrameBound
}

func planWindow(n *plan.Window, env *Env) (*windowPlan, error) {
	p := &windowPlan{node: n, width: len(n.Input.Columns())}
	for _, e := range n.Partition {
		p.partition = append(p.partition, p.column(e))
	}
	for _, k := range n.Order {
		p.order = append(p.order, p.column(k.Expr))
	}
	for i := range n.Calls {
		c := &n.Calls[i]
		call := windowCall{WindowCall: c, filter: -1}
		for _, e := range c.Args {
			if c.Filter != nil && expr.CanFail(e) {
				// Arguments are not computed on rows that do not pass.
				e = &expr.Case{When: []expr.Expr{c.Filter}, Then: []expr.Expr{e}, T: e.Type(), At: e.Pos()}
			}
			call.args = append(call.args, p.column(e))
		}
		if c.Filter != nil {
			call.filter = p.column(c.Filter)
		}
		for k, b := range []*expr.FrameBound{&c.Frame.Start, &c.Frame.End} {
			call.value[k], call.ends[k] = -1, -1
			if b.Limit != nil {
				call.value[k], call.ends[k] = p.column(b.Value), p.column(b.Limit)
			}
		}
		if c.Fn == nil || c.Fn.Framed {
			var err error
			if call.frame, err = newFrame(&c.Frame, n, env); err != nil {
				return nil, err
			}
		}
		p.calls = append(p.calls, call)
	}
	p.pieces = p.inPieces()
	return p, nil
}

// column gives the number of the column that holds an expression's values.
func (p *windowPlan) column(e expr.Expr) int {
	if c, ok := e.(*expr.Column); ok {
		return c.Index
	}
	for i, have := range p.computed {
		if expr.Equal(have, e) {
			return p.width + i
		}
	}
	p.computed = append(p.computed, e)
	return p.width + len(p.computed) - 1
}

// windowStream gives a part's rows. The columns of the input are copied together as they are asked for.
type windowStream struct {
	in      *windowInput
	refs    []rowRef
	results []*column.Vector
	at      int
	pool    *mem.Pool
	done    func()
}

func (s *windowStream) next(ctx context.Context) (*scan.Batch, error) {
	n := min(scan.BatchRows, len(s.refs)-s.at)
	if n == 0 {
		return nil, io.EOF
	}
	out := &scan.Batch{Len: n}
	take := s.refs[s.at : s.at+n]
	for c := range s.in.plan.width {
		v, err := s.in.gather(ctx, c, take)
		if err != nil {
			return nil, err
		}
		out.Columns = append(out.Columns, v)
	}
	for _, v := range s.results {
		out.Columns = append(out.Columns, v.Slice(s.at, s.at+n))
	}
	s.at += n
	return out, nil
}

func (s *windowStream) close() {
	s.pool.Close()
	if s.done != nil {
		s.done()
		s.done = nil
	}
}

// openWindow computes the partitions [from, to).
func openWindow(ctx context.Context, w *worker, in *windowInput, from, to int, done func()) (stream, error) {
	lo, hi := in.starts[from], in.starts[to]
	n := hi - lo
	pool := mem.NewPool("window", 0, w.env.Pool)
	s := &windowStream{in: in, refs: in.refs[lo:hi], pool: pool, done: done}
	if err := pool.Grow(int64(n) * windowRowBytes); err != nil {
		return nil, err
	}
	p := &expr.Partitions{Bounds: make([]int32, to-from+1), Looks: expr.Looks{Ctx: ctx}}
	for k := range p.Bounds {
		p.Bounds[k] = int32(in.starts[from+k] - lo)
	}
	r := &windowRun{ctx: ctx, in: in, refs: s.refs, p: p, pool: pool, node: in.plan.node, gathered: map[int]*column.Vector{}}
	if err := r.sort(); err != nil {
		pool.Close()
		return nil, err
	}
	s.refs = r.refs
	for i := range in.plan.calls {
		v, err := r.call(&in.plan.calls[i])
		if err == nil {
			err = pool.Grow(v.SizeBytes())
		}
		if err == nil {
			err = cause(ctx)
		}
		if err != nil {
			pool.Close()
			return nil, err
		}
		s.results = append(s.results, v)
	}
	return s, nil
}

// windowRowBytes is what a part holds for each row beside its results: a key, its place, peers and frame.
const windowRowBytes = 16 + 8 + 8 + 8
