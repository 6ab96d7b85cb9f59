package suite

import "strings"

// Table is a table of a suite: its columns, "name type" each, in the order of its file. None is NULL.
type Table struct {
	Name    string
	Columns []string
	Order   []string // the columns that a system with a sorting key sorts by
	Indexes []string // the columns of each index that PostgreSQL gets
}

// create is the statement that makes it, in a system's names for types.
func (t Table) create(kind func(string) string) string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		name, k, _ := strings.Cut(c, " ")
		columns[i] = name + " " + kind(k) + " NOT NULL"
	}
	return "CREATE TABLE " + t.Name + " (" + strings.Join(columns, ", ") + ")"
}

// postgresType is PostgreSQL's name for a type, which Aegis and DuckDB have, too.
func postgresType(kind string) string { return kind }
