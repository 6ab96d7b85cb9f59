package api

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/parquetio"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query"
)

// parquetPrinter writes a Parquet file.
type parquetPrinter struct{ w *parquetio.Writer }

// groupShare is the part of a statement's memory that the rows of one row group may take: two groups and what encoding needs are some
// six of them, and the statement has to live too.
const groupShare = 16

func newParquetPrinter(_ *Server, out *answer, r *query.Result) (printer, error) {
	names, fields := distinctNames(r), make([]column.Field, len(r.Columns))
	for i, c := range r.Columns {
		fields[i] = column.Field{Name: names[i], Type: c.Type, NotNull: c.NotNull, Mod: c.Mod}
	}
	o := parquetio.Options{Pool: r.Pool()}
	if o.Pool != nil && o.Pool.Limit() > 0 {
		o.GroupBytes = min(parquetio.DefaultGroupBytes, o.Pool.Limit()/groupShare)
	}
	w, err := parquetio.NewWriter(out, fields, o)
	if err != nil {
		return nil, err
	}
	return &parquetPrinter{w}, nil
}

func (p *parquetPrinter) batch(b *scan.Batch) error { return p.w.Write(b) }
func (p *parquetPrinter) end() error                { return p.w.Close() }
func (p *parquetPrinter) close()                    { p.w.Abort() }
