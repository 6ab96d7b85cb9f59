package exec

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// gapfill adds the rows of buckets that groups lack. Its input is sorted by groups and time, so that one row before and one behind a
// gap are all it looks at; added rows are made as they are asked for.
type gapfill struct {
	node  *plan.Gapfill
	env   *Env
	input producer
}

func (g *gapfill) parts(ctx context.Context) ([]part, error) {
	inner, err := g.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	if len(inner) > 1 {
		return nil, column.Errorf(column.Internal, "exec: gapfill over %d parts", len(inner))
	}
	return []part{func(ctx context.Context, w *worker) (stream, error) {
		s := &gapStream{node: g.node, w: w, rows: scan.BatchRows}
		if n := g.env.BatchRows; n > 0 {
			s.rows = n
		}
		if len(inner) == 1 {
			if s.input, err = inner[0](ctx, w); err != nil {
				return nil, err
			}
		}
		if err := s.open(); err != nil {
			s.close()
			return nil, err
		}
		return s, nil
	}}, nil
}

// gapStream walks over the input's rows with the bucket that is due.
type gapStream struct {
	node  *plan.Gapfill
	w     *worker
	input stream // nil = no rows
	rows  int

	buckets  *fn.Buckets
	from, to int64 // the first bucket, and the time before which buckets begin
	width    int   // columns of the input

	batch *scan.Batch
	fills []*column.Vector // values of the batch's rows, by fill
	at    int              // in batch
	ended bool

	due    int64 // the next bucket of the group
	group  []byte
	inside bool // there is a group
	last   edge // the last row of the group
	buf    []byte

	firsts []*column.Vector // of the batch's rows, by fill: what stands before the first value; nil = NULL
	values []known          // the last value of each fill

	key []bool // by column of the input: whether it names the group
	out []*column.Builder
}

// edge is a row of the input that added ones take their group's columns from.
type edge struct {
	columns []*column.Vector
	row     int
}

// known is a value and its time; v is nil for NULL.
type known struct {
	v    *column.Vector
	row  int
	time int64
}

// open computes what does not depend on rows.
func (s *gapStream) open() error {
	n := s.node
	s.width = len(n.Input.Columns())
	one := func(e expr.Expr) (*column.Vector, error) {
		v, err := expr.Eval(&s.w.expr, e, nil, 1)
		if err != nil {
			return nil, err
		}
		if v.IsNull(0) {
			return nil, column.SQLErrorf(column.Invalid, "22023", "invalid time_bucket_gapfill argument: width, start and finish must not be NULL")
		}
		return column.Flatten(v), nil
	}
	width, err := one(n.Width)
	if err != nil {
		return err
	}
	var zone *time.Location
	if n.Zone != nil {
		v, err := one(n.Zone)
		if err != nil {
			return err
		}
		if zone, err = fn.Location(string(v.Bytes(0))); err != nil {
			return err
		}
	}
	t := n.TimeType()
	if s.buckets, err = fn.NewBuckets(t, width, zone); err != nil {
		return err
	}
	start, err := one(n.Start)
	if err != nil {
		return err
	}
	stop, err := one(n.Stop)
	if err != nil {
		return err
	}
	s.from, s.to = start.Int(0), stop.Int(0)
	if s.from == math.MinInt64 || s.to == math.MaxInt64 || s.from == math.MaxInt64 || s.to == math.MinInt64 {
		return column.SQLErrorf(column.Invalid, "22023", "invalid time_bucket_gapfill argument: start and finish must be finite")
	}
	if n.StartAfter {
		s.from++
	}
	if n.StopWith {
		s.to++
	}
	if s.from, err = s.buckets.Start(s.from); err != nil {
		return err
	}
	s.values = make([]known, len(n.Fills))
	s.key = make([]bool, s.width)
	for _, k := range n.Keys {
		s.key[k] = true
	}
	return nil
}

func (s *gapStream) close() {
	if s.input != nil {
		s.input.close()
	}
}

func (s *gapStream) next(ctx context.Context) (*scan.Batch, error) {
	s.out = make([]*column.Builder, s.width+len(s.node.Fills))
	for i, c := range s.node.Columns() {
		s.out[i] = column.NewBuilder(c.Type, 0)
	}
	for s.out[0].Len() < s.rows {
		if err := cause(ctx); err != nil {
			return nil, err
		}
		more, err := s.step(ctx)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
	}
	n := s.out[0].Len()
	if n == 0 {
		return nil, io.EOF
	}
	b := &scan.Batch{Len: n, Columns: make([]*column.Vector, len(s.out))}
	for i, o := range s.out {
		if err := o.Err(); err != nil {
			return nil, err
		}
		b.Columns[i] = o.Finish()
	}
	return b, nil
}

