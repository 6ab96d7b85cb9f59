package exec

import (
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// scanner reads a relation: a part per morsel.
type scanner struct {
	node  *plan.Scan
	env   *Env
	stats *Stats
	// partners are conditions that a join above found while it was running (see narrow).
	partners []scan.SeriesFilter
	keys     [][]byte // the only primary keys that such a join can have a partner for; nil = all
	among    []*keyFilter
	bound    *scan.Bound  // what an operator above learns about the rows it needs; nil = nothing
	cutoff   *scan.Cutoff // likewise
	dead     bool         // dead rows may come among the others
	narrow   []bool       // output columns that may be Narrow; nil = none
	long     bool         // batches may be long
}

func (s *scanner) parts(ctx context.Context) ([]part, error) {
	req, place, err := s.request()
	if err != nil {
		return nil, err
	}
	morsels, found, err := s.node.Relation.Source().Morsels(ctx, req)
	if err != nil {
		return nil, err
	}
	s.stats.mu.Lock()
	s.stats.scan = &found
	s.stats.mu.Unlock()
	if s.bound != nil {
		slices.Reverse(morsels) // the newest first: the bound is soon learned from them
	}
	if s.cutoff != nil && s.cutoff.Desc {
		slices.Reverse(morsels) // where rows were stored in the column's order, as is frequent; the sort counts parts from the end then
	}
	out := make([]part, len(morsels))
	for i, m := range morsels {
		out[i] = func(ctx context.Context, w *worker) (stream, error) {
			pool := mem.NewPool("scan", 0, s.env.Pool)
			r, err := m.Open(ctx, pool)
			if err != nil {
				pool.Close()
				return nil, err
			}
			out := &scanStream{reader: r, pool: pool, place: place, env: s.env}
			if len(s.among) > 0 {
				return filterByKeys(out, s.among), nil
			}
			return out, nil
		}
	}
	return out, nil
}

// request translates the node for the source. place says where output column i stands in the source's batches:
// stored columns come first there, then the members of the label set.
func (s *scanner) request() (*scan.Request, []int, error) {
	rel := s.node.Relation
	node, err := s.node.Settle(&s.env.Expr)
	if err != nil {
		return nil, nil, err
	}
	columns := rel.Columns()
	req := &scan.Request{Time: node.Time, Filters: node.Filters, Keys: s.keys, Limit: s.node.Limit, Ends: s.node.Ends, Bound: s.bound, Cutoff: s.cutoff, Dead: s.dead, Long: s.long, Counters: &s.stats.read}
	for i := range node.Index {
		c, ok, err := node.Index[i].Settle(&s.env.Expr)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			req.Index = append(req.Index, c)
		}
	}
	if node.Sample != nil {
		if req.Sample, err = node.Sample.Settle(&s.env.Expr); err != nil {
			return nil, nil, err
		}
	}
	place := make([]int, len(s.node.Project))
	for i, p := range s.node.Project {
		if columns[p].ID != 0 {
			place[i] = len(req.Columns)
			req.Columns = append(req.Columns, columns[p].ID)
			if s.narrow != nil {
				req.Narrow = append(req.Narrow, s.narrow[i])
			}
		}
	}
	for i, p := range s.node.Project {
		if columns[p].ID == 0 && columns[p].Address == plan.NoAddress {
			place[i] = len(req.Columns) + len(req.Labels)
			req.Labels = append(req.Labels, columns[p].Label)
		}
	}
	for i, p := range s.node.Project {
		if a := columns[p].Address; a != plan.NoAddress {
			place[i] = len(req.Columns) + len(req.Labels) + int(a-plan.PlaceAddress)
			req.Addresses = true
		}
	}
	req.Series = append(req.Series, rel.Series()...)
	req.Series = append(req.Series, s.partners...)
	for _, c := range node.Series {
		f, err := seriesFilter(rel, c, &s.env.Expr)
		if err != nil {
			return nil, nil, err
		}
		req.Series = append(req.Series, f)
	}
	return req, place, nil
}

type scanStream struct {
	reader scan.Reader
	pool   *mem.Pool
	place  []int
	env    *Env
	rest   *scan.Batch // what is left of the last batch, if it was given in part
	long   longRows
}

func (s *scanStream) next(ctx context.Context) (*scan.Batch, error) {
	b := s.rest
	if b == nil {
		read, err := s.reader.Next(ctx)
		if err != nil {
			return nil, err
		}
		b = &scan.Batch{Len: read.Len, Columns: make([]*column.Vector, len(s.place)), Runs: read.Runs, Living: read.Living}
		for i, p := range s.place {
			if p >= len(read.Columns) {
				return nil, column.Errorf(column.Internal, "a scan gives %d columns and not column %d", len(read.Columns), p+1)
			}
			b.Columns[i] = read.Columns[p]
		}
		if read.Unlike != nil && !s.env.Plain {
			b.Unlike = make([]bool, len(s.place))
			for i, p := range s.place {
				b.Unlike[i] = p < len(read.Unlike) && read.Unlike[p]
			}
		}
		if s.env.Plain {
			b.Runs = nil
			for i, v := range b.Columns {
				b.Columns[i] = column.Flatten(v)
			}
		}
	}
	s.rest = nil
	n := s.long.first(b)
	if few := s.env.BatchRows; few > 0 {
		n = min(n, few)
	}
	if n < b.Len {
		s.rest = b.Slice(n, b.Len)
		b = b.Slice(0, n)
	}
	return b, nil
}

func (s *scanStream) close() {
	_ = s.reader.Close() // reading is over: nothing can be lost
	s.pool.Close()
}

// values evaluates rows of expressions.
type values struct {
	node *plan.Values
	env  *Env
}

func (v *values) parts(context.Context) ([]part, error) {
	return []part{func(_ context.Context, w *worker) (stream, error) {
		builders := make([]*column.Builder, len(v.node.Out))
		for i, c := range v.node.Out {
			builders[i] = column.NewBuilder(c.Type, len(v.node.Rows))
		}
		for _, row := range v.node.Rows {
			for i, e := range row {
				if v := plan.Literal(e); v != nil {
					builders[i].AppendRow(v, 0)
					continue
				}
				cell, err := expr.Eval(&w.expr, e, nil, 1)
				if err != nil {
					return nil, err
				}
				builders[i].AppendRow(cell, 0)
			}
		}
		columns := make([]*column.Vector, len(builders))
		for i, b := range builders {
			if err := b.Err(); err != nil {
				return nil, err
			}
			columns[i] = b.Finish()
		}
		return &batches{list: cut(columns, len(v.node.Rows))}, nil
	}}, nil
}
