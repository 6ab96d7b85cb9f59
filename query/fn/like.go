package fn

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// likePattern is a LIKE pattern taken apart: texts between wildcards.
type likePattern struct {
	parts []likePart
	fold  bool
	// dangling says that an escape ends the last part: an error, but only of texts that fit as far as that.
	dangling bool
}

// likePart is what % separates: a text in which any marks the places of _.
type likePart struct {
	text []byte
	any  []bool // per byte of text; nil = none
}

type likeKey struct {
	pattern, escape string
	fold            bool
}

func compileLike(pattern, escape []byte, fold bool) (*likePattern, error) {
	if fold {
		pattern = bytes.ToLower(pattern)
	}
	p := &likePattern{fold: fold, parts: make([]likePart, 1)}
	part := &p.parts[0]
	put := func(c []byte, wild bool) {
		part.text = append(part.text, c...)
		if wild && part.any == nil || part.any != nil {
			for len(part.any) < len(part.text) {
				part.any = append(part.any, false)
			}
			part.any[len(part.any)-1] = wild
		}
	}
	for i := 0; i < len(pattern); {
		_, size := utf8.DecodeRune(pattern[i:])
		c := pattern[i : i+size]
		i += size
		switch {
		case len(escape) > 0 && bytes.Equal(c, escape):
			if i == len(pattern) {
				p.dangling = true
				return p, nil
			}
			_, size = utf8.DecodeRune(pattern[i:])
			put(pattern[i:i+size], false)
			i += size
		case c[0] == '%':
			p.parts = append(p.parts, likePart{})
			part = &p.parts[len(p.parts)-1]
		case c[0] == '_':
			put(c, true)
		default:
			put(c, false)
		}
	}
	return p, nil
}

// match reports whether the whole of a text fits. Each part but the first and the last is taken where it first fits:
// taking it later never helps.
func (p *likePattern) match(ctx *expr.Context, a []byte) (bool, error) {
	if p.fold {
		var err error
		if a, err = byPieces(ctx, a, bytes.ToLower); err != nil {
			return false, err
		}
	}
	if p.dangling {
		return false, p.reach(ctx, a)
	}
	first, last := p.parts[0], p.parts[len(p.parts)-1]
	n := first.prefix(a)
	if n < 0 {
		return false, nil
	}
	if len(p.parts) == 1 {
		return n == len(a), nil
	}
	a = a[n:]
	for _, part := range p.parts[1 : len(p.parts)-1] {
		n, err := part.find(ctx, a)
		if n < 0 || err != nil {
			return false, err
		}
		a = a[n:]
	}
	return last.suffix(a), nil
}

// reach looks whether matching comes to the escape at the end, as PostgreSQL does, part by part: no text fits, so that it is all that
// there is to find out.
func (p *likePattern) reach(ctx *expr.Context, a []byte) error {
	n := p.parts[0].prefix(a)
	if n < 0 {
		return nil
	}
	a = a[n:]
	for _, part := range p.parts[1:] {
		n, err := part.find(ctx, a)
		if n < 0 || err != nil {
			return err
		}
		a = a[n:]
	}
	last := p.parts[len(p.parts)-1]
	if len(a) == 0 && (len(p.parts) == 1 || len(last.any) == 0 || slices.Contains(last.any, false)) {
		return nil // but PostgreSQL looks at what comes behind %_ even where the text ends
	}
	return errDangling()
}

func errDangling() error {
	return sqlError("22025", "LIKE pattern must not end with escape character")
}

// prefix gives how many bytes of a the part takes at its start, -1 if it does not fit.
func (p *likePart) prefix(a []byte) int {
	if p.any == nil {
		if bytes.HasPrefix(a, p.text) {
			return len(p.text)
		}
		return -1
	}
	n := 0
	for i, c := range p.text {
		if n >= len(a) {
			return -1
		}
		if p.any[i] {
			_, size := utf8.DecodeRune(a[n:])
			n += size
			continue
		}
		if a[n] != c {
			return -1
		}
		n++
	}
	return n
}

// find gives the end of the first place where the part fits.
func (p *likePart) find(ctx *expr.Context, a []byte) (int, error) {
	if p.any == nil {
		i, err := findBytes(ctx, a, p.text)
		if i < 0 || err != nil {
			return -1, err
		}
		return i + len(p.text), nil
	}
	look := 0
	for at := 0; at <= len(a); {
		if n := p.prefix(a[at:]); n >= 0 {
			return at + n, nil
		}
		_, size := utf8.DecodeRune(a[at:])
		at += max(size, 1)
		if at > look {
			look = at + pieceBytes/(1+len(p.text))
			if err := ctx.Work(pieceBytes); err != nil {
				return -1, err
			}
		}
	}
	return -1, nil
}

