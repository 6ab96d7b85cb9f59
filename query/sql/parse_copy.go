package sql

// parseCopyOptions reads (FORMAT csv, HEADER true, ...), or the options of PostgreSQL before 9.0, CSV HEADER and the like, which
// drivers still write. Those become the same options.
func (p *parser) parseCopyOptions() []Option {
	p.acceptKw("with")
	if p.isPunct("(") {
		return p.parseUtilityOptions()
	}
	var list []Option
	for {
		switch {
		case p.isKw("binary"), p.isKw("csv"):
			list = append(list, p.oldCopyOption("format", p.tok.text))
		case p.isKw("header"), p.isKw("freeze"):
			list = append(list, p.oldCopyOption(p.tok.text, "true"))
		case p.isKw("delimiter"), p.isKw("null"), p.isKw("quote"), p.isKw("escape"), p.isKw("encoding"):
			o := p.oldCopyOption(p.tok.text, "")
			p.acceptKw("as")
			o.Value = OptionValue{Pos: p.pos(), Kind: OptString, Text: p.stringLit()}
			list = append(list, o)
		case p.isKw("force"):
			list = append(list, p.oldCopyForce())
		default:
			return list
		}
		if p.err != nil {
			return list
		}
	}
}

// oldCopyOption moves over a word that stands for an option.
func (p *parser) oldCopyOption(name, value string) Option {
	pos := int(p.advance().pos)
	return Option{Pos: pos, Name: name, Value: OptionValue{Pos: pos, Kind: OptWord, Text: value}}
}

// oldCopyForce reads FORCE QUOTE columns, FORCE NOT NULL columns and FORCE NULL columns.
func (p *parser) oldCopyForce() Option {
	o := Option{Pos: int(p.advance().pos)}
	switch {
	case p.acceptKws("not", "null"):
		o.Name = "force_not_null"
	case p.acceptKw("null"):
		o.Name = "force_null"
	default:
		p.expectKw("quote")
		o.Name = "force_quote"
	}
	o.Value.Pos = p.pos()
	if p.isOp("*") {
		p.advance()
		o.Value.Kind, o.Value.Text = OptWord, "*"
		return o
	}
	o.Value.Kind = OptList
	for _, c := range p.identList() {
		o.Value.List = append(o.Value.List, OptionValue{Pos: c.Pos, Kind: OptWord, Text: c.Name})
	}
	return o
}
