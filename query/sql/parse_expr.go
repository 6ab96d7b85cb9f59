package sql

// Binding powers, from PostgreSQL's precedence table. A higher one binds tighter.
const (
	precNone = iota
	precOr
	precAnd
	precNot
	precIs         // IS, ISNULL, NOTNULL: cannot be chained through a right operand
	precComparison // < > = <= >= <>: cannot be chained
	precBetween    // BETWEEN, IN, LIKE, ILIKE, SIMILAR: cannot be chained
	precOp         // every other operator
	precAdd
	precMul
	precPow
	precAt
	precCollate
	precUnary // unary + and -
	precPostfix
)

// noExpr stands for an operand that could not be read.
func noExpr(pos int) Expr { return &Literal{Pos: pos} }

// parseExpr reads a whole expression.
func (p *parser) parseExpr() Expr { return p.parsePrec(precNone, false) }

// parseBExpr reads the restricted expression that stands where AND, IN or NOT
// belong to the surrounding syntax: BETWEEN lo AND hi, DEFAULT value NOT NULL.
func (p *parser) parseBExpr() Expr { return p.parsePrec(precIs-1, true) }

// parsePrec reads an expression made of operators that bind tighter than min.
// With restricted set it leaves AND, OR, NOT, IN, LIKE, BETWEEN, IS NULL,
// COLLATE and AT TIME ZONE alone.
func (p *parser) parsePrec(min int, restricted bool) Expr {
	if !p.enter() {
		return noExpr(p.pos())
	}
	defer p.leave()
	left := p.parsePrefix(restricted)
	for n := 0; ; {
		prec := p.infixPrec(restricted)
		if prec <= min {
			return left
		}
		// AND and OR are flattened: a chain of them is one node, however long.
		if prec > precAnd && !p.link(&n) {
			return left
		}
		pos := p.tok.pos
		left = p.parseInfix(left, prec, restricted)
		if p.tok.pos == pos && p.tok.kind != tEOF {
			// An operator that was not taken, such as a NOT that is a label.
			return left
		}
	}
}

// infixPrec is the binding power of the current token as an infix or postfix
// operator, precNone when it is none.
func (p *parser) infixPrec(restricted bool) int {
	t := &p.tok
	switch t.kind {
	case tOp:
		return opPrec(t.text)
	case tPunct:
		if t.text == "::" {
			return precPostfix
		}
	case tWord:
		if t.kw.class == notKeyword {
			return precNone
		}
		return p.wordPrec(restricted)
	}
	return precNone
}

func opPrec(op string) int {
	switch op {
	case "+", "-":
		return precAdd
	case "*", "/", "%":
		return precMul
	case "^":
		return precPow
	case "=", "<", ">", "<=", ">=", "<>":
		return precComparison
	}
	return precOp
}

func (p *parser) wordPrec(restricted bool) int {
	switch p.tok.text {
	case "operator":
		if p.peek(1).isPunct("(") {
			return precOp
		}
	case "is":
		if restricted && !p.isDistinctAhead() {
			return precNone
		}
		return precIs
	}
	if restricted {
		return precNone
	}
	switch p.tok.text {
	case "or":
		return precOr
	case "and":
		return precAnd
	case "isnull", "notnull":
		return precIs
	case "between", "in", "like", "ilike", "overlaps":
		return precBetween
	case "similar":
		if p.peek(1).isKw("to") {
			return precBetween
		}
	case "not":
		switch next := p.peek(1); {
		case next.kind != tWord:
		case next.text == "between", next.text == "in", next.text == "like", next.text == "ilike", next.text == "similar":
			return precBetween
		}
	case "collate":
		return precCollate
	case "at":
		if n := p.peek(1); n.isKw("time") || n.isKw("local") {
			return precAt
		}
	}
	return precNone
}

// isDistinctAhead looks for IS [NOT] DISTINCT, the only IS of a restricted
// expression.
func (p *parser) isDistinctAhead() bool {
	n := p.peek(1)
	return n.isKw("distinct") || n.isKw("not") && p.peek(2).isKw("distinct")
}

// parsePrefix reads a prefix operator and its operand, or a primary.
func (p *parser) parsePrefix(restricted bool) Expr {
	pos := p.pos()
	switch {
	case p.tok.kind == tOp:
		return p.parsePrefixOp(restricted)
	case p.tok.kind != tWord:
	case p.tok.text == "not" && !restricted:
		p.advance()
		// NOT takes its own operand wherever it stands: a = NOT b = c is
		// a = (NOT (b = c)).
		return &Not{Pos: pos, Expr: p.parsePrec(precNot-1, false)}
	case p.tok.text == "operator" && p.peek(1).isPunct("("):
		op, schema := p.parseOperatorName()
		return &Unary{Pos: pos, Op: op, OpSchema: schema, Expr: p.parsePrec(precOp, restricted)}
	}
	return p.parsePrimary()
}