// step gives one row, added or not; false at the end.
func (s *gapStream) step(ctx context.Context) (bool, error) {
	if !s.ended && (s.batch == nil || s.at == s.batch.Len) {
		if err := s.pull(ctx); err != nil {
			return false, err
		}
	}
	if s.ended {
		if !s.inside {
			if len(s.node.Keys) > 0 || s.from >= s.to {
				return false, nil
			}
			s.inside, s.due = true, s.from // no row at all: one group of none
		}
		return s.addRow(-1)
	}
	s.buf = s.buf[:0]
	for _, k := range s.node.Keys {
		s.buf = key.AppendValue(s.buf, s.batch.Columns[k], s.at)
	}
	if s.inside && !bytes.Equal(s.buf, s.group) {
		if more, err := s.addRow(-1); more || err != nil {
			return more, err
		}
		s.inside = false
	}
	if !s.inside {
		s.begin()
	}
	bucket := s.batch.Columns[s.node.Time]
	if bucket.IsNull(s.at) {
		return true, s.passRow(0, false)
	}
	t := bucket.Int(s.at)
	if s.due < t {
		s.last = edge{s.batch.Columns, s.at}
		if more, err := s.addRow(s.at); more || err != nil {
			return more, err
		}
	}
	return true, s.passRow(t, true)
}

// pull takes the next batch and computes the values of fills for it.
func (s *gapStream) pull(ctx context.Context) error {
	if s.input == nil {
		s.ended = true
		return nil
	}
	b, err := s.input.next(ctx)
	if errors.Is(err, io.EOF) {
		s.ended = true
		return nil
	}
	if err != nil {
		return err
	}
	s.batch, s.at = b, 0
	s.w.expr.Runs = nil
	s.fills, s.firsts = make([]*column.Vector, len(s.node.Fills)), make([]*column.Vector, len(s.node.Fills))
	for i, f := range s.node.Fills {
		if s.fills[i], err = expr.Eval(&s.w.expr, f.Value, b.Columns, b.Len); err != nil {
			return err
		}
		if f.First == nil {
			continue
		}
		if s.firsts[i], err = expr.Eval(&s.w.expr, f.First, b.Columns, b.Len); err != nil {
			return err
		}
	}
	return nil
}

// begin starts the group of the row that is next.
func (s *gapStream) begin() {
	s.inside, s.due = true, s.from
	s.group = append(s.group[:0], s.buf...)
	s.last = edge{s.batch.Columns, s.at}
	for i := range s.values {
		s.values[i] = known{}
		if first := s.firsts[i]; first != nil && !first.IsNull(s.at) {
			s.values[i] = known{v: first, row: s.at}
		}
	}
}

// addRow adds the bucket that is due, if it lies before the end and, with row >= 0, before the bucket of that row.
func (s *gapStream) addRow(row int) (bool, error) {
	t := s.due
	if t >= s.to || row >= 0 && t >= s.batch.Columns[s.node.Time].Int(row) {
		return false, nil
	}
	for i := range s.width {
		switch {
		case i == s.node.Time:
			s.out[i].AppendInt(t)
		case s.key[i]:
			s.out[i].AppendRow(s.last.columns[i], s.last.row)
		default:
			s.out[i].AppendNull()
		}
	}
	for i := range s.node.Fills {
		if err := s.fill(i, t, row); err != nil {
			return false, err
		}
	}
	next, err := s.buckets.Next(t)
	s.due = next
	return true, err
}

// fill makes the value of a fill for an added row at time t; row is the one behind the gap, -1 if there is none.
func (s *gapStream) fill(i int, t int64, row int) error {
	out, before := s.out[s.width+i], s.values[i]
	switch {
	case before.v == nil:
		out.AppendNull()
	case s.node.Fills[i].Kind == plan.FillLast:
		out.AppendRow(before.v, before.row)
	case row < 0 || s.fills[i].IsNull(row):
		out.AppendNull()
	default:
		return fn.Interpolate(out, t, before.time, s.batch.Columns[s.node.Time].Int(row), before.v, before.row, s.fills[i], row)
	}
	return nil
}

// passRow gives a row of the input, at time t unless that is NULL.
func (s *gapStream) passRow(t int64, timed bool) error {
	for i := range s.width {
		s.out[i].AppendRow(s.batch.Columns[i], s.at)
	}
	for i, f := range s.node.Fills {
		v := s.fills[i]
		null := v.IsNull(s.at)
		switch before := s.values[i]; {
		case null && f.SkipNulls && f.Kind == plan.FillLast && before.v != nil:
			s.out[s.width+i].AppendRow(before.v, before.row)
		case null:
			s.out[s.width+i].AppendNull()
		default:
			s.out[s.width+i].AppendRow(v, s.at)
		}
		switch {
		case !timed || null && f.SkipNulls:
		case null:
			s.values[i] = known{}
		default:
			s.values[i] = known{v: v, row: s.at, time: t}
		}
	}
	if timed && t >= s.due {
		next, err := s.buckets.Next(t)
		if err != nil {
			return err
		}
		s.due = next
	}
	s.last = edge{s.batch.Columns, s.at}
	s.at++
	return nil
}
