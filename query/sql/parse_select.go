package sql

// parseSelect reads SELECT ... up to and with WINDOW.
func (p *parser) parseSelect() *Select {
	s := &Select{Pos: int(p.advance().pos)}
	if p.acceptKw("distinct") {
		s.Distinct = true
		if p.isKw("on") {
			p.advance()
			p.expect("(")
			s.DistinctOn = p.exprList()
			p.expect(")")
		}
	} else {
		p.acceptKw("all")
	}
	if s.Distinct || !p.endsTargets() {
		s.Targets = p.parseTargets()
	}
	if p.isKw("into") {
		p.unsupported(p.pos(), "SELECT INTO", "Use CREATE TABLE ... AS.")
	}
	if p.acceptKw("from") {
		s.From = p.parseFrom()
	}
	if p.acceptKw("where") {
		s.Where = p.parseExpr()
	}
	p.refuseExtension()
	if p.isKw("group") {
		p.parseGroupBy(s)
	}
	if p.acceptKw("having") {
		s.Having = p.parseExpr()
	}
	if p.isKw("window") {
		p.parseWindows(s)
	}
	p.refuseExtension()
	return s
}

// refuseExtension reports clauses of other databases by name instead of as a
// syntax error.
func (p *parser) refuseExtension() {
	if p.tok.kind != tWord || !p.tok.kw.notAlias {
		return
	}
	pos := p.pos()
	switch p.tok.text {
	case "qualify":
		p.unsupported(pos, "QUALIFY", "Filter the window function's result in an outer SELECT.")
	case "sample":
		p.unsupported(pos, "SAMPLE BY", "Use GROUP BY time_bucket(interval, time).")
	case "fill":
		p.unsupported(pos, "FILL", "Use time_bucket_gapfill with locf or interpolate.")
	case "asof":
		p.unsupported(pos, "ASOF in this place", "Write a ASOF JOIN b ON a.key = b.key AND a.time >= b.time, or a ASOF LEFT JOIN b.")
	}
}

// endsTargets reports whether the select list is empty.
func (p *parser) endsTargets() bool {
	switch p.tok.kind {
	case tEOF:
		return true
	case tPunct:
		return p.tok.text == ")" || p.tok.text == ";"
	case tWord:
		if p.tok.kw.class != reserved {
			return false
		}
		switch p.tok.text {
		case "from", "where", "group", "having", "window", "order", "limit", "offset", "fetch", "for",
			"union", "intersect", "except", "into":
			return true
		}
	}
	return false
}

// parseTargets reads a select list.
func (p *parser) parseTargets() []SelectItem {
	list := append(make([]SelectItem, 0, 4), p.parseTarget())
	for p.accept(",") {
		list = append(list, p.parseTarget())
	}
	return list
}

func (p *parser) parseTarget() SelectItem {
	item := SelectItem{Pos: p.pos()}
	if p.isOp("*") {
		p.advance()
		item.Expr = &Star{Pos: item.Pos}
		if p.isKw("exclude") || p.isKw("replace") {
			p.unsupported(p.pos(), "* "+upper(p.tok.text), "List the columns.")
		}
		return item
	}
	item.Expr = p.parseExpr()
	if p.acceptKw("as") {
		item.Alias = p.label()
	} else if p.tok.kind == tQuoted || p.tok.kind == tWord && !p.tok.kw.needsAs {
		item.Alias = p.advance().text
	}
	return item
}

// parseGroupBy reads GROUP BY.
func (p *parser) parseGroupBy(s *Select) {
	p.advance()
	p.expectKw("by")
	if p.acceptKw("distinct") {
		s.GroupDistinct = true
	} else if p.isKw("all") {
		pos := int(p.advance().pos)
		if p.tok.kind == tEOF || p.isPunct(")") || p.isPunct(";") || p.tok.kind == tWord && p.endsTargets() {
			p.unsupported(pos, "GROUP BY ALL", "List the columns to group by.")
		}
	}
	s.GroupBy = p.parseGroupItems()
}

func (p *parser) parseGroupItems() []Expr {
	list := append(make([]Expr, 0, 4), p.parseGroupItem())
	for p.accept(",") {
		list = append(list, p.parseGroupItem())
	}
	return list
}

// parseGroupItem reads an expression, (), ROLLUP, CUBE or GROUPING SETS.
func (p *parser) parseGroupItem() Expr {
	pos := p.pos()
	if p.isPunct("(") && p.peek(1).isPunct(")") {
		p.advance()
		p.advance()
		return &GroupingSet{Pos: pos, Kind: GroupEmpty}
	}
	g := &GroupingSet{Pos: pos}
	switch {
	case p.isKw("rollup") && p.peek(1).isPunct("("):
		g.Kind = GroupRollup
		p.advance()
		p.advance()
		g.Items = p.exprList()
	case p.isKw("cube") && p.peek(1).isPunct("("):
		g.Kind = GroupCube
		p.advance()
		p.advance()
		g.Items = p.exprList()
	case p.isKw("grouping") && p.peek(1).isKw("sets"):
		if !p.enter() {
			return g
		}
		defer p.leave()
		g.Kind = GroupSets
		p.advance()
		p.advance()
		p.expect("(")
		g.Items = p.parseGroupItems()
	default:
		return p.parseExpr()
	}
	p.expect(")")
	return g
}

// parseWindows reads WINDOW name AS (...), ...
func (p *parser) parseWindows(s *Select) {
	p.advance()
	for {
		name := p.colID()
		p.expectKw("as")
		w := p.parseWindowSpec()
		w.Name = name
		s.Windows = append(s.Windows, w)
		if !p.accept(",") {
			return
		}
	}
}
