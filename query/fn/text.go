package fn

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// maxText is how long a text may get that a function makes out of shorter ones: PostgreSQL's limit of a value.
const maxText = 1<<30 - 1

var errTooLong = sqlError("54000", "requested length too large")

func addTexts(r *Registry) {
	measure := func(name, doc string, f func(a []byte) int) {
		r.add(scalar{name: name, args: types(tText), result: tInt4, safe: true, doc: doc, kernel: kernel1(tInt4, readBytes, writeInt, func(_ *expr.Context, a []byte) (int64, error) { return int64(f(a)), nil })})
	}
	for _, name := range []string{"length", "char_length", "character_length"} {
		r.add(scalar{name: name, args: types(tText), result: tInt4, safe: true, doc: "number of characters", kernel: textLengths})
	}
	measure("octet_length", "number of bytes", func(a []byte) int { return len(a) })
	measure("bit_length", "number of bits", func(a []byte) int { return 8 * len(a) })
	measure("ascii", "code of the first character", func(a []byte) int {
		if len(a) == 0 {
			return 0
		}
		c, _ := utf8.DecodeRune(a)
		return int(c)
	})
	one := func(name, doc string, f func(ctx *expr.Context, a []byte) ([]byte, error)) {
		r.add(scalar{name: name, args: types(tText), result: tText, safe: true, doc: doc, kernel: kernel1(tText, readBytes, writeBytes, f)})
	}
	one("lower", "in lower case", func(ctx *expr.Context, a []byte) ([]byte, error) { return byPieces(ctx, a, bytes.ToLower) })
	one("upper", "in upper case", func(ctx *expr.Context, a []byte) ([]byte, error) { return byPieces(ctx, a, bytes.ToUpper) })
	one("initcap", "each word with a capital first", func(ctx *expr.Context, a []byte) ([]byte, error) {
		inside := false
		return byPieces(ctx, a, func(piece []byte) []byte { return initcap(piece, &inside) })
	})
	one("reverse", "characters in reverse order", reversed)
	one("md5", "MD5 of the text, in hexadecimal", md5Of)
	r.add(scalar{name: "md5", args: types(tBytea), result: tText, safe: true, doc: "MD5 of the bytes, in hexadecimal", kernel: kernel1(tText, readBytes, writeBytes, md5Of)})
	for _, trim := range []struct {
		name        string
		left, right bool
	}{{"btrim", true, true}, {"ltrim", true, false}, {"rtrim", false, true}} {
		one(trim.name, "without blanks at its ends", func(_ *expr.Context, a []byte) ([]byte, error) {
			return trimmed(a, []byte(" "), trim.left, trim.right), nil
		})
		r.add(text2(trim.name, "without the characters listed at its ends", func(a, set []byte) ([]byte, error) { return trimmed(a, set, trim.left, trim.right), nil }))
	}
	r.add(
		scalar{name: "chr", args: types(tInt4), result: tText, doc: "character of a code", kernel: kernel1(tText, readInt, writeString, func(_ *expr.Context, a int64) (string, error) {
			switch {
			case a == 0:
				return "", sqlError("54000", "null character not permitted")
			case a < 0:
				return "", sqlError("22023", "character number must be positive")
			case a > unicode.MaxRune || a >= 0xd800 && a < 0xe000:
				return "", sqlError("54000", "requested character too large for encoding: %d", a)
			}
			return string(rune(a)), nil
		})},
		scalar{name: "strpos", args: types(tText, tText), result: tInt4, safe: true, doc: "place of a part, 0 if it is not there", kernel: positionKernel},
		scalar{name: "position", args: types(tText, tText), result: tInt4, safe: true, doc: "place of a part, 0 if it is not there", kernel: positionKernel},
		textInt("left", "first n characters; all but the last -n", func(a []byte, n int64) ([]byte, error) {
			if n < 0 {
				n = max(0, int64(utf8.RuneCount(a))+n)
			}
			return a[:prefixLen(a, n)], nil
		}),
		textInt("right", "last n characters; all but the first -n", func(a []byte, n int64) ([]byte, error) {
			skip := int64(utf8.RuneCount(a)) - n
			if n < 0 {
				skip = -n
			}
			return a[prefixLen(a, max(0, skip)):], nil
		}),
		scalar{name: "repeat", args: types(tText, tInt4), result: tText, doc: "n times over", kernel: kernel2(tText, readBytes, readInt, writeBytes, func(ctx *expr.Context, a []byte, n int64) ([]byte, error) {
			return repeated(ctx, a, n)
		})},
		text2("starts_with", "", nil).with(tBool, kernel2(tBool, readBytes, readBytes, writeBool, func(_ *expr.Context, a, b []byte) (bool, error) { return bytes.HasPrefix(a, b), nil }), "whether a text begins with another"),
		text3("replace", "each occurrence of the second replaced by the third", replaced),
		text3("translate", "characters of the second replaced by those of the third", translate),
		scalar{name: "split_part", args: types(tText, tText, tInt4), result: tText, doc: "part n between delimiters, counted from the end if negative", kernel: kernel3(tText, readBytes, readBytes, readInt, writeBytes, splitPart)},
		scalar{name: "to_hex", args: types(tInt4), result: tText, safe: true, doc: "in hexadecimal", kernel: kernel1(tText, readInt, writeString, func(_ *expr.Context, a int64) (string, error) { return strconv.FormatUint(uint64(uint32(a)), 16), nil })},
		scalar{name: "to_hex", args: types(tInt8), result: tText, safe: true, doc: "in hexadecimal", kernel: kernel1(tText, readInt, writeString, func(_ *expr.Context, a int64) (string, error) { return strconv.FormatUint(uint64(a), 16), nil })},
		scalar{name: "length", args: types(tBytea), result: tInt4, safe: true, doc: "number of bytes", kernel: kernel1(tInt4, readBytes, writeInt, func(_ *expr.Context, a []byte) (int64, error) { return int64(len(a)), nil })},
		scalar{name: "octet_length", args: types(tBytea), result: tInt4, safe: true, doc: "number of bytes", kernel: kernel1(tInt4, readBytes, writeInt, func(_ *expr.Context, a []byte) (int64, error) { return int64(len(a)), nil })},
		scalar{name: "concat", args: types(tAny), result: tText, variadic: true, nullable: true, doc: "the texts of all arguments, NULL being nothing", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			return joined(ctx, nil, args, n)
		}},
		scalar{name: "concat_ws", args: types(tText, tAny), result: tText, variadic: true, nullable: true, doc: "the texts of the arguments that are not NULL, with the first between them", kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
			return joined(ctx, args[0], args[1:], n)
		}},
	)
	for _, name := range []string{"substring", "substr"} {
		r.add(
			textInt(name, "from character n on", func(a []byte, from int64) ([]byte, error) { return a[prefixLen(a, max(0, from-1)):], nil }),
			scalar{name: name, args: types(tText, tInt4, tInt4), result: tText, doc: "so many characters from character n on", kernel: kernel3(tText, readBytes, readInt, readInt, writeBytes, substring)},
		)
	}
	for _, name := range []string{"lpad", "rpad"} {
		pad := func(ctx *expr.Context, a []byte, n int64, fill []byte) ([]byte, error) {
			return padded(ctx, a, n, fill, name == "lpad")
		}
		r.add(
			scalar{name: name, args: types(tText, tInt4), result: tText, doc: "filled with blanks to n characters", kernel: kernel2(tText, readBytes, readInt, writeBytes, func(ctx *expr.Context, a []byte, n int64) ([]byte, error) {
				return pad(ctx, a, n, []byte(" "))
			})},
			scalar{name: name, args: types(tText, tInt4, tText), result: tText, doc: "filled to n characters", kernel: kernel3(tText, readBytes, readInt, readBytes, writeBytes, pad)},
		)
	}
	r.operator(
		text2("||", "", nil).with(tText, kernel2(tText, readBytes, readBytes, writeBytes, behind), "one text behind the other"),
		scalar{name: "||", args: types(tBytea, tBytea), result: tBytea, safe: true, doc: "one value behind the other", kernel: kernel2(tBytea, readBytes, readBytes, writeBytes, behind)},
		scalar{name: "||", args: types(tText, tAnyNonArray), result: tText, doc: "a text and the text of a value", kernel: concatAny},
		scalar{name: "||", args: types(tAnyNonArray, tText), result: tText, doc: "the text of a value and a text", kernel: concatAny},
		text2("^@", "", nil).with(tBool, kernel2(tBool, readBytes, readBytes, writeBool, func(_ *expr.Context, a, b []byte) (bool, error) { return bytes.HasPrefix(a, b), nil }), "whether a text begins with another"),
	)
}

