package sql

// createFlags are the words between CREATE and the kind of object.
type createFlags struct {
	pos      int
	replace  bool
	temp     bool
	unlogged bool
}

// parseCreate reads CREATE.
func (p *parser) parseCreate() Stmt {
	f := createFlags{pos: int(p.advance().pos)}
	f.replace = p.acceptKws("or", "replace")
	if p.isKw("local") || p.isKw("global") {
		p.advance()
		f.temp = true
		if !p.acceptKw("temporary") {
			p.expectKw("temp")
		}
	} else if p.acceptKw("temp") || p.acceptKw("temporary") {
		f.temp = true
	} else {
		f.unlogged = p.acceptKw("unlogged")
	}
	switch {
	case p.isKw("table") && !f.replace:
		return p.parseCreateTable(f)
	case p.isKw("unique"), p.isKw("index"):
		if !f.replace && !f.temp && !f.unlogged {
			return p.parseCreateIndex(f)
		}
	case p.isKw("schema") && !f.replace:
		return p.parseCreateSchema(f)
	case p.isKw("database") && !f.replace:
		return p.parseCreateDatabase(f)
	case p.isKw("sequence") && !f.replace:
		return p.parseCreateSequence(f)
	case p.isKw("view"), p.isKw("recursive"), p.isKw("materialized") && !f.replace:
		return p.parseCreateView(f)
	}
	switch p.tok.text {
	case "role", "user", "group", "extension", "function", "procedure", "trigger", "type", "domain",
		"policy", "publication", "subscription", "server", "foreign", "rule", "operator", "aggregate", "cast",
		"collation", "conversion", "event", "language", "statistics", "tablespace", "text", "transform",
		"access", "constraint", "trusted", "procedural", "default":
		p.unsupported(f.pos, "CREATE "+upper(p.tok.text), "")
	}
	p.unexpected()
	return &CreateSchema{}
}

func (p *parser) parseIfNotExists() bool { return p.acceptKws("if", "not", "exists") }

// parseCreateTable reads CREATE TABLE and CREATE TABLE AS.
func (p *parser) parseCreateTable(f createFlags) Stmt {
	p.advance()
	s := &CreateTable{Pos: f.pos, Temp: f.temp, Unlogged: f.unlogged}
	s.IfNotExists = p.parseIfNotExists()
	s.Name = p.name()
	switch {
	case p.isKw("clone") && !f.temp && !f.unlogged:
		return p.parseClone(s)
	case p.isKw("of"):
		p.unsupported(p.pos(), "CREATE TABLE OF", "")
	case p.isKw("partition"):
		p.unsupported(p.pos(), "PARTITION OF", "Tables are partitioned by time without being told.")
	case !p.isPunct("("):
		return p.parseCreateTableAs(s, nil)
	case p.isPlainColumnList():
		return p.parseCreateTableAs(s, p.identListParens())
	}
	p.expect("(")
	if !p.accept(")") {
		for {
			p.parseTableElement(s)
			if !p.accept(",") {
				break
			}
		}
		p.expect(")")
	}
	p.parseTableSuffix(s)
	return s
}

// isPlainColumnList tells (a, b) AS SELECT from (a int, b text): a column has a
// type behind its name.
func (p *parser) isPlainColumnList() bool {
	n := p.peek(2)
	return p.peek(1).isColID() && (n.isPunct(",") || n.isPunct(")"))
}

func (p *parser) parseCreateTableAs(t *CreateTable, columns []Ident) Stmt {
	s := &CreateTableAs{
		Pos: t.Pos, Name: t.Name, IfNotExists: t.IfNotExists, Temp: t.Temp, Unlogged: t.Unlogged, Columns: columns,
	}
	if p.isKw("with") {
		p.advance()
		s.Options = p.parseOptions()
	}
	p.expectKw("as")
	if p.isKw("execute") {
		p.unsupported(p.pos(), "CREATE TABLE AS EXECUTE", "")
	}
	s.Query = p.parseQuery()
	s.NoData = p.parseNoData()
	return s
}