func (p *parser) parsePrefixOp(restricted bool) Expr {
	pos := p.pos()
	op := p.tok.text
	switch {
	case op[0] == '?':
		return p.parseQuestionMark()
	case op == "-":
		p.advance()
		return negate(pos, p.parsePrec(precUnary, restricted))
	case op == "+":
		p.advance()
		return &Unary{Pos: pos, Op: op, Expr: p.parsePrec(precUnary, restricted)}
	case opPrec(op) != precOp:
		p.unexpected()
		return noExpr(pos)
	}
	p.advance()
	return &Unary{Pos: pos, Op: op, Expr: p.parsePrec(precOp, restricted)}
}

// negate folds the sign into a numeric constant.
func negate(pos int, e Expr) Expr {
	lit, ok := e.(*Literal)
	if !ok || lit.Kind != LitInt && lit.Kind != LitNumber {
		return &Unary{Pos: pos, Op: "-", Expr: e}
	}
	lit.Pos = pos
	if lit.Text[0] == '-' {
		lit.Text = lit.Text[1:]
	} else {
		lit.Text = "-" + lit.Text
	}
	return lit
}

// parseOperatorName reads OPERATOR(schema.op).
func (p *parser) parseOperatorName() (op, schema string) {
	p.advance()
	p.expect("(")
	for p.tok.isColID() {
		if schema != "" {
			p.unexpected()
		}
		schema = p.advance().text
		p.expect(".")
	}
	if p.tok.kind != tOp {
		p.unexpected()
		return "", ""
	}
	op = p.advance().text
	p.expect(")")
	return op, schema
}

// parseInfix reads what follows left, given that the current token is an
// operator of binding power prec.
func (p *parser) parseInfix(left Expr, prec int, restricted bool) Expr {
	pos := p.pos()
	if p.tok.kind == tOp {
		op := p.advance().text
		return p.parseBinary(left, pos, op, "", prec, restricted)
	}
	if p.tok.kind == tPunct {
		p.advance()
		return &Cast{Pos: pos, Expr: left, Type: p.parseType()}
	}
	switch p.tok.text {
	case "or", "and":
		return p.parseLogic(left, prec)
	case "operator":
		op, schema := p.parseOperatorName()
		return p.parseBinary(left, pos, op, schema, precOp, restricted)
	case "is":
		return p.parseIs(left, restricted)
	case "isnull":
		p.advance()
		return &Is{Pos: pos, Expr: left, Kind: IsNull}
	case "notnull":
		p.advance()
		return &Is{Pos: pos, Expr: left, Kind: IsNull, Not: true}
	case "collate":
		p.advance()
		return &Collate{Pos: pos, Expr: left, Collation: p.name()}
	case "at":
		return p.parseAt(left)
	case "overlaps":
		return p.parseOverlaps(left)
	}
	return p.parseBetweenLike(left)
}

// parseBinary reads the right operand of an operator that was just read.
func (p *parser) parseBinary(left Expr, pos int, op, schema string, prec int, restricted bool) Expr {
	if p.tok.kind == tWord && !restricted {
		switch p.tok.text {
		case "any", "some", "all":
			return p.parseQuantified(left, pos, op, schema)
		}
	}
	right := p.parsePrec(prec, restricted)
	if prec == precComparison && p.tok.kind == tOp && opPrec(p.tok.text) == precComparison {
		p.unexpected()
	}
	return &Binary{Pos: pos, Op: op, OpSchema: schema, Left: left, Right: right}
}

func (p *parser) parseQuantified(left Expr, pos int, op, schema string) Expr {
	q := &Quantified{Pos: pos, Op: op, OpSchema: schema, Left: left, All: p.tok.text == "all"}
	p.advance()
	p.expect("(")
	q.Query, q.Array = p.queryOrExpr()
	p.expect(")")
	return q
}

// parseLogic reads AND or OR and flattens a chain of one of them.
func (p *parser) parseLogic(left Expr, prec int) Expr {
	op := And
	if prec == precOr {
		op = Or
	}
	pos := int(p.advance().pos)
	right := p.parsePrec(prec, false)
	if l, ok := left.(*Logic); ok && l.Op == op {
		l.Args = append(l.Args, right)
		return l
	}
	return &Logic{Pos: pos, Op: op, Args: []Expr{left, right}}
}

