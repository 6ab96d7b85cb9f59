package expr

import (
	"context"
	"errors"

	"github.com/automatanexus/aegis-db/column"
)

// Interrupted is why a context ended, as an error of the database's own kind; nil while it lives.
func Interrupted(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	err := context.Cause(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &column.Error{Class: column.Cancelled, SQLState: "57014", Message: "canceling statement due to statement timeout"}
	case errors.Is(err, context.Canceled):
		return &column.Error{Class: column.Cancelled, SQLState: "57014", Message: "canceling statement due to user request"}
	}
	return err
}

// Interrupted is the error that ends a statement that was cancelled, for kernels that work long on a row: they ask every few rows.
func (c *Context) Interrupted() error {
	if c.Ctx == nil || c.Ctx.Err() == nil {
		return nil
	}
	return Interrupted(c.Ctx)
}

// Looks is for loops over rows that are in memory already: now and then it looks whether the statement was cancelled. A comparison of a sort may
// answer anything from then on, so that the sort comes to its end.
type Looks struct {
	Ctx  context.Context // nil = never cancelled
	left int
	err  error
}

// looksEvery is how many rows pass between two looks: at the slowest, some hundred nanoseconds for each, it takes a few milliseconds.
const looksEvery = 1 << 14

// Over reports that the statement was cancelled; Err says how. It counts one row.
func (l *Looks) Over() bool {
	if l.left--; l.left >= 0 {
		return false
	}
	return l.Look()
}

// Look is Over without counting: it looks at once.
func (l *Looks) Look() bool {
	if l.err == nil && l.Ctx != nil {
		l.err = Interrupted(l.Ctx)
	}
	if l.err != nil {
		l.left = 0
		return true
	}
	l.left = looksEvery
	return false
}

// Err is how the statement was cancelled; nil if nobody has seen that it was.
func (l *Looks) Err() error { return l.err }

// Pieces calls do for the rows [0, n) piece by piece, with a look before each.
func (l *Looks) Pieces(n int, do func(lo, hi int) error) error {
	for lo := 0; lo < n; lo += looksEvery {
		if l.Look() {
			return l.err
		}
		if err := do(lo, min(lo+looksEvery, n)); err != nil {
			return err
		}
	}
	return nil
}

// pieceBytes is how much text a kernel is given at a time where rows are long, so that the statement can be cancelled in between: the slowest
// patterns take some ten milliseconds for it.
const pieceBytes = 1 << 20

// applyPieces calls a kernel that gives values of a fixed width piece by piece, if its arguments are long texts; nil if they are not.
func applyPieces(ctx *Context, f *Function, kernel func(*Context, []*column.Vector, int) (*column.Vector, error), args []*column.Vector, n int) (*column.Vector, error) {
	if n < 2 || f.Result.Physical() == column.PhysBytes || f.Volatile {
		return nil, nil
	}
	rows := n
	for _, a := range args {
		if a.Enc == column.Flat && a.Type.Physical() == column.PhysBytes {
			if size := int(a.Offsets[n] - a.Offsets[0]); size > pieceBytes {
				rows = min(rows, max(1, n*pieceBytes/size))
			}
		} else if a.Enc == column.Const && a.Type.Physical() == column.PhysBytes && len(a.Child.Data) > pieceBytes/16 {
			rows = min(rows, 16)
		}
	}
	if rows == n {
		return nil, nil
	}
	b := column.NewBuilder(f.Result, n)
	piece := make([]*column.Vector, len(args))
	for lo := 0; lo < n; lo += rows {
		if err := ctx.Interrupted(); err != nil {
			return nil, err
		}
		hi := min(lo+rows, n)
		for i, a := range args {
			piece[i] = a.Slice(lo, hi)
		}
		v, err := applyWhole(ctx, f, kernel, piece, hi-lo)
		if err != nil {
			return nil, err
		}
		b.AppendVector(v, 0, hi-lo)
	}
	return b.Finish(), nil
}
