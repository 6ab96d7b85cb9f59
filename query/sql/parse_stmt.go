package sql

// parseStmt reads one statement.
func (p *parser) parseStmt() Stmt {
	pos := p.pos()
	if !p.enter() {
		return &Checkpoint{}
	}
	defer p.leave()
	if p.isPunct("(") {
		return p.parseQuery()
	}
	if p.tok.kind != tWord {
		p.unexpected()
		return &Checkpoint{}
	}
	switch p.tok.text {
	case "create", "alter", "drop":
		if p.startsRole() {
			return p.parseRole()
		}
		if p.startsPin() {
			return p.parsePin()
		}
	}
	switch p.tok.text {
	case "select", "values", "table":
		return p.parseQuery()
	case "with", "insert", "update", "delete", "merge":
		return p.parsePreparable()
	case "create":
		return p.parseCreate()
	case "drop":
		return p.parseDrop()
	case "alter":
		return p.parseAlter()
	case "truncate":
		return p.parseTruncate()
	case "comment":
		return p.parseComment()
	case "refresh":
		return p.parseRefresh()
	case "copy":
		return p.parseCopy()
	case "explain":
		return p.parseExplain()
	case "prepare":
		return p.parsePrepare()
	case "execute":
		return p.parseExecute()
	case "deallocate":
		return p.parseDeallocate()
	case "set":
		return p.parseSet()
	case "show":
		return p.parseShow()
	case "reset":
		s := &Reset{Pos: int(p.advance().pos)}
		s.Name, s.All = p.parseSettingOrAll()
		return s
	case "discard":
		return p.parseDiscard()
	case "vacuum", "analyze", "analyse":
		return p.parseVacuum()
	case "reindex":
		return p.parseReindex()
	case "declare":
		return p.parseDeclare()
	case "fetch", "move":
		return p.parseCursorFetch()
	case "close":
		return p.parseClose()
	case "checkpoint":
		p.advance()
		return &Checkpoint{Pos: pos}
	case "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release":
		return p.parseTransaction()
	case "unlisten":
		return p.parseUnlisten()
	case "grant", "revoke", "lock", "listen", "notify", "cluster",
		"do", "call", "load", "security", "import", "reassign":
		p.unsupported(pos, upper(p.tok.text), "")
	}
	p.unexpected()
	return &Checkpoint{}
}

// parseExplain reads EXPLAIN with either form of options.
func (p *parser) parseExplain() Stmt {
	s := &Explain{Pos: int(p.advance().pos)}
	if p.isPunct("(") && !p.startsQuery(p.peek(1)) && !p.peek(1).isPunct("(") {
		s.Options = p.parseUtilityOptions()
		for _, o := range s.Options {
			switch o.Name {
			case "analyze", "analyse":
				s.Analyze = o.Value.IsTrue()
			case "verbose":
				s.Verbose = o.Value.IsTrue()
			}
		}
	} else {
		if p.isKw("analyze") || p.isKw("analyse") {
			p.advance()
			s.Analyze = true
		}
		s.Verbose = p.acceptKw("verbose")
	}
	switch {
	case p.isKw("execute"), p.isKw("create"):
		s.Stmt = p.parseStmt()
	case p.isKw("refresh"), p.isKw("declare"):
		p.unsupported(s.Pos, "EXPLAIN "+upper(p.tok.text), "")
	case p.isPunct("("), p.startsQuery(&p.tok), p.isKw("insert"), p.isKw("update"), p.isKw("delete"), p.isKw("merge"):
		s.Stmt = p.parsePreparable()
	default:
		p.unexpected()
	}
	switch s.Stmt.(type) {
	case *Query, *Insert, *Update, *Delete, *Merge, *Execute, *CreateTableAs, nil:
	case *CreateView:
		if !s.Stmt.(*CreateView).Materialized {
			p.fail(s.Stmt.Position(), codeSyntax, "EXPLAIN cannot explain CREATE VIEW")
		}
	default:
		p.fail(s.Stmt.Position(), codeSyntax, "EXPLAIN cannot explain this statement")
	}
	return s
}

