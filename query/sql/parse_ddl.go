package sql

// parseCreateIndex reads CREATE [UNIQUE] INDEX.
func (p *parser) parseCreateIndex(f createFlags) Stmt {
	s := &CreateIndex{Pos: f.pos, Unique: p.acceptKw("unique")}
	p.expectKw("index")
	s.Concurrently = p.acceptKw("concurrently")
	if s.IfNotExists = p.parseIfNotExists(); s.IfNotExists || !p.isKw("on") {
		s.Name = p.colID()
	}
	p.expectKw("on")
	s.Only = p.acceptKw("only")
	s.Table = p.name()
	if p.acceptKw("using") {
		s.Method = p.colID()
	}
	s.Elems = p.parseIndexElems()
	if p.acceptKw("include") {
		s.Include = p.identListParens()
	}
	if p.acceptKws("nulls", "not", "distinct") {
		s.NullsNotDistinct = true
	} else {
		p.acceptKws("nulls", "distinct")
	}
	if p.acceptKw("with") {
		s.Options = p.parseOptions()
	}
	if p.isKw("tablespace") {
		p.unsupported(p.pos(), "TABLESPACE", "")
	}
	if p.acceptKw("where") {
		s.Where = p.parseExpr()
	}
	return s
}

func (p *parser) parseIndexElems() []IndexElem {
	p.expect("(")
	list := []IndexElem{p.parseIndexElem()}
	for p.accept(",") {
		list = append(list, p.parseIndexElem())
	}
	p.expect(")")
	return list
}

// parseIndexElem reads a column, a function call or (an expression), with how
// it is to be ordered.
func (p *parser) parseIndexElem() IndexElem {
	e := IndexElem{Pos: p.pos()}
	switch {
	case p.accept("("):
		e.Expr = p.parseExpr()
		p.expect(")")
	case p.tok.isColID() && !p.peek(1).isPunct("(") && !p.peek(1).isPunct("."):
		e.Expr = &ColumnRef{Pos: e.Pos, Parts: []string{p.advance().text}}
	default:
		e.Expr = p.parsePrimary()
		if _, ok := e.Expr.(*FuncCall); !ok && p.err == nil {
			p.unexpected()
		}
	}
	if p.acceptKw("collate") {
		n := p.name()
		e.Collation = &n
	}
	if p.tok.isColID() && !p.isKw("nulls") {
		n := p.name()
		e.OpClass = &n
		if p.isPunct("(") {
			p.unsupported(p.pos(), "operator class options", "")
		}
	}
	e.Desc = p.parseDirection()
	e.Nulls = p.parseNulls()
	return e
}

func (p *parser) parseCreateSchema(f createFlags) Stmt {
	p.advance()
	s := &CreateSchema{Pos: f.pos, IfNotExists: p.parseIfNotExists()}
	if !p.isKw("authorization") {
		s.Name = p.colID()
	}
	if p.acceptKw("authorization") {
		s.Owner = p.roleName()
	}
	if p.isKw("create") || p.isKw("grant") {
		p.unsupported(p.pos(), "CREATE SCHEMA with elements", "Create them in statements of their own.")
	}
	return s
}

// roleName reads a role; CURRENT_USER and its like are given as that word.
func (p *parser) roleName() string {
	if p.isKw("current_user") || p.isKw("session_user") || p.isKw("current_role") {
		return p.advance().text
	}
	return p.colID()
}

func (p *parser) parseCreateDatabase(f createFlags) Stmt {
	p.advance()
	s := &CreateDatabase{Pos: f.pos, Name: p.colID()}
	p.acceptKw("with")
	for p.tok.kind == tWord && p.tok.kw.class != reserved {
		o := Option{Pos: p.pos(), Name: p.label()}
		if o.Name == "connection" {
			p.expectKw("limit")
			o.Name = "connection_limit"
		}
		if p.isOp("=") {
			p.advance()
		}
		o.Value = p.parseOptionValue(false)
		s.Options = append(s.Options, o)
	}
	return s
}

// parseCreateView reads CREATE VIEW and CREATE MATERIALIZED VIEW.
func (p *parser) parseCreateView(f createFlags) Stmt {
	s := &CreateView{Pos: f.pos, Replace: f.replace, Temp: f.temp}
	if f.unlogged {
		p.unsupported(f.pos, "UNLOGGED view", "")
	}
	s.Recursive = p.acceptKw("recursive")
	if !s.Recursive && !s.Temp {
		s.Materialized = p.acceptKw("materialized")
	}
	p.expectKw("view")
	if s.Materialized {
		s.IfNotExists = p.parseIfNotExists()
	}
	s.Name = p.name()
	if p.isPunct("(") || s.Recursive {
		s.Columns = p.identListParens()
	}
	if p.isKw("using") || p.isKw("tablespace") {
		p.unsupported(p.pos(), upper(p.tok.text), "")
	}
	if p.acceptKw("with") {
		s.Options = p.parseOptions()
	}
	p.expectKw("as")
	s.Query = p.parseQuery()
	if s.Materialized {
		s.NoData = p.parseNoData()
	} else if p.acceptKw("with") {
		if s.Check = "cascaded"; p.isKw("local") || p.isKw("cascaded") {
			s.Check = p.advance().text
		}
		p.expectKw("check")
		p.expectKw("option")
	}
	return s
}

