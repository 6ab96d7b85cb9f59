package sql

import "strings"

// parseType reads a type with its array bounds.
func (p *parser) parseType() *TypeName {
	setOf := p.acceptKw("setof")
	t := p.parseSimpleType(false)
	t.SetOf = setOf
	for p.isPunct("[") {
		p.advance()
		n := 0
		if !p.isPunct("]") {
			n = p.intLit()
		}
		p.expect("]")
		t.Dims = append(t.Dims, n)
		if len(t.Dims) > p.maxDepth {
			p.fail(p.pos(), codeTooDeep, "stack depth limit exceeded")
		}
	}
	if t.Dims == nil && p.acceptKw("array") {
		n := 0
		if p.accept("[") {
			n = p.intLit()
			p.expect("]")
		}
		t.Dims = []int{n}
	}
	return t
}

// parseSimpleType reads a type without array bounds. With constant set, a string
// constant follows the type, so that an interval's fields come later.
func (p *parser) parseSimpleType(constant bool) *TypeName {
	t := &TypeName{Pos: p.pos()}
	if p.tok.kind == tWord && (p.tok.kw.class == colName || p.tok.text == "double") {
		if p.parseKeywordType(t, constant) {
			t.Keyword = true
			return t
		}
	}
	if !p.tok.isTypeFunc() {
		p.unexpected()
		return t
	}
	n := p.nameRest(Name{Pos: t.Pos}, p.advance().text)
	if n.Catalog != "" {
		p.unsupported(t.Pos, "a type name with a database", "")
	}
	t.Schema, t.Name = n.Schema, n.Name
	t.Mods = p.parseMods()
	return t
}

// parseMods reads the optional modifiers (a, b).
func (p *parser) parseMods() []Expr {
	if !p.accept("(") {
		return nil
	}
	mods := p.exprList()
	p.expect(")")
	return mods
}

// parseKeywordType reads the types that the grammar itself knows. It reports
// false, having read nothing, when the current word is none of them.
func (p *parser) parseKeywordType(t *TypeName, constant bool) bool {
	word := p.tok.text
	switch word {
	case "int", "integer":
		t.Name = "int4"
	case "smallint":
		t.Name = "int2"
	case "bigint":
		t.Name = "int8"
	case "real":
		t.Name = "float4"
	case "boolean":
		t.Name = "bool"
	case "json":
		t.Name = "json"
	case "double":
		if !p.peek(1).isKw("precision") {
			return false
		}
		p.advance()
		t.Name = "float8"
	case "float":
		p.parseFloat(t)
		return true
	case "decimal", "dec", "numeric":
		p.advance()
		t.Name = "numeric"
		t.Mods = p.parseMods()
		return true
	case "character", "char", "varchar", "national", "nchar":
		p.parseCharacter(t, word, constant)
		return true
	case "bit":
		p.parseBit(t)
		return true
	case "timestamp", "time":
		p.parseTime(t, word)
		return true
	case "interval":
		p.advance()
		t.Name = "interval"
		if p.isPunct("(") {
			t.Mods = p.parsePrecision()
		} else if !constant {
			p.parseIntervalFields(t)
		}
		return true
	default:
		return false
	}
	p.advance()
	return true
}

// parseFloat reads FLOAT and FLOAT(binary digits).
func (p *parser) parseFloat(t *TypeName) {
	p.advance()
	t.Name = "float8"
	if !p.accept("(") {
		return
	}
	pos := p.pos()
	n := p.intLit()
	p.expect(")")
	switch {
	case p.err != nil:
	case n < 1:
		p.fail(pos, "22023", "precision for type float must be at least 1 bit")
	case n <= 24:
		t.Name = "float4"
	case n > 53:
		p.fail(pos, "22023", "precision for type float must be less than 54 bits")
	}
}

// parseCharacter reads CHAR, VARCHAR and their long spellings. CHAR alone is
// CHAR(1), but not before a constant.
func (p *parser) parseCharacter(t *TypeName, word string, constant bool) {
	p.advance()
	if word == "national" && !p.acceptKw("character") {
		p.expectKw("char")
	}
	t.Name = "bpchar"
	if word == "varchar" || p.acceptKw("varying") {
		t.Name = "varchar"
	}
	if p.isPunct("(") {
		t.Mods = p.parsePrecision()
	} else if t.Name == "bpchar" && !constant {
		t.Mods = []Expr{&Literal{Pos: t.Pos, Kind: LitInt, Text: "1"}}
	}
}

// parseBit reads BIT and BIT VARYING. BIT alone is BIT(1).
func (p *parser) parseBit(t *TypeName) {
	p.advance()
	t.Name = "bit"
	if p.acceptKw("varying") {
		t.Name = "varbit"
	}
	t.Mods = p.parseMods()
	if t.Mods == nil && t.Name == "bit" && p.tok.kind != tString {
		t.Mods = []Expr{&Literal{Pos: t.Pos, Kind: LitInt, Text: "1"}}
	}
}

func (p *parser) parseTime(t *TypeName, word string) {
	p.advance()
	t.Name = word
	if p.isPunct("(") {
		t.Mods = p.parsePrecision()
	}
	if p.isKw("with") && p.peek(1).isKw("time") {
		p.advance()
		p.advance()
		p.expectKw("zone")
		t.Name += "tz"
	} else if p.isKw("without") && p.peek(1).isKw("time") {
		p.advance()
		p.advance()
		p.expectKw("zone")
	}
}

// intervalUnits lists the units that an interval may be restricted to, from the
// largest, and which smaller ones may follow TO.
var intervalUnits = map[string]string{
	"year": "month", "month": "", "day": "hour minute second", "hour": "minute second",
	"minute": "second", "second": "",
}

// parseIntervalFields reads YEAR, DAY TO SECOND(3) and so on behind INTERVAL or
// behind its constant.
func (p *parser) parseIntervalFields(t *TypeName) {
	if p.tok.kind != tWord {
		return
	}
	to, ok := intervalUnits[p.tok.text]
	if !ok {
		return
	}
	last := p.advance().text
	t.Fields = last
	if to != "" && p.acceptKw("to") {
		last = p.tok.text
		if p.tok.kind != tWord || !contains(strings.Fields(to), last) {
			p.unexpected()
			return
		}
		p.advance()
		t.Fields += " to " + last
	}
	if last == "second" && p.isPunct("(") {
		t.Mods = p.parsePrecision()
	}
}
