package sql

import "strconv"

// Format writes a statement, expression or part of one as SQL. PostgreSQL
// accepts the result (where it knows the syntax), and Parse turns it into a tree
// that differs only in positions.
func Format(n Node) string { return string(AppendFormat(nil, n)) }

// AppendFormat is Format appending to dst.
func AppendFormat(dst []byte, n Node) []byte {
	f := formatter{b: dst}
	f.node(n)
	return f.b
}

// formatter accumulates text. Spaces are written by the caller of each method.
type formatter struct{ b []byte }

func (f *formatter) str(s string) { f.b = append(f.b, s...) }

func (f *formatter) node(n Node) {
	switch n := n.(type) {
	case Stmt:
		f.stmt(n)
	case Expr:
		f.expr(n)
	case TableExpr:
		f.tableExpr(n)
	case QueryBody:
		f.body(n)
	case *With:
		f.with(n)
	case *CTE:
		f.cte(n)
	case *Window:
		f.window(n)
	case *Frame:
		f.frame(n)
	case *TypeName:
		f.typeName(n)
	case *ColumnDef:
		f.columnDef(n)
	case *Constraint:
		f.constraint(n)
	case *OnConflict:
		f.onConflict(n)
	case *TableSample:
		f.sample(n)
	case *Name:
		f.name(*n)
	}
}

// flag writes the text when on.
func (f *formatter) flag(on bool, text string) {
	if on {
		f.str(text)
	}
}

// list writes n items with commas between them.
func (f *formatter) list(n int, item func(i int)) {
	for i := range n {
		if i > 0 {
			f.str(", ")
		}
		item(i)
	}
}

func (f *formatter) exprs(list []Expr) {
	f.list(len(list), func(i int) { f.expr(list[i]) })
}

func (f *formatter) idents(list []Ident) {
	f.list(len(list), func(i int) { f.ident(list[i].Name) })
}

// identsParens writes " (a, b)" unless the list is empty.
func (f *formatter) identsParens(list []Ident) {
	if len(list) == 0 {
		return
	}
	f.str(" (")
	f.idents(list)
	f.str(")")
}

func (f *formatter) int(n int) { f.b = strconv.AppendInt(f.b, int64(n), 10) }

// contextWords are keywords that PostgreSQL allows as a name but that some place
// of the grammar reads otherwise, so they are written quoted.
var contextWords = map[string]bool{
	"double": true, "rollup": true, "cube": true, "rows": true, "range": true, "groups": true, "partition": true,
	"asof": true, "fill": true, "qualify": true, "sample": true, "set": true, "operator": true, "nulls": true,
	"if": true, "recursive": true, "names": true, "role": true, "local": true, "session": true,
	"transaction": true, "constraints": true, "unbounded": true, "current": true, "prepare": true,
	"savepoint": true, "exclude": true, "program": true,
}

// ident writes a name, quoted when it would not be read back as that name.
func (f *formatter) ident(s string) {
	if isPlainIdent(s) {
		if k := keywords[s]; k.class <= unreserved && !contextWords[s] {
			f.str(s)
			return
		}
	}
	f.quoted(s, '"')
}

// QuoteIdent writes a name as SQL, quoted when needed.
func QuoteIdent(s string) string {
	var f formatter
	f.ident(s)
	return string(f.b)
}

// QuoteString writes a string as an SQL constant.
func QuoteString(s string) string {
	var f formatter
	f.quoted(s, '\'')
	return string(f.b)
}

func isPlainIdent(s string) bool {
	if s == "" || charClass[s[0]]&clsIdentStart == 0 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; charClass[c]&clsIdentPart == 0 || c >= 'A' && c <= 'Z' || c >= 0x80 {
			return false
		}
	}
	return true
}

// quoted writes s between quotes, doubling those inside.
func (f *formatter) quoted(s string, quote byte) {
	f.b = append(f.b, quote)
	for i := range len(s) {
		if s[i] == quote {
			f.b = append(f.b, quote)
		}
		f.b = append(f.b, s[i])
	}
	f.b = append(f.b, quote)
}

func (f *formatter) name(n Name) {
	if n.Catalog != "" {
		f.ident(n.Catalog)
		f.str(".")
	}
	if n.Schema != "" {
		f.ident(n.Schema)
		f.str(".")
	}
	f.ident(n.Name)
}

func (f *formatter) names(list []Name) {
	f.list(len(list), func(i int) { f.name(list[i]) })
}

// keywordTypes are the spellings of the types that the grammar knows.
var keywordTypes = map[string]string{
	"int4": "integer", "int2": "smallint", "int8": "bigint", "float4": "real", "float8": "double precision",
	"bool": "boolean", "json": "json", "numeric": "numeric", "bpchar": "character", "varchar": "character varying",
	"bit": "bit", "varbit": "bit varying", "timestamp": "timestamp", "time": "time",
	"timestamptz": "timestamp", "timetz": "time", "interval": "interval",
}

func (f *formatter) typeName(t *TypeName) {
	f.flag(t.SetOf, "SETOF ")
	f.simpleType(t, true)
	for _, n := range t.Dims {
		f.str("[")
		if n > 0 {
			f.int(n)
		}
		f.str("]")
	}
}

// simpleType writes a type without array bounds, and an interval's fields when
// told to.
func (f *formatter) simpleType(t *TypeName, fields bool) {
	spelling, known := keywordTypes[t.Name]
	if !t.Keyword || !known {
		if t.Schema != "" {
			f.ident(t.Schema)
			f.str(".")
		}
		f.ident(t.Name)
		f.mods(t.Mods)
		return
	}
	f.str(spelling)
	if t.Fields == "" || !hasSecond(t.Fields) {
		f.mods(t.Mods)
	}
	switch t.Name {
	case "timestamptz", "timetz":
		f.str(" with time zone")
	case "timestamp", "time":
		f.str(" without time zone")
	}
	if fields {
		f.intervalFields(t)
	}
}

func hasSecond(fields string) bool {
	return len(fields) >= 6 && fields[len(fields)-6:] == "second"
}

func (f *formatter) intervalFields(t *TypeName) {
	if t.Fields == "" {
		return
	}
	f.str(" " + upper(t.Fields))
	if hasSecond(t.Fields) {
		f.mods(t.Mods)
	}
}

func (f *formatter) mods(mods []Expr) {
	if len(mods) == 0 {
		return
	}
	f.str("(")
	f.exprs(mods)
	f.str(")")
}

// options writes " WITH (...)" unless there are none.
func (f *formatter) options(list []Option) {
	if len(list) == 0 {
		return
	}
	f.str(" WITH ")
	f.optionList(list, " = ")
}

func (f *formatter) optionList(list []Option, eq string) {
	f.str("(")
	f.list(len(list), func(i int) {
		o := list[i]
		if o.Namespace != "" {
			f.word(o.Namespace)
			f.str(".")
		}
		f.word(o.Name)
		if o.Value.Kind != OptNone {
			f.str(eq)
			f.optionValue(o.Value)
		}
	})
	f.str(")")
}

// word writes a name that may be any keyword.
func (f *formatter) word(s string) {
	if isPlainIdent(s) {
		f.str(s)
		return
	}
	f.quoted(s, '"')
}

func (f *formatter) optionValue(v OptionValue) {
	switch v.Kind {
	case OptString:
		f.quoted(v.Text, '\'')
	case OptWord:
		if v.Text == "*" {
			f.str("*")
			return
		}
		f.word(v.Text)
	case OptList:
		f.str("(")
		f.list(len(v.List), func(i int) { f.optionValue(v.List[i]) })
		f.str(")")
	default:
		f.str(v.Text)
	}
}
