package fn

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/automatanexus/aegis-db/query/expr"
)

func addUnicode(r *Registry) {
	r.add(
		scalar{name: "normalize", args: types(tText), result: tText, safe: true, doc: "in Unicode's normal form NFC", kernel: kernel1(tText, readBytes, writeBytes, func(ctx *expr.Context, a []byte) ([]byte, error) { return normalized(ctx, norm.NFC, a) })},
		text2("normalize", "", nil).with(tText, kernel2(tText, readBytes, readBytes, writeBytes, func(ctx *expr.Context, a, form []byte) ([]byte, error) {
			f, err := normalForm(form)
			if err != nil {
				return nil, err
			}
			return normalized(ctx, f, a)
		}), "in a normal form of Unicode: NFC, NFD, NFKC, NFKD"),
		scalar{name: "is_normalized", args: types(tText), result: tBool, safe: true, doc: "whether it is in Unicode's normal form NFC (IS NORMALIZED)", kernel: kernel1(tBool, readBytes, writeBool, func(ctx *expr.Context, a []byte) (bool, error) { return isNormal(ctx, norm.NFC, a) })},
		scalar{name: "is_normalized", args: types(tText, tText), result: tBool, doc: "whether it is in a normal form of Unicode (IS NORMALIZED)", kernel: kernel2(tBool, readBytes, readBytes, writeBool, func(ctx *expr.Context, a, form []byte) (bool, error) {
			f, err := normalForm(form)
			if err != nil {
				return false, err
			}
			return isNormal(ctx, f, a)
		})},
		scalar{name: "unistr", args: types(tText), result: tText, doc: `with \XXXX, \uXXXX, \+XXXXXX and \UXXXXXXXX as the characters of these codes`, kernel: kernel1(tText, readBytes, writeBytes, func(_ *expr.Context, a []byte) ([]byte, error) { return unistr(string(a)) })},
		scalar{name: "to_ascii", args: types(tText), result: tText, doc: "refused, as by every PostgreSQL in UTF-8", kernel: kernel1(tText, readBytes, writeBytes, func(_ *expr.Context, _ []byte) ([]byte, error) {
			return nil, sqlError("0A000", "encoding conversion from UTF8 to ASCII not supported")
		})},
	)
}

// normalPieces calls f with the parts of a long text that can be normalized by themselves.
func normalPieces(ctx *expr.Context, form norm.Form, a []byte, f func(piece []byte) bool) error {
	for len(a) > pieceBytes {
		n := form.LastBoundary(a[:pieceBytes])
		if n <= 0 {
			break
		}
		if !f(a[:n]) {
			return nil
		}
		a = a[n:]
		if err := ctx.Work(4 * pieceBytes); err != nil {
			return err
		}
	}
	f(a)
	return nil
}

func normalized(ctx *expr.Context, form norm.Form, a []byte) ([]byte, error) {
	if len(a) <= pieceBytes {
		return form.Bytes(a), nil
	}
	out := make([]byte, 0, len(a))
	err := normalPieces(ctx, form, a, func(piece []byte) bool {
		out = append(out, form.Bytes(piece)...)
		return ctx.Room(int64(len(out))) == nil
	})
	if err == nil {
		err = ctx.Room(int64(len(out)))
	}
	return out, err
}

func isNormal(ctx *expr.Context, form norm.Form, a []byte) (normal bool, err error) {
	err = normalPieces(ctx, form, a, func(piece []byte) bool {
		normal = form.IsNormal(piece)
		return normal
	})
	return normal, err
}

func normalForm(name []byte) (norm.Form, error) {
	switch strings.ToUpper(string(name)) {
	case "NFC":
		return norm.NFC, nil
	case "NFD":
		return norm.NFD, nil
	case "NFKC":
		return norm.NFKC, nil
	case "NFKD":
		return norm.NFKD, nil
	}
	return 0, sqlError("22023", "invalid normalization form: %s", name)
}

func badEscape() error {
	e := sqlError("42601", "invalid Unicode escape")
	e.Hint = `Unicode escapes must be \XXXX, \+XXXXXX, \uXXXX, or \UXXXXXXXX.`
	return e
}

// unistr replaces escapes; two halves of a surrogate pair follow each other.
func unistr(s string) ([]byte, error) {
	out := make([]byte, 0, len(s))
	high := rune(0)
	for s != "" {
		c, size := rune(s[0]), 1
		if s[0] == '\\' {
			switch {
			case strings.HasPrefix(s, `\\`):
				size = 2
			default:
				var err error
				if c, size, err = unicodeEscape(s); err != nil {
					return nil, err
				}
			}
		}
		escaped := size > 2
		switch {
		case high != 0 && (!escaped || c < 0xdc00 || c > 0xdfff), high == 0 && escaped && c >= 0xdc00 && c <= 0xdfff:
			return nil, sqlError("42601", "invalid Unicode surrogate pair")
		case high != 0:
			out = utf8.AppendRune(out, utf16.DecodeRune(high, c))
			high = 0
		case escaped && c >= 0xd800 && c <= 0xdbff:
			high = c
		case escaped:
			out = utf8.AppendRune(out, c)
		default:
			out = append(out, s[0])
		}
		s = s[size:]
	}
	if high != 0 {
		return nil, sqlError("42601", "invalid Unicode surrogate pair")
	}
	return out, nil
}

func unicodeEscape(s string) (c rune, size int, err error) {
	from, digits := 1, 4
	switch {
	case len(s) > 1 && s[1] == 'u':
		from = 2
	case len(s) > 1 && s[1] == '+':
		from, digits = 2, 6
	case len(s) > 1 && s[1] == 'U':
		from, digits = 2, 8
	}
	if len(s) < from+digits || strings.ContainsAny(s[from:from+digits], "+-_") {
		return 0, 0, badEscape()
	}
	v, err := strconv.ParseUint(s[from:from+digits], 16, 32)
	if err != nil {
		return 0, 0, badEscape()
	}
	if v == 0 || v > utf8.MaxRune {
		return 0, 0, sqlError("22023", "invalid Unicode code point: %04X", v)
	}
	return rune(v), from + digits, nil
}
