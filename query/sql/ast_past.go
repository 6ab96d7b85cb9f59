package sql

// AsOf is FOR VERSION AS OF value and FOR SYSTEM_TIME AS OF value, behind the name of a table: a state of the past.
type AsOf struct {
	Pos int
	// Version tells a version or the name of a pin from a time.
	Version bool
	Value   Expr
}

// CreatePin is CREATE PIN name [FOR … AS OF value].
type CreatePin struct {
	Pos         int
	IfNotExists bool
	Name        Ident
	AsOf        *AsOf
}

// DropPin is DROP PIN name.
type DropPin struct {
	Pos      int
	IfExists bool
	Name     Ident
}

// CloneTable is CREATE TABLE name CLONE source [FOR … AS OF value].
type CloneTable struct {
	Pos         int
	IfNotExists bool
	Name        Name
	Source      Name
	AsOf        *AsOf
}

func (*CreatePin) stmtNode()  {}
func (*DropPin) stmtNode()    {}
func (*CloneTable) stmtNode() {}

// Position implements Node.
func (n *AsOf) Position() int { return n.Pos }

// Position implements Node.
func (n *CreatePin) Position() int { return n.Pos }

// Position implements Node.
func (n *DropPin) Position() int { return n.Pos }

// Position implements Node.
func (n *CloneTable) Position() int { return n.Pos }
