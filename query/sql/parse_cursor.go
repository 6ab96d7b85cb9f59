package sql

import "strconv"

// parseDeclare reads DECLARE.
func (p *parser) parseDeclare() Stmt {
	s := &DeclareCursor{Pos: int(p.advance().pos), Name: p.ident()}
	for {
		switch {
		case p.acceptKw("binary"):
			s.Binary = true
			continue
		case p.acceptKw("insensitive"), p.acceptKw("asensitive"), p.acceptKws("no", "scroll"):
			continue
		case p.acceptKw("scroll"):
			s.Scroll = true
			continue
		}
		break
	}
	p.expectKw("cursor")
	if p.acceptKws("with", "hold") {
		s.Hold = true
	} else {
		p.acceptKws("without", "hold")
	}
	p.expectKw("for")
	s.Query = p.parseQuery()
	return s
}

// parseCursorFetch reads FETCH and MOVE.
func (p *parser) parseCursorFetch() Stmt {
	s := &Fetch{Move: p.isKw("move"), Count: 1}
	s.Pos = int(p.advance().pos)
	direction := func() {
		switch {
		case p.acceptKw("all"):
			s.Count = -1
		case p.tok.kind == tInt:
			n, err := strconv.ParseInt(p.tok.text, 10, 64)
			if err != nil {
				p.unexpected()
			}
			s.Count = n
			p.advance()
		}
	}
	next := p.peek(1)
	named := next.kind == tEOF || next.isPunct(";") // a cursor may have any of the words as its name
	switch {
	case named:
	case p.acceptKw("next"):
	case p.acceptKw("forward"):
		direction()
	case p.isKw("prior"), p.isKw("first"), p.isKw("last"), p.isKw("absolute"), p.isKw("relative"), p.isKw("backward"), p.isOp("-"):
		p.unsupported(p.pos(), "moving a cursor other than forward", "Use FETCH n or FETCH ALL.")
	default:
		direction()
	}
	if !p.acceptKw("from") {
		p.acceptKw("in")
	}
	s.Name = p.ident()
	return s
}

// parseClose reads CLOSE.
func (p *parser) parseClose() Stmt {
	s := &CloseCursor{Pos: int(p.advance().pos)}
	if p.isKw("all") {
		p.advance()
		s.All = true
		return s
	}
	s.Name = p.ident()
	return s
}

// cursor writes the statements about cursors; false if it is another.
func (f *formatter) cursor(s Stmt) bool {
	switch s := s.(type) {
	case *DeclareCursor:
		f.str("DECLARE ")
		f.ident(s.Name.Name)
		f.flag(s.Binary, " BINARY")
		f.flag(s.Scroll, " SCROLL")
		f.str(" CURSOR")
		f.flag(s.Hold, " WITH HOLD")
		f.str(" FOR ")
		f.query(s.Query)
	case *Fetch:
		f.str(map[bool]string{true: "MOVE ", false: "FETCH "}[s.Move])
		if s.Count < 0 {
			f.str("ALL")
		} else {
			f.str(strconv.FormatInt(s.Count, 10))
		}
		f.str(" FROM ")
		f.ident(s.Name.Name)
	case *CloseCursor:
		f.str("CLOSE ")
		if s.All {
			f.str("ALL")
		} else {
			f.ident(s.Name.Name)
		}
	default:
		return false
	}
	return true
}
