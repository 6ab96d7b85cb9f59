package sql

// Explain is EXPLAIN. Analyze and Verbose are set by either spelling; Options
// holds the parenthesised list as written, Analyze and Verbose included.
type Explain struct {
	Pos     int
	Analyze bool
	Verbose bool
	Options []Option
	Stmt    Stmt
}

// TxKind is the kind of a Transaction statement.
type TxKind uint8

// The kinds of transaction statements.
const (
	TxBegin TxKind = iota
	TxCommit
	TxRollback
	TxSavepoint  // Name
	TxRelease    // Name
	TxRollbackTo // Name
)

// Transaction is BEGIN, COMMIT, ROLLBACK and the savepoint statements. START
// TRANSACTION is TxBegin; END is TxCommit; ABORT is TxRollback.
type Transaction struct {
	Pos   int
	Kind  TxKind
	Name  string
	Modes []TxMode
	Start bool // START TRANSACTION, whose command tag is its own
	// Chain is COMMIT AND CHAIN or ROLLBACK AND CHAIN.
	Chain bool
}

// TxMode is a transaction mode.
type TxMode uint8

// The transaction modes.
const (
	TxReadCommitted TxMode = iota
	TxReadUncommitted
	TxRepeatableRead
	TxSerializable
	TxReadOnly
	TxReadWrite
	TxDeferrable
	TxNotDeferrable
)

// Set is SET name = value, ... . Name is lower case and may hold dots. Values is
// nil for SET name TO DEFAULT. SET TIME ZONE is a Set of "timezone", SET NAMES
// of "client_encoding", SET ROLE of "role"; SET SESSION AUTHORIZATION of
// "session_authorization".
type Set struct {
	Pos    int
	Local  bool
	Name   string
	Values []SetValue
}

// SetValue is a value of SET: a *Literal, a *TypedLiteral (an interval, for TIME
// ZONE), or a bare word as a LitString with Word set.
type SetValue struct {
	Pos   int
	Word  bool
	Value Expr
}

// SetTransaction is SET TRANSACTION or SET SESSION CHARACTERISTICS.
type SetTransaction struct {
	Pos     int
	Session bool
	Modes   []TxMode
}

// Show is SHOW name; All is SHOW ALL.
type Show struct {
	Pos  int
	Name string
	All  bool
}

// Reset is RESET name; All is RESET ALL.
type Reset struct {
	Pos  int
	Name string
	All  bool
}

// Discard is DISCARD; What is "all", "plans", "sequences" or "temp".
type Discard struct {
	Pos  int
	What string
}

// Unlisten is UNLISTEN; no Channel is all of them.
type Unlisten struct {
	Pos     int
	Channel Ident
}

// Prepare is PREPARE name (types) AS stmt.
type Prepare struct {
	Pos   int
	Name  string
	Types []*TypeName
	Stmt  Stmt
}

// Execute is EXECUTE name (args).
type Execute struct {
	Pos  int
	Name string
	Args []Expr
}

// Deallocate is DEALLOCATE; All is DEALLOCATE ALL.
type Deallocate struct {
	Pos  int
	Name string
	All  bool
}

// Reindex is REINDEX of what What says: "index", "table", "schema", "database" or "system".
type Reindex struct {
	Pos          int
	What         string
	Concurrently bool
	Verbose      bool
	Name         Name
}

// Vacuum is VACUUM or, with Analyze only, ANALYZE. They are accepted because
// clients send them.
type Vacuum struct {
	Pos     int
	Vacuum  bool
	Analyze bool
	Full    bool
	Verbose bool
	Tables  []Name
}

// Checkpoint is CHECKPOINT.
type Checkpoint struct {
	Pos int
}
