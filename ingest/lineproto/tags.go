package lineproto

import (
	"strconv"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
)

// pair is a tag of a line.
type pair struct{ name, value []byte }

// scanTags splits the tags of a line, which begin with a comma, into pairs. What is returned is what is wrong.
func (d *decoder) scanTags(tags []byte) error {
	d.pairs = d.pairs[:0]
	b := tags[:len(tags)+1] // with the space after them
	for p := 0; p < len(tags); {
		p++ // the comma
		end, escaped := nameEnd(b, p, endsKey)
		name := b[p:end]
		if end == p || b[end] != '=' {
			return wrong("%q is not a tag: write name=value", clip(tags[p:]))
		}
		p = end + 1
		end, escapedValue := nameEnd(b, p, endsKey)
		value := b[p:end]
		if end == p {
			return wrong("tag %q has no value", clip(name))
		}
		if end < len(tags) && b[end] != ',' {
			return wrong("%q is in the value of tag %q and must be escaped", b[end], clip(name))
		}
		p = end
		if escaped {
			name = unescape(name, endsKey)
		}
		if escapedValue {
			value = unescape(value, endsKey)
		}
		if !utf8.Valid(name) {
			return wrong("the name of tag %q is not valid UTF-8", clip(name))
		}
		if !utf8.Valid(value) {
			return wrong("the value of tag %q is not valid UTF-8", clip(name))
		}
		d.pairs = append(d.pairs, pair{name, value})
	}
	return nil
}

// parseTags splits the tags of a line and checks them against the table.
func (d *decoder) parseTags(t *table, tags []byte) error {
	if err := d.scanTags(tags); err != nil {
		return err
	}
	d.stamp++
	clear(d.newTags)
	for i := range d.pairs {
		if err := d.checkPair(t, i); err != nil {
			return err
		}
	}
	for _, m := range t.tags {
		if m.field.NotNull && m.stamp != d.stamp {
			return wrong("null value in column %q of table %q violates not-null constraint", m.field.Name, t.name)
		}
	}
	return nil
}

// checkPair checks one tag of the line. One that the table has notes its value there.
func (d *decoder) checkPair(t *table, i int) error {
	name, value := d.pairs[i].name, d.pairs[i].value
	m := t.member(name)
	switch {
	case m == nil:
		if d.newTags[string(name)] {
			return wrong("tag %q is there twice", clip(name))
		}
		if len(d.newTags) >= d.limits.Columns {
			return wrong("it has more than %d new tags", d.limits.Columns)
		}
		d.newTags[string(name)] = true
		return checkName("tag", name)
	case m.role != isTag:
		return wrong("%q is the name of a %s of table %q, it cannot be a tag", clip(name), m.role, t.name)
	case m.stamp == d.stamp:
		return wrong("tag %q is there twice", clip(name))
	}
	if _, err := appendTag(nil, m, value); err != nil {
		return wrong("column %q of table %q is %s, which %q is not", m.field.Name, t.name, m.field.Type, clip(value))
	}
	m.stamp, m.tag = d.stamp, value
	return nil
}

// encodeTags gives the short key of the series whose tags were parsed last: absent tags at the end are left out.
func (d *decoder) encodeTags(dst []byte, t *table) []byte {
	short := len(dst)
	for _, m := range t.tags {
		if m.stamp != d.stamp {
			dst = key.AppendNull(dst)
			continue
		}
		dst, _ = appendTag(dst, m, m.tag) // checkPair has made sure that it is one
		short = len(dst)
	}
	return dst[:short]
}

// appendTag encodes the value of a tag. Those of tables made with SQL need not be text.
func appendTag(dst []byte, m *member, value []byte) ([]byte, error) {
	switch k := m.field.Type.Kind; k {
	case column.Bool:
		v, err := strconv.ParseBool(text(value))
		return key.AppendBool(dst, v), err
	case column.Int16, column.Int32, column.Int64:
		bits := map[column.Kind]int{column.Int16: 16, column.Int32: 32, column.Int64: 64}[k]
		v, err := strconv.ParseInt(text(value), 10, bits)
		return key.AppendInt(dst, v), err
	default:
		return key.AppendBytes(dst, value), nil
	}
}
