package sql

import (
	"strconv"
	"strings"
)

func upper(word string) string { return strings.ToUpper(word) }

// parsePrimary reads an operand without operators around it.
func (p *parser) parsePrimary() Expr {
	t := p.tok
	pos := int(t.pos)
	switch t.kind {
	case tInt:
		p.advance()
		return &Literal{Pos: pos, Kind: LitInt, Text: t.text}
	case tNumber:
		p.advance()
		return &Literal{Pos: pos, Kind: LitNumber, Text: t.text}
	case tString:
		p.advance()
		return &Literal{Pos: pos, Kind: LitString, Text: t.text}
	case tBits:
		p.advance()
		return &Literal{Pos: pos, Kind: LitBits, Text: t.text}
	case tHexBits:
		p.advance()
		return &Literal{Pos: pos, Kind: LitHexBits, Text: t.text}
	case tParam:
		return p.indirection(p.parseNumberedParam())
	case tOp:
		if t.text[0] == '?' {
			return p.indirection(p.parseQuestionMark())
		}
	case tPunct:
		switch t.text {
		case "(":
			return p.parseParens()
		case ":":
			return p.indirection(p.parseNamedParam())
		}
	case tQuoted:
		return p.parseNameExpr()
	case tWord:
		if t.kw.class <= unreserved {
			return p.parseNameExpr()
		}
		return p.parseKeywordExpr()
	}
	p.unexpected()
	return noExpr(pos)
}

// useParams notes how parameters are written and refuses a second way.
func (p *parser) useParams(style byte, pos int) {
	if p.style == 0 {
		p.style = style
	}
	if p.style != style {
		e := p.fail(pos, codeSyntax, "parameters are written in two ways")
		e.Hint = "Use only one of $1, ? and :name in a statement."
	}
}

func (p *parser) parseNumberedParam() Expr {
	t := p.tok
	n, err := strconv.Atoi(t.text)
	if err != nil || n < 1 || n > maxParam {
		p.fail(int(t.pos), codeUndefParam, "there is no parameter $%s", t.text)
		return noExpr(int(t.pos))
	}
	p.useParams('$', int(t.pos))
	p.advance()
	p.numParams = max(p.numParams, n)
	return &Param{Pos: int(t.pos), Index: n}
}

// parseQuestionMark reads ? as the next parameter. What follows it without a
// blank stays behind as an operator: "?+1".
func (p *parser) parseQuestionMark() Expr {
	pos := p.pos()
	p.useParams('?', pos)
	if p.err != nil {
		return noExpr(pos)
	}
	if len(p.tok.text) == 1 {
		p.advance()
	} else {
		p.tok.text = p.tok.text[1:]
		p.tok.pos++
		if p.tok.text == "!=" {
			p.tok.text = "<>"
		}
		p.prevEnd = pos + 1
	}
	p.numParams++
	if p.numParams > maxParam {
		p.fail(pos, codeTooMany, "a statement can have at most %d parameters", maxParam)
	}
	return &Param{Pos: pos, Index: p.numParams}
}

// parseNamedParam reads :name, whose two parts must touch.
func (p *parser) parseNamedParam() Expr {
	pos := p.pos()
	if n := p.peek(1); !n.isLabel() || n.pos != p.tok.end {
		p.unexpected()
		return noExpr(pos)
	}
	p.useParams(':', pos)
	p.advance()
	name := p.label()
	if p.err == nil && !contains(p.paramNames, name) {
		p.paramNames = append(p.paramNames, name)
		if len(p.paramNames) > maxParam {
			p.fail(pos, codeTooMany, "a statement can have at most %d parameters", maxParam)
		}
	}
	return &Param{Pos: pos, Name: name}
}

// contains is linear: statements have a handful of names.
func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// parseParens reads what starts with a parenthesis: an expression, a row or a
// subquery.
func (p *parser) parseParens() Expr {
	pos := int(p.advance().pos)
	q, list := p.queryOrExprs()
	p.expect(")")
	if q != nil {
		return p.indirection(&Subquery{Pos: pos, Query: q})
	}
	if len(list) == 1 {
		return p.indirectionBehindParens(list[0])
	}
	return &Row{Pos: pos, Elems: list}
}

// queryOrExpr reads the inside of parentheses that hold a query or one
// expression.
func (p *parser) queryOrExpr() (*Query, Expr) {
	q, e := p.queryOrFirst()
	return q, e
}

// queryOrExprs reads the inside of parentheses that hold a query or a list of
// expressions.
func (p *parser) queryOrExprs() (*Query, []Expr) {
	q, e := p.queryOrFirst()
	if q != nil {
		return q, nil
	}
	if !p.isPunct(",") {
		return nil, []Expr{e}
	}
	list := append(make([]Expr, 0, 4), e)
	for p.accept(",") {
		list = append(list, p.parseExpr())
	}
	return nil, list
}

