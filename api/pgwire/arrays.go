package pgwire

import (
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/array"
	"github.com/automatanexus/aegis-db/column/literal"
)

// The binary form of an array is the number of dimensions, whether there are NULLs, the number of the elements' type, length and
// lower bound of each dimension, and the elements, each behind its length, -1 for NULL.

// array appends the binary form of an encoded array.
func (w *rowWriter) array(out, encoded []byte, elem column.Type) ([]byte, error) {
	a, err := array.Decode(encoded, elem)
	if err != nil {
		return out, err
	}
	be := binary.BigEndian
	nulls := uint32(0)
	if a.Elements.HasNulls() {
		nulls = 1
	}
	out = be.AppendUint32(out, uint32(len(a.Dims)))
	out = be.AppendUint32(out, nulls)
	out = be.AppendUint32(out, uint32(typeOID(elem).oid))
	for _, d := range a.Dims {
		out = be.AppendUint32(be.AppendUint32(out, uint32(d.Len)), uint32(d.Lower))
	}
	for i := range a.Elements.Len {
		at := len(out)
		out = append(out, 0xff, 0xff, 0xff, 0xff)
		if a.Elements.IsNull(i) {
			continue
		}
		if out, err = w.binary(out, a.Elements, i); err != nil {
			return out, err
		}
		be.PutUint32(out[at:], uint32(len(out)-at-4))
	}
	return out, nil
}

func badArray(what string) error {
	return column.SQLErrorf(column.Invalid, "22P03", "incorrect binary data format: %s of an array", what)
}

// decodeArray reads the binary form of an array.
func decodeArray(b *column.Builder, v []byte, t column.Type, opt literal.Options) error {
	be := binary.BigEndian
	elem := t.Element()
	if len(v) < 12 {
		return badArray("the head")
	}
	ndim, number := be.Uint32(v), be.Uint32(v[8:])
	if v = v[12:]; ndim > array.MaxDims || len(v) < int(ndim)*8 {
		return badArray("the dimensions")
	}
	if known := typeOID(elem).oid; number != uint32(known) && !(elem.IsText() && textNumbers[number]) {
		return column.SQLErrorf(column.Invalid, "42804", "wrong element type: array of type %s has elements of the type with OID %d", t, number)
	}
	dims, count := make([]array.Dim, ndim), int64(1)
	for i := range dims {
		dims[i] = array.Dim{Len: int32(be.Uint32(v)), Lower: int32(be.Uint32(v[4:]))}
		v = v[8:]
		if count *= int64(dims[i].Len); dims[i].Len < 0 || count > int64(len(v)) { // an element takes four bytes at least
			return badArray("the dimensions")
		}
	}
	if ndim == 0 || count == 0 {
		dims, count = nil, 0
	}
	elements := column.NewBuilder(elem, int(count))
	for range count {
		if len(v) < 4 {
			return badArray("an element")
		}
		size := int32(be.Uint32(v))
		if v = v[4:]; size < 0 {
			elements.AppendNull()
			continue
		}
		if int(size) > len(v) {
			return badArray("an element")
		}
		if err := decodeBinary(elements, v[:size:size], elem, opt); err != nil {
			return err
		}
		v = v[size:]
	}
	if len(v) > 0 {
		return badArray("the end")
	}
	b.AppendBytes(array.Append(nil, dims, elements.Finish(), 0))
	return b.Err()
}

// decodeClock reads a time of day, with its displacement west of Greenwich for one with a zone.
func decodeClock(b *column.Builder, v []byte, t column.Type) error {
	be := binary.BigEndian
	local := int64(be.Uint64(v))
	if local < 0 || local > literal.MicrosPerDay {
		return column.SQLErrorf(column.Invalid, "22008", "time out of range")
	}
	if t.Kind == column.Time {
		b.AppendInt(local)
		return nil
	}
	west := int(int32(be.Uint32(v[8:])))
	if west > column.MaxTimeTZWest || west < -column.MaxTimeTZWest {
		return column.SQLErrorf(column.Invalid, "22009", "time zone displacement out of range")
	}
	b.AppendInt(column.PackTimeTZ(local, -west))
	return nil
}
