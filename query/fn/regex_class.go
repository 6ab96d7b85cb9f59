package fn

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
)

// Classes of characters, in Go's spelling for the inside of brackets. Letters are those of all scripts, as they are in PostgreSQL with a
// Unicode locale; digits are ASCII's.
var regexClasses = map[string]string{
	"alpha": `\p{L}\p{Nl}`, "digit": `0-9`, "alnum": `\p{L}\p{Nl}\p{Nd}`, "upper": `\p{Lu}`, "lower": `\p{Ll}`, "space": `\t-\r \x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{2028}\x{2029}\x{205f}\x{3000}`,
	"blank": ` \t`, "punct": `!-/:-@\[-` + "`" + `{-~\p{P}\p{S}`, "graph": `!-~\p{L}\p{M}\p{N}\p{P}\p{S}`, "print": ` -~\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}`,
	"cntrl": `\x00-\x1f\x7f-\x{9f}`, "xdigit": `0-9A-Fa-f`, "word": `\p{L}\p{Nl}\p{Nd}_`, "ascii": `\x00-\x7f`,
}

// escape reads a backslash and what it stands for, outside of brackets.
func (p *regexParser) escape() (g greed, quantifiable bool, err error) {
	if p.at+1 == len(p.in) {
		return noGreed, false, badRegex(`invalid escape \ sequence`)
	}
	c := p.in[p.at+1]
	if class, not, ok := classEscape(c); ok {
		p.at += 2
		if not {
			p.out.WriteString("[^" + class + "]")
		} else {
			p.out.WriteString("[" + class + "]")
		}
		return noGreed, true, nil
	}
	switch c {
	case 'A':
		p.at += 2
		if p.flags.inside {
			p.nothing()
		} else {
			p.out.WriteString(`\A`)
		}
	case 'Z':
		p.at += 2
		p.out.WriteString(`\z`)
	case 'y':
		p.at += 2
		p.edge(`\b`, "(?:"+wordStart+"|"+wordEnd+")")
	case 'Y':
		p.at += 2
		p.edge(`\B`, "(?!"+wordStart+"|"+wordEnd+")")
	case 'm', 'M':
		p.at += 2
		return noGreed, false, p.wordEdge(c == 'm')
	default:
		if c >= '1' && c <= '9' && !p.octal() {
			return noGreed, true, p.reference()
		}
		r, err := p.charEscape()
		if err != nil {
			return noGreed, false, err
		}
		p.out.WriteString(quoteRune(r))
		return noGreed, true, nil
	}
	return noGreed, false, nil
}

// octal reports whether a backslash and digits are a character by its octal code: more digits than one, and no number of a group.
func (p *regexParser) octal() bool {
	digits := p.in[p.at+1 : min(len(p.in), p.at+4)]
	n := 0
	for n < len(digits) && digits[n] >= '0' && digits[n] <= '9' {
		n++
	}
	v, err := strconv.Atoi(digits[:n])
	return n > 1 && err == nil && v > p.groups && strings.Trim(digits[:n], "01234567") == ""
}

func classEscape(c byte) (class string, not, ok bool) {
	switch c {
	case 'd', 'D':
		return regexClasses["digit"], c == 'D', true
	case 's', 'S':
		return regexClasses["space"], c == 'S', true
	case 'w', 'W':
		return regexClasses["word"], c == 'W', true
	}
	return "", false, false
}

func quoteRune(r rune) string {
	if r < ' ' {
		return `\x{` + strconv.FormatInt(int64(r), 16) + `}`
	}
	return regexp.QuoteMeta(string(r))
}

// charEscape reads a backslash and the character it stands for, in brackets and outside.
func (p *regexParser) charEscape() (rune, error) {
	bad := badRegex(`invalid escape \ sequence`)
	if p.at+1 == len(p.in) {
		return 0, bad
	}
	r, size := utf8.DecodeRuneInString(p.in[p.at+1:])
	p.at += 1 + size
	hex := func(digits int) (rune, error) {
		if len(p.in) < p.at+digits {
			return 0, bad
		}
		v, err := strconv.ParseUint(p.in[p.at:p.at+digits], 16, 32)
		if err != nil || v > utf8.MaxRune {
			return 0, bad
		}
		p.at += digits
		return rune(v), nil
	}
	switch r {
	case 'a':
		return 7, nil
	case 'b':
		return 8, nil
	case 'B':
		return '\\', nil
	case 'e':
		return 27, nil
	case 'f':
		return 12, nil
	case 'n':
		return 10, nil
	case 'r':
		return 13, nil
	case 't':
		return 9, nil
	case 'v':
		return 11, nil
	case 'c':
		if !p.more() {
			return 0, bad
		}
		r, size = utf8.DecodeRuneInString(p.in[p.at:])
		p.at += size
		return r & 31, nil
	case 'u':
		return hex(4)
	case 'U':
		return hex(8)
	case 'x':
		n := 0
		for p.at+n < len(p.in) && strings.IndexByte("0123456789abcdefABCDEF", p.in[p.at+n]) >= 0 {
			n++
		}
		if n == 0 {
			return 0, bad
		}
		v, err := strconv.ParseUint(p.in[p.at:p.at+n], 16, 32)
		if err != nil || v > utf8.MaxRune {
			return 0, bad
		}
		p.at += n
		return rune(v), nil
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v, n := int(r-'0'), 0
		for n < 2 && p.at < len(p.in) && p.in[p.at] >= '0' && p.in[p.at] <= '7' {
			v = v*8 + int(p.in[p.at]-'0')
			p.at++
			n++
		}
		return rune(v), nil
	}
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return 0, bad
	}
	return r, nil
}

