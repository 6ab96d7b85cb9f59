package lineproto

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/meta"
)

// role is what a column is for.
type role uint8

const (
	isField role = iota
	isTag
	isTime
)

func (r role) String() string { return [...]string{"field", "tag", "time column"}[r] }

// member is a column of a table, or one that is to be made: then it has no id.
type member struct {
	field column.Field
	role  role

	line int // that gave it a value last
	at   int // where, in the values of that line

	builder *column.Builder // nil until there is a value

	stamp int    // of the tag set that gave it a value last
	tag   []byte // that value
}

// series is the tags of one or more rows in a row.
type series struct {
	tags []byte // as they are written
	bad  error
}

// expected is a field that the next line is likely to have.
type expected struct {
	name   []byte // as it was written
	member int32
}

// table collects the lines of one measurement.
type table struct {
	name    string
	table   *meta.Table // nil: it is to be made
	refuse  error       // why no line can be stored in it
	all     []*member
	members map[string]int32 // index in all, by name
	tags    []*member        // in the order of the schema's
	// required are columns that must have a value in every row.
	required []*member
	time     column.Field
	clock    clock

	newTags   []*member
	newFields []*member
	counted   bool // among the tables that are to be made

	usual    []expected
	used     []*member // that have a builder
	rowBytes int64     // what a row takes

	series []series
	hashes []ingest.SeriesHash // by series
	refs   []uint32            // by series
	hoped  int                 // rows that there is room for from the beginning
	of     []uint32            // by row: the series
	times  []int64
	lines  []int32 // by row
	epoch  uint64  // of refs
	spoilt bool    // some series is bad
}

// Bytes that things take, for the budget. Slices have been grown by doubling, so half of them may be empty.
const (
	tableBytes    = 1 << 10
	memberBytes   = 256
	rowFixedBytes = 2 * (8 + 4 + 4) // time, series, line
	cellBytes     = 2 * 9           // a number and its bit of validity
	seriesBytes   = 2 * (40 + 16 + 4)
)

// timeName is the time column of tables that are made here.
const timeName = "time"

// dayNanos is the length of their partitions.
const dayNanos = 24 * 60 * 60 * 1_000_000_000

// newTable describes a table that is there, or with nil one that is not.
func newTable(name string, existing *meta.Table, unit Precision) *table {
	t := &table{name: name, table: existing, members: map[string]int32{}, rowBytes: rowFixedBytes}
	if existing == nil {
		t.time = column.Field{Name: timeName, Type: column.T(column.TimestampNS), NotNull: true}
		t.join(t.time, isTime)
	} else if t.refuse = computes(existing); t.refuse == nil {
		t.describe(&existing.Columns)
	}
	if t.refuse == nil {
		t.clock = newClock(unit, t.time.Type.UnitsPerSecond())
	}
	return t
}

// computes refuses a table whose rows the SQL engine completes or checks: lines would go around that.
func computes(t *meta.Table) error {
	for i := range t.Constraints {
		if k := &t.Constraints[i]; k.Kind == meta.CheckConstraint || k.Kind == meta.ForeignConstraint {
			return wrong("table %q has the constraint %q, which line protocol cannot check: INSERT the rows", t.Name, k.Name)
		}
	}
	for i := range t.Columns.Fields {
		f := &t.Columns.Fields[i]
		switch {
		case f.Generated != "":
			return wrong("column %q of table %q is generated, which line protocol cannot compute: INSERT the rows", f.Name, t.Name)
		case f.Identity != column.NoIdentity || f.Default != "":
			return wrong("column %q of table %q has a default, which line protocol cannot compute: INSERT the rows", f.Name, t.Name)
		case t.Demands(f.ID):
			return wrong("column %q of table %q is being made NOT NULL: try again", f.Name, t.Name)
		}
	}
	return nil
}

func (t *table) describe(s *column.Schema) {
	at := s.Index(s.Time)
	switch {
	case at < 0:
		t.refuse = wrong("table %q has no time column, which line protocol writes to", t.name)
		return
	case s.LabelSets:
		t.refuse = wrong("table %q holds label sets, which line protocol cannot write", t.name)
		return
	}
	t.time = s.Fields[at]
	for _, f := range s.Fields {
		m := t.join(f, isField)
		switch {
		case f.ID == s.Time:
			m.role = isTime
		case s.IsTag(f.ID):
			m.role = isTag
		case f.NotNull:
			t.required = append(t.required, m)
		}
	}
	for _, id := range s.Tags {
		t.tags = append(t.tags, t.all[s.Index(id)])
	}
}

// join adds a column.
func (t *table) join(f column.Field, r role) *member {
	m := &member{field: f, role: r}
	t.members[f.Name] = int32(len(t.all))
	t.all = append(t.all, m)
	return m
}

// member finds a column, nil if there is none.
func (t *table) member(name []byte) *member {
	if i, ok := t.members[string(name)]; ok {
		return t.all[i]
	}
	return nil
}

// ownBytes is what a table takes without any row.
func (t *table) ownBytes() int64 { return tableBytes + int64(len(t.all))*memberBytes }

// holds reports whether the time column can hold a time.
func (t *table) holds(v int64) bool { return literal.InRange(v, t.time.Type) }

// expect notes that field i of the last line was this one.
func (t *table) expect(i int, written []byte, m int32) {
	switch {
	case i < len(t.usual):
		t.usual[i] = expected{written, m}
	case i == len(t.usual):
		t.usual = append(t.usual, expected{written, m})
	}
}

// append gives a row a value and tells how many bytes of text that took. Rows before that had none are NULL.
func (t *table) append(row int, v *value, body []byte) (grown int64) {
	b := t.all[v.member].builder
	if b == nil {
		return 0 // the column is to be made
	}
	if n := row - b.Len(); n > 0 {
		b.AppendNulls(n)
	}
	switch v.kind {
	case isInt:
		b.AppendInt(v.int())
	case isFloat:
		b.AppendFloat(v.float())
	case isBool:
		b.AppendBool(v.bits != 0)
	default:
		s := body[v.text.from:v.text.to]
		grown += 2 * int64(len(s))
		if v.escaped {
			s = appendString(make([]byte, 0, len(s)), s)
		}
		b.AppendBytes(s)
	}
	return grown
}

// columns gives the rows as vectors, the time first. With keep only the rows listed are in them.
func (t *table) columns(keep []int32) ([]ingest.PointColumn, error) {
	rows := len(t.times)
	out := make([]ingest.PointColumn, 0, 1+len(t.used))
	out = append(out, ingest.PointColumn{Field: t.time, Vector: column.NewInts(t.time.Type, t.times, nil)})
	for _, m := range t.used {
		if n := rows - m.builder.Len(); n > 0 {
			m.builder.AppendNulls(n)
		}
		if err := m.builder.Err(); err != nil {
			return nil, err
		}
		out = append(out, ingest.PointColumn{Field: m.field, Vector: m.builder.Finish()})
	}
	if keep == nil {
		return out, nil
	}
	for i := range out {
		b := column.NewBuilder(out[i].Field.Type, len(keep))
		b.AppendGather(out[i].Vector, keep)
		out[i].Vector = b.Finish()
	}
	return out, nil
}
