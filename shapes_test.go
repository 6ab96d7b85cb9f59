package aegis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query"
)

// shape is a kind of table whose rows take a way of their own through the store.
type shape struct {
	columns string // of CREATE TABLE
	options string
}

// shapes has every combination of time, tags and key that a table may have.
var shapes = map[string]shape{
	"plain":        {"a bigint, b text, f double precision, ok boolean", ""},
	"timed":        {"ts timestamptz, v double precision, note text", "time_column = ts"},
	"timed_keyed":  {"name text, ts timestamptz, v double precision", "time_column = ts, unique_key = (ts, name)"},
	"tagged":       {"ts timestamptz, host text, v double precision, n bigint", "time_column = ts, tags = (host), partition_interval = '1 hour'"},
	"tagged_keyed": {"host text, cpu integer, ts timestamptz, v double precision, n bigint, ok boolean", "time_column = ts, tags = (host, cpu), unique_key = (host, cpu, ts)"},
	"grouped":      {"host text, n bigint, b text", "tags = (host)"},
	"settings":     {"name text, n bigint", "unique_key = (name)"},
	"points":       {"time timestamp_ns, host text, v double precision, n bigint, note text, ok boolean", "time_column = time, tags = (host), unique_key = (host, time), merge_fields = true"},
	"states":       {"name text, v double precision, note text", "unique_key = (name), merge_fields = true"},
	"inventory":    {"host text, slot integer, n bigint", "tags = (host), unique_key = (slot, host)"},
}

func shapeNames() []string { return slices.Sorted(maps.Keys(shapes)) }

func (s shape) create(name string) string {
	text := "CREATE TABLE " + name + " (" + s.columns + ")"
	if s.options != "" {
		text += " WITH (" + s.options + ")"
	}
	return text
}

// cell is a value of a row; nil is NULL. Else int64 (integers, microseconds), float64, bool or string.
type cell any

// modelRow is a row in the order of its table's fields.
type modelRow []cell

// text prints a row so that equal rows, and only those, have equal texts: NaNs are one, zero has two signs.
func (r modelRow) text() string {
	cells := make([]string, len(r))
	for i, c := range r {
		cells[i] = cellText(c)
	}
	return strings.Join(cells, "|")
}

func cellText(c cell) string {
	switch v := c.(type) {
	case nil:
		return "NULL"
	case string:
		return strconv.Quote(v)
	default:
		return fmt.Sprint(v)
	}
}

// model is what a table should hold.
type model struct {
	schema *column.Schema
	rows   []modelRow     // of a table without a key
	keyed  map[string]int // of a table with one: the place in rows
}

func newModel(s *column.Schema) *model { return &model{schema: s, keyed: map[string]int{}} }

func (m *model) clone() *model {
	return &model{schema: m.schema, rows: slices.Clone(m.rows), keyed: maps.Clone(m.keyed)}
}

// write is an acknowledged write: of equal keys the last wins, as a whole or, where rows merge, by each value that it has.
func (m *model) write(rows []modelRow) {
	for _, r := range rows {
		if len(m.schema.Key) == 0 {
			m.rows = append(m.rows, r)
			continue
		}
		name := m.key(r)
		at, there := m.keyed[name]
		if !there {
			m.keyed[name] = len(m.rows)
			m.rows = append(m.rows, r)
			continue
		}
		if m.schema.Merge {
			old := m.rows[at]
			r = slices.Clone(r)
			for k, c := range r {
				if c == nil {
					r[k] = old[k]
				}
			}
		}
		m.rows[at] = r
	}
}

// key names a row. Added tags that are absent change no name.
func (m *model) key(r modelRow) string {
	var k []string
	for _, id := range m.schema.Key {
		c := r[m.schema.Index(id)]
		if f, ok := c.(float64); ok && f == 0 {
			c = 0.0 // −0 = 0 in keys
		}
		if c != nil {
			k = append(k, fmt.Sprint(id, "=", cellText(c)))
		}
	}
	return strings.Join(k, "|")
}

