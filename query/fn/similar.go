package fn

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addSimilars adds SIMILAR TO and the substring of the SQL standard.
func addSimilars(r *Registry) {
	similar := func(ctx *expr.Context, a, p, esc []byte) (bool, error) {
		re, err := similarRegex(ctx, p, esc)
		if err != nil {
			return false, err
		}
		return re.match(ctx, a)
	}
	r.operator(scalar{name: "similar to", args: types(tText, tText), result: tBool, doc: "matches a pattern of the SQL standard", kernel: kernel2(tBool, readBytes, readBytes, writeBool, func(ctx *expr.Context, a, p []byte) (bool, error) {
		return similar(ctx, a, p, []byte{'\\'})
	})})
	part := kernel3(tText, readBytes, readBytes, readBytes, writeBytes, similarSubstring)
	doc := "the part of a text that the middle of a pattern of the SQL standard matches"
	r.add(
		scalar{name: "similar_to", args: types(tText, tText, tText), result: tBool, doc: "SIMILAR TO with an escape character", kernel: kernel3(tBool, readBytes, readBytes, readBytes, writeBool, similar)},
		scalar{name: "substring", args: types(tText, tText, tText), result: tText, doc: doc, kernel: part},
		scalar{name: "substring_similar", args: types(tText, tText, tText), result: tText, doc: doc + " (SUBSTRING … SIMILAR)", kernel: part},
	)
}

type similarKey struct{ pattern, escape string }

func similarRegex(ctx *expr.Context, pattern, escape []byte) (*regex, error) {
	v, err := ctx.Memo(similarKey{string(pattern), string(escape)}, func() (any, error) { return compileSimilar(string(pattern), string(escape)) })
	if err != nil {
		return nil, err
	}
	return v.(*regex), nil
}

func similarSubstring(ctx *expr.Context, a, pattern, escape []byte) ([]byte, error) {
	re, err := similarRegex(ctx, pattern, escape)
	if err != nil {
		return nil, err
	}
	m, err := re.find(ctx, a)
	switch {
	case err != nil:
		return nil, err
	case m == nil:
		return nil, errNull
	case len(m) < 4:
		return a, nil
	case m[2] < 0:
		return nil, errNull
	}
	return a[m[2]:m[3]], nil
}

// compileSimilar makes a regular expression of a pattern. Two escaped double quotes part it in three: of all ways to match, the first
// part takes as little as it can and the second as much.
func compileSimilar(pattern, escape string) (*regex, error) {
	if utf8.RuneCountInString(escape) > 1 {
		e := sqlError("22025", "invalid escape string")
		e.Hint = "Escape string must be empty or one character."
		return nil, e
	}
	parts, err := splitSimilar(pattern, escape)
	if err != nil {
		return nil, err
	}
	p := &regexParser{closed: map[int]bool{}}
	if err = p.similarParts(parts); errors.Is(err, errBacktrack) {
		p.back = true
		p.restart(0)
		err = p.similarParts(parts)
	}
	if err != nil {
		return nil, err
	}
	return p.compile(p.out.String(), lazy)
}

// similarParts writes the parts of a pattern behind each other.
func (p *regexParser) similarParts(parts []string) (err error) {
	rewrite := func(open, part, end string, force greed) error {
		p.out.WriteString(open)
		p.in, p.at, p.force = part, 0, force
		if _, err := p.alternatives(); err != nil {
			return err
		}
		p.out.WriteString(end)
		return nil
	}
	switch len(parts) {
	case 1:
		err = rewrite("^(?:", parts[0], ")$", noGreed)
	case 2:
		if err = rewrite("^(?:", parts[0], ")", lazy); err == nil {
			err = rewrite("(", parts[1], ")$", greedy)
		}
	default:
		if err = rewrite("^(?:", parts[0], ")", lazy); err == nil {
			err = rewrite("(", parts[1], ")", greedy)
		}
		if err == nil {
			err = rewrite("(?:", parts[2], ")$", greedy)
		}
	}
	return err
}

// splitSimilar writes the parts of a pattern as regular expressions of PostgreSQL.
func splitSimilar(p, escape string) ([]string, error) {
	var parts []string
	var b strings.Builder
	bracket, escaped := false, false
	for _, c := range p {
		switch {
		case escaped && c == '"' && !bracket:
			if len(parts) == 2 {
				return nil, column.SQLErrorf(column.Invalid, "2200C", "SQL regular expression may not contain more than two escape-double-quote separators")
			}
			parts = append(parts, b.String())
			b.Reset()
			escaped = false
		case escaped:
			if c < utf8.RuneSelf && isWordByte(byte(c)) {
				b.WriteByte('\\') // PostgreSQL hands it on: \d is a digit
			} else {
				b.WriteString(`\`)
			}
			b.WriteRune(c)
			escaped = false
		case string(c) == escape:
			escaped = true
		case bracket:
			if c == '\\' {
				b.WriteByte('\\')
			}
			b.WriteRune(c)
			bracket = c != ']'
		case c == '[':
			b.WriteRune(c)
			bracket = true
		case c == '%':
			b.WriteString(".*")
		case c == '_':
			b.WriteByte('.')
		case c == '(':
			b.WriteString("(?:")
		case strings.ContainsRune(`\.^$`, c):
			b.WriteByte('\\')
			b.WriteRune(c)
		default:
			b.WriteRune(c)
		}
	}
	return append(parts, b.String()), nil
}
