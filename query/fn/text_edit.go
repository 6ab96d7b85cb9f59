package fn

import (
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// addEdits adds overlay, whose call with keywords the parser writes as one with three or four arguments.
func addEdits(r *Registry) {
	r.add(
		scalar{
			name: "overlay", args: types(tText, tText, tInt4), result: tText, doc: "the second text in place of as many characters of the first, from character n on",
			kernel: kernel3(tText, readBytes, readBytes, readInt, writeBytes, func(_ *expr.Context, a, with []byte, from int64) ([]byte, error) {
				return overlay(a, with, from, int64(utf8.RuneCount(with)))
			}),
		},
		scalar{
			name: "overlay", args: types(tText, tText, tInt4, tInt4), result: tText, doc: "the second text in place of so many characters of the first, from character n on",
			kernel: func(ctx *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
				a, with, from, count := readBytes(args[0]), readBytes(args[1]), readInt(args[2]), readInt(args[3])
				return eachRow(ctx, tText, writeBytes, n, func(i int) ([]byte, error) { return overlay(a(i), with(i), from(i), count(i)) })
			},
		},
	)
}

// overlay replaces count characters from character from on.
func overlay(a, with []byte, from, count int64) ([]byte, error) {
	if from <= 0 {
		return nil, sqlError("22011", "negative substring length not allowed")
	}
	out := append([]byte(nil), a[:prefixLen(a, from-1)]...)
	out = append(out, with...)
	return append(out, a[prefixLen(a, max(0, from-1+count)):]...), nil
}
