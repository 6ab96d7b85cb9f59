package sql

// ColumnRef is a column, possibly qualified: Parts are [column],
// [table, column], [schema, table, column] or [catalog, schema, table, column].
// The binder decides which reading holds.
type ColumnRef struct {
	Pos   int
	Parts []string
}

// Star is * or qualifier.* in a select list.
type Star struct {
	Pos       int
	Qualifier []string
}

// LiteralKind is the kind of a Literal.
type LiteralKind uint8

// The kinds of literals.
const (
	// LitNull is NULL.
	LitNull LiteralKind = iota
	// LitBool is TRUE or FALSE; Text is "true" or "false".
	LitBool
	// LitInt is an integer in decimal digits, with '-' when negative, whatever
	// its size: int4, int8 or numeric is chosen by the value.
	LitInt
	// LitNumber has a fraction or an exponent: numeric.
	LitNumber
	// LitString is a string constant of unknown type; Text is decoded.
	LitString
	// LitBits is B'...', Text holds the digits.
	LitBits
	// LitHexBits is X'...', Text holds the digits.
	LitHexBits
)

// Literal is a constant. The sign of a number directly behind a minus is part
// of it, as in PostgreSQL, so that the smallest int8 can be written.
type Literal struct {
	Pos  int
	Kind LiteralKind
	Text string
}

// TypedLiteral is a type followed by a string: timestamp '2024-01-01'. A Fields
// restriction of an interval stands in Type.
type TypedLiteral struct {
	Pos      int
	Type     *TypeName
	Value    string
	ValuePos int // where the string stands
}

// Param is $1 or ? (Index from 1, Name empty) or :name (Index 0).
type Param struct {
	Pos   int
	Index int
	Name  string
}

// Cast is CAST(x AS type) or x::type.
type Cast struct {
	Pos  int
	Expr Expr
	Type *TypeName
}

// Unary is a prefix operator: "-", "+", "~", "@", ... NOT is Not.
type Unary struct {
	Pos int
	Op  string
	// OpSchema is set by OPERATOR(schema.op).
	OpSchema string
	Expr     Expr
}

// Binary is an infix operator: arithmetic, comparison ("<>" also for "!="), and
// everything made of operator characters. AND and OR are Logic.
type Binary struct {
	Pos         int
	Op          string
	OpSchema    string
	Left, Right Expr
}

// LogicOp is AND or OR.
type LogicOp uint8

// The n-ary logical operators.
const (
	And LogicOp = iota
	Or
)

// Logic is a AND b AND c ... or the same with OR; Args has at least two
// elements.
type Logic struct {
	Pos  int
	Op   LogicOp
	Args []Expr
}

// Not is NOT x.
type Not struct {
	Pos  int
	Expr Expr
}

// IsKind is what IS tests for.
type IsKind uint8

// The tests of IS.
const (
	IsNull IsKind = iota
	IsTrue
	IsFalse
	IsUnknown
)

// Is is x IS [NOT] NULL, TRUE, FALSE or UNKNOWN.
type Is struct {
	Pos  int
	Expr Expr
	Kind IsKind
	Not  bool
}

// IsDistinct is x IS [NOT] DISTINCT FROM y.
type IsDistinct struct {
	Pos         int
	Left, Right Expr
	Not         bool
}

// Between is x [NOT] BETWEEN [SYMMETRIC] lo AND hi.
type Between struct {
	Pos       int
	Expr      Expr
	Lo, Hi    Expr
	Not       bool
	Symmetric bool
}

// In is x [NOT] IN (...). Exactly one of List and Query is set.
type In struct {
	Pos   int
	Expr  Expr
	List  []Expr
	Query *Query
	Not   bool
}

// LikeKind is the pattern language.
type LikeKind uint8

// The pattern languages.
const (
	Like LikeKind = iota
	ILike
	SimilarTo
)

// LikeExpr is x [NOT] LIKE pattern [ESCAPE e]. Escape is nil by default.
type LikeExpr struct {
	Pos     int
	Kind    LikeKind
	Expr    Expr
	Pattern Expr
	Escape  Expr
	Not     bool
}

// Quantified is x op ANY (...) or x op ALL (...), with a subquery or with an
// array. Op is an operator, or LIKE, NOT LIKE, ILIKE, NOT ILIKE as words.
// Exactly one of Array and Query is set. SOME is ANY.
type Quantified struct {
	Pos      int
	Op       string
	OpSchema string
	All      bool
	Left     Expr
	Array    Expr
	Query    *Query
}

