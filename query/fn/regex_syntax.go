package fn

import (
	"errors"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
)

// PostgreSQL's advanced regular expressions are rewritten as Go's, which match in linear time. What that cannot do, back references and
// look-around, is rewritten for a matcher that backtracks. PostgreSQL decides by a pattern's first quantifier whether the whole match is the longest or the
// shortest one; a longest match is Go's leftmost-longest, a shortest one is found by making every quantifier lazy.

// greed says what a part of a pattern prefers.
type greed uint8

const (
	noGreed greed = iota // matches one length only
	greedy
	lazy
)

// nothing matches no text.
const nothing = `[^\x00-\x{10ffff}]`

// regexFlags are the options that change how a pattern is read.
type regexFlags struct {
	fold     bool // i
	newline  bool // n: . and [^x] stop at line ends
	lines    bool // n, w: ^ and $ match at them
	expanded bool // x
	literal  bool // q
	inside   bool // the search begins inside of the text, where ^ does not match
}

// inside is the option that says so; users have no such letter.
const inside = "\x00"

func (f *regexFlags) parse(options string, embedded bool) error {
	for _, c := range options {
		switch c {
		case 'i':
			f.fold = true
		case 'c':
			f.fold = false
		case 'n', 'm':
			f.newline, f.lines = true, true
		case 'p':
			f.newline, f.lines = true, false
		case 'w':
			f.newline, f.lines = false, true
		case 's':
			f.newline, f.lines = false, false
		case 'x':
			f.expanded = true
		case 't':
			f.expanded = false
		case 'q':
			f.literal = true
		case 'e':
		case 'b':
			return column.SQLErrorf(column.Unsupported, "0A000", "basic regular expressions are not supported")
		case 0:
			f.inside = true
		default:
			if embedded {
				return badRegex("invalid embedded option")
			}
			return sqlError("22023", "invalid regular expression option: \"%c\"", c)
		}
	}
	return nil
}

func badRegex(what string) error {
	return sqlError("2201B", "invalid regular expression: %s", what)
}

// regexParser rewrites one pattern.
type regexParser struct {
	in    string
	at    int
	out   strings.Builder
	flags regexFlags
	depth int
	// groups is the number of groups that are closed: \\nn is a back reference to one of them, or a character by its octal code.
	groups int
	// plain is the length of the last branch if it is a text, -1 if it is more than that.
	plain int
	force greed // lazy: every quantifier is written as lazy one; greedy: as greedy

	// back is set while the pattern is written for a backtracker.
	back   bool
	opened int          // groups so far
	closed map[int]bool // groups that have ended, by number
	look   int          // constraints that look around, which are around what is read
	vague  int          // choices: branches and quantifiers that leave a number open
}

// errBacktrack says that a pattern is to be written for a backtracker.
var errBacktrack = errors.New("the pattern needs a matcher that backtracks")

// restart goes back to a place of the pattern.
func (p *regexParser) restart(at int) {
	p.at, p.groups, p.opened, p.look, p.vague, p.depth = at, 0, 0, 0, 0, 0
	p.closed = map[int]bool{}
	p.out.Reset()
}

// compileRegex makes a pattern with options ready to match.
func compileRegex(pattern, options string) (*regex, error) {
	p := &regexParser{in: pattern, closed: map[int]bool{}}
	if err := p.flags.parse(options, false); err != nil {
		return nil, err
	}
	if err := p.director(); err != nil {
		return nil, err
	}
	if p.flags.literal {
		return p.compile(regexp.QuoteMeta(p.in[p.at:]), greedy)
	}
	start := p.at
	g, err := p.alternatives()
	if errors.Is(err, errBacktrack) {
		p.back = true
		p.restart(start)
		g, err = p.alternatives()
	}
	if err != nil {
		return nil, err
	}
	if g == lazy {
		p.force = lazy
		p.restart(start)
		if _, err := p.alternatives(); err != nil {
			return nil, err
		}
	}
	return p.compile(p.out.String(), g)
}

// compile gives Go the rewritten pattern.
func (p *regexParser) compile(text string, g greed) (*regex, error) {
	mode := "(?"
	if p.flags.fold {
		mode += "i"
	}
	if p.flags.lines {
		mode += "m"
	}
	if !p.flags.newline {
		mode += "s"
	}
	if mode == "(?" {
		mode = ""
	} else {
		mode += ")"
	}
	if p.back {
		b, err := newBacktracker(mode+text, p.opened, p.vague > 1 && g != lazy)
		if err != nil {
			return nil, err
		}
		return &regex{back: b}, nil
	}
	re, err := regexp.Compile(mode + text)
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		if strings.HasPrefix(reason, "expression nests too deeply") || strings.HasPrefix(reason, "expression too large") {
			return nil, badRegex("regular expression is too complex")
		}
		return nil, badRegex(reason)
	}
	if g != lazy {
		re.Longest()
	}
	return &regex{Regexp: re, longest: g != lazy}, nil
}

