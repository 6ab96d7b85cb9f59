package api

import (
	"strconv"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query"
)

// jsonPrinter writes the answer that JSON clients get. Its rows stand in it twice, in "data" and at the top: clients of either kind
// are out there. So the rows are spooled while they are sent for the first time; of an answer that goes out in one piece they are still there.
type jsonPrinter struct {
	out    *answer
	result *query.Result
	rows   int64
	spool  spool
	start  int // in out.buf, of the rows that are not spooled yet
	row    jsonRow
}

func newJSONPrinter(s *Server, out *answer, r *query.Result) (printer, error) {
	p := &jsonPrinter{
		out: out, result: r, row: newJSONRow(commas(len(r.Columns)), r.Location),
		spool: spool{dir: s.options.SpoolDir, limit: s.options.SpoolBytes, shared: &s.spooled},
	}
	out.buf = append(out.buf, `{"success":true,"data":{"columns":`...)
	out.buf = appendNames(out.buf, r)
	out.buf = append(out.buf, `,"types":`...)
	out.buf = appendTypes(out.buf, r)
	out.buf = append(out.buf, `,"rows":[`...)
	p.start = len(out.buf)
	return p, nil
}

// commas is what stands before the values of n columns.
func commas(n int) [][]byte {
	out := make([][]byte, n)
	for i := 1; i < n; i++ {
		out[i] = []byte{','}
	}
	return out
}

func appendNames(dst []byte, r *query.Result) []byte {
	dst = append(dst, '[')
	for i, c := range r.Columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSONString(dst, c.Name)
	}
	return append(dst, ']')
}

func appendTypes(dst []byte, r *query.Result) []byte {
	dst = append(dst, '[')
	for i, c := range r.Columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSONString(dst, c.Type.String())
	}
	return append(dst, ']')
}

func (p *jsonPrinter) batch(b *scan.Batch) error {
	p.row.start(b)
	buf := p.out.buf
	for i := range b.Len {
		if p.rows > 0 {
			buf = append(buf, ',')
		}
		p.rows++
		buf = append(p.row.append(append(buf, '['), i), ']')
		if len(buf) < pieceBytes {
			continue
		}
		p.out.buf = buf
		if err := p.spool.keep(p.out, p.start); err != nil {
			return err
		}
		buf = p.out.buf
		p.start = len(buf)
	}
	p.out.buf = buf
	return nil
}

func (p *jsonPrinter) end() error {
	first, last := p.start, len(p.out.buf)
	if err := p.spool.room(last - first); err != nil {
		return err
	}
	if p.spool.size > 0 {
		if err := p.spool.keep(p.out, first); err != nil {
			return err
		}
		first, last = 0, 0
	}
	tail := func(b []byte) []byte {
		return strconv.AppendInt(append(b, `],"rows_affected":`...), p.result.Affected, 10)
	}
	p.out.buf = append(tail(p.out.buf), `},"columns":`...)
	p.out.buf = appendNames(p.out.buf, p.result)
	p.out.buf = append(p.out.buf, `,"rows":[`...)
	p.out.buf = append(p.out.buf, p.out.buf[first:last]...)
	if err := p.spool.copyTo(p.out); err != nil {
		return err
	}
	p.out.buf = append(tail(p.out.buf), `,"row_count":`...)
	p.out.buf = strconv.AppendInt(p.out.buf, p.rows, 10)
	p.out.buf = append(p.out.buf, `,"execution_time_ms":`...)
	p.out.buf = strconv.AppendFloat(p.out.buf, float64(p.result.Elapsed().Microseconds())/1000, 'f', 3, 64)
	p.out.buf = append(p.out.buf, "}\n"...)
	return nil
}

func (p *jsonPrinter) close() { p.spool.close() }
