package jsonpath

import (
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/jsonvalue"
)

// Regex makes a matcher of a regular expression with options of PostgreSQL's regexp functions.
type Regex func(pattern, options string) (func(s string) bool, error)

// maxDepth bounds the nesting of a path.
const maxDepth = 500

// Parse reads a path.
func Parse(text string, regex Regex) (*Path, error) {
	p := &parser{lex: lexer{src: text}, regex: regex}
	if err := p.advance(); err != nil {
		return nil, err
	}
	out := &Path{}
	if p.isWord("strict") || p.isWord("lax") {
		out.strict = p.isWord("strict")
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if text == "" {
		return nil, fail("22P02", "invalid input syntax for type jsonpath: \"\"")
	}
	var err error
	if out.root, err = p.or(); err != nil {
		return nil, err
	}
	if p.tok.kind != tokEnd {
		return nil, p.unexpected()
	}
	out.templates = p.templates
	return out, nil
}

type parser struct {
	lex    lexer
	tok    token
	regex  Regex
	depth  int
	inside int // in how many filters, where @ may stand
	index  int // in how many subscripts, where last may stand
	// templates says that there is a .datetime() with a template.
	templates bool
}

func (p *parser) advance() (err error) {
	p.tok, err = p.lex.next()
	return err
}

func (p *parser) isWord(s string) bool {
	return p.tok.kind == tokWord && strings.EqualFold(p.tok.text, s)
}

func (p *parser) isSign(s string) bool { return p.tok.kind == tokSign && p.tok.text == s }

func (p *parser) unexpected() error {
	if p.tok.kind == tokEnd {
		return fail("42601", "syntax error at end of jsonpath input")
	}
	return fail("42601", "syntax error at or near \"%s\" of jsonpath input", p.lex.src[p.tok.at:p.lex.at])
}

func (p *parser) expect(sign string) error {
	if !p.isSign(sign) {
		return p.unexpected()
	}
	return p.advance()
}

func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return fail("54001", "stack depth limit exceeded")
	}
	return nil
}

// truth checks that an operand has a truth value, and number that it has none.
func (p *parser) truth(n *node) error {
	if !n.predicate() || n.next != nil {
		return p.unexpected()
	}
	return nil
}

func (p *parser) logic(sign string, o op, operand func() (*node, error)) (*node, error) {
	left, err := operand()
	for err == nil && p.isSign(sign) {
		if err = p.truth(left); err != nil {
			return nil, err
		}
		if err = p.advance(); err != nil {
			return nil, err
		}
		var right *node
		if right, err = operand(); err != nil {
			return nil, err
		}
		if err = p.truth(right); err == nil {
			left = &node{op: o, left: left, right: right}
		}
	}
	return left, err
}

func (p *parser) or() (*node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	return p.logic("||", opOr, p.and)
}

func (p *parser) and() (*node, error) { return p.logic("&&", opAnd, p.not) }

