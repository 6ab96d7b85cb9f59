package sql

// DeclareCursor is DECLARE name CURSOR FOR query.
type DeclareCursor struct {
	Pos    int
	Name   Ident
	Binary bool
	// Scroll is SCROLL; Hold is WITH HOLD.
	Scroll, Hold bool
	Query        *Query
}

// Fetch is FETCH and MOVE, forward. Count is -1 for ALL.
type Fetch struct {
	Pos   int
	Name  Ident
	Count int64
	Move  bool
}

// CloseCursor is CLOSE name and CLOSE ALL.
type CloseCursor struct {
	Pos  int
	Name Ident
	All  bool
}

func (*DeclareCursor) stmtNode() {}
func (*Fetch) stmtNode()         {}
func (*CloseCursor) stmtNode()   {}

// Position implements Node.
func (n *DeclareCursor) Position() int { return n.Pos }

// Position implements Node.
func (n *Fetch) Position() int { return n.Pos }

// Position implements Node.
func (n *CloseCursor) Position() int { return n.Pos }
