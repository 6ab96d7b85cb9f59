package fn

import (
	"hash"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/query/expr"
)

// pieceBytes is how much of a long text is worked on between two looks at cancellation.
const pieceBytes = 64 << 10

// inPieces calls f with the parts of a text, one after the other. They end where characters do.
func inPieces(ctx *expr.Context, a []byte, f func(piece []byte) error) error {
	for len(a) > pieceBytes {
		n := pieceBytes
		for n > pieceBytes-utf8.UTFMax && !utf8.RuneStart(a[n]) {
			n--
		}
		if err := f(a[:n]); err != nil {
			return err
		}
		if err := ctx.Work(n); err != nil {
			return err
		}
		a = a[n:]
	}
	return f(a)
}

// byPieces is f of a text, for functions that make of a text what they make of its characters.
func byPieces(ctx *expr.Context, a []byte, f func(piece []byte) []byte) ([]byte, error) {
	if len(a) <= pieceBytes {
		return f(a), nil
	}
	if err := ctx.Room(int64(len(a))); err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(a)+len(a)/16)
	err := inPieces(ctx, a, func(piece []byte) error {
		out = append(out, f(piece)...)
		return nil
	})
	return out, err
}

// summed is a hash of bytes.
func summed(ctx *expr.Context, h hash.Hash, a []byte) ([]byte, error) {
	err := inPieces(ctx, a, func(piece []byte) error {
		_, err := h.Write(piece)
		return err
	})
	return h.Sum(nil), err
}

// replaced is a text with each occurrence of another replaced by a third.
func replaced(ctx *expr.Context, a, from, to []byte) ([]byte, error) {
	if len(from) == 0 {
		return a, nil
	}
	count := int64(0)
	for at := 0; ; count++ {
		i, err := findBytes(ctx, a[at:], from)
		if err != nil {
			return nil, err
		}
		if i < 0 {
			break
		}
		at += i + len(from)
	}
	if count == 0 {
		return a, nil
	}
	size := int64(len(a)) + count*int64(len(to)-len(from))
	if size > maxText {
		return nil, errTooLong
	}
	if err := ctx.Room(size); err != nil {
		return nil, err
	}
	out := make([]byte, 0, size)
	for {
		i, err := findBytes(ctx, a, from)
		if err != nil {
			return nil, err
		}
		if i < 0 {
			return append(out, a...), nil
		}
		out = append(append(out, a[:i]...), to...)
		if err := ctx.Work(i + len(to)); err != nil {
			return nil, err
		}
		a = a[i+len(from):]
	}
}
