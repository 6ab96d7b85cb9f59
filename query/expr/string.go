package expr

import (
	"strconv"
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

// String writes e as SQL, for EXPLAIN: stable, and parenthesised wherever a reader could doubt. names are the input
// columns'; where one is missing the column's own name stands.
func String(e Expr, names []string) string {
	var b strings.Builder
	write(&b, e, names)
	return b.String()
}

func write(b *strings.Builder, e Expr, names []string) {
	switch e := e.(type) {
	case *Column:
		switch {
		case e.Index < len(names) && names[e.Index] != "":
			b.WriteString(names[e.Index])
		case e.Name != "":
			b.WriteString(e.Name)
		default:
			b.WriteString("#" + strconv.Itoa(e.Index))
		}
	case *Literal:
		writeLiteral(b, e.Value, 0)
	case *Param:
		if e.Name != "" {
			b.WriteString(e.Name)
			break
		}
		b.WriteString("$" + strconv.Itoa(e.Index+1))
	case *Call:
		writeCall(b, e, names)
	case *Logic:
		word := " AND "
		if e.Or {
			word = " OR "
		}
		for i, a := range e.Args {
			if i > 0 {
				b.WriteString(word)
			}
			writeInner(b, a, names)
		}
	case *Not:
		b.WriteString("NOT ")
		writeInner(b, e.Arg, names)
	case *IsNull:
		writeInner(b, e.Arg, names)
		if e.Negate {
			b.WriteString(" IS NOT NULL")
		} else {
			b.WriteString(" IS NULL")
		}
	case *In:
		writeIn(b, e, names)
	case *Case:
		b.WriteString("CASE")
		for i := range e.When {
			b.WriteString(" WHEN ")
			write(b, e.When[i], names)
			b.WriteString(" THEN ")
			write(b, e.Then[i], names)
		}
		if e.Else != nil {
			b.WriteString(" ELSE ")
			write(b, e.Else, names)
		}
		b.WriteString(" END")
	}
}

func writeCall(b *strings.Builder, e *Call, names []string) {
	switch e.Fn.Form {
	case "infix":
		writeInner(b, e.Args[0], names)
		b.WriteString(" " + e.Fn.Name + " ")
		writeInner(b, e.Args[1], names)
	case "prefix":
		b.WriteString(e.Fn.Name)
		writeInner(b, e.Args[0], names)
	case "cast":
		writeInner(b, e.Args[0], names)
		b.WriteString("::" + e.Fn.Name)
	default:
		b.WriteString(e.Fn.Name + "(")
		for i, a := range e.Args {
			if i > 0 {
				b.WriteString(", ")
			}
			write(b, a, names)
		}
		b.WriteString(")")
	}
}

// writeInner puts what consists of several words into parentheses.
func writeInner(b *strings.Builder, e Expr, names []string) {
	simple := true
	switch x := e.(type) {
	case *Call:
		simple = x.Fn.Form == "" || x.Fn.Form == "cast"
	case *Logic, *Not, *IsNull, *In:
		simple = false
	}
	if simple {
		write(b, e, names)
		return
	}
	b.WriteString("(")
	write(b, e, names)
	b.WriteString(")")
}

func writeIn(b *strings.Builder, e *In, names []string) {
	writeInner(b, e.Arg, names)
	if e.Negate {
		b.WriteString(" NOT")
	}
	b.WriteString(" IN (")
	// A long list says no more than its beginning.
	const shown = 10
	for i := range min(e.List.Len, shown) {
		if i > 0 {
			b.WriteString(", ")
		}
		writeLiteral(b, e.List, i)
	}
	if more := e.List.Len - shown; more > 0 {
		b.WriteString(", … " + strconv.Itoa(more) + " more")
	}
	some := e.List.Len > 0
	for _, p := range e.Params {
		if some {
			b.WriteString(", ")
		}
		write(b, p, nil)
		some = true
	}
	if e.HasNil {
		if some {
			b.WriteString(", ")
		}
		b.WriteString("NULL")
	}
	b.WriteString(")")
}

// writeLiteral writes a constant: numbers and text as they are typed, others with their type.
func writeLiteral(b *strings.Builder, v *column.Vector, i int) {
	if v.IsNull(i) {
		b.WriteString("NULL")
		return
	}
	text := string(literal.Append(nil, v, i, literal.Options{}))
	switch v.Type.Kind {
	case column.Bool:
		b.WriteString(map[string]string{"t": "true", "f": "false"}[text])
	case column.Int16, column.Int32, column.Int64, column.Numeric, column.Float32, column.Float64:
		if strings.ContainsAny(text, "naN") {
			text = "'" + text + "'"
		}
		b.WriteString(text)
	default:
		b.WriteString("'" + strings.ReplaceAll(text, "'", "''") + "'")
		if v.Type.Kind != column.Text {
			b.WriteString("::" + v.Type.String())
		}
	}
}