func (p *likePart) suffix(a []byte) bool {
	if p.any == nil {
		return bytes.HasSuffix(a, p.text)
	}
	// The part has a fixed number of characters: count them from the end.
	at := len(a)
	for i := len(p.text) - 1; i >= 0; i-- {
		if at == 0 {
			return false
		}
		if p.any[i] {
			_, size := utf8.DecodeLastRune(a[:at])
			at -= size
			continue
		}
		at--
		if a[at] != p.text[i] {
			return false
		}
	}
	return true
}

func addLikes(r *Registry) {
	for _, f := range []struct {
		op, name string
		fold     bool
	}{{"~~", "like", false}, {"~~*", "ilike", true}} {
		r.operator(
			scalar{name: f.op, args: types(tText, tText), result: tBool, failsBy: []int{1}, kernel: likeKernel(f.fold, false), doc: "LIKE"},
			scalar{name: "!" + f.op, args: types(tText, tText), result: tBool, failsBy: []int{1}, kernel: likeKernel(f.fold, true), doc: "NOT LIKE"},
		)
		r.add(
			scalar{name: f.name, args: types(tText, tText), result: tBool, failsBy: []int{1}, kernel: likeKernel(f.fold, false), doc: "LIKE"},
			scalar{name: f.name, args: types(tText, tText, tText), result: tBool, failsBy: []int{1, 2}, kernel: likeKernel(f.fold, false), doc: "LIKE with an escape character"},
		)
	}
}

// addByteLikes adds LIKE of bytea, where _ is any byte.
func addByteLikes(r *Registry) {
	like := func(negate bool) Kernel {
		return kernel2(tBool, readBytes, readBytes, writeBool, func(ctx *expr.Context, a, pattern []byte) (bool, error) {
			v, err := ctx.Memo(byteLikeKey(pattern), func() (any, error) { return compileLike(byteRunes(pattern), []byte{'\\'}, false) })
			if err != nil {
				return false, err
			}
			found, err := v.(*likePattern).match(ctx, byteRunes(a))
			return found != negate, err
		})
	}
	two := types(tBytea, tBytea)
	r.operator(
		scalar{name: "~~", args: two, result: tBool, kernel: like(false), doc: "LIKE"},
		scalar{name: "!~~", args: two, result: tBool, kernel: like(true), doc: "NOT LIKE"},
	)
	r.add(
		scalar{name: "like", args: two, result: tBool, kernel: like(false), doc: "LIKE"},
		scalar{name: "like", args: types(tBytea, tBytea, tBytea), result: tBool, kernel: byteLikeEscape, doc: "LIKE with an escape byte"},
	)
}

type byteLikeKey string

type byteEscapeKey struct{ pattern, escape string }

func byteLikeEscape(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	a, pattern, escape := textsOf(args[0]), textsOf(args[1]), textsOf(args[2])
	return eachRow(ctx, tBool, writeBool, n, func(i int) (bool, error) {
		p, e := pattern.at(i), escape.at(i)
		if len(e) > 1 {
			err := sqlError("22025", "invalid escape string")
			err.Hint = "Escape string must be empty or one character."
			return false, err
		}
		v, err := ctx.Memo(byteEscapeKey{string(p), string(e)}, func() (any, error) { return compileLike(byteRunes(p), byteRunes(e), false) })
		if err != nil {
			return false, err
		}
		return v.(*likePattern).match(ctx, byteRunes(a.at(i)))
	})
}

// byteRunes makes a character of each byte.
func byteRunes(a []byte) []byte {
	out := make([]byte, 0, len(a)+8)
	for _, c := range a {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

func likeKernel(fold, negate bool) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		a, pattern := textsOf(args[0]), textsOf(args[1])
		escapeAt := func(int) []byte { return []byte{'\\'} }
		if len(args) == 3 {
			escapeAt = textsOf(args[2]).at
		}
		compile := func(i int) (*likePattern, error) {
			p, e := pattern.at(i), escapeAt(i)
			if utf8.RuneCount(e) > 1 {
				err := sqlError("22025", "invalid escape string")
				err.Hint = "Escape string must be empty or one character."
				return nil, err
			}
			v, err := ctx.Memo(likeKey{string(p), string(e), fold}, func() (any, error) { return compileLike(p, e, fold) })
			if err != nil {
				return nil, err
			}
			if p := v.(*likePattern); !ctx.Trial || !p.dangling {
				return p, nil
			}
			return nil, errDangling()
		}
		if args[1].Enc == column.Const && len(args) == 2 {
			p, err := compile(0)
			if err != nil {
				return nil, err
			}
			out := make([]bool, n)
			for i := range out {
				found, err := p.match(ctx, a.at(i))
				if err != nil {
					return nil, err
				}
				out[i] = found != negate
			}
			return column.NewBools(out, nil), nil
		}
		return eachRow(ctx, tBool, writeBool, n, func(i int) (bool, error) {
			p, err := compile(i)
			if err != nil {
				return false, err
			}
			found, err := p.match(ctx, a.at(i))
			return found != negate, err
		})
	}
}
