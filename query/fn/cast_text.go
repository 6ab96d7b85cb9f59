package fn

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query/expr"
)

// strings are the types of texts. Whatever has a text form may be assigned to them, and be made of them where that is asked for.
var stringTypes = []column.Type{tText, tVarchar, tBpChar, tName}

func addTextCasts(r *Registry) {
	for _, s := range stringTypes[1:] {
		for _, t := range every {
			if category(t) == 'S' {
				continue
			}
			c := r.casts[castKey{t, tText}]
			r.addCast(t, s, c.how, true, c.fn.Stable, viaText(c.fn.Kernel, s))
			c = r.casts[castKey{tText, t}]
			r.addCast(s, t, c.how, false, c.fn.Stable, c.fn.Kernel)
		}
	}
	cut := kernel1(tName, readBytes, writeString, func(_ *expr.Context, a []byte) (string, error) { return literal.CutName(string(a)), nil })
	for _, to := range []struct {
		from, to column.Type
		how      CastContext
		kernel   Kernel
	}{
		{tText, tVarchar, Implicit, relabel(tVarchar)},
		{tText, tBpChar, Implicit, relabel(tBpChar)},
		{tText, tName, Implicit, cut},
		{tVarchar, tText, Implicit, relabel(tText)},
		{tVarchar, tBpChar, Implicit, relabel(tBpChar)},
		{tVarchar, tName, Implicit, cut},
		{tBpChar, tText, Implicit, unpadded(tText)},
		{tBpChar, tVarchar, Implicit, unpadded(tVarchar)},
		{tBpChar, tName, Implicit, kernel1(tName, readBytes, writeString, func(_ *expr.Context, a []byte) (string, error) {
			return literal.CutName(string(bytes.TrimRight(a, " "))), nil
		})},
		{tName, tText, Implicit, relabel(tText)},
		{tName, tVarchar, Assignment, relabel(tVarchar)},
		{tName, tBpChar, Assignment, relabel(tBpChar)},
		{tChar, tText, Implicit, toText(tChar)},
		{tChar, tInt4, Explicit, kernel1(tInt4, readBytes, writeInt, func(_ *expr.Context, a []byte) (int64, error) {
			if len(a) == 0 {
				return 0, nil
			}
			return int64(int8(a[0])), nil
		})},
		{tText, tChar, Assignment, firstByte},
		{tVarchar, tChar, Assignment, firstByte},
		{tBpChar, tChar, Assignment, firstByte},
	} {
		r.addCast(to.from, to.to, to.how, true, false, to.kernel)
	}
	r.addCast(tInt4, tChar, Explicit, false, false, kernel1(tChar, readInt, writeBytes, func(_ *expr.Context, a int64) ([]byte, error) {
		switch {
		case a < -128 || a > 127:
			return nil, sqlError("22003", "\"char\" out of range")
		case a == 0:
			return nil, nil
		}
		return []byte{byte(a)}, nil
	}))
	r.addCast(tBool, tName, Assignment, true, false, kernel1(tName, readBool, writeBytes, func(_ *expr.Context, a bool) ([]byte, error) {
		return literal.AppendBool(nil, a), nil // only text, varchar and character say true and false
	}))
	addPadded(r)
}

// addPadded adds what takes character and name as they are, blanks and all.
func addPadded(r *Registry) {
	count := func(f func(a []byte) int) Kernel {
		return kernel1(tInt4, readBytes, writeInt, func(_ *expr.Context, a []byte) (int64, error) { return int64(f(a)), nil })
	}
	trimmedLength := func(a []byte) int { return utf8.RuneCount(bytes.TrimRight(a, " ")) }
	for _, name := range []string{"length", "char_length", "character_length"} {
		r.add(scalar{name: name, args: types(tBpChar), result: tInt4, safe: true, doc: "number of characters, but for blanks at the end", kernel: count(trimmedLength)})
	}
	r.add(scalar{name: "octet_length", args: types(tBpChar), result: tInt4, safe: true, doc: "number of bytes", kernel: count(func(a []byte) int { return len(a) })})
	for _, op := range []string{"~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*"} {
		if f := exact(r.infix[op], types(tText, tText)); f != nil {
			for _, t := range []column.Type{tBpChar, tName} {
				padded := *f
				padded.Args = types(t, tText)
				r.infix[op] = append(r.infix[op], &padded)
			}
		}
	}
}

// viaText makes a cast to a type of texts of the one to text.
func viaText(k Kernel, to column.Type) Kernel {
	return func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		v, err := k(ctx, args, n)
		if err != nil {
			return nil, err
		}
		out, err := relabel(to)(ctx, []*column.Vector{v}, n)
		if err != nil || to != tName {
			return out, err
		}
		return kernel1(tName, readBytes, writeString, func(_ *expr.Context, a []byte) (string, error) { return literal.CutName(string(a)), nil })(ctx, []*column.Vector{out}, n)
	}
}

// unpadded drops the blanks at the end, which do not count in character.
func unpadded(to column.Type) Kernel {
	return kernel1(to, readBytes, writeBytes, func(_ *expr.Context, a []byte) ([]byte, error) { return bytes.TrimRight(a, " "), nil })
}

func firstByte(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	return kernel1(tChar, readBytes, writeBytes, func(_ *expr.Context, a []byte) ([]byte, error) {
		if len(a) == 4 && a[0] == '\\' {
			if v, err := strconv.ParseUint(string(a[1:]), 8, 9); err == nil {
				return []byte{byte(v)}, nil
			}
		}
		return a[:min(1, len(a))], nil
	})(ctx, args, n)
}
