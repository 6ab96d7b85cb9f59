package pgwire

import (
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column/record"
)

// record appends the binary form of a row: the number of its fields, then for each its type, its length (-1 = NULL) and its value.
func (w *rowWriter) record(out, encoded []byte) ([]byte, error) {
	fields, err := record.Decode(encoded)
	if err != nil {
		return out, err
	}
	be := binary.BigEndian
	out = be.AppendUint32(out, uint32(len(fields)))
	for i := range fields {
		v := fields[i].Value
		out = be.AppendUint32(out, uint32(typeOID(v.Type).oid))
		at := len(out)
		out = append(out, 0xff, 0xff, 0xff, 0xff)
		if v.IsNull(0) {
			continue
		}
		if out, err = w.binary(out, v, 0); err != nil {
			return out, err
		}
		be.PutUint32(out[at:], uint32(len(out)-at-4))
	}
	return out, nil
}
