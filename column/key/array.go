package key

import (
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
)

// AppendArray appends an encoded array. Arrays compare element by element, NULL being the greatest; where one ends first it is the
// lesser one; where all elements are equal, the number of dimensions decides, then their lengths, then their lower bounds.
func AppendArray(dst, encoded []byte, elem column.Type) []byte {
	dst = append(dst, present)
	a, err := array.Decode(encoded, elem)
	if err != nil { // cannot be: whatever comes from outside is checked where it enters
		return AppendBytes(dst, encoded)
	}
	for i := range a.Elements.Len {
		dst = AppendValue(dst, a.Elements, i)
	}
	dst = append(dst, 0, byte(len(a.Dims))) // 0 is below both markers of a value
	for _, d := range a.Dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.Len))
	}
	for _, d := range a.Dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(d.Lower)^1<<31)
	}
	return dst
}
