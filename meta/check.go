package meta

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
)

// The SQLSTATEs of what the catalog refuses, as PostgreSQL has them.
const (
	stateInvalidName       = "42602"
	stateReservedName      = "42939"
	stateDuplicateColumn   = "42701"
	stateDuplicateDatabase = "42P04"
	stateDuplicateTable    = "42P07"
	stateNoTable           = "42P01"
	stateNoDatabase        = "3D000"
	stateNoColumn          = "42703"
	stateInvalidTable      = "42P16" // invalid_table_definition
	stateTooManyColumns    = "54011"
	stateNotNull           = "23502"
	stateNoSchema          = "3F000"
	stateDuplicateSchema   = "42P06"
	stateDuplicateObject   = "42710"
	stateInUse             = "55006"
	stateDependent         = "2BP01"
	stateSequenceEnded     = "2200H"
	stateUnsupported       = "0A000"
)

const (
	// maxName is the longest name in bytes. PostgreSQL cuts at 63; names that come from metrics and label names are
	// longer, and 255 is what file systems and other databases stop at.
	maxName = 255
	// maxColumns is PostgreSQL's limit, and keeps a schema record far below the size of a log entry.
	maxColumns = 1600
)

// reservedSchemas hold only computed tables: one made there would be hidden by them.
var reservedSchemas = [...]string{MetricsSchema, "pg_catalog", "information_schema"}

func checkName(what, name string) error {
	switch {
	case name == "":
		return column.SQLErrorf(column.Invalid, stateInvalidName, "the name of a %s must not be empty", what)
	case len(name) > maxName:
		return column.SQLErrorf(column.Invalid, stateInvalidName, "the name of a %s may have %d bytes, this one has %d", what, maxName, len(name))
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return column.SQLErrorf(column.Invalid, stateInvalidName, "the name %q of a %s is not valid UTF-8 or has a zero byte", name, what)
	}
	return nil
}

// CheckSchema says what is wrong with a table's description: what CreateTable and AddColumns refuse. The catalog itself
// makes the time column NOT NULL before it asks.
func CheckSchema(s *column.Schema) error {
	if err := checkFields(s.Fields); err != nil {
		return err
	}
	if err := checkTags(s); err != nil {
		return err
	}
	if err := checkTime(s); err != nil {
		return err
	}
	return checkKey(s)
}

func checkFields(fields []column.Field) error {
	if len(fields) == 0 {
		return column.SQLErrorf(column.Unsupported, stateUnsupported, "a table must have at least one column")
	}
	if len(fields) > maxColumns {
		return column.SQLErrorf(column.Limit, stateTooManyColumns, "a table may have %d columns, this one has %d", maxColumns, len(fields))
	}
	names, ids := make(map[string]bool, len(fields)), make(map[column.ID]bool, len(fields))
	for _, f := range fields {
		if err := checkName("column", f.Name); err != nil {
			return err
		}
		switch {
		case names[f.Name]:
			return column.SQLErrorf(column.Invalid, stateDuplicateColumn, "column %q is there more than once", f.Name)
		case f.ID == 0:
			return column.Errorf(column.Invalid, "column %q has no id", f.Name)
		case f.ID > maxColumnID:
			return column.Errorf(column.Limit, "column %q has id %d, the greatest is %d", f.Name, f.ID, maxColumnID)
		case ids[f.ID]:
			return column.Errorf(column.Invalid, "column %q has id %d of another column", f.Name, f.ID)
		case !f.Type.Valid():
			return column.Errorf(column.Unsupported, "column %q has a type this version does not know: %s", f.Name, f.Type)
		}
		names[f.Name], ids[f.ID] = true, true
	}
	return nil
}

// maxColumnID is what a Parquet field id, a signed 32-bit number, can hold.
const maxColumnID = 1<<31 - 1

func checkTags(s *column.Schema) error {
	if s.LabelSets && len(s.Tags) == 0 {
		return column.SQLErrorf(column.Invalid, stateInvalidTable, "a table of label sets must have a tag that holds them")
	}
	for i, id := range s.Tags {
		f, err := columnOf(s, "tag", id)
		if err != nil {
			return err
		}
		if slices.Contains(s.Tags[:i], id) {
			return column.SQLErrorf(column.Invalid, stateDuplicateColumn, "column %q is a tag twice", f.Name)
		}
		labels := s.LabelSets && i == len(s.Tags)-1
		isText := f.Type.Kind == column.Text || f.Type.Kind == column.Varchar
		switch {
		case labels && !isText && f.Type.Kind != column.JSON:
			return column.SQLErrorf(column.Invalid, stateInvalidTable, "the label sets %q must be json or text, not %s", f.Name, f.Type)
		case !labels && !isText && !f.Type.IsInteger() && f.Type.Kind != column.Bool:
			return column.SQLErrorf(column.Invalid, stateInvalidTable, "tag %q must be text, an integer or boolean, not %s", f.Name, f.Type)
		}
	}
	return nil
}

func checkTime(s *column.Schema) error {
	if s.Time == 0 {
		if s.Partition != 0 {
			return column.SQLErrorf(column.Invalid, stateInvalidTable, "a table without a time column has no partition length")
		}
		return nil
	}
	f, err := columnOf(s, "time", s.Time)
	switch {
	case err != nil:
		return err
	case !f.Type.IsTime():
		return column.SQLErrorf(column.Invalid, stateInvalidTable, "time column %q must be a timestamp, not %s", f.Name, f.Type)
	case !f.NotNull:
		return column.SQLErrorf(column.Invalid, stateInvalidTable, "time column %q must be NOT NULL", f.Name)
	case s.IsTag(s.Time):
		return column.SQLErrorf(column.Invalid, stateInvalidTable, "time column %q cannot be a tag as well", f.Name)
	case s.Partition <= 0:
		return column.SQLErrorf(column.Invalid, stateInvalidTable, "the partition length of time column %q must be positive, it is %d", f.Name, s.Partition)
	}
	return nil
}

func checkKey(s *column.Schema) error {
	if s.Enforced && (len(s.Key) == 0 || s.Merge) {
		return column.SQLErrorf(column.Invalid, stateInvalidTable, "a primary key needs columns, and rows that do not merge")
	}
	if len(s.Key) == 0 {
		if s.Merge {
			return column.SQLErrorf(column.Invalid, stateInvalidTable, "a table whose rows merge must have a key that says which rows are one")
		}
		return nil
	}
	for i, id := range s.Key {
		f, err := columnOf(s, "key", id)
		if err != nil {
			return err
		}
		if slices.Contains(s.Key[:i], id) {
			return column.SQLErrorf(column.Invalid, stateDuplicateColumn, "column %q is in the key twice", f.Name)
		}
	}
	needed := slices.Clone(s.Tags)
	if s.Time != 0 {
		needed = append(needed, s.Time)
	}
	for _, id := range needed {
		if !slices.Contains(s.Key, id) {
			return column.SQLErrorf(column.Invalid, stateInvalidTable,
				"the key must hold every tag and the time column, %q is missing", s.Fields[s.Index(id)].Name)
		}
	}
	return nil
}

func columnOf(s *column.Schema, role string, id column.ID) (*column.Field, error) {
	if i := s.Index(id); i >= 0 {
		return &s.Fields[i], nil
	}
	return nil, column.SQLErrorf(column.Invalid, stateNoColumn, "the %s column with id %d is not a column of the table", role, id)
}
