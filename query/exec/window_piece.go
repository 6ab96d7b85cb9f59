package exec

import (
	"bytes"
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// pieceKind is how a call is computed piece by piece.
type pieceKind uint8

const (
	pieceNear    pieceKind = iota // from rows of the piece and some before and behind it
	pieceRanked                   // from the number of rows and groups before the piece
	pieceRunning                  // a state goes on from piece to piece
	pieceWhole                    // one value for the partition
	pieceFirst                    // the value of the partition's first row
)

// windowPieces says how the calls of a window are computed in pieces.
type windowPieces struct {
	kinds         []pieceKind
	before, after int64 // rows that calls look at beside the piece
	peers         bool  // a piece ends where a group of peers ends
}

// pieceReach is how far away a row may be that a call looks at.
const pieceReach = 1 << 20

// inPieces finds out whether all calls can be computed in pieces; nil = no.
func (p *windowPlan) inPieces() *windowPieces {
	out := &windowPieces{}
	for i := range p.calls {
		kind, ok := out.call(&p.calls[i], len(p.order) > 0)
		if !ok {
			return nil
		}
		out.kinds = append(out.kinds, kind)
	}
	if out.peers && len(p.order) == 0 || out.before > pieceReach || out.after > pieceReach {
		return nil
	}
	return out
}

func (w *windowPieces) call(c *windowCall, ordered bool) (pieceKind, bool) {
	f := &c.Frame
	running := f.Start.Kind == expr.UnboundedPreceding && f.Exclude == expr.ExcludeNone
	switch {
	case c.Fn != nil && c.Fn.Ranked != nil:
		w.peers = w.peers || c.Fn.ByPeers
		return pieceRanked, allLiterals(c.Args)
	case c.Fn != nil && c.Fn.Neighbour != 0:
		by := c.Fn.Neighbour
		if len(c.Args) > 1 {
			l, ok := c.Args[1].(*expr.Literal)
			if !ok || l.Value.IsNull(0) {
				return 0, false
			}
			by *= l.Value.Int(0)
		}
		w.before, w.after = max(w.before, -by), max(w.after, by)
		return pieceNear, true
	case c.Fn != nil && !c.Fn.Framed:
		return 0, false
	case c.Agg != nil && f.WholeFrame(ordered):
		return pieceWhole, true
	case w.near(c):
		return pieceNear, true
	case c.Fn != nil && running && c.Fn.TakesFirst && f.End.Kind >= expr.CurrentRow:
		return pieceFirst, true
	case !running || f.End.Kind != expr.CurrentRow:
		return 0, false
	}
	w.peers = w.peers || f.Mode != expr.FrameRows
	if c.Fn != nil {
		return pieceNear, c.Fn.TakesLast
	}
	_, ok := c.Agg.New().(expr.SlidingState)
	return pieceRunning, ok
}

// near reports a frame of rows that are counted from the row itself.
func (w *windowPieces) near(c *windowCall) bool {
	f := &c.Frame
	if f.Mode != expr.FrameRows {
		return false
	}
	for k, b := range []*expr.FrameBound{&f.Start, &f.End} {
		switch b.Kind {
		case expr.CurrentRow:
		case expr.Preceding, expr.Following:
			if c.frame.offsets[k].Int(0) > pieceReach {
				return false
			}
			by := signed(b, c.frame.offsets[k])
			w.before, w.after = max(w.before, -by), max(w.after, by)
		default:
			return false
		}
	}
	return true
}

func allLiterals(list []expr.Expr) bool {
	for _, e := range list {
		if l, ok := e.(*expr.Literal); !ok || l.Value.IsNull(0) {
			return false
		}
	}
	return true
}

// sortKeys are the partition's columns and those of the order.
func (p *windowPlan) sortKeys(types []column.Type) sortKeys {
	var out sortKeys
	for _, c := range p.partition {
		out = append(out, columnKey(types, c))
	}
	for i, c := range p.order {
		k := p.node.Order[i]
		k.Expr = &expr.Column{Index: c, T: types[c]}
		out = append(out, k)
	}
	return out
}

func columnKey(types []column.Type, c int) plan.SortKey {
	return plan.SortKey{Expr: &expr.Column{Index: c, T: types[c]}}
}

// compute works on the next piece.
func (s *windowPieceStream) compute(ctx context.Context) error {
	p, stop := s.in.plan.pieces, s.partitions[0].end
	end := min(s.at+s.pieceRows(), stop)
	if err := s.load(ctx, end); err != nil {
		return err
	}
	for p.peers && end < stop {
		if err := s.load(ctx, end+1); err != nil {
			return err
		}
		if !bytes.Equal(s.orderKey(end-1), s.orderKey(end)) {
			break
		}
		end++
		if end&(rowsBetweenLooks-1) == 0 && cause(ctx) != nil {
			return cause(ctx)
		}
	}
	lo, hi := max(s.start, s.at-p.before), min(stop, end+p.after)
	if err := s.load(ctx, hi); err != nil {
		return err
	}
	s.drop(lo)
	pool := mem.NewPool("window", 0, s.in.env.Pool)
	s.piece = &windowStream{pool: pool}
	if err := pool.Grow((hi - lo) * (windowRowBytes + 8)); err != nil {
		return err
	}
	in := &windowInput{plan: s.in.plan, batches: s.loaded}
	in.findFlat()
	r := &windowRun{
		ctx: ctx, in: in, refs: s.refs(lo, hi), pool: pool, node: in.plan.node, gathered: map[int]*column.Vector{},
		p: &expr.Partitions{Bounds: []int32{0, int32(hi - lo)}, Looks: expr.Looks{Ctx: ctx}},
	}
	if err := r.findPeers(); err != nil {
		return err
	}
	from, to := int32(s.at-lo), int32(end-lo)
	s.piece.in, s.piece.refs = in, r.refs[from:to]
	if s.state == nil {
		s.state = make([]pieceState, len(in.plan.calls))
	}
	for i := range in.plan.calls {
		v, err := s.call(r, i, from, to)
		if err != nil {
			return placed(err, in.plan.calls[i].At)
		}
		s.piece.results = append(s.piece.results, v)
	}
	for i := from; i < to; i++ {
		if r.p.First[i] == i {
			s.groups++
		}
	}
	s.at = end
	return cause(ctx)
}

// pieceRows is how many rows a piece has: so many that those beside it do not cost more than they.
func (s *windowPieceStream) pieceRows() int64 {
	n := int64(scan.BatchRows)
	if k := s.in.env.BatchRows; k > 0 {
		n = int64(k)
	}
	return max(n, s.in.plan.pieces.before+s.in.plan.pieces.after)
}

// refs lists rows [lo, hi).
func (s *windowPieceStream) refs(lo, hi int64) []rowRef {
	out := make([]rowRef, 0, hi-lo)
	k, row := s.place(lo)
	for ; lo < hi; k, row = k+1, 0 {
		for ; lo < hi && row < s.loaded[k].n; row++ {
			out = append(out, rowRef(k)<<32|rowRef(row))
			lo++
		}
	}
	return out
}

// findPeers finds the peers of rows that are in order.
func (r *windowRun) findPeers() error {
	n := len(r.refs)
	if len(r.node.Order) > 0 {
		keys, err := r.makeKeys()
		if err != nil {
			return err
		}
		r.peers(keys, keys.list)
		return keys.looks.Err()
	}
	r.p.First, r.p.End = make([]int32, n), make([]int32, n)
	for i := range r.p.End {
		r.p.End[i] = int32(n)
	}
	return nil
}

// call computes a call for rows [from, to) of the run.
func (s *windowPieceStream) call(r *windowRun, i int, from, to int32) (*column.Vector, error) {
	c := &s.in.plan.calls[i]
	switch s.in.plan.pieces.kinds[i] {
	case pieceRanked:
		return s.ranked(r, c, from, to)
	case pieceRunning:
		return s.running(r, i, from, to)
	case pieceWhole:
		return column.Flatten(column.NewConst(s.partitions[0].totals[i], 0, int(to-from))), nil
	case pieceFirst:
		if s.state[i].first == nil {
			v, err := r.column(c.args[0])
			if err != nil {
				return nil, err
			}
			s.state[i].first = column.Flatten(column.Gather(v, []int32{from}))
		}
		return column.Flatten(column.NewConst(s.state[i].first, 0, int(to-from))), nil
	}
	v, err := r.call(c)
	if err != nil {
		return nil, err
	}
	return v.Slice(int(from), int(to)), r.pool.Grow(v.SizeBytes())
}

func (s *windowPieceStream) ranked(r *windowRun, c *windowCall, from, to int32) (*column.Vector, error) {
	p := &expr.Partitions{Bounds: []int32{0, to - from}, Looks: r.p.Looks}
	for i := from; i < to; i++ {
		p.First, p.End = append(p.First, max(r.p.First[i]-from, 0)), append(p.End, r.p.End[i]-from)
	}
	var args []*column.Vector
	for _, at := range c.args {
		v, err := r.column(at)
		if err != nil {
			return nil, err
		}
		args = append(args, v.Slice(int(from), int(to)))
	}
	return c.Fn.Ranked(expr.Placed{Rows: s.at - s.start, Groups: s.groups, Total: s.partitions[0].end - s.start}, p, args)
}

// running adds the rows of the piece one after the other, or peers by peers, as the frame wants it.
func (s *windowPieceStream) running(r *windowRun, i int, from, to int32) (*column.Vector, error) {
	c, state := &s.in.plan.calls[i], &s.state[i]
	f := &frameAggregate{run: r, call: c}
	for _, at := range c.args {
		v, err := r.column(at)
		if err != nil {
			return nil, err
		}
		f.args = append(f.args, v)
	}
	if c.filter >= 0 {
		v, err := r.column(c.filter)
		if err != nil {
			return nil, err
		}
		f.keep(v)
	}
	if state.running == nil {
		state.running = f.newState()
	}
	out := column.NewBuilder(c.T, int(to-from))
	looks := expr.Looks{Ctx: r.ctx}
	for at := from; at < to; {
		end := at + 1
		if c.Frame.Mode != expr.FrameRows {
			end = r.p.End[at]
		}
		if rows := f.rows(expr.Range{Lo: at, Hi: end}); rows.Lo < rows.Hi {
			if err := state.running.AddRange(0, f.args, int(rows.Lo), int(rows.Hi), false); err != nil {
				return nil, err
			}
		}
		for ; at < end; at++ {
			if looks.Over() {
				return nil, looks.Err()
			}
			if err := state.running.Result(out, 0); err != nil {
				return nil, err
			}
		}
	}
	more := max(state.running.SizeBytes()-state.held, 0)
	state.held += more
	if err := s.pool.Grow(more); err != nil {
		return nil, err
	}
	if err := out.Err(); err != nil {
		return nil, err
	}
	v := out.Finish()
	return v, r.pool.Grow(v.SizeBytes())
}
