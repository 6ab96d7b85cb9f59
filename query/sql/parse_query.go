package sql

// parseQuery reads [WITH ...] body [ORDER BY ...] [LIMIT ...].
func (p *parser) parseQuery() *Query {
	q := &Query{Pos: p.pos()}
	if !p.enter() {
		q.Body = &Select{Pos: q.Pos}
		return q
	}
	defer p.leave()
	if p.isKw("with") {
		q.With = p.parseWith()
	}
	return p.queryAfterWith(q)
}

// queryAfterWith completes a query whose WITH, if any, has been read.
func (p *parser) queryAfterWith(q *Query) *Query {
	return p.finishQuery(q, p.parseSetOps(p.parseQueryOperand(), 0))
}

// continuesQuery reports whether the current token can follow a query in
// parentheses as part of a larger query.
func (p *parser) continuesQuery() bool {
	if p.tok.kind != tWord {
		return false
	}
	switch p.tok.text {
	case "union", "intersect", "except", "order", "limit", "offset", "fetch", "for":
		return true
	}
	return false
}

// continueQuery reads the rest of a query that starts with first in parentheses.
func (p *parser) continueQuery(first *Query) *Query {
	q := &Query{Pos: first.Pos}
	return p.finishQuery(q, p.parseSetOps(operand(first), 0))
}

// operand strips a query in parentheses that has no clauses of its own.
func operand(q *Query) QueryBody {
	if q.With == nil && q.OrderBy == nil && q.Limit == nil && q.Offset == nil {
		return q.Body
	}
	return q
}

// finishQuery puts the body into q and reads the clauses behind it. A body that
// is a whole query in parentheses shares its clauses with q, each given once.
func (p *parser) finishQuery(q *Query, body QueryBody) *Query {
	q.Body = body
	p.parseTail(q)
	inner, ok := body.(*Query)
	if !ok {
		return q
	}
	switch {
	case q.With != nil && inner.With != nil:
		p.fail(inner.With.Pos, codeSyntax, "multiple WITH clauses not allowed")
	case q.OrderBy != nil && inner.OrderBy != nil:
		p.fail(q.OrderBy[0].Pos, codeSyntax, "multiple ORDER BY clauses not allowed")
	case q.Limit != nil && inner.Limit != nil:
		p.fail(q.Limit.Position(), codeSyntax, "multiple LIMIT clauses not allowed")
	case q.Offset != nil && inner.Offset != nil:
		p.fail(q.Offset.Position(), codeSyntax, "multiple OFFSET clauses not allowed")
	}
	q.Body = inner.Body
	if q.With == nil {
		q.With = inner.With
	}
	if q.OrderBy == nil {
		q.OrderBy = inner.OrderBy
	}
	if q.Limit == nil {
		q.Limit, q.WithTies = inner.Limit, inner.WithTies
	}
	if q.Offset == nil {
		q.Offset = inner.Offset
	}
	return q
}

// parseSetOps reads set operations that bind tighter than min: INTERSECT (2)
// before UNION and EXCEPT (1).
func (p *parser) parseSetOps(left QueryBody, min int) QueryBody {
	for n := 0; p.tok.kind == tWord; {
		var kind SetOpKind
		prec := 1
		switch p.tok.text {
		case "union":
			kind = Union
		case "except":
			kind = Except
		case "intersect":
			kind, prec = Intersect, 2
		default:
			return left
		}
		if prec <= min || !p.link(&n) {
			return left
		}
		op := &SetOp{Pos: int(p.advance().pos), Kind: kind, Left: left}
		if p.acceptKw("all") {
			op.All = true
		} else {
			p.acceptKw("distinct")
		}
		op.Right = p.parseSetOps(p.parseQueryOperand(), prec)
		left = op
	}
	return left
}

