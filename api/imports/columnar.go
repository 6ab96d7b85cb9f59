package imports

import (
	"context"
	"fmt"
	"io"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/arrowio"
	"github.com/automatanexus/aegis-db/column/parquetio"
	"github.com/automatanexus/aegis-db/column/scan"
)

// parquetFile reads Parquet.
type parquetFile struct{ r *parquetio.Reader }

func openParquet(f File, size int64) (source, error) {
	r, err := parquetio.Open(f, size)
	return &parquetFile{r}, err
}

func (p *parquetFile) fields() []column.Field { return p.r.Fields }
func (p *parquetFile) want([]column.Type)     {}
func (p *parquetFile) texts() bool            { return false }
func (p *parquetFile) close()                 { p.r.Close() }

func (p *parquetFile) skip(n int64) int64 {
	k, _ := p.r.SkipGroup(n)
	return k
}

func (p *parquetFile) next(ctx context.Context) (*rows, error) {
	b, err := p.r.Next(ctx, batchRows)
	if err != nil {
		return nil, err
	}
	at := func(row int) string { return fmt.Sprintf("row group %d, row %d", b.Group, b.Row+int64(row)) }
	return &rows{n: b.Len, columns: b.Columns, at: at}, nil
}

// arrowStream reads Arrow's IPC stream.
type arrowStream struct {
	r      *arrowio.StreamReader
	batch  *scan.Batch
	number int // of the batch, counted from 1
	taken  int // rows of it
}

func openArrow(r io.Reader) (source, error) {
	s, err := arrowio.NewStreamReader(r)
	return &arrowStream{r: s}, err
}

func (a *arrowStream) fields() []column.Field {
	var out []column.Field
	for _, f := range a.r.Fields {
		out = append(out, column.Field{Name: f.Name, Type: f.Type, NotNull: f.NotNull, Mod: f.Mod})
	}
	return out
}

func (a *arrowStream) want([]column.Type) {}
func (a *arrowStream) skip(int64) int64   { return 0 }
func (a *arrowStream) texts() bool        { return false }
func (a *arrowStream) close()             { a.r.Close() }

func (a *arrowStream) next(ctx context.Context) (*rows, error) {
	for a.batch == nil || a.taken == a.batch.Len {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		b, err := a.r.Next()
		if err != nil {
			return nil, err
		}
		a.batch, a.taken, a.number = b, 0, a.number+1
	}
	first, number := a.taken, a.number
	n := min(batchRows, a.batch.Len-first)
	a.taken += n
	out := &rows{n: n, at: func(row int) string { return fmt.Sprintf("record batch %d, row %d", number, first+row+1) }}
	for _, v := range a.batch.Columns {
		v = v.Slice(first, first+n)
		if v.Enc != column.Flat {
			v = column.Flatten(v)
		}
		out.columns = append(out.columns, v)
	}
	return out, nil
}
