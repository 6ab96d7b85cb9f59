package fn

import (
	"bytes"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// generate_series: values are made as they are asked for, so that a series has no size in memory.

func addSeries(r *Registry) {
	add := func(t, step column.Type, args ...column.Type) {
		r.setFunction(expr.SetFunction{
			Name: "generate_series", Args: args, Columns: []expr.SetColumn{{Name: "generate_series", Type: t}}, Strict: true,
			Open: func(ctx *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
				return openSeries(ctx, args, i, step)
			},
			Doc: "the values from the first to the second, by the third",
		})
	}
	for _, t := range []column.Type{tInt4, tInt8, tNumeric} {
		add(t, t, t, t)
		add(t, t, t, t, t)
	}
	for _, t := range []column.Type{tTimestamp, tTimestampTZ} {
		add(t, tInterval, t, t, tInterval)
	}
}

// openSeries starts a series; without a step it is by one.
func openSeries(ctx *expr.Context, args []*column.Vector, i int, stepType column.Type) (expr.Rows, error) {
	one := make([]*column.Vector, 0, 3)
	for _, a := range args {
		one = append(one, column.Flatten(a.Slice(i, i+1)))
	}
	if len(one) == 2 {
		b := column.NewBuilder(stepType, 1)
		if err := literal.Parse(b, stepType, "1", literal.Options{}); err != nil {
			return nil, err
		}
		one = append(one, b.Finish())
	}
	seq, err := newSequence(one[0], one[1], one[2], ctx)
	if err != nil {
		return nil, err
	}
	return &seriesRows{seq}, nil
}

type seriesRows struct{ seq sequence }

func (s *seriesRows) Next(out []*column.Builder, most int) (int, error) {
	before := out[0].Len()
	err := s.seq.fill(out[0], most)
	return out[0].Len() - before, err
}

// sequence makes the values of a series, one after the other.
type sequence interface {
	// fill appends up to n values, fewer only at the end.
	fill(b *column.Builder, n int) error
}

func newSequence(start, stop, step *column.Vector, ctx *expr.Context) (sequence, error) {
	switch t := start.Type; {
	case t.IsInteger():
		if step.Int(0) == 0 {
			return nil, errZeroStep()
		}
		return &intSequence{at: start.Int(0), stop: stop.Int(0), step: step.Int(0)}, nil
	case t.Kind == column.Numeric:
		return newDecimalSequence(start.Bytes(0), stop.Bytes(0), step.Bytes(0))
	case t.IsTime():
		direction := bytes.Compare(key.AppendInterval(nil, step.Interval(0)), key.AppendInterval(nil, column.Interval{}))
		if direction == 0 {
			return nil, errZeroStep()
		}
		return &timeSequence{
			at: start.Int(0), stop: stop.Int(0), step: step.Interval(0), falls: direction < 0,
			typ: t, opt: ctx.Literals(),
		}, nil
	default:
		return nil, column.Errorf(column.Internal, "fn: no series of %s", t)
	}
}

func errZeroStep() error {
	return column.SQLErrorf(column.Invalid, "22023", "step size cannot equal zero")
}

// intSequence counts the steps that are left instead of looking whether the next value passed the end, so that it
// cannot overflow.
type intSequence struct {
	at, stop, step int64
	ended          bool
}

func (s *intSequence) fill(b *column.Builder, n int) error {
	if s.ended || s.step > 0 && s.at > s.stop || s.step < 0 && s.at < s.stop {
		return nil
	}
	way, step := uint64(s.stop)-uint64(s.at), uint64(s.step)
	if s.step < 0 {
		way, step = -way, -step
	}
	if more := way / step; more < uint64(n) { // values after this one
		n, s.ended = int(more)+1, true
	}
	for i := range n {
		if i > 0 {
			s.at += s.step
		}
		b.AppendInt(s.at)
	}
	if !s.ended {
		s.at += s.step
	}
	return nil
}

// timeSequence adds the interval to the last value each time, as PostgreSQL does: a month after January 31 is
// February 28, and a month after that March 28.
type timeSequence struct {
	at, stop int64
	step     column.Interval
	falls    bool
	typ      column.Type
	opt      literal.Options
}

func (s *timeSequence) fill(b *column.Builder, n int) error {
	for range n {
		if !s.falls && s.at > s.stop || s.falls && s.at < s.stop {
			return nil
		}
		b.AppendInt(s.at)
		next, err := literal.AddInterval(s.at, s.step, s.typ, s.opt)
		if err != nil {
			return err
		}
		s.at = next
	}
	return nil
}

type decimalSequence struct {
	at, stop, step apd.Decimal
}

func newDecimalSequence(start, stop, step []byte) (*decimalSequence, error) {
	s := &decimalSequence{}
	for _, arg := range []struct {
		name string
		text []byte
		to   *apd.Decimal
	}{{"start value", start, &s.at}, {"stop value", stop, &s.stop}, {"step size", step, &s.step}} {
		setDecimal(arg.to, arg.text)
		switch arg.to.Form {
		case apd.Finite:
		case apd.Infinite:
			return nil, column.SQLErrorf(column.Invalid, "22023", "%s cannot be infinity", arg.name)
		default:
			return nil, column.SQLErrorf(column.Invalid, "22023", "%s cannot be NaN", arg.name)
		}
	}
	if s.step.IsZero() {
		return nil, errZeroStep()
	}
	return s, nil
}

func (s *decimalSequence) fill(b *column.Builder, n int) error {
	var text []byte
	for range n {
		if c := compareDecimals(&s.at, &s.stop); c != 0 && (c > 0) != s.step.Negative {
			return nil
		}
		text = appendDecimal(text[:0], &s.at)
		b.AppendBytes(text)
		next, err := addDecimals(&s.at, &s.step)
		if err != nil { // past every number there is, and so past the stop value
			next = inf(s.step.Negative)
		}
		s.at.Set(next)
	}
	return nil
}
