package exec

import (
	"context"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// longTexts stands before an operator that makes texts, and gives it as many rows at a time as make texts of a fair size. Of rows with a megabyte
// each a whole batch would be gigabytes, and nothing but its end would end it. It begins with few rows, which costs nothing to speak of, and
// follows what the worker's expressions make of them.
type longTexts struct {
	input producer
	rows  atomic.Int64 // that other parts have come to
}

const (
	textBytes     = 1 << 20 // texts of a batch, about
	textRowsFirst = 1       // nobody knows yet how long they are
	textRowsMore  = 16      // times as many at most as before
)

func (p *longTexts) parts(ctx context.Context) ([]part, error) {
	inner, err := p.input.parts(ctx)
	if err != nil {
		return nil, err
	}
	p.rows.CompareAndSwap(0, textRowsFirst)
	out := make([]part, len(inner))
	for i, open := range inner {
		out[i] = func(ctx context.Context, w *worker) (stream, error) {
			s, err := open(ctx, w)
			if err != nil {
				return nil, err
			}
			return &longTextsStream{stream: s, of: p, w: w, rows: int(p.rows.Load())}, nil
		}
	}
	return out, nil
}

// feeder is the operator behind what only passes its batches on.
func feeder(p producer) producer {
	for {
		switch q := p.(type) {
		case *meter:
			p = q.producer
		case *longTexts:
			p = q.input
		default:
			return p
		}
	}
}

type longTextsStream struct {
	stream
	of   *longTexts
	w    *worker
	b    *scan.Batch
	at   int // rows of b that were given
	gave int // rows of the last batch
	rows int // to give at a time
}

func (s *longTextsStream) next(ctx context.Context) (*scan.Batch, error) {
	made := s.w.expr.Made()
	if s.gave > 0 {
		s.follow(made)
	}
	if s.b == nil || s.at == s.b.Len {
		s.gave = 0
		b, err := s.stream.next(ctx)
		if err != nil {
			return nil, err
		}
		s.w.expr.Made() // of its inputs
		s.b, s.at = b, 0
	} else if err := cause(ctx); err != nil {
		return nil, err
	}
	lo := s.at
	if s.at = s.b.Len; s.rows < scan.BatchRows {
		s.at = min(lo+s.rows, s.b.Len)
	}
	s.gave = s.at - lo
	return s.b.Slice(lo, s.at), nil
}

// follow says how many rows are next, after some of which so many bytes were made.
func (s *longTextsStream) follow(made int64) {
	if rows := textRows(s.rows, s.gave, made); rows != s.rows {
		s.rows = rows
		s.of.rows.Store(int64(rows))
	}
}

// textRows says how many rows are to be given next, where so many were wanted and given before, of which so many bytes were made.
func textRows(wanted, gave int, made int64) int {
	rows := int64(gave) * textRowsMore
	if made > 0 {
		rows = min(rows, int64(gave)*textBytes/made)
	}
	// A batch that was the rest of one says nothing of more rows than were asked for.
	if rows < int64(wanted) && gave < wanted && made < textBytes {
		return wanted
	}
	return int(min(max(rows, 1), scan.BatchRows))
}

// makesTexts reports a node whose expressions make texts, or other values of any length.
func makesTexts(n plan.Node) bool {
	for _, e := range plan.Expressions(n) {
		if e != nil && makesLongIn(e) {
			return true
		}
	}
	return false
}

// makesLongIn reports an expression that makes texts, or other values of any length.
func makesLongIn(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Call); ok && makesLong(c) {
			found = true
		}
		return !found
	})
	return found
}

// makesLong reports a call that may make values of any length.
func makesLong(c *expr.Call) bool {
	switch c.T.Kind {
	case column.Text, column.Varchar, column.BpChar, column.Bytea, column.JSON, column.JSONB, column.Array, column.Record, column.JSONPath:
		return true
	}
	return false
}
