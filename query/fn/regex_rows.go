package fn

import (
	"strings"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addRegexArrays adds what gives several texts: groups of a match as an array, parts of a text as an array or as rows.
func addRegexArrays(r *Registry) {
	for n := 2; n <= 3; n++ {
		args := types(tText, tText, tText)[:n]
		r.add(
			scalar{name: "regexp_match", args: args, result: tTextArray, doc: "the groups of the first match, or the match, as an array", kernel: regexpMatch},
			scalar{name: "regexp_split_to_array", args: args, result: tTextArray, doc: "the parts of a text between matches", kernel: regexpSplit},
		)
		r.setFunction(
			expr.SetFunction{
				Name: "regexp_matches", Args: args, Strict: true, Doc: "the groups of the first match, or with flag g of each, as arrays",
				Columns: []expr.SetColumn{{Name: "regexp_matches", Type: tTextArray}}, Open: openMatches,
			},
			expr.SetFunction{
				Name: "regexp_split_to_table", Args: args, Strict: true, Doc: "the parts of a text between matches",
				Columns: []expr.SetColumn{{Name: "regexp_split_to_table", Type: tText}}, Open: openSplit,
			},
		)
	}
	strict := scalar{name: "parse_ident", args: types(tText, tBool), result: tTextArray, doc: "the parts of a qualified name", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a := textsOf(args[0])
		return textArrays(ctx, n, func(i int) ([][]byte, error) {
			return parseIdent(string(a.at(i)), len(args) < 2 || args[1].Bool(i))
		})
	}}
	strict.params, strict.defaults = []string{"str", "strict"}, []*column.Vector{nil, column.NewBools([]bool{true}, nil)}
	short := strict
	short.args, short.params, short.defaults = strict.args[:1], nil, nil
	r.add(short, strict)
}

// textArrays makes an array of texts a row; a nil element is NULL.
func textArrays(ctx *expr.Context, n int, f func(i int) ([][]byte, error)) (*column.Vector, error) {
	var buf []byte
	return eachRow(ctx, tTextArray, writeBytes, n, func(i int) ([]byte, error) {
		list, err := f(i)
		if err != nil {
			return nil, err
		}
		buf = appendTextArray(buf[:0], list)
		return buf, nil
	})
}

func appendTextArray(dst []byte, list [][]byte) []byte {
	b := column.NewBuilder(tText, len(list))
	for _, s := range list {
		if s == nil {
			b.AppendNull()
		} else {
			b.AppendBytes(s)
		}
	}
	return array.Append(dst, array.OneDim(len(list)), b.Finish(), 0)
}

// regexOfRow compiles row i's pattern with its flags.
func regexOfRow(name string, re *regexes, args []*column.Vector, i int) (p *regex, global bool, err error) {
	flags := ""
	if len(args) > 2 {
		flags = string(args[2].Bytes(i))
	}
	if global = strings.Contains(flags, "g"); global && name != "regexp_matches" {
		e := sqlError("22023", "%s() does not support the \"global\" option", name)
		if name == "regexp_match" {
			e.Hint = "Use the regexp_matches function instead."
		}
		return nil, false, e
	}
	p, err = re.compiled(i, strings.ReplaceAll(flags, "g", ""))
	return p, global, err
}

// groupsOf lists the groups of a match, or the match itself where there are none.
func groupsOf(a []byte, m []int) [][]byte {
	if len(m) == 2 {
		return [][]byte{part(a, m[0], m[1])}
	}
	var out [][]byte
	for k := 2; k < len(m); k += 2 {
		if m[k] < 0 {
			out = append(out, nil)
		} else {
			out = append(out, part(a, m[k], m[k+1]))
		}
	}
	return out
}

func regexpMatch(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	a, re := textsOf(args[0]), regexesOf(ctx, args[1], "")
	return textArrays(ctx, n, func(i int) ([][]byte, error) {
		p, _, err := regexOfRow("regexp_match", re, args, i)
		if err != nil {
			return nil, err
		}
		m, err := p.find(ctx, a.at(i))
		if err != nil {
			return nil, err
		}
		if m == nil {
			return nil, errNull
		}
		return groupsOf(a.at(i), m), nil
	})
}

