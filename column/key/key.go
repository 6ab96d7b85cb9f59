// Package key encodes tuples of values so that bytes.Compare orders the encodings as SQL orders the tuples: text by
// bytes, numbers by value, NULL after everything. A series is named by the encoding of its tags; a unique key
// likewise.
package key

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/automatanexus/aegis-db/column"
)

// A value is one marker byte, then its bytes. Text is escaped (00 → 00 FF) and ended by 00 01, which sorts before any
// continuation, so that "a" < "ab" and no tuple is a prefix of another of the same shape.
const (
	present = 0x01
	absent  = 0x02 // NULL sorts last, as in PostgreSQL's ascending order
	escape  = 0x00
	escaped = 0xff
	ended   = 0x01
)

// AppendNull appends an absent value.
func AppendNull(dst []byte) []byte { return append(dst, absent) }

// AppendBytes appends a text or bytea value.
func AppendBytes(dst, v []byte) []byte {
	dst = append(dst, present)
	for {
		i := bytes.IndexByte(v, escape)
		if i < 0 {
			break
		}
		dst = append(append(dst, v[:i]...), escape, escaped)
		v = v[i+1:]
	}
	return append(append(dst, v...), escape, ended)
}

// AppendInt appends an integer, date or timestamp.
func AppendInt(dst []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, present), uint64(v)^1<<63)
}

// AppendFloat appends a float: −0 equals 0, and every NaN is equal and greater than +Inf.
func AppendFloat(dst []byte, v float64) []byte {
	if v == 0 {
		v = 0
	}
	b := math.Float64bits(v)
	switch {
	case v != v:
		b = math.MaxUint64
	case b>>63 == 1:
		b = ^b
	default:
		b |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(append(dst, present), b)
}

// AppendBool appends a boolean; false sorts first.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, present, 1)
	}
	return append(dst, present, 0)
}

// AppendValue appends row i of a vector.
func AppendValue(dst []byte, v *column.Vector, i int) []byte {
	if v.Enc == column.Scaled && !v.IsNull(i) {
		var buf [column.MaxScale + 24]byte
		return AppendNumeric(dst, column.AppendScaled(buf[:0], v.Ints[i], v.Scale))
	}
	f, j := v.At(i)
	if f.Valid != nil && !f.Valid.Get(j) {
		return AppendNull(dst)
	}
	switch f.Type.Physical() {
	case column.PhysBool:
		return AppendBool(dst, f.Bools[j])
	case column.PhysInt:
		return AppendInt(dst, f.Ints[j])
	case column.PhysFloat:
		return AppendFloat(dst, f.Floats[j])
	case column.PhysInterval:
		return AppendInterval(dst, f.Intervals[j])
	}
	text := f.Data[f.Offsets[j]:f.Offsets[j+1]]
	switch f.Type.Kind {
	case column.Numeric:
		return AppendNumeric(dst, text)
	case column.BpChar:
		return AppendBytes(dst, bytes.TrimRight(text, " "))
	case column.JSONB:
		return AppendJSONB(dst, text)
	case column.Array:
		return AppendArray(dst, text, f.Type.Element())
	case column.Record:
		return AppendRecord(dst, text)
	}
	return AppendBytes(dst, text)
}

// Next splits the first value off an encoding. value holds it as scan.SeriesFilter describes: text unescaped (in
// scratch where it had to be), numbers as their 8 ordered bytes, booleans as one byte; nil and null for an absent value.
func Next(src []byte, t column.Type, scratch []byte) (value []byte, null bool, rest []byte, err error) {
	if len(src) == 0 {
		return nil, false, nil, column.Errorf(column.Corrupt, "key: value missing")
	}
	marker, src := src[0], src[1:]
	if marker == absent {
		return nil, true, src, nil
	}
	if marker != present {
		return nil, false, nil, column.Errorf(column.Corrupt, "key: marker byte %#x", marker)
	}
	width := 8
	switch t.Physical() {
	case column.PhysInterval:
		return nil, false, nil, column.Errorf(column.Internal, "key: an interval's key does not hold its parts")
	case column.PhysBytes:
		if t.Physical() == column.PhysBytes && !t.Bytewise() && t.Kind != column.JSON {
			return nil, false, nil, column.Errorf(column.Internal, "key: the key of %s does not hold its text", t)
		}
		return nextBytes(src, scratch)
	case column.PhysBool:
		width = 1
	}
	if len(src) < width {
		return nil, false, nil, column.Errorf(column.Corrupt, "key: %d bytes of %d", len(src), width)
	}
	return src[:width], false, src[width:], nil
}

func nextBytes(src, scratch []byte) (value []byte, null bool, rest []byte, err error) {
	out, from, copied := scratch[:0], 0, false
	for i := 0; ; {
		n := bytes.IndexByte(src[i:], escape)
		if n < 0 || i+n+1 == len(src) {
			return nil, false, nil, column.Errorf(column.Corrupt, "key: text has no end")
		}
		i += n
		switch src[i+1] {
		case ended:
			if !copied {
				return src[:i:i], false, src[i+2:], nil
			}
			return append(out, src[from:i]...), false, src[i+2:], nil
		case escaped:
			out = append(out, src[from:i+1]...)
			copied = true
			i += 2
			from = i
		default:
			return nil, false, nil, column.Errorf(column.Corrupt, "key: escape byte %#x", src[i+1])
		}
	}
}

// Put appends a value as Next gives it to a builder of its type.
func Put(b *column.Builder, value []byte, null bool) {
	switch phys := b.Type().Physical(); {
	case null:
		b.AppendNull()
	case phys == column.PhysInt:
		b.AppendInt(Int(value))
	case phys == column.PhysFloat:
		b.AppendFloat(Float(value))
	case phys == column.PhysBool:
		b.AppendBool(value[0] != 0)
	default:
		b.AppendBytes(value)
	}
}

// Int reads the 8 ordered bytes of an integer value.
func Int(value []byte) int64 { return int64(binary.BigEndian.Uint64(value) ^ 1<<63) }

// Float reads the 8 ordered bytes of a float value.
func Float(value []byte) float64 {
	b := binary.BigEndian.Uint64(value)
	switch {
	case b == math.MaxUint64:
		return math.NaN()
	case b>>63 == 1:
		return math.Float64frombits(b &^ (1 << 63))
	}
	return math.Float64frombits(^b)
}
