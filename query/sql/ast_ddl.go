package sql

// CreateTable is CREATE TABLE with a column list.
type CreateTable struct {
	Pos         int
	Name        Name
	IfNotExists bool
	Temp        bool
	Unlogged    bool
	Columns     []*ColumnDef
	// Constraints are the table constraints; those of one column are in its
	// ColumnDef.
	Constraints []*Constraint
	// Likes are the LIKE elements.
	Likes []TableLike
	// Options is the WITH (...) list, where tags, retention and the like are
	// given.
	Options []Option
}

// TableLike is LIKE table among the columns of CREATE TABLE.
type TableLike struct {
	Pos  int
	Name Name
	// Before is how many columns stand in front of it.
	Before  int
	Options []LikeOption
}

// LikeOption is INCLUDING or EXCLUDING something: "all", "comments",
// "constraints", "defaults", "generated", "identity", "indexes" and others.
type LikeOption struct {
	What      string
	Excluding bool
}

// CreateTableAs is CREATE TABLE ... AS query.
type CreateTableAs struct {
	Pos         int
	Name        Name
	IfNotExists bool
	Temp        bool
	Unlogged    bool
	Columns     []Ident
	Options     []Option
	Query       *Query
	NoData      bool
}

// ColumnDef is a column of CREATE TABLE or ALTER TABLE ADD COLUMN.
type ColumnDef struct {
	Pos         int
	Name        string
	Type        *TypeName
	Collation   *Name
	Constraints []*Constraint
}

// ConstraintKind is the kind of a Constraint.
type ConstraintKind uint8

// The kinds of constraints. The first five only occur in a ColumnDef.
const (
	ConNotNull ConstraintKind = iota
	ConNull
	ConDefault   // Expr
	ConGenerated // Expr: GENERATED ALWAYS AS (expr) STORED
	ConIdentity  // Always
	ConPrimaryKey
	ConUnique
	ConCheck // Expr
	ConForeignKey
)

// Constraint is a column or table constraint.
type Constraint struct {
	Pos int
	// Name is CONSTRAINT name, or empty.
	Name string
	Kind ConstraintKind
	Expr Expr
	// Columns belongs to a table constraint of kind primary key, unique or
	// foreign key; nil for a column constraint.
	Columns []Ident
	// Always tells GENERATED ALWAYS AS IDENTITY from BY DEFAULT.
	Always bool
	// Sequence are the options of an identity column's sequence.
	Sequence          []SequenceOption
	NullsNotDistinct  bool
	NoInherit         bool
	NotValid          bool
	Deferrable        bool
	InitiallyDeferred bool
	// The rest belongs to a foreign key.
	RefTable   *Name
	RefColumns []Ident
	Match      string // "", "full", "partial", "simple"
	OnDelete   RefAction
	OnUpdate   RefAction
}

// RefAction is what a foreign key does when the referenced row goes.
type RefAction struct {
	// Action is "" when not written, or "no action", "restrict", "cascade",
	// "set null", "set default".
	Action string
	// Columns restricts SET NULL and SET DEFAULT.
	Columns []Ident
}

// CreateIndex is CREATE INDEX. Name is empty when the system is to choose one.
type CreateIndex struct {
	Pos              int
	Name             string
	Table            Name
	Only             bool
	Unique           bool
	Concurrently     bool
	IfNotExists      bool
	Method           string
	Elems            []IndexElem
	Include          []Ident
	NullsNotDistinct bool
	Options          []Option
	Where            Expr
}

// IndexElem is an element of an index or of a conflict target. A bare column is
// a ColumnRef with one part.
type IndexElem struct {
	Pos       int
	Expr      Expr
	Collation *Name
	OpClass   *Name
	Desc      bool
	Nulls     NullsOrder
}

// CreateSchema is CREATE SCHEMA.
type CreateSchema struct {
	Pos         int
	Name        string
	IfNotExists bool
	Owner       string
}

// CreateDatabase is CREATE DATABASE.
type CreateDatabase struct {
	Pos     int
	Name    string
	Options []Option
}

