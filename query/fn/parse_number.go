package fn

import (
	"strings"
	"unicode/utf8"

	"github.com/cockroachdb/apd/v3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

func toNumber(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	a, patterns := textsOf(args[0]), patternsOf(ctx, args[1], parseNumberPattern)
	return eachRow(ctx, tNumeric, writeDecimal, n, func(i int) (*apd.Decimal, error) {
		p, err := patterns.at(i)
		if err != nil {
			return nil, err
		}
		if len(p.nodes) == 0 {
			return nil, errNull
		}
		return p.read(string(a.at(i)))
	})
}

// numberReader reads a number by a pattern, skipping what the pattern does not ask for.
type numberReader struct {
	p     *numberPattern
	text  string
	at    int
	sign  byte // ' ' = none seen
	out   []byte
	pre   int
	post  int
	point bool
}

func (p *numberPattern) read(text string) (*apd.Decimal, error) {
	switch {
	case p.science:
		return nil, sqlError("0A000", "\"EEEE\" not supported for input")
	case p.roman:
		return nil, sqlError("0A000", "\"RN\" not supported for input")
	}
	r := numberReader{p: p, text: text, sign: ' '}
	for i := range p.nodes {
		if r.ended() {
			break
		}
		r.node(&p.nodes[i])
	}
	digits := strings.TrimSuffix(string(append([]byte{r.sign}, r.out...)), ".")
	canonical, err := literal.ParseNumeric(digits)
	if err != nil {
		return nil, sqlError("22P02", "invalid input syntax for type numeric: \"%s\"", digits)
	}
	d := new(apd.Decimal)
	setDecimal(d, []byte(canonical))
	if d, err = limitDigits(d, int64(p.pre+p.multi+r.post), int64(r.post)); err != nil {
		return nil, err
	}
	if p.shift {
		unit, err := powerDecimals(apd.New(10, 0), apd.New(int64(-p.multi), 0))
		if err != nil {
			return nil, err
		}
		return mulDecimals(d, unit)
	}
	return d, nil
}

func (r *numberReader) ended() bool { return r.at >= len(r.text) }

func (r *numberReader) next() byte { return r.text[r.at] }

// pass skips up to n characters that cannot belong to a number.
func (r *numberReader) pass(n int) {
	for ; n > 0 && !r.ended() && strings.IndexByte("0123456789.,+-", r.next()) < 0; n-- {
		r.char()
	}
}

func (r *numberReader) char() {
	_, size := utf8.DecodeRuneInString(r.text[r.at:])
	r.at += size
}

func (r *numberReader) node(n *formatNode) {
	switch n.field {
	case "":
		r.char()
	case "9", "0", ".", "D":
		r.digit(n.field)
		r.at++
	case ",":
		if !r.p.fill && r.next() == ',' {
			r.at++
		}
	case "G":
		if !r.p.fill && r.next() == ',' {
			r.at++
		}
	case "L":
		r.pass(1)
	case "TH", "th":
		r.pass(2)
	case "MI", "PL", "SG":
		c := r.next()
		if c == '-' && n.field != "PL" || c == '+' && n.field != "MI" {
			r.sign = c
			r.at++
			return
		}
		r.pass(1)
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// digit reads what a field of a digit or the point stands for, and leaves at on its last character.
func (r *numberReader) digit(field string) {
	if r.next() == ' ' {
		r.at++
	}
	if r.ended() {
		return
	}
	if r.sign == ' ' && (field == "0" || field == "9") && r.pre+r.post == 0 {
		r.signBefore()
	}
	if r.ended() {
		return
	}
	read := false
	switch c := r.next(); {
	case isDigit(c):
		if r.point && r.post == r.p.post {
			return
		}
		r.out = append(r.out, c)
		if r.point {
			r.post++
		} else {
			r.pre++
		}
		read = true
	case c == '.' && r.p.decimal && !r.point:
		r.out = append(r.out, c)
		r.point, read = true, true
	}
	if r.sign == ' ' && r.pre+r.post > 0 {
		r.signBehind(read)
	}
}

func (r *numberReader) signBefore() {
	c := r.next()
	switch {
	case r.p.sign == signBefore:
		if c == '-' || c == '+' {
			r.sign = c
			r.at++
		}
	case r.p.sign == signBehind:
	case c == '-' || c == '<' && r.p.bracket:
		r.sign = '-'
		r.at++
	case c == '+':
		r.sign = '+'
		r.at++
	}
}

// signBehind looks for a sign that follows the last digit.
func (r *numberReader) signBehind(read bool) {
	p := r.p
	if p.sign != noSign && read && r.at+1 < len(r.text) && !isDigit(r.text[r.at+1]) {
		if c := r.text[r.at+1]; c == '-' || c == '+' {
			r.sign = c
			r.at++
		}
		return
	}
	if !read && p.sign == noSign && !p.plus && !p.minus {
		if c := r.next(); c == '-' || c == '+' {
			r.sign = c
		}
	}
}
