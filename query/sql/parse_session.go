package sql

// parseTransaction reads the statements that begin and end transactions.
func (p *parser) parseTransaction() Stmt {
	word := p.tok.text
	s := &Transaction{Pos: int(p.advance().pos)}
	switch word {
	case "savepoint":
		s.Kind = TxSavepoint
		s.Name = p.colID()
		return s
	case "release":
		s.Kind = TxRelease
		p.skipSavepoint()
		s.Name = p.colID()
		return s
	case "start":
		p.expectKw("transaction")
		s.Start = true
		s.Modes = p.parseTxModes(false)
		return s
	}
	if p.isKw("prepared") {
		p.unsupported(s.Pos, upper(word)+" PREPARED", "")
	}
	if !p.acceptKw("work") {
		p.acceptKw("transaction")
	}
	switch word {
	case "begin":
		s.Modes = p.parseTxModes(false)
		return s
	case "commit", "end":
		s.Kind = TxCommit
	default:
		s.Kind = TxRollback
		if word == "rollback" && p.acceptKw("to") {
			p.skipSavepoint()
			s.Kind = TxRollbackTo
			s.Name = p.colID()
			return s
		}
	}
	if p.acceptKw("and") {
		s.Chain = !p.acceptKw("no")
		p.expectKw("chain")
	}
	return s
}

// skipSavepoint moves over the optional word before a savepoint's name.
func (p *parser) skipSavepoint() {
	if p.isKw("savepoint") && p.peek(1).isColID() {
		p.advance()
	}
}

// parseTxModes reads transaction modes, separated by commas or by nothing.
func (p *parser) parseTxModes(required bool) []TxMode {
	var list []TxMode
	for {
		m, ok := p.parseTxMode()
		if !ok {
			if required {
				p.unexpected()
			}
			return list
		}
		list = append(list, m)
		required = p.accept(",")
	}
}

func (p *parser) parseTxMode() (TxMode, bool) {
	switch {
	case p.acceptKws("isolation", "level"):
		switch {
		case p.acceptKws("read", "committed"):
			return TxReadCommitted, true
		case p.acceptKws("read", "uncommitted"):
			return TxReadUncommitted, true
		case p.acceptKws("repeatable", "read"):
			return TxRepeatableRead, true
		case p.acceptKw("serializable"):
			return TxSerializable, true
		}
		p.unexpected()
	case p.acceptKws("read", "only"):
		return TxReadOnly, true
	case p.acceptKws("read", "write"):
		return TxReadWrite, true
	case p.acceptKw("deferrable"):
		return TxDeferrable, true
	case p.acceptKws("not", "deferrable"):
		return TxNotDeferrable, true
	}
	return 0, false
}

// parseSet reads SET in all its forms.
func (p *parser) parseSet() Stmt {
	s := &Set{Pos: int(p.advance().pos)}
	session := false
	if p.isKw("constraints") && !p.peek(1).isPunct(".") {
		p.unsupported(s.Pos, "SET CONSTRAINTS", "")
	}
	if p.isKw("local") && p.peek(1).isLabel() {
		p.advance()
		s.Local = true
	} else if p.isKw("session") && p.peek(1).isLabel() {
		if n := p.peek(1); !n.isKw("to") && !n.isKw("authorization") {
			p.advance()
			session = true
		}
	}
	switch {
	case p.acceptKw("transaction"):
		if p.isKw("snapshot") {
			p.unsupported(s.Pos, "SET TRANSACTION SNAPSHOT", "")
		}
		return &SetTransaction{Pos: s.Pos, Modes: p.parseTxModes(true)}
	case session && p.acceptKws("characteristics", "as", "transaction"):
		return &SetTransaction{Pos: s.Pos, Session: true, Modes: p.parseTxModes(true)}
	case p.isKw("time") && p.peek(1).isKw("zone"):
		p.advance()
		p.advance()
		s.Name = "timezone"
		s.Values = p.parseZone()
		return s
	case p.isKw("names") && !p.setFollows():
		p.advance()
		s.Name = "client_encoding"
		if p.tok.kind == tString {
			s.Values = []SetValue{p.parseSetValue()}
		} else {
			p.acceptKw("default")
		}
		return s
	case p.isKw("role") && !p.setFollows():
		p.advance()
		s.Name = "role"
		s.Values = []SetValue{p.parseRoleValue()}
		return s
	case p.isKw("session") && p.peek(1).isKw("authorization"):
		p.advance()
		p.advance()
		s.Name = "session_authorization"
		if !p.acceptKw("default") {
			s.Values = []SetValue{p.parseRoleValue()}
		}
		return s
	}
	s.Name = p.settingName()
	if !p.acceptKw("to") {
		if !p.isOp("=") {
			p.unexpected()
			return s
		}
		p.advance()
	}
	if p.acceptKw("default") {
		return s
	}
	s.Values = []SetValue{p.parseSetValue()}
	for p.accept(",") {
		s.Values = append(s.Values, p.parseSetValue())
	}
	return s
}

