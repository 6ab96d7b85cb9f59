package suite

import "strings"

// Table is a table of a suite: its columns, "name type" each, in the order of its file. None is NULL.
type Table struct {
	Name    string
	Columns []string
}

// create is the statement that makes it, the same for both systems.
func (t Table) create() string {
	return "CREATE TABLE " + t.Name + " (" + strings.Join(t.Columns, " NOT NULL, ") + " NOT NULL)"
}

// quoted says which columns' values are written as strings.
func (t Table) quoted() []bool {
	out := make([]bool, len(t.Columns))
	for i, c := range t.Columns {
		_, kind, _ := strings.Cut(c, " ")
		out[i] = kind == "text" || kind == "date" || kind == "timestamp"
	}
	return out
}
