package exec

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// expander calls functions that give rows with each row of its input. Their rows are made as they are asked for.
type expander struct {
	node  *plan.Expand
	env   *Env
	input producer
}

func (e *expander) parts(ctx context.Context) ([]part, error) {
	inner, err := e.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]part, len(inner))
	for i, open := range inner {
		out[i] = func(ctx context.Context, w *worker) (stream, error) {
			s, err := open(ctx, w)
			if err != nil {
				return nil, err
			}
			x := &expandStream{node: e.node, input: s, w: w, limit: scan.BatchRows, calls: make([]openCall, len(e.node.Calls))}
			if n := e.env.BatchRows; n > 0 {
				x.limit = n
			}
			for k, c := range e.node.Calls {
				for _, col := range c.Fn.Columns {
					x.calls[k].out = append(x.calls[k].out, column.NewBuilder(col.Type, 0))
				}
			}
			return x, nil
		}
	}
	return out, nil
}

// openCall is one function at work on one row.
type openCall struct {
	args []*column.Vector
	rows expr.Rows // nil = it has ended
	out  []*column.Builder
}

type expandStream struct {
	node  *plan.Expand
	input stream
	w     *worker
	limit int

	b       *scan.Batch
	row     int
	started bool // row is
	count   int64
	calls   []openCall
	from    []int32 // the input row of each row made
	number  []int64
}

func (s *expandStream) close() { s.input.close() }

func (s *expandStream) next(ctx context.Context) (*scan.Batch, error) {
	for {
		if err := cause(ctx); err != nil {
			return nil, err
		}
		if s.b == nil {
			b, err := s.input.next(ctx)
			if err != nil {
				return nil, err
			}
			if err := s.take(b); err != nil {
				return nil, err
			}
		}
		for s.row < s.b.Len && len(s.from) < s.limit {
			if err := s.step(); err != nil {
				return nil, err
			}
		}
		out, err := s.flush()
		if s.row >= s.b.Len {
			s.b = nil
		}
		if err != nil || out != nil {
			return out, err
		}
	}
}

// take evaluates the arguments for all rows of a batch.
func (s *expandStream) take(b *scan.Batch) error {
	s.b, s.row, s.started = b, 0, false
	s.w.expr.Runs = b.Runs
	for k, c := range s.node.Calls {
		s.calls[k].args = s.calls[k].args[:0]
		for _, a := range c.Args {
			v, err := expr.Eval(&s.w.expr, a, b.Columns, b.Len)
			if err != nil {
				return err
			}
			if v.Enc != column.Const {
				v = column.Flatten(v)
			}
			s.calls[k].args = append(s.calls[k].args, v)
		}
	}
	return nil
}

// step makes the next rows of the row at hand, up to what a batch takes.
func (s *expandStream) step() error {
	if !s.started {
		if err := s.start(); err != nil {
			return err
		}
	}
	room := s.limit - len(s.from)
	made := make([]int, len(s.calls))
	most := 0
	for k := range s.calls {
		n, err := s.pull(k, room)
		if err != nil {
			return err
		}
		made[k], most = n, max(most, n)
	}
	if most == 0 {
		if s.node.Outer && s.count == 0 {
			s.append(1, nil)
		}
		s.row, s.started = s.row+1, false
		return nil
	}
	s.append(most, made)
	return nil
}

func (s *expandStream) start() error {
	s.started, s.count = true, 0
	for k := range s.calls {
		c, f := &s.calls[k], s.node.Calls[k].Fn
		c.rows = nil
		null := false
		for _, a := range c.args {
			null = null || f.Strict && a.IsNull(s.row)
		}
		if null {
			continue
		}
		rows, err := f.Open(&s.w.expr, c.args, s.row)
		if err != nil {
			return placed(err, s.node.Calls[k].At)
		}
		c.rows = rows
	}
	return nil
}

// pull asks a function for up to so many rows.
func (s *expandStream) pull(k, room int) (int, error) {
	c := &s.calls[k]
	total := 0
	for c.rows != nil && total < room {
		n, err := c.rows.Next(c.out, room-total)
		if err != nil {
			return 0, placed(err, s.node.Calls[k].At)
		}
		if n == 0 {
			c.rows = nil
		}
		total += n
	}
	return total, nil
}

// append notes n rows of the row at hand; what functions did not make of them is NULL.
func (s *expandStream) append(n int, made []int) {
	for range n {
		s.from = append(s.from, int32(s.row))
	}
	for k := range s.calls {
		have := 0
		if made != nil {
			have = made[k]
		}
		for _, b := range s.calls[k].out {
			b.AppendNulls(n - have)
		}
	}
	if s.node.Ordinality {
		for range n {
			s.count++
			s.number = append(s.number, s.count)
		}
		if made == nil {
			s.number[len(s.number)-1] = 0
		}
		return
	}
	s.count += int64(n)
}

func (s *expandStream) flush() (*scan.Batch, error) {
	n := len(s.from)
	if n == 0 {
		return nil, nil
	}
	out := &scan.Batch{Len: n}
	for _, v := range s.b.Columns {
		out.Columns = append(out.Columns, column.Gather(v, s.from))
	}
	for k := range s.calls {
		columns, err := finishAll(s.calls[k].out)
		if err != nil {
			return nil, err
		}
		out.Columns = append(out.Columns, columns...)
	}
	if s.node.Ordinality {
		valid := column.NewBitmap(n, true)
		for i, v := range s.number {
			if v == 0 { // a row without any
				valid.Clear(i)
			}
		}
		out.Columns = append(out.Columns, column.NewInts(column.T(column.Int64), s.number, valid))
		s.number = nil
	}
	s.from = s.from[:0]
	return out, nil
}
