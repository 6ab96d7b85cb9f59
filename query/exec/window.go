package exec

import (
	"context"
	"io"
	"slices"
	"sync"

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

func (o *window) parts(ctx context.Context) ([]part, error) {
	inner, err := o.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	p, err := planWindow(o.node, o.env)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var lists []*windowRows
	err = drain(ctx, o.env, inner, func(int) func(*worker, int, *scan.Batch) error {
		l := &windowRows{plan: p, pool: mem.NewPool("window", 0, o.env.Pool), count: map[int]int{}}
		if n := len(o.node.Partition); n > 0 {
			l.groups = newGrouper(typesOfExprs(o.node.Partition))
		}
		mu.Lock()
		lists = append(lists, l)
		mu.Unlock()
		return l.add
	})
	if err != nil {
		return nil, err
	}
	all, err := joinWindowRows(p, lists)
	if err != nil || len(all.refs) == 0 {
		return nil, err
	}
	var out []part
	for lo := 0; lo+1 < len(all.starts); {
		hi := lo + 1
		for hi+1 < len(all.starts) && all.starts[hi]-all.starts[lo] < windowPart {
			hi++
		}
		from, to := lo, hi
		out = append(out, func(ctx context.Context, w *worker) (stream, error) { return openWindow(ctx, w, all, from, to) })
		lo = hi
	}
	return out, nil
}

// windowPlan says which columns the work needs: those of the input, and behind them what is computed from them.
type windowPlan struct {
	node     *plan.Window
	width    int // columns of the input
	computed []expr.Expr
	order    []int // columns of the window's order
	calls    []windowCall
	outputs  []plan.Column
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
	p := &windowPlan{node: n, width: len(n.Input.Columns()), outputs: n.Columns()}
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

// windowBatch is a batch of the input with what is computed from it, and the partition of each row.
type windowBatch struct {
	number, seq int // of the part it came from, and inside it
	columns     []*column.Vector
	groups      []uint32 // nil = one partition
	n           int
}

// windowRows is what one worker pulled.
type windowRows struct {
	plan    *windowPlan
	pool    *mem.Pool
	groups  *grouper // nil = one partition
	batches []windowBatch
	count   map[int]int
	held    int64 // of groups
}

func (l *windowRows) add(w *worker, number int, b *scan.Batch) error {
	w.expr.Runs = b.Runs
	out := windowBatch{number: number, seq: l.count[number], n: b.Len, columns: append([]*column.Vector(nil), b.Columns...)}
	l.count[number]++
	size := b.SizeBytes()
	for _, e := range l.plan.computed {
		v, err := expr.Eval(&w.expr, e, b.Columns, b.Len)
		if err != nil {
			return err
		}
		out.columns = append(out.columns, v)
		size += v.SizeBytes()
	}
	if l.groups != nil {
		keys := make([]*column.Vector, len(l.plan.node.Partition))
		for i, e := range l.plan.node.Partition {
			v, err := expr.Eval(&w.expr, e, b.Columns, b.Len)
			if err != nil {
				return err
			}
			keys[i] = v
		}
		out.groups = make([]uint32, b.Len)
		numberRows(l.groups, keys, b, out.groups, w.env.Plain)
		size += int64(4*b.Len) + l.groups.sizeBytes() - l.held
		l.held = l.groups.sizeBytes()
	}
	l.batches = append(l.batches, out)
	return l.pool.Grow(size)
}

// numberRows is findAll, by spans of equal keys where the encodings show them.
func numberRows(g *grouper, keys []*column.Vector, b *scan.Batch, groups []uint32, plain bool) {
	if !plain {
		if list, ok := spans(nil, keys, nil, b.Len); ok {
			ids := make([]uint32, len(list))
			g.findSpans(keys, list, ids)
			for k, s := range list {
				for i := s.lo; i < s.hi; i++ {
					groups[i] = ids[k]
				}
			}
			return
		}
	}
	g.findAll(keys, groups)
}

// windowInput is all of the input, partition by partition.
type windowInput struct {
	plan    *windowPlan
	batches []windowBatch
	refs    []rowRef
	starts  []int // of the partitions in refs, and the end
	// By column, and then by batch: the values of columns that are flat without NULLs everywhere; nil for others.
	ints   [][][]int64
	floats [][][]float64
}

// rowRef is a row: its batch, and its place there.
type rowRef uint64

func (r rowRef) batch() int { return int(r >> 32) }
func (r rowRef) row() int32 { return int32(uint32(r)) }

// joinWindowRows puts together what the workers pulled: a counting sort by partition.
func joinWindowRows(p *windowPlan, lists []*windowRows) (*windowInput, error) {
	in := &windowInput{plan: p}
	groups, err := joinGroups(lists)
	if err != nil {
		return nil, err
	}
	total := 0
	for _, l := range lists {
		in.batches = append(in.batches, l.batches...)
		for i := range l.batches {
			total += l.batches[i].n
		}
	}
	if total == 0 {
		return in, nil
	}
	slices.SortFunc(in.batches, func(a, b windowBatch) int {
		if a.number != b.number {
			return a.number - b.number
		}
		return a.seq - b.seq
	})
	in.findFlat()
	if err := lists[0].pool.Grow(8 * int64(total+len(groups))); err != nil {
		return nil, err
	}
	in.refs = make([]rowRef, total)
	if groups == nil {
		in.starts = []int{0, total}
		at := 0
		for k := range in.batches {
			for i := range in.batches[k].n {
				in.refs[at] = rowRef(k)<<32 | rowRef(i)
				at++
			}
		}
		return in, nil
	}
	// places[g] is where the next row of group g goes; groups are in the order of their keys.
	places := make([]int, len(groups)+1)
	for k := range in.batches {
		for _, g := range in.batches[k].groups {
			places[groups[g]+1]++
		}
	}
	for i := range groups {
		places[i+1] += places[i]
	}
	in.starts = slices.Clone(places)
	for k := range in.batches {
		for i, g := range in.batches[k].groups {
			to := groups[g]
			in.refs[places[to]] = rowRef(k)<<32 | rowRef(i)
			places[to]++
		}
	}
	return in, nil
}

// joinGroups numbers the partitions of all workers in the order of their keys: partition g of a batch gets place order[g]. Nil = there is one
// partition.
func joinGroups(lists []*windowRows) (order []uint32, err error) {
	if len(lists) == 0 || lists[0].groups == nil {
		return nil, nil
	}
	all := lists[0].groups
	for _, l := range lists[1:] {
		rows, err := l.groups.finish()
		if err != nil {
			return nil, err
		}
		mapping := all.absorb(rows, l.groups.count)
		for i := range l.batches {
			for k, g := range l.batches[i].groups {
				l.batches[i].groups[k] = mapping[g]
			}
		}
	}
	byKey, err := all.sorted()
	if err != nil {
		return nil, err
	}
	order = make([]uint32, len(byKey))
	for place, g := range byKey {
		order[g] = uint32(place)
	}
	return order, nil
}

// windowStream gives a part's rows. The columns of the input are copied together as they are asked for.
type windowStream struct {
	in      *windowInput
	refs    []rowRef
	results []*column.Vector
	at      int
	release func()
}

func (s *windowStream) next(ctx context.Context) (*scan.Batch, error) {
	n := min(scan.BatchRows, len(s.refs)-s.at)
	if n == 0 {
		return nil, io.EOF
	}
	out := &scan.Batch{Len: n}
	take := s.refs[s.at : s.at+n]
	for c := range s.in.plan.width {
		v, err := s.in.gather(c, take)
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

func (s *windowStream) close() { s.release() }

// openWindow computes the partitions [from, to).
func openWindow(ctx context.Context, w *worker, in *windowInput, from, to int) (stream, error) {
	lo, hi := in.starts[from], in.starts[to]
	n := hi - lo
	pool := mem.NewPool("window", 0, w.env.Pool)
	s := &windowStream{in: in, refs: in.refs[lo:hi], release: pool.Close}
	if err := pool.Grow(int64(n) * windowRowBytes); err != nil {
		return nil, err
	}
	p := &expr.Partitions{Bounds: make([]int32, to-from+1)}
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
