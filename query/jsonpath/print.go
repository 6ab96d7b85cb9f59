package jsonpath

import (
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column/jsontext"
	"github.com/automatanexus/aegis-db/query/jsonvalue"
)

// String is the path as PostgreSQL prints it, which parses to the same path.
func (p *Path) String() string {
	var out []byte
	if p.strict {
		out = append(out, "strict "...)
	}
	return string(p.root.print(out, false, true))
}

// sign is how the operator of two operands is written.
func (n *node) sign() string {
	switch n.op {
	case opAnd:
		return "&&"
	case opOr:
		return "||"
	case opStartsWith:
		return "starts with"
	}
	return n.text
}

// priority says how closely an operator holds its operands together.
func (n *node) priority() int {
	switch n.op {
	case opOr:
		return 0
	case opAnd:
		return 1
	case opCompare, opStartsWith:
		return 2
	case opArithmetic:
		if n.text == "+" || n.text == "-" {
			return 3
		}
		return 4
	case opNegate, opPlus:
		return 5
	}
	return 6
}

// print appends a node and what follows it; a key that stands first has no point before it, and brackets are printed where they are asked for.
func (n *node) print(out []byte, behind, brackets bool) []byte {
	switch n.op {
	case opOr, opAnd, opCompare, opStartsWith, opArithmetic:
		out = open(out, brackets)
		out = append(n.operand(out, n.left), ' ')
		out = append(append(out, n.sign()...), ' ')
		out = closed(n.operand(out, n.right), brackets)
	case opLikeRegex:
		out = open(out, brackets)
		out = append(n.operand(out, n.left), " like_regex "...)
		out = closed(printFlags(jsontext.AppendQuoted(out, n.text), n.flags), brackets)
	case opNegate, opPlus:
		out = open(out, brackets)
		out = append(out, map[op]byte{opNegate: '-', opPlus: '+'}[n.op])
		out = closed(n.operand(out, n.left), brackets)
	case opFilter:
		out = append(n.left.print(append(out, "?("...), false, false), ')')
	case opNot:
		out = append(n.left.print(append(out, "!("...), false, false), ')')
	case opUnknown:
		out = append(n.left.print(append(out, '('), false, false), ") is unknown"...)
	case opExists:
		out = append(n.left.print(append(out, "exists ("...), false, false), ')')
	case opLiteral:
		out = n.printLiteral(out)
	case opSubscripts:
		out = n.printSubscripts(out)
	default:
		out = n.printStep(out, behind)
	}
	if n.next != nil {
		out = n.next.print(out, true, true)
	}
	return out
}

func open(out []byte, brackets bool) []byte {
	if brackets {
		return append(out, '(')
	}
	return out
}

func closed(out []byte, brackets bool) []byte {
	if brackets {
		return append(out, ')')
	}
	return out
}

// operand prints an operand, in brackets unless it holds together more closely.
func (n *node) operand(out []byte, o *node) []byte {
	return o.print(out, false, o.priority() <= n.priority())
}

func printFlags(out []byte, flags string) []byte {
	if flags == "" {
		return out
	}
	out = append(out, ` flag "`...)
	for _, f := range "ismxq" {
		if strings.ContainsRune(flags, f) {
			out = append(out, byte(f))
		}
	}
	return append(out, '"')
}

func (n *node) printLiteral(out []byte) []byte {
	number := n.value.Kind == jsonvalue.Number && n.next != nil
	out = open(out, number)
	if n.value.Kind == jsonvalue.String {
		out = jsontext.AppendQuoted(out, n.value.Text)
	} else {
		out = jsonvalue.Append(out, &n.value)
	}
	return closed(out, number)
}

func (n *node) printSubscripts(out []byte) []byte {
	for i, s := range n.subscripts {
		out = append(out, "[,"[min(i, 1)])
		out = s.from.print(out, false, false)
		if s.to != nil {
			out = s.to.print(append(out, " to "...), false, false)
		}
	}
	return append(out, ']')
}

// printStep prints what has no operands.
func (n *node) printStep(out []byte, behind bool) []byte {
	point := func() {
		if behind {
			out = append(out, '.')
		}
	}
	switch n.op {
	case opRoot:
		return append(out, '$')
	case opCurrent:
		return append(out, '@')
	case opLast:
		return append(out, "last"...)
	case opVariable:
		return jsontext.AppendQuoted(append(out, '$'), n.text)
	case opElements:
		return append(out, "[*]"...)
	case opKey:
		point()
		return jsontext.AppendQuoted(out, n.text)
	case opAnyKey:
		point()
		return append(out, '*')
	case opAny:
		point()
		return n.printLevels(append(out, "**"...))
	}
	out = append(append(append(out, '.'), n.text...), '(')
	if n.value.Kind == jsonvalue.String {
		out = jsontext.AppendQuoted(out, n.value.Text)
	}
	return append(out, ')')
}

func (n *node) printLevels(out []byte) []byte {
	if n.lo == 0 && n.hi < 0 {
		return out
	}
	level := func(v int) {
		if v < 0 {
			out = append(out, "last"...)
		} else {
			out = strconv.AppendInt(out, int64(v), 10)
		}
	}
	out = append(out, '{')
	level(n.lo)
	if n.lo != n.hi {
		out = append(out, " to "...)
		level(n.hi)
	}
	return append(out, '}')
}