func (p *parser) not() (*node, error) {
	if !p.isSign("!") {
		return p.comparison()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.isSign("(") && !p.isWord("exists") {
		return nil, p.unexpected()
	}
	inner, err := p.primary()
	if err != nil {
		return nil, err
	}
	if err := p.truth(inner); err != nil {
		return nil, err
	}
	return &node{op: opNot, left: inner}, nil
}

func (p *parser) comparison() (*node, error) {
	left, err := p.sum()
	if err != nil {
		return nil, err
	}
	switch {
	case p.tok.kind == tokSign && strings.Contains(" == != <> < <= > >= ", " "+p.tok.text+" "):
		operator := p.tok.text
		if operator == "<>" {
			operator = "!="
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		right, err := p.sum()
		if err != nil {
			return nil, err
		}
		return &node{op: opCompare, text: operator, left: left, right: right}, nil
	case p.isWord("starts"):
		return p.startsWith(left)
	case p.isWord("like_regex"):
		return p.likeRegex(left)
	}
	return left, nil
}

func (p *parser) startsWith(left *node) (*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.isWord("with") {
		return nil, p.unexpected()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	right := &node{op: opLiteral, value: jsonvalue.Text(p.tok.text)}
	switch p.tok.kind {
	case tokString:
	case tokVariable:
		right = &node{op: opVariable, text: p.tok.text}
	default:
		return nil, p.unexpected()
	}
	return &node{op: opStartsWith, left: left, right: right}, p.advance()
}

func (p *parser) likeRegex(left *node) (*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind != tokString {
		return nil, p.unexpected()
	}
	pattern, flags := p.tok.text, ""
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.isWord("flag") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.tok.kind != tokString {
			return nil, p.unexpected()
		}
		flags = p.tok.text
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	options, err := regexOptions(flags)
	if err != nil {
		return nil, err
	}
	match, err := p.regex(pattern, options)
	if err != nil {
		return nil, err
	}
	return &node{op: opLikeRegex, text: pattern, flags: flags, left: left, match: match}, nil
}

// regexOptions gives XQuery's flags as PostgreSQL's options: without s a point stops at line ends.
func regexOptions(flags string) (string, error) {
	out := ""
	for _, c := range flags {
		switch c {
		case 'i', 's', 'm', 'q':
		case 'x':
			if strings.Contains(flags, "q") {
				continue // a pattern that is taken as it stands has no blanks to leave out
			}
			return "", column.SQLErrorf(column.Unsupported, "0A000", "XQuery \"x\" flag (expanded regular expressions) is not implemented")
		default:
			e := column.SQLErrorf(column.Invalid, "42601", "invalid input syntax for type jsonpath")
			e.Detail = "Unrecognized flag character \"" + string(c) + "\" in LIKE_REGEX predicate."
			return "", e
		}
	}
	if strings.Contains(flags, "i") {
		out = "i"
	}
	dot, lines := strings.Contains(flags, "s"), strings.Contains(flags, "m")
	switch {
	case strings.Contains(flags, "q"):
		return out + "q", nil
	case !dot && lines:
		return out + "n", nil
	case !dot:
		return out + "p", nil
	case lines:
		return out + "w", nil
	}
	return out, nil
}

func (p *parser) binary(signs string, operand func() (*node, error)) (*node, error) {
	left, err := operand()
	for err == nil && p.tok.kind == tokSign && len(p.tok.text) == 1 && strings.Contains(signs, p.tok.text) {
		sign := p.tok.text
		if left.predicate() && left.next == nil {
			return nil, p.unexpected()
		}
		if err = p.advance(); err != nil {
			return nil, err
		}
		var right *node
		if right, err = operand(); err == nil {
			left = &node{op: opArithmetic, text: sign, left: left, right: right}
		}
	}
	return left, err
}

func (p *parser) sum() (*node, error) { return p.binary("+-", p.product) }

func (p *parser) product() (*node, error) { return p.binary("*/%", p.unary) }

func (p *parser) unary() (*node, error) {
	if !p.isSign("+") && !p.isSign("-") {
		return p.accessed()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	o := opPlus
	if p.isSign("-") {
		o = opNegate
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	inner, err := p.unary()
	if err != nil {
		return nil, err
	}
	if inner.op == opLiteral && inner.value.Kind == jsonvalue.Number && inner.next == nil {
		if o == opNegate {
			inner.value = jsonvalue.Negated(inner.value)
		}
		return inner, nil
	}
	return &node{op: o, left: inner}, nil
}

// accessed reads an operand and its chain of accessors.
func (p *parser) accessed() (*node, error) {
	first, err := p.primary()
	if err != nil {
		return nil, err
	}
	last := first
	for last.next != nil {
		last = last.next
	}
	for p.isSign(".") || p.isSign("[") || p.isSign("?") {
		n, err := p.accessor()
		if err != nil {
			return nil, err
		}
		last.next = n
		last = n
	}
	return first, nil
}

func (p *parser) primary() (*node, error) {
	n := &node{}
	switch {
	case p.tok.kind == tokString:
		n.op, n.value = opLiteral, jsonvalue.Text(p.tok.text)
	case p.tok.kind == tokNumber:
		text, err := literal.ParseNumeric(p.tok.text)
		if err != nil {
			return nil, err
		}
		n.op, n.value = opLiteral, jsonvalue.Digits(text)
	case p.tok.kind == tokVariable:
		n.op, n.text = opVariable, p.tok.text
	case p.isSign("$"):
		n.op = opRoot
	case p.isSign("@"):
		if p.inside == 0 {
			return nil, fail("42601", "@ is not allowed in root expressions")
		}
		n.op = opCurrent
	case p.isSign("("):
		return p.parenthesis()
	case p.isWord("exists"):
		return p.exists()
	case p.tok.kind == tokWord && p.tok.text == "true", p.tok.kind == tokWord && p.tok.text == "false":
		n.op, n.value = opLiteral, jsonvalue.Of(p.tok.text == "true")
	case p.tok.kind == tokWord && p.tok.text == "null":
		n.op = opLiteral
	case p.isWord("last"):
		if p.index == 0 {
			return nil, fail("42601", "LAST is allowed only in array subscripts")
		}
		n.op = opLast
	default:
		return nil, p.unexpected()
	}
	return n, p.advance()
}

func (p *parser) parenthesis() (*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	if n.predicate() && p.isWord("is") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if !p.isWord("unknown") {
			return nil, p.unexpected()
		}
		return &node{op: opUnknown, left: n}, p.advance()
	}
	if n.op == opNegate || n.op == opPlus || n.op == opArithmetic || n.predicate() {
		return n, nil
	}
	return n, nil
}

func (p *parser) exists() (*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	inner, err := p.or()
	if err != nil {
		return nil, err
	}
	return &node{op: opExists, left: inner}, p.expect(")")
}

func (p *parser) accessor() (*node, error) {
	switch {
	case p.isSign("["):
		return p.brackets()
	case p.isSign("?"):
		return p.filter()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch {
	case p.isSign("**"):
		return p.anyLevel()
	case p.isSign("*"):
		return &node{op: opAnyKey}, p.advance()
	case p.tok.kind == tokString:
		return p.key()
	case p.tok.kind == tokWord:
		return p.keyOrMethod()
	}
	return nil, p.unexpected()
}

func (p *parser) key() (*node, error) {
	n := &node{op: opKey, text: p.tok.text}
	return n, p.advance()
}

const methods = " type size double ceiling floor abs keyvalue datetime "

func (p *parser) keyOrMethod() (*node, error) {
	n, err := p.key()
	if err != nil || !p.isSign("(") {
		return n, err
	}
	if !strings.Contains(methods, " "+strings.ToLower(n.text)+" ") {
		return nil, p.unexpected()
	}
	n.op, n.text = opMethod, strings.ToLower(n.text)
	if err := p.advance(); err != nil {
		return nil, err
	}
	if n.text == "datetime" && p.tok.kind == tokString {
		n.value = jsonvalue.Text(p.tok.text)
		p.templates = true
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	return n, p.expect(")")
}

// anyLevel reads what may follow .**: {n}, {n to m}.
func (p *parser) anyLevel() (*node, error) {
	n := &node{op: opAny, hi: -1}
	if err := p.advance(); err != nil || !p.isSign("{") {
		return n, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	var err error
	if n.lo, err = p.level(); err != nil {
		return nil, err
	}
	n.hi = n.lo
	if p.isWord("to") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if n.hi, err = p.level(); err != nil {
			return nil, err
		}
	}
	return n, p.expect("}")
}

func (p *parser) level() (int, error) {
	if p.isWord("last") {
		return -1, p.advance()
	}
	v, err := strconv.ParseInt(p.tok.text, 10, 32)
	if p.tok.kind != tokNumber || err != nil {
		return 0, p.unexpected()
	}
	return int(v), p.advance()
}

func (p *parser) brackets() (*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.isSign("*") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		return &node{op: opElements}, p.expect("]")
	}
	p.index++
	defer func() { p.index-- }()
	n := &node{op: opSubscripts}
	for {
		var s subscript
		var err error
		if s.from, err = p.sum(); err != nil {
			return nil, err
		}
		if p.isWord("to") {
			if err := p.advance(); err != nil {
				return nil, err
			}
			if s.to, err = p.sum(); err != nil {
				return nil, err
			}
		}
		n.subscripts = append(n.subscripts, s)
		if !p.isSign(",") {
			return n, p.expect("]")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) filter() (*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	p.inside++
	defer func() { p.inside-- }()
	inner, err := p.or()
	if err != nil {
		return nil, err
	}
	if err := p.truth(inner); err != nil {
		return nil, err
	}
	return &node{op: opFilter, left: inner}, p.expect(")")
}
