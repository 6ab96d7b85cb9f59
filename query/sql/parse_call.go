package sql

// parseCall reads the arguments of a function and what may follow them. A string
// behind them makes the name a type with modifiers: mytype(3) 'x'.
func (p *parser) parseCall(name Name) Expr {
	f := &FuncCall{Pos: name.Pos, Name: name}
	p.parseCallArgs(f)
	if p.tok.kind == tString && !f.Distinct && !f.Star && !f.Variadic && f.ArgNames == nil && f.OrderBy == nil {
		typ := &TypeName{Pos: name.Pos, Schema: name.Schema, Name: name.Name, Mods: f.Args}
		at := p.pos()
		return &TypedLiteral{Pos: name.Pos, Type: typ, Value: p.advance().text, ValuePos: at}
	}
	if p.tok.kind == tWord {
		p.parseCallTail(f)
	}
	return f
}

// parseCallArgs reads (args).
func (p *parser) parseCallArgs(f *FuncCall) {
	p.expect("(")
	switch {
	case p.accept(")"):
		return
	case p.isOp("*") && p.peek(1).isPunct(")"):
		p.advance()
		p.advance()
		f.Star = true
		return
	case p.acceptKw("distinct"):
		f.Distinct = true
	case p.acceptKw("all"):
	}
	for {
		if p.acceptKw("variadic") {
			f.Variadic = true
		}
		p.parseArg(f)
		if f.Variadic || !p.accept(",") {
			break
		}
	}
	if p.isKw("order") {
		f.OrderBy = p.parseOrderBy()
	}
	p.expect(")")
}

// parseArg reads one argument: x, name => x or name := x.
func (p *parser) parseArg(f *FuncCall) {
	var name string
	if p.tok.isTypeFunc() {
		if n := p.peek(1); n.isPunct("=>") || n.isPunct(":=") {
			name = p.advance().text
			p.advance()
		}
	}
	switch {
	case name != "" && f.ArgNames == nil:
		f.ArgNames = make([]string, len(f.Args), len(f.Args)+1)
		fallthrough
	case name != "":
		f.ArgNames = append(f.ArgNames, name)
	case f.ArgNames != nil:
		f.ArgNames = append(f.ArgNames, "")
	}
	if f.Args == nil {
		f.Args = make([]Expr, 0, 2)
	}
	f.Args = append(f.Args, p.parseExpr())
}

// parseCallTail reads WITHIN GROUP, FILTER and OVER.
func (p *parser) parseCallTail(f *FuncCall) {
	if p.isKw("within") && p.peek(1).isKw("group") {
		pos := int(p.advance().pos)
		p.advance()
		switch {
		case f.OrderBy != nil:
			p.fail(pos, codeSyntax, "cannot use multiple ORDER BY clauses with WITHIN GROUP")
		case f.Distinct:
			p.fail(pos, codeSyntax, "cannot use DISTINCT with WITHIN GROUP")
		case f.Variadic:
			p.fail(pos, codeSyntax, "cannot use VARIADIC with WITHIN GROUP")
		}
		p.expect("(")
		f.WithinGroup = true
		f.OrderBy = p.parseOrderBy()
		p.expect(")")
	}
	if p.isKw("filter") && p.peek(1).isPunct("(") {
		p.advance()
		p.advance()
		p.expectKw("where")
		f.Filter = p.parseExpr()
		p.expect(")")
	}
	if p.isKw("ignore") || p.isKw("respect") {
		if p.peek(1).isKw("nulls") {
			p.unsupported(p.pos(), upper(p.tok.text)+" NULLS", "")
		}
	}
	if p.acceptKw("over") {
		pos := p.pos()
		if p.isPunct("(") {
			f.Over = p.parseWindowSpec()
		} else {
			f.Over = &Window{Pos: pos, Name: p.colID()}
		}
	}
}

// parseOrderBy reads ORDER BY and its items.
func (p *parser) parseOrderBy() []OrderItem {
	p.expectKw("order")
	p.expectKw("by")
	list := []OrderItem{p.parseOrderItem()}
	for p.accept(",") {
		list = append(list, p.parseOrderItem())
	}
	return list
}

