package fn

import (
	"math/big"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Gapfill is the name of the function whose calls as key of GROUP BY make the binder add rows.
const Gapfill = "time_bucket_gapfill"

// addGapfills adds time_bucket_gapfill(width, time [, zone] [, start, finish]): as a function it is time_bucket.
func addGapfills(r *Registry) {
	const doc = "time_bucket; as key of GROUP BY, buckets without rows are added"
	for _, t := range []column.Type{tTimestamp, tTimestampTZ, tTimestampNS, tDate} {
		plain := r.functions["time_bucket"]
		add := func(zone bool, args []column.Type) {
			for _, f := range plain {
				if len(f.Args) != 2 && !(zone && len(f.Args) == 3 && f.Args[2] == tText) || (len(f.Args) == 3) != zone || f.Args[1] != t {
					continue
				}
				for _, ends := range [][]column.Type{nil, {t, t}} {
					g := *f
					n := len(f.Args)
					g.Name, g.Args, g.Doc, g.Strict = Gapfill, append(append([]column.Type{}, args...), ends...), doc, f.Strict
					g.Kernel = func(ctx *expr.Context, vs []*column.Vector, rows int) (*column.Vector, error) {
						return f.Kernel(ctx, vs[:n], rows)
					}
					if f.Runs != nil {
						g.Runs = func(ctx *expr.Context, vs []*column.Vector, rows int) (*column.Vector, error) {
							return f.Runs(ctx, vs[:n], rows)
						}
					}
					if ends != nil {
						g.Strict, g.Kernel, g.Runs = false, lenient(f, n), nil
					}
					r.functions[Gapfill] = append(r.functions[Gapfill], &g)
				}
			}
		}
		add(false, types(tInterval, t))
		if t == tTimestampTZ || t == tTimestampNS {
			add(true, types(tInterval, t, tText))
		}
	}
	for _, t := range []column.Type{tInt2, tInt4, tInt8} {
		for _, f := range r.functions["time_bucket"] {
			if len(f.Args) == 2 && f.Args[1] == t {
				for _, args := range [][]column.Type{types(t, t), types(t, t, t, t)} {
					g := *f
					g.Name, g.Args, g.Doc = Gapfill, args, doc
					if len(args) > 2 {
						g.Strict, g.Kernel = false, lenient(f, 2)
					}
					r.functions[Gapfill] = append(r.functions[Gapfill], &g)
				}
			}
		}
	}
}

// lenient applies a strict function to the first n arguments, whatever the others are.
func lenient(f *expr.Function, n int) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, rows int) (*column.Vector, error) {
		return expr.Apply(ctx, f, args[:n], rows)
	}
}

// Buckets goes from bucket to bucket of a width.
type Buckets struct {
	b   *bucketer
	int int64 // width of buckets of integers
}

// NewBuckets makes them for times, or integers, of a type. width is an interval or an integer, in row 0.
func NewBuckets(t column.Type, width *column.Vector, zone *time.Location) (*Buckets, error) {
	if t.IsInteger() {
		w := width.Int(0)
		if w <= 0 {
			return nil, sqlError("22023", "period must be greater than 0")
		}
		return &Buckets{int: w}, nil
	}
	perDay := literal.MicrosPerDay
	switch t {
	case tDate:
		perDay = 1
	case tTimestampNS:
		perDay = literal.NanosPerDay
	}
	b, err := newBucketer(width.Interval(0), perDay, nil)
	if err != nil {
		return nil, err
	}
	b.loc = zone
	return &Buckets{b: b}, nil
}

// Start is the start of the bucket of a time.
func (s *Buckets) Start(v int64) (int64, error) {
	if s.int > 0 {
		return v - floorMod(v, s.int), nil
	}
	lo, _, err := s.b.of(v)
	return lo, err
}

// Next is the start of the bucket behind the one that starts at lo.
func (s *Buckets) Next(lo int64) (int64, error) {
	if s.int > 0 {
		return lo + s.int, nil
	}
	if s.b.loc == nil {
		_, hi, err := s.b.of(lo)
		return hi, err
	}
	// On the wall clock of the zone; the day that it is set back has one bucket less of an hour than it has hours.
	scale := s.b.perDay / literal.MicrosPerDay
	c := *s.b
	c.loc = nil
	_, hi, err := c.of(toLocal(floorDiv(lo, scale), s.b.loc) * scale)
	if err != nil {
		return 0, err
	}
	for {
		next := fromLocal(hi/scale, s.b.loc) * scale
		if next > lo {
			return next, nil
		}
		if _, hi, err = c.of(hi); err != nil {
			return 0, err
		}
	}
}

// Interpolable reports the types of values that Interpolate takes.
func Interpolable(t column.Type) bool { return t.IsNumber() }

// Interpolate appends the value at time x on the line from row i of a, at x0, to row k of b, at x1. Integers are cut towards zero.
func Interpolate(out *column.Builder, x, x0, x1 int64, a *column.Vector, i int, b *column.Vector, k int) error {
	switch t := out.Type(); {
	case t.IsFloat():
		y0, y1 := a.Float(i), b.Float(k)
		v := (y0*float64(x1-x) + y1*float64(x-x0)) / float64(x1-x0)
		if t == tFloat4 {
			v = float64(float32(v))
		}
		out.AppendFloat(v)
	case t.IsInteger():
		sum := new(big.Int).Mul(big.NewInt(a.Int(i)), big.NewInt(x1-x))
		sum.Add(sum, new(big.Int).Mul(big.NewInt(b.Int(k)), big.NewInt(x-x0)))
		out.AppendInt(sum.Quo(sum, big.NewInt(x1-x0)).Int64())
	default:
		y0, y1 := new(apd.Decimal), new(apd.Decimal)
		setDecimal(y0, a.Bytes(i))
		setDecimal(y1, b.Bytes(k))
		left, err := mulDecimals(y0, apd.New(x1-x, 0))
		if err != nil {
			return err
		}
		right, err := mulDecimals(y1, apd.New(x-x0, 0))
		if err != nil {
			return err
		}
		if left, err = addDecimals(left, right); err != nil {
			return err
		}
		if left, err = divDecimals(left, apd.New(x1-x0, 0)); err != nil {
			return err
		}
		writeDecimal(out, left)
	}
	return nil
}
