package codec

import (
	"encoding/binary"
	"fmt"
)

// AppendUvarint appends v in 1 to 10 bytes of 7 bits each, lowest first.
func AppendUvarint(dst []byte, v uint64) []byte { return binary.AppendUvarint(dst, v) }

// Uvarint reads what AppendUvarint wrote and returns the bytes behind it. The
// error wraps ErrCorrupt.
func Uvarint(src []byte) (v uint64, rest []byte, err error) {
	if len(src) > 0 && src[0] < 0x80 {
		return uint64(src[0]), src[1:], nil
	}
	v, size := binary.Uvarint(src)
	if size <= 0 {
		return 0, src, fmt.Errorf("codec: uvarint: ends too early or exceeds 64 bits: %w", ErrCorrupt)
	}
	return v, src[size:], nil
}

// AppendVarint appends v as the uvarint of its zigzag code.
func AppendVarint(dst []byte, v int64) []byte { return binary.AppendUvarint(dst, zigzag(v)) }

// Varint reads what AppendVarint wrote and returns the bytes behind it. The
// error wraps ErrCorrupt.
func Varint(src []byte) (v int64, rest []byte, err error) {
	u, rest, err := Uvarint(src)
	return unzigzag(u), rest, err
}

// AppendBytes appends the length of v as a uvarint, and v.
func AppendBytes(dst, v []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(v))), v...)
}

// Bytes reads what AppendBytes wrote, aliased to src, and returns the bytes
// behind it. The error wraps ErrCorrupt.
func Bytes(src []byte) (v, rest []byte, err error) {
	size, rest, err := Uvarint(src)
	if err != nil {
		return nil, src, err
	}
	if size > uint64(len(rest)) {
		return nil, src, fmt.Errorf("codec: bytes: %d of %d are there: %w", len(rest), size, ErrCorrupt)
	}
	return rest[:size:size], rest[size:], nil
}
