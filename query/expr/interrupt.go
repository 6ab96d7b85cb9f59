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
