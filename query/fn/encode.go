package fn

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

func addEncodings(r *Registry) {
	r.add(
		scalar{name: "pg_client_encoding", result: tText, safe: true, stable: true, doc: "the encoding of texts", kernel: func(_ *expr.Context, _ []*column.Vector, n int) (*column.Vector, error) {
			return column.NewConst(column.NewStrings("UTF8"), 0, n), nil
		}},
		scalar{name: "encode", args: types(tBytea, tText), result: tText, doc: "bytes as text: base64, hex, escape", kernel: kernel2(tText, readBytes, readBytes, writeBytes, encode)},
		scalar{name: "decode", args: types(tText, tText), result: tBytea, doc: "text as bytes: base64, hex, escape", kernel: kernel2(tBytea, readBytes, readBytes, writeBytes, decode)},
		scalar{name: "convert_from", args: types(tBytea, tText), result: tText, doc: "text from its bytes in an encoding: UTF8, LATIN1, WIN1252, …", kernel: kernel2(tText, readBytes, readBytes, writeBytes, func(ctx *expr.Context, a, name []byte) ([]byte, error) {
			return fromEncoding(ctx, a, string(name), "source")
		})},
		scalar{name: "convert_to", args: types(tText, tText), result: tBytea, doc: "bytes of a text in an encoding: UTF8, LATIN1, WIN1252, …", kernel: kernel2(tBytea, readBytes, readBytes, writeBytes, func(ctx *expr.Context, a, name []byte) ([]byte, error) {
			return toEncoding(ctx, a, string(name))
		})},
		scalar{name: "convert", args: types(tBytea, tText, tText), result: tBytea, doc: "bytes of a text from one encoding to another", kernel: kernel3(tBytea, readBytes, readBytes, readBytes, writeBytes, func(ctx *expr.Context, a, from, to []byte) ([]byte, error) {
			text, err := fromEncoding(ctx, a, string(from), "source")
			if err != nil {
				return nil, err
			}
			return toEncoding(ctx, text, string(to))
		})},
		scalar{name: "length", args: types(tBytea, tText), result: tInt4, doc: "number of characters of bytes in an encoding", kernel: kernel2(tInt4, readBytes, readBytes, writeInt, func(ctx *expr.Context, a, name []byte) (int64, error) {
			text, err := fromEncoding(ctx, a, string(name), "")
			return int64(utf8.RuneCount(text)), err
		})},
	)
}

func encode(ctx *expr.Context, a, format []byte) ([]byte, error) {
	var part func(dst, piece []byte) []byte
	size := 2 * len(a)
	switch strings.ToLower(string(format)) {
	case "hex":
		part = hex.AppendEncode
	case "base64":
		return encodeBase64(ctx, a)
	case "escape":
		size = len(a)
		part = appendEscaped
	default:
		return nil, sqlError("22023", "unrecognized encoding: \"%s\"", format)
	}
	if err := ctx.Room(int64(size)); err != nil {
		return nil, err
	}
	out := make([]byte, 0, size)
	err := inPieces(ctx, a, func(piece []byte) error {
		out = part(out, piece)
		return nil
	})
	return out, err
}

