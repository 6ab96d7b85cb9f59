package plan

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// ChangeKind is the statement that a change was written as.
type ChangeKind uint8

// The statements.
const (
	InsertRows ChangeKind = iota
	UpdateRows
	DeleteRows
	MergeRows
)

func (k ChangeKind) String() string {
	return [...]string{"Insert", "Update", "Delete", "Merge"}[k]
}

// The values of a change's column that says what happens to a row of its input.
const (
	NoAction int64 = iota
	InsertAction
	UpdateAction
	DeleteAction
)

// Change stands at the root of a plan and changes rows of a table. Its input gives a row for each that is to come, to go or to be replaced, with
// these columns in this order: if Addressed, two that say where the stored row lies, which are NULL for one that is new; if Choosing, a bigint that says
// what happens; if Whole, a whole new row of the table, field by field; then what RETURNING gives, of which Out are the descriptions.
//
// Nodes above and below know nothing of it: it is not run by package exec, but by the statement, which drains the input and commits what came.
type Change struct {
	Input Node
	Kind  ChangeKind
	Table Relation

	Addressed, Choosing, Whole bool
	// Distinct says that no stored row comes twice, so that nobody need look.
	Distinct bool
	// Seen says, of a table whose rows replace each other, that what the change writes depends on the rows of the same keys that it has seen.
	Seen bool
	// Checks are conditions over a new row of the table that must not be false.
	Checks []Check
	// Conflict is ON CONFLICT; nil = none.
	Conflict *Conflict
	// Out describes what RETURNING gives; nil = there is none.
	Out []Column
}

// Check is a condition over the fields of a table's row; a row for which it is false is refused.
type Check struct {
	Name string
	Cond expr.Expr
}

// Conflict is what an INSERT does about rows whose keys are there already. Proposed gives the whole rows that are to be inserted. The statement runs it
// first and hands its rows to the change's Input in place of the Given with ID Rows, numbered in their order by one column more.
type Conflict struct {
	Proposed Node
	Rows     *SharedID
	// Keys are those that count. With several nothing is updated: a row that any of them is in the way of is left out.
	Keys []ConflictKey
	// Update says DO UPDATE: a key that is proposed twice is an error; with DO NOTHING only its first row counts.
	Update bool
	// Rekeys says that a row which is updated may get another key.
	Rekeys bool
}

// ConflictKey is a key that rows are looked up by.
type ConflictKey struct {
	Fields []int
	// Distinct says that a key with a NULL equals no other.
	Distinct bool
	// Join looks the stored rows up. The statement makes its condition when it has seen the keys: Equal[i] compares field Fields[i] of a proposed row with that of
	// a stored one, and Same[i] does so where some are NULL; both are over the columns of Join.
	Join        *Join
	Same, Equal []expr.Expr
}

// Columns are those of RETURNING.
func (n *Change) Columns() []Column { return n.Out }

// Inputs are what is changed and, with ON CONFLICT, what is proposed.
func (n *Change) Inputs() []Node {
	if n.Conflict != nil {
		return []Node{n.Input, n.Conflict.Proposed}
	}
	return []Node{n.Input}
}

// With gives the same change over other inputs.
func (n *Change) With(in []Node) Node {
	c := *n
	c.Input = in[0]
	if n.Conflict != nil {
		conflict := *n.Conflict
		conflict.Proposed = in[1]
		c.Conflict = &conflict
	}
	return &c
}

// Given stands for rows that the statement has already: what a change in WITH has returned, or what INSERT … ON CONFLICT proposes.
type Given struct {
	Name string
	ID   *SharedID
	Out  []Column
	Rows int64 // about how many there will be; 0 = not known
}

// Columns is the output.
func (n *Given) Columns() []Column { return n.Out }

// Inputs are none.
func (n *Given) Inputs() []Node { return nil }

// With gives the same node.
func (n *Given) With([]Node) Node { return n }

// Modify is a statement that changes rows. The changes that stand in its WITH are made first, in this order, each on the same snapshot; then Change, or Query
// where the statement is a SELECT. All of them become visible together.
type Modify struct {
	With   []WithChange
	First  []Subquery
	Change *Change
	Query  Node
}

// WithChange is a change in WITH, whose rows stand for the Given with its ID.
type WithChange struct {
	Name   string
	First  []Subquery
	Change *Change
	ID     *SharedID
}

// Truncate ends all rows of tables. Restart says that the sequences that belong to them begin again.
type Truncate struct {
	Tables  []Relation
	Restart bool
}

func (*Modify) statement()   {}
func (*Truncate) statement() {}

// Root is the plan that gives the statement's rows.
func (m *Modify) Root() Node {
	if m.Change != nil {
		return m.Change
	}
	return m.Query
}

// Address tells the columns of a relation that say where a row lies from others.
type Address uint8

// The two columns.
const (
	NoAddress Address = iota
	PlaceAddress
	RowAddress
)

// Addressed gives a stored relation with two columns more, behind all others: where each row lies. They are ordinary columns to whoever rewrites a plan.
func Addressed(r Relation) Relation {
	bigint := column.T(column.Int64)
	return &addressed{Relation: r, columns: append(slices.Clip(slices.Clone(r.Columns())),
		RelationColumn{Name: "(place)", Type: bigint, NotNull: true, Address: PlaceAddress},
		RelationColumn{Name: "(row)", Type: bigint, NotNull: true, Address: RowAddress})}
}

type addressed struct {
	Relation
	columns []RelationColumn
}

func (a *addressed) Columns() []RelationColumn { return a.columns }

// Unaddressed gives the relation that Addressed was given, or the relation itself.
func Unaddressed(r Relation) Relation {
	if a, ok := r.(*addressed); ok {
		return a.Relation
	}
	return r
}