func (p *parser) parseRefresh() Stmt {
	s := &RefreshView{Pos: int(p.advance().pos)}
	p.expectKw("materialized")
	p.expectKw("view")
	s.Concurrently = p.acceptKw("concurrently")
	s.Name = p.name()
	s.NoData = p.parseNoData()
	return s
}

// parseObjectKind reads TABLE, VIEW, ... behind the verb.
func (p *parser) parseObjectKind(verb string, pos int) ObjectKind {
	switch {
	case p.acceptKw("table"):
		return ObjTable
	case p.acceptKw("view"):
		return ObjView
	case p.acceptKw("materialized"):
		p.expectKw("view")
		return ObjMaterializedView
	case p.acceptKw("index"):
		return ObjIndex
	case p.acceptKw("schema"):
		return ObjSchema
	case p.acceptKw("database"):
		return ObjDatabase
	case p.acceptKw("sequence"):
		return ObjSequence
	case verb == "COMMENT ON" && p.acceptKw("column"):
		return ObjColumn
	case verb == "COMMENT ON" && p.acceptKw("constraint"):
		return ObjConstraint
	case p.tok.kind == tWord && p.tok.kw.class != notKeyword:
		p.unsupported(pos, verb+" "+upper(p.tok.text), "")
	}
	p.unexpected()
	return ObjTable
}

func (p *parser) parseDrop() Stmt {
	s := &Drop{Pos: int(p.advance().pos)}
	s.Kind = p.parseObjectKind("DROP", s.Pos)
	if s.Kind == ObjIndex {
		s.Concurrently = p.acceptKw("concurrently")
	}
	s.IfExists = p.acceptKws("if", "exists")
	switch s.Kind {
	case ObjDatabase, ObjSchema:
		for {
			id := p.ident()
			s.Names = append(s.Names, Name{Pos: id.Pos, Name: id.Name})
			if s.Kind == ObjDatabase || !p.accept(",") {
				break
			}
		}
	default:
		s.Names = p.names()
	}
	if s.Kind == ObjDatabase {
		if p.isKw("with") || p.isPunct("(") {
			p.unsupported(p.pos(), "DROP DATABASE with options", "")
		}
		return s
	}
	s.Cascade = p.parseCascade()
	return s
}

func (p *parser) parseComment() Stmt {
	s := &Comment{Pos: int(p.advance().pos)}
	p.expectKw("on")
	s.Kind = p.parseObjectKind("COMMENT ON", s.Pos)
	switch s.Kind {
	case ObjColumn:
		p.parseCommentColumn(s)
	case ObjConstraint:
		s.Column = p.colID()
		p.expectKw("on")
		if p.isKw("domain") {
			p.unsupported(s.Pos, "COMMENT ON CONSTRAINT ON DOMAIN", "")
		}
		s.Name = p.name()
	case ObjSchema, ObjDatabase:
		id := p.ident()
		s.Name = Name{Pos: id.Pos, Name: id.Name}
	default:
		s.Name = p.name()
	}
	p.expectKw("is")
	if !p.acceptKw("null") {
		text := p.stringLit()
		s.Text = &text
	}
	return s
}

// parseCommentColumn reads a column behind its table: [[catalog.]schema.]table.column.
func (p *parser) parseCommentColumn(s *Comment) {
	pos := p.pos()
	parts := []string{p.colID()}
	for p.accept(".") {
		parts = append(parts, p.label())
	}
	if len(parts) < 2 {
		p.fail(pos, codeSyntax, "column name must be qualified")
		return
	}
	s.Name = p.qualified(pos, parts[:len(parts)-1])
	s.Column = parts[len(parts)-1]
}

// parseReindex reads REINDEX.
func (p *parser) parseReindex() Stmt {
	s := &Reindex{Pos: int(p.advance().pos)}
	if p.isPunct("(") {
		for _, o := range p.parseUtilityOptions() {
			switch o.Name {
			case "concurrently":
				s.Concurrently = o.Value.IsTrue()
			case "verbose":
				s.Verbose = o.Value.IsTrue()
			case "tablespace":
				p.unsupported(o.Pos, "TABLESPACE", "")
			}
		}
	}
	for _, what := range []string{"index", "table", "schema", "database", "system"} {
		if p.acceptKw(what) {
			s.What = what
			break
		}
	}
	if s.What == "" {
		p.unexpected()
		return s
	}
	s.Concurrently = p.acceptKw("concurrently") || s.Concurrently
	if s.What == "index" || s.What == "table" {
		s.Name = p.name()
		return s
	}
	id := p.ident()
	s.Name = Name{Pos: id.Pos, Name: id.Name}
	return s
}
