package fn

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addSpecials adds what the binder calls by itself: COALESCE over arguments that cannot fail, and type modifiers.
func addSpecials(r *Registry) {
	r.add(scalar{name: "coalesce", args: types(tCompatible), result: tCompatible, variadic: true, nullable: true, safe: true, generic: coalesce, doc: "the first value that is not NULL"})
	r.add(
		scalar{name: "numeric", args: types(tNumeric, tInt4, tInt4), result: tNumeric, doc: "rounded to so many digits in all and after the point", kernel: kernel3(tNumeric, readNumeric, readInt, readInt, writeDecimal,
			func(_ *expr.Context, a *apd.Decimal, precision, scale int64) (*apd.Decimal, error) {
				return limitDigits(a, precision, scale)
			})},
		scalar{name: "varchar", args: types(tText, tInt4), result: tText, safe: true, doc: "cut to so many characters", kernel: kernel2(tText, readBytes, readInt, writeBytes,
			func(_ *expr.Context, a []byte, n int64) ([]byte, error) { return a[:prefixLen(a, n)], nil })},
	)
}

// Nanos is the conversion of a side of a comparison with timestamp_ns (see ComparableNanos).
func (r *Registry) Nanos(from column.Type) *expr.Function { return r.nanos[from] }

func coalesce(t column.Type) rawKernel {
	return func(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		if !args[0].HasNulls() {
			return args[0], nil
		}
		b := column.NewBuilder(t, n)
		for i := range n {
			k := 0
			for k < len(args)-1 && !isValid(args[k], i) {
				k++
			}
			b.AppendRow(args[k], i)
		}
		if err := b.Err(); err != nil {
			return nil, err
		}
		return b.Finish(), nil
	}
}

func limitDigits(a *apd.Decimal, precision, scale int64) (*apd.Decimal, error) {
	if a.Form != apd.Finite {
		if isNaN(a) {
			return a, nil
		}
		return nil, digitsOverflow(precision, scale, "A field with precision %d, scale %d cannot hold an infinite value.", precision, scale)
	}
	d := rescale(a, int32(scale))
	if !d.IsZero() && d.NumDigits()+int64(d.Exponent) > precision-scale {
		if precision == scale {
			return nil, digitsOverflow(precision, scale, "A field with precision %d, scale %d must round to an absolute value less than 1.", precision, scale)
		}
		return nil, digitsOverflow(precision, scale, "A field with precision %d, scale %d must round to an absolute value less than 10^%d.", precision, scale, precision-scale)
	}
	return d, nil
}

func digitsOverflow(_, _ int64, detail string, args ...any) error {
	e := sqlError("22003", "numeric field overflow")
	e.Detail = sqlError("", detail, args...).Message
	return e
}

// prefixLen is how many bytes the first n characters take.
func prefixLen(a []byte, n int64) int {
	if n <= 0 {
		return 0
	}
	if n >= int64(len(a)) {
		return len(a)
	}
	for i := range a {
		if a[i]&0xc0 != 0x80 {
			if n == 0 {
				return i
			}
			n--
		}
	}
	return len(a)
}
