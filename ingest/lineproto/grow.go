package lineproto

import "github.com/automatanexus/aegis-db/column"

// grow notes the table and the columns that a line asks for and that are not there. It reports whether they can be made; if not,
// the line is at fault.
func (d *decoder) grow(t *table, tags []byte) bool {
	if t.table == nil && !t.counted && d.made+d.fresh >= d.limits.NewTables {
		d.fault("table %q does not exist, and a request may make %d tables only", t.name, d.limits.NewTables)
		return false
	}
	if err := d.parseTags(t, tags); err != nil {
		d.bad = err
		return false
	}
	for i := range d.values {
		v := &d.values[i]
		if v.member != noMember {
			continue
		}
		name := d.nameOf(v)
		if d.bad = checkName("field", name); d.bad != nil {
			return false
		}
		if d.newTags[string(name)] {
			d.fault("%q is a tag and a field", clip(name))
			return false
		}
	}
	if err := d.growTags(t, d.missing); err != nil {
		d.bad = err
		return false
	}
	for i := range d.values {
		if v := &d.values[i]; v.member == noMember {
			t.newFields = append(t.newFields, d.add(t, string(d.nameOf(v)), typeOf(v.kind), isField))
		}
	}
	if t.table == nil && !t.counted {
		t.counted = true
		d.fresh++
	}
	return true
}

// growTags notes the tags parsed last that the table does not have. more is how many columns will come with them.
func (d *decoder) growTags(t *table, more int) error {
	if more += len(d.newTags); more == 0 {
		return nil
	}
	if n := len(t.all) + more; n > d.limits.Columns {
		return column.Errorf(column.Invalid, "table %q would have %d columns, limit %d", t.name, n, d.limits.Columns)
	}
	for _, tag := range d.pairs {
		if t.member(tag.name) == nil {
			t.newTags = append(t.newTags, d.add(t, string(tag.name), column.T(column.Text), isTag))
		}
	}
	return nil
}

// add makes a member that is to become a column.
func (d *decoder) add(t *table, name string, typ column.Type, r role) *member {
	m := t.join(column.Field{Name: name, Type: typ}, r)
	d.size += memberBytes + int64(len(name))
	d.asks = true
	return m
}