func appendEscaped(dst, a []byte) []byte {
	for _, c := range a {
		switch {
		case c == 0 || c >= 0x80:
			dst = append(dst, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		case c == '\\':
			dst = append(dst, '\\', '\\')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// encodeBase64 makes lines as in MIME, PostgreSQL's way.
func encodeBase64(ctx *expr.Context, a []byte) ([]byte, error) {
	const line = 76 / 4 * 3
	size := base64.StdEncoding.EncodedLen(len(a)) + len(a)/line
	if err := ctx.Room(int64(size)); err != nil {
		return nil, err
	}
	out := make([]byte, 0, size)
	for len(a) > line {
		out = append(base64.StdEncoding.AppendEncode(out, a[:line]), '\n')
		a = a[line:]
		if err := ctx.Work(line); err != nil {
			return nil, err
		}
	}
	return base64.StdEncoding.AppendEncode(out, a), nil
}

func decode(ctx *expr.Context, a, format []byte) ([]byte, error) {
	switch strings.ToLower(string(format)) {
	case "hex":
		return literal.ParseBytea("\\x" + string(a))
	case "base64":
		return decodeBase64(ctx, a)
	case "escape":
		if len(a) > 1 && a[0] == '\\' && a[1] == 'x' { // not the sign of hexadecimal here
			return nil, sqlError("22P02", "invalid input syntax for type bytea")
		}
		return literal.ParseBytea(string(a))
	}
	return nil, sqlError("22023", "unrecognized encoding: \"%s\"", format)
}

// decodeBase64 skips white space and tells what is wrong as PostgreSQL does.
func decodeBase64(ctx *expr.Context, a []byte) ([]byte, error) {
	out := make([]byte, 0, len(a)/4*3)
	group, n, end := uint32(0), 0, 0
	for i := 0; i < len(a); i++ {
		if i&0xffff == 0xffff {
			if err := ctx.Work(pieceBytes); err != nil {
				return nil, err
			}
		}
		c := a[i]
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			continue
		}
		v := uint32(0)
		if c == '=' {
			if end == 0 {
				switch n {
				case 2:
					end = 1
				case 3:
					end = 2
				default:
					return nil, sqlError("22023", "unexpected \"=\" while decoding base64 sequence")
				}
			}
		} else {
			k := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", c)
			if k < 0 {
				r, _ := utf8.DecodeRune(a[i:])
				return nil, sqlError("22023", "invalid symbol \"%c\" found while decoding base64 sequence", r)
			}
			v = uint32(k)
		}
		group = group<<6 | v
		if n++; n == 4 {
			out = append(out, byte(group>>16))
			if end == 0 || end > 1 {
				out = append(out, byte(group>>8))
			}
			if end == 0 || end > 2 {
				out = append(out, byte(group))
			}
			group, n = 0, 0
		}
	}
	if n != 0 {
		e := sqlError("22023", "invalid base64 end sequence")
		e.Hint = "Input data is missing padding, is truncated, or is otherwise corrupted."
		return nil, e
	}
	return out, nil
}

// charsets are the encodings of one byte a character, by PostgreSQL's names without - and _.
var charsets = map[string]encoding.Encoding{
	"latin1": charmap.ISO8859_1, "latin2": charmap.ISO8859_2, "latin3": charmap.ISO8859_3, "latin4": charmap.ISO8859_4, "latin5": charmap.ISO8859_9,
	"latin6": charmap.ISO8859_10, "latin7": charmap.ISO8859_13, "latin8": charmap.ISO8859_14, "latin9": charmap.ISO8859_15, "latin10": charmap.ISO8859_16,
	"iso88591": charmap.ISO8859_1, "iso88592": charmap.ISO8859_2, "iso88593": charmap.ISO8859_3, "iso88594": charmap.ISO8859_4,
	"iso88595": charmap.ISO8859_5, "iso88596": charmap.ISO8859_6, "iso88597": charmap.ISO8859_7, "iso88598": charmap.ISO8859_8, "iso88599": charmap.ISO8859_9,
	"win1250": charmap.Windows1250, "win1251": charmap.Windows1251, "win1252": charmap.Windows1252, "win1253": charmap.Windows1253,
	"win1254": charmap.Windows1254, "win1255": charmap.Windows1255, "win1256": charmap.Windows1256, "win1257": charmap.Windows1257,
	"win1258": charmap.Windows1258, "win866": charmap.CodePage866, "win874": charmap.Windows874, "koi8r": charmap.KOI8R, "koi8u": charmap.KOI8U,
}

// multibyte are encodings PostgreSQL knows and Aegis does not.
var multibyte = wordSet("eucjp euccn euckr euctw eucjis2004 muleinternal sjis shiftjis shiftjis2004 big5 gbk gb18030 uhc johab sqlascii mskanji")

// charset gives nil for UTF-8. kind is "source" or "destination".
func charset(name, kind string) (encoding.Encoding, error) {
	clean := strings.Map(func(c rune) rune {
		if c == '-' || c == '_' || c == ' ' {
			return -1
		}
		return c
	}, strings.ToLower(name))
	if clean == "utf8" || clean == "unicode" {
		return nil, nil
	}
	if e, ok := charsets[strings.Replace(clean, "windows", "win", 1)]; ok {
		return e, nil
	}
	if multibyte[clean] {
		return nil, column.SQLErrorf(column.Unsupported, "0A000", "encoding \"%s\" is not supported", name)
	}
	if kind == "" {
		return nil, sqlError("22023", "invalid encoding name \"%s\"", name)
	}
	return nil, sqlError("22023", "invalid %s encoding name \"%s\"", kind, name)
}

func fromEncoding(ctx *expr.Context, a []byte, name, kind string) ([]byte, error) {
	e, err := charset(name, kind)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return a, checkUTF8(a)
	}
	decoder := e.NewDecoder()
	out, err := byPieces(ctx, a, func(piece []byte) []byte {
		text, failed := decoder.Bytes(piece)
		if failed != nil {
			err = failed
		}
		return text
	})
	if ended := ctx.Interrupted(); ended != nil {
		return nil, ended
	}
	if err != nil {
		return nil, sqlError("22021", "invalid byte sequence for encoding \"%s\"", strings.ToUpper(name))
	}
	for i, c := range a {
		if i&0xffff == 0xffff {
			if err := ctx.Work(pieceBytes); err != nil {
				return nil, err
			}
		}
		if c == 0 {
			return nil, sqlError("22021", "invalid byte sequence for encoding \"%s\": 0x00", strings.ToUpper(name))
		}
		if c < 0x80 {
			continue
		}
		if r, _ := decoder.Bytes(a[i : i+1]); string(r) == "\ufffd" {
			return nil, sqlError("22P05", "character with byte sequence 0x%02x in encoding \"%s\" has no equivalent in encoding \"UTF8\"", c, strings.ToUpper(name))
		}
	}
	return out, nil
}

func checkUTF8(a []byte) error {
	for i := 0; i < len(a); {
		c, size := utf8.DecodeRune(a[i:])
		if c == utf8.RuneError && size <= 1 || c == 0 {
			end := i + 1
			if want := sequenceLength(a[i]); want > 1 {
				end = min(len(a), i+want)
			}
			seq := make([]string, 0, 4)
			for _, b := range a[i:end] {
				seq = append(seq, "0x"+hex.EncodeToString([]byte{b}))
			}
			return sqlError("22021", "invalid byte sequence for encoding \"UTF8\": %s", strings.Join(seq, " "))
		}
		i += size
	}
	return nil
}

// sequenceLength is how many bytes the first one of a character says it has.
func sequenceLength(c byte) int {
	switch {
	case c&0xe0 == 0xc0:
		return 2
	case c&0xf0 == 0xe0:
		return 3
	case c&0xf8 == 0xf0:
		return 4
	}
	return 1
}

func toEncoding(ctx *expr.Context, a []byte, name string) ([]byte, error) {
	e, err := charset(name, "destination")
	if err != nil || e == nil {
		return a, err
	}
	out := make([]byte, 0, len(a))
	enc := e.NewEncoder()
	for i, look := 0, pieceBytes; i < len(a); {
		if i >= look {
			look = i + pieceBytes
			if err := ctx.Work(pieceBytes * 4); err != nil { // the slowest of all
				return nil, err
			}
		}
		_, size := utf8.DecodeRune(a[i:])
		b, err := enc.Bytes(a[i : i+size])
		if err != nil {
			seq := make([]string, size)
			for k := range seq {
				seq[k] = "0x" + hex.EncodeToString(a[i+k:i+k+1])
			}
			return nil, sqlError("22P05", "character with byte sequence %s in encoding \"UTF8\" has no equivalent in encoding \"%s\"", strings.Join(seq, " "), strings.ToUpper(name))
		}
		out = append(out, b...)
		i += size
	}
	return out, nil
}
