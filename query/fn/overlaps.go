package fn

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addOverlaps adds (a, b) OVERLAPS (c, d), where b and d may be lengths. It is not strict: an end that is not known may not matter.
func addOverlaps(r *Registry) {
	// Times with a zone are kept in the order of their moments.
	r.add(scalar{
		name: "overlaps", args: types(tTimeTZ, tTimeTZ, tTimeTZ, tTimeTZ), result: tBool, nullable: true,
		doc: "whether two spans of time have a moment in common (OVERLAPS)", kernel: overlapsKernel(tTimeTZ),
	})
	for _, t := range []column.Type{tTimestamp, tTimestampTZ, tTime} {
		for _, first := range []column.Type{t, tInterval} {
			for _, second := range []column.Type{t, tInterval} {
				r.add(scalar{
					name: "overlaps", args: types(t, first, t, second), result: tBool, nullable: true, stable: t == tTimestampTZ && (first == tInterval || second == tInterval),
					doc: "whether two spans of time have a moment in common (OVERLAPS)", kernel: overlapsKernel(t),
				})
			}
		}
	}
}

// stretch is a span of time; a missing end is not known.
type stretch struct {
	from, to int64
	open     bool
	null     bool
}

func overlapsKernel(t column.Type) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		opt := literalOptions(ctx)
		read := func(a, b *column.Vector, i int) (stretch, error) {
			s := stretch{null: a.IsNull(i), open: b.IsNull(i)}
			if !s.null {
				s.from = a.Int(i)
			}
			switch {
			case s.open:
			case b.Type == tInterval && s.null:
				s.open = true
			case b.Type == tInterval && t == tTime: // goes round the clock
				s.to = floorMod(s.from+b.Interval(i).Micros%literal.MicrosPerDay, literal.MicrosPerDay)
			case b.Type == tInterval:
				var err error
				if s.to, err = literal.AddInterval(s.from, b.Interval(i), t, opt); err != nil {
					return s, err
				}
			default:
				s.to = b.Int(i)
			}
			switch {
			case s.null && !s.open:
				s.from, s.null, s.open = s.to, false, true
			case !s.open && s.from > s.to:
				s.from, s.to = s.to, s.from
			}
			return s, nil
		}
		ctx.Valid = nil
		return eachRow(ctx, tBool, writeBool, n, func(i int) (bool, error) {
			a, err := read(args[0], args[1], i)
			if err != nil {
				return false, err
			}
			b, err := read(args[2], args[3], i)
			if err != nil {
				return false, err
			}
			return overlap(a, b)
		})
	}
}

func overlap(a, b stretch) (bool, error) {
	if a.null || b.null {
		return false, errNull
	}
	if a.from < b.from {
		a, b = b, a
	}
	switch {
	case a.from == b.from && (a.open || b.open):
		return false, errNull
	case a.from == b.from:
		return true, nil
	case b.open:
		return false, errNull
	case a.from < b.to:
		return true, nil
	case a.open:
		return false, errNull
	}
	return false, nil
}