// director reads ***: and ***= and options in (?xyz) at the start.
func (p *regexParser) director() error {
	if rest, ok := strings.CutPrefix(p.in, "***="); ok {
		p.in, p.flags.literal = rest, true
		return nil
	}
	if rest, ok := strings.CutPrefix(p.in, "***:"); ok {
		p.in = rest
	} else if strings.HasPrefix(p.in, "***") {
		return badRegex("quantifier operand invalid")
	}
	if p.flags.literal || !strings.HasPrefix(p.in, "(?") || len(p.in) < 3 || p.in[2]|0x20 < 'a' || p.in[2]|0x20 > 'z' {
		return nil
	}
	end := strings.IndexByte(p.in, ')')
	if end < 0 {
		return badRegex("invalid embedded option")
	}
	p.at = end + 1
	return p.flags.parse(p.in[2:end], true)
}

func (p *regexParser) more() bool { return p.at < len(p.in) }

func (p *regexParser) next(s string) bool { return strings.HasPrefix(p.in[p.at:], s) }

// alternatives reads branches up to a closing parenthesis or the end.
func (p *regexParser) alternatives() (greed, error) {
	if p.depth++; p.depth > 200 {
		return noGreed, badRegex("regular expression is too complex")
	}
	defer func() { p.depth-- }()
	start := p.out.Len()
	g, err := p.branch()
	lengths := []int{p.plain}
	for err == nil && p.next("|") {
		p.at++
		p.out.WriteByte('|')
		p.vague += 2
		g = greedy
		_, err = p.branch()
		lengths = append(lengths, p.plain)
	}
	if len(lengths) > 1 && err == nil {
		p.longestFirst(start, lengths)
	}
	p.plain = -1
	if err == nil && p.depth == 1 && p.more() { // a parenthesis too many
		return g, badRegex("parentheses () not balanced")
	}
	return g, err
}

// longestFirst puts branches that are texts in the order PostgreSQL prefers them: of a(b|bc)(cd|d) on abcd the group is bc. Go would
// take the branch that stands first.
func (p *regexParser) longestFirst(start int, lengths []int) {
	for _, n := range lengths {
		if n < 0 {
			return
		}
	}
	if p.force == lazy {
		return
	}
	text := p.out.String()
	branches := strings.Split(text[start:], "|")
	if len(branches) != len(lengths) { // a text with a bar in it
		return
	}
	order := make([]int, len(branches))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return lengths[order[i]] > lengths[order[j]] })
	p.out.Reset()
	p.out.WriteString(text[:start])
	for k, i := range order {
		if k > 0 {
			p.out.WriteByte('|')
		}
		p.out.WriteString(branches[i])
	}
}

func (p *regexParser) branch() (greed, error) {
	g, plain := noGreed, 0
	for {
		p.blanks()
		if !p.more() || p.next("|") || p.next(")") && p.depth > 0 {
			p.plain = plain
			return g, nil
		}
		from := p.at
		atom, quantifiable, err := p.atom()
		if err != nil {
			return g, err
		}
		one := p.in[from:p.at]
		p.blanks()
		if plain++; !quantifiable || utf8.RuneCountInString(one) > 1 || p.more() && strings.IndexByte("*+?{", p.in[p.at]) >= 0 {
			plain = math.MinInt / 2
		}
		q, err := p.quantifier(atom, quantifiable)
		if err != nil {
			return g, err
		}
		if g == noGreed {
			g = q
		}
	}
}

// blanks skips comments, and white space where the pattern is an expanded one.
func (p *regexParser) blanks() {
	for p.more() {
		switch c := p.in[p.at]; {
		case p.next("(?#"):
			end := strings.IndexByte(p.in[p.at:], ')')
			if end < 0 {
				return
			}
			p.at += end + 1
		case p.flags.expanded && (c == ' ' || c >= '\t' && c <= '\r'):
			p.at++
		case p.flags.expanded && c == '#':
			end := strings.IndexByte(p.in[p.at:], '\n')
			if end < 0 {
				end = len(p.in) - p.at
			}
			p.at += end
		default:
			return
		}
	}
}

// atom reads what a quantifier may stand behind.
func (p *regexParser) atom() (g greed, quantifiable bool, err error) {
	switch c := p.in[p.at]; c {
	case '(':
		return p.group()
	case ')':
		return noGreed, false, badRegex("parentheses () not balanced")
	case '[':
		if p.next("[[:<:]]") || p.next("[[:>:]]") {
			word := p.in[p.at+3]
			p.at += 7
			return noGreed, false, p.wordEdge(word == '<')
		}
		return noGreed, true, p.bracket()
	case '\\':
		return p.escape()
	case '*', '+', '?':
		return noGreed, false, badRegex("quantifier operand invalid")
	case '{':
		if p.at+1 < len(p.in) && p.in[p.at+1] >= '0' && p.in[p.at+1] <= '9' {
			return noGreed, false, badRegex("quantifier operand invalid")
		}
		p.at++
		p.out.WriteString(`\{`)
	case '^':
		p.at++
		if p.flags.inside && !p.flags.lines {
			p.nothing()
		} else {
			p.out.WriteByte('^')
		}
		return noGreed, false, nil
	case '$':
		p.at++
		if p.back && !p.flags.lines { // there $ is before a line's end, too
			p.out.WriteString(`\z`)
		} else {
			p.out.WriteByte('$')
		}
		return noGreed, false, nil
	case '.':
		p.at++
		p.out.WriteByte('.')
	default:
		_, size := utf8.DecodeRuneInString(p.in[p.at:])
		p.out.WriteString(regexp.QuoteMeta(p.in[p.at : p.at+size]))
		p.at += size
	}
	return noGreed, true, nil
}

