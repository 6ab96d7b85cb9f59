// Package record encodes rows as values: the values of type record, which have named fields of any types.
//
// A value says itself what its fields are, since the type does not: the number of fields, then for each its name, its type and its value, which is
// encoded as an array of one element. It lives in memory and in temporary files, never in tables.
//
// It must not know how values are written or compared.
package record

import (
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
)

// Field is one field of a row: a flat vector of one row.
type Field struct {
	Name  string
	Value *column.Vector
}

// IsNull reports a field without a value.
func (f *Field) IsNull() bool { return f.Value.IsNull(0) }

// Append encodes row i of some vectors of any encoding as a row whose fields have such names.
func Append(dst []byte, names []string, values []*column.Vector, i int) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(values)))
	var one []byte
	for k, v := range values {
		dst = append(binary.AppendUvarint(dst, uint64(len(names[k]))), names[k]...)
		dst = append(dst, byte(v.Type.Kind), byte(v.Type.Elem))
		if v.IsNull(i) {
			dst = append(dst, 0)
			continue
		}
		if v.Enc == column.Scaled {
			one = array.Append(one[:0], array.OneDim(1), column.Flatten(v.Slice(i, i+1)), 0)
		} else {
			f, j := v.At(i)
			one = array.Append(one[:0], array.OneDim(1), f, j)
		}
		dst = append(binary.AppendUvarint(dst, uint64(len(one))), one...)
	}
	return dst
}

var errDamaged = column.Errorf(column.Corrupt, "record: damaged value")

// Decode takes a row apart.
func Decode(b []byte) ([]Field, error) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)) {
		return nil, errDamaged
	}
	b = b[k:]
	out := make([]Field, n)
	for i := range out {
		name, rest, ok := cut(b)
		if !ok || len(rest) < 2 {
			return nil, errDamaged
		}
		t := column.Type{Kind: column.Kind(rest[0]), Elem: column.Kind(rest[1])}
		value, rest, ok := cut(rest[2:])
		if !ok || !t.Valid() {
			return nil, errDamaged
		}
		b, out[i].Name = rest, string(name)
		if len(value) == 0 {
			out[i].Value = column.Flatten(column.NewNull(t, 1))
			continue
		}
		a, err := array.Decode(value, t)
		if err != nil || a.Elements.Len != 1 {
			return nil, errDamaged
		}
		out[i].Value = a.Elements
	}
	return out, nil
}

// cut splits what has its length before it from the rest.
func cut(b []byte) (value, rest []byte, ok bool) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)-k) {
		return nil, nil, false
	}
	return b[k : k+int(n)], b[k+int(n):], true
}
