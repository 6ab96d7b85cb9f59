package lineproto

import (
	"bytes"
	"math"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
)

// fieldsAndTime reads from the first field to the end of the line and gives the place after it. An error says that the syntax
// is wrong at the place that is given; what else is wrong it leaves to fault and reads on, since strings may have newlines.
func (d *decoder) fieldsAndTime(p int, t *table) (int, lineTime, error) {
	for i := 0; ; i++ {
		var err error
		if p, err = d.field(p, i, t); err != nil {
			return p, lineTime{}, err
		}
		switch d.body[p] {
		case ',':
			p++
		case ' ', '\r', '\n':
			return d.timeAndEnd(p)
		default:
			return p, lineTime{}, wrong("%q follows a field; a comma, a space or the end of the line must", d.body[p])
		}
	}
}

// field reads field i of the line. Most lines name the fields of the line before, in its order: then a comparison finds the column.
func (d *decoder) field(p, i int, t *table) (int, error) {
	b := d.body
	v := value{member: noMember}
	if i < len(t.usual) && isNext(b[p:], t.usual[i].name) {
		v.member = t.usual[i].member
		p += len(t.usual[i].name) + 1
	} else {
		end, escaped := nameEnd(b, p, endsKey)
		switch {
		case end == p:
			return p, wrong("a field must begin with its name, not with %q", b[p])
		case b[end] != '=':
			return end, wrong("%q is not a field: no value follows it", clip(b[p:end]))
		}
		written := b[p:end]
		v.name = span{uint32(p), uint32(end)}
		name := written
		if escaped {
			name = unescape(written, endsKey)
		}
		if m, ok := t.members[string(name)]; ok {
			v.member = m
			t.expect(i, written, m)
		} else if !utf8.Valid(name) {
			return end, wrong("the name of field %q is not valid UTF-8", clip(name))
		}
		p = end + 1
	}
	p, err := d.value(p, &v)
	if err == nil && d.bad == nil {
		d.keep(t, &v)
	}
	return p, err
}

// isNext reports whether a field of this name, as it is written, comes next.
func isNext(b, name []byte) bool {
	n := len(name)
	return len(b) > n && b[n] == '=' && string(b[:n]) == string(name)
}

// value reads what follows the "=".
func (d *decoder) value(p int, v *value) (int, error) {
	switch c := d.body[p]; {
	case c-'0' <= 9 || c == '-' || c == '.':
		return d.number(p, v)
	case c == '"':
		return d.quoted(p, v)
	case c|0x20 == 't' || c|0x20 == 'f':
		return d.boolean(p, v)
	}
	return p, wrong("%q is not a value: strings stand in double quotes", clip(d.body[p:d.tokenEnd(p)]))
}

// quoted reads a string, in which anything may stand.
func (d *decoder) quoted(p int, v *value) (int, error) {
	from := p + 1
	rest := d.body[from:d.end]
	end := bytes.IndexByte(rest, '"')
	if end >= 0 && bytes.IndexByte(rest[:end], '\\') >= 0 {
		v.escaped = true
		for end = 0; end < len(rest) && rest[end] != '"'; end++ {
			if rest[end] == '\\' && end+1 < len(rest) && (rest[end+1] == '"' || rest[end+1] == '\\') {
				end++
			}
		}
	}
	if end < 0 || end >= len(rest) {
		return d.end, wrong("the string %q has no closing quote", clip(rest))
	}
	v.kind, v.text = isString, span{uint32(from), uint32(from + end)}
	if !utf8.Valid(rest[:end]) {
		return from + end, wrong("the string %q is not valid UTF-8", clip(rest[:end]))
	}
	return from + end + 1, nil
}

// keep adds a value to the line. Of a field that is there twice the last counts.
func (d *decoder) keep(t *table, v *value) {
	if v.member == noMember {
		d.keepNew(v)
		return
	}
	m := t.all[v.member]
	if m.role != isField {
		d.fault("%q is the name of a %s of table %q, it cannot be a field", m.field.Name, m.role, t.name)
		return
	}
	if m.line == d.line {
		d.values[m.at] = *v
		return
	}
	m.line, m.at = d.line, len(d.values)
	d.values = append(d.values, *v)
}

// keepNew adds the value of a column that is to be made.
func (d *decoder) keepNew(v *value) {
	if d.missing == 0 {
		clear(d.newNames)
	}
	name := d.nameOf(v)
	if i, twice := d.newNames[string(name)]; twice {
		d.values[i] = *v
		return
	}
	if d.missing++; d.missing > d.limits.Columns {
		d.fault("it has more than %d new fields", d.limits.Columns)
		return
	}
	d.newNames[string(name)] = len(d.values)
	d.values = append(d.values, *v)
}

// fit converts a value to the type of its column, if it can be without loss of meaning: an integer is a float as well, but not the
// other way around.
func (m *member) fit(v *value) bool {
	switch m.field.Type.Kind {
	case column.Int64:
		return v.kind == isInt
	case column.Int32:
		return v.kind == isInt && v.int() == int64(int32(v.int()))
	case column.Int16:
		return v.kind == isInt && v.int() == int64(int16(v.int()))
	case column.Float64, column.Float32:
		if v.kind == isInt {
			v.setFloat(float64(v.int()))
		}
		if v.kind == isFloat && m.field.Type.Kind == column.Float32 {
			v.setFloat(float64(float32(v.float())))
		}
		return v.kind == isFloat && !math.IsInf(v.float(), 0)
	case column.Bool:
		return v.kind == isBool
	case column.Text, column.Varchar:
		return v.kind == isString && m.field.Mod == 0
	}
	return false
}

// typeOf is the type of the column that is made for a value.
func typeOf(kind uint8) column.Type {
	return column.T([...]column.Kind{isInt: column.Int64, isFloat: column.Float64, isBool: column.Bool, isString: column.Text}[kind])
}

// fit gives the values of the line the types of their columns, and reports whether they can have them.
func (d *decoder) fit(t *table) bool {
	for i := range d.values {
		v := &d.values[i]
		if v.member == noMember {
			continue
		}
		if m := t.all[v.member]; !m.fit(v) {
			d.misfit(t, m, v)
			return false
		}
	}
	return true
}

func (d *decoder) misfit(t *table, m *member, v *value) {
	f := &m.field
	if v.kind == isInt && f.Type.IsInteger() {
		d.fault("column %q of table %q is %s, %d is out of its range", f.Name, t.name, f.Type, v.int())
		return
	}
	d.fault("column %q of table %q is %s, the field is %s", f.Name, t.name, f.Type, typeOf(v.kind))
}
