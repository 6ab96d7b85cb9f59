package segment

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// Run is up to scan.BatchRows consecutive rows of one series.
type Run struct {
	// Series is the encoded tags (package key, over the tags of the view's schema); valid until the next call.
	Series []byte
	// Columns are a vector per field of the view's schema, nil for tags: what Writer.AppendRun takes.
	Columns []*column.Vector
	// Rows are the numbers of the rows in the segment, ascending; they skip those the view does not show. Valid until the next call.
	Rows []uint32
	Len  int
}

// RunReader iterates over all rows in the order of series, for merging. Not safe for concurrent use.
type RunReader struct {
	r       *Reader
	view    View
	rows    *rowSource
	readers []*columnReader // per field of the view's schema; nil for tags and columns the segment lacks
	pieces  []piece
	numbers []uint32
	series  []byte
	last    int64
}

// Runs starts an iteration over the rows a view shows. What it holds in memory is reserved from pool (which may be nil) until Close.
func (r *Reader) Runs(ctx context.Context, view View, pool *mem.Pool) (*RunReader, error) {
	if view.Schema == nil {
		view.Schema = &r.meta.schema
	}
	spans, err := r.spans(ctx, nil, scan.AllTime)
	if err != nil {
		return nil, err
	}
	out := &RunReader{
		r: r, view: view, rows: newRowSource(r, view, spans, scan.AllTime, pool), last: -1,
		readers: make([]*columnReader, len(view.Schema.Fields)),
	}
	for i, f := range view.Schema.Fields {
		field := r.meta.schema.Index(f.ID)
		if field < 0 || view.Schema.IsTag(f.ID) {
			continue
		}
		if out.readers[i], err = r.columnReader(field, pool); err != nil {
			return nil, err
		}
		out.readers[i].use.once = true // the segment is about to be replaced
	}
	return out, nil
}

// Next gives the next run, or io.EOF.
func (r *RunReader) Next(ctx context.Context) (Run, error) {
	var total int
	var err error
	if r.pieces, total, err = r.rows.next(ctx, r.pieces[:0], scan.BatchRows, true); err != nil {
		return Run{}, err
	}
	if o := int64(r.pieces[0].series); o != r.last {
		s, err := r.r.Series(int(o))
		if err != nil {
			return Run{}, err
		}
		r.series, r.last = r.r.viewKey(s.Key, r.view.Schema), o
	}
	r.numbers = r.numbers[:0]
	for _, p := range r.pieces {
		for row := p.lo; row < p.hi; row++ {
			r.numbers = append(r.numbers, row)
		}
	}
	run := Run{Series: r.series, Columns: make([]*column.Vector, len(r.readers)), Rows: r.numbers, Len: total}
	for i, f := range r.view.Schema.Fields {
		switch {
		case r.readers[i] != nil:
			if run.Columns[i], err = r.readers[i].gather(ctx, r.pieces, total); err != nil {
				return Run{}, err
			}
			run.Columns[i] = run.Columns[i].As(f.Type)
		case !r.view.Schema.IsTag(f.ID):
			if run.Columns[i], err = f.InitialValues(total); err != nil {
				return Run{}, err
			}
		}
	}
	return run, nil
}

// Close gives the memory back.
func (r *RunReader) Close() error {
	for _, c := range r.readers {
		if c != nil {
			c.close()
		}
	}
	r.rows.close()
	return nil
}
