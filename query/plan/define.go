package plan

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Define is a statement that changes the catalog, worked out against one state of it: commands that are applied together or not at all, each of them
// conditional on what it was worked out from.
type Define struct {
	Tag      string
	Commands []meta.Command
	Notices  []Notice
	// Rows, if not nil, is a query whose rows are put into the table that the first command makes.
	Rows  Node
	First []Subquery
	// Table is where they go, as it will be; or what Holds are about, as it was.
	Table *meta.Table
	// Holds are rules that the commands make for rows of Table to come, and that rows that are there must satisfy, too: else nothing is done. Constraints that
	// they ask for are not valid in the commands, and become valid when they are proposed.
	Holds []Hold
	// Rewrite, if there are any, are columns of Table that have to be computed for the rows that are there: these are written anew.
	Rewrite []Computed
	// Alone says that it is no part of a transaction.
	Alone bool
	// Unstored, if not nil, is a table that must have nothing stored yet.
	Unstored *Unstored
}

// Hold is a query over a table: its rows break a rule.
type Hold struct {
	Query string
	// Key, if not empty, are the columns of the query's first row that the error's detail names.
	Key []string
	// State, Message and Hint are the error.
	State, Message, Hint string
	Pos                  int // byte offset; negative = none
	// Valid names the constraint that is valid, or makes its column NOT NULL, if there are no such rows.
	Valid string
}

// Computed is a column of a table that rows which are there get, or get anew.
type Computed struct {
	Column column.ID
	// Value is over the columns of the table as it was, or, if Late, as it will be; nil = the rows are numbered by Numbers, a sequence that the commands make.
	Value   expr.Expr
	Late    bool
	Numbers *meta.Sequence
}

// Unstored says that a table must have no segments.
type Unstored struct {
	Table *meta.Table
	Pos   int
}

// Notice is what a client is told beside a statement's result.
type Notice struct {
	Severity, State, Message, Detail, Hint string
}

func (*Define) statement() {}
