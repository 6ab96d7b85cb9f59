package crash

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// shape is what a table is by definition: what ALTER TABLE and CREATE INDEX change. Columns that never change are not in it.
type shape struct {
	columns []shapedColumn
	rules   []string          // names of constraints
	indexes map[string]string // by name, the column
}

// shapedColumn is a column that came by ALTER TABLE.
type shapedColumn struct {
	name, kind string
	notNull    bool
	// fallbacks are the defaults that it has had, the newest last. The first is also the value of the rows that were there before the column.
	fallbacks []fallback
}

// fallback is a default ("" = NULL) and the moments at which it was asked for and acknowledged.
type fallback struct {
	value        string
	began, ended int64
}

func (c *shapedColumn) fallback() string { return c.fallbacks[len(c.fallbacks)-1].value }

// may reports whether a row that was inserted in a span of time may have a value: that of a default which was in force at a moment of it.
func (c *shapedColumn) may(value string, began, ended int64) bool {
	for i, f := range c.fallbacks {
		over := i+1 < len(c.fallbacks) && c.fallbacks[i+1].ended < began
		if f.value == value && !over && (i == 0 || f.began <= ended) {
			return true
		}
	}
	return false
}

func (s *shape) clone() *shape {
	out := &shape{columns: slices.Clone(s.columns), rules: slices.Clone(s.rules), indexes: maps.Clone(s.indexes)}
	for i := range out.columns {
		out.columns[i].fallbacks = slices.Clone(out.columns[i].fallbacks)
	}
	return out
}

// String is what the server's catalogs show of it.
func (s *shape) String() string {
	var b strings.Builder
	for i := range s.columns {
		c := &s.columns[i]
		fmt.Fprintf(&b, "%s %s null=%v default=%s\n", c.name, c.kind, !c.notNull, c.fallback())
	}
	fmt.Fprintln(&b, slices.Sorted(slices.Values(s.rules)), slices.Sorted(maps.Keys(s.indexes)))
	return b.String()
}

func (s *shape) column(name string) *shapedColumn {
	for i := range s.columns {
		if s.columns[i].name == name {
			return &s.columns[i]
		}
	}
	return nil
}

// names are those that columns may have: few, so that a name comes again.
var names = []string{"c0", "c1", "c2", "c3", "c4", "c5"}

// wider are the types that columns get, with those that they can be changed to.
var wider = map[string][]string{
	"smallint": {"integer", "bigint"}, "integer": {"bigint", "text"}, "bigint": {"text"},
	"character varying(9)": {"character varying(20)", "text"}, "character varying(20)": {"text"}, "text": nil,
}

// definer draws changes of a table's shape.
type definer struct {
	rand   *rand.Rand
	table  string
	number int // of names and values
}

// definition is a change: a statement, and the shape that it makes.
type definition struct {
	sql  string
	next *shape
	// refusals are the SQLSTATEs that it may be refused with; never says that it must be.
	refusals []string
	never    bool
	alone    bool // not inside of a block
	touched  map[string]bool
}

func (d *definer) drawn(list []string) string { return list[d.rand.IntN(len(list))] }

// draw makes the next change. began is its moment; the moment of its acknowledgement is set by acknowledge.
func (d *definer) draw(now *shape, began int64) *definition {
	d.number++
	if d.rand.IntN(3) == 0 {
		return d.index(now)
	}
	out := &definition{next: now.clone(), touched: map[string]bool{}}
	var actions []string
	for range 1 + d.rand.IntN(3) {
		if text := d.action(out, began); text != "" {
			actions = append(actions, text)
		}
	}
	if len(actions) == 0 {
		return d.index(now)
	}
	out.sql = "ALTER TABLE " + d.table + " " + strings.Join(actions, ", ")
	if d.rand.IntN(8) == 0 { // all of it, and what cannot be
		out.sql += fmt.Sprintf(", ADD CONSTRAINT bad_%d CHECK (k < 0)", d.number)
		out.refusals, out.never, out.alone = append(out.refusals, "23514"), true, true
	}
	if d.rand.IntN(6) == 0 && !out.never {
		if renamed := d.rename(now); renamed != nil {
			return renamed
		}
	}
	return out
}