func (p *parser) parseOrderItem() OrderItem {
	o := OrderItem{Pos: p.pos(), Expr: p.parseExpr()}
	if p.acceptKw("using") {
		switch {
		case p.isKw("operator"):
			o.Using, _ = p.parseOperatorName()
		case p.tok.kind == tOp:
			o.Using = p.advance().text
		default:
			p.unexpected()
		}
	} else {
		o.Desc = p.parseDirection()
	}
	o.Nulls = p.parseNulls()
	return o
}

func (p *parser) parseDirection() (desc bool) {
	if p.acceptKw("desc") {
		return true
	}
	p.acceptKw("asc")
	return false
}

func (p *parser) parseNulls() NullsOrder {
	if !p.isKw("nulls") {
		return NullsDefault
	}
	switch n := p.peek(1); {
	case n.isKw("first"):
		p.advance()
		p.advance()
		return NullsFirst
	case n.isKw("last"):
		p.advance()
		p.advance()
		return NullsLast
	}
	return NullsDefault
}

// parseWindowSpec reads (name PARTITION BY ... ORDER BY ... frame).
func (p *parser) parseWindowSpec() *Window {
	w := &Window{Pos: p.pos()}
	p.expect("(")
	if p.tok.isColID() && !p.isKw("partition") && !p.isFrameMode() {
		w.Ref = p.advance().text
	}
	if p.acceptKw("partition") {
		p.expectKw("by")
		w.PartitionBy = p.exprList()
	}
	if p.isKw("order") {
		w.OrderBy = p.parseOrderBy()
	}
	if p.isFrameMode() {
		w.Frame = p.parseFrame()
	}
	p.expect(")")
	return w
}

func (p *parser) isFrameMode() bool {
	return p.isKw("rows") || p.isKw("range") || p.isKw("groups")
}

func (p *parser) parseFrame() *Frame {
	f := &Frame{Pos: p.pos()}
	switch p.advance().text {
	case "rows":
		f.Mode = FrameRows
	case "groups":
		f.Mode = FrameGroups
	}
	if p.acceptKw("between") {
		f.Start = p.parseBound()
		p.expectKw("and")
		f.End = p.parseBound()
	} else {
		f.Start = p.parseBound()
		f.End = FrameBound{Pos: f.Start.Pos, Kind: CurrentRow}
	}
	p.checkFrame(f)
	if p.acceptKw("exclude") {
		switch {
		case p.acceptKws("current", "row"):
			f.Exclude = ExcludeCurrentRow
		case p.acceptKw("group"):
			f.Exclude = ExcludeGroup
		case p.acceptKw("ties"):
			f.Exclude = ExcludeTies
		case p.acceptKws("no", "others"):
		default:
			p.unexpected()
		}
	}
	return f
}

// checkFrame refuses frames whose ends are in the wrong order by their kinds.
func (p *parser) checkFrame(f *Frame) {
	if p.err != nil {
		return
	}
	const code = "42P20"
	switch {
	case f.Start.Kind == UnboundedFollowing:
		p.fail(f.Start.Pos, code, "frame start cannot be UNBOUNDED FOLLOWING")
	case f.End.Kind == UnboundedPreceding:
		p.fail(f.End.Pos, code, "frame end cannot be UNBOUNDED PRECEDING")
	case f.Start.Kind == CurrentRow && f.End.Kind == Preceding:
		p.fail(f.End.Pos, code, "frame starting from current row cannot have preceding rows")
	case f.Start.Kind == Following && f.End.Kind < Following:
		if f.End.Pos == f.Start.Pos {
			p.fail(f.Start.Pos, code, "frame starting from following row cannot end with current row")
			return
		}
		p.fail(f.End.Pos, code, "frame starting from following row cannot have preceding rows")
	}
}

func (p *parser) parseBound() FrameBound {
	b := FrameBound{Pos: p.pos()}
	switch {
	case p.acceptKws("current", "row"):
		b.Kind = CurrentRow
		return b
	case p.acceptKws("unbounded", "preceding"):
		b.Kind = UnboundedPreceding
		return b
	case p.acceptKws("unbounded", "following"):
		b.Kind = UnboundedFollowing
		return b
	}
	b.Offset = p.parseExpr()
	switch {
	case p.acceptKw("preceding"):
		b.Kind = Preceding
	case p.acceptKw("following"):
		b.Kind = Following
	default:
		p.unexpected()
	}
	return b
}
