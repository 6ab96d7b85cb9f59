package sql

// parseInsert reads INSERT INTO.
func (p *parser) parseInsert() *Insert {
	s := &Insert{Pos: int(p.advance().pos)}
	p.expectKw("into")
	s.Table = p.name()
	if p.acceptKw("as") {
		s.Alias = p.colID()
	}
	if p.isPunct("(") && !p.queryInParensAhead() {
		s.Columns = p.parseTargetColumns()
	}
	if p.acceptKw("overriding") {
		s.Overriding = p.parseOverriding()
	}
	if p.isKw("default") && s.Columns == nil && s.Overriding == "" {
		p.advance()
		p.expectKw("values")
	} else if p.isPunct("(") || p.startsQuery(&p.tok) {
		s.Query = p.parseQuery()
	} else {
		p.unexpected()
	}
	if p.isKw("on") {
		s.OnConflict = p.parseOnConflict()
	}
	s.Returning = p.parseReturning()
	return s
}

// queryInParensAhead tells INSERT INTO t (SELECT ...) from a column list. More
// parentheses can only start a query.
func (p *parser) queryInParensAhead() bool {
	n := p.peek(1)
	return n.isPunct("(") || p.startsQuery(n) && n.kw.class == reserved || n.isKw("values") && p.peek(2).isPunct("(")
}

func (p *parser) parseOverriding() string {
	word := p.tok.text
	if !p.acceptKw("system") {
		p.expectKw("user")
	}
	p.expectKw("value")
	return word
}