// Case is CASE [operand] WHEN ... END. Else is nil when absent.
type Case struct {
	Pos     int
	Operand Expr
	Whens   []When
	Else    Expr
}

// When is one arm of a Case.
type When struct {
	Pos        int
	Cond, Then Expr
}

// FuncCall is a function call, an aggregate or a window function.
//
// When Special is set the call was written in a syntax of its own, Name is
// that keyword in lower case and never qualified, and Args are ordered thus:
//
//	coalesce, greatest, least, nullif, grouping   as written
//	extract(field FROM x)           'field' as a LitString, x
//	position(a IN b)                b, a
//	substring(x FROM a FOR b)       x, a, b; x FOR b gives x, 1, b::int4
//	substring(x SIMILAR p ESCAPE e) the name is "substring_similar": x, p, e
//	overlay(x PLACING y FROM a FOR b)  x, y, a[, b]
//	trim([LEADING|TRAILING|BOTH] [c] [FROM] x)  the name is ltrim, rtrim or
//	                                btrim: x[, c]
//	x AT TIME ZONE z                the name is "timezone": z, x
//	x AT LOCAL                      the name is "timezone": x
//	(a, b) OVERLAPS (c, d)          the name is "overlaps": a, b, c, d
//	normalize(x, NFC)               x[, 'nfc' as a LitString]
//	x IS NFC NORMALIZED             the name is "is_normalized": x[, 'nfc' as a LitString]
//	current_date, current_role, current_user, session_user, user,
//	current_catalog, current_schema, system_user   no arguments
//	current_time, current_timestamp, localtime, localtimestamp
//	                                none, or the precision as a LitInt
//
// A quoted "coalesce"(x) is an ordinary call, not a special one.
type FuncCall struct {
	Pos     int
	Name    Name
	Special bool
	// Star is count(*).
	Star bool
	// Distinct is f(DISTINCT ...).
	Distinct bool
	// Variadic marks the last argument as VARIADIC.
	Variadic bool
	Args     []Expr
	// ArgNames is nil, or has the length of Args with "" for positional ones.
	ArgNames []string
	// OrderBy is the order inside the parentheses, or with WithinGroup that of
	// WITHIN GROUP (ORDER BY ...).
	OrderBy     []OrderItem
	WithinGroup bool
	Filter      Expr
	// Over is set for a window function.
	Over *Window
}

// Subquery is a query in parentheses used as a value.
type Subquery struct {
	Pos   int
	Query *Query
}

// Exists is EXISTS (query).
type Exists struct {
	Pos   int
	Query *Query
}

// Array is ARRAY[...]; nested brackets are nested Arrays.
type Array struct {
	Pos   int
	Elems []Expr
}

// ArrayQuery is ARRAY(query).
type ArrayQuery struct {
	Pos   int
	Query *Query
}

// Row is ROW(...) or (a, b, ...). Explicit tells the two apart; without it there
// are at least two elements.
type Row struct {
	Pos      int
	Explicit bool
	Elems    []Expr
}

// Subscript is x[i], or with Slice x[lo:hi] where either may be nil.
//
// Paren tells (a[1])[2], an element of an element, from a[1][2], which takes one
// element of an array of two dimensions. It is set only when Expr is itself a
// Subscript or a Field that stood in parentheses.
type Subscript struct {
	Pos    int
	Expr   Expr
	Paren  bool
	Slice  bool
	Lo, Hi Expr
}

// Field is (x).name, or with Star (x).*. Paren is as for Subscript.
type Field struct {
	Pos   int
	Expr  Expr
	Paren bool
	Name  string
	Star  bool
}

// Collate is x COLLATE name.
type Collate struct {
	Pos       int
	Expr      Expr
	Collation Name
}

// Default is DEFAULT as a value of INSERT or UPDATE.
type Default struct {
	Pos int
}

// GroupingKind is the kind of a GroupingSet.
type GroupingKind uint8

// The kinds of grouping sets.
const (
	GroupEmpty GroupingKind = iota // ()
	GroupRollup
	GroupCube
	GroupSets
)

// GroupingSet is an element of GROUP BY that stands for several groupings.
// Elements of Items are expressions (a Row is a composite element) or, inside
// GROUPING SETS, further grouping sets.
type GroupingSet struct {
	Pos   int
	Kind  GroupingKind
	Items []Expr
}