// IsTrue reads the value as a boolean, as an option without a value is true.
// Anything that is not a spelling of false is true; the binder checks.
func (v OptionValue) IsTrue() bool {
	switch foldASCII(v.Text) {
	case "false", "off", "0", "no":
		return false
	}
	return true
}

// parseUtilityOptions reads (name [value], ...) of EXPLAIN, COPY and VACUUM.
func (p *parser) parseUtilityOptions() []Option {
	p.expect("(")
	var list []Option
	for {
		o := Option{Pos: p.pos(), Name: p.label()}
		o.Value.Pos = p.pos()
		switch {
		case p.isOp("*"):
			p.advance()
			o.Value.Kind, o.Value.Text = OptWord, "*"
		case !p.isPunct(",") && !p.isPunct(")"):
			o.Value = p.parseOptionValue(true)
		}
		list = append(list, o)
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return list
}

func (p *parser) parsePrepare() Stmt {
	s := &Prepare{Pos: int(p.advance().pos)}
	if p.isKw("transaction") {
		p.unsupported(s.Pos, "PREPARE TRANSACTION", "")
	}
	s.Name = p.colID()
	if p.accept("(") {
		s.Types = []*TypeName{p.parseType()}
		for p.accept(",") {
			s.Types = append(s.Types, p.parseType())
		}
		p.expect(")")
	}
	p.expectKw("as")
	s.Stmt = p.parsePreparable()
	return s
}

func (p *parser) parseExecute() Stmt {
	s := &Execute{Pos: int(p.advance().pos), Name: p.colID()}
	if p.accept("(") {
		s.Args = p.exprList()
		p.expect(")")
	}
	return s
}

func (p *parser) parseDeallocate() Stmt {
	s := &Deallocate{Pos: int(p.advance().pos)}
	if p.isKw("prepare") && (p.peek(1).isColID() || p.peek(1).isKw("all")) {
		p.advance()
	}
	if s.All = p.acceptKw("all"); !s.All {
		s.Name = p.colID()
	}
	return s
}

func (p *parser) parseDiscard() Stmt {
	s := &Discard{Pos: int(p.advance().pos)}
	switch p.tok.text {
	case "all", "plans", "sequences", "temp":
		s.What = p.advance().text
	case "temporary":
		p.advance()
		s.What = "temp"
	default:
		p.unexpected()
	}
	return s
}

// parseUnlisten reads UNLISTEN of a channel or of all.
func (p *parser) parseUnlisten() Stmt {
	s := &Unlisten{Pos: int(p.advance().pos)}
	if p.isOp("*") {
		p.advance()
	} else {
		s.Channel = p.ident()
	}
	return s
}

// parseVacuum reads VACUUM and ANALYZE.
func (p *parser) parseVacuum() Stmt {
	s := &Vacuum{Pos: p.pos()}
	if p.advance().text != "vacuum" {
		s.Analyze = true
		s.Verbose = p.acceptKw("verbose")
	} else {
		s.Vacuum = true
		s.Full = p.acceptKw("full")
		p.acceptKw("freeze")
		s.Verbose = p.acceptKw("verbose")
		if p.isKw("analyze") || p.isKw("analyse") {
			p.advance()
			s.Analyze = true
		}
	}
	if p.isPunct("(") {
		for _, o := range p.parseUtilityOptions() {
			switch o.Name {
			case "full":
				s.Full = o.Value.IsTrue()
			case "verbose":
				s.Verbose = o.Value.IsTrue()
			case "analyze", "analyse":
				s.Analyze = o.Value.IsTrue()
			}
		}
	}
	if !p.tok.isColID() {
		return s
	}
	s.Tables = p.names()
	if p.isPunct("(") {
		p.unsupported(p.pos(), "analyzing single columns", "")
	}
	return s
}
