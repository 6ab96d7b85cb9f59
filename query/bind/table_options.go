package bind

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/sql"
)

// defaultPartition is the length of a time partition where none is given: a day, so that a table of minutes has thousands
// of rows in each and a year is a few hundred.
const defaultPartition = literal.MicrosPerDay

// tableOptions reads the WITH list of CREATE TABLE.
type tableOptions struct {
	schema    *column.Schema
	opt       literal.Options
	partition int64 // microseconds; 0 = not given
	retention int64 // microseconds; 0 = for ever
	kept      int   // place of the retention option
	history   int64 // microseconds; 0 = as everybody, negative = none
	given     int   // place of the partition option
	keyPos    int
	mergePos  int // place of the merge_fields option
}

func (t *tableOptions) read(list []sql.Option) error {
	seen := map[string]bool{}
	for _, o := range list {
		name := o.Name
		if o.Namespace != "" {
			name = o.Namespace + "." + name
		}
		switch name {
		case "time":
			name = "time_column"
		case "key":
			name = "unique_key"
		case "tag_columns":
			name = "tags"
		}
		if seen[name] {
			return errorAt(o.Pos, "22023", "parameter \"%s\" specified more than once", o.Name)
		}
		seen[name] = true
		if err := t.one(name, o); err != nil {
			return err
		}
	}
	return nil
}

func (t *tableOptions) one(name string, o sql.Option) error {
	switch name {
	case "time_column":
		ids, err := t.columns(o)
		if err != nil {
			return err
		}
		if len(ids) != 1 {
			return errorAt(o.Pos, "22023", "time_column names one column")
		}
		t.schema.Time = ids[0]
		f := t.field(ids[0])
		if !f.Type.IsTime() {
			return errorAt(o.Value.Pos, "42804", "time column \"%s\" must be a timestamp, not %s", f.Name, f.Type)
		}
		f.NotNull = true
	case "tags":
		ids, err := t.columns(o)
		if err != nil {
			return err
		}
		for _, id := range ids {
			f := t.field(id)
			isText := f.Type.Kind == column.Text || f.Type.Kind == column.Varchar && f.Mod == 0
			if !isText && f.Type.Kind != column.Bool && !f.Type.IsInteger() {
				return errorAt(o.Value.Pos, "42804", "tag \"%s\" must be text, an integer or boolean, not %s", f.Name, f.Type)
			}
		}
		t.schema.Tags = ids
	case "unique_key":
		ids, err := t.columns(o)
		if err != nil {
			return err
		}
		t.schema.Key, t.keyPos = ids, o.Value.Pos
	case "merge_fields":
		return t.mergeFields(o)
	case "partition_interval":
		return t.partitionInterval(o)
	case "retention":
		return t.retain(o)
	case "history":
		return t.remember(o)
	default:
		e := errorAt(o.Pos, "22023", "unrecognized parameter \"%s\"", name)
		e.Hint = "Known are time_column, tags, unique_key, merge_fields, partition_interval, retention and history."
		return e
	}
	return nil
}

// mergeFields reads a boolean; without a value it is true.
func (t *tableOptions) mergeFields(o sql.Option) error {
	t.mergePos, t.schema.Merge = o.Pos, true
	if o.Value.Kind == sql.OptNone {
		return nil
	}
	merge, err := literal.ParseBool(o.Value.Text)
	if err != nil || o.Value.Kind == sql.OptList {
		return errorAt(o.Pos, "22023", "merge_fields is true or false")
	}
	t.schema.Merge = merge
	return nil
}

func (t *tableOptions) partitionInterval(o sql.Option) error {
	iv, err := literal.ParseInterval(o.Value.Text, literal.PostgresIntervals)
	if err != nil {
		return place(err, o.Value.Pos)
	}
	t.given = o.Pos
	t.partition = int64(iv.Days)*literal.MicrosPerDay + iv.Micros
	const least = 60 * literal.MicrosPerSecond // shorter ones make more files than rows
	const most = 36500 * literal.MicrosPerDay
	if iv.Months != 0 || t.partition < least || t.partition > most {
		e := errorAt(o.Value.Pos, "22023", "partition_interval must be between one minute and 36500 days, without months")
		return e
	}
	return nil
}

