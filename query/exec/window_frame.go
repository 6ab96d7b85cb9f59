package exec

import (
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// frame is a frame whose offsets are known.
type frame struct {
	spec    *expr.Frame
	offsets [2]*column.Vector // of start and end, one row each; nil = none
}

func newFrame(spec *expr.Frame, n *plan.Window, env *Env) (*frame, error) {
	f := &frame{spec: spec}
	ctx := fork(&env.Expr)
	for k, b := range []*expr.FrameBound{&spec.Start, &spec.End} {
		if b.Offset == nil {
			continue
		}
		v, err := expr.Eval(&ctx, b.Offset, nil, 1)
		if err != nil {
			return nil, err
		}
		v = column.Flatten(v)
		which := [...]string{"starting", "ending"}[k]
		if v.IsNull(0) {
			return nil, frameError(b, "22004", "frame "+which+" offset must not be null")
		}
		if spec.Mode != expr.FrameRange && v.Int(0) < 0 {
			return nil, frameError(b, "22013", "frame "+which+" offset must not be negative")
		}
		f.offsets[k] = v
	}
	return f, nil
}

func frameError(b *expr.FrameBound, state, message string) error {
	e := column.SQLErrorf(column.Invalid, state, "%s", message)
	e.Position = b.Offset.Pos() + 1
	return e
}

// frames finds the frames of all rows of the part.
func (r *windowRun) frames(c *windowCall) error {
	n := len(r.refs)
	r.p.Lo, r.p.Hi, r.p.Exclude = make([]int32, n), make([]int32, n), c.frame.spec.Exclude
	for k, b := range []*expr.FrameBound{&c.frame.spec.Start, &c.frame.spec.End} {
		out := r.p.Lo
		if k == 1 {
			out = r.p.Hi
		}
		if err := r.bound(c, k, b, out); err != nil {
			return err
		}
		if r.p.Looks.Look() {
			return r.p.Looks.Err()
		}
	}
	for i, lo := range r.p.Lo {
		r.p.Hi[i] = max(r.p.Hi[i], lo)
	}
	return nil
}

// bound finds one end of all frames: the first row of a frame (k = 0) or the row behind its last one (k = 1).
func (r *windowRun) bound(c *windowCall, k int, b *expr.FrameBound, out []int32) error {
	switch b.Kind {
	case expr.UnboundedPreceding, expr.UnboundedFollowing:
		for p := range r.p.Bounds[1:] {
			lo, hi := r.p.Bounds[p], r.p.Bounds[p+1]
			at := lo
			if b.Kind == expr.UnboundedFollowing {
				at = hi
			}
			for i := lo; i < hi; i++ {
				out[i] = at
			}
		}
		return nil
	case expr.CurrentRow:
		switch {
		case c.frame.spec.Mode == expr.FrameRows:
			for i := range out {
				out[i] = int32(i + k)
			}
		case k == 0:
			copy(out, r.p.First)
		default:
			copy(out, r.p.End)
		}
		return nil
	}
	switch c.frame.spec.Mode {
	case expr.FrameRows:
		r.rowBound(signed(b, c.frame.offsets[k]), k, out)
	case expr.FrameGroups:
		r.groupBound(signed(b, c.frame.offsets[k]), k, out)
	default:
		return r.rangeBound(c, k, b, out)
	}
	return nil
}

// signed is an offset in rows or groups, preceding ones below zero.
func signed(b *expr.FrameBound, v *column.Vector) int64 {
	if b.Kind == expr.Preceding {
		return -v.Int(0)
	}
	return v.Int(0)
}

func (r *windowRun) rowBound(by int64, k int, out []int32) {
	by = min(max(by, -math.MaxInt32), math.MaxInt32) + int64(k)
	for p := range r.p.Bounds[1:] {
		lo, hi := r.p.Bounds[p], r.p.Bounds[p+1]
		for i := lo; i < hi; i++ {
			out[i] = int32(min(max(int64(i)+by, int64(lo)), int64(hi)))
		}
	}
}

func (r *windowRun) groupBound(by int64, k int, out []int32) {
	by = min(max(by, -math.MaxInt32), math.MaxInt32) + int64(k)
	var firsts []int32 // of the groups of a partition, and its end
	for p := range r.p.Bounds[1:] {
		lo, hi := r.p.Bounds[p], r.p.Bounds[p+1]
		firsts = firsts[:0]
		for i := lo; i < hi; i = r.p.End[i] {
			firsts = append(firsts, i)
		}
		firsts = append(firsts, hi)
		group := int64(-1)
		for i := lo; i < hi; i++ {
			if r.p.First[i] == i {
				group++
			}
			out[i] = firsts[min(max(group+by, 0), int64(len(firsts)-1))]
		}
	}
}
