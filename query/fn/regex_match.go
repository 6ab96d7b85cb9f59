package fn

import (
	"bytes"
	"io"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/query/expr"
)

// regex is a pattern that is ready to match. Go's matchers cannot be stopped, and take a tenth of a microsecond for a byte, with patterns like
// [ab]{100} several: seconds for a text of megabytes. So long texts are given to them through a reader, which ends when the statement does.
// Where Go would backtrack, which takes at most a quarter of a million steps, and is faster, it gets the text itself.
type regex struct {
	*regexp.Regexp              // nil if it cannot be matched in linear time
	back           *backtracker // then it is this
	longest        bool

	sized   bool
	short   int  // texts up to so many bytes are given as they are
	asserts bool // it looks at what stands before a match
	// start and here find a match that does not begin at the text's start, of a text that begins one character before where it may: the first
	// of them where the match begins, the second the match at the next character. Both have the match as their first group.
	start, here *regexp.Regexp
}

// The most that Go's backtracking matcher remembers, in bits, one for each place and instruction.
const backtrackBits = 256 << 10

func (re *regex) size() {
	re.sized, re.short, re.asserts = true, 1, true
	parsed, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return // it was parsed before
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return
	}
	re.short, re.asserts = backtrackBits/len(prog.Inst), false
	const before = syntax.EmptyBeginLine | syntax.EmptyBeginText | syntax.EmptyWordBoundary | syntax.EmptyNoWordBoundary
	for _, in := range prog.Inst {
		if in.Op == syntax.InstEmptyWidth && syntax.EmptyOp(in.Arg)&before != 0 {
			re.asserts = true
		}
	}
}

// isShort reports whether a text is matched soon.
func (re *regex) isShort(a []byte) bool {
	if len(a) < backtrackBits/500 { // Go backtracks for up to 500 instructions
		return true
	}
	if !re.sized {
		re.size()
	}
	return len(a) <= re.short
}

// match reports whether a text has a match.
func (re *regex) match(ctx *expr.Context, a []byte) (bool, error) {
	if re.back != nil {
		return re.back.match(ctx, a)
	}
	if re.isShort(a) {
		return re.Match(a), nil
	}
	if prefix, whole := re.LiteralPrefix(); prefix != "" {
		i, err := findBytes(ctx, a, []byte(prefix))
		if i < 0 || whole || err != nil {
			return i >= 0, err
		}
		if !re.asserts {
			a = a[i:]
		}
	}
	r := runes{ctx: ctx, a: a}
	found := re.MatchReader(&r)
	return found, r.err
}

// find gives the places of the first match and its groups, nil if there is none.
func (re *regex) find(ctx *expr.Context, a []byte) ([]int, error) {
	if re.back != nil {
		all, err := re.back.findAll(ctx, a, 0, 1)
		if len(all) == 0 || err != nil {
			return nil, err
		}
		return all[0], nil
	}
	if re.isShort(a) {
		return re.FindSubmatchIndex(a), nil
	}
	return re.findFrom(ctx, a, 0)
}

// findFrom is find for matches that begin at a place or behind it, in a text that is long.
func (re *regex) findFrom(ctx *expr.Context, a []byte, from int) ([]int, error) {
	if prefix, whole := re.LiteralPrefix(); prefix != "" {
		i, err := findBytes(ctx, a[from:], []byte(prefix))
		if i < 0 || err != nil {
			return nil, err
		}
		from += i
		if whole && re.NumSubexp() == 0 {
			return []int{from, from + len(prefix)}, nil
		}
	}
	if from == 0 || !re.asserts {
		return located(ctx, re.Regexp, a, from)
	}
	re.placed()
	_, size := utf8.DecodeLastRune(a[:from])
	m, err := located(ctx, re.start, a, from-size)
	if m == nil || err != nil {
		return nil, err
	}
	if re.longest {
		_, size = utf8.DecodeLastRune(a[:m[2]])
		if m, err = located(ctx, re.here, a, m[2]-size); m == nil || err != nil {
			return nil, err
		}
	}
	return m[2:], nil
}

