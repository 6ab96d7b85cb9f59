package sql

// parseAlter reads ALTER TABLE, VIEW, MATERIALIZED VIEW and INDEX.
func (p *parser) parseAlter() Stmt {
	s := &AlterTable{Pos: int(p.advance().pos)}
	if s.Kind = p.parseObjectKind("ALTER", s.Pos); s.Kind == ObjSequence {
		return p.parseAlterSequence(s.Pos)
	}
	if s.Kind == ObjSchema || s.Kind == ObjDatabase {
		return p.parseAlterRename(s)
	}
	s.IfExists = p.acceptKws("if", "exists")
	t := &Table{}
	if s.Kind == ObjTable {
		p.parseRelation(t)
	} else {
		t.Name = p.name()
	}
	s.Name, s.Only = t.Name, t.Only
	if p.isKw("rename") || p.isKw("set") && p.peek(1).isKw("schema") {
		s.Actions = []AlterAction{p.parseAlterName()}
		return s
	}
	for {
		s.Actions = append(s.Actions, p.parseAlterAction())
		if !p.accept(",") {
			return s
		}
	}
}

// parseAlterRename reads the only changes of a schema or a database.
func (p *parser) parseAlterRename(s *AlterTable) Stmt {
	id := p.ident()
	s.Name = Name{Pos: id.Pos, Name: id.Name}
	a := AlterAction{Pos: p.pos()}
	switch {
	case p.acceptKws("rename", "to"):
		a.Kind = AlterRename
		a.NewName = p.colID()
	case p.acceptKws("owner", "to"):
		a.Kind = AlterOwner
		a.NewName = p.roleName()
	default:
		if p.tok.kind != tEOF {
			p.unsupported(s.Pos, "this form of ALTER", "")
		}
		p.unexpected()
	}
	s.Actions = []AlterAction{a}
	return s
}

// parseAlterName reads RENAME and SET SCHEMA, which stand alone.
func (p *parser) parseAlterName() AlterAction {
	a := AlterAction{Pos: p.pos()}
	if p.acceptKws("set", "schema") {
		a.Kind = AlterSetSchema
		a.NewName = p.colID()
		return a
	}
	p.advance()
	switch {
	case p.acceptKw("to"):
		a.Kind = AlterRename
	case p.acceptKw("constraint"):
		a.Kind = AlterRenameConstraint
		a.Name = p.colID()
		p.expectKw("to")
	default:
		p.acceptKw("column")
		a.Kind = AlterRenameColumn
		a.Name = p.colID()
		p.expectKw("to")
	}
	a.NewName = p.colID()
	return a
}

func (p *parser) parseAlterAction() AlterAction {
	a := AlterAction{Pos: p.pos()}
	switch {
	case p.acceptKw("add"):
		p.parseAlterAdd(&a)
	case p.acceptKw("drop"):
		p.parseAlterDrop(&a)
	case p.acceptKw("alter"):
		p.acceptKw("column")
		a.Name = p.colID()
		p.parseAlterColumn(&a)
	case p.acceptKws("owner", "to"):
		a.Kind = AlterOwner
		a.NewName = p.roleName()
	case p.acceptKws("validate", "constraint"):
		a.Kind = AlterValidateConstraint
		a.Name = p.colID()
	case p.isKw("set") && p.peek(1).isPunct("("):
		p.advance()
		a.Kind = AlterSetOptions
		a.Options = p.parseOptions()
	case p.isKw("reset") && p.peek(1).isPunct("("):
		p.advance()
		a.Kind = AlterResetOptions
		a.Options = p.parseOptions()
	case p.tok.kind == tWord && p.tok.kw.class != notKeyword:
		p.unsupported(a.Pos, "ALTER ... "+upper(p.tok.text), "")
	default:
		p.unexpected()
	}
	return a
}

func (p *parser) parseAlterAdd(a *AlterAction) {
	if p.startsTableConstraint() {
		a.Kind = AlterAddConstraint
		a.Constraint = p.parseTableConstraint()
		return
	}
	p.acceptKw("column")
	a.Kind = AlterAddColumn
	a.IfExists = p.parseIfNotExists()
	a.Column = p.parseColumnDef()
}

func (p *parser) parseAlterDrop(a *AlterAction) {
	a.Kind = AlterDropColumn
	if p.acceptKw("constraint") {
		a.Kind = AlterDropConstraint
	} else {
		p.acceptKw("column")
	}
	a.IfExists = p.acceptKws("if", "exists")
	a.Name = p.colID()
	a.Cascade = p.parseCascade()
}

func (p *parser) parseAlterColumn(a *AlterAction) {
	switch {
	case p.acceptKws("set", "default"):
		a.Kind = AlterSetDefault
		a.Expr = p.parseExpr()
	case p.acceptKws("drop", "default"):
		a.Kind = AlterDropDefault
	case p.acceptKws("set", "not", "null"):
		a.Kind = AlterSetNotNull
	case p.acceptKws("drop", "not", "null"):
		a.Kind = AlterDropNotNull
	case p.acceptKws("set", "data", "type"), p.acceptKw("type"):
		a.Kind = AlterColumnType
		a.Type = p.parseType()
		if p.acceptKw("collate") {
			n := p.name()
			a.Collation = &n
		}
		if p.acceptKw("using") {
			a.Expr = p.parseExpr()
		}
	case p.acceptKws("drop", "expression"):
		a.Kind = AlterDropExpression
		a.IfExists = p.acceptKws("if", "exists")
	case p.acceptKws("drop", "identity"):
		a.Kind = AlterDropIdentity
		a.IfExists = p.acceptKws("if", "exists")
	case p.acceptKw("add"):
		a.Kind = AlterAddIdentity
		if a.Constraint = p.parseColumnConstraint(); a.Constraint == nil || a.Constraint.Kind != ConIdentity {
			p.unexpected()
		}
	case p.isKw("restart"), p.isKw("set") && p.startsIdentityOption(p.peek(1)):
		p.parseAlterIdentity(a)
	case p.isKw("set"), p.isKw("drop"), p.isKw("reset"):
		p.advance()
		p.unsupported(a.Pos, "ALTER COLUMN "+upper(p.prev.text)+" "+upper(p.tok.text), "")
	default:
		p.unexpected()
	}
}

func (p *parser) startsIdentityOption(t *token) bool {
	for _, word := range []string{"generated", "as", "increment", "minvalue", "maxvalue", "cache", "start", "restart", "cycle", "no", "owned", "sequence"} {
		if t.isKw(word) {
			return true
		}
	}
	return false
}

// parseAlterIdentity reads SET GENERATED, SET and an option of a sequence, and RESTART, any number of them.
func (p *parser) parseAlterIdentity(a *AlterAction) {
	a.Kind = AlterSetIdentity
	a.Constraint = &Constraint{Pos: p.pos(), Kind: ConNull}
	for p.err == nil {
		switch {
		case p.acceptKws("set", "generated"):
			a.Constraint.Kind = ConIdentity
			if a.Constraint.Always = p.acceptKw("always"); !a.Constraint.Always {
				p.expectKw("by")
				p.expectKw("default")
			}
		case p.isKw("set") && p.startsIdentityOption(p.peek(1)), p.isKw("restart"):
			p.acceptKw("set")
			o := SequenceOption{Pos: p.pos()}
			if !p.parseSequenceOption(&o) {
				p.unexpected()
				return
			}
			a.Constraint.Sequence = append(a.Constraint.Sequence, o)
		default:
			return
		}
	}
}
