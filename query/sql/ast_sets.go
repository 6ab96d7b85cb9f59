package sql

// The closed sets of nodes, one line per node and set.

func (*Query) stmtNode()          {}
func (*Insert) stmtNode()         {}
func (*Update) stmtNode()         {}
func (*Delete) stmtNode()         {}
func (*Merge) stmtNode()          {}
func (*Copy) stmtNode()           {}
func (*Truncate) stmtNode()       {}
func (*CreateTable) stmtNode()    {}
func (*CreateTableAs) stmtNode()  {}
func (*CreateIndex) stmtNode()    {}
func (*CreateSchema) stmtNode()   {}
func (*CreateDatabase) stmtNode() {}
func (*CreateView) stmtNode()     {}
func (*CreateSequence) stmtNode() {}
func (*AlterSequence) stmtNode()  {}
func (*RefreshView) stmtNode()    {}
func (*Drop) stmtNode()           {}
func (*Comment) stmtNode()        {}
func (*AlterTable) stmtNode()     {}
func (*Explain) stmtNode()        {}
func (*Transaction) stmtNode()    {}
func (*Set) stmtNode()            {}
func (*SetTransaction) stmtNode() {}
func (*Show) stmtNode()           {}
func (*Reset) stmtNode()          {}
func (*Discard) stmtNode()        {}
func (*Unlisten) stmtNode()       {}
func (*Prepare) stmtNode()        {}
func (*Execute) stmtNode()        {}
func (*Deallocate) stmtNode()     {}
func (*Vacuum) stmtNode()         {}
func (*Reindex) stmtNode()        {}
func (*Checkpoint) stmtNode()     {}

func (*ColumnRef) exprNode()    {}
func (*Star) exprNode()         {}
func (*Literal) exprNode()      {}
func (*TypedLiteral) exprNode() {}
func (*Param) exprNode()        {}
func (*Cast) exprNode()         {}
func (*Unary) exprNode()        {}
func (*Binary) exprNode()       {}
func (*Logic) exprNode()        {}
func (*Not) exprNode()          {}
func (*Is) exprNode()           {}
func (*IsDistinct) exprNode()   {}
func (*Between) exprNode()      {}
func (*In) exprNode()           {}
func (*LikeExpr) exprNode()     {}
func (*Quantified) exprNode()   {}
func (*Case) exprNode()         {}
func (*FuncCall) exprNode()     {}
func (*Subquery) exprNode()     {}
func (*Exists) exprNode()       {}
func (*Array) exprNode()        {}
func (*ArrayQuery) exprNode()   {}
func (*Row) exprNode()          {}
func (*Subscript) exprNode()    {}
func (*Field) exprNode()        {}
func (*Collate) exprNode()      {}
func (*Default) exprNode()      {}
func (*GroupingSet) exprNode()  {}

func (*Table) tableExprNode()     {}
func (*Derived) tableExprNode()   {}
func (*TableFunc) tableExprNode() {}
func (*Join) tableExprNode()      {}

func (*Query) queryBodyNode()  {}
func (*Select) queryBodyNode() {}
func (*Values) queryBodyNode() {}
func (*SetOp) queryBodyNode()  {}

// Position implements Node.
func (n *Query) Position() int { return n.Pos }

// Position implements Node.
func (n *Insert) Position() int { return n.Pos }

// Position implements Node.
func (n *Update) Position() int { return n.Pos }

// Position implements Node.
func (n *Delete) Position() int { return n.Pos }

// Position implements Node.
func (n *Merge) Position() int { return n.Pos }

// Position implements Node.
func (n *Copy) Position() int { return n.Pos }

// Position implements Node.
func (n *Truncate) Position() int { return n.Pos }

// Position implements Node.
func (n *CreateTable) Position() int { return n.Pos }

// Position implements Node.
func (n *CreateTableAs) Position() int { return n.Pos }

// Position implements Node.
func (n *CreateIndex) Position() int { return n.Pos }

// Position implements Node.
func (n *CreateSchema) Position() int { return n.Pos }

// Position implements Node.
func (n *CreateDatabase) Position() int { return n.Pos }

// Position implements Node.
func (n *CreateView) Position() int { return n.Pos }

// Position implements Node.
func (n *CreateSequence) Position() int { return n.Pos }

// Position implements Node.
func (n *AlterSequence) Position() int { return n.Pos }

// Position implements Node.
func (n *RefreshView) Position() int { return n.Pos }

// Position implements Node.
func (n *Drop) Position() int { return n.Pos }

// Position implements Node.
func (n *Comment) Position() int { return n.Pos }