// parseIs reads everything that starts with IS.
func (p *parser) parseIs(left Expr, restricted bool) Expr {
	pos := int(p.advance().pos)
	not := p.acceptKw("not")
	if p.acceptKw("distinct") {
		p.expectKw("from")
		right := p.parsePrec(precIs, restricted)
		if !restricted && p.infixPrec(false) == precIs {
			p.unexpected()
		}
		return &IsDistinct{Pos: pos, Left: left, Right: right, Not: not}
	}
	is := &Is{Pos: pos, Expr: left, Not: not}
	switch {
	case p.acceptKw("null"):
		is.Kind = IsNull
	case p.acceptKw("true"):
		is.Kind = IsTrue
	case p.acceptKw("false"):
		is.Kind = IsFalse
	case p.acceptKw("unknown"):
		is.Kind = IsUnknown
	case p.isKw("normalized"), p.isNormalForm() && p.peek(1).isKw("normalized"):
		return p.parseIsNormalized(left, pos, not)
	case p.isKw("json"), p.isKw("document"):
		p.unsupported(pos, "IS "+upper(p.tok.text), "")
	default:
		p.unexpected()
	}
	return is
}

func (p *parser) isNormalForm() bool {
	return p.isKw("nfc") || p.isKw("nfd") || p.isKw("nfkc") || p.isKw("nfkd")
}

// parseIsNormalized reads IS [NOT] [form] NORMALIZED.
func (p *parser) parseIsNormalized(left Expr, pos int, not bool) Expr {
	f := special(pos, "is_normalized", left)
	if form := p.pos(); p.isNormalForm() {
		f.Args = append(f.Args, &Literal{Pos: form, Kind: LitString, Text: p.advance().text})
	}
	p.advance()
	if not {
		return &Not{Pos: pos, Expr: f}
	}
	return f
}

// parseAt reads AT TIME ZONE and AT LOCAL.
func (p *parser) parseAt(left Expr) Expr {
	pos := int(p.advance().pos)
	f := &FuncCall{Pos: pos, Name: Name{Pos: pos, Name: "timezone"}, Special: true}
	if p.acceptKw("local") {
		f.Args = []Expr{left}
		return f
	}
	p.expectKw("time")
	p.expectKw("zone")
	f.Args = []Expr{p.parsePrec(precAt, false), left}
	return f
}

// parseOverlaps reads (a, b) OVERLAPS (c, d).
func (p *parser) parseOverlaps(left Expr) Expr {
	pos := int(p.advance().pos)
	l, ok := left.(*Row)
	r, ok2 := p.parsePrimary().(*Row)
	if p.err != nil {
		return left
	}
	if !ok || !ok2 {
		p.fail(pos, codeSyntax, "syntax error at or near \"%s\"", p.lex.text[pos:pos+len("overlaps")])
		return left
	}
	if side := map[bool]string{true: "left", false: "right"}[len(l.Elems) != 2]; len(l.Elems) != 2 || len(r.Elems) != 2 {
		p.fail(pos, codeSyntax, "wrong number of parameters on %s side of OVERLAPS expression", side)
		return left
	}
	return &FuncCall{
		Pos: pos, Name: Name{Pos: pos, Name: "overlaps"}, Special: true,
		Args: []Expr{l.Elems[0], l.Elems[1], r.Elems[0], r.Elems[1]},
	}
}

// parseBetweenLike reads [NOT] BETWEEN, IN, LIKE, ILIKE and SIMILAR TO. None can
// be chained with another through its right operand.
func (p *parser) parseBetweenLike(left Expr) Expr {
	pos := p.pos()
	not := p.acceptKw("not")
	word := p.advance().text
	var e Expr
	switch word {
	case "in":
		in := &In{Pos: pos, Expr: left, Not: not}
		p.expect("(")
		in.Query, in.List = p.queryOrExprs()
		p.expect(")")
		return in
	case "between":
		b := &Between{Pos: pos, Expr: left, Not: not}
		if p.acceptKw("symmetric") {
			b.Symmetric = true
		} else {
			p.acceptKw("asymmetric")
		}
		b.Lo = p.parseBExpr()
		p.expectKw("and")
		b.Hi = p.parsePrec(precBetween, false)
		e = b
	default:
		e = p.parseLike(left, pos, word, not)
		if _, ok := e.(*Quantified); ok {
			return e
		}
	}
	if p.infixPrec(false) == precBetween {
		p.unexpected()
	}
	return e
}

func (p *parser) parseLike(left Expr, pos int, word string, not bool) Expr {
	l := &LikeExpr{Pos: pos, Expr: left, Not: not}
	switch word {
	case "ilike":
		l.Kind = ILike
	case "similar":
		l.Kind = SimilarTo
		p.expectKw("to")
	}
	if l.Kind != SimilarTo && (p.isKw("any") || p.isKw("some") || p.isKw("all")) {
		op := upper(word)
		if not {
			op = "NOT " + op
		}
		return p.parseQuantified(left, pos, op, "")
	}
	l.Pattern = p.parsePrec(precBetween, false)
	if p.acceptKw("escape") {
		l.Escape = p.parsePrec(precBetween, false)
	}
	return l
}