// setFollows reports whether the word is a setting's name after all.
func (p *parser) setFollows() bool {
	n := p.peek(1)
	return n.isKw("to") || n.kind == tOp && n.text == "=" || n.isPunct(".")
}

// parseRoleValue reads a role as a word or a string.
func (p *parser) parseRoleValue() SetValue {
	v := SetValue{Pos: p.pos()}
	lit := &Literal{Pos: v.Pos, Kind: LitString}
	v.Value = lit
	if p.tok.kind == tString {
		lit.Text = p.stringLit()
		return v
	}
	v.Word = true
	if p.tok.kind == tWord && p.tok.kw.class == reserved {
		p.unexpected()
	}
	lit.Text = p.label()
	return v
}

// parseSetValue reads a word, a string or a number.
func (p *parser) parseSetValue() SetValue {
	v := SetValue{Pos: p.pos()}
	switch p.tok.kind {
	case tString:
		v.Value = &Literal{Pos: v.Pos, Kind: LitString, Text: p.advance().text}
	case tInt, tNumber:
		v.Value = p.parsePrimary()
	case tOp:
		if p.isOp("-") || p.isOp("+") {
			v.Value = p.signedNumber()
			return v
		}
		p.unexpected()
	default:
		v.Word = true
		ok := p.tok.kind == tQuoted || p.tok.kind == tWord && p.tok.kw.class != reserved ||
			p.isKw("true") || p.isKw("false") || p.isKw("on")
		if !ok {
			p.unexpected()
		}
		v.Value = &Literal{Pos: v.Pos, Kind: LitString, Text: p.label()}
	}
	return v
}

func (p *parser) signedNumber() Expr {
	op := p.advance()
	if p.tok.kind != tInt && p.tok.kind != tNumber {
		p.unexpected()
		return noExpr(int(op.pos))
	}
	e := p.parsePrimary()
	if op.text == "-" {
		return negate(int(op.pos), e)
	}
	return e
}

// parseZone reads what follows SET TIME ZONE; nil stands for DEFAULT and LOCAL.
func (p *parser) parseZone() []SetValue {
	v := SetValue{Pos: p.pos()}
	switch {
	case p.acceptKw("default"), p.acceptKw("local"):
		return nil
	case p.isKw("interval"):
		v.Value = p.parseTypedLiteral()
		return []SetValue{v}
	case p.tok.kind == tWord && p.tok.kw.class != notKeyword:
		p.unexpected()
		return nil
	}
	return []SetValue{p.parseSetValue()}
}

// settingName reads a setting with its dots.
func (p *parser) settingName() string {
	name := p.colID()
	for p.accept(".") {
		name += "." + p.colID()
	}
	return name
}

func (p *parser) parseSettingOrAll() (name string, all bool) {
	switch {
	case p.acceptKw("all"):
		return "", true
	case p.acceptKws("time", "zone"):
		return "timezone", false
	case p.acceptKws("transaction", "isolation", "level"):
		return "transaction_isolation", false
	case p.acceptKws("session", "authorization"):
		return "session_authorization", false
	}
	return p.settingName(), false
}

func (p *parser) parseShow() Stmt {
	s := &Show{Pos: int(p.advance().pos)}
	s.Name, s.All = p.parseSettingOrAll()
	return s
}