// Where words start and end, for backtrackers.
var (
	wordStart = "(?<![" + regexClasses["word"] + "])(?=[" + regexClasses["word"] + "])"
	wordEnd   = "(?<=[" + regexClasses["word"] + "])(?![" + regexClasses["word"] + "])"
)

// edge writes a constraint in Go's form or in that of backtrackers.
func (p *regexParser) edge(linear, back string) {
	if p.back {
		p.out.WriteString(back)
	} else {
		p.out.WriteString(linear)
	}
}

// wordEdge writes the start or the end of a word. Go knows only edges of either kind: where what follows, or precedes, is a character of
// a word for sure they are the same.
func (p *regexParser) wordEdge(start bool) error {
	if p.back && start {
		p.out.WriteString(wordStart)
		return nil
	}
	if p.back {
		p.out.WriteString(wordEnd)
		return nil
	}
	ok := false
	if start {
		ok = p.more() && wordChar(p.in[p.at:])
	} else if before := p.out.String(); before != "" {
		last := before[len(before)-1]
		quantified := strings.TrimRight(before, "+")
		ok = isWordByte(last) && !strings.HasSuffix(before[:len(before)-1], `\`) ||
			strings.HasSuffix(quantified, "["+regexClasses["word"]+"]") || strings.HasSuffix(quantified, "["+regexClasses["digit"]+"]")
	}
	if !ok {
		return errBacktrack
	}
	p.out.WriteString(`\b`)
	return nil
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// wordChar reports whether a pattern begins with a character of a word that cannot be left out.
func wordChar(p string) bool {
	size := 0
	switch {
	case isWordByte(p[0]):
		size = 1
	case strings.HasPrefix(p, `\w`), strings.HasPrefix(p, `\d`):
		size = 2
	default:
		return false
	}
	rest := p[size:]
	return rest == "" || strings.IndexByte("*?{|", rest[0]) < 0
}

// bracket rewrites a bracket expression.
func (p *regexParser) bracket() error {
	unbalanced := badRegex("brackets [] not balanced")
	p.at++
	var set strings.Builder
	not := p.next("^")
	if not {
		p.at++
	}
	first := true
	for {
		if !p.more() {
			return unbalanced
		}
		if p.next("]") && !first {
			p.at++
			break
		}
		first = false
		if class, ok, err := p.namedClass(); err != nil {
			return err
		} else if ok {
			set.WriteString(class)
			continue
		}
		lo, err := p.member()
		if err != nil {
			return err
		}
		if !p.next("-") || p.next("-]") {
			set.WriteString(quoteMember(lo))
			continue
		}
		p.at++
		if !p.more() {
			return unbalanced
		}
		hi, err := p.member()
		if err != nil {
			return err
		}
		if hi < lo {
			return badRegex("invalid character range")
		}
		set.WriteString(quoteMember(lo) + "-" + quoteMember(hi))
	}
	if not && p.flags.newline {
		set.WriteString(`\n`)
	}
	if not {
		p.out.WriteString("[^" + set.String() + "]")
	} else {
		p.out.WriteString("[" + set.String() + "]")
	}
	return nil
}

func quoteMember(r rune) string {
	if r < utf8.RuneSelf && !isWordByte(byte(r)) {
		return `\x{` + strconv.FormatInt(int64(r), 16) + `}`
	}
	return string(r)
}

// namedClass reads [:alpha:] and \d in a bracket.
func (p *regexParser) namedClass() (class string, ok bool, err error) {
	if p.next("[:") {
		end := strings.Index(p.in[p.at:], ":]")
		if end < 0 {
			return "", false, badRegex("brackets [] not balanced")
		}
		class, ok = regexClasses[p.in[p.at+2:p.at+end]]
		if !ok {
			return "", false, badRegex("invalid character class")
		}
		p.at += end + 2
		return class, true, nil
	}
	if p.next(`\`) && p.at+1 < len(p.in) {
		class, not, ok := classEscape(p.in[p.at+1])
		if ok && not {
			return "", false, column.SQLErrorf(column.Unsupported, "0A000", "\\%c inside of brackets is not supported", p.in[p.at+1])
		}
		if ok {
			p.at += 2
		}
		return class, ok, nil
	}
	return "", false, nil
}

// member reads one character of a bracket.
func (p *regexParser) member() (rune, error) {
	switch {
	case p.next("[.") || p.next("[="):
		sign := p.in[p.at+1]
		end := strings.Index(p.in[p.at+2:], string(sign)+"]")
		if end < 0 {
			return 0, badRegex("brackets [] not balanced")
		}
		name := p.in[p.at+2 : p.at+2+end]
		r, size := utf8.DecodeRuneInString(name)
		if size == 0 || size != len(name) {
			return 0, badRegex("invalid collating element")
		}
		p.at += end + 4
		return r, nil
	case p.next(`\`):
		return p.charEscape()
	}
	r, size := utf8.DecodeRuneInString(p.in[p.at:])
	p.at += size
	return r, nil
}
