package lineproto

import (
	"bytes"
	"math"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/meta"
)

// Kinds of values.
const (
	isInt = 1 + iota
	isFloat
	isBool
	isString
)

// value is one field of the line that is being read. It has no pointers, because it is moved about so often.
type value struct {
	member  int32 // its column among the table's members, noMember if it is not there yet
	kind    uint8
	escaped bool   // the string has escapes
	bits    uint64 // of a number; a boolean is 0 or 1
	text    span   // of a string, without its quotes
	name    span   // as it is written
}

// span is a piece of the body.
type span struct{ from, to uint32 }

const noMember = -1

func (v *value) setInt(i int64)     { v.kind, v.bits = isInt, uint64(i) }
func (v *value) int() int64         { return int64(v.bits) }
func (v *value) setFloat(f float64) { v.kind, v.bits = isFloat, math.Float64bits(f) }
func (v *value) float() float64     { return math.Float64frombits(v.bits) }

// nameOf is the name of a value's field.
func (d *decoder) nameOf(v *value) []byte { return unescape(d.bytes(v.name), endsKey) }

func (d *decoder) bytes(s span) []byte { return d.body[s.from:s.to] }

// decoder reads the lines of one request into tables. Lines are read whole before anything of them is kept, so that a bad one
// leaves nothing behind; its values wait in a short list meanwhile.
type decoder struct {
	limits *Limits
	seed   uint64
	pool   *mem.Pool
	find   func(name string) *meta.Table
	taken  func(name string) bool // by what is no table
	made   int                    // tables that this request has made before
	unit   Precision
	now    int64 // nanoseconds

	body   []byte // and a newline after its end, which ends every loop
	end    int    // of the body without it
	report Report

	tables map[string]*table
	order  []*table
	fresh  int  // tables that are to be made
	asks   bool // for tables or columns to be made
	last   *table
	lastM  []byte // the measurement of the line before, as it was written

	line     int  // number of the present line, from 1
	text     span // of it; known once it is read
	newlines int  // in its strings
	bad      error
	values   []value
	missing  int            // values of columns that are not there yet
	newNames map[string]int // their names; index in values
	pairs    []pair
	newTags  map[string]bool // names of pairs that the table does not have
	stamp    int             // numbers the tag sets that are parsed
	key      []byte
	problems problems

	size     int64 // about what all tables take, in bytes
	reserved int64 // of the pool
	stop     error // why the rest is not read
}

// decode reads the whole body.
func (d *decoder) decode(body []byte) error {
	d.end = len(body)
	d.body = append(body, '\n')
	d.line = 1
	for p := 0; p < d.end; {
		p = d.next(p)
		if d.report.Lines%linesPerReserve == 0 && d.stop == nil {
			d.stop = d.reserve()
		}
		if d.stop != nil {
			return d.stop
		}
	}
	return d.reserve()
}

// linesPerReserve is how often memory is counted. What is decoded in between takes a few megabytes, and as much text as the body has.
const linesPerReserve = 256

// reserve makes sure that what the tables hold is within the budgets.
func (d *decoder) reserve() error {
	need := d.size
	if need > d.limits.RequestBytes {
		return column.Errorf(column.Limit, "the rows of the request take more than %d bytes when decoded: send fewer lines at a time", d.limits.RequestBytes)
	}
	if need > d.reserved {
		if err := d.pool.Grow(need - d.reserved); err != nil {
			return column.Errorf(column.Overloaded, "too many lines are being written at once: %w", err)
		}
		d.reserved = need
	}
	return nil
}

// next reads the line that begins at p and gives the place after it.
func (d *decoder) next(p int) int {
	b := d.body
	for b[p] == ' ' {
		p++
	}
	switch {
	case b[p] == '\n':
		d.line++
		return p + 1
	case b[p] == '\r' && b[p+1] == '\n':
		d.line++
		return p + 2
	case b[p] == '#':
		d.line++
		return p + bytes.IndexByte(b[p:], '\n') + 1
	}
	d.report.Lines++
	d.bad, d.values, d.missing, d.newlines = nil, d.values[:0], 0, 0
	after := d.point(p)
	if d.bad != nil {
		d.problems.add(d.line, d.bad)
	}
	d.line += 1 + d.newlines
	return after
}

// fault notes what is wrong with the present line, the first thing only.
func (d *decoder) fault(format string, args ...any) {
	if d.bad == nil {
		d.bad = wrong(format, args...)
	}
}

