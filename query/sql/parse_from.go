package sql

// parseFrom reads the items of FROM.
func (p *parser) parseFrom() []TableExpr {
	list := []TableExpr{p.parseTableExpr()}
	for p.accept(",") {
		list = append(list, p.parseTableExpr())
	}
	return list
}

// parseTableExpr reads an item of FROM with the joins that follow it.
func (p *parser) parseTableExpr() TableExpr {
	return p.parseJoins(p.parseTablePrimary())
}

func (p *parser) parseJoins(left TableExpr) TableExpr {
	for n := 0; p.startsJoin(); {
		if !p.link(&n) {
			return left
		}
		left = p.parseJoin(left)
	}
	p.refuseAsof()
	return left
}

func (p *parser) startsJoin() bool {
	if p.tok.kind != tWord {
		return false
	}
	switch p.tok.text {
	case "join", "inner", "left", "right", "full", "cross", "natural":
		return true
	case "asof":
		next := p.peek(1)
		return next.isKw("join") || next.isKw("left") && (p.peek(2).isKw("join") || p.peek(2).isKw("outer"))
	}
	return false
}

func (p *parser) refuseAsof() {
	if p.isKw("asof") {
		p.refuseExtension()
	}
}

// parseJoin reads one join whose left side is left. A right side may itself be a
// join when its conditions come first: a JOIN b JOIN c ON ... ON ...
func (p *parser) parseJoin(left TableExpr) TableExpr {
	j := &Join{Pos: p.pos(), Left: left}
	if !p.enter() {
		return left
	}
	defer p.leave()
	if p.acceptKw("cross") {
		p.expectKw("join")
		j.Kind = CrossJoin
		j.Right = p.parseTablePrimary()
		return j
	}
	if p.acceptKw("asof") {
		return p.parseAsof(j)
	}
	j.Natural = p.acceptKw("natural")
	switch {
	case p.acceptKw("inner"):
	case p.isKw("left"), p.isKw("right"), p.isKw("full"):
		j.Kind = map[string]JoinKind{"left": LeftJoin, "right": RightJoin, "full": FullJoin}[p.advance().text]
		p.refuseAsof()
		p.acceptKw("outer")
	}
	p.expectKw("join")
	j.Right = p.parseTablePrimary()
	if j.Natural {
		return j
	}
	for n := 0; p.startsJoin(); {
		if !p.link(&n) {
			return j
		}
		j.Right = p.parseJoin(j.Right)
	}
	p.refuseAsof()
	if p.acceptKw("using") {
		j.Using = p.identListParens()
		if p.acceptKw("as") {
			j.UsingAlias = p.colID()
		}
		return j
	}
	p.expectKw("on")
	j.On = p.parseExpr()
	return j
}

// parseAsof reads [LEFT [OUTER]] JOIN item ON condition behind ASOF, which is no alias (see extensionWords), so that no text that PostgreSQL
// reads is read otherwise.
func (p *parser) parseAsof(j *Join) TableExpr {
	j.Asof = true
	if p.acceptKw("left") {
		j.Kind = LeftJoin
		p.acceptKw("outer")
	}
	p.expectKw("join")
	j.Right = p.parseTablePrimary()
	p.expectKw("on")
	j.On = p.parseExpr()
	return j
}

// parseTablePrimary reads an item of FROM without the joins behind it.
func (p *parser) parseTablePrimary() TableExpr {
	pos := p.pos()
	if !p.enter() {
		return &Table{Pos: pos}
	}
	defer p.leave()
	if p.acceptKw("lateral") {
		if p.isPunct("(") {
			d := &Derived{Pos: pos, Lateral: true, Query: p.parseParenQuery()}
			d.Alias = p.parseAlias()
			return d
		}
		f, ok := p.parseTableFunc().(*TableFunc)
		if !ok {
			return &Table{Pos: pos}
		}
		f.Pos, f.Lateral = pos, true
		return f
	}
	if p.isPunct("(") {
		q, t := p.parseTableParens()
		if q != nil {
			return &Derived{Pos: pos, Query: q, Alias: p.parseAlias()}
		}
		p.joinAlias(t)
		return t
	}
	if p.startsTableFunc() {
		return p.parseTableFunc()
	}
	t := &Table{Pos: pos}
	p.parseRelation(t)
	t.AsOf = p.parseAsOf()
	t.Alias = p.parseAlias()
	if p.isKw("tablesample") {
		t.Sample = p.parseSample()
	}
	return t
}

// joinAlias reads the alias of a join in parentheses.
func (p *parser) joinAlias(t TableExpr) {
	a := p.parseAlias()
	if a == nil {
		return
	}
	j, ok := t.(*Join)
	if !ok || j.Alias != nil {
		p.fail(a.Pos, codeSyntax, "syntax error at or near \"%s\"", a.Name)
		return
	}
	j.Alias = a
}

// parseTableParens reads what is in parentheses in FROM: a query, or a join. Two
// opening parentheses can begin either, so it decides behind the inner one.
func (p *parser) parseTableParens() (*Query, TableExpr) {
	pos := p.pos()
	if !p.enter() {
		return nil, &Table{Pos: pos}
	}
	defer p.leave()
	p.expect("(")
	if p.startsQuery(&p.tok) {
		q := p.parseQuery()
		p.expect(")")
		return q, nil
	}
	var t TableExpr
	if p.isPunct("(") {
		inner := p.pos()
		q, sub := p.parseTableParens()
		if q != nil {
			if p.continuesQuery() {
				q = p.continueQuery(q)
			}
			if p.accept(")") {
				return q, nil
			}
			sub = &Derived{Pos: inner, Query: q, Alias: p.parseAlias()}
		} else {
			p.joinAlias(sub)
		}
		t = p.parseJoins(sub)
	} else {
		t = p.parseTableExpr()
	}
	if _, ok := t.(*Join); !ok {
		p.unexpected()
	}
	p.expect(")")
	return nil, t
}

