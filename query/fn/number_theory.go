package fn

import (
	"math/big"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addNumberTheory adds what treats numerics as whole numbers or counts with them.
func addNumberTheory(r *Registry) {
	pair := func(f func(a, b *apd.Decimal) (*apd.Decimal, error)) Kernel {
		return kernel2(tNumeric, readNumeric, readNumeric, writeDecimal, func(_ *expr.Context, a, b *apd.Decimal) (*apd.Decimal, error) { return f(a, b) })
	}
	r.add(
		scalar{name: "gcd", args: types(tNumeric, tNumeric), result: tNumeric, kernel: pair(gcdDecimals), safe: true, doc: "greatest common divisor"},
		scalar{name: "lcm", args: types(tNumeric, tNumeric), result: tNumeric, kernel: pair(lcmDecimals), doc: "least common multiple"},
		scalar{name: "factorial", args: types(tInt8), result: tNumeric, doc: "product of the whole numbers up to n", kernel: kernel1(tNumeric, readInt, writeDecimal, func(ctx *expr.Context, n int64) (*apd.Decimal, error) {
			switch {
			case n < 0:
				return nil, sqlError("22003", "factorial of a negative number is undefined")
			case n > 32177:
				return nil, errNumericOverflow()
			}
			return bigDecimal(new(big.Int).MulRange(1, n)), nil
		})},
		scalar{name: "width_bucket", args: types(tNumeric, tNumeric, tNumeric, tInt4), result: tInt4, kernel: widthBucketNumeric, doc: "number of the bucket, of count equal ones between low and high, that a value falls into"},
	)
}

func gcdDecimals(a, b *apd.Decimal) (*apd.Decimal, error) {
	if a.Form != apd.Finite || b.Form != apd.Finite {
		return nan(), nil
	}
	x, y := upscale(a, b)
	out := &apd.Decimal{Exponent: min(a.Exponent, b.Exponent)}
	out.Coeff.GCD(nil, nil, new(apd.BigInt).Abs(x), new(apd.BigInt).Abs(y))
	return out, nil
}

func lcmDecimals(a, b *apd.Decimal) (*apd.Decimal, error) {
	if a.Form != apd.Finite || b.Form != apd.Finite {
		return nan(), nil
	}
	if a.IsZero() || b.IsZero() {
		return &apd.Decimal{Exponent: min(a.Exponent, b.Exponent)}, nil
	}
	x, y := upscale(a, b)
	out := &apd.Decimal{Exponent: min(a.Exponent, b.Exponent)}
	var g apd.BigInt
	g.GCD(nil, nil, new(apd.BigInt).Abs(x), new(apd.BigInt).Abs(y))
	out.Coeff.Quo(x, &g)
	out.Coeff.Mul(&out.Coeff, y)
	out.Coeff.Abs(&out.Coeff)
	return fits(out)
}

func widthBucketNumeric(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	value, low, high, count := readNumeric(args[0]), readNumeric(args[1]), readNumeric(args[2]), readInt(args[3])
	return eachRow(ctx, tInt4, writeInt, n, func(i int) (int64, error) {
		v, lo, hi, c := value(i), low(i), high(i), count(i)
		const state = "2201G"
		switch {
		case c <= 0:
			return 0, sqlError(state, "count must be greater than zero")
		case isNaN(v) || isNaN(lo) || isNaN(hi):
			return 0, sqlError(state, "operand, lower bound, and upper bound cannot be NaN")
		case lo.Form == apd.Infinite || hi.Form == apd.Infinite:
			return 0, sqlError(state, "lower and upper bounds must be finite")
		}
		order := compareDecimals(lo, hi)
		if order == 0 {
			return 0, sqlError(state, "lower bound cannot equal upper bound")
		}
		if order > 0 { // counted downwards: turn all of it over
			v, lo, hi = flipped(v), flipped(lo), flipped(hi)
		}
		switch {
		case compareDecimals(v, lo) < 0:
			return 0, nil
		case compareDecimals(v, hi) >= 0:
			if c == 1<<31-1 {
				return 0, outOfRange(tInt4)
			}
			return c + 1, nil
		}
		part, err := subDecimals(v, lo)
		if err != nil {
			return 0, err
		}
		span, err := subDecimals(hi, lo)
		if err != nil {
			return 0, err
		}
		if part, err = mulDecimals(part, apd.New(c, 0)); err != nil {
			return 0, err
		}
		q, err := intQuotient(part, span)
		if err != nil {
			return 0, err
		}
		k, err := q.Int64()
		return k + 1, err
	})
}

func flipped(d *apd.Decimal) *apd.Decimal {
	out, _ := negDecimal(d)
	return out
}
