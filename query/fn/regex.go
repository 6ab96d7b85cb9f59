package fn

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

func addRegexes(r *Registry) {
	for _, f := range []struct {
		op           string
		fold, negate bool
	}{{"~", false, false}, {"~*", true, false}, {"!~", false, true}, {"!~*", true, true}} {
		flags := map[bool]string{true: "i"}[f.fold]
		r.operator(scalar{name: f.op, args: types(tText, tText), result: tBool, doc: "matches a regular expression", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			a, re := textsOf(args[0]), regexesOf(ctx, args[1], flags)
			return eachRow(ctx, tBool, writeBool, n, func(i int) (bool, error) {
				p, err := re.at(i)
				if err != nil {
					return false, err
				}
				found, err := p.match(ctx, a.at(i))
				return found != f.negate, err
			})
		}})
	}
	// What stands behind string and pattern, by function; each may be left out from the end on.
	const start, nth, end, flags, sub = 's', 'n', 'e', 'f', 'u'
	family := func(name, doc, more string, result column.Type, k func(call *regexCall) Kernel) {
		for n := 0; n <= len(more); n++ {
			c := &regexCall{name: name}
			args := types(tText, tText)
			if name == "regexp_replace" {
				args = append(args, tText)
			}
			for _, m := range more[:n] {
				t := tInt4
				if m == flags {
					t = tText
				}
				c.place(m, len(args))
				args = append(args, t)
			}
			r.add(scalar{name: name, args: args, result: result, doc: doc, kernel: k(c)})
		}
	}
	family("regexp_like", "whether a regular expression matches", "f", tBool, regexpLike)
	family("regexp_count", "number of matches, from a character on, with flags", "sf", tInt4, regexpCount)
	family("regexp_instr", "place of match n, or behind it, 0 if there is none", "snefu", tInt4, regexpInstr)
	family("regexp_substr", "match n, or a group of it", "snfu", tText, regexpSubstr)
	family("regexp_replace", "match n replaced, all if n is 0, from a character on, with flags", "snf", tText, regexpReplace)
	r.add(
		scalar{name: "regexp_replace", args: types(tText, tText, tText, tText), result: tText, doc: "matches replaced, with flags: g for all, i for any case", kernel: regexpReplace(&regexCall{name: "regexp_replace", flags: 3})},
		scalar{name: "substring", args: types(tText, tText), result: tText, doc: "the first group, or match, of a regular expression", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			a, re := textsOf(args[0]), regexesOf(ctx, args[1], "")
			return eachRow(ctx, tText, writeBytes, n, func(i int) ([]byte, error) {
				p, err := re.at(i)
				if err != nil {
					return nil, err
				}
				m, err := p.find(ctx, a.at(i))
				if err != nil {
					return nil, err
				}
				return group(a.at(i), m, min(1, p.groups()))
			})
		}},
	)
}

// group is a group of a match, 0 the whole.
func group(a []byte, m []int, k int) ([]byte, error) {
	if m == nil || 2*k >= len(m) || m[2*k] < 0 {
		return nil, errNull
	}
	return a[m[2*k]:m[2*k+1]], nil
}

// regexes compiles the patterns of an argument, each text once in a row.
type regexes struct {
	ctx     *expr.Context
	pattern texts
	flags   string
	last    []byte
	re      *regex
}

type regexKey struct{ pattern, flags string }

func regexesOf(ctx *expr.Context, pattern *column.Vector, flags string) *regexes {
	return &regexes{ctx: ctx, pattern: textsOf(pattern), flags: flags}
}

func (r *regexes) at(i int) (*regex, error) { return r.compiled(i, r.flags) }

func (r *regexes) compiled(i int, flags string) (*regex, error) {
	p := r.pattern.at(i)
	if r.re != nil && flags == r.flags && bytes.Equal(p, r.last) {
		return r.re, nil
	}
	v, err := r.ctx.Memo(regexKey{string(p), flags}, func() (any, error) { return compileRegex(string(p), flags) })
	if err != nil {
		return nil, err
	}
	r.re, r.last, r.flags = v.(*regex), p, flags
	return r.re, nil
}

// regexCall says where the optional arguments of an overload are; 0 = there is none.
type regexCall struct {
	name                        string
	start, nth, end, flags, sub int
}

func (c *regexCall) place(what rune, at int) {
	switch what {
	case 's':
		c.start = at
	case 'n':
		c.nth = at
	case 'e':
		c.end = at
	case 'f':
		c.flags = at
	case 'u':
		c.sub = at
	}
}

// regexRow is one row's arguments.
type regexRow struct {
	text   []byte
	from   int // bytes before start
	re     *regex
	global bool
	nth    int64
	end    bool
	sub    int
}

