package pgwire

import (
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/delimited"
)

// nextBinary reads the header of binary data, or one row.
func (in *copyIn) nextBinary(data []byte) (int, error) {
	be := binary.BigEndian
	if !in.begun {
		n := len(copySignature) + 8
		if len(data) < n {
			return 0, delimited.ErrMore
		}
		if string(data[:len(copySignature)]) != copySignature {
			return 0, column.SQLErrorf(column.Invalid, "22P04", "COPY file signature not recognized")
		}
		if flags := be.Uint32(data[len(copySignature):]); flags != 0 {
			return 0, column.SQLErrorf(column.Invalid, "22P04", "unrecognized critical flags in COPY file header")
		}
		extension := int64(be.Uint32(data[n-4:]))
		if extension > 1<<20 {
			return 0, column.SQLErrorf(column.Invalid, "22P04", "invalid COPY file header (wrong length)")
		}
		if n += int(extension); len(data) < n {
			return 0, delimited.ErrMore
		}
		in.begun = true
		return n, nil
	}
	if len(data) < 2 {
		return 0, delimited.ErrMore
	}
	count, n := int(int16(be.Uint16(data))), 2
	if count == -1 {
		in.ended = true
		return n, nil
	}
	if count != len(in.builders) {
		return 0, column.SQLErrorf(column.Invalid, "22P04", "row field count is %d, expected %d", count, len(in.builders))
	}
	in.binary = in.binary[:0]
	for range count {
		if len(data) < n+4 {
			return 0, delimited.ErrMore
		}
		size := int64(int32(be.Uint32(data[n:])))
		n += 4
		switch {
		case size == -1:
			in.binary = append(in.binary, delimited.Field{Null: true})
			continue
		case size < 0:
			return 0, column.SQLErrorf(column.Invalid, "22P04", "invalid field size")
		case int64(len(data)) < int64(n)+size:
			return 0, delimited.ErrMore
		}
		in.binary = append(in.binary, delimited.Field{Value: data[n : n+int(size)]})
		n += int(size)
	}
	in.line++
	return n, in.add(in.binary)
}