// parseNoData reads WITH [NO] DATA.
func (p *parser) parseNoData() bool {
	if p.acceptKws("with", "no", "data") {
		return true
	}
	p.acceptKws("with", "data")
	return false
}

// parseTableSuffix reads what follows the columns of CREATE TABLE.
func (p *parser) parseTableSuffix(s *CreateTable) {
	if p.isKw("inherits") {
		p.unsupported(p.pos(), "INHERITS", "")
	}
	if p.isKw("partition") {
		p.unsupported(p.pos(), "PARTITION BY", "Tables are partitioned by time without being told; see WITH (partition = ...).")
	}
	if p.isKw("using") {
		p.unsupported(p.pos(), "USING access method", "")
	}
	if p.acceptKw("with") {
		s.Options = p.parseOptions()
	} else if p.acceptKws("without", "oids") {
		return
	}
	if p.isKw("on") && p.peek(1).isKw("commit") {
		p.unsupported(p.pos(), "ON COMMIT", "")
	}
	if p.isKw("tablespace") {
		p.unsupported(p.pos(), "TABLESPACE", "")
	}
}

// parseTableElement reads a column or a table constraint.
func (p *parser) parseTableElement(s *CreateTable) {
	switch {
	case p.isKw("like"):
		p.parseTableLike(s)
	case p.startsTableConstraint():
		s.Constraints = append(s.Constraints, p.parseTableConstraint())
	default:
		s.Columns = append(s.Columns, p.parseColumnDef())
	}
}

func (p *parser) startsTableConstraint() bool {
	if p.tok.kind != tWord || p.tok.kw.class == notKeyword {
		return false
	}
	switch p.tok.text {
	case "constraint", "primary", "unique", "check", "foreign":
		return true
	case "exclude":
		return p.peek(1).isKw("using") || p.peek(1).isPunct("(")
	}
	return false
}

// parseColumnDef reads name type [constraints].
func (p *parser) parseColumnDef() *ColumnDef {
	c := &ColumnDef{Pos: p.pos(), Name: p.colID(), Type: p.parseType()}
	for p.tok.kind == tWord && p.err == nil {
		switch p.tok.text {
		case "storage", "compression", "options":
			p.unsupported(p.pos(), upper(p.tok.text)+" of a column", "")
			return c
		case "collate":
			if c.Collation != nil {
				p.fail(p.pos(), codeSyntax, "multiple COLLATE clauses not allowed")
			}
			p.advance()
			n := p.name()
			c.Collation = &n
			continue
		}
		con := p.parseColumnConstraint()
		if con == nil {
			break
		}
		c.Constraints = append(c.Constraints, con)
	}
	return c
}

// parseOptions reads (name = value, ...), where a value may be a list in
// parentheses.
func (p *parser) parseOptions() []Option {
	p.expect("(")
	var list []Option
	for {
		o := Option{Pos: p.pos(), Name: p.label()}
		if p.accept(".") {
			o.Namespace, o.Name = o.Name, p.label()
		}
		o.Value.Pos = p.pos()
		if p.isOp("=") {
			p.advance()
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

// parseOptionValue reads a word, a number, a string or a list of these.
func (p *parser) parseOptionValue(lists bool) OptionValue {
	v := OptionValue{Pos: p.pos()}
	sign := ""
	if p.isOp("-") || p.isOp("+") {
		if p.advance().text == "-" {
			sign = "-"
		}
		if p.tok.kind != tInt && p.tok.kind != tNumber {
			p.unexpected()
			return v
		}
	}
	switch p.tok.kind {
	case tString:
		v.Kind = OptString
	case tInt, tNumber:
		v.Kind = OptNumber
	case tWord, tQuoted:
		v.Kind = OptWord
	case tPunct:
		if p.tok.text == "(" && lists {
			return p.parseOptionList()
		}
		fallthrough
	default:
		p.unexpected()
		return v
	}
	v.Text = sign + p.advance().text
	return v
}

func (p *parser) parseOptionList() OptionValue {
	v := OptionValue{Pos: int(p.advance().pos), Kind: OptList}
	if p.accept(")") {
		return v
	}
	for {
		v.List = append(v.List, p.parseOptionValue(false))
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return v
}
