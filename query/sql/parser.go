package sql

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Options bounds what Parse accepts. The zero value gives the defaults.
type Options struct {
	// MaxBytes is the longest text accepted. The default of 64 MiB lets a bulk
	// INSERT of a client library through.
	MaxBytes int
	// MaxDepth bounds the nesting of expressions, subqueries and joins. The
	// default of 400 is far above what people and tools write, and keeps the
	// recursive passes over the tree below 1 MiB of stack.
	MaxDepth int
	// MaxChain bounds the length of chains that lean to the left: a + b + c,
	// x::a::b, SELECT UNION SELECT, a JOIN b JOIN c. AND and OR are exempt. The
	// default is 5000.
	MaxChain int
	// Unwanted, if not nil, is asked now and then whether the tree is still
	// wanted by anybody; Parse fails if it is not.
	Unwanted func() bool
}

const (
	defaultMaxBytes = 64 << 20
	defaultMaxDepth = 400
	defaultMaxChain = 5000
	// maxParam is the highest parameter number: the wire protocol counts
	// parameters in 16 bits.
	maxParam = 65535
)

// Parse reads a list of statements separated by semicolons. Empty statements
// are left out, so that the result of blank text is empty.
// The error, if any, is an *Error.
func Parse(text string, opt Options) ([]Statement, error) {
	p, err := newParser(text, opt)
	if err != nil {
		return nil, err
	}
	var list []Statement
	for {
		for p.accept(";") {
		}
		if p.tok.kind == tEOF {
			break
		}
		p.beginStatement()
		start := p.pos()
		stmt := p.parseStmt()
		if p.tok.kind != tEOF && !p.isPunct(";") {
			p.unexpected()
		}
		if p.err != nil {
			break
		}
		list = append(list, Statement{
			Stmt: stmt, Start: start, End: p.prevEnd,
			NumParams: p.numParams, ParamNames: p.paramNames,
		})
	}
	if p.err != nil {
		return nil, p.err
	}
	return list, nil
}

// ParseOne reads exactly one statement.
func ParseOne(text string, opt Options) (Statement, error) {
	list, err := Parse(text, opt)
	if err != nil {
		return Statement{}, err
	}
	switch len(list) {
	case 0:
		return Statement{}, ErrorAt(text, len(text), codeSyntax, "empty statement")
	case 1:
		return list[0], nil
	}
	e := ErrorAt(text, list[1].Start, codeSyntax, "cannot insert multiple commands into a prepared statement")
	e.Hint = "Send one statement at a time."
	return Statement{}, e
}

// ParseExpr reads a single expression, such as a stored default or policy.
func ParseExpr(text string, opt Options) (Expr, error) {
	p, err := newParser(text, opt)
	if err != nil {
		return nil, err
	}
	e := p.parseExpr()
	if p.tok.kind != tEOF {
		p.unexpected()
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

// parser holds the state of one Parse.
//
// Errors are sticky: the first one is kept, and from then on every token is the
// end of the input, so that all loops end and no function has to hand errors
// up. Functions return usable nodes even then; Parse throws them away.
type parser struct {
	lex  lexer
	tok  token // the current token
	prev token // the one before it
	// ahead holds tokens beyond the current one that were looked at.
	ahead   [3]token
	nAhead  int
	prevEnd int
	err     *Error

	depth, maxDepth, maxChain int

	unwanted func() bool
	read     int // tokens

	numParams  int
	paramNames []string
	// style tells which of the ways to write parameters the statement uses;
	// mixing them would leave the numbers ambiguous.
	style byte
}

func newParser(text string, opt Options) (*parser, error) {
	if opt.MaxBytes <= 0 {
		opt.MaxBytes = defaultMaxBytes
	}
	if opt.MaxDepth <= 0 {
		opt.MaxDepth = defaultMaxDepth
	}
	if opt.MaxChain <= 0 {
		opt.MaxChain = defaultMaxChain
	}
	if len(text) > opt.MaxBytes {
		return nil, &Error{
			Code:    codeTooLong,
			Message: "statement of " + strconv.Itoa(len(text)) + " bytes is longer than the limit of " + strconv.Itoa(opt.MaxBytes),
		}
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return nil, ErrorAt(text, i, codeEncoding, "invalid byte sequence for encoding \"UTF8\": 0x00")
	}
	if !utf8.ValidString(text) {
		i := invalidByte(text)
		return nil, ErrorAt(text, i, codeEncoding, "invalid byte sequence for encoding \"UTF8\": 0x%02x", text[i])
	}
	p := &parser{lex: lexer{text: text}, maxDepth: opt.MaxDepth, maxChain: opt.MaxChain, unwanted: opt.Unwanted}
	p.tok = p.lex.next()
	p.err = p.lex.err
	return p, nil
}

func invalidByte(text string) int {
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			return i
		}
	}
	return 0
}