// action draws an action of ALTER TABLE; "" where there is none of the kind. Of one statement no two are about the same column, but for those that it adds.
func (d *definer) action(to *definition, began int64) string {
	s := to.next
	if len(s.columns) == 0 {
		return d.add(to, began)
	}
	c := &s.columns[d.rand.IntN(len(s.columns))]
	if to.touched[c.name] {
		return ""
	}
	to.touched[c.name] = true
	switch d.rand.IntN(8) {
	case 0, 1:
		return d.add(to, began)
	case 2:
		name := c.name
		s.columns = slices.DeleteFunc(s.columns, func(c shapedColumn) bool { return c.name == name })
		maps.DeleteFunc(s.indexes, func(_, on string) bool { return on == name })
		return "DROP COLUMN " + name
	case 3:
		list := wider[c.kind]
		if len(list) == 0 {
			return ""
		}
		kind := d.drawn(list)
		to.alone = true // where the values must be computed anew
		if kind == "text" && !strings.HasPrefix(c.kind, "char") {
			to.refusals = append(to.refusals, "0A000")
		}
		c.kind = kind
		return "ALTER " + c.name + " TYPE " + kind
	case 4:
		value := d.value(c.kind)
		c.fallbacks = append(c.fallbacks, fallback{value: value, began: began})
		return "ALTER " + c.name + " SET DEFAULT " + quoted(value)
	case 5:
		if c.notNull || c.fallback() == "" {
			return ""
		}
		c.fallbacks = append(c.fallbacks, fallback{began: began})
		return "ALTER " + c.name + " DROP DEFAULT"
	case 6:
		if c.notNull {
			c.notNull = false
			return "ALTER " + c.name + " DROP NOT NULL"
		}
		if c.fallback() == "" {
			return ""
		}
		c.notNull, to.alone, to.refusals = true, true, append(to.refusals, "23502")
		return "ALTER " + c.name + " SET NOT NULL"
	}
	if len(s.rules) > 0 && d.rand.IntN(2) == 0 {
		name := d.drawn(s.rules)
		if to.touched[name] {
			return ""
		}
		s.rules = slices.DeleteFunc(s.rules, func(r string) bool { return r == name })
		return "DROP CONSTRAINT " + name
	}
	name := fmt.Sprintf("rule%d_%d", len(s.rules), d.number)
	s.rules, to.alone, to.touched[name] = append(s.rules, name), true, true
	if d.rand.IntN(3) == 0 {
		return "ADD CONSTRAINT " + name + " UNIQUE (k)"
	}
	return "ADD CONSTRAINT " + name + " CHECK (v >= 0)"
}

func (d *definer) add(to *definition, began int64) string {
	free := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return to.next.column(n) != nil })
	if len(free) == 0 {
		return ""
	}
	c := shapedColumn{name: d.drawn(free), kind: d.drawn([]string{"smallint", "integer", "bigint", "character varying(9)", "text"})}
	text := "ADD COLUMN " + c.name + " " + c.kind
	f := fallback{began: began}
	if d.rand.IntN(4) > 0 {
		f.value = d.value(c.kind)
		text += " DEFAULT " + quoted(f.value)
		if d.rand.IntN(3) == 0 {
			c.notNull = true
			text += " NOT NULL"
		}
	}
	c.fallbacks, to.touched[c.name] = []fallback{f}, true
	to.next.columns = append(to.next.columns, c)
	return text
}

func (d *definer) rename(now *shape) *definition {
	free := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return now.column(n) != nil })
	if len(free) == 0 || len(now.columns) == 0 {
		return nil
	}
	out := &definition{next: now.clone()}
	c := &out.next.columns[d.rand.IntN(len(now.columns))]
	out.sql = "ALTER TABLE " + d.table + " RENAME COLUMN " + c.name + " TO " + free[0]
	for name, on := range out.next.indexes {
		if on == c.name {
			out.next.indexes[name] = free[0]
		}
	}
	c.name = free[0]
	return out
}

// value draws a default; each is another one.
func (d *definer) value(kind string) string {
	d.number++
	n := strconv.Itoa(d.number % 30000)
	if strings.HasPrefix(kind, "char") || kind == "text" {
		return "d" + n
	}
	return n
}

func quoted(value string) string {
	if strings.HasPrefix(value, "d") {
		return "'" + value + "'"
	}
	return value
}

// index draws a change of indexes.
func (d *definer) index(now *shape) *definition {
	out := &definition{next: now.clone()}
	have := slices.Sorted(maps.Keys(now.indexes))
	kind := d.rand.IntN(6)
	if len(have) == 0 || kind < 3 && len(have) < 5 {
		name := fmt.Sprintf("%s_x%d", d.table, d.number)
		on, using := "note", " USING gin (note gin_trgm_ops)"
		if d.rand.IntN(4) > 0 {
			on = d.drawn([]string{"k", "v", "note"})
			if n := len(now.columns); n > 0 && d.rand.IntN(2) == 0 {
				on = now.columns[d.rand.IntN(n)].name
			}
			using = " USING " + d.drawn([]string{"btree", "bitmap", "bloom"}) + " (" + on + ")"
		}
		out.next.indexes[name] = on
		out.sql = "CREATE INDEX " + name + " ON " + d.table + using
		return out
	}
	name := d.drawn(have)
	switch kind {
	case 3:
		again := fmt.Sprintf("%s_x%d", d.table, d.number)
		out.next.indexes[again] = out.next.indexes[name]
		delete(out.next.indexes, name)
		out.sql = "ALTER INDEX " + name + " RENAME TO " + again
	case 4:
		out.sql = "REINDEX INDEX " + name
	default:
		delete(out.next.indexes, name)
		out.sql = "DROP INDEX " + name
	}
	return out
}

// acknowledge sets the moment at which what began then was known to be done.
func (s *shape) acknowledge(began, ended int64) {
	for i := range s.columns {
		for k := range s.columns[i].fallbacks {
			if f := &s.columns[i].fallbacks[k]; f.began == began {
				f.ended = ended
			}
		}
	}
}

var defaultValue = regexp.MustCompile(`^'?(d?\d+)'?(::.*)?$`)

// shownDefault takes the value out of a default as catalogs show it; a default that looks otherwise is shown as it is.
func shownDefault(text string) string {
	if m := defaultValue.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return text
}