// point reads a line that is neither blank nor a comment.
func (d *decoder) point(start int) int {
	b, p := d.body, start
	eol := p + bytes.IndexByte(b[p:], '\n')
	space := seriesEnd(b[p:eol])
	if space < 0 {
		d.fault("it has no field: write measurement,tag=value field=value time")
		return eol + 1
	}
	series := b[p : p+space]
	t, tags := d.tableOf(series)
	if t == nil {
		return eol + 1
	}
	p += space
	for b[p] == ' ' {
		p++
	}
	p, at, err := d.fieldsAndTime(p, t)
	if err != nil || p > eol+1 {
		// What follows a syntax error is not understood, up to the next line; so the first error decides where that is.
		if wrongTags := d.scanTags(tags); wrongTags != nil {
			d.bad = wrongTags
			return eol + 1
		}
	}
	if err != nil {
		if d.bad == nil {
			d.bad = err
		}
		p = min(p, d.end)
		p += bytes.IndexByte(b[p:], '\n') + 1
	}
	if eol < p-1 {
		d.newlines = bytes.Count(b[eol:p-1], newline)
	}
	if n := p - start; n > d.limits.LineBytes {
		d.fault("it has %d bytes, limit %d", n, d.limits.LineBytes)
	}
	if d.bad == nil {
		d.text = span{uint32(start), uint32(p)}
		d.accept(t, tags, at)
	}
	return p
}

var newline = []byte{'\n'}

// seriesEnd finds the first space that is not escaped, -1 if there is none.
func seriesEnd(b []byte) int {
	space := bytes.IndexByte(b, ' ')
	if space < 0 || bytes.IndexByte(b[:space], '\\') < 0 {
		return space
	}
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == ' ':
			return i
		case b[i] == '\\' && i+1 < len(b) && b[i+1] == ' ':
			i++
		}
	}
	return -1
}

// tableOf finds the table of a line by its measurement, and gives its tags as they are written, from their first comma on.
func (d *decoder) tableOf(series []byte) (t *table, tags []byte) {
	if n := len(d.lastM); d.last != nil && len(series) >= n && string(series[:n]) == string(d.lastM) && (len(series) == n || series[n] == ',') {
		return d.last, series[n:]
	}
	// The space after the series is there to end the name.
	n, escaped := nameEnd(series[:len(series)+1], 0, endsMeasurement)
	if n == 0 || n < len(series) && series[n] != ',' {
		d.fault("%q is not a measurement with tags after it", clip(series))
		return nil, nil
	}
	name := series[:n]
	if escaped {
		name = unescape(name, endsMeasurement)
	}
	t = d.tables[string(name)]
	if t == nil {
		if err := checkName("measurement", name); err != nil {
			d.bad = err
			return nil, nil
		}
		t = newTable(string(name), d.find(string(name)), d.unit)
		if t.table == nil && d.taken != nil && d.taken(t.name) {
			t.refuse = wrong("%q is no table: a view, a sequence or an index has the name", t.name)
		}
		d.tables[t.name] = t
		d.order = append(d.order, t)
		d.size += t.ownBytes()
	}
	d.last, d.lastM = t, series[:n]
	return t, series[n:]
}

// accept keeps a line that is right.
func (d *decoder) accept(t *table, tags []byte, at lineTime) {
	if t.refuse != nil {
		d.bad = t.refuse
		return
	}
	for _, m := range t.required {
		if m.line != d.line {
			d.fault("null value in column %q of table %q violates not-null constraint", m.field.Name, t.name)
			return
		}
	}
	v, ok := at.of(d, t)
	if !ok {
		d.fault("time %d is out of the range of column %q", at.value, t.time.Name)
		return
	}
	// Only a line that is right in everything else may make a column.
	if !d.fit(t) || (t.table == nil || d.missing > 0) && !d.grow(t, tags) {
		return
	}
	if t.table != nil { // else it is read again once the table is there
		d.appendRow(t, tags, v)
	}
}

// appendRow adds the line to its table. Values of columns that are to be made are left out: they are read again.
func (d *decoder) appendRow(t *table, tags []byte, at int64) {
	row := len(t.times)
	if d.stop = d.begin(t, row); d.stop != nil {
		return
	}
	n := len(t.series)
	if n == 0 || string(t.series[n-1].tags) != string(tags) {
		t.growSeries(row)
		h := xxh3.Hash128Seed(tags, d.seed)
		t.series = append(t.series, series{tags: tags})
		t.hashes = append(t.hashes, ingest.SeriesHash{Hi: h.Hi, Lo: h.Lo})
		d.size += seriesBytes
		n++
	}
	t.times = append(t.times, at)
	t.of = append(t.of, uint32(n-1))
	t.lines = append(t.lines, int32(d.line))
	d.size += t.rowBytes
	for i := range d.values {
		if v := &d.values[i]; v.member != noMember {
			d.size += t.append(row, v, d.body)
		}
	}
}

// begin makes the builders of columns that have their first value in this row. All rows before get a cell each, so a line can take many
// times its length: that memory is reserved before it is taken.
func (d *decoder) begin(t *table, row int) error {
	before := d.size
	room := 0
	if row == 0 {
		room = d.expect(t)
	}
	for i := range d.values {
		if v := &d.values[i]; v.member != noMember {
			if m := t.all[v.member]; m.builder == nil && m.field.ID != 0 {
				m.builder = column.NewBuilder(m.field.Type, room)
				t.used = append(t.used, m)
				t.rowBytes += cellBytes
				d.size += int64(row) * cellBytes
			}
		}
	}
	if d.size == before {
		return nil
	}
	return d.reserve()
}