func (c *regexCall) rows(ctx *expr.Context, args []*column.Vector) func(i int) (regexRow, error) {
	a, re := textsOf(args[0]), regexesOf(ctx, args[1], "")
	number := func(at, i int, missing int64) int64 {
		if at == 0 {
			return missing
		}
		return args[at].Int(i)
	}
	bad := func(what string, v int64) error {
		return sqlError("22023", "invalid value for parameter \"%s\": %d", what, v)
	}
	return func(i int) (row regexRow, err error) {
		row.text = a.at(i)
		start := number(c.start, i, 1)
		if start <= 0 {
			return row, bad("start", start)
		}
		least := int64(1)
		if c.name == "regexp_replace" {
			least = 0
		}
		if row.nth = number(c.nth, i, 1); row.nth < least {
			return row, bad("n", row.nth)
		}
		end := number(c.end, i, 0)
		if end != 0 && end != 1 {
			return row, bad("endoption", end)
		}
		sub := number(c.sub, i, 0)
		if sub < 0 {
			return row, bad("subexpr", sub)
		}
		row.end, row.sub = end == 1, int(sub)
		flags := ""
		if c.flags > 0 {
			flags = string(args[c.flags].Bytes(i))
		}
		if row.global = strings.Contains(flags, "g"); row.global && c.name != "regexp_replace" {
			return row, sqlError("22023", "%s() does not support the \"global\" option", c.name)
		}
		row.from = prefixLen(row.text, start-1)
		if start > int64(utf8.RuneCount(row.text))+1 {
			row.from = -1
		}
		flags = strings.ReplaceAll(flags, "g", "")
		if row.from > 0 {
			flags += inside
		}
		row.re, err = re.compiled(i, flags)
		return row, err
	}
}

// matches finds up to n matches from start on, all if n is negative.
func (r *regexRow) matches(ctx *expr.Context, n int) ([][]int, error) {
	if r.from < 0 {
		return nil, nil
	}
	if r.re.back != nil { // what stands before is looked at
		return r.re.back.findAll(ctx, r.text, r.from, n)
	}
	all, err := allMatches(ctx, r.re, r.text[r.from:], n)
	for _, m := range all {
		for k := range m {
			if m[k] >= 0 {
				m[k] += r.from
			}
		}
	}
	return all, err
}

// allMatches finds up to n matches, all if n is negative. Where Go passes over an empty match that follows another one at once, PostgreSQL
// takes it.
func allMatches(ctx *expr.Context, re *regex, a []byte, n int) ([][]int, error) {
	all, err := re.findAll(ctx, a, n)
	if err != nil || re.back != nil || !re.Match(nil) {
		return all, err
	}
	if !re.sized {
		re.size()
	}
	var out [][]int
	for k, m := range all {
		out = append(out, m)
		if m[0] == m[1] || k+1 < len(all) && all[k+1][0] == m[1] {
			continue
		}
		if re.asserts {
			e, err := re.emptyAt(ctx, a, m[1])
			if err != nil {
				return nil, err
			}
			if e != nil {
				out = append(out, e)
			}
			continue
		}
		e, err := re.find(ctx, a[m[1]:])
		if err != nil {
			return nil, err
		}
		if e != nil && e[0] == 0 && e[1] == 0 {
			for i := range e {
				if e[i] >= 0 {
					e[i] += m[1]
				}
			}
			out = append(out, e)
		}
	}
	if n >= 0 && len(out) > n {
		out = out[:n]
	}
	return out, nil
}

func regexpLike(c *regexCall) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		row := c.rows(ctx, args)
		return eachRow(ctx, tBool, writeBool, n, func(i int) (bool, error) {
			r, err := row(i)
			if err != nil {
				return false, err
			}
			return r.re.match(ctx, r.text)
		})
	}
}

func regexpCount(c *regexCall) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		row := c.rows(ctx, args)
		return eachRow(ctx, tInt4, writeInt, n, func(i int) (int64, error) {
			r, err := row(i)
			if err != nil {
				return 0, err
			}
			all, err := r.matches(ctx, -1)
			return int64(len(all)), err
		})
	}
}

func regexpInstr(c *regexCall) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		row := c.rows(ctx, args)
		return eachRow(ctx, tInt4, writeInt, n, func(i int) (int64, error) {
			r, err := row(i)
			if err != nil {
				return 0, err
			}
			all, err := r.matches(ctx, int(r.nth))
			if err != nil {
				return 0, err
			}
			if int64(len(all)) < r.nth {
				return 0, nil
			}
			m := all[r.nth-1]
			if 2*r.sub >= len(m) || m[2*r.sub] < 0 {
				return 0, nil
			}
			at := m[2*r.sub]
			if r.end {
				at = m[2*r.sub+1]
			}
			return int64(utf8.RuneCount(r.text[:at])) + 1, nil
		})
	}
}

func regexpSubstr(c *regexCall) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		row := c.rows(ctx, args)
		return eachRow(ctx, tText, writeBytes, n, func(i int) ([]byte, error) {
			r, err := row(i)
			if err != nil {
				return nil, err
			}
			all, err := r.matches(ctx, int(r.nth))
			if err != nil {
				return nil, err
			}
			if int64(len(all)) < r.nth {
				return nil, errNull
			}
			return group(r.text, all[r.nth-1], r.sub)
		})
	}
}

func regexpReplace(c *regexCall) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		row, to := c.rows(ctx, args), textsOf(args[2])
		return eachRow(ctx, tText, writeBytes, n, func(i int) ([]byte, error) {
			r, err := row(i)
			if err != nil {
				return nil, err
			}
			first, count := r.nth, int(r.nth)
			if r.nth == 0 || r.global && c.nth == 0 {
				first, count = 1, -1
			}
			all, err := r.matches(ctx, count)
			if err != nil {
				return nil, err
			}
			var out []byte
			from := 0
			for k, m := range all {
				if err := ctx.Work(len(m)); err != nil {
					return nil, err
				}
				if int64(k)+1 < first {
					continue
				}
				out = append(out, r.text[from:m[0]]...)
				out = appendReplacement(out, r.text, to.at(i), m)
				from = m[1]
			}
			return append(out, r.text[from:]...), nil
		})
	}
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
