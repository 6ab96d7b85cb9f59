package fn

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// backtracker matches what cannot be matched in linear time, back references and look-around, by trying one way after the other. That may take
// for ever, so the first moments of it are on the statement's own time, and what takes longer runs beside it, until the statement or its time ends.
type backtracker struct {
	text   string // the rewritten pattern
	groups int
	quick  *regexp2.Regexp
	slow   *regexp2.Regexp // nil = not needed yet
	// choosy is set where the first match that is found need not be the longest. Then those are tried that are longer, by their length: longer
	// has the pattern for each.
	choosy bool
	longer map[int]*backtracker
}

const (
	quickMatch = 20 * time.Millisecond
	slowMatch  = 10 * time.Second
	// longerPatterns is how many patterns for longer matches are kept.
	longerPatterns = 64
)

func init() { regexp2.SetTimeoutCheckPeriod(quickMatch / 2) }

func newBacktracker(text string, groups int, choosy bool) (*backtracker, error) {
	b := &backtracker{text: text, groups: groups, choosy: choosy, longer: map[int]*backtracker{}}
	var err error
	if b.quick, err = b.compile(quickMatch); err != nil {
		return nil, badRegex("regular expression is not understood: " + err.Error())
	}
	return b, nil
}

func (b *backtracker) compile(limit time.Duration) (*regexp2.Regexp, error) {
	re, err := regexp2.Compile(b.text, regexp2.None)
	if err == nil {
		re.MatchTimeout = limit
	}
	return re, err
}

// characters is a text as backtrackers read it: at has the bytes before each character, nil if each is one byte.
type characters struct {
	runes []rune
	at    []int
}

func charactersOf(ctx *expr.Context, a []byte) (*characters, error) {
	n := utf8.RuneCount(a)
	if err := ctx.Room(12 * int64(n)); err != nil {
		return nil, err
	}
	c := &characters{runes: make([]rune, 0, n)}
	if n < len(a) {
		c.at = make([]int, 0, n+1)
	}
	for i, r := range string(a) {
		c.runes = append(c.runes, r)
		if n < len(a) {
			c.at = append(c.at, i)
		}
	}
	if n < len(a) {
		c.at = append(c.at, len(a))
	}
	return c, ctx.Work(len(a))
}

// bytes turns places among characters into places among bytes.
func (c *characters) bytes(m []int) []int {
	for i, k := range m {
		if c.at != nil && k >= 0 {
			m[i] = c.at[k]
		}
	}
	return m
}

// find gives the places of the first match that begins at from or behind it, counted in characters; nil if there is none.
func (b *backtracker) find(ctx *expr.Context, c *characters, from int) ([]int, error) {
	m, err := b.first(ctx, c, from)
	if m == nil || err != nil || !b.choosy {
		return m, err
	}
	// The longest of those that begin there is the one that PostgreSQL means.
	for m[1] < len(c.runes) {
		l, err := b.atLeast(m[1] - m[0] + 1)
		if err != nil {
			return nil, err
		}
		next, err := l.first(ctx, c, m[0])
		if next == nil || err != nil {
			return m, err
		}
		m = next
	}
	return m, nil
}

// atLeast gives the pattern for matches that begin where the search does and have so many characters.
func (b *backtracker) atLeast(n int) (*backtracker, error) {
	l := b.longer[n]
	if l == nil {
		var err error
		if l, err = newBacktracker(`\G(?:`+b.text+`)(?<=\G(?s:.{`+strconv.Itoa(n)+`,}))`, b.groups, false); err != nil {
			return nil, err
		}
		if len(b.longer) >= longerPatterns {
			clear(b.longer)
		}
		b.longer[n] = l
	}
	return l, nil
}

// first gives the match that is found first.
func (b *backtracker) first(ctx *expr.Context, c *characters, from int) ([]int, error) {
	if err := ctx.Work(len(c.runes) - from); err != nil {
		return nil, err
	}
	m, err := b.quick.FindRunesMatchStartingAt(c.runes, from)
	if err == nil {
		return b.places(m), nil
	}
	if err := ctx.Interrupted(); err != nil {
		return nil, err
	}
	return b.patient(ctx, c, from)
}

// patient matches beside the statement, so that it can end before the match does.
func (b *backtracker) patient(ctx *expr.Context, c *characters, from int) ([]int, error) {
	if b.slow == nil {
		var err error
		if b.slow, err = b.compile(slowMatch); err != nil {
			return nil, err
		}
	}
	type found struct {
		m   *regexp2.Match
		err error
	}
	done, slow := make(chan found, 1), b.slow
	go func() {
		var f found
		defer func() {
			if p := recover(); p != nil {
				f.err = fmt.Errorf("%v", p)
			}
			done <- f
		}()
		f.m, f.err = slow.FindRunesMatchStartingAt(c.runes, from)
	}()
	var ended <-chan struct{}
	if ctx.Ctx != nil {
		ended = ctx.Ctx.Done()
	}
	select {
	case f := <-done:
		if f.err != nil {
			e := column.SQLErrorf(column.Limit, "54001", "matching the regular expression takes too long")
			e.Hint = "Back references and look-around are matched by trying; patterns without them take a time that is linear in the text."
			return nil, e
		}
		return b.places(f.m), nil
	case <-ended:
		return nil, ctx.Interrupted()
	}
}

// places lists where a match and its groups begin and end; -1 = nowhere.
func (b *backtracker) places(m *regexp2.Match) []int {
	if m == nil {
		return nil
	}
	out := make([]int, 0, 2*(b.groups+1))
	for k := range b.groups + 1 {
		if g := m.GroupByNumber(k); g == nil || len(g.Captures) == 0 {
			out = append(out, -1, -1)
		} else {
			out = append(out, g.Index, g.Index+g.Length)
		}
	}
	return out
}

// match reports whether a text has a match.
func (b *backtracker) match(ctx *expr.Context, a []byte) (bool, error) {
	c, err := charactersOf(ctx, a)
	if err != nil {
		return false, err
	}
	m, err := b.first(ctx, c, 0)
	return m != nil, err
}

// findAll finds up to n matches that begin at a byte or behind it and do not overlap, all if n is negative. An empty one may follow another at once.
func (b *backtracker) findAll(ctx *expr.Context, a []byte, from, n int) ([][]int, error) {
	c, err := charactersOf(ctx, a)
	if err != nil {
		return nil, err
	}
	var all [][]int
	each := int64(48 + 16*(1+b.groups)) // bytes of a match
	for pos := utf8.RuneCount(a[:from]); pos <= len(c.runes) && (n < 0 || len(all) < n); {
		m, err := b.find(ctx, c, pos)
		if m == nil || err != nil {
			return all, err
		}
		if pos = m[1]; m[0] == m[1] {
			pos++
		}
		all = append(all, c.bytes(m))
		if len(all)&0xffff == 0 {
			if err := ctx.Room(each * int64(len(all))); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}