func (p *regexParser) group() (g greed, quantifiable bool, err error) {
	open := "("
	if p.next("(?") {
		switch {
		case p.next("(?:"):
			open = "(?:"
		case p.next("(?="), p.next("(?!"):
			return p.around(p.in[p.at : p.at+3])
		case p.next("(?<=") || p.next("(?<!"):
			return p.around(p.in[p.at : p.at+4])
		default:
			return noGreed, false, badRegex("quantifier operand invalid")
		}
	}
	p.at += len(open)
	number := 0
	if open == "(" && p.look > 0 {
		open = "(?:" // nothing is kept of what stands around
	}
	if open == "(" {
		p.opened++
		number = p.opened
	}
	p.out.WriteString(open)
	if g, err = p.alternatives(); err != nil {
		return g, false, err
	}
	if !p.next(")") {
		return g, false, badRegex("parentheses () not balanced")
	}
	p.at++
	p.out.WriteByte(')')
	if open == "(" {
		p.groups++
		p.closed[number] = true
	}
	return g, true, nil
}

// around reads a constraint on what stands before or behind a place.
func (p *regexParser) around(open string) (g greed, quantifiable bool, err error) {
	if !p.back {
		return noGreed, false, errBacktrack
	}
	p.at += len(open)
	p.out.WriteString(open)
	p.look++
	_, err = p.alternatives()
	p.look--
	if err != nil {
		return noGreed, false, err
	}
	if !p.next(")") {
		return noGreed, false, badRegex("parentheses () not balanced")
	}
	p.at++
	p.out.WriteByte(')')
	return noGreed, false, nil
}

// reference reads a back reference.
func (p *regexParser) reference() error {
	if !p.back {
		return errBacktrack
	}
	end := p.at + 2
	for end < len(p.in) && p.in[end] >= '0' && p.in[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(p.in[p.at+1 : end])
	if err != nil || p.look > 0 || !p.closed[n] {
		return badRegex("invalid backreference number")
	}
	p.at = end
	p.out.WriteString(`(?:\` + strconv.Itoa(n) + ")")
	return nil
}

// nothing writes what matches no text.
func (p *regexParser) nothing() {
	if p.back {
		p.out.WriteString("(?!)")
	} else {
		p.out.WriteString(nothing)
	}
}

// quantifier reads *, +, ?, {m}, {m,}, {m,n} and their lazy forms, and gives the preference of the whole.
func (p *regexParser) quantifier(atom greed, quantifiable bool) (greed, error) {
	if !p.more() {
		return atom, nil
	}
	fixed := false
	switch c := p.in[p.at]; {
	case c == '*' || c == '+' || c == '?':
		if !quantifiable {
			return atom, badRegex("quantifier operand invalid")
		}
		p.out.WriteByte(c)
		p.at++
	case c == '{' && p.at+1 < len(p.in) && p.in[p.at+1] >= '0' && p.in[p.at+1] <= '9':
		if !quantifiable {
			return atom, badRegex("quantifier operand invalid")
		}
		var err error
		if fixed, err = p.bound(); err != nil {
			return atom, err
		}
	default:
		return atom, nil
	}
	g := greedy
	if p.next("?") {
		p.at++
		g = lazy
	}
	if g == lazy && p.force != greedy || p.force == lazy {
		p.out.WriteByte('?')
	}
	if p.more() && strings.IndexByte("*+?", p.in[p.at]) >= 0 {
		return g, badRegex("quantifier operand invalid")
	}
	if fixed {
		return atom, nil
	}
	p.vague++
	return g, nil
}

// bound reads {m}, {m,} or {m,n}; fixed says that it is the first.
func (p *regexParser) bound() (fixed bool, err error) {
	end := strings.IndexByte(p.in[p.at:], '}')
	if end < 0 {
		return false, badRegex("braces {} not balanced")
	}
	lo, hi, ranged := strings.Cut(p.in[p.at+1:p.at+end], ",")
	p.at += end + 1
	m, err := strconv.Atoi(lo)
	n := m
	if err == nil && ranged && hi != "" {
		n, err = strconv.Atoi(hi)
	}
	if err != nil || m < 0 || n < m || n > 255 {
		return false, badRegex("invalid repetition count(s)")
	}
	p.out.WriteByte('{')
	p.out.WriteString(strconv.Itoa(m))
	if ranged {
		p.out.WriteByte(',')
		if hi != "" {
			p.out.WriteString(strconv.Itoa(n))
		}
	}
	p.out.WriteByte('}')
	return !ranged, nil
}
