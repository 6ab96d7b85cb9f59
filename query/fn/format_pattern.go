package fn

import (
	"strings"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Patterns of to_char, to_timestamp, to_date and to_number: fields, and characters between them.

// formatNode is one field or one character.
type formatNode struct {
	field string // "" = a character
	char  string
	kind  charKind

	fill   bool // FM
	local  bool // TM: names of the locale, which are English here and not filled up
	suffix byte // 'h' = th, 'H' = TH
}

// charKind says how a character between fields is read.
type charKind uint8

const (
	plainChar charKind = iota
	spaceChar
	separatorChar
)

// timeFields are tried in this order; of two that begin alike the longer stands first.
var timeFields = fieldList(`A.D. A.M. AD AM B.C. BC CC DAY DDD DD DY Day Dy D FF1 FF2 FF3 FF4 FF5 FF6 FX HH24 HH12 HH IDDD ID IW IYYY IYY IY I J MI MM
	MONTH MON MS Month Mon OF P.M. PM Q RM SSSSS SSSS SS TZH TZM TZ US WW W Y,YYY YYYY YYY YY Y a.d. a.m. ad am b.c. bc cc day ddd dd dy d ff1 ff2 ff3
	ff4 ff5 ff6 fx hh24 hh12 hh iddd id iw iyyy iyy iy i j mi mm month mon ms of p.m. pm q rm sssss ssss ss tzh tzm tz us ww w y,yyy yyyy yyy yy y`)

var numberFields = fieldList(`, . 0 9 B C D EEEE FM G L MI PL PR RN SG SP S TH V b c d eeee fm g l mi pl pr rn sg sp s th v`)

// fieldList orders fields by their first byte.
func fieldList(words string) map[byte][]string {
	out := map[byte][]string{}
	for _, w := range strings.Fields(words) {
		out[w[0]] = append(out[w[0]], w)
	}
	return out
}

func fieldAt(s string, fields map[byte][]string) string {
	for _, f := range fields[s[0]] {
		if strings.HasPrefix(s, f) {
			return f
		}
	}
	return ""
}

// parsePattern takes a pattern apart.
func parsePattern(s string, fields map[byte][]string, time bool) []formatNode {
	var out []formatNode
	for s != "" {
		node := formatNode{}
		if time {
			s = node.prefixes(s)
		}
		if s == "" {
			break
		}
		if f := fieldAt(s, fields); f != "" {
			node.field, s = f, s[len(f):]
			if time {
				s = node.suffixes(s)
			}
			out = append(out, node)
			continue
		}
		if s[0] == '"' {
			out, s = quotedChars(out, s[1:])
			continue
		}
		if strings.HasPrefix(s, `\"`) {
			s = s[1:]
		}
		c, size := utf8.DecodeRuneInString(s)
		node = formatNode{char: s[:size]}
		switch {
		case time && isSeparator(s[0]):
			node.kind = separatorChar
		case c == ' ' || c >= '\t' && c <= '\r':
			node.kind = spaceChar
		}
		out = append(out, node)
		s = s[size:]
	}
	return out
}

func quotedChars(out []formatNode, s string) ([]formatNode, string) {
	for s != "" {
		if s[0] == '"' {
			return out, s[1:]
		}
		if s[0] == '\\' && len(s) > 1 {
			s = s[1:]
		}
		_, size := utf8.DecodeRuneInString(s)
		out = append(out, formatNode{char: s[:size]})
		s = s[size:]
	}
	return out, s
}

func (n *formatNode) prefixes(s string) string {
	if p := s[:min(2, len(s))]; p == "FM" || p == "fm" {
		n.fill = true
		return s[2:]
	} else if p == "TM" || p == "tm" {
		n.local = true
		return s[2:]
	}
	return s
}

func (n *formatNode) suffixes(s string) string {
	switch s[:min(2, len(s))] {
	case "TH":
		n.suffix = 'H'
	case "th":
		n.suffix = 'h'
	case "SP":
	default:
		return s
	}
	return s[2:]
}

// isSeparator reports printable ASCII that is no letter, digit or blank.
func isSeparator(c byte) bool {
	return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9') && !(c|0x20 >= 'a' && c|0x20 <= 'z')
}

// patterns parses the patterns of an argument, each text once in a row.
type patterns[P any] struct {
	ctx   *expr.Context
	text  texts
	parse func(s string) (P, error)
	last  string
	value P
	seen  bool
}

type patternKey[P any] struct{ text string }

func patternsOf[P any](ctx *expr.Context, v *column.Vector, parse func(s string) (P, error)) *patterns[P] {
	return &patterns[P]{ctx: ctx, text: textsOf(v), parse: parse}
}

func (p *patterns[P]) at(i int) (P, error) {
	s := p.text.at(i)
	if p.seen && string(s) == p.last {
		return p.value, nil
	}
	v, err := p.ctx.Memo(patternKey[P]{string(s)}, func() (any, error) { return p.parse(string(s)) })
	if err != nil {
		var none P
		return none, err
	}
	p.last, p.value, p.seen = string(s), v.(P), true
	return p.value, nil
}

func ordinalSuffix(number string) string {
	n := len(number)
	if n > 1 && number[n-2] == '1' {
		return "th"
	}
	switch number[n-1] {
	case '1':
		return "st"
	case '2':
		return "nd"
	case '3':
		return "rd"
	}
	return "th"
}