// queryOrFirst tells a query from an expression. Both may start with several
// parentheses: ((SELECT 1) UNION SELECT 2) and ((SELECT 1) + 1) differ only
// behind the inner query, so an expression that turns out to be a bare subquery
// is continued as a query when a query's clause follows.
func (p *parser) queryOrFirst() (*Query, Expr) {
	if p.startsQuery(&p.tok) {
		return p.parseQuery(), nil
	}
	parens := p.isPunct("(")
	e := p.parseExpr()
	sub, ok := e.(*Subquery)
	if !ok || !parens || p.err != nil {
		return nil, e
	}
	if p.isPunct(")") {
		// ((SELECT 1)) is (SELECT 1), and as an operand of IN it is a query.
		return sub.Query, nil
	}
	if p.continuesQuery() {
		return p.continueQuery(sub.Query), nil
	}
	return nil, e
}

// startsQuery reports whether t is the first word of a query.
func (p *parser) startsQuery(t *token) bool {
	if t.kind != tWord {
		return false
	}
	switch t.text {
	case "select", "with", "values", "table":
		return true
	}
	return false
}

// indirectionBehindParens is indirection for an operand in parentheses, which
// begins anew when the operand has subscripts or fields of its own.
func (p *parser) indirectionBehindParens(e Expr) Expr {
	switch e.(type) {
	case *Subscript, *Field:
	default:
		return p.indirection(e)
	}
	switch {
	case p.isPunct("["):
		s := p.parseSubscript(e)
		s.Paren = true
		return p.indirection(s)
	case p.isPunct("."):
		f := p.parseField(e)
		f.Paren = true
		return p.indirection(f)
	}
	return e
}

// indirection reads the subscripts and fields behind e.
func (p *parser) indirection(e Expr) Expr {
	if f, ok := e.(*Field); ok && f.Star {
		return e
	}
	for n := 0; ; {
		switch {
		case p.isPunct("["):
			if !p.link(&n) {
				return e
			}
			e = p.parseSubscript(e)
		case p.isPunct("."):
			if !p.link(&n) {
				return e
			}
			f := p.parseField(e)
			if f.Star {
				return f
			}
			e = f
		default:
			return e
		}
	}
}

// parseField reads .name or .*.
func (p *parser) parseField(e Expr) *Field {
	f := &Field{Pos: int(p.advance().pos), Expr: e}
	if p.isOp("*") {
		p.advance()
		f.Star = true
	} else {
		f.Name = p.label()
	}
	return f
}

// parseSubscript reads [i], [lo:hi]. Inside, a colon is always a slice: a named
// parameter there needs parentheses.
func (p *parser) parseSubscript(e Expr) *Subscript {
	s := &Subscript{Pos: int(p.advance().pos), Expr: e}
	if !p.isPunct(":") {
		s.Lo = p.parseExpr()
	}
	if p.accept(":") {
		s.Slice = true
		if !p.isPunct("]") {
			s.Hi = p.parseExpr()
		}
	}
	p.expect("]")
	return s
}

// parseNameExpr reads what starts with a name that is not reserved: a column, a
// function call, or a type before a string.
func (p *parser) parseNameExpr() Expr {
	pos := p.pos()
	if p.isKw("double") && p.peek(1).isKw("precision") && p.peek(2).kind == tString {
		return p.parseTypedLiteral()
	}
	canColumn, canFunc := p.tok.isColID(), p.tok.isTypeFunc()
	col := &struct {
		ColumnRef
		buf [2]string
	}{}
	col.Pos = pos
	col.Parts = append(col.buf[:0], p.advance().text)
	for p.isPunct(".") {
		p.advance()
		if p.isOp("*") {
			p.advance()
			return &Star{Pos: pos, Qualifier: col.Parts}
		}
		col.Parts = append(col.Parts, p.label())
		canFunc = true
	}
	switch {
	case p.isPunct("(") && canFunc:
		return p.parseCall(p.qualified(pos, col.Parts))
	case p.tok.kind == tString && canFunc:
		n := p.qualified(pos, col.Parts)
		typ := &TypeName{Pos: pos, Schema: n.Schema, Name: n.Name}
		at := p.pos()
		return &TypedLiteral{Pos: pos, Type: typ, Value: p.advance().text, ValuePos: at}
	case !canColumn:
		p.unexpected()
	case len(col.Parts) > 4:
		p.fail(pos, codeSyntax, "improper qualified name (too many dotted names): %s", strings.Join(col.Parts, "."))
	}
	return p.indirection(&col.ColumnRef)
}

func (p *parser) qualified(pos int, parts []string) Name {
	n := Name{Pos: pos, Name: parts[len(parts)-1]}
	switch len(parts) {
	case 1:
	case 2:
		n.Schema = parts[0]
	case 3:
		n.Catalog, n.Schema = parts[0], parts[1]
	default:
		p.fail(pos, codeSyntax, "improper qualified name (too many dotted names): %s", strings.Join(parts, "."))
	}
	return n
}
