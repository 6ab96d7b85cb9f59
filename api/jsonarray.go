package api

import (
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
)

// appendJSONArray appends an array as nested JSON arrays. Lower bounds are lost.
func appendJSONArray(dst, encoded []byte, elem column.Type, loc *time.Location) []byte {
	a, err := array.Decode(encoded, elem)
	if err != nil || len(a.Dims) == 0 {
		return append(dst, "[]"...)
	}
	next := 0
	var level func(dst []byte, depth int) []byte
	level = func(dst []byte, depth int) []byte {
		dst = append(dst, '[')
		for i := range a.Dims[depth].Len {
			if i > 0 {
				dst = append(dst, ',')
			}
			if depth+1 < len(a.Dims) {
				dst = level(dst, depth+1)
				continue
			}
			dst = appendJSONValue(dst, a.Elements, next, loc)
			next++
		}
		return append(dst, ']')
	}
	return level(dst, 0)
}
