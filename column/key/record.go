package key

import "github.com/automatanexus/aegis-db/column/record"

// AppendRecord appends an encoded row. Rows compare field by field, NULL being the greatest; where one ends first it is the lesser one.
func AppendRecord(dst, encoded []byte) []byte {
	dst = append(dst, present)
	fields, err := record.Decode(encoded)
	if err != nil { // cannot be: rows do not come from outside
		return AppendBytes(dst, encoded)
	}
	for i := range fields {
		dst = AppendValue(dst, fields[i].Value, 0)
	}
	return append(dst, 0) // below both markers of a value
}
