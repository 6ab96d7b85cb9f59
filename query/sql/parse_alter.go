package sql

// parseAlter reads ALTER TABLE, VIEW, MATERIALIZED VIEW and INDEX.
func (p *parser) parseAlter() Stmt {
	s := &AlterTable{Pos: int(p.advance().pos)}
	s.Kind = p.parseObjectKind("ALTER", s.Pos)
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
	case p.isKw("set"), p.isKw("drop"), p.isKw("add"), p.isKw("reset"), p.isKw("restart"):
		p.advance()
		p.unsupported(a.Pos, "ALTER COLUMN "+upper(p.prev.text)+" "+upper(p.tok.text), "")
	default:
		p.unexpected()
	}
}