// parseQueryOperand reads SELECT, VALUES, TABLE or a query in parentheses.
func (p *parser) parseQueryOperand() QueryBody {
	pos := p.pos()
	switch {
	case p.isKw("select"):
		return p.parseSelect()
	case p.isKw("values"):
		return p.parseValues()
	case p.acceptKw("table"):
		t := &Table{Pos: p.pos()}
		p.parseRelation(t)
		return &Select{Pos: pos, Targets: []SelectItem{{Pos: pos, Expr: &Star{Pos: pos}}}, From: []TableExpr{t}}
	case p.isPunct("("):
		return operand(p.parseParenQuery())
	}
	p.unexpected()
	return &Select{Pos: pos}
}

func (p *parser) parseValues() QueryBody {
	v := &Values{Pos: int(p.advance().pos)}
	width := 2
	var slab []Literal
	for {
		p.expect("(")
		row := make([]Expr, 0, width)
		for {
			if l := p.bareLiteral(&slab); l != nil {
				row = append(row, l)
			} else {
				row = append(row, p.exprOrDefault())
			}
			if !p.accept(",") {
				break
			}
		}
		p.expect(")")
		width = len(row)
		v.Rows = append(v.Rows, row)
		if !p.accept(",") {
			return v
		}
	}
}

// literalsAtOnce is how many literals of VALUES are allocated together at most.
const literalsAtOnce = 256

// bareLiteral reads a literal that is a whole element of VALUES, of which there may be very many; nil if something else comes.
func (p *parser) bareLiteral(slab *[]Literal) *Literal {
	var kind LiteralKind
	switch p.tok.kind {
	case tString:
		kind = LitString
	case tInt:
		kind = LitInt
	case tNumber:
		kind = LitNumber
	default:
		return nil
	}
	if p.nAhead > 0 {
		return nil
	}
	p.lex.skipBlank()
	if c := p.lex.at(p.lex.pos); c != ',' && c != ')' {
		return nil
	}
	if len(*slab) == cap(*slab) {
		*slab = make([]Literal, 0, min(max(2*cap(*slab), 4), literalsAtOnce))
	}
	t := p.advance()
	*slab = append(*slab, Literal{Pos: int(t.pos), Kind: kind, Text: t.text})
	return &(*slab)[len(*slab)-1]
}

// exprOrDefault reads an expression or DEFAULT.
func (p *parser) exprOrDefault() Expr {
	if p.isKw("default") {
		return &Default{Pos: int(p.advance().pos)}
	}
	return p.parseExpr()
}

func (p *parser) parseWith() *With {
	w := &With{Pos: int(p.advance().pos)}
	if next := p.peek(1); !next.isKw("as") && !next.isPunct("(") { // a name of a query otherwise
		w.Recursive = p.acceptKw("recursive")
	}
	for {
		w.CTEs = append(w.CTEs, p.parseCTE())
		if !p.accept(",") {
			return w
		}
	}
}

func (p *parser) parseCTE() *CTE {
	c := &CTE{Pos: p.pos(), Name: p.colID()}
	if p.isPunct("(") {
		c.Columns = p.identListParens()
	}
	p.expectKw("as")
	switch {
	case p.acceptKw("materialized"):
		c.Materialize = MaterializeAlways
	case p.isKw("not") && p.peek(1).isKw("materialized"):
		p.advance()
		p.advance()
		c.Materialize = MaterializeNever
	}
	p.expect("(")
	c.Stmt = p.parsePreparable()
	p.expect(")")
	if p.isKw("search") {
		c.Search = p.parseSearch()
	}
	if p.isKw("cycle") {
		c.Cycle = p.parseCycle()
	}
	return c
}

// parseSearch reads SEARCH DEPTH FIRST BY columns SET sequence.
func (p *parser) parseSearch() *Search {
	s := &Search{Pos: int(p.advance().pos)}
	if s.Breadth = p.acceptKw("breadth"); !s.Breadth {
		p.expectKw("depth")
	}
	p.expectKw("first")
	p.expectKw("by")
	s.Columns = p.identList()
	p.expectKw("set")
	s.Sequence = p.colID()
	return s
}

