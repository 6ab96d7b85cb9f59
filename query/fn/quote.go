package fn

import (
	"strings"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

func addQuotes(r *Registry) {
	one := func(name, doc string, f func(a string) string) scalar {
		return scalar{name: name, args: types(tText), result: tText, safe: true, doc: doc, kernel: kernel1(tText, readBytes, writeString, func(_ *expr.Context, a []byte) (string, error) { return f(string(a)), nil })}
	}
	// Of other types it is the text that is quoted.
	anyText := func(name, doc string, nullable bool, null string) scalar {
		return scalar{name: name, args: types(tAny), result: tText, safe: true, stable: true, nullable: nullable, doc: doc, kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			v := args[0]
			if v.Type != tText {
				var err error
				if v, err = toText(v.Type)(ctx, args, n); err != nil {
					return nil, err
				}
			}
			return eachRow(ctx, tText, writeString, n, func(i int) (string, error) {
				if args[0].IsNull(i) {
					return null, nil
				}
				return quoteLiteral(string(v.Bytes(i))), nil
			})
		}}
	}
	nullable := one("quote_nullable", "as a string literal, or NULL", quoteLiteral)
	nullable.nullable = true
	nullable.kernel = anyText("quote_nullable", "", true, "NULL").kernel
	r.add(
		one("quote_ident", "as a name, in double quotes if it must be", quoteIdent),
		one("quote_literal", "as a string literal", quoteLiteral),
		anyText("quote_literal", "the text of a value as a string literal", false, ""),
		nullable,
		anyText("quote_nullable", "the text of a value as a string literal, or NULL", true, "NULL"),
		scalar{name: "format", args: types(tText), result: tText, doc: "a text with %%, and no values", kernel: formatKernel},
		scalar{name: "format", args: types(tText, tAny), result: tText, variadic: true, nullable: true, stable: true, doc: "values put into a text: %s as they are, %I as names, %L as literals, with n$ places and widths", kernel: formatKernel},
	)
}

