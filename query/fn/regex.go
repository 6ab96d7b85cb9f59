package fn

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// Regular expressions are Go's, which match in linear time, under PostgreSQL's spelling where the two differ. Back references
// and look-around, which cannot be matched in linear time, are refused.

func addRegexes(r *Registry) {
	for _, f := range []struct {
		op           string
		fold, negate bool
	}{{"~", false, false}, {"~*", true, false}, {"!~", false, true}, {"!~*", true, true}} {
		flags := map[bool]string{true: "i"}[f.fold]
		r.operator(scalar{name: f.op, args: types(tText, tText), result: tBool, doc: "matches a regular expression", kernel: kernel2(tBool, readBytes, readBytes, writeBool, func(ctx *expr.Context, a, p []byte) (bool, error) {
			re, err := regex(ctx, p, flags)
			if err != nil {
				return false, err
			}
			return re.Match(a) != f.negate, nil
		})})
	}
	similar := func(ctx *expr.Context, a, p, esc []byte) (bool, error) {
		pattern, err := similarPattern(string(p), string(esc))
		if err != nil {
			return false, err
		}
		re, err := regex(ctx, []byte(pattern), "")
		if err != nil {
			return false, err
		}
		return re.Match(a), nil
	}
	r.operator(scalar{name: "similar to", args: types(tText, tText), result: tBool, doc: "matches a pattern of the SQL standard", kernel: kernel2(tBool, readBytes, readBytes, writeBool, func(ctx *expr.Context, a, p []byte) (bool, error) {
		return similar(ctx, a, p, []byte{'\\'})
	})})
	matches := func(ctx *expr.Context, a, p, flags []byte) (bool, error) {
		re, err := regex(ctx, p, string(flags))
		if err != nil {
			return false, err
		}
		return re.Match(a), nil
	}
	none := []byte(nil)
	r.add(
		scalar{name: "similar_to", args: types(tText, tText, tText), result: tBool, doc: "SIMILAR TO with an escape character", kernel: kernel3(tBool, readBytes, readBytes, readBytes, writeBool, similar)},
		scalar{name: "regexp_like", args: types(tText, tText), result: tBool, doc: "whether a regular expression matches", kernel: kernel2(tBool, readBytes, readBytes, writeBool, func(ctx *expr.Context, a, p []byte) (bool, error) { return matches(ctx, a, p, none) })},
		scalar{name: "regexp_like", args: types(tText, tText, tText), result: tBool, doc: "whether a regular expression matches, with flags", kernel: kernel3(tBool, readBytes, readBytes, readBytes, writeBool, matches)},
		scalar{name: "regexp_substr", args: types(tText, tText), result: tText, doc: "the first match", kernel: kernel2(tText, readBytes, readBytes, writeBytes, func(ctx *expr.Context, a, p []byte) ([]byte, error) { return regexSubstring(ctx, a, p, false) })},
		scalar{name: "substring", args: types(tText, tText), result: tText, doc: "the first group, or match, of a regular expression", kernel: kernel2(tText, readBytes, readBytes, writeBytes, func(ctx *expr.Context, a, p []byte) ([]byte, error) { return regexSubstring(ctx, a, p, true) })},
		scalar{name: "regexp_count", args: types(tText, tText), result: tInt4, doc: "number of matches", kernel: kernel2(tInt4, readBytes, readBytes, writeInt, func(ctx *expr.Context, a, p []byte) (int64, error) {
			re, err := regex(ctx, p, "")
			if err != nil {
				return 0, err
			}
			return int64(len(re.FindAllIndex(a, -1))), nil
		})},
		text3("regexp_replace", "", nil).with(tText, kernel3(tText, readBytes, readBytes, readBytes, writeBytes, func(ctx *expr.Context, a, p, to []byte) ([]byte, error) { return regexReplace(ctx, a, p, to, none) }), "the first match replaced"),
		scalar{name: "regexp_replace", args: types(tText, tText, tText, tText), result: tText, doc: "matches replaced, with flags: g for all, i for any case", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			a, p, to, flags := textsOf(args[0]), textsOf(args[1]), textsOf(args[2]), textsOf(args[3])
			return eachRow(ctx, tText, writeBytes, n, func(i int) ([]byte, error) { return regexReplace(ctx, a.at(i), p.at(i), to.at(i), flags.at(i)) })
		}},
	)
}

type regexKey struct{ pattern, flags string }

func regex(ctx *expr.Context, pattern []byte, flags string) (*regexp.Regexp, error) {
	v, err := ctx.Memo(regexKey{string(pattern), flags}, func() (any, error) { return compileRegex(string(pattern), flags) })
	if err != nil {
		return nil, err
	}
	return v.(*regexp.Regexp), nil
}

