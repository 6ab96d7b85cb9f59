package fn

import (
	"errors"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Kernel is the shape of expr.Function.Kernel.
type Kernel func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error)

// errNull is what a function of one row returns for a NULL result.
var errNull = errors.New("null")

// Hot kernels index their arguments by i&mask: the mask is 0 for a constant and -1 for a column, so that one loop serves
// every mix of the two.

func intsOf(v *column.Vector) ([]int64, int) {
	if v.Enc == column.Const {
		return v.Child.Ints, 0
	}
	return v.Ints, -1
}

func floatsOf(v *column.Vector) ([]float64, int) {
	if v.Enc == column.Const {
		return v.Child.Floats, 0
	}
	return v.Floats, -1
}

func boolsOf(v *column.Vector) ([]bool, int) {
	if v.Enc == column.Const {
		return v.Child.Bools, 0
	}
	return v.Bools, -1
}

func intervalsOf(v *column.Vector) ([]column.Interval, int) {
	if v.Enc == column.Const {
		return v.Child.Intervals, 0
	}
	return v.Intervals, -1
}

// texts reads a bytes layout.
type texts struct {
	offsets []int32
	data    []byte
	mask    int
}

func textsOf(v *column.Vector) texts {
	if v.Enc == column.Const {
		return texts{v.Child.Offsets, v.Child.Data, 0}
	}
	return texts{v.Offsets, v.Data, -1}
}

func (t texts) at(i int) []byte {
	i &= t.mask
	return t.data[t.offsets[i]:t.offsets[i+1]]
}

// reader gives access to the values of an argument; the closures are for functions whose own work outweighs a call.
type reader[T any] func(v *column.Vector) func(i int) T

func readInt(v *column.Vector) func(int) int64 {
	a, m := intsOf(v)
	return func(i int) int64 { return a[i&m] }
}

func readFloat(v *column.Vector) func(int) float64 {
	a, m := floatsOf(v)
	return func(i int) float64 { return a[i&m] }
}

func readBool(v *column.Vector) func(int) bool {
	a, m := boolsOf(v)
	return func(i int) bool { return a[i&m] }
}

func readInterval(v *column.Vector) func(int) column.Interval {
	a, m := intervalsOf(v)
	return func(i int) column.Interval { return a[i&m] }
}

func readBytes(v *column.Vector) func(int) []byte { return textsOf(v).at }

// readNumeric parses a numeric; the decimal is used again for the next row of the same argument, and functions do not
// change what they are given.
func readNumeric(v *column.Vector) func(int) *apd.Decimal {
	t, d := textsOf(v), new(apd.Decimal)
	if v.Enc == column.Const {
		setDecimal(d, t.at(0))
		return func(int) *apd.Decimal { return d }
	}
	return func(i int) *apd.Decimal {
		setDecimal(d, t.at(i))
		return d
	}
}

// writer appends one result.
type writer[R any] func(b *column.Builder, r R)

func writeInt(b *column.Builder, r int64)                { b.AppendInt(r) }
func writeFloat(b *column.Builder, r float64)            { b.AppendFloat(r) }
func writeBool(b *column.Builder, r bool)                { b.AppendBool(r) }
func writeBytes(b *column.Builder, r []byte)             { b.AppendBytes(r) }
func writeString(b *column.Builder, r string)            { b.AppendString(r) }
func writeInterval(b *column.Builder, r column.Interval) { b.AppendInterval(r) }

// eachRow runs f on the rows of a strict call that have no NULL argument.
func eachRow[R any](ctx *expr.Context, t column.Type, write writer[R], n int, f func(i int) (R, error)) (*column.Vector, error) {
	b := column.NewBuilder(t, n)
	valid := ctx.Valid
	row := ctx.RowWork()
	for i, made := 0, 0; i < n; i++ {
		if err := ctx.Work(row + b.DataLen() - made); err != nil {
			return nil, err
		}
		made = b.DataLen()
		if valid != nil && !valid.Get(i) {
			b.AppendNull()
			continue
		}
		r, err := f(i)
		if err == errNull {
			b.AppendNull()
			continue
		}
		if err != nil {
			return nil, err
		}
		write(b, r)
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	return b.Finish(), nil
}

func kernel1[A, R any](t column.Type, ra reader[A], w writer[R], f func(ctx *expr.Context, a A) (R, error)) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a := ra(args[0])
		return eachRow(ctx, t, w, n, func(i int) (R, error) { return f(ctx, a(i)) })
	}
}

func kernel2[A, B, R any](t column.Type, ra reader[A], rb reader[B], w writer[R], f func(ctx *expr.Context, a A, b B) (R, error)) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, b := ra(args[0]), rb(args[1])
		return eachRow(ctx, t, w, n, func(i int) (R, error) { return f(ctx, a(i), b(i)) })
	}
}

func kernel3[A, B, C, R any](t column.Type, ra reader[A], rb reader[B], rc reader[C], w writer[R], f func(ctx *expr.Context, a A, b B, c C) (R, error)) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, b, c := ra(args[0]), rb(args[1]), rc(args[2])
		return eachRow(ctx, t, w, n, func(i int) (R, error) { return f(ctx, a(i), b(i), c(i)) })
	}
}

// sqlError makes the error of a value that a function refuses.
func sqlError(state, format string, args ...any) *column.Error {
	return column.SQLErrorf(column.Invalid, state, format, args...)
}

var errDivisionByZero = sqlError("22012", "division by zero")

func outOfRange(t column.Type) error {
	switch t.Kind {
	case column.Float32, column.Float64:
		return sqlError("22003", "value out of range: overflow")
	case column.Timestamp, column.TimestampTZ, column.TimestampNS:
		return sqlError("22008", "timestamp out of range")
	case column.Date:
		return sqlError("22008", "date out of range")
	case column.IntervalKind:
		return sqlError("22008", "interval out of range")
	}
	return sqlError("22003", "%s out of range", t)
}
