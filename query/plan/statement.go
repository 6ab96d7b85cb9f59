package plan

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Statement is a bound statement: exactly one of these.
type Statement interface{ statement() }

// Query returns rows.
type Query struct {
	Root  Node
	First []Subquery
}

// Subquery is a query that is run before a statement, after those that stand in front of it in the list, and gives the value of
// one of its parameters: the one column of its row, NULL without a row. More than one row is error 21000.
type Subquery struct {
	Root  Node
	Param int // of expr.Param
	Name  string
	Pos   int
}

// Explain returns the plan of a query, or of a statement that changes rows, as rows of text: one of the two is set.
type Explain struct {
	Query   *Query
	Modify  *Modify
	Analyze bool
	JSON    bool
	// What is not wanted of what is shown else, and what is wanted besides.
	NoCosts, NoTiming, NoSummary, NoBuffers bool
	Verbose                                 bool
	Generic                                 bool // of the plan that serves all values of the parameters
}

// Set gives a session setting a value, or several that make a list; no values stand for the default.
type Set struct {
	Name   string
	Values []string
	Local  bool // until the transaction ends
}

// Reset gives a session setting its default, all of them if Name is "".
type Reset struct{ Name string }

// Unlisten ends listening, which no session does.
type Unlisten struct{}

// Discard drops what a session holds: "all", "plans", "sequences" or "temp".
type Discard struct{ What string }

// Tag is the word behind DISCARD in the command's tag.
func (d *Discard) Tag() string { return strings.ToUpper(d.What) }

// Show reads a session setting, every one if Name is "all".
type Show struct{ Name string }

// Users changes users by commands of the catalog, in this order. Drops lists what DROP USER names: IfExists passes over those that are not there.
type Users struct {
	Tag      string
	Create   *meta.CreateUser
	Alter    *meta.AlterUser
	Drop     []string
	IfExists bool
	// Password is in clear, for the verifier to be made of; nil = none was given. Clear says PASSWORD NULL.
	Password *string
	Clear    bool
}

// History is CREATE PIN, DROP PIN or CREATE TABLE … CLONE. The zero value of At is now.
type History struct {
	Tag       string
	CreatePin *meta.CreatePin
	DropPin   *meta.DropPin
	IfExists  bool
	Clone     *Clone
	At        AsOf
}

// Clone is the table that is made and what it is made of; schemas are "" where none was written.
type Clone struct {
	Schema, Name             string
	SourceSchema, SourceName string
	Pos, SourcePos           int
	IfNotExists              bool
}

func (*History) statement()  {}
func (*Users) statement()    {}
func (*Query) statement()    {}
func (*Explain) statement()  {}
func (*Set) statement()      {}
func (*Reset) statement()    {}
func (*Discard) statement()  {}
func (*Unlisten) statement() {}
func (*Show) statement()     {}

// Params describes the parameters a statement takes, by number from 0.
type Params []column.Type

// Literal gives the vector of a literal expression, nil for any other.
func Literal(e expr.Expr) *column.Vector {
	if l, ok := e.(*expr.Literal); ok {
		return l.Value
	}
	return nil
}