func compileRegex(pattern, flags string) (*regexp.Regexp, error) {
	// The dot takes line ends, unless flag n or p says otherwise.
	mode := "s"
	for _, c := range flags {
		switch c {
		case 'i':
			mode = strings.ReplaceAll(mode, "i", "") + "i"
		case 'c':
			mode = strings.ReplaceAll(mode, "i", "")
		case 'n', 'm':
			mode = strings.ReplaceAll(mode, "s", "") + "m"
		case 'p':
			mode = strings.ReplaceAll(mode, "s", "")
		case 's', 'g', 't':
		default:
			return nil, sqlError("22023", "invalid regular expression option: \"%c\"", c)
		}
	}
	if rest, ok := strings.CutPrefix(pattern, "***="); ok {
		pattern = regexp.QuoteMeta(rest)
	} else {
		pattern = strings.TrimPrefix(pattern, "***:")
	}
	translated, lazy, err := translateRegex(pattern)
	if err != nil {
		return nil, err
	}
	if mode != "" {
		translated = "(?" + mode + ")" + translated
	}
	re, err := regexp.Compile(translated)
	if err != nil {
		return nil, sqlError("2201B", "invalid regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if !lazy {
		re.Longest()
	}
	return re, nil
}

// translateRegex rewrites the escapes Go does not know, and reports whether there are lazy quantifiers: without them
// PostgreSQL takes the longest match.
func translateRegex(p string) (out string, lazy bool, err error) {
	var b strings.Builder
	bracket := false
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case c == '\\' && i+1 < len(p):
			i++
			switch e := p[i]; {
			case e == 'y' && !bracket, e == 'm' && !bracket, e == 'M' && !bracket:
				b.WriteString(`\b`)
			case e == 'Y' && !bracket:
				b.WriteString(`\B`)
			case e == 'Z' && !bracket:
				b.WriteString(`\z`)
			case e >= '1' && e <= '9' && !bracket:
				return "", false, column.SQLErrorf(column.Unsupported, "0A000", "back references in regular expressions are not supported")
			case e >= 'a' && e <= 'z', e >= 'A' && e <= 'Z', e >= '0' && e <= '9', e >= utf8.RuneSelf:
				b.WriteByte('\\')
				b.WriteByte(e)
			default:
				b.WriteString(regexp.QuoteMeta(string(e)))
			}
			continue
		case bracket:
			if c == '[' && i+1 < len(p) && (p[i+1] == ':' || p[i+1] == '.' || p[i+1] == '=') {
				if end := strings.Index(p[i+2:], string(p[i+1])+"]"); end >= 0 {
					b.WriteString(p[i : i+end+4])
					i += end + 3
					continue
				}
			}
			if c == '[' {
				b.WriteByte('\\')
			}
			bracket = c != ']'
		case c == '[':
			bracket = true
			b.WriteByte(c)
			// A bracket right after the opening one is a character of the set.
			if i+1 < len(p) && p[i+1] == '^' {
				i++
				b.WriteByte('^')
			}
			if i+1 < len(p) && p[i+1] == ']' {
				i++
				b.WriteString(`\]`)
			}
			continue
		case c == '(' && (strings.HasPrefix(p[i:], "(?=") || strings.HasPrefix(p[i:], "(?!") || strings.HasPrefix(p[i:], "(?<")):
			return "", false, column.SQLErrorf(column.Unsupported, "0A000", "look-around in regular expressions is not supported")
		case c == '?' && i > 0 && strings.IndexByte("*+?}", p[i-1]) >= 0:
			lazy = true
		}
		b.WriteByte(c)
	}
	return b.String(), lazy, nil
}

// similarPattern makes a regular expression of a SIMILAR TO pattern.
func similarPattern(p, escape string) (string, error) {
	if utf8.RuneCountInString(escape) > 1 {
		e := sqlError("22019", "invalid escape string")
		e.Hint = "Escape string must be empty or one character."
		return "", e
	}
	var b strings.Builder
	b.WriteString("^(?:")
	bracket, escaped := false, false
	for _, c := range p {
		switch {
		case escaped:
			b.WriteString(regexp.QuoteMeta(string(c)))
			escaped = false
		case string(c) == escape:
			escaped = true
		case bracket:
			b.WriteRune(c)
			bracket = c != ']'
		case c == '[':
			b.WriteRune(c)
			bracket = true
		case c == '%':
			b.WriteString(".*")
		case c == '_':
			b.WriteByte('.')
		case c == '.' || c == '^' || c == '$' || c == '\\':
			b.WriteString(regexp.QuoteMeta(string(c)))
		default:
			b.WriteRune(c)
		}
	}
	b.WriteString(")$")
	return b.String(), nil
}

func regexSubstring(ctx *expr.Context, a, p []byte, group bool) ([]byte, error) {
	re, err := regex(ctx, p, "")
	if err != nil {
		return nil, err
	}
	m := re.FindSubmatchIndex(a)
	if m == nil {
		return nil, errNull
	}
	k := 0
	if group && len(m) > 2 {
		k = 2
	}
	if m[k] < 0 {
		return nil, errNull
	}
	return a[m[k]:m[k+1]], nil
}

func regexReplace(ctx *expr.Context, a, p, to, flags []byte) ([]byte, error) {
	re, err := regex(ctx, p, strings.ReplaceAll(string(flags), "g", ""))
	if err != nil {
		return nil, err
	}
	count := 1
	if strings.Contains(string(flags), "g") {
		count = -1
	}
	var out []byte
	from := 0
	for _, m := range re.FindAllSubmatchIndex(a, count) {
		out = append(out, a[from:m[0]]...)
		out = appendReplacement(out, a, to, m)
		from = m[1]
	}
	return append(out, a[from:]...), nil
}

// appendReplacement expands \1 … \9, \& and \\.
func appendReplacement(out, a, to []byte, m []int) []byte {
	for i := 0; i < len(to); i++ {
		if to[i] != '\\' || i+1 == len(to) {
			out = append(out, to[i])
			continue
		}
		i++
		g := -1
		switch c := to[i]; {
		case c == '&':
			g = 0
		case c >= '1' && c <= '9':
			g = int(c - '0')
		case c == '\\':
			out = append(out, '\\')
			continue
		default:
			out = append(out, '\\', c)
			continue
		}
		if 2*g+1 < len(m) && m[2*g] >= 0 {
			out = append(out, a[m[2*g]:m[2*g+1]]...)
		}
	}
	return out
}