// splitBy cuts a text at matches. Empty matches at its ends, or right behind another match, cut nothing.
func splitBy(ctx *expr.Context, p *regex, a []byte) ([][]byte, error) {
	all, err := p.findAll(ctx, a, -1)
	if err != nil {
		return nil, err
	}
	out, from := [][]byte{}, 0
	for _, m := range all {
		if err := ctx.Work(partWork); err != nil {
			return nil, err
		}
		if m[0] == m[1] && (m[0] == from || m[0] == len(a)) {
			continue
		}
		out = append(out, part(a, from, m[0]))
		from = m[1]
	}
	return append(out, part(a, from, len(a))), nil
}

// part is never nil, which stands for NULL.
func part(a []byte, from, to int) []byte {
	if from == to {
		return []byte{}
	}
	return a[from:to:to]
}

func regexpSplit(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	a, re := textsOf(args[0]), regexesOf(ctx, args[1], "")
	return textArrays(ctx, n, func(i int) ([][]byte, error) {
		p, _, err := regexOfRow("regexp_split_to_array", re, args, i)
		if err != nil {
			return nil, err
		}
		return splitBy(ctx, p, a.at(i))
	})
}

func openSplit(ctx *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
	p, _, err := regexOfRow("regexp_split_to_table", regexesOf(ctx, args[1], ""), args, i)
	if err != nil {
		return nil, err
	}
	parts, err := splitBy(ctx, p, args[0].Bytes(i))
	if err != nil {
		return nil, err
	}
	return &rowList{n: len(parts), put: func(out []*column.Builder, k int) error {
		out[0].AppendBytes(parts[k])
		return nil
	}}, nil
}

func openMatches(ctx *expr.Context, args []*column.Vector, i int) (expr.Rows, error) {
	p, global, err := regexOfRow("regexp_matches", regexesOf(ctx, args[1], ""), args, i)
	if err != nil {
		return nil, err
	}
	a, n := args[0].Bytes(i), 1
	if global {
		n = -1
	}
	all, err := allMatches(ctx, p, a, n)
	if err != nil {
		return nil, err
	}
	return &rowList{n: len(all), put: func(out []*column.Builder, k int) error {
		out[0].AppendBytes(appendTextArray(nil, groupsOf(a, all[k])))
		return nil
	}}, nil
}

// parseIdent splits a qualified name as SQL reads it; what follows it is an error in strict mode.
func parseIdent(s string, strict bool) ([][]byte, error) {
	bad := func(detail string) error {
		e := sqlError("22023", "string is not a valid identifier: \"%s\"", s)
		e.Detail = detail
		return e
	}
	var out [][]byte
	rest := strings.TrimLeft(s, " \t\n\r\f")
	for first := true; ; first = false {
		switch c, _ := utf8.DecodeRuneInString(rest); {
		case strings.HasPrefix(rest, `"`):
			name, after, ok := quotedName(rest[1:])
			if !ok {
				return nil, bad("String has unclosed double quotes.")
			}
			if name == "" {
				return nil, bad("Quoted identifier must not be empty.")
			}
			out, rest = append(out, []byte(name)), after
		case c == '_' || c >= utf8.RuneSelf && rest != "" || c|0x20 >= 'a' && c|0x20 <= 'z':
			n := 0
			for n < len(rest) && (isWordByte(rest[n]) || rest[n] == '$' || rest[n] >= utf8.RuneSelf) {
				n++
			}
			out, rest = append(out, []byte(strings.ToLower(rest[:n]))), rest[n:]
		case !first:
			return nil, bad("No valid identifier after \".\".")
		case strings.HasPrefix(rest, "."):
			return nil, bad("No valid identifier before \".\".")
		default:
			return nil, bad("")
		}
		rest = strings.TrimLeft(rest, " \t\n\r\f")
		if after, ok := strings.CutPrefix(rest, "."); ok {
			rest = strings.TrimLeft(after, " \t\n\r\f")
			continue
		}
		if rest != "" && strict {
			return nil, bad("")
		}
		return out, nil
	}
}

func quotedName(s string) (name, rest string, ok bool) {
	var b strings.Builder
	for {
		end := strings.IndexByte(s, '"')
		if end < 0 {
			return "", "", false
		}
		b.WriteString(s[:end])
		if s = s[end+1:]; !strings.HasPrefix(s, `"`) {
			return b.String(), s, true
		}
		b.WriteByte('"')
		s = s[1:]
	}
}
