package fn

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/expr"
)

// textLengths counts the characters of texts. Where all texts of a batch are ASCII, which one look at their bytes says, these are as many as bytes.
func textLengths(_ *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
	v := args[0]
	if v.Enc == column.Const {
		return column.NewConst(column.NewInts(tInt4, []int64{int64(utf8.RuneCount(v.Child.Bytes(0)))}, nil), 0, n), nil
	}
	out, offsets := make([]int64, n), v.Offsets[:n+1]
	if ascii(v.Data[offsets[0]:offsets[n]]) {
		for i := range out {
			out[i] = int64(offsets[i+1] - offsets[i])
		}
		return column.NewInts(tInt4, out, nil), nil
	}
	for i := range out {
		out[i] = int64(utf8.RuneCount(v.Data[offsets[i]:offsets[i+1]]))
	}
	return column.NewInts(tInt4, out, nil), nil
}

// ascii reports bytes of which none is above 127.
func ascii(b []byte) bool {
	for len(b) >= 64 {
		bits := uint64(0)
		for k := 0; k < 64; k += 8 {
			bits |= binary.LittleEndian.Uint64(b[k:])
		}
		if bits&0x8080808080808080 != 0 {
			return false
		}
		b = b[64:]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