func (p *parser) beginStatement() {
	p.numParams, p.paramNames, p.style = 0, nil, 0
}

// advance makes the next token current and returns the one that was.
func (p *parser) advance() token {
	p.prevEnd = int(p.tok.end)
	p.prev = p.tok
	if p.nAhead > 0 {
		p.tok = p.ahead[0]
		p.nAhead--
		copy(p.ahead[:], p.ahead[1:1+p.nAhead])
	} else {
		p.tok = p.lex.next()
	}
	if p.tok.kind == tEOF && p.lex.err != nil && p.err == nil {
		p.err = p.lex.err
	}
	if p.read++; p.read%tokensAtOnce == 0 && p.unwanted != nil && p.unwanted() {
		p.fail(p.pos(), codeCancelled, "canceling statement")
	}
	return p.prev
}

// tokensAtOnce is how many tokens are read before it is asked whether the tree is still wanted.
const tokensAtOnce = 1 << 12

// pos is the offset of the current token. It is a function because Go orders the
// calls in a composite literal, but not a read of p.tok against them.
func (p *parser) pos() int { return int(p.tok.pos) }

// peek looks n tokens beyond the current one, n from 1 to 3.
func (p *parser) peek(n int) *token {
	for p.nAhead < n {
		p.ahead[p.nAhead] = p.lex.next()
		p.nAhead++
	}
	return &p.ahead[n-1]
}

// fail records the first error and ends the input.
func (p *parser) fail(pos int, code, format string, args ...any) *Error {
	if p.err == nil {
		p.err = p.lex.err
	}
	e := ErrorAt(p.lex.text, pos, code, format, args...)
	if p.err == nil {
		p.err = e
	}
	end := int32(len(p.lex.text))
	p.lex.pos = int(end)
	p.nAhead = 0
	p.tok = token{kind: tEOF, pos: end, end: end}
	return e
}

// unexpected reports the current token as a syntax error.
func (p *parser) unexpected() {
	if p.err != nil {
		return
	}
	if p.lex.err != nil && p.tok.kind == tEOF {
		p.err = p.lex.err
		return
	}
	t := p.tok
	if t.kind == tEOF {
		p.fail(len(p.lex.text), codeSyntax, "syntax error at end of input")
		return
	}
	e := p.fail(int(t.pos), codeSyntax, "syntax error at or near \"%s\"", p.lex.text[t.pos:t.end])
	e.Hint = hintFor(t)
}

// hintFor explains a word that cannot stand where it was found.
func hintFor(t token) string {
	if t.kind != tWord {
		return ""
	}
	switch {
	case t.kw.notAlias:
		return `"` + t.text + `" starts a clause here; write AS "` + t.text + `" if it is meant as a name.`
	}
	return ""
}

// unsupported refuses what the grammar knows and the database does not.
func (p *parser) unsupported(pos int, what, hint string) {
	e := p.fail(pos, codeUnsupported, "%s is not supported", what)
	e.Hint = hint
}

// enter counts a level of nesting; the caller must leave again. It reports false
// when there are too many.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > p.maxDepth {
		e := p.fail(p.pos(), codeTooDeep, "stack depth limit exceeded")
		e.Hint = "The statement is nested deeper than " + strconv.Itoa(p.maxDepth) + " levels."
		return false
	}
	return true
}

func (p *parser) leave() { p.depth-- }

// link counts an element of a chain that leans to the left.
func (p *parser) link(n *int) bool {
	*n++
	if *n > p.maxChain {
		e := p.fail(p.pos(), codeTooDeep, "stack depth limit exceeded")
		e.Hint = "The expression chains more than " + strconv.Itoa(p.maxChain) + " operations."
		return false
	}
	return true
}