func quoteLiteral(s string) string {
	out := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(out, `\`, `\\`)
	}
	return out
}

// reserved are the words that are no name without quotes: PostgreSQL's keywords of all classes but the unreserved one.
var reserved = wordSet(`all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast
	char character check coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role
	current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists extract
	false fetch float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect
	interval into is isnull join lateral leading least left like limit localtime localtimestamp national natural nchar none normalize not
	notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real references
	returning right row select session_user setof similar smallint some substring symmetric table tablesample then time timestamp to trailing
	treat trim true union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists
	xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`)

func wordSet(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

func quoteIdent(s string) string {
	safe := s != "" && (s[0] >= 'a' && s[0] <= 'z' || s[0] == '_') && !reserved[s]
	for i := 0; i < len(s) && safe; i++ {
		c := s[i]
		safe = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
	}
	if safe {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

func formatKernel(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	opt := literalOptions(ctx)
	f := formatter{ctx: ctx, args: args[1:], opt: opt}
	return eachRow(ctx, tText, writeBytes, n, func(i int) ([]byte, error) {
		if args[0].IsNull(i) {
			return nil, errNull
		}
		return f.format(string(args[0].Bytes(i)), i)
	})
}

// formatter is format(): sprintf with quoting.
type formatter struct {
	ctx  *expr.Context
	args []*column.Vector
	opt  literal.Options
	out  []byte
	next int // the argument that is taken when none is named
}

var errTooFewArguments = sqlError("22023", "too few arguments for format()")

func (f *formatter) format(s string, row int) ([]byte, error) {
	f.out, f.next = f.out[:0], 0
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			f.out = append(f.out, s[i])
			continue
		}
		i++
		if i < len(s) && s[i] == '%' {
			f.out = append(f.out, '%')
			continue
		}
		spec, rest, err := f.specifier(s[i:], row)
		if err != nil {
			return nil, err
		}
		size := len(f.out) + max(spec.width, 0)
		if a := f.args[spec.arg]; a.Type.Physical() == column.PhysBytes && !a.IsNull(row) {
			size += len(a.Bytes(row))
		}
		if err := f.ctx.Room(int64(size)); err != nil {
			return nil, err
		}
		if err := f.put(spec, row); err != nil {
			return nil, err
		}
		i = len(s) - len(rest) - 1
		if len(f.out) > maxText {
			return nil, errTooLong
		}
	}
	return f.out, nil
}

// specifier is %[position$][flags][width]type.
type specifier struct {
	arg   int
	width int
	left  bool
	typ   byte
}

var errUnterminated = func() error {
	e := sqlError("22023", "unterminated format() type specifier")
	e.Hint = "For a single \"%\" use \"%%\"."
	return e
}()

func (f *formatter) specifier(s string, row int) (spec specifier, rest string, err error) {
	spec.arg = -1
	n, rest, ok, err := formatNumber(s)
	if err != nil {
		return spec, rest, err
	}
	widthSeen := false
	switch {
	case ok && strings.HasPrefix(rest, "$"):
		if n == 0 {
			return spec, rest, sqlError("22023", "format specifies argument 0, but arguments are numbered from 1")
		}
		spec.arg, rest = n-1, rest[1:]
	case ok:
		spec.width, widthSeen = n, true
	}
	if !widthSeen {
		for strings.HasPrefix(rest, "-") {
			spec.left, rest = true, rest[1:]
		}
		if rest, err = f.width(&spec, rest, row); err != nil {
			return spec, rest, err
		}
	}
	if rest == "" {
		return spec, rest, errUnterminated
	}
	spec.typ, rest = rest[0], rest[1:]
	if strings.IndexByte("sIL", spec.typ) < 0 {
		r := []rune(string(spec.typ) + rest)
		e := sqlError("22023", "unrecognized format() type specifier \"%c\"", r[0])
		e.Hint = "For a single \"%\" use \"%%\"."
		return spec, rest, e
	}
	if spec.arg < 0 {
		spec.arg = f.next
	}
	f.next = spec.arg + 1
	if spec.arg >= len(f.args) {
		return spec, rest, errTooFewArguments
	}
	return spec, rest, nil
}

// width reads a number, or * or *n$ for an argument that gives it.
func (f *formatter) width(spec *specifier, rest string, row int) (string, error) {
	if !strings.HasPrefix(rest, "*") {
		n, rest, _, err := formatNumber(rest)
		spec.width = n
		return rest, err
	}
	rest = rest[1:]
	arg := f.next
	n, after, ok, err := formatNumber(rest)
	switch {
	case err != nil:
		return rest, err
	case ok && n == 0:
		return rest, sqlError("22023", "format specifies argument 0, but arguments are numbered from 1")
	case ok && !strings.HasPrefix(after, "$"):
		return rest, sqlError("22023", "width argument position must be ended by \"$\"")
	case ok:
		arg, rest = n-1, after[1:]
	}
	f.next = arg + 1
	if arg >= len(f.args) {
		return rest, errTooFewArguments
	}
	if f.args[arg].IsNull(row) {
		return rest, nil
	}
	w, err := literal.ParseInt(string(literal.Append(nil, f.args[arg], row, f.opt)), tInt4)
	if err != nil {
		return rest, err
	}
	spec.width = int(w)
	if w < 0 {
		spec.width, spec.left = int(-w), true
	}
	return rest, nil
}

func formatNumber(s string) (n int, rest string, ok bool, err error) {
	for s != "" && s[0] >= '0' && s[0] <= '9' {
		ok = true
		if n = n*10 + int(s[0]-'0'); n > 1<<31-1 {
			return 0, s, false, sqlError("22003", "number is out of range")
		}
		s = s[1:]
	}
	return n, s, ok, nil
}

func (f *formatter) put(spec specifier, row int) error {
	v, text := f.args[spec.arg], ""
	null := v.IsNull(row)
	if !null {
		text = string(literal.Append(nil, v, row, f.opt))
	}
	switch {
	case spec.typ == 'I' && null:
		return sqlError("22004", "null values cannot be formatted as an SQL identifier")
	case spec.typ == 'I':
		text = quoteIdent(text)
	case spec.typ == 'L' && null:
		text = "NULL"
	case spec.typ == 'L':
		text = quoteLiteral(text)
	}
	missing := spec.width - len([]rune(text))
	if missing > maxText/4 {
		return errTooLong
	}
	blanks := strings.Repeat(" ", max(0, missing))
	if spec.left {
		f.out = append(append(f.out, text...), blanks...)
	} else {
		f.out = append(append(f.out, blanks...), text...)
	}
	return nil
}
