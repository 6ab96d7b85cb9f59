package fn

import (
	"bytes"
	"context"
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Ordered-set aggregates: f(direct arguments) WITHIN GROUP (ORDER BY values). A state gets the rows of a group at once, in order: first the
// direct arguments, which are the same in all rows of a group, then the values.

var tFloats = column.ArrayOf(tFloat8)

func addOrderedSets(r *Registry) {
	set := func(name string, args []column.Type, direct int, doc string, of func(args []column.Type, order []expr.Ordering) *expr.Aggregate) {
		r.aggregate(expr.Aggregate{Name: name, Args: args, Direct: direct, WithinGroup: true, Ordered: true, Doc: doc, For: func(args []column.Type, order []expr.Ordering) *expr.Aggregate {
			a := of(args, order)
			a.Name, a.Args, a.Direct, a.WithinGroup, a.Ordered = name, args, direct, true, true
			return a
		}})
	}
	set("mode", types(tAny), 0, "value that is there most often", func(args []column.Type, _ []expr.Ordering) *expr.Aggregate {
		return setAggregate(args[0], modeOf)
	})
	set("percentile_disc", types(tFloat8, tAny), 1, "first value whose place reaches a share of all", func(args []column.Type, _ []expr.Ordering) *expr.Aggregate {
		return setAggregate(args[1], onePercentile(discrete))
	})
	set("percentile_disc", types(tFloats, tAny), 1, "first values whose places reach shares of all", func(args []column.Type, _ []expr.Ordering) *expr.Aggregate {
		return setAggregate(column.ArrayOf(args[1]), percentiles(args[1], discrete))
	})
	for _, t := range []column.Type{tFloat8, tInterval} {
		set("percentile_cont", types(tFloat8, t), 1, "value at a share of all, between two where none is there", func([]column.Type, []expr.Ordering) *expr.Aggregate {
			return setAggregate(t, onePercentile(continuous))
		})
		set("percentile_cont", types(tFloats, t), 1, "values at shares of all", func([]column.Type, []expr.Ordering) *expr.Aggregate {
			return setAggregate(column.ArrayOf(t), percentiles(t, continuous))
		})
	}
	for name, h := range hypotheticals {
		r.aggregate(expr.Aggregate{
			Name: name, Args: types(tAny, tAny), Direct: 1, WithinGroup: true, Hypothetical: true, Ordered: true, Result: h.result, Doc: h.doc,
			For: func(args []column.Type, order []expr.Ordering) *expr.Aggregate {
				return hypothetical(name, args, order)
			},
		})
	}
}

func setAggregate(result column.Type, one groupWriter) *expr.Aggregate {
	return &expr.Aggregate{Result: result, New: func() expr.State { return &setState{out: column.NewBuilder(result, 0), one: one} }}
}

// setState computes the result of a group when its rows come.
type setState struct {
	out *column.Builder
	at  []int32 // by group, where its result is in out, + 1
	one groupWriter
	end expr.Looks
	// none, if not nil, is the result without rows; else that is NULL.
	none func(b *column.Builder)
}

// Watch is expr.WatchedState's.
func (s *setState) Watch(ctx context.Context) { s.end.Ctx = ctx }

func (s *setState) Grow(n int) { s.at = grown(s.at, n) }

func (s *setState) AddRange(g uint32, args []*column.Vector, lo, hi int, _ bool) error {
	if err := s.one(&s.end, s.out, args, lo, hi); err != nil {
		return err
	}
	s.at[g] = int32(s.out.Len())
	return s.out.Err()
}

func (s *setState) Add([]uint32, []*column.Vector, int) error {
	return column.Errorf(column.Internal, "fn: an ordered set comes row by row")
}

func (s *setState) Merge(expr.State, []uint32, []uint32) error {
	return column.Errorf(column.Internal, "fn: ordered sets are merged")
}

func (s *setState) Finish(n int) (*column.Vector, error) {
	results := s.out.Finish()
	b := column.NewBuilder(results.Type, n)
	for _, at := range s.at[:n] {
		switch {
		case at > 0:
			b.AppendRow(results, int(at)-1)
		case s.none != nil:
			s.none(b)
		default:
			b.AppendNull()
		}
	}
	return b.Finish(), b.Err()
}

func (s *setState) SizeBytes() int64 {
	return int64(4*cap(s.at)) + 8*int64(s.out.Len()) + int64(s.out.DataLen())
}

// values narrows rows to those with a value: NULLs stand at one end.
func values(v *column.Vector, lo, hi int) (from, to int) {
	for lo < hi && v.IsNull(lo) {
		lo++
	}
	for hi > lo && v.IsNull(hi-1) {
		hi--
	}
	return lo, hi
}

func modeOf(look *expr.Looks, b *column.Builder, args []*column.Vector, lo, hi int) error {
	v := args[0]
	if lo, hi = values(v, lo, hi); lo == hi {
		b.AppendNull()
		return nil
	}
	best, most := lo, 0
	var first, next []byte
	for start := lo; start < hi; {
		first = key.AppendValue(first[:0], v, start)
		end := start + 1
		for end < hi {
			if look.Over() {
				return look.Err()
			}
			if next = key.AppendValue(next[:0], v, end); !bytes.Equal(first, next) {
				break
			}
			end++
		}
		if end-start > most {
			best, most = start, end-start
		}
		start = end
	}
	b.AppendRow(v, best)
	return nil
}

// percentile appends the value at a share of the rows [lo, hi), all of which have one.
type percentile func(b *column.Builder, v *column.Vector, share float64, lo, hi int) error

func discrete(b *column.Builder, v *column.Vector, share float64, lo, hi int) error {
	b.AppendRow(v, lo+max(int(math.Ceil(share*float64(hi-lo))), 1)-1)
	return nil
}

func continuous(b *column.Builder, v *column.Vector, share float64, lo, hi int) error {
	place := share * float64(hi-lo-1)
	first, second := lo+int(math.Floor(place)), lo+int(math.Ceil(place))
	part := place - math.Floor(place)
	if first == second {
		b.AppendRow(v, first)
		return nil
	}
	if v.Type.Physical() == column.PhysFloat {
		x, y := v.Float(first), v.Float(second)
		b.AppendFloat(x + part*(y-x))
		return nil
	}
	x, y := v.Interval(first), v.Interval(second)
	minus, err := literal.Negate(x)
	if err != nil {
		return err
	}
	if y, err = literal.Sum(y, minus); err != nil {
		return err
	}
	if y, err = literal.Multiply(y, part); err != nil {
		return err
	}
	if y, err = literal.Sum(y, x); err != nil {
		return err
	}
	b.AppendInterval(y)
	return nil
}

func checkShare(share float64) error {
	if !(share >= 0 && share <= 1) {
		text := literal.Append(nil, column.NewFloats(tFloat8, []float64{share}, nil), 0, literal.Options{})
		return sqlError("22003", "percentile value %s is not between 0 and 1", text)
	}
	return nil
}

func onePercentile(at percentile) groupWriter {
	return func(_ *expr.Looks, b *column.Builder, args []*column.Vector, lo, hi int) error {
		if args[0].IsNull(lo) {
			b.AppendNull()
			return nil
		}
		share := args[0].Float(lo)
		if err := checkShare(share); err != nil {
			return err
		}
		if lo, hi = values(args[1], lo, hi); lo == hi {
			b.AppendNull()
			return nil
		}
		return at(b, args[1], share, lo, hi)
	}
}

// percentiles gives an array of the form of that of the shares.
func percentiles(t column.Type, at percentile) groupWriter {
	return func(_ *expr.Looks, b *column.Builder, args []*column.Vector, lo, hi int) error {
		from, to := values(args[1], lo, hi)
		if args[0].IsNull(lo) || from == to {
			b.AppendNull()
			return nil
		}
		shares, err := array.Decode(args[0].Bytes(lo), tFloat8)
		if err != nil {
			return err
		}
		elements := column.NewBuilder(t, shares.Elements.Len)
		for i := range shares.Elements.Len {
			if shares.Elements.IsNull(i) {
				elements.AppendNull()
				continue
			}
			share := shares.Elements.Float(i)
			if err := checkShare(share); err != nil {
				return err
			}
			if err := at(elements, args[1], share, from, to); err != nil {
				return err
			}
		}
		b.AppendBytes(array.Append(nil, shares.Dims, elements.Finish(), 0))
		return nil
	}
}