// placed compiles the forms that look at the character before a place too.
func (re *regex) placed() {
	if re.start != nil {
		return
	}
	re.start = regexp.MustCompile(`\A(?s:.)(?s:.*?)(` + re.String() + `)`)
	re.here = regexp.MustCompile(`\A(?s:.)(` + re.String() + `)`)
	if re.longest {
		re.here.Longest()
	}
}

// emptyAt gives the match at a place behind the text's first character if it is an empty one.
func (re *regex) emptyAt(ctx *expr.Context, a []byte, at int) ([]int, error) {
	re.placed()
	_, size := utf8.DecodeLastRune(a[:at])
	m, err := located(ctx, re.here, a, at-size)
	if m == nil || err != nil || m[2] != m[3] {
		return nil, err
	}
	return m[2:], nil
}

// located gives the first match of what stands behind a place.
func located(ctx *expr.Context, re *regexp.Regexp, a []byte, from int) ([]int, error) {
	r := runes{ctx: ctx, a: a[from:]}
	m := re.FindReaderSubmatchIndex(&r)
	if r.err != nil {
		return nil, r.err
	}
	for i := range m {
		if m[i] >= 0 {
			m[i] += from
		}
	}
	return m, nil
}

// groups is how many groups there are.
func (re *regex) groups() int {
	if re.back != nil {
		return re.back.groups
	}
	return re.NumSubexp()
}

// findAll finds up to n matches that do not overlap, all if n is negative, as Go's FindAllSubmatchIndex does.
func (re *regex) findAll(ctx *expr.Context, a []byte, n int) ([][]int, error) {
	if re.back != nil {
		return re.back.findAll(ctx, a, 0, n)
	}
	if re.isShort(a) {
		return re.FindAllSubmatchIndex(a, n), nil
	}
	var all [][]int
	each := int64(48 + 16*(1+re.NumSubexp())) // bytes of a match
	for pos, before := 0, -1; pos <= len(a) && (n < 0 || len(all) < n); {
		m, err := re.findFrom(ctx, a, pos)
		if m == nil || err != nil {
			return all, err
		}
		accept := true
		if m[1] == pos {
			accept = m[0] != before
			_, size := utf8.DecodeRune(a[pos:])
			pos += max(size, 1)
		} else {
			pos = m[1]
		}
		before = m[1]
		if !accept {
			continue
		}
		all = append(all, m)
		if len(all)&0xffff == 0 {
			if err := ctx.Room(each * int64(len(all))); err != nil {
				return nil, err
			}
		}
		if err := ctx.Work(int(each)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// runes reads a text until the statement is cancelled, which looks to the matcher like its end.
type runes struct {
	ctx  *expr.Context
	a    []byte
	left int // characters until the next look
	err  error
}

// lookRunes is how many characters pass between two looks: a pattern of a thousand instructions takes up to fifty microseconds for each.
const lookRunes = 256

func (r *runes) ReadRune() (rune, int, error) {
	if r.left--; r.left < 0 {
		r.left = lookRunes
		if r.err == nil {
			r.err = r.ctx.Interrupted()
		}
	}
	if len(r.a) == 0 || r.err != nil {
		return 0, 0, io.EOF
	}
	if c := r.a[0]; c < utf8.RuneSelf {
		r.a = r.a[1:]
		return rune(c), 1, nil
	}
	c, size := utf8.DecodeRune(r.a)
	r.a = r.a[size:]
	return c, size, nil
}

// findBytes is bytes.Index, piece by piece.
func findBytes(ctx *expr.Context, a, part []byte) (int, error) {
	const piece = 1 << 20
	if len(a) <= piece || len(part) > piece {
		i := bytes.Index(a, part)
		if i < 0 {
			return -1, ctx.Work(len(a) / 8)
		}
		return i, ctx.Work(i / 8)
	}
	for at := 0; ; at += piece {
		end := min(len(a), at+piece+len(part)-1)
		if i := bytes.Index(a[at:end], part); i >= 0 {
			return at + i, nil
		}
		if end == len(a) {
			return -1, nil
		}
		if err := ctx.Work(piece / 8); err != nil {
			return -1, err
		}
	}
}
