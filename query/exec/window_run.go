package exec

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// windowRun is the work on one part.
type windowRun struct {
	ctx      context.Context
	in       *windowInput
	refs     []rowRef
	p        *expr.Partitions
	pool     *mem.Pool
	node     *plan.Window
	gathered map[int]*column.Vector
	framed   *frame // whose bounds are in p
}

// column gives a column of the part's rows, in their order.
func (r *windowRun) column(c int) (*column.Vector, error) {
	if v := r.gathered[c]; v != nil {
		return v, nil
	}
	v, err := r.in.gather(r.ctx, c, r.refs)
	if err != nil {
		return nil, err
	}
	if err := r.pool.Grow(v.SizeBytes()); err != nil {
		return nil, err
	}
	r.gathered[c] = v
	return v, nil
}

// call computes one function for all rows.
func (r *windowRun) call(c *windowCall) (*column.Vector, error) {
	args := make([]*column.Vector, len(c.args))
	for i, at := range c.args {
		v, err := r.column(at)
		if err != nil {
			return nil, err
		}
		args[i] = v
	}
	if c.frame != nil && (r.framed == nil || !r.framed.spec.Same(c.frame.spec)) {
		if err := r.frames(c); err != nil {
			return nil, err
		}
		r.framed = c.frame
	}
	if c.Fn != nil {
		v, err := c.Fn.Kernel(r.p, args)
		return v, placed(err, c.At)
	}
	v, err := r.aggregate(c, args)
	return v, placed(err, c.At)
}

// placed gives an error a place in the statement, unless it has one.
func placed(err error, at int) error {
	e, ok := err.(*column.Error) //nolint:errorlint // kernels return it as it is
	if !ok || e == nil || e.Position != 0 {
		return err
	}
	out := *e
	out.Position = at + 1
	return &out
}