// grow follows a table that got columns: they are NULL in the rows that exist.
func (m *model) grow(s *column.Schema) {
	m.schema = s
	for i, r := range m.rows {
		m.rows[i] = append(slices.Clip(r), make(modelRow, len(s.Fields)-len(r))...)
	}
}

// texts lists the rows, sorted.
func (m *model) texts() []string {
	out := make([]string, len(m.rows))
	for i, r := range m.rows {
		out[i] = r.text()
	}
	slices.Sort(out)
	return out
}

// column gives a column's values.
func (m *model) column(name string) []cell {
	i := m.schema.Lookup(name)
	out := make([]cell, len(m.rows))
	for k, r := range m.rows {
		out[k] = r[i]
	}
	return out
}

// compareCells orders as SQL does: NULL last, NaN above every number.
func compareCells(a, b cell) int {
	switch {
	case a == nil || b == nil:
		return cmp.Compare(b2i(a == nil), b2i(b == nil))
	}
	switch x := a.(type) {
	case int64:
		return cmp.Compare(x, b.(int64))
	case float64:
		y := b.(float64)
		if math.IsNaN(x) || math.IsNaN(y) {
			return cmp.Compare(b2i(math.IsNaN(x)), b2i(math.IsNaN(y)))
		}
		return cmp.Compare(x, y)
	case bool:
		return cmp.Compare(b2i(x), b2i(b.(bool)))
	default:
		return cmp.Compare(a.(string), b.(string))
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// read runs a query and gives its rows.
func read(ctx context.Context, s *query.Session, text string) ([]modelRow, error) {
	r, err := s.Run(ctx, query.Request{SQL: text})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	defer r.Close()
	var out []modelRow
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		for i := range b.Len {
			row := make(modelRow, len(b.Columns))
			for k, v := range b.Columns {
				row[k] = cellOf(v, i)
			}
			out = append(out, row)
		}
	}
}

func cellOf(v *column.Vector, i int) cell {
	if v.IsNull(i) {
		return nil
	}
	switch v.Type.Physical() {
	case column.PhysInt:
		return v.Int(i)
	case column.PhysFloat:
		return v.Float(i)
	case column.PhysBool:
		return v.Bool(i)
	case column.PhysBytes:
		return string(v.Bytes(i))
	default:
		return string(literal.Append(nil, v, i, literal.Options{}))
	}
}

// vectors lays rows out as the write path takes them.
func vectors(t *meta.Table, rows []modelRow) meta.Rows {
	out := meta.Rows{Table: t, Len: len(rows)}
	for k, f := range t.Columns.Fields {
		b := column.NewBuilder(f.Type, len(rows))
		for _, r := range rows {
			switch v := r[k].(type) {
			case nil:
				b.AppendNull()
			case int64:
				b.AppendInt(v)
			case float64:
				b.AppendFloat(v)
			case bool:
				b.AppendBool(v)
			case string:
				b.AppendString(v)
			}
		}
		out.Columns = append(out.Columns, b.Finish())
	}
	return out
}

// values writes rows as the VALUES list of an INSERT.
func values(t *meta.Table, rows []modelRow) string {
	var list []string
	for _, r := range rows {
		cells := make([]string, len(r))
		for i, c := range r {
			cells[i] = sqlText(t.Columns.Fields[i].Type, c)
		}
		list = append(list, "("+strings.Join(cells, ", ")+")")
	}
	return strings.Join(list, ", ")
}

func sqlText(t column.Type, c cell) string {
	switch v := c.(type) {
	case nil:
		return "NULL"
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	case float64:
		return "'" + strconv.FormatFloat(v, 'g', -1, 64) + "'"
	case int64:
		if t.IsTime() {
			return "'" + string(literal.Append(nil, column.NewInts(t, []int64{v}, nil), 0, literal.Options{})) + "'"
		}
		return strconv.FormatInt(v, 10)
	default:
		return fmt.Sprint(v)
	}
}
