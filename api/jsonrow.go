package api

import (
	"math"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// jsonRow prints the values of rows, one row after the other, each value behind what stands before it: a comma, or its key. What columns beside
// each other keep over a stretch of rows, tags of a series most of all, is printed once and copied for each row.
type jsonRow struct {
	loc     *time.Location
	before  [][]byte // by column
	columns []jsonColumn
	parts   []jsonPart
}

// jsonPart is a column whose values change from row to row, or some columns beside each other whose values stay.
type jsonPart struct {
	first, last int // columns
	steady      bool
	end         int    // of the rows that text is good for
	text        []byte // of steady columns
}

func newJSONRow(before [][]byte, loc *time.Location) jsonRow {
	return jsonRow{loc: loc, before: before, columns: make([]jsonColumn, len(before))}
}

// start takes a batch.
func (r *jsonRow) start(b *scan.Batch) {
	used := 0
	for k, v := range b.Columns {
		r.columns[k].start(v, r.loc)
		steady := stays(v)
		if used > 0 && steady && r.parts[used-1].steady {
			r.parts[used-1].last = k
			continue
		}
		if used == len(r.parts) {
			r.parts = append(r.parts, jsonPart{})
		}
		p := &r.parts[used]
		used++
		p.first, p.last, p.steady, p.end = k, k, steady, 0
	}
	r.parts = r.parts[:used]
}

// steadyRows is how long runs are at least, on average, for which printing once and copying is worth it.
const steadyRows = 4

// stays reports that a vector says where its values change, and that they seldom do.
func stays(v *column.Vector) bool {
	return v.Enc == column.Const || v.Enc == column.RunEnd && len(v.Ends)*steadyRows <= v.Len
}

// append prints row i; rows ascend.
func (r *jsonRow) append(dst []byte, i int) []byte {
	for k := range r.parts {
		p := &r.parts[k]
		if !p.steady {
			dst = append(dst, r.before[p.first]...)
			dst = r.columns[p.first].append(dst, i)
			continue
		}
		if i >= p.end {
			r.print(p, i)
		}
		dst = append(dst, p.text...)
	}
	return dst
}

// print makes the text of steady columns for the rows from i on.
func (r *jsonRow) print(p *jsonPart, i int) {
	p.text, p.end = p.text[:0], math.MaxInt
	for k := p.first; k <= p.last; k++ {
		c := &r.columns[k]
		p.text = c.append(append(p.text, r.before[k]...), i)
		if c.v.Enc == column.RunEnd {
			p.end = min(p.end, int(c.v.Ends[c.run]))
		}
	}
}
