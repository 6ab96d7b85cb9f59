package sql

import "strconv"

// parseKeywordExpr reads an operand that starts with a keyword of one of the
// reserved classes.
func (p *parser) parseKeywordExpr() Expr {
	pos := p.pos()
	word := p.tok.text
	switch word {
	case "null":
		p.advance()
		return &Literal{Pos: pos, Kind: LitNull}
	case "true", "false":
		p.advance()
		return &Literal{Pos: pos, Kind: LitBool, Text: word}
	case "case":
		return p.parseCase()
	case "cast":
		return p.parseCastCall()
	case "array":
		return p.parseArray()
	case "current_date", "current_role", "current_user", "session_user", "user", "current_catalog", "system_user":
		p.advance()
		return special(pos, word)
	case "current_time", "current_timestamp", "localtime", "localtimestamp":
		p.advance()
		f := special(pos, word)
		if p.isPunct("(") {
			f.Args = p.parsePrecision()
		}
		return f
	case "current_schema":
		if !p.peek(1).isPunct("(") {
			p.advance()
			return special(pos, word)
		}
	case "default":
		p.fail(pos, codeSyntax, "DEFAULT is not allowed in this context")
		return noExpr(pos)
	case "collation":
		if p.peek(1).isKw("for") {
			p.unsupported(pos, "COLLATION FOR", "")
		}
	}
	switch p.tok.kw.class {
	case colName:
		return p.parseColNameExpr(word)
	case typeFunc:
		return p.parseNameExpr()
	}
	p.unexpected()
	return noExpr(pos)
}

func special(pos int, name string, args ...Expr) *FuncCall {
	return &FuncCall{Pos: pos, Name: Name{Pos: pos, Name: name}, Special: true, Args: args}
}

// parsePrecision reads (n).
func (p *parser) parsePrecision() []Expr {
	p.expect("(")
	pos := p.pos()
	n := p.intLit()
	p.expect(")")
	return []Expr{&Literal{Pos: pos, Kind: LitInt, Text: strconv.Itoa(n)}}
}

// parseColNameExpr reads an operand that starts with a keyword that is also good
// as a column: a type before a string, a function with a syntax of its own, or a
// column.
func (p *parser) parseColNameExpr(word string) Expr {
	pos := p.pos()
	next := p.peek(1)
	switch word {
	case "bigint", "bit", "boolean", "char", "character", "dec", "decimal", "float", "int", "integer",
		"interval", "national", "nchar", "numeric", "real", "smallint", "time", "timestamp", "varchar", "json":
		if next.kind == tString || next.isPunct("(") || next.isKw("varying") ||
			next.isKw("with") && p.peek(2).isKw("time") || next.isKw("without") && p.peek(2).isKw("time") ||
			word == "national" {
			return p.parseTypedLiteral()
		}
		return p.parseNameExpr()
	}
	if !next.isPunct("(") {
		return p.parseNameExpr()
	}
	switch word {
	case "coalesce", "greatest", "least", "grouping":
		p.advance()
		p.expect("(")
		f := special(pos, word, p.exprList()...)
		p.expect(")")
		return f
	case "nullif":
		p.advance()
		p.expect("(")
		f := special(pos, word, p.parseExpr())
		p.expect(",")
		f.Args = append(f.Args, p.parseExpr())
		p.expect(")")
		return f
	case "json_object":
		return p.parseJSONObject()
	case "exists":
		p.advance()
		return &Exists{Pos: pos, Query: p.parseParenQuery()}
	case "row":
		return p.parseRow()
	case "extract", "position", "substring", "overlay", "trim", "normalize":
		return p.parseSpecialCall(word)
	}
	p.unsupported(pos, upper(word), "")
	return noExpr(pos)
}

// parseJSONObject reads json_object with arguments as those of any function; what the SQL standard gives it is not built.
func (p *parser) parseJSONObject() Expr {
	f := &FuncCall{Pos: p.pos(), Name: Name{Pos: p.pos(), Name: p.advance().text}}
	p.expect("(")
	for !p.accept(")") {
		p.parseArg(f)
		if !p.isPunct(",") && !p.isPunct(")") {
			p.unsupported(f.Pos, "JSON_OBJECT with pairs of keys and values", "")
			return f
		}
		p.accept(",")
	}
	return f
}

// parseParenQuery reads (query).
func (p *parser) parseParenQuery() *Query {
	p.expect("(")
	if !p.startsQuery(&p.tok) && !p.isPunct("(") {
		p.unexpected()
		return &Query{Body: &Select{}}
	}
	q := p.parseQuery()
	p.expect(")")
	return q
}

func (p *parser) exprList() []Expr {
	list := append(make([]Expr, 0, 4), p.parseExpr())
	for p.accept(",") {
		list = append(list, p.parseExpr())
	}
	return list
}

func (p *parser) parseTypedLiteral() Expr {
	t := &TypedLiteral{Pos: p.pos()}
	t.Type = p.parseSimpleType(true)
	t.ValuePos = p.pos()
	t.Value = p.stringLit()
	if t.Type.Keyword && t.Type.Name == "interval" && len(t.Type.Mods) == 0 {
		p.parseIntervalFields(t.Type)
	}
	return t
}

func (p *parser) parseCase() Expr {
	c := &Case{Pos: int(p.advance().pos)}
	if !p.isKw("when") {
		c.Operand = p.parseExpr()
	}
	for p.isKw("when") {
		w := When{Pos: int(p.advance().pos), Cond: p.parseExpr()}
		p.expectKw("then")
		w.Then = p.parseExpr()
		c.Whens = append(c.Whens, w)
	}
	if len(c.Whens) == 0 {
		p.unexpected()
	}
	if p.acceptKw("else") {
		c.Else = p.parseExpr()
	}
	p.expectKw("end")
	return c
}

