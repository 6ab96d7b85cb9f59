package sql

// parseColumnConstraint reads one constraint of a column, nil when none follows.
func (p *parser) parseColumnConstraint() *Constraint {
	c := &Constraint{Pos: p.pos()}
	if p.acceptKw("constraint") {
		c.Name = p.colID()
	}
	switch {
	case p.acceptKws("not", "null"):
		c.Kind = ConNotNull
	case p.acceptKw("null"):
		c.Kind = ConNull
	case p.acceptKw("default"):
		c.Kind = ConDefault
		c.Expr = p.parseBExpr()
	case p.acceptKw("primary"):
		p.expectKw("key")
		c.Kind = ConPrimaryKey
		p.refuseIndexSuffix()
		p.parseDeferrable(c)
	case p.acceptKw("unique"):
		c.Kind = ConUnique
		p.parseNullsDistinct(c)
		p.refuseIndexSuffix()
		p.parseDeferrable(c)
	case p.acceptKw("check"):
		p.parseCheck(c)
		c.NoInherit = p.acceptKws("no", "inherit")
	case p.isKw("references"):
		p.parseReferences(c)
		p.parseDeferral(c)
	case p.acceptKw("generated"):
		p.parseGenerated(c)
	default:
		if c.Name != "" {
			p.unexpected()
		}
		return nil
	}
	return c
}

func (p *parser) parseCheck(c *Constraint) {
	c.Kind = ConCheck
	p.expect("(")
	c.Expr = p.parseExpr()
	p.expect(")")
}

func (p *parser) parseNullsDistinct(c *Constraint) {
	if p.acceptKws("nulls", "not", "distinct") {
		c.NullsNotDistinct = true
		return
	}
	p.acceptKws("nulls", "distinct")
}

// refuseIndexSuffix refuses how a key's index is to be stored.
func (p *parser) refuseIndexSuffix() {
	switch {
	case p.isKw("with"), p.isKw("using"), p.isKw("include"):
		p.unsupported(p.pos(), upper(p.tok.text)+" of a key", "")
	}
}

// parseGenerated reads GENERATED ALWAYS AS (x) STORED and ... AS IDENTITY.
func (p *parser) parseGenerated(c *Constraint) {
	if p.acceptKw("always") {
		c.Always = true
	} else {
		p.expectKw("by")
		p.expectKw("default")
	}
	p.expectKw("as")
	if p.acceptKw("identity") {
		c.Kind = ConIdentity
		if p.accept("(") {
			if c.Sequence = p.parseSequenceOptions(); len(c.Sequence) == 0 {
				p.unexpected()
			}
			p.expect(")")
		}
		return
	}
	if !c.Always {
		p.fail(c.Pos, codeSyntax, "for a generated column, GENERATED ALWAYS must be specified")
		return
	}
	c.Kind = ConGenerated
	p.expect("(")
	c.Expr = p.parseExpr()
	p.expect(")")
	p.expectKw("stored")
}

// parseTableConstraint reads a constraint that is not part of a column.
func (p *parser) parseTableConstraint() *Constraint {
	c := &Constraint{Pos: p.pos()}
	if p.acceptKw("constraint") {
		c.Name = p.colID()
	}
	switch {
	case p.acceptKw("primary"):
		p.expectKw("key")
		c.Kind = ConPrimaryKey
		c.Columns = p.parseKeyColumns()
	case p.acceptKw("unique"):
		c.Kind = ConUnique
		p.parseNullsDistinct(c)
		c.Columns = p.parseKeyColumns()
	case p.acceptKw("check"):
		p.parseCheck(c)
	case p.acceptKw("foreign"):
		p.expectKw("key")
		c.Columns = p.identListParens()
		p.parseReferences(c)
	case p.isKw("exclude"):
		p.unsupported(p.pos(), "EXCLUDE constraint", "")
	default:
		p.unexpected()
	}
	p.parseDeferral(c)
	return c
}

func (p *parser) parseKeyColumns() []Ident {
	if p.isKw("using") && p.peek(1).isKw("index") {
		p.unsupported(p.pos(), "USING INDEX", "")
	}
	columns := p.identListParens()
	p.refuseIndexSuffix()
	return columns
}

// parseDeferral reads the attributes behind a constraint, in any order.
func (p *parser) parseDeferral(c *Constraint) {
	for p.tok.kind == tWord {
		switch {
		case p.acceptKw("deferrable"):
			c.Deferrable = true
		case p.acceptKws("not", "deferrable"):
		case p.acceptKws("initially", "deferred"):
			c.Deferrable, c.InitiallyDeferred = true, true
		case p.acceptKws("initially", "immediate"):
		case p.acceptKws("not", "valid"):
			c.NotValid = true
		case p.acceptKws("no", "inherit"):
			c.NoInherit = true
		default:
			return
		}
	}
}

// parseDeferrable reads the attributes that a key of a column can have.
func (p *parser) parseDeferrable(c *Constraint) {
	for p.tok.kind == tWord {
		switch {
		case p.acceptKw("deferrable"):
			c.Deferrable = true
		case p.acceptKws("not", "deferrable"):
		case p.acceptKws("initially", "deferred"):
			c.InitiallyDeferred = true // which says DEFERRABLE, too
		case p.acceptKws("initially", "immediate"):
		default:
			return
		}
	}
}

// parseReferences reads REFERENCES table (columns) and its actions.
func (p *parser) parseReferences(c *Constraint) {
	c.Kind = ConForeignKey
	p.expectKw("references")
	n := p.name()
	c.RefTable = &n
	if p.isPunct("(") {
		c.RefColumns = p.identListParens()
	}
	if p.acceptKw("match") {
		switch {
		case p.isKw("full"), p.isKw("partial"), p.isKw("simple"):
			c.Match = p.advance().text
		default:
			p.unexpected()
		}
	}
	for p.isKw("on") {
		p.advance()
		target := &c.OnUpdate
		if p.acceptKw("delete") {
			target = &c.OnDelete
		} else {
			p.expectKw("update")
		}
		if target.Action != "" {
			p.unexpected()
		}
		p.parseRefAction(target)
	}
}

func (p *parser) parseRefAction(a *RefAction) {
	switch {
	case p.acceptKws("no", "action"):
		a.Action = "no action"
	case p.acceptKw("restrict"):
		a.Action = "restrict"
	case p.acceptKw("cascade"):
		a.Action = "cascade"
	case p.acceptKws("set", "null"):
		a.Action = "set null"
	case p.acceptKws("set", "default"):
		a.Action = "set default"
	default:
		p.unexpected()
	}
	if p.isPunct("(") && (a.Action == "set null" || a.Action == "set default") {
		a.Columns = p.identListParens()
	}
}
