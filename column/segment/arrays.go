package segment

import (
	"fmt"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

// Arrays are stored in PostgreSQL's text form: a Parquet LIST holds neither several dimensions nor lower bounds, which are a value's own
// and not the column's, and every reader can make something of a text.

// stored gives the values as they are written: arrays as text, the rest as it is. v is flat and has no NULLs.
func stored(v *column.Vector) *column.Vector {
	if !v.Type.IsArray() {
		return v
	}
	offsets, data := make([]int32, 1, v.Len+1), make([]byte, 0, len(v.Data))
	for i := range v.Len {
		data = literal.Append(data, v, i, literal.Options{})
		offsets = append(offsets, int32(len(data)))
	}
	return column.NewBytes(v.Type, offsets, data, nil)
}

// arraysOf reads the text forms back.
func arraysOf(texts *column.Vector) (*column.Vector, error) {
	b := column.NewBuilder(texts.Type, texts.Len)
	for i := range texts.Len {
		if err := literal.Parse(b, texts.Type, string(texts.Bytes(i)), literal.Options{}); err != nil {
			return nil, err
		}
	}
	return b.Finish(), nil
}

func decodeUUIDs(b []byte, n int) (*column.Vector, error) {
	if err := short(b, n, uuidBytes); err != nil {
		return nil, err
	}
	offsets := make([]int32, n+1)
	for i := range offsets {
		offsets[i] = int32(i * uuidBytes)
	}
	if len(b) > n*uuidBytes {
		return nil, fmt.Errorf("%d bytes for %d uuids", len(b), n)
	}
	return column.NewBytes(column.T(column.UUID), offsets, b, nil), nil
}
