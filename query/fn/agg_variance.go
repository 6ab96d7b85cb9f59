package fn

import (
	"math"
	"math/big"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// spread is one of the four statistics of a set of numbers' distance from their mean.
type spreadKind struct {
	name         string
	sample, root bool
	doc          string
}

var spreads = []spreadKind{
	{"var_pop", false, false, "variance of the population"},
	{"var_samp", true, false, "variance of a sample"},
	{"variance", true, false, "variance of a sample"},
	{"stddev_pop", false, true, "standard deviation of the population"},
	{"stddev_samp", true, true, "standard deviation of a sample"},
	{"stddev", true, true, "standard deviation of a sample"},
}

func addVariances(r *Registry) {
	for _, s := range spreads {
		for _, t := range []column.Type{tInt2, tInt4, tInt8} {
			r.aggregate(expr.Aggregate{Name: s.name, Args: types(t), Result: tNumeric, New: exactSpread(s).state, Doc: s.doc})
		}
		for _, t := range []column.Type{tFloat4, tFloat8} {
			r.aggregate(expr.Aggregate{Name: s.name, Args: types(t), Result: tFloat8, New: floatSpread(s).state, Doc: s.doc})
		}
		r.aggregate(expr.Aggregate{Name: s.name, Args: types(tNumeric), Result: tNumeric, New: numericSpread(s).state, Doc: s.doc})
	}
}

// squareCell keeps count, sum and sum of squares of integers, exactly.
type squareCell struct {
	n       int64
	sum     int128
	squares uint192
}

func exactSpread(s spreadKind) *fold[int64, squareCell] {
	return &fold[int64, squareCell]{
		result: tNumeric,
		values: intsOf,
		one: func(c *squareCell, x int64) error {
			c.n++
			c.sum.add(x)
			c.squares.addSquare(x)
			return nil
		},
		run: func(c *squareCell, v []int64) error {
			sum, squares := c.sum, c.squares
			for _, x := range v {
				sum.add(x)
				squares.addSquare(x)
			}
			c.sum, c.squares = sum, squares
			c.n += int64(len(v))
			return nil
		},
		merge: func(c, o *squareCell) error {
			c.n += o.n
			c.sum.addAll(o.sum)
			c.squares.addAll(o.squares)
			return nil
		},
		finish: func(b *column.Builder, c *squareCell) error {
			sum := c.sum.big()
			n := big.NewInt(c.n)
			d := new(big.Int).Mul(n, c.squares.big())
			d.Sub(d, new(big.Int).Mul(sum, sum))
			return finishSpread(b, s, c.n, bigDecimal(d))
		},
	}
}

// finishSpread divides n·Σx² − (Σx)² by n² or n·(n−1).
func finishSpread(b *column.Builder, s spreadKind, n int64, d *apd.Decimal) error {
	if n == 0 || s.sample && n == 1 {
		b.AppendNull()
		return nil
	}
	if isNaN(d) {
		writeDecimal(b, d)
		return nil
	}
	if d.Sign() <= 0 {
		writeDecimal(b, new(apd.Decimal))
		return nil
	}
	divisor := new(big.Int).Mul(big.NewInt(n), big.NewInt(n))
	if s.sample {
		divisor.Mul(big.NewInt(n), big.NewInt(n-1))
	}
	q := bigDecimal(divisor)
	scale := quotientScale(d, q)
	v := quotient(d, q, scale)
	if s.root {
		v = rootAt(v, scale)
	}
	v, err := fits(v)
	if err != nil {
		return err
	}
	writeDecimal(b, v)
	return nil
}

// rootAt is the square root of a finite number that is not negative, rounded to a scale.
func rootAt(a *apd.Decimal, scale int32) *apd.Decimal {
	var shifted apd.BigInt
	if shift := a.Exponent + 2*(scale+2); shift >= 0 {
		shifted.Mul(&a.Coeff, pow10(shift))
	} else {
		shifted.Quo(&a.Coeff, pow10(-shift))
	}
	out := &apd.Decimal{Exponent: -(scale + 2)}
	out.Coeff.SetMathBigInt(integerSqrt(shifted.MathBigInt()))
	return rescale(out, scale)
}

// momentCell keeps count, sum and the sum of squared differences from the mean, by the update of Youngs and Cramer, which
// does not lose digits where the mean is large.
type momentCell struct{ n, sum, sxx float64 }

func (c *momentCell) add(x float64) {
	c.n++
	c.sum += x
	if c.n > 1 {
		d := x*c.n - c.sum
		c.sxx += d * d / (c.n * (c.n - 1))
		if math.IsInf(c.sxx, 0) && (math.IsInf(c.sum, 0) || x != x) {
			c.sxx = math.NaN()
		}
	} else if x-x != 0 {
		c.sxx = math.NaN()
	}
}

func (c *momentCell) merge(o *momentCell) {
	switch {
	case o.n == 0:
	case c.n == 0:
		*c = *o
	default:
		d := c.sum/c.n - o.sum/o.n
		c.sxx += o.sxx + c.n*o.n*d*d/(c.n+o.n)
		c.n += o.n
		c.sum += o.sum
	}
}

func floatSpread(s spreadKind) *fold[float64, momentCell] {
	return &fold[float64, momentCell]{
		result: tFloat8,
		values: floatsOf,
		one: func(c *momentCell, x float64) error {
			c.add(x)
			return nil
		},
		run: func(c *momentCell, v []float64) error {
			k := *c
			for _, x := range v {
				k.add(x)
			}
			*c = k
			return nil
		},
		merge: func(c, o *momentCell) error {
			c.merge(o)
			return nil
		},
		finish: func(b *column.Builder, c *momentCell) error {
			if c.n == 0 || s.sample && c.n == 1 {
				b.AppendNull()
				return nil
			}
			v := c.sxx / c.n
			if s.sample {
				v = c.sxx / (c.n - 1)
			}
			if s.root {
				v = math.Sqrt(v)
			}
			b.AppendFloat(v)
			return nil
		},
	}
}

// decimalSquares is squareCell for numerics.
type decimalSquares struct {
	n            int64
	sum, squares *apd.Decimal
}

func (c *decimalSquares) add(n int64, sum, squares *apd.Decimal) (int, error) {
	if n == 0 {
		return 0, nil
	}
	grew := 0
	if c.sum == nil {
		c.sum, c.squares, grew = new(apd.Decimal), new(apd.Decimal), 2*decimalSize
	}
	c.sum, c.squares = fullSum(c.sum, sum), fullSum(c.squares, squares)
	c.n += n
	return grew, nil
}

func numericSpread(s spreadKind) *bytesFold[decimalSquares] {
	return &bytesFold[decimalSquares]{
		result: tNumeric,
		one: func(c *decimalSquares, v []byte) (int, error) {
			d := new(apd.Decimal)
			setDecimal(d, v)
			return c.add(1, d, fullProduct(d, d))
		},
		merge: func(c, o *decimalSquares) (int, error) { return c.add(o.n, o.sum, o.squares) },
		size:  func(c *decimalSquares) int { return min(2*decimalSize, int(c.n)*2*decimalSize) },
		finish: func(b *column.Builder, c *decimalSquares) error {
			if c.n == 0 {
				b.AppendNull()
				return nil
			}
			if c.sum.Form != apd.Finite {
				return finishSpread(b, s, c.n, nan())
			}
			sq := fullProduct(c.sum, c.sum)
			sq.Negative = !sq.IsZero()
			return finishSpread(b, s, c.n, fullSum(fullProduct(apd.New(c.n, 0), c.squares), sq))
		},
	}
}
