package api

import (
	"bytes"
	"strconv"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/arrowio"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query"
)

// linePrinter writes a JSON object per row and line.
type linePrinter struct {
	out *answer
	row jsonRow
}

func newLinePrinter(_ *Server, out *answer, r *query.Result) (printer, error) {
	var keys [][]byte // `,"name":`
	for i, name := range distinctNames(r) {
		var key []byte
		if i > 0 {
			key = append(key, ',')
		}
		keys = append(keys, append(appendJSONString(key, name), ':'))
	}
	return &linePrinter{out: out, row: newJSONRow(keys, r.Location)}, nil
}

// distinctNames names columns where each name can be there once: the second x is x_2.
func distinctNames(r *query.Result) []string {
	names, used := make([]string, len(r.Columns)), map[string]bool{}
	for i, c := range r.Columns {
		name := c.Name
		for n := 2; used[name]; n++ {
			name = c.Name + "_" + strconv.Itoa(n)
		}
		used[name], names[i] = true, name
	}
	return names
}

func (p *linePrinter) batch(b *scan.Batch) error {
	p.row.start(b)
	for i := range b.Len {
		p.out.buf = p.row.append(append(p.out.buf, '{'), i)
		p.out.buf = append(p.out.buf, "}\n"...)
		if err := p.out.full(); err != nil {
			return err
		}
	}
	return nil
}

func (p *linePrinter) end() error { return nil }
func (p *linePrinter) close()     {}

// csvPrinter writes RFC 4180 with a header line; NULL is nothing, the empty text is "".
type csvPrinter struct {
	out     *answer
	opt     literal.Options
	scratch []byte
}

func newCSVPrinter(_ *Server, out *answer, r *query.Result) (printer, error) {
	for i, c := range r.Columns {
		if i > 0 {
			out.buf = append(out.buf, ',')
		}
		out.buf = appendCSV(out.buf, []byte(c.Name))
	}
	if len(r.Columns) > 0 {
		out.buf = append(out.buf, "\r\n"...)
	}
	return &csvPrinter{out: out, opt: r.Format()}, nil
}

func (p *csvPrinter) batch(b *scan.Batch) error {
	for i := range b.Len {
		for k, v := range b.Columns {
			if k > 0 {
				p.out.buf = append(p.out.buf, ',')
			}
			if v.IsNull(i) {
				continue
			}
			if v.Type.Kind == column.Bool { // PostgreSQL's t and f mean nothing to spreadsheets
				p.out.buf = strconv.AppendBool(p.out.buf, v.Bool(i))
				continue
			}
			p.scratch = literal.Append(p.scratch[:0], v, i, p.opt)
			p.out.buf = appendCSV(p.out.buf, p.scratch)
		}
		p.out.buf = append(p.out.buf, "\r\n"...)
		if err := p.out.full(); err != nil {
			return err
		}
	}
	return nil
}

func (p *csvPrinter) end() error { return nil }
func (p *csvPrinter) close()     {}

// appendCSV quotes a value where a reader could take it for something else.
func appendCSV(dst, v []byte) []byte {
	if len(v) > 0 && !bytes.ContainsAny(v, "\",\r\n") && v[0] != ' ' && v[len(v)-1] != ' ' {
		return append(dst, v...)
	}
	dst = append(dst, '"')
	for _, c := range v {
		if c == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// arrowPrinter writes an Arrow IPC stream.
type arrowPrinter struct{ w *arrowio.StreamWriter }

func newArrowPrinter(_ *Server, out *answer, r *query.Result) (printer, error) {
	fields := make([]arrowio.Field, len(r.Columns))
	for i, c := range r.Columns {
		fields[i] = arrowio.Field{Name: c.Name, Type: c.Type, NotNull: c.NotNull, Mod: c.Mod}
	}
	return &arrowPrinter{arrowio.NewStreamWriter(out, fields)}, nil
}

func (p *arrowPrinter) batch(b *scan.Batch) error { return p.w.Write(b) }
func (p *arrowPrinter) end() error                { return p.w.Close() }
func (p *arrowPrinter) close()                    {}