// parseRelation reads [ONLY] name [*].
func (p *parser) parseRelation(t *Table) {
	if p.acceptKw("only") {
		t.Only = true
		if p.accept("(") {
			t.Name = p.name()
			p.expect(")")
			return
		}
		t.Name = p.name()
		return
	}
	t.Name = p.name()
	if p.isOp("*") {
		p.advance()
	}
}

// parseAlias reads [AS] name [(columns)], nil when there is none.
func (p *parser) parseAlias() *Alias {
	pos := p.pos()
	if p.acceptKw("as") {
		a := &Alias{Pos: pos, Name: p.colID()}
		if p.isPunct("(") {
			a.Columns = p.identListParens()
		}
		return a
	}
	if !p.tok.isColID() || p.tok.kw.notAlias {
		return nil
	}
	a := &Alias{Pos: pos, Name: p.colID()}
	if p.isPunct("(") {
		a.Columns = p.identListParens()
	}
	return a
}

func (p *parser) parseSample() *TableSample {
	s := &TableSample{Pos: int(p.advance().pos)}
	if !p.tok.isTypeFunc() {
		p.unexpected()
		return s
	}
	s.Method = p.nameRest(Name{Pos: p.pos()}, p.advance().text)
	p.expect("(")
	s.Args = p.exprList()
	p.expect(")")
	if p.acceptKw("repeatable") {
		p.expect("(")
		s.Repeatable = p.parseExpr()
		p.expect(")")
	}
	return s
}

// startsTableFunc tells a function from a table in FROM.
func (p *parser) startsTableFunc() bool {
	if p.tok.kind == tWord {
		switch p.tok.text {
		case "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_role",
			"current_user", "session_user", "user", "current_catalog", "system_user", "cast", "current_schema":
			return true
		case "rows":
			if p.peek(1).isKw("from") && p.peek(2).isPunct("(") {
				return true
			}
		}
	}
	n := p.peek(1)
	if n.isPunct("(") {
		return p.tok.isLabel() && !(p.tok.kind == tWord && p.tok.kw.class == reserved)
	}
	if !n.isPunct(".") {
		return false
	}
	// schema.function(: look behind the name. Three parts are read as a table;
	// functions of another database do not exist.
	return p.peek(3).isPunct("(") && p.peek(2).isLabel()
}

// parseTableFunc reads a function, or ROWS FROM (...), with its alias.
func (p *parser) parseTableFunc() TableExpr {
	t := &TableFunc{Pos: p.pos()}
	if p.isKw("rows") && p.peek(1).isKw("from") {
		t.RowsFrom = true
		p.advance()
		p.advance()
		p.expect("(")
		for {
			item := p.parseTableFuncItem()
			if p.acceptKw("as") {
				item.ColDefs = p.parseColDefs()
			}
			t.Funcs = append(t.Funcs, item)
			if !p.accept(",") {
				break
			}
		}
		p.expect(")")
	} else {
		t.Funcs = []TableFuncItem{p.parseTableFuncItem()}
	}
	if p.isKw("with") && p.peek(1).isKw("ordinality") {
		p.advance()
		p.advance()
		t.Ordinality = true
	}
	p.parseFuncAlias(t)
	return t
}

func (p *parser) parseTableFuncItem() TableFuncItem {
	item := TableFuncItem{Pos: p.pos()}
	start := p.tok
	e := p.parsePrimary()
	if c, ok := e.(*Cast); ok && p.err == nil {
		p.unsupported(c.Pos, "CAST in FROM", "")
	}
	f, ok := e.(*FuncCall)
	if !ok || f.Over != nil || f.Filter != nil || f.WithinGroup {
		if p.err == nil {
			p.fail(int(start.pos), codeSyntax, "syntax error at or near \"%s\"", p.lex.text[start.pos:start.end])
		}
		f = special(item.Pos, "")
	}
	item.Func = f
	return item
}

// parseFuncAlias reads an alias with columns, with or without types.
func (p *parser) parseFuncAlias(t *TableFunc) {
	pos := p.pos()
	if p.acceptKw("as") {
		if p.isPunct("(") {
			t.ColDefs = p.parseColDefs()
			return
		}
	} else if !p.tok.isColID() || p.tok.kw.notAlias {
		return
	}
	t.Alias = &Alias{Pos: pos, Name: p.colID()}
	if !p.isPunct("(") {
		return
	}
	if n := p.peek(2); n.isPunct(",") || n.isPunct(")") {
		t.Alias.Columns = p.identListParens()
		return
	}
	t.ColDefs = p.parseColDefs()
}

func (p *parser) parseColDefs() []ColDef {
	p.expect("(")
	var list []ColDef
	for {
		d := ColDef{Pos: p.pos(), Name: p.colID(), Type: p.parseType()}
		if p.acceptKw("collate") {
			n := p.name()
			d.Collation = &n
		}
		list = append(list, d)
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return list
}
