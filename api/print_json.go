package api

import (
	"strconv"
	"time"

	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query"
)

// jsonPrinter writes the answer that JSON clients get. Its rows stand in it twice, in "data" and at the top: clients of either kind
// are out there. So the rows are spooled while they are sent for the first time.
type jsonPrinter struct {
	out    *answer
	result *query.Result
	loc    *time.Location
	rows   int64
	spool  spool
	times  []timeText // by column
}

func newJSONPrinter(s *Server, out *answer, r *query.Result) (printer, error) {
	p := &jsonPrinter{out: out, result: r, loc: r.Location, spool: spool{dir: s.options.SpoolDir, limit: s.options.SpoolBytes}}
	out.buf = append(out.buf, `{"success":true,"data":{"columns":`...)
	out.buf = appendNames(out.buf, r)
	out.buf = append(out.buf, `,"types":`...)
	out.buf = appendTypes(out.buf, r)
	out.buf = append(out.buf, `,"rows":[`...)
	return p, nil
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
	if p.times == nil {
		p.times = make([]timeText, len(b.Columns))
	}
	for i := range b.Len {
		start := len(p.out.buf)
		if p.rows > 0 {
			p.out.buf = append(p.out.buf, ',')
		}
		p.rows++
		p.out.buf = append(p.out.buf, '[')
		for k, v := range b.Columns {
			if k > 0 {
				p.out.buf = append(p.out.buf, ',')
			}
			p.out.buf = p.times[k].append(p.out.buf, v, i, p.loc)
		}
		p.out.buf = append(p.out.buf, ']')
		if err := p.spool.write(p.out.buf[start:]); err != nil {
			return err
		}
		if err := p.out.full(); err != nil {
			return err
		}
	}
	return nil
}

func (p *jsonPrinter) end() error {
	tail := func(b []byte) []byte {
		return strconv.AppendInt(append(b, `],"rows_affected":`...), p.result.Affected, 10)
	}
	p.out.buf = append(tail(p.out.buf), `},"columns":`...)
	p.out.buf = appendNames(p.out.buf, p.result)
	p.out.buf = append(p.out.buf, `,"rows":[`...)
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
