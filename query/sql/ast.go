package sql

// Node is any part of the tree that has a place in the text.
type Node interface {
	// Position is the byte offset of the node in the parsed text.
	Position() int
}

// Stmt is one complete statement.
type Stmt interface {
	Node
	stmtNode()
}

// Expr is a scalar expression, or one of the few things that stand where an
// expression stands: Star, Default, GroupingSet.
type Expr interface {
	Node
	exprNode()
}

// TableExpr is an item of FROM: *Table, *Derived, *TableFunc or *Join.
type TableExpr interface {
	Node
	tableExprNode()
}

// QueryBody is what ORDER BY and LIMIT apply to: *Select, *Values, *SetOp, and,
// only as an operand of a SetOp, a *Query that has clauses of its own.
type QueryBody interface {
	Node
	queryBodyNode()
}

// Statement is one element of a statement list.
type Statement struct {
	Stmt Stmt
	// Start and End delimit the statement in the text, without the semicolon
	// and without blanks or comments around it.
	Start, End int
	// NumParams is the highest number among $1, $2, ... (a ? counts as the next
	// number); 0 when the statement has none.
	NumParams int
	// ParamNames holds the names of :name parameters, in order of first use.
	ParamNames []string
}

// Name is a possibly qualified name of a table, function, type or collation.
// Schema and Catalog are empty when they were not written.
type Name struct {
	Pos     int
	Catalog string
	Schema  string
	Name    string
}

// Ident is a single name together with its place, used where an error about the
// name must be able to point at it.
type Ident struct {
	Pos  int
	Name string
}

// TypeName is a type as it was written, with PostgreSQL's spellings resolved to
// one internal name: integer and int give int4, double precision gives float8,
// timestamp with time zone gives timestamptz, character varying gives varchar,
// char gives bpchar with a modifier of 1, decimal gives numeric.
// A name that was quoted or qualified is kept as it is.
type TypeName struct {
	Pos    int
	Schema string
	Name   string
	// Mods are the modifiers in parentheses: numeric(10,2) has two.
	Mods []Expr
	// Fields restricts an interval: "", "year", "day to second", ...
	Fields string
	// Dims has one element per pair of brackets: 0 for [], n for [n].
	Dims []int
	// SetOf is SETOF, legal only for functions' results.
	SetOf bool
	// Keyword tells integer, which is always PostgreSQL's own type, from int4,
	// which is looked up like any name. Only the formatter needs to mind.
	Keyword bool
}

// Option is a "name = value" pair in a WITH or an option list.
type Option struct {
	Pos int
	// Namespace is the part before the dot of "namespace.name".
	Namespace string
	Name      string
	Value     OptionValue
}

// OptionKind tells how an option's value was written.
type OptionKind uint8

// The ways to write an option's value.
const (
	OptNone   OptionKind = iota // no value: WITH (x)
	OptString                   // 'text'
	OptNumber                   // 1, -2.5; Text holds the sign
	OptWord                     // a bare word, folded: on, true, zstd
	OptList                     // (a, 'b', 3)
)

// OptionValue is the value of an Option. Text holds it for every kind but
// OptList, whose elements are in List.
type OptionValue struct {
	Pos  int
	Kind OptionKind
	Text string
	List []OptionValue
}
