// Package plan holds logical plans: what to compute, as a tree of relational nodes over bound expressions. The
// binder makes them, the optimizer rewrites them, the executor turns them into operators.
//
// It must not know SQL text, kernels or where rows come from (a scan.Source is opaque to it).
package plan

import (
	"context"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Column describes one column of a node's output.
type Column struct {
	Name string
	Type column.Type
	// NotNull says that no NULL can be there.
	NotNull bool
	// Mod is the declared limit of the type, for those who describe a result; nothing here enforces it.
	Mod column.Mod
}

// Node is a relational operator. Nodes are immutable: a rewrite makes new ones.
type Node interface {
	// Columns is the output, in order.
	Columns() []Column
	// Inputs are the children, left to right.
	Inputs() []Node
	// With gives the same node over other inputs.
	With(inputs []Node) Node
}

// Relation is a table (or a logical table) that a name was resolved to, under one snapshot.
type Relation interface {
	// Name is what EXPLAIN prints, schema included.
	Name() string
	// Schema describes the stored columns.
	Schema() *column.Schema
	// Columns lists what SELECT * gives, in order: stored columns and computed ones (the labels of a metric).
	Columns() []RelationColumn
	// Bound conditions the relation always applies (a metric's name), ANDed to every request.
	Series() []scan.SeriesFilter
	// Source is the reader.
	Source() scan.Source
	// Rows estimates the number of rows.
	Rows() int64
}

// RelationColumn is one visible column.
type RelationColumn struct {
	Name string
	Type column.Type
	// ID names a stored column; 0 = a member of the label set, named by Label.
	ID    column.ID
	Label string
	// Tag says that the value is constant inside a run, so that conditions on it can be decided per series.
	Tag     bool
	Time    bool
	NotNull bool
	Mod     column.Mod
	// Address, if set, says that the column is part of where the row lies, and not stored.
	Address Address
}

// Stored is a Relation that may be a table of the catalog's.
type Stored interface {
	// Table is the table, to write to; nil = the relation is computed, or filled by somebody else.
	Table() *meta.Table
}

// Resolver finds relations by name. It is bound to one snapshot, one role, one search path.
type Resolver interface {
	// Resolve finds a table; schema is "" if none was written. Unknown: class NotFound, SQLSTATE 42P01.
	Resolve(ctx context.Context, schema, name string) (Relation, error)
}

// ByID finds relations by their ids in the catalog: a Resolver that knows views is one.
type ByID interface {
	// ResolveID finds a stored relation. Unknown: class NotFound, SQLSTATE 42P01.
	ResolveID(ctx context.Context, id meta.TableID) (Relation, error)
}

// View is a relation that has no rows of its own: the query of its definition stands in its place.
type View interface {
	Relation
	Definition() *meta.View
}

// Scan reads a relation. Output column i is Relation.Columns()[Project[i]].
type Scan struct {
	Relation Relation
	Project  []int
	// What the optimizer pushed down. Series and Time are exact, Filters a hint (see scan.Request).
	Series  []SeriesCond
	Time    scan.TimeRange
	Filters []scan.ColumnFilter
	// Late are bounds of both kinds by parameters: Settle makes them part of Time and Filters.
	Late []LateBound
	// Index is what indexes are asked, a hint too.
	Index []IndexCond
	// Sample, if not nil, is the sample that a filter above keeps of the rows.
	Sample *TableSample
	Limit  int64
	Ends   scan.Ends // a hint: the rest of each series does not matter
}

// SeriesCond is a condition on one tag or label in both forms: bound, over a single input column 0, and for EXPLAIN.
type SeriesCond struct {
	Column int // index into Relation.Columns()
	Cond   expr.Expr
}

// Filter keeps the rows for which Cond is true.
type Filter struct {
	Input Node
	Cond  expr.Expr
}

// Project computes expressions.
type Project struct {
	Input Node
	Exprs []expr.Expr
	Names []string
}

// Aggregate groups by Keys (none = one group, also over no rows) and computes Aggs; output is keys, then aggs.
// DISTINCT is an Aggregate without Aggs.
type Aggregate struct {
	Input    Node
	Keys     []expr.Expr
	KeyNames []string
	Aggs     []expr.AggregateCall
	AggNames []string
	// Newest, if > 0, says that only groups with one of the so many greatest values of key NewestKey, a time, are wanted: others may
	// be given, made of some of their rows only. Rows of an earlier time than such a value do not belong to its group.
	Newest, NewestKey int
	// Always lists values of the last key, the number of a grouping set, for which there is a group over no rows, too.
	Always []int64
}

// SortKey orders by one expression; text by bytes, NaN after numbers.
type SortKey struct {
	Expr       expr.Expr
	Desc       bool
	NullsFirst bool
}

// Sort orders rows; Limit > 0 keeps only the first so many (top-N).
type Sort struct {
	Input Node
	Keys  []SortKey
	Limit int64
}

// Limit drops Offset rows, then keeps Count (< 0 = all). Params are bound by then. With By it does so for each combination of these
// expressions' values.
type Limit struct {
	Input  Node
	Count  int64
	Offset int64
	By     []expr.Expr
}

// Values makes rows from expressions without input (SELECT without FROM is one row of no columns under a Project).
type Values struct {
	Out  []Column
	Rows [][]expr.Expr
}

// JoinKind says which rows of the two sides a Join gives.
type JoinKind uint8

// The kinds. Semi and Anti give the rows of the left side only: those that have, or do not have, a partner.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	SemiJoin
	AntiJoin
	// NullAntiJoin is NOT IN: a left row whose key is NULL, or any right row with a NULL key, makes the comparison NULL,
	// so that the row is not given, unless the right side is empty. It has exactly one key and no Cond.
	NullAntiJoin
	// MarkJoin gives the rows of the left side with a boolean more: whether they have a partner.
	MarkJoin
	// NullMarkJoin is MarkJoin for IN as a value: without a partner the mark is NULL if the key is, or any right row has a NULL key, unless
	// the right side is empty. It has exactly one key and no Cond.
	NullMarkJoin
)