func (s scalar) with(result column.Type, k Kernel, doc string) scalar {
	s.result, s.kernel, s.doc = result, k, doc
	return s
}

func text2(name, doc string, f func(a, b []byte) ([]byte, error)) scalar {
	return scalar{name: name, args: types(tText, tText), result: tText, safe: true, doc: doc, kernel: kernel2(tText, readBytes, readBytes, writeBytes, func(_ *expr.Context, a, b []byte) ([]byte, error) { return f(a, b) })}
}

func text3(name, doc string, f func(ctx *expr.Context, a, b, c []byte) ([]byte, error)) scalar {
	return scalar{name: name, args: types(tText, tText, tText), result: tText, doc: doc, kernel: kernel3(tText, readBytes, readBytes, readBytes, writeBytes, f)}
}

func textInt(name, doc string, f func(a []byte, n int64) ([]byte, error)) scalar {
	return scalar{name: name, args: types(tText, tInt4), result: tText, doc: doc, kernel: kernel2(tText, readBytes, readInt, writeBytes, func(_ *expr.Context, a []byte, n int64) ([]byte, error) { return f(a, n) })}
}

var positionKernel = kernel2(tInt4, readBytes, readBytes, writeInt, func(ctx *expr.Context, a, part []byte) (int64, error) {
	i, err := findBytes(ctx, a, part)
	if i < 0 || err != nil {
		return 0, err
	}
	return int64(utf8.RuneCount(a[:i])) + 1, nil
})

