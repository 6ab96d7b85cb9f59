package exec

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// aggregate computes an aggregate over the frames of all rows. Rows whose frame is that of the row before take its result; what is computed is
// laid out over the rows at the end.
func (r *windowRun) aggregate(c *windowCall, args []*column.Vector) (*column.Vector, error) {
	n := len(r.refs)
	f := &frameAggregate{run: r, call: c, args: args, out: column.NewBuilder(c.T, 0)}
	if c.filter >= 0 {
		v, err := r.column(c.filter)
		if err != nil {
			return nil, err
		}
		f.keep(v)
	}
	if err := f.init(); err != nil {
		return nil, err
	}
	results := make([]int32, n)
	for p := range r.p.Bounds[1:] {
		if err := f.partition(r.p.Bounds[p], r.p.Bounds[p+1], results); err != nil {
			return nil, err
		}
		if p&0xff == 0 {
			if err := cause(r.ctx); err != nil {
				return nil, err
			}
		}
	}
	if err := f.out.Err(); err != nil {
		return nil, err
	}
	v := f.out.Finish()
	r.pool.Shrink(f.held)
	if v.Len == n {
		return v, nil
	}
	return expr.GatherPieces(r.ctx, v, results)
}

// frameAggregate is an aggregate at work on frames.
type frameAggregate struct {
	run  *windowRun
	call *windowCall
	args []*column.Vector
	out  *column.Builder // a result for each frame that differs from the one before
	held int64
	left int32 // rows until the next look

	// With FILTER the arguments are those of the rows that pass, and passed[i] is how many of them there are before row i.
	passed []int32

	before, behind *slider // of what is excluded; without exclusion all is before
	whole          expr.SlidingState
}

// keep leaves the rows for which a condition is true.
func (f *frameAggregate) keep(cond *column.Vector) {
	rows := expr.AppendTrue(nil, cond)
	for i := range f.args {
		f.args[i] = column.Gather(f.args[i], rows)
	}
	f.passed = make([]int32, cond.Len+1)
	k := 0
	for i := range cond.Len {
		f.passed[i] = int32(k)
		if k < len(rows) && rows[k] == int32(i) {
			k++
		}
	}
	f.passed[cond.Len] = int32(k)
}

func (f *frameAggregate) init() error {
	if _, ok := f.call.Agg.New().(expr.SlidingState); !ok {
		return nil
	}
	f.before = f.newSlider()
	if f.call.Frame.Exclude != expr.ExcludeNone {
		f.behind = f.newSlider()
	}
	f.whole = f.newState()
	return nil
}

func (f *frameAggregate) newState() expr.SlidingState {
	s := f.call.Agg.New().(expr.SlidingState)
	s.Grow(1)
	return s
}

func (f *frameAggregate) newSlider() *slider {
	return &slider{ctx: f.run.ctx, args: f.args, behind: f.newState(), front: f.newState()}
}

// rows translates a range of the part's rows into one of the arguments' rows.
func (f *frameAggregate) rows(r expr.Range) expr.Range {
	if f.passed == nil {
		return r
	}
	return expr.Range{Lo: f.passed[r.Lo], Hi: f.passed[r.Hi]}
}

func (f *frameAggregate) partition(lo, hi int32, results []int32) error {
	if f.before != nil {
		f.before.reset()
		if f.behind != nil {
			f.behind.reset()
		}
	}
	var last [3]expr.Range
	for i := lo; i < hi; i++ {
		parts := f.run.p.Frame(i)
		for k := range parts {
			parts[k] = f.rows(parts[k])
		}
		if i > lo && parts == last {
			results[i] = results[i-1]
			continue
		}
		last = parts
		results[i] = int32(f.out.Len())
		if err := f.result(&parts); err != nil {
			return err
		}
		// A frame that is computed anew is work by the row.
		if f.left -= 1 + f.worked(&parts); f.left < 0 {
			f.left = rowsBetweenLooks
			if err := cause(f.run.ctx); err != nil {
				return err
			}
		}
	}
	return f.reserve()
}

// result appends the aggregate over the parts of a frame.
func (f *frameAggregate) result(parts *[3]expr.Range) error {
	switch {
	case f.before == nil:
		return f.anew(parts)
	case f.behind == nil:
		if err := f.before.to(parts[0]); err != nil {
			return err
		}
		if f.before.onlyBehind() {
			return f.before.behind.Result(f.out, 0)
		}
	}
	f.whole.Clear(0)
	if f.behind == nil {
		if err := f.before.add(f.whole); err != nil {
			return err
		}
		return f.whole.Result(f.out, 0)
	}
	if err := f.before.to(parts[0]); err != nil {
		return err
	}
	if err := f.before.add(f.whole); err != nil {
		return err
	}
	if parts[1].Lo < parts[1].Hi {
		if err := f.whole.AddRange(0, f.args, int(parts[1].Lo), int(parts[1].Hi), false); err != nil {
			return err
		}
	}
	if err := f.behind.to(parts[2]); err != nil {
		return err
	}
	if err := f.behind.add(f.whole); err != nil {
		return err
	}
	return f.whole.Result(f.out, 0)
}

// rowsBetweenLooks is how many rows are worked on between two looks whether the statement was cancelled.
const rowsBetweenLooks = 1 << 12

// worked is how many rows of a frame were worked on beside the row's own.
func (f *frameAggregate) worked(parts *[3]expr.Range) (n int32) {
	if f.before != nil {
		return 0
	}
	for _, p := range parts {
		n += max(p.Hi-p.Lo, 0)
	}
	return min(n, rowsBetweenLooks)
}

// anew computes an aggregate that can do no better from all rows of the frame.
func (f *frameAggregate) anew(parts *[3]expr.Range) error {
	s := f.call.Agg.New()
	watch(f.run.ctx, s)
	s.Grow(1)
	for _, p := range parts {
		if p.Lo < p.Hi {
			if err := s.AddRange(0, f.args, int(p.Lo), int(p.Hi), false); err != nil {
				return err
			}
		}
	}
	v, err := s.Finish(1)
	if err != nil {
		return err
	}
	f.out.AppendRow(v, 0)
	return nil
}

// reserve makes the account equal to what the states hold.
func (f *frameAggregate) reserve() error {
	size := int64(f.out.DataLen())
	if f.before != nil {
		size += f.before.sizeBytes() + f.whole.SizeBytes()
	}
	if f.behind != nil {
		size += f.behind.sizeBytes()
	}
	if size <= f.held {
		return nil
	}
	if err := f.run.pool.Grow(size - f.held); err != nil {
		return err
	}
	f.held = size
	return nil
}
