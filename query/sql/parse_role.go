package sql

// startsRole reports whether USER, ROLE or GROUP follows CREATE, ALTER or DROP.
func (p *parser) startsRole() bool {
	n := p.peek(1)
	return n.isKw("user") || n.isKw("role")
}

// parseRole reads CREATE, ALTER and DROP of USER and ROLE.
func (p *parser) parseRole() Stmt {
	word := p.tok.text
	pos := int(p.advance().pos)
	user := p.tok.text == "user"
	p.advance()
	if user && p.isKw("mapping") && p.peek(1).isKw("for") {
		p.unsupported(pos, "USER MAPPING", "")
	}
	switch word {
	case "create":
		s := &CreateRole{Pos: pos, User: user, Name: p.ident()}
		p.acceptKw("with")
		s.Options = p.parseRoleOptions()
		return s
	case "alter":
		s := &AlterRole{Pos: pos, User: user, Name: p.ident()}
		if p.isKw("set") || p.isKw("reset") || p.isKw("rename") || p.isKw("in") {
			p.unsupported(p.pos(), "ALTER ROLE ... "+upper(p.tok.text), "")
		}
		p.acceptKw("with")
		s.Options = p.parseRoleOptions()
		return s
	}
	s := &DropRole{Pos: pos, User: user, IfExists: p.acceptKws("if", "exists")}
	s.Names = p.identList()
	return s
}

// roleWords are the options that are one word.
var roleWords = map[string]bool{
	"superuser": true, "nosuperuser": true, "login": true, "nologin": true, "inherit": true, "noinherit": true, "createdb": true,
	"nocreatedb": true, "createrole": true, "nocreaterole": true, "replication": true, "noreplication": true, "bypassrls": true, "nobypassrls": true,
}

func (p *parser) parseRoleOptions() []RoleOption {
	var list []RoleOption
	for p.tok.kind == tWord {
		o := RoleOption{Pos: p.pos(), Name: p.tok.text}
		switch {
		case roleWords[o.Name]:
			p.advance()
		case p.isKw("encrypted") && p.peek(1).isKw("password"):
			p.advance()
			fallthrough
		case p.isKw("password"):
			p.advance()
			o.Name = "password"
			if !p.acceptKw("null") {
				text := p.stringLit()
				o.Value = &text
			}
		case p.isKw("valid"), p.isKw("connection"), p.isKw("in"), p.isKw("role"), p.isKw("admin"), p.isKw("user"), p.isKw("sysid"):
			p.unsupported(o.Pos, upper(o.Name)+" of a role", "")
		default:
			p.unexpected()
		}
		for _, before := range list {
			if before.Name == o.Name {
				p.fail(o.Pos, codeSyntax, "conflicting or redundant options")
			}
		}
		list = append(list, o)
		if p.err != nil {
			break
		}
	}
	return list
}

// users writes the statements about users.
func (f *formatter) users(s Stmt) bool {
	kind := map[bool]string{true: "USER ", false: "ROLE "}
	options := func(list []RoleOption) {
		for _, o := range list {
			f.str(" " + upper(o.Name))
			if o.Name != "password" {
				continue
			}
			f.str(" ")
			if o.Value == nil {
				f.str("NULL")
			} else {
				f.quoted(*o.Value, '\'')
			}
		}
	}
	switch s := s.(type) {
	case *CreateRole:
		f.str("CREATE " + kind[s.User])
		f.ident(s.Name.Name)
		options(s.Options)
	case *AlterRole:
		f.str("ALTER " + kind[s.User])
		f.ident(s.Name.Name)
		options(s.Options)
	case *DropRole:
		f.str("DROP " + kind[s.User])
		f.flag(s.IfExists, "IF EXISTS ")
		f.list(len(s.Names), func(i int) { f.ident(s.Names[i].Name) })
	default:
		return false
	}
	return true
}