func substring(_ *expr.Context, a []byte, from, count int64) ([]byte, error) {
	if count < 0 {
		return nil, sqlError("22011", "negative substring length not allowed")
	}
	end := from + count // both are integers: no overflow in 64 bits
	from = max(from, 1)
	if end <= from {
		return nil, nil
	}
	a = a[prefixLen(a, from-1):]
	return a[:prefixLen(a, end-from)], nil
}

// repeated is a text n times over.
func repeated(ctx *expr.Context, a []byte, n int64) ([]byte, error) {
	if n <= 0 || len(a) == 0 {
		return nil, nil
	}
	if n > maxText/int64(len(a)) {
		return nil, errTooLong
	}
	size := int64(len(a)) * n
	if err := ctx.Room(size); err != nil {
		return nil, err
	}
	if size <= pieceBytes {
		return bytes.Repeat(a, int(n)), nil
	}
	// Twice as much at a time, while that is little: what the caches hold is copied fastest.
	out := append(make([]byte, 0, size), a...)
	for int64(len(out)) < size {
		out = append(out, out[:min(int64(len(out)), max(pieceBytes/int64(len(a)), 1)*int64(len(a)), size-int64(len(out)))]...)
		if err := ctx.Work(pieceBytes / 16); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func padded(ctx *expr.Context, a []byte, n int64, fill []byte, left bool) ([]byte, error) {
	if n > maxText/4 {
		return nil, errTooLong
	}
	missing := n - int64(utf8.RuneCount(a))
	if missing <= 0 || len(fill) == 0 {
		return a[:prefixLen(a, n)], nil
	}
	whole := missing / int64(utf8.RuneCount(fill))
	if err := ctx.Room(int64(len(a)) + (whole+1)*int64(len(fill))); err != nil {
		return nil, err
	}
	pad, err := repeated(ctx, fill, whole)
	if err != nil {
		return nil, err
	}
	pad = append(pad, fill[:prefixLen(fill, missing-whole*int64(utf8.RuneCount(fill)))]...)
	if left {
		return append(pad, a...), nil
	}
	return append(append([]byte(nil), a...), pad...), nil
}

func trimmed(a, set []byte, left, right bool) []byte {
	cut := string(set)
	if left {
		a = bytes.TrimLeft(a, cut)
	}
	if right {
		a = bytes.TrimRight(a, cut)
	}
	return a
}

// initcap does a part of a text; inside says that a word goes on there.
func initcap(a []byte, inside *bool) []byte {
	out := make([]byte, 0, len(a))
	for _, c := range string(a) {
		if *inside {
			out = utf8.AppendRune(out, unicode.ToLower(c))
		} else {
			out = utf8.AppendRune(out, unicode.ToUpper(c))
		}
		*inside = unicode.IsLetter(c) || unicode.IsDigit(c)
	}
	return out
}

func reversed(ctx *expr.Context, a []byte) ([]byte, error) {
	out := make([]byte, 0, len(a))
	for len(a) > 0 {
		_, size := utf8.DecodeLastRune(a)
		out = append(out, a[len(a)-size:]...)
		a = a[:len(a)-size]
		if len(a)&0xffff == 0 {
			if err := ctx.Work(pieceBytes); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func md5Of(ctx *expr.Context, a []byte) ([]byte, error) {
	sum, err := summed(ctx, md5.New(), a)
	return hex.AppendEncode(nil, sum), err
}

func translate(ctx *expr.Context, a, from, to []byte) ([]byte, error) {
	f, t := []rune(string(from)), []rune(string(to))
	change := func(c rune) rune {
		for i, x := range f {
			if x == c {
				if i < len(t) {
					return t[i]
				}
				return -1
			}
		}
		return c
	}
	return byPieces(ctx, a, func(piece []byte) []byte { return bytes.Map(change, piece) })
}

func splitPart(ctx *expr.Context, a, sep []byte, n int64) ([]byte, error) {
	if n == 0 {
		return nil, sqlError("22023", "field position must not be zero")
	}
	if len(sep) == 0 {
		if n == 1 || n == -1 {
			return a, nil
		}
		return nil, nil
	}
	if n < 0 {
		parts := int64(1)
		for rest := a; ; parts++ {
			i, err := findBytes(ctx, rest, sep)
			if err != nil {
				return nil, err
			}
			if i < 0 {
				break
			}
			rest = rest[i+len(sep):]
		}
		if n += parts + 1; n < 1 {
			return nil, nil
		}
	}
	for ; ; n-- {
		i, err := findBytes(ctx, a, sep)
		switch {
		case err != nil:
			return nil, err
		case n == 1 && i >= 0:
			return a[:i], nil
		case n == 1:
			return a, nil
		case i < 0:
			return nil, nil
		}
		a = a[i+len(sep):]
	}
}

// joined is concat and, with a separator, concat_ws.
func joined(ctx *expr.Context, sep *column.Vector, args []*column.Vector, n int) (*column.Vector, error) {
	opt := literalOptions(ctx)
	b := column.NewBuilder(tText, n)
	var buf []byte
	row := ctx.RowWork()
	for i := range n {
		if err := ctx.Work(row); err != nil {
			return nil, err
		}
		if sep != nil && !isValid(sep, i) {
			b.AppendNull()
			continue
		}
		buf = buf[:0]
		first := true
		for _, a := range args {
			if !isValid(a, i) {
				continue
			}
			if sep != nil && !first {
				buf = append(buf, textsOf(sep).at(i)...)
			}
			first = false
			buf = literal.Append(buf, a, i, opt)
			if err := ctx.Room(int64(len(buf))); err != nil {
				return nil, err
			}
		}
		b.AppendBytes(buf)
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	return b.Finish(), nil
}

// concatAny casts the side that is not text and joins the two.
func concatAny(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	sides := make([]texts, 2)
	for k, a := range args {
		if a.Type != tText {
			v, err := toText(a.Type)(ctx, []*column.Vector{a}, n)
			if err != nil {
				return nil, err
			}
			a = v
		}
		sides[k] = textsOf(a)
	}
	return eachRow(ctx, tText, writeBytes, n, func(i int) ([]byte, error) {
		if err := ctx.Room(int64(len(sides[0].at(i)) + len(sides[1].at(i)))); err != nil {
			return nil, err
		}
		ctx.Scratch = append(append(ctx.Scratch[:0], sides[0].at(i)...), sides[1].at(i)...)
		return ctx.Scratch, nil
	})
}

// behind is one value behind the other.
func behind(ctx *expr.Context, a, b []byte) ([]byte, error) {
	if err := ctx.Room(int64(len(a) + len(b))); err != nil {
		return nil, err
	}
	return append(append(make([]byte, 0, len(a)+len(b)), a...), b...), nil
}
