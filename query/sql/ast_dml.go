package sql

// Insert is INSERT INTO. Query is nil for DEFAULT VALUES; a VALUES list is a
// Query whose Body is *Values, with *Default where DEFAULT was written.
type Insert struct {
	Pos   int
	With  *With
	Table Name
	// Alias is INSERT INTO t AS alias.
	Alias string
	// Columns is nil when no list was written.
	Columns []Ident
	// Overriding is "", "system" or "user".
	Overriding string
	Query      *Query
	OnConflict *OnConflict
	Returning  []SelectItem
}

// OnConflict is ON CONFLICT [target] DO NOTHING or DO UPDATE SET ... .
type OnConflict struct {
	Pos int
	// Target and TargetWhere describe the index; Constraint names it instead.
	// Both may be absent with DO NOTHING. TargetPos is the place of its
	// parenthesis.
	TargetPos   int
	Target      []IndexElem
	TargetWhere Expr
	Constraint  string
	// DoUpdate tells DO UPDATE from DO NOTHING.
	DoUpdate bool
	Set      []Assignment
	Where    Expr
}

// Assignment is column = value of UPDATE. With Multi it is (a, b, ...) = value
// where value is a *Row, a *Subquery or another expression of row type.
// Value may be *Default.
type Assignment struct {
	Pos     int
	Columns []Ident
	Multi   bool
	Value   Expr
}

// Update is UPDATE.
type Update struct {
	Pos       int
	With      *With
	Table     *Table
	Set       []Assignment
	From      []TableExpr
	Where     Expr
	Returning []SelectItem
}

// Delete is DELETE FROM.
type Delete struct {
	Pos       int
	With      *With
	Table     *Table
	Using     []TableExpr
	Where     Expr
	Returning []SelectItem
}

// MergeMatch is the condition under which a MergeWhen applies.
type MergeMatch uint8

// The conditions of a MergeWhen.
const (
	Matched MergeMatch = iota
	NotMatchedBySource
	NotMatchedByTarget
)

// MergeAction is what a MergeWhen does.
type MergeAction uint8

// The actions of a MergeWhen.
const (
	MergeNothing MergeAction = iota
	MergeUpdate
	MergeDelete
	MergeInsert
)

// Merge is MERGE INTO.
type Merge struct {
	Pos       int
	With      *With
	Table     *Table
	Source    TableExpr
	On        Expr
	Whens     []MergeWhen
	Returning []SelectItem
}

// MergeWhen is one WHEN of a Merge. Set belongs to MergeUpdate; Columns,
// Overriding and Values to MergeInsert (Values is nil for DEFAULT VALUES).
type MergeWhen struct {
	Pos        int
	Match      MergeMatch
	Cond       Expr
	Action     MergeAction
	Set        []Assignment
	Columns    []Ident
	Overriding string
	Values     []Expr
}

// Copy is COPY. Exactly one of Table and Query is set. File is empty for STDIN
// and STDOUT.
type Copy struct {
	Pos     int
	Table   *Name
	Columns []Ident
	Query   Stmt
	// From tells COPY ... FROM from COPY ... TO.
	From    bool
	File    string
	Program bool
	Options []Option
	Where   Expr
}

// Truncate is TRUNCATE.
type Truncate struct {
	Pos     int
	Tables  []*Table
	Restart bool
	Cascade bool
}
