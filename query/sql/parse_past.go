package sql

// startsAsOf reports FOR VERSION and FOR SYSTEM_TIME, which PostgreSQL refuses: behind FOR it knows UPDATE, SHARE, NO KEY and KEY.
func (p *parser) startsAsOf() bool {
	return p.isKw("for") && (p.peek(1).isKw("version") || p.peek(1).isKw("system_time"))
}

// parseAsOf reads FOR VERSION AS OF value and FOR SYSTEM_TIME AS OF value, nil if it is not there.
func (p *parser) parseAsOf() *AsOf {
	if !p.startsAsOf() {
		return nil
	}
	a := &AsOf{Pos: int(p.advance().pos)}
	a.Version = p.isKw("version")
	p.advance()
	p.expectKw("as")
	p.expectKw("of")
	a.Value = p.parseExpr()
	return a
}

// startsPin reports CREATE PIN and DROP PIN.
func (p *parser) startsPin() bool {
	return p.peek(1).isKw("pin") && (p.isKw("create") || p.isKw("drop"))
}

func (p *parser) parsePin() Stmt {
	create := p.isKw("create")
	pos := int(p.advance().pos)
	p.advance()
	if !create {
		s := &DropPin{Pos: pos, IfExists: p.acceptKws("if", "exists")}
		s.Name = p.ident()
		return s
	}
	s := &CreatePin{Pos: pos, IfNotExists: p.parseIfNotExists()}
	s.Name = p.ident()
	s.AsOf = p.parseAsOf()
	return s
}

// parseClone reads CLONE source [FOR … AS OF value] behind CREATE TABLE name.
func (p *parser) parseClone(t *CreateTable) Stmt {
	p.advance()
	s := &CloneTable{Pos: t.Pos, IfNotExists: t.IfNotExists, Name: t.Name}
	s.Source = p.name()
	s.AsOf = p.parseAsOf()
	return s
}

func (f *formatter) asOf(a *AsOf) {
	if a == nil {
		return
	}
	if a.Version {
		f.str(" FOR VERSION AS OF ")
	} else {
		f.str(" FOR SYSTEM_TIME AS OF ")
	}
	f.expr(a.Value)
}

// past writes the statements about pins and clones.
func (f *formatter) past(s Stmt) bool {
	switch s := s.(type) {
	case *CreatePin:
		f.str("CREATE PIN ")
		f.flag(s.IfNotExists, "IF NOT EXISTS ")
		f.ident(s.Name.Name)
		f.asOf(s.AsOf)
	case *DropPin:
		f.str("DROP PIN ")
		f.flag(s.IfExists, "IF EXISTS ")
		f.ident(s.Name.Name)
	case *CloneTable:
		f.str("CREATE TABLE ")
		f.flag(s.IfNotExists, "IF NOT EXISTS ")
		f.name(s.Name)
		f.str(" CLONE ")
		f.name(s.Source)
		f.asOf(s.AsOf)
	default:
		return false
	}
	return true
}