// parseCycle reads CYCLE columns SET mark TO value DEFAULT other USING path.
func (p *parser) parseCycle() *Cycle {
	c := &Cycle{Pos: int(p.advance().pos), Columns: p.identList()}
	p.expectKw("set")
	c.Mark = p.colID()
	if p.acceptKw("to") {
		c.To = p.parseConstant()
		p.expectKw("default")
		c.Default = p.parseConstant()
	}
	p.expectKw("using")
	c.Path = p.colID()
	return c
}

// parseConstant reads a literal, with a type before it or without.
func (p *parser) parseConstant() Expr {
	e := p.parsePrimary()
	switch e.(type) {
	case *Literal, *TypedLiteral:
	default:
		p.unexpected()
	}
	return e
}

// parsePreparable reads a query or a statement that changes rows.
func (p *parser) parsePreparable() Stmt {
	if !p.enter() {
		return &Query{Body: &Select{}}
	}
	defer p.leave()
	var with *With
	pos := p.pos()
	if p.isKw("with") {
		with = p.parseWith()
	}
	switch {
	case p.isKw("insert"):
		s := p.parseInsert()
		s.Pos, s.With = pos, with
		return s
	case p.isKw("update"):
		s := p.parseUpdate()
		s.Pos, s.With = pos, with
		return s
	case p.isKw("delete"):
		s := p.parseDelete()
		s.Pos, s.With = pos, with
		return s
	case p.isKw("merge"):
		s := p.parseMerge()
		s.Pos, s.With = pos, with
		return s
	}
	return p.queryAfterWith(&Query{Pos: pos, With: with})
}

// parseTail reads ORDER BY, LIMIT, OFFSET, FETCH and refuses row locks.
func (p *parser) parseTail(q *Query) {
	if p.isKw("order") {
		q.OrderBy = p.parseOrderBy()
	}
	var limit, offset bool
	for p.tok.kind == tWord {
		pos := p.pos()
		switch p.tok.text {
		case "limit":
			if limit {
				return
			}
			limit = true
			p.advance()
			if !p.acceptKw("all") {
				q.Limit = p.parseExpr()
			}
			if p.isPunct(",") {
				e := p.fail(pos, codeSyntax, "LIMIT #,# syntax is not supported")
				e.Hint = "Use separate LIMIT and OFFSET clauses."
			}
		case "offset":
			if offset {
				return
			}
			offset = true
			p.advance()
			q.Offset = p.parseExpr()
			if p.isKw("row") || p.isKw("rows") {
				p.advance()
			}
		case "fetch":
			if limit {
				return
			}
			limit = true
			p.parseFetch(q)
		case "for":
			p.parseLocking(pos)
			return
		default:
			return
		}
	}
}

// parseFetch reads FETCH FIRST n ROWS ONLY or WITH TIES.
func (p *parser) parseFetch(q *Query) {
	pos := int(p.advance().pos)
	if !p.acceptKw("first") {
		p.expectKw("next")
	}
	if p.isKw("row") || p.isKw("rows") {
		q.Limit = &Literal{Pos: pos, Kind: LitInt, Text: "1"}
	} else {
		if p.isOp("-") || p.isOp("+") {
			q.Limit = p.parsePrefixOp(false)
		} else {
			q.Limit = p.parsePrimary()
		}
	}
	if !p.acceptKw("row") {
		p.expectKw("rows")
	}
	if p.acceptKw("only") {
		return
	}
	p.expectKw("with")
	p.expectKw("ties")
	if q.OrderBy == nil {
		p.fail(pos, codeSyntax, "WITH TIES cannot be specified without ORDER BY clause")
	}
	q.WithTies = true
}

// parseLocking refuses FOR UPDATE and its like.
func (p *parser) parseLocking(pos int) {
	switch n := p.peek(1); {
	case n.isKw("update"), n.isKw("share"), n.isKw("no"), n.isKw("key"):
		p.unsupported(pos, "SELECT FOR "+upper(n.text), "Rows are never locked: a conflicting write fails with SQLSTATE 40001.")
	case n.isKw("read"):
		p.unsupported(pos, "FOR READ ONLY", "")
	default:
		p.unexpected()
	}
}