// parseTargetColumns reads (a, b, ...). Assigning to a part of a column is
// PostgreSQL's, not ours.
func (p *parser) parseTargetColumns() []Ident {
	p.expect("(")
	var list []Ident
	for {
		list = append(list, p.parseTargetColumn())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return list
}

func (p *parser) parseTargetColumn() Ident {
	id := p.ident()
	if p.isPunct("[") || p.isPunct(".") {
		p.unsupported(p.pos(), "assigning to a part of a column", "Assign the whole column.")
	}
	return id
}

// parseOnConflict reads ON CONFLICT.
func (p *parser) parseOnConflict() *OnConflict {
	c := &OnConflict{Pos: int(p.advance().pos)}
	p.expectKw("conflict")
	if p.isPunct("(") {
		c.TargetPos = p.pos()
		c.Target = p.parseIndexElems()
		if p.acceptKw("where") {
			c.TargetWhere = p.parseExpr()
		}
	} else if p.acceptKw("on") {
		p.expectKw("constraint")
		c.Constraint = p.colID()
	}
	p.expectKw("do")
	if p.acceptKw("nothing") {
		return c
	}
	p.expectKw("update")
	p.expectKw("set")
	c.DoUpdate = true
	c.Set = p.parseAssignments()
	if p.acceptKw("where") {
		c.Where = p.parseExpr()
	}
	if c.Target == nil && c.Constraint == "" {
		e := p.fail(c.Pos, codeSyntax, "ON CONFLICT DO UPDATE requires inference specification or constraint name")
		e.Hint = "For example, ON CONFLICT (column_name)."
	}
	return c
}

func (p *parser) parseReturning() []SelectItem {
	if !p.acceptKw("returning") {
		return nil
	}
	return p.parseTargets()
}

func (p *parser) parseAssignments() []Assignment {
	list := []Assignment{p.parseAssignment()}
	for p.accept(",") {
		list = append(list, p.parseAssignment())
	}
	return list
}

// parseAssignment reads a = x or (a, b) = row.
func (p *parser) parseAssignment() Assignment {
	a := Assignment{Pos: p.pos()}
	if p.isPunct("(") {
		a.Multi = true
		a.Columns = p.parseTargetColumns()
	} else {
		a.Columns = []Ident{p.parseTargetColumn()}
	}
	if !p.isOp("=") {
		p.unexpected()
		return a
	}
	p.advance()
	if !a.Multi {
		a.Value = p.exprOrDefault()
		return a
	}
	a.Value = p.parseRowValue()
	return a
}

// parseRowValue reads the right side of (a, b) = ..., where DEFAULT may stand
// inside a row.
func (p *parser) parseRowValue() Expr {
	pos := p.pos()
	explicit := p.isKw("row") && p.peek(1).isPunct("(")
	if !explicit && (!p.isPunct("(") || p.startsQuery(p.peek(1)) || p.peek(1).isPunct("(")) {
		return p.parseExpr()
	}
	if explicit {
		p.advance()
	}
	p.expect("(")
	r := &Row{Pos: pos, Explicit: explicit}
	if !p.isPunct(")") {
		r.Elems = append(r.Elems, p.exprOrDefault())
		for p.accept(",") {
			r.Elems = append(r.Elems, p.exprOrDefault())
		}
	}
	p.expect(")")
	if len(r.Elems) == 1 && !explicit {
		return p.indirection(r.Elems[0])
	}
	return r
}

// parseTarget of UPDATE, DELETE and MERGE: a table with an alias that is not the
// next keyword.
func (p *parser) parseTargetTable() *Table {
	t := &Table{Pos: p.pos()}
	p.parseRelation(t)
	pos := p.pos()
	if p.acceptKw("as") || p.tok.isColID() && !p.isKw("set") && !p.tok.kw.notAlias {
		t.Alias = &Alias{Pos: pos, Name: p.colID()}
	}
	return t
}

// parseUpdate reads UPDATE.
func (p *parser) parseUpdate() *Update {
	s := &Update{Pos: int(p.advance().pos)}
	s.Table = p.parseTargetTable()
	p.expectKw("set")
	s.Set = p.parseAssignments()
	if p.acceptKw("from") {
		s.From = p.parseFrom()
	}
	s.Where = p.parseWhereOrCurrent()
	s.Returning = p.parseReturning()
	return s
}

func (p *parser) parseWhereOrCurrent() Expr {
	if !p.acceptKw("where") {
		return nil
	}
	if p.isKw("current") && p.peek(1).isKw("of") {
		p.unsupported(p.pos(), "WHERE CURRENT OF", "")
	}
	return p.parseExpr()
}

// parseDelete reads DELETE FROM.
func (p *parser) parseDelete() *Delete {
	s := &Delete{Pos: int(p.advance().pos)}
	p.expectKw("from")
	s.Table = p.parseTargetTable()
	if p.acceptKw("using") {
		s.Using = p.parseFrom()
	}
	s.Where = p.parseWhereOrCurrent()
	s.Returning = p.parseReturning()
	return s
}

// parseMerge reads MERGE INTO.
func (p *parser) parseMerge() *Merge {
	s := &Merge{Pos: int(p.advance().pos)}
	p.expectKw("into")
	s.Table = p.parseTargetTable()
	p.expectKw("using")
	s.Source = p.parseTableExpr()
	p.expectKw("on")
	s.On = p.parseExpr()
	for p.isKw("when") {
		s.Whens = append(s.Whens, p.parseMergeWhen())
	}
	if len(s.Whens) == 0 {
		p.unexpected()
	}
	s.Returning = p.parseReturning()
	return s
}

func (p *parser) parseMergeWhen() MergeWhen {
	w := MergeWhen{Pos: int(p.advance().pos)}
	if p.acceptKw("not") {
		w.Match = NotMatchedByTarget
	}
	p.expectKw("matched")
	if w.Match == NotMatchedByTarget && p.acceptKw("by") {
		if p.acceptKw("source") {
			w.Match = NotMatchedBySource
		} else {
			p.expectKw("target")
		}
	}
	if p.acceptKw("and") {
		w.Cond = p.parseExpr()
	}
	p.expectKw("then")
	switch {
	case p.acceptKw("do"):
		p.expectKw("nothing")
	case w.Match == NotMatchedByTarget:
		p.expectKw("insert")
		p.parseMergeInsert(&w)
	case p.acceptKw("delete"):
		w.Action = MergeDelete
	default:
		p.expectKw("update")
		p.expectKw("set")
		w.Action = MergeUpdate
		w.Set = p.parseAssignments()
	}
	return w
}

func (p *parser) parseMergeInsert(w *MergeWhen) {
	w.Action = MergeInsert
	if p.isPunct("(") {
		w.Columns = p.parseTargetColumns()
	}
	if p.acceptKw("overriding") {
		w.Overriding = p.parseOverriding()
	}
	if w.Columns == nil && w.Overriding == "" && p.acceptKw("default") {
		p.expectKw("values")
		return
	}
	p.expectKw("values")
	p.expect("(")
	w.Values = []Expr{p.exprOrDefault()}
	for p.accept(",") {
		w.Values = append(w.Values, p.exprOrDefault())
	}
	p.expect(")")
}

// parseTruncate reads TRUNCATE.
func (p *parser) parseTruncate() *Truncate {
	s := &Truncate{Pos: int(p.advance().pos)}
	p.acceptKw("table")
	for {
		t := &Table{Pos: p.pos()}
		p.parseRelation(t)
		s.Tables = append(s.Tables, t)
		if !p.accept(",") {
			break
		}
	}
	if p.acceptKws("restart", "identity") {
		s.Restart = true
	} else {
		p.acceptKws("continue", "identity")
	}
	s.Cascade = p.parseCascade()
	return s
}

// parseCascade reads CASCADE or RESTRICT, of which the latter is the default.
func (p *parser) parseCascade() bool {
	if p.acceptKw("cascade") {
		return true
	}
	p.acceptKw("restrict")
	return false
}

// parseCopy reads COPY.
func (p *parser) parseCopy() *Copy {
	s := &Copy{Pos: int(p.advance().pos)}
	var before []Option
	if p.isKw("binary") && p.peek(1).isColID() && !p.peek(1).isKw("from") && !p.peek(1).isKw("to") {
		before = append(before, p.oldCopyOption("format", "binary"))
	}
	if p.accept("(") {
		s.Query = p.parsePreparable()
		p.expect(")")
		p.expectKw("to")
	} else {
		n := p.name()
		s.Table = &n
		if p.isPunct("(") {
			s.Columns = p.identListParens()
		}
		if s.From = p.acceptKw("from"); !s.From {
			p.expectKw("to")
		}
	}
	s.Program = p.acceptKw("program")
	switch {
	case !s.Program && (p.acceptKw("stdin") || p.acceptKw("stdout")):
	default:
		s.File = p.stringLit()
	}
	s.Options = append(before, p.parseCopyOptions()...)
	if p.isKw("where") && s.From {
		p.advance()
		s.Where = p.parseExpr()
	}
	return s
}
