package fn

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"math/bits"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addBinaries adds the functions of bytea.
func addBinaries(r *Registry) {
	digest := func(name, doc string, f func() hash.Hash) scalar {
		return scalar{name: name, args: types(tBytea), result: tBytea, safe: true, doc: doc, kernel: kernel1(tBytea, readBytes, writeBytes, func(ctx *expr.Context, a []byte) ([]byte, error) { return summed(ctx, f(), a) })}
	}
	r.add(
		digest("sha224", "SHA-224", sha256.New224),
		digest("sha256", "SHA-256", sha256.New),
		digest("sha384", "SHA-384", sha512.New384),
		digest("sha512", "SHA-512", sha512.New),
		scalar{name: "bit_length", args: types(tBytea), result: tInt4, safe: true, doc: "number of bits", kernel: kernel1(tInt4, readBytes, writeInt, func(_ *expr.Context, a []byte) (int64, error) { return 8 * int64(len(a)), nil })},
		scalar{name: "bit_count", args: types(tBytea), result: tInt8, safe: true, doc: "number of bits that are set", kernel: kernel1(tInt8, readBytes, writeInt, func(_ *expr.Context, a []byte) (int64, error) {
			n := 0
			for _, c := range a {
				n += bits.OnesCount8(c)
			}
			return int64(n), nil
		})},
		scalar{name: "position", args: types(tBytea, tBytea), result: tInt4, safe: true, doc: "place of a part, 0 if it is not there", kernel: bytePosition},
		scalar{name: "get_byte", args: types(tBytea, tInt4), result: tInt4, doc: "byte n, from 0", kernel: kernel2(tInt4, readBytes, readInt, writeInt, func(_ *expr.Context, a []byte, i int64) (int64, error) {
			if err := within(i, int64(len(a))); err != nil {
				return 0, err
			}
			return int64(a[i]), nil
		})},
		scalar{name: "set_byte", args: types(tBytea, tInt4, tInt4), result: tBytea, doc: "with byte n, from 0, set", kernel: kernel3(tBytea, readBytes, readInt, readInt, writeBytes, func(_ *expr.Context, a []byte, i, v int64) ([]byte, error) {
			if err := within(i, int64(len(a))); err != nil {
				return nil, err
			}
			out := bytes.Clone(a)
			out[i] = byte(v)
			return out, nil
		})},
		scalar{name: "get_bit", args: types(tBytea, tInt8), result: tInt4, doc: "bit n, from 0, the lowest of a byte first", kernel: kernel2(tInt4, readBytes, readInt, writeInt, func(_ *expr.Context, a []byte, i int64) (int64, error) {
			if err := within(i, 8*int64(len(a))); err != nil {
				return 0, err
			}
			return int64(a[i/8] >> (i % 8) & 1), nil
		})},
		scalar{name: "set_bit", args: types(tBytea, tInt8, tInt4), result: tBytea, doc: "with bit n, from 0, set", kernel: kernel3(tBytea, readBytes, readInt, readInt, writeBytes, func(_ *expr.Context, a []byte, i, v int64) ([]byte, error) {
			if err := within(i, 8*int64(len(a))); err != nil {
				return nil, err
			}
			if v != 0 && v != 1 {
				return nil, sqlError("22023", "new bit must be 0 or 1")
			}
			out := bytes.Clone(a)
			out[i/8] = out[i/8]&^(1<<(i%8)) | byte(v<<(i%8))
			return out, nil
		})},
		scalar{name: "overlay", args: types(tBytea, tBytea, tInt4), result: tBytea, doc: "the second value in place of as many bytes of the first, from byte n on", kernel: overlayBytes},
		scalar{name: "overlay", args: types(tBytea, tBytea, tInt4, tInt4), result: tBytea, doc: "the second value in place of so many bytes of the first, from byte n on", kernel: overlayBytes},
	)
	for _, name := range []string{"substring", "substr"} {
		r.add(
			scalar{name: name, args: types(tBytea, tInt4), result: tBytea, safe: true, doc: "from byte n on", kernel: kernel2(tBytea, readBytes, readInt, writeBytes, func(_ *expr.Context, a []byte, from int64) ([]byte, error) {
				return a[min(max(0, from-1), int64(len(a))):], nil
			})},
			scalar{name: name, args: types(tBytea, tInt4, tInt4), result: tBytea, doc: "so many bytes from byte n on", kernel: kernel3(tBytea, readBytes, readInt, readInt, writeBytes, func(_ *expr.Context, a []byte, from, count int64) ([]byte, error) {
				if count < 0 {
					return nil, sqlError("22011", "negative substring length not allowed")
				}
				end := min(max(0, from-1+count), int64(len(a)))
				return a[min(max(0, from-1), end):end], nil
			})},
		)
	}
	for _, trim := range []struct {
		name        string
		left, right bool
	}{{"btrim", true, true}, {"ltrim", true, false}, {"rtrim", false, true}} {
		r.add(scalar{name: trim.name, args: types(tBytea, tBytea), result: tBytea, safe: true, doc: "without the bytes listed at its ends", kernel: kernel2(tBytea, readBytes, readBytes, writeBytes, func(_ *expr.Context, a, set []byte) ([]byte, error) {
			for trim.left && len(a) > 0 && bytes.IndexByte(set, a[0]) >= 0 {
				a = a[1:]
			}
			for trim.right && len(a) > 0 && bytes.IndexByte(set, a[len(a)-1]) >= 0 {
				a = a[:len(a)-1]
			}
			return a, nil
		})})
	}
}

func within(i, n int64) error {
	if i < 0 || i >= n {
		return sqlError("2202E", "index %d out of valid range, 0..%d", i, n-1)
	}
	return nil
}

var bytePosition = kernel2(tInt4, readBytes, readBytes, writeInt, func(_ *expr.Context, a, part []byte) (int64, error) { return int64(bytes.Index(a, part)) + 1, nil })

func overlayBytes(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	a, with, from := textsOf(args[0]), textsOf(args[1]), readInt(args[2])
	return eachRow(ctx, tBytea, writeBytes, n, func(i int) ([]byte, error) {
		count := int64(len(with.at(i)))
		if len(args) > 3 {
			count = readInt(args[3])(i)
		}
		at := from(i) - 1
		if at < 0 {
			return nil, sqlError("22011", "negative substring length not allowed")
		}
		if at+count > 1<<31-2 {
			return nil, sqlError("22003", "integer out of range")
		}
		value := a.at(i)
		size := int64(len(value))
		out := append([]byte(nil), value[:min(at, size)]...)
		out = append(out, with.at(i)...)
		return append(out, value[min(max(0, at+count), size):]...), nil
	})
}
