package sql

// parseCreateSequence reads CREATE SEQUENCE.
func (p *parser) parseCreateSequence(f createFlags) Stmt {
	p.advance()
	s := &CreateSequence{Pos: f.pos, Temp: f.temp, IfNotExists: p.parseIfNotExists(), Name: p.name()}
	if f.unlogged {
		p.unsupported(f.pos, "UNLOGGED sequence", "")
	}
	s.Options = p.parseSequenceOptions()
	return s
}

// parseAlterSequence reads ALTER SEQUENCE behind its first two words.
func (p *parser) parseAlterSequence(pos int) Stmt {
	s := &AlterSequence{Pos: pos, IfExists: p.acceptKws("if", "exists"), Name: p.name()}
	a := AlterAction{Pos: p.pos()}
	switch {
	case p.acceptKws("owner", "to"):
		a.Kind, a.NewName = AlterOwner, p.roleName()
	case p.isKw("rename"), p.isKw("set") && p.peek(1).isKw("schema"):
		a = p.parseAlterName()
		if a.Kind != AlterRename && a.Kind != AlterSetSchema {
			p.fail(a.Pos, codeSyntax, "a sequence has no columns or constraints to rename")
		}
	default:
		if s.Options = p.parseSequenceOptions(); len(s.Options) == 0 {
			p.unexpected()
		}
		return s
	}
	return &AlterTable{Pos: pos, Kind: ObjSequence, IfExists: s.IfExists, Name: s.Name, Actions: []AlterAction{a}}
}

// parseSequenceOptions reads any number of options.
func (p *parser) parseSequenceOptions() []SequenceOption {
	var list []SequenceOption
	for p.err == nil {
		o := SequenceOption{Pos: p.pos()}
		if !p.parseSequenceOption(&o) {
			return list
		}
		list = append(list, o)
	}
	return list
}

func (p *parser) parseSequenceOption(o *SequenceOption) bool {
	switch {
	case p.acceptKw("as"):
		o.Word, o.Type = "as", p.parseType()
	case p.acceptKw("increment"):
		p.acceptKw("by")
		o.Word, o.Value = "increment", p.sequenceNumber()
	case p.isKw("minvalue"), p.isKw("maxvalue"), p.isKw("cache"):
		o.Word = p.advance().text
		o.Value = p.sequenceNumber()
	case p.acceptKw("start"):
		p.acceptKw("with")
		o.Word, o.Value = "start", p.sequenceNumber()
	case p.acceptKw("restart"):
		o.Word = "restart"
		if p.acceptKw("with") || p.tok.kind == tInt || p.tok.kind == tNumber || p.isOp("-") || p.isOp("+") {
			o.Value = p.sequenceNumber()
		}
	case p.acceptKw("cycle"):
		o.Word = "cycle"
	case p.isKw("no") && (p.peek(1).isKw("minvalue") || p.peek(1).isKw("maxvalue") || p.peek(1).isKw("cycle")):
		p.advance()
		o.Word = "no " + p.advance().text
	case p.acceptKws("owned", "by"):
		o.Word = "owned by"
		if p.acceptKw("none") {
			return true
		}
		o.Owner = []string{p.colID()}
		for p.accept(".") {
			o.Owner = append(o.Owner, p.label())
		}
	case p.isKw("sequence") && p.peek(1).isKw("name"):
		p.unsupported(o.Pos, "SEQUENCE NAME", "")
		return false
	default:
		return false
	}
	return true
}

// sequenceNumber reads a number with or without a sign.
func (p *parser) sequenceNumber() string {
	sign := ""
	if p.isOp("-") || p.isOp("+") {
		if p.advance().text == "-" {
			sign = "-"
		}
	}
	if p.tok.kind != tInt && p.tok.kind != tNumber {
		p.unexpected()
		return ""
	}
	return sign + p.advance().text
}

// parseTableLike reads LIKE table [INCLUDING ... | EXCLUDING ...].
func (p *parser) parseTableLike(s *CreateTable) {
	l := TableLike{Pos: int(p.advance().pos), Name: p.name(), Before: len(s.Columns)}
	for p.isKw("including") || p.isKw("excluding") {
		o := LikeOption{Excluding: p.advance().text == "excluding"}
		switch p.tok.text {
		case "all", "comments", "compression", "constraints", "defaults", "generated", "identity", "indexes", "statistics", "storage":
			o.What = p.advance().text
		default:
			p.unexpected()
			return
		}
		l.Options = append(l.Options, o)
	}
	s.Likes = append(s.Likes, l)
}