// Position implements Node.
func (n *AlterTable) Position() int { return n.Pos }

// Position implements Node.
func (n *Explain) Position() int { return n.Pos }

// Position implements Node.
func (n *Transaction) Position() int { return n.Pos }

// Position implements Node.
func (n *Set) Position() int { return n.Pos }

// Position implements Node.
func (n *SetTransaction) Position() int { return n.Pos }

// Position implements Node.
func (n *Show) Position() int { return n.Pos }

// Position implements Node.
func (n *Reset) Position() int { return n.Pos }

// Position implements Node.
func (n *Discard) Position() int { return n.Pos }

// Position implements Node.
func (n *Unlisten) Position() int { return n.Pos }

// Position implements Node.
func (n *Prepare) Position() int { return n.Pos }

// Position implements Node.
func (n *Execute) Position() int { return n.Pos }

// Position implements Node.
func (n *Deallocate) Position() int { return n.Pos }

// Position implements Node.
func (n *Vacuum) Position() int { return n.Pos }

// Position implements Node.
func (n *Reindex) Position() int { return n.Pos }

// Position implements Node.
func (n *Checkpoint) Position() int { return n.Pos }

// Position implements Node.
func (n *ColumnRef) Position() int { return n.Pos }

// Position implements Node.
func (n *Star) Position() int { return n.Pos }

// Position implements Node.
func (n *Literal) Position() int { return n.Pos }

// Position implements Node.
func (n *TypedLiteral) Position() int { return n.Pos }

// Position implements Node.
func (n *Param) Position() int { return n.Pos }

// Position implements Node.
func (n *Cast) Position() int { return n.Pos }

// Position implements Node.
func (n *Unary) Position() int { return n.Pos }

// Position implements Node.
func (n *Binary) Position() int { return n.Pos }

// Position implements Node.
func (n *Logic) Position() int { return n.Pos }

// Position implements Node.
func (n *Not) Position() int { return n.Pos }

// Position implements Node.
func (n *Is) Position() int { return n.Pos }

// Position implements Node.
func (n *IsDistinct) Position() int { return n.Pos }

// Position implements Node.
func (n *Between) Position() int { return n.Pos }

// Position implements Node.
func (n *In) Position() int { return n.Pos }

// Position implements Node.
func (n *LikeExpr) Position() int { return n.Pos }

// Position implements Node.
func (n *Quantified) Position() int { return n.Pos }

// Position implements Node.
func (n *Case) Position() int { return n.Pos }

// Position implements Node.
func (n *FuncCall) Position() int { return n.Pos }

// Position implements Node.
func (n *Subquery) Position() int { return n.Pos }

// Position implements Node.
func (n *Exists) Position() int { return n.Pos }

// Position implements Node.
func (n *Array) Position() int { return n.Pos }

// Position implements Node.
func (n *ArrayQuery) Position() int { return n.Pos }

// Position implements Node.
func (n *Row) Position() int { return n.Pos }

// Position implements Node.
func (n *Subscript) Position() int { return n.Pos }

// Position implements Node.
func (n *Field) Position() int { return n.Pos }

// Position implements Node.
func (n *Collate) Position() int { return n.Pos }

// Position implements Node.
func (n *Default) Position() int { return n.Pos }

// Position implements Node.
func (n *GroupingSet) Position() int { return n.Pos }

// Position implements Node.
func (n *Table) Position() int { return n.Pos }

// Position implements Node.
func (n *Derived) Position() int { return n.Pos }

// Position implements Node.
func (n *TableFunc) Position() int { return n.Pos }

// Position implements Node.
func (n *Join) Position() int { return n.Pos }

// Position implements Node.
func (n *Select) Position() int { return n.Pos }

// Position implements Node.
func (n *Values) Position() int { return n.Pos }

// Position implements Node.
func (n *SetOp) Position() int { return n.Pos }

// Position implements Node.
func (n *With) Position() int { return n.Pos }

// Position implements Node.
func (n *CTE) Position() int { return n.Pos }

// Position implements Node.
func (n *Window) Position() int { return n.Pos }

// Position implements Node.
func (n *Frame) Position() int { return n.Pos }

// Position implements Node.
func (n *TableSample) Position() int { return n.Pos }

// Position implements Node.
func (n *TypeName) Position() int { return n.Pos }

// Position implements Node.
func (n *ColumnDef) Position() int { return n.Pos }

// Position implements Node.
func (n *Constraint) Position() int { return n.Pos }

// Position implements Node.
func (n *OnConflict) Position() int { return n.Pos }

// Position implements Node.
func (n *Name) Position() int { return n.Pos }