func (p *parser) parseCastCall() Expr {
	c := &Cast{Pos: int(p.advance().pos)}
	p.expect("(")
	c.Expr = p.parseExpr()
	p.expectKw("as")
	c.Type = p.parseType()
	p.expect(")")
	return c
}

func (p *parser) parseArray() Expr {
	pos := int(p.advance().pos)
	if p.isPunct("(") {
		return &ArrayQuery{Pos: pos, Query: p.parseParenQuery()}
	}
	if !p.isPunct("[") {
		p.unexpected()
		return noExpr(pos)
	}
	a := p.parseArrayBrackets()
	a.Pos = pos
	return a
}

// parseArrayBrackets reads [a, b] or [[a, b], [c, d]].
func (p *parser) parseArrayBrackets() *Array {
	a := &Array{Pos: int(p.advance().pos)}
	if !p.enter() {
		return a
	}
	defer p.leave()
	if p.accept("]") {
		return a
	}
	nested := p.isPunct("[")
	for {
		if nested {
			if !p.isPunct("[") {
				p.unexpected()
				return a
			}
			a.Elems = append(a.Elems, p.parseArrayBrackets())
		} else {
			a.Elems = append(a.Elems, p.parseExpr())
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect("]")
	return a
}

func (p *parser) parseRow() Expr {
	r := &Row{Pos: int(p.advance().pos), Explicit: true}
	p.expect("(")
	if p.accept(")") {
		return r
	}
	r.Elems = p.exprList()
	p.expect(")")
	return r
}

// parseSpecialCall reads a function whose arguments are separated by words.
func (p *parser) parseSpecialCall(word string) Expr {
	pos := int(p.advance().pos)
	f := special(pos, word)
	p.expect("(")
	switch word {
	case "extract":
		f.Args = []Expr{p.parseExtractField()}
		p.expectKw("from")
		f.Args = append(f.Args, p.parseExpr())
	case "position":
		sub := p.parseBExpr()
		p.expectKw("in")
		f.Args = []Expr{p.parseBExpr(), sub}
	case "trim":
		p.parseTrim(f)
	case "normalize":
		f.Args = []Expr{p.parseExpr()}
		if p.accept(",") {
			form := p.pos()
			switch {
			case p.isKw("nfc"), p.isKw("nfd"), p.isKw("nfkc"), p.isKw("nfkd"):
				f.Args = append(f.Args, &Literal{Pos: form, Kind: LitString, Text: p.advance().text})
			default:
				p.unexpected()
			}
		}
	default:
		p.parseSubstringOverlay(f)
	}
	p.expect(")")
	return f
}

func (p *parser) parseExtractField() Expr {
	pos := p.pos()
	ok := p.tok.kind == tString || p.tok.kind == tQuoted || p.tok.kind == tWord && p.tok.kw.class <= unreserved
	if !ok {
		p.unexpected()
		return noExpr(pos)
	}
	return &Literal{Pos: pos, Kind: LitString, Text: p.advance().text}
}

// parseTrim reads the inside of trim(). Each direction is a function of its own.
func (p *parser) parseTrim(f *FuncCall) {
	f.Name.Name = "btrim"
	switch {
	case p.acceptKw("both"):
	case p.acceptKw("leading"):
		f.Name.Name = "ltrim"
	case p.acceptKw("trailing"):
		f.Name.Name = "rtrim"
	}
	if p.acceptKw("from") {
		f.Args = p.exprList()
		return
	}
	first := p.parseExpr()
	if p.acceptKw("from") {
		f.Args = append(p.exprList(), first)
		return
	}
	f.Args = []Expr{first}
	for p.accept(",") {
		f.Args = append(f.Args, p.parseExpr())
	}
}

// parseSubstringOverlay reads the inside of substring() and overlay(), with
// words or with commas. With commas it is an ordinary call.
func (p *parser) parseSubstringOverlay(f *FuncCall) {
	if p.isPunct(")") {
		f.Special = false
		return
	}
	f.Args = []Expr{p.parseExpr()}
	overlay := f.Name.Name == "overlay"
	switch {
	case overlay && p.acceptKw("placing"):
		f.Args = append(f.Args, p.parseExpr())
		p.expectKw("from")
		f.Args = append(f.Args, p.parseExpr())
		if p.acceptKw("for") {
			f.Args = append(f.Args, p.parseExpr())
		}
	case !overlay && p.acceptKw("from"):
		f.Args = append(f.Args, p.parseExpr())
		if p.acceptKw("for") {
			f.Args = append(f.Args, p.parseExpr())
		}
	case !overlay && p.isKw("for"):
		one := &Literal{Pos: int(p.advance().pos), Kind: LitInt, Text: "1"}
		length := p.parseExpr()
		if p.acceptKw("from") {
			f.Args = append(f.Args, p.parseExpr(), length)
			return
		}
		// PostgreSQL makes the length an integer here, lest a function be chosen
		// whose second argument is a pattern.
		typ := &TypeName{Pos: length.Position(), Name: "int4", Keyword: true}
		f.Args = append(f.Args, one, &Cast{Pos: typ.Pos, Expr: length, Type: typ})
	case !overlay && p.acceptKw("similar"):
		f.Name.Name = "substring_similar"
		f.Args = append(f.Args, p.parseExpr())
		p.expectKw("escape")
		f.Args = append(f.Args, p.parseExpr())
	default:
		f.Special = false
		for p.accept(",") {
			f.Args = append(f.Args, p.parseExpr())
		}
	}
}