// Join pairs the rows of two inputs. Rows are partners if LeftKeys[i] = RightKeys[i] for all i (NULL equals nothing) and Cond,
// if there is one, is true. Without keys every pair is looked at. The output is left's columns, then right's; where a side has no
// partner its columns are NULL.
type Join struct {
	Left, Right Node
	Kind        JoinKind
	LeftKeys    []expr.Expr // over Left's columns
	RightKeys   []expr.Expr // over Right's, of the same types
	Cond        expr.Expr   // over left's columns, then right's; nil = true
	// BuildLeft says that the hash table is built from the left side; the optimizer sets it where that side is smaller.
	BuildLeft bool
}

// Union is UNION ALL: the rows of its inputs one after the other, all with the same column types.
type Union struct {
	Ins []Node
	Out []Column
}

func (n *Scan) Columns() []Column {
	all := n.Relation.Columns()
	out := make([]Column, len(n.Project))
	for i, p := range n.Project {
		out[i] = Column{Name: all[p].Name, Type: all[p].Type, NotNull: all[p].NotNull, Mod: all[p].Mod}
	}
	return out
}

func (n *Filter) Columns() []Column { return n.Input.Columns() }
func (n *Sort) Columns() []Column   { return n.Input.Columns() }
func (n *Limit) Columns() []Column  { return n.Input.Columns() }
func (n *Values) Columns() []Column { return n.Out }

func (n *Project) Columns() []Column {
	out := make([]Column, len(n.Exprs))
	for i, e := range n.Exprs {
		out[i] = Column{Name: n.Names[i], Type: e.Type()}
	}
	return out
}

func (n *Aggregate) Columns() []Column {
	out := make([]Column, 0, len(n.Keys)+len(n.Aggs))
	for i, e := range n.Keys {
		out = append(out, Column{Name: n.KeyNames[i], Type: e.Type()})
	}
	for i, a := range n.Aggs {
		out = append(out, Column{Name: n.AggNames[i], Type: a.T})
	}
	return out
}

func (n *Join) Columns() []Column { return joinColumns(n.Kind, n.Left, n.Right) }

func nullable(columns []Column) {
	for i := range columns {
		columns[i].NotNull = false
	}
}

func (n *Union) Columns() []Column { return n.Out }

func (n *Join) Inputs() []Node      { return []Node{n.Left, n.Right} }
func (n *Union) Inputs() []Node     { return n.Ins }
func (n *Scan) Inputs() []Node      { return nil }
func (n *Values) Inputs() []Node    { return nil }
func (n *Filter) Inputs() []Node    { return []Node{n.Input} }
func (n *Project) Inputs() []Node   { return []Node{n.Input} }
func (n *Aggregate) Inputs() []Node { return []Node{n.Input} }
func (n *Sort) Inputs() []Node      { return []Node{n.Input} }
func (n *Limit) Inputs() []Node     { return []Node{n.Input} }

func (n *Join) With(in []Node) Node      { c := *n; c.Left, c.Right = in[0], in[1]; return &c }
func (n *Union) With(in []Node) Node     { c := *n; c.Ins = in; return &c }
func (n *Scan) With([]Node) Node         { return n }
func (n *Values) With([]Node) Node       { return n }
func (n *Filter) With(in []Node) Node    { c := *n; c.Input = in[0]; return &c }
func (n *Project) With(in []Node) Node   { c := *n; c.Input = in[0]; return &c }
func (n *Aggregate) With(in []Node) Node { c := *n; c.Input = in[0]; return &c }
func (n *Sort) With(in []Node) Node      { c := *n; c.Input = in[0]; return &c }
func (n *Limit) With(in []Node) Node     { c := *n; c.Input = in[0]; return &c }
