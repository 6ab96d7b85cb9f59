package catalog

import (
	"time"

	"github.com/automatanexus/aegis-db/column"
)

// Cursor is a portal of a session that can be read on.
type Cursor struct {
	Name, Text       string
	Holdable, Binary bool
	Created          time.Time
}

// PreparedStatement is what a session has prepared.
type PreparedStatement struct {
	Name, Text string
	Params     []column.Type
	FromSQL    bool // by PREPARE, not by the protocol
	Created    time.Time
}

// Held is what a session keeps under names.
type Held struct {
	Cursors  []Cursor
	Prepared []PreparedStatement
}

// hold asks the session what it keeps while a statement that wants to know is bound: later, other goroutines than the session's make the rows.
func (v *View) hold(relation string) {
	if v.Holds != nil && (relation == "pg_catalog.pg_cursors" || relation == "pg_catalog.pg_prepared_statements") {
		v.held = v.Holds()
	}
}

func init() {
	register("pg_catalog.pg_cursors", eachOf(func(v *View) []Cursor { return v.held.Cursors }), columns[Cursor]{
		"name": func(_ *View, c Cursor) any { return c.Name }, "statement": func(_ *View, c Cursor) any { return c.Text },
		"is_holdable": func(_ *View, c Cursor) any { return c.Holdable }, "is_binary": func(_ *View, c Cursor) any { return c.Binary },
		"is_scrollable": fixed[Cursor](false), "creation_time": func(_ *View, c Cursor) any { return c.Created },
	})
	register("pg_catalog.pg_prepared_statements", eachOf(func(v *View) []PreparedStatement { return v.held.Prepared }), columns[PreparedStatement]{
		"name": func(_ *View, p PreparedStatement) any { return p.Name }, "statement": func(_ *View, p PreparedStatement) any { return p.Text },
		"prepare_time": func(_ *View, p PreparedStatement) any { return p.Created }, "from_sql": func(_ *View, p PreparedStatement) any { return p.FromSQL },
		"parameter_types": func(_ *View, p PreparedStatement) any { return append([]int64{}, typeOIDs(p.Params)...) },
	})
}