// retain reads for how long rows are kept.
func (t *tableOptions) retain(o sql.Option) error {
	iv, err := literal.ParseInterval(o.Value.Text, literal.PostgresIntervals)
	if err != nil {
		return place(err, o.Value.Pos)
	}
	t.kept = o.Pos
	t.retention = int64(iv.Days)*literal.MicrosPerDay + iv.Micros
	if iv.Months != 0 || t.retention <= 0 {
		return errorAt(o.Value.Pos, "22023", "retention must be a positive interval without months")
	}
	return nil
}

// remember reads for how long the table's past can be read; '0' = not at all.
func (t *tableOptions) remember(o sql.Option) error {
	iv, err := literal.ParseInterval(o.Value.Text, literal.PostgresIntervals)
	if err != nil {
		return place(err, o.Value.Pos)
	}
	t.history = int64(iv.Days)*literal.MicrosPerDay + iv.Micros
	if iv.Months != 0 || t.history < 0 {
		return errorAt(o.Value.Pos, "22023", "history must be an interval that is not negative, without months")
	}
	if t.history == 0 {
		t.history = -1
	}
	return nil
}

// columns reads an option's value as a list of columns, each once.
func (t *tableOptions) columns(o sql.Option) ([]column.ID, error) {
	list := o.Value.List
	if o.Value.Kind != sql.OptList {
		list = nil
		for _, part := range strings.Split(o.Value.Text, ",") {
			list = append(list, sql.OptionValue{Pos: o.Value.Pos, Kind: o.Value.Kind, Text: strings.TrimSpace(part)})
		}
		if o.Value.Kind == sql.OptNone {
			return nil, errorAt(o.Pos, "22023", "parameter \"%s\" needs a value", o.Name)
		}
	}
	var out []column.ID
	for _, v := range list {
		i := t.schema.Lookup(v.Text)
		if i < 0 {
			return nil, errorAt(v.Pos, "42703", "column \"%s\" named in \"%s\" does not exist", v.Text, o.Name)
		}
		id := t.schema.Fields[i].ID
		for _, other := range out {
			if other == id {
				return nil, errorAt(v.Pos, "42701", "column \"%s\" appears twice in \"%s\"", v.Text, o.Name)
			}
		}
		out = append(out, id)
	}
	return out, nil
}

func (t *tableOptions) field(id column.ID) *column.Field {
	return &t.schema.Fields[t.schema.Index(id)]
}

// finish checks what the options mean together.
func (t *tableOptions) finish(pos int) error {
	s := t.schema
	if s.Time != 0 {
		if s.IsTag(s.Time) {
			return errorAt(pos, "22023", "column \"%s\" cannot be a tag and the time column", t.field(s.Time).Name)
		}
		if t.partition == 0 && s.Partition != 0 {
			return t.finishKey() // copied from another table
		}
		if t.partition == 0 {
			t.partition = defaultPartition
		}
		s.Partition = t.partition / literal.MicrosPerSecond * t.field(s.Time).Type.UnitsPerSecond()
	} else if t.partition != 0 {
		return errorAt(t.given, "22023", "partition_interval needs a time_column")
	} else if t.retention != 0 {
		return errorAt(t.kept, "22023", "retention needs a time_column")
	}
	return t.finishKey()
}

func (t *tableOptions) finishKey() error {
	s := t.schema
	if len(s.Key) == 0 {
		if s.Merge {
			return errorAt(t.mergePos, "22023", "merge_fields needs a unique_key, which says what rows are one")
		}
		return nil
	}
	var must []column.ID
	must = append(must, s.Tags...)
	if s.Time != 0 {
		must = append(must, s.Time)
	}
	for _, id := range must {
		if !containsID(s.Key, id) {
			return errorAt(t.keyPos, "22023", "unique_key must contain column \"%s\": rows are unique within a series and a time partition", t.field(id).Name)
		}
	}
	for _, id := range s.Key {
		f := t.field(id)
		switch f.Type.Kind {
		case column.IntervalKind, column.JSON, column.Numeric:
			return errorAt(t.keyPos, "42804", "column \"%s\" of type %s cannot be part of a unique_key", f.Name, f.Type)
		}
		if !s.IsTag(id) {
			f.NotNull = true
		}
	}
	return nil
}

func containsID(list []column.ID, id column.ID) bool {
	for _, x := range list {
		if x == id {
			return true
		}
	}
	return false
}
