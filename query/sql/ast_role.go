package sql

// CreateRole is CREATE USER and CREATE ROLE.
type CreateRole struct {
	Pos  int
	Name Ident
	// User tells CREATE USER, whose role may log in, from CREATE ROLE.
	User    bool
	Options []RoleOption
}

// AlterRole is ALTER USER and ALTER ROLE with options.
type AlterRole struct {
	Pos     int
	Name    Ident
	User    bool
	Options []RoleOption
}

// DropRole is DROP USER and DROP ROLE.
type DropRole struct {
	Pos      int
	IfExists bool
	User     bool
	Names    []Ident
}

// RoleOption is an option of a role: a word such as "superuser" or "nologin", or "password" with a value, nil for PASSWORD NULL.
type RoleOption struct {
	Pos   int
	Name  string
	Value *string
}

func (*CreateRole) stmtNode() {}
func (*AlterRole) stmtNode()  {}
func (*DropRole) stmtNode()   {}

// Position implements Node.
func (n *CreateRole) Position() int { return n.Pos }

// Position implements Node.
func (n *AlterRole) Position() int { return n.Pos }

// Position implements Node.
func (n *DropRole) Position() int { return n.Pos }

// HoldsSecret reports whether a statement's text has a password in it: it must not be kept or logged.
func HoldsSecret(s Stmt) bool {
	var options []RoleOption
	switch n := s.(type) {
	case *CreateRole:
		options = n.Options
	case *AlterRole:
		options = n.Options
	case *Prepare:
		return HoldsSecret(n.Stmt)
	case *Explain:
		return HoldsSecret(n.Stmt)
	}
	for _, o := range options {
		if o.Name == "password" && o.Value != nil {
			return true
		}
	}
	return false
}