// CreateView is CREATE [MATERIALIZED] VIEW.
type CreateView struct {
	Pos          int
	Name         Name
	Replace      bool
	Temp         bool
	Recursive    bool
	Materialized bool
	IfNotExists  bool
	Columns      []Ident
	Options      []Option
	Query        *Query
	NoData       bool
	// Check is "local" or "cascaded" where WITH CHECK OPTION is written.
	Check string
}

// CreateSequence is CREATE SEQUENCE.
type CreateSequence struct {
	Pos         int
	Name        Name
	Temp        bool
	IfNotExists bool
	Options     []SequenceOption
}

// AlterSequence is ALTER SEQUENCE with options; renaming it is an AlterTable.
type AlterSequence struct {
	Pos      int
	IfExists bool
	Name     Name
	Options  []SequenceOption
}

// SequenceOption is one option of a sequence, by its word: "as" (Type),
// "increment", "minvalue", "maxvalue", "start", "restart" or "cache" (Value, ""
// where there is none), "no minvalue", "no maxvalue", "cycle", "no cycle" and
// "owned by" (Owner, nil for NONE).
type SequenceOption struct {
	Pos   int
	Word  string
	Type  *TypeName
	Value string
	Owner []string
}

// RefreshView is REFRESH MATERIALIZED VIEW.
type RefreshView struct {
	Pos          int
	Name         Name
	Concurrently bool
	NoData       bool
}

// ObjectKind is the kind of object that DROP, COMMENT and ALTER name.
type ObjectKind uint8

// The kinds of objects.
const (
	ObjTable ObjectKind = iota
	ObjView
	ObjMaterializedView
	ObjIndex
	ObjSchema
	ObjDatabase
	ObjColumn
	ObjSequence
	ObjConstraint
)

// Drop is DROP of any kind of object but ObjColumn and ObjConstraint.
type Drop struct {
	Pos          int
	Kind         ObjectKind
	IfExists     bool
	Concurrently bool
	Names        []Name
	Cascade      bool
}

// Comment is COMMENT ON. Text is nil for IS NULL. Column is set for ObjColumn
// and ObjConstraint, whose Name is then the table.
type Comment struct {
	Pos    int
	Kind   ObjectKind
	Name   Name
	Column string
	Text   *string
}

// AlterTable is ALTER TABLE, ALTER VIEW, ALTER INDEX and what ALTER SCHEMA,
// DATABASE and SEQUENCE share with them, as Kind says.
type AlterTable struct {
	Pos      int
	Kind     ObjectKind
	IfExists bool
	Only     bool
	Name     Name
	Actions  []AlterAction
}

// AlterKind is the kind of an AlterAction.
type AlterKind uint8

// The kinds of actions. The comment names the fields of AlterAction in use.
const (
	AlterAddColumn          AlterKind = iota // Column, IfExists (IF NOT EXISTS)
	AlterDropColumn                          // Name, IfExists, Cascade
	AlterColumnType                          // Name, Type, Collation, Expr (of USING)
	AlterSetDefault                          // Name, Expr
	AlterDropDefault                         // Name
	AlterSetNotNull                          // Name
	AlterDropNotNull                         // Name
	AlterAddConstraint                       // Constraint
	AlterDropConstraint                      // Name, IfExists, Cascade
	AlterRenameColumn                        // Name, NewName; the only action
	AlterRename                              // NewName; the only action
	AlterSetSchema                           // NewName; the only action
	AlterSetOptions                          // Options
	AlterResetOptions                        // Options, without values
	AlterOwner                               // NewName
	AlterRenameConstraint                    // Name, NewName; the only action
	AlterValidateConstraint                  // Name
	AlterDropExpression                      // Name, IfExists
	AlterAddIdentity                         // Name, Constraint
	AlterSetIdentity                         // Name, Constraint: Always where Kind is ConIdentity, and Sequence
	AlterDropIdentity                        // Name, IfExists
)

// AlterAction is one action of ALTER TABLE.
type AlterAction struct {
	Pos        int
	Kind       AlterKind
	Name       string
	NewName    string
	IfExists   bool
	Cascade    bool
	Column     *ColumnDef
	Type       *TypeName
	Collation  *Name
	Expr       Expr
	Constraint *Constraint
	Options    []Option
}