// isKw reports whether the current token is the keyword.
func (p *parser) isKw(word string) bool {
	return p.tok.kind == tWord && p.tok.text == word
}

func (t *token) isKw(word string) bool { return t.kind == tWord && t.text == word }

func (t *token) isPunct(s string) bool { return t.kind == tPunct && t.text == s }

func (p *parser) isPunct(s string) bool {
	return p.tok.kind == tPunct && p.tok.text == s
}

func (p *parser) isOp(s string) bool {
	return p.tok.kind == tOp && p.tok.text == s
}

// accept moves over the punctuation if it is there.
func (p *parser) accept(s string) bool {
	if p.isPunct(s) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expect(s string) {
	if !p.accept(s) {
		p.unexpected()
	}
}

// acceptKw moves over the keyword if it is there.
func (p *parser) acceptKw(word string) bool {
	if p.tok.kind == tWord && p.tok.text == word {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expectKw(word string) {
	if !p.acceptKw(word) {
		p.unexpected()
	}
}

// acceptKws moves over several keywords if all are there.
func (p *parser) acceptKws(words ...string) bool {
	if !p.isKw(words[0]) {
		return false
	}
	for i, w := range words[1:] {
		if !p.peek(i + 1).isKw(w) {
			return false
		}
	}
	for range words {
		p.advance()
	}
	return true
}

// isColID reports whether t can name a column or a table.
func (t *token) isColID() bool {
	return t.kind == tQuoted || t.kind == tWord && t.kw.class <= colName
}

// isTypeFunc reports whether t can name a function or a type.
func (t *token) isTypeFunc() bool {
	return t.kind == tQuoted || t.kind == tWord && (t.kw.class <= unreserved || t.kw.class == typeFunc)
}

// isLabel reports whether t can follow AS or a dot.
func (t *token) isLabel() bool { return t.kind == tQuoted || t.kind == tWord }

// colID reads the name of a column or a table.
func (p *parser) colID() string {
	if !p.tok.isColID() {
		p.unexpected()
		return ""
	}
	return p.advance().text
}

// label reads a name that may be any word.
func (p *parser) label() string {
	if !p.tok.isLabel() {
		p.unexpected()
		return ""
	}
	return p.advance().text
}

func (p *parser) ident() Ident {
	pos := p.pos()
	return Ident{Pos: pos, Name: p.colID()}
}

// identList reads name, name, ...
func (p *parser) identList() []Ident {
	list := []Ident{p.ident()}
	for p.accept(",") {
		list = append(list, p.ident())
	}
	return list
}

// identListParens reads (name, ...).
func (p *parser) identListParens() []Ident {
	p.expect("(")
	list := p.identList()
	p.expect(")")
	return list
}

// name reads a possibly qualified name whose first part is a colID.
func (p *parser) name() Name {
	n := Name{Pos: p.pos()}
	return p.nameRest(n, p.colID())
}

// nameRest reads the parts of a name behind its first.
func (p *parser) nameRest(n Name, first string) Name {
	parts := [3]string{first}
	k := 1
	for p.accept(".") {
		if k == len(parts) {
			name := p.lex.text[n.Pos:p.tok.end]
			p.fail(n.Pos, codeSyntax, "improper qualified name (too many dotted names): %s", name)
			return n
		}
		parts[k] = p.label()
		k++
	}
	n.Name = parts[k-1]
	if k > 1 {
		n.Schema = parts[k-2]
	}
	if k > 2 {
		n.Catalog = parts[0]
	}
	return n
}

func (p *parser) names() []Name {
	list := []Name{p.name()}
	for p.accept(",") {
		list = append(list, p.name())
	}
	return list
}

// stringLit reads a string constant.
func (p *parser) stringLit() string {
	if p.tok.kind != tString {
		p.unexpected()
		return ""
	}
	return p.advance().text
}

// intLit reads an integer constant that fits in 31 bits.
func (p *parser) intLit() int {
	if p.tok.kind != tInt {
		p.unexpected()
		return 0
	}
	v, err := strconv.ParseInt(p.tok.text, 10, 32)
	if err != nil {
		p.unexpected()
		return 0
	}
	p.advance()
	return int(v)
}
