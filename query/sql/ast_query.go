package sql

// Query is a query expression together with what surrounds its body. It is a
// statement of its own and the content of every subquery.
type Query struct {
	Pos     int
	With    *With
	Body    QueryBody
	OrderBy []OrderItem
	// Limit is nil without LIMIT and for LIMIT ALL.
	Limit  Expr
	Offset Expr
	// WithTies is FETCH FIRST ... WITH TIES; OrderBy is then never empty.
	WithTies bool
}

// With is a list of common table expressions.
type With struct {
	Pos       int
	Recursive bool
	CTEs      []*CTE
}

// Changes reports whether a statement in it changes rows.
func (w *With) Changes() bool {
	for _, c := range w.CTEs {
		if _, reads := c.Stmt.(*Query); !reads {
			return true
		}
	}
	return false
}

// Materialize is the hint of a common table expression.
type Materialize uint8

// The hints of a common table expression.
const (
	MaterializeDefault Materialize = iota
	MaterializeAlways
	MaterializeNever
)

// CTE is one common table expression. Stmt is a *Query, *Insert, *Update,
// *Delete or *Merge.
type CTE struct {
	Pos         int
	Name        string
	Columns     []Ident
	Materialize Materialize
	Stmt        Stmt
	Search      *Search
	Cycle       *Cycle
}

// Search is SEARCH DEPTH|BREADTH FIRST BY columns SET sequence.
type Search struct {
	Pos      int
	Breadth  bool
	Columns  []Ident
	Sequence string
}

// Cycle is CYCLE columns SET mark [TO value DEFAULT other] USING path. To and Default are nil together.
type Cycle struct {
	Pos         int
	Columns     []Ident
	Mark, Path  string
	To, Default Expr
}

// Select is one SELECT ... FROM ... WHERE ... block. TABLE t is a Select of a
// Star from t.
type Select struct {
	Pos int
	// Distinct is SELECT DISTINCT, with or without ON.
	Distinct   bool
	DistinctOn []Expr
	// Targets may be empty: SELECT FROM t yields rows without columns.
	Targets []SelectItem
	// From holds the comma-separated items; several items are a cross join.
	From  []TableExpr
	Where Expr
	// GroupBy holds expressions and *GroupingSet.
	GroupBy       []Expr
	GroupDistinct bool
	Having        Expr
	// Windows are the named windows of the WINDOW clause; each has a Name.
	Windows []*Window
}

// SelectItem is an element of a select list or of RETURNING. Expr may be *Star.
type SelectItem struct {
	Pos  int
	Expr Expr
	// Alias is empty when none was written; the binder then derives the name.
	Alias string
}

// NullsOrder says where NULLs are sorted.
type NullsOrder uint8

// NULLs sort as if greater than everything unless told otherwise.
const (
	NullsDefault NullsOrder = iota
	NullsFirst
	NullsLast
)

// OrderItem is an element of ORDER BY.
type OrderItem struct {
	Pos   int
	Expr  Expr
	Desc  bool
	Nulls NullsOrder
	// Using is the operator of ORDER BY x USING op, else empty.
	Using string
}

// Values is VALUES (...), (...). All rows have at least one element; that they
// are equally long is for the binder to check. Elements may be *Default.
type Values struct {
	Pos  int
	Rows [][]Expr
}

// SetOpKind is UNION, INTERSECT or EXCEPT.
type SetOpKind uint8

// The set operations.
const (
	Union SetOpKind = iota
	Intersect
	Except
)

// SetOp combines two bodies. Chains of one kind lean to the left.
type SetOp struct {
	Pos         int
	Kind        SetOpKind
	All         bool
	Left, Right QueryBody
}

// Alias renames a FROM item, and optionally its columns.
type Alias struct {
	Pos     int
	Name    string
	Columns []Ident
}

// Table is a table named in FROM, or the target of UPDATE and DELETE.
type Table struct {
	Pos    int
	Name   Name
	Only   bool
	AsOf   *AsOf
	Alias  *Alias
	Sample *TableSample
}

// TableSample is TABLESAMPLE method (args) REPEATABLE (seed).
type TableSample struct {
	Pos        int
	Method     Name
	Args       []Expr
	Repeatable Expr
}

// Derived is a subquery in FROM. Alias may be nil.
type Derived struct {
	Pos     int
	Lateral bool
	Query   *Query
	Alias   *Alias
}

// TableFunc is one or more functions in FROM. Several stand for ROWS FROM (...).
type TableFunc struct {
	Pos        int
	Lateral    bool
	RowsFrom   bool
	Funcs      []TableFuncItem
	Ordinality bool
	Alias      *Alias
	// ColDefs is the column definition list of AS t(a int, b text).
	ColDefs []ColDef
}

// TableFuncItem is one function of a TableFunc.
type TableFuncItem struct {
	Pos     int
	Func    *FuncCall
	ColDefs []ColDef
}

// ColDef names and types a column of a function that returns records.
type ColDef struct {
	Pos       int
	Name      string
	Type      *TypeName
	Collation *Name
}

// JoinKind is the kind of a join.
type JoinKind uint8

// The kinds of join.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	CrossJoin
)

// Join is a join of two FROM items. Of Natural, Using and On at most one is set,
// none for a CrossJoin.
type Join struct {
	Pos     int
	Kind    JoinKind
	Natural bool
	// Asof is ASOF JOIN or ASOF LEFT JOIN, which PostgreSQL does not have; On is set then.
	Asof        bool
	Left, Right TableExpr
	Using       []Ident
	// UsingAlias is USING (...) AS alias.
	UsingAlias string
	On         Expr
	// Alias is the alias of the whole join: (a JOIN b ...) AS x.
	Alias *Alias
}

// Window is a window definition: an element of WINDOW or what follows OVER. Pos is its parenthesis, or the name of OVER name.
type Window struct {
	Pos int
	// Name is the window's own name in WINDOW. In OVER it is the name of OVER
	// name, and all other fields are empty.
	Name string
	// Ref is the window that this one extends: OVER (ref ORDER BY ...).
	Ref         string
	PartitionBy []Expr
	OrderBy     []OrderItem
	Frame       *Frame
}

// FrameMode is ROWS, RANGE or GROUPS.
type FrameMode uint8

// The frame modes.
const (
	FrameRange FrameMode = iota
	FrameRows
	FrameGroups
)

// BoundKind is the kind of a frame bound.
type BoundKind uint8

// The kinds of frame bounds, in the order in which they lie along a partition.
const (
	UnboundedPreceding BoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// FrameExclude is the EXCLUDE clause of a frame.
type FrameExclude uint8

// The EXCLUDE clauses.
const (
	ExcludeNone FrameExclude = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// FrameBound is one end of a frame. Offset is set for Preceding and Following.
type FrameBound struct {
	Pos    int
	Kind   BoundKind
	Offset Expr
}

// Frame is a window frame. Without BETWEEN the end is CurrentRow.
type Frame struct {
	Pos        int
	Mode       FrameMode
	Start, End FrameBound
	Exclude    FrameExclude
}
