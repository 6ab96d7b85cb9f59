package wal

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/klauspost/compress/s2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/codec"
	"github.com/automatanexus/aegis-db/meta"
)

// Encodings of a column block, as stored.
const (
	encInts   = 1 // codec.AppendInts
	encFloats = 2 // codec.AppendFloats
	encRaw    = 3 // floats as 8 bytes each, little-endian
	encBits   = 4 // booleans, 8 to a byte
	encBytes  = 5 // lengths, then contents, perhaps compressed
	encSpans  = 6 // intervals: three integer blocks
)

// flagNulls says that a bitmap of the rows that have a value precedes the values.
const flagNulls = 0x80

// EncodeTable makes the part of a record that does not depend on the file it goes to, so that it can be made outside of any
// lock. It refuses what the format's limits exclude.
func EncodeTable(ctx context.Context, dst []byte, t *Table) ([]byte, error) {
	if t.Rows <= 0 || t.Rows > MaxRows || len(t.Refs) != 1 && len(t.Refs) != t.Rows {
		return dst, column.Errorf(column.Limit, "a commit holds 1 to %d rows of a table, not %d", MaxRows, t.Rows)
	}
	dst = binary.AppendUvarint(dst, uint64(t.Database))
	dst = binary.AppendUvarint(dst, uint64(t.SchemaVersion))
	dst = binary.AppendUvarint(dst, uint64(t.Rows))
	dst = appendRefs(dst, t.Refs)
	dst = binary.AppendUvarint(dst, uint64(len(t.Columns)))
	for _, c := range t.Columns {
		if ctx.Err() != nil {
			return dst, column.Errorf(column.Cancelled, "encode rows: %w", context.Cause(ctx))
		}
		dst = binary.AppendUvarint(dst, uint64(c.ID))
		dst = append(dst, byte(c.Vector.Type.Kind))
		if c.Vector.Type.IsArray() {
			dst = append(dst, byte(c.Vector.Type.Elem))
		}
		dst = appendBlock(dst, c.Vector, len(t.Refs) > 1)
	}
	return dst, nil
}

func appendRefs(dst []byte, refs []uint32) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(refs)))
	wide := make([]int64, len(refs))
	for i, r := range refs {
		wide[i] = int64(r)
	}
	return appendSized(dst, func(dst []byte) []byte { return codec.AppendInts(dst, wide) })
}

// appendSized writes what add appends, after its length in four bytes: the length is not known before.
func appendSized(dst []byte, add func([]byte) []byte) []byte {
	at := len(dst)
	dst = add(append(dst, 0, 0, 0, 0))
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

func appendBlock(dst []byte, v *column.Vector, mixed bool) []byte {
	valid := v.Valid
	n := valid.Count(v.Len)
	flag := byte(0)
	if n != v.Len {
		flag = flagNulls
	}
	at := len(dst)
	dst = append(dst, 0)
	if flag != 0 {
		dst = appendBits(dst, v.Len, valid.Get)
	}
	enc := byte(0)
	dst = appendSized(dst, func(dst []byte) []byte {
		dst, enc = appendValues(dst, v, n, mixed)
		return dst
	})
	dst[at] = enc | flag
	return dst
}

func appendBits(dst []byte, n int, get func(int) bool) []byte {
	for i := 0; i < n; i += 8 {
		var b byte
		for j := i; j < min(i+8, n); j++ {
			if get(j) {
				b |= 1 << (j & 7)
			}
		}
		dst = append(dst, b)
	}
	return dst
}

// present gives the values that are not NULL: src itself where there is no NULL.
func present[T any](src []T, valid column.Bitmap, n int) []T {
	if n == len(src) {
		return src
	}
	out := make([]T, 0, n)
	for i, x := range src {
		if valid.Get(i) {
			out = append(out, x)
		}
	}
	return out
}

// appendValues writes the n values of v that are not NULL. Floats of different series (mixed) have nothing in common that a XOR
// could use; they are stored as they are, which is also the fastest.
func appendValues(dst []byte, v *column.Vector, n int, mixed bool) ([]byte, byte) {
	switch v.Type.Physical() {
	case column.PhysInt:
		return codec.AppendInts(dst, present(v.Ints, v.Valid, n)), encInts
	case column.PhysFloat:
		floats := present(v.Floats, v.Valid, n)
		if mixed {
			return appendRaw(dst, floats), encRaw
		}
		return codec.AppendFloats(dst, floats), encFloats
	case column.PhysBool:
		bools := present(v.Bools, v.Valid, n)
		return appendBits(dst, n, func(i int) bool { return bools[i] }), encBits
	case column.PhysInterval:
		return appendSpans(dst, present(v.Intervals, v.Valid, n)), encSpans
	default:
		return appendTexts(dst, v), encBytes
	}
}

func appendRaw(dst []byte, floats []float64) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, 8*len(floats))...)
	out := dst[at:]
	for i, f := range floats {
		binary.LittleEndian.PutUint64(out[i*8:], math.Float64bits(f))
	}
	return dst
}

func appendSpans(dst []byte, spans []column.Interval) []byte {
	for _, s := range spans {
		dst = binary.AppendVarint(dst, int64(s.Months))
		dst = binary.AppendVarint(dst, int64(s.Days))
		dst = binary.AppendVarint(dst, s.Micros)
	}
	return dst
}

func appendTexts(dst []byte, v *column.Vector) []byte {
	raw := make([]byte, 0, v.Len+int(v.Offsets[v.Len]-v.Offsets[0]))
	for i := range v.Len {
		if v.Valid.Get(i) {
			raw = binary.AppendUvarint(raw, uint64(v.Offsets[i+1]-v.Offsets[i]))
		}
	}
	for i := range v.Len {
		if v.Valid.Get(i) {
			raw = append(raw, v.Data[v.Offsets[i]:v.Offsets[i+1]]...)
		}
	}
	if len(raw) >= minCompress {
		if s := s2.Encode(nil, raw); len(s) < len(raw) && len(raw) <= maxRatio*len(s) {
			dst = binary.AppendUvarint(append(dst, 0), uint64(len(s)))
			return append(dst, s...)
		}
	}
	dst = binary.AppendUvarint(append(dst, 1), uint64(len(raw)))
	return append(dst, raw...)
}

// rows reads what EncodeTable wrote.
func (c *cursor) rows(t *Table) {
	t.Database = meta.DatabaseID(c.uvarint("database", ^uint64(0)))
	t.SchemaVersion = uint32(c.uvarint("schema version", 1<<32-1))
	t.Rows = int(c.uvarint("row count", MaxRows))
	refs := int(c.uvarint("ref count", MaxRows))
	if c.err == nil && (t.Rows == 0 || refs != 1 && refs != t.Rows) {
		c.fail("bad ref count")
	}
	wide := c.ints("refs", refs)
	if c.err != nil {
		return
	}
	t.Refs = make([]uint32, refs)
	for i, r := range wide {
		if r < 0 || r >= 1<<32-1 {
			c.fail("bad ref")
			return
		}
		t.Refs[i] = uint32(r)
	}
	columns := c.uvarint("column count", uint64(len(c.src)))
	for i := uint64(0); i < columns && c.err == nil; i++ {
		id := column.ID(c.uvarint("column id", 1<<32-1))
		typ := column.T(column.Kind(c.byte("column type")))
		if typ.IsArray() {
			typ.Elem = column.Kind(c.byte("element type"))
		}
		if !typ.Valid() {
			c.fail("bad column type")
			return
		}
		t.Columns = append(t.Columns, Column{ID: id, Vector: c.block(typ, t.Rows)})
	}
}

func (c *cursor) sized(what string) []byte {
	size := c.bytes(what+" length", 4)
	if c.err != nil {
		return nil
	}
	return c.bytes(what, uint64(binary.LittleEndian.Uint32(size)))
}

func (c *cursor) ints(what string, n int) []int64 {
	src := c.sized(what)
	if c.err != nil {
		return nil
	}
	out, rest, err := codec.DecodeInts(nil, src, n)
	if err != nil || len(rest) > 0 {
		c.fail("bad " + what)
	}
	return out
}

func (c *cursor) bits(what string, n int) []byte { return c.bytes(what, uint64(n+7)/8) }

// block reads a column of rows rows.
func (c *cursor) block(typ column.Type, rows int) *column.Vector {
	enc := c.byte("encoding")
	v := &column.Vector{Type: typ, Len: rows}
	n := rows
	if enc&flagNulls != 0 {
		bits := c.bits("validity", rows)
		if c.err != nil {
			return v
		}
		v.Valid = make(column.Bitmap, (rows+63)/64)
		for i := range rows {
			if bits[i>>3]>>(i&7)&1 == 1 {
				v.Valid.Set(i)
			}
		}
		n = v.Valid.Count(rows)
	}
	src := c.sized("values")
	if c.err != nil {
		return v
	}
	d := &cursor{src: src, size: len(src)}
	d.values(v, enc&^flagNulls, n)
	if d.err == nil && len(d.src) > 0 {
		d.fail("bytes left over")
	}
	if d.err != nil {
		c.err = d.err
	}
	return v
}

func (c *cursor) values(v *column.Vector, enc byte, n int) {
	phys := v.Type.Physical()
	var err error
	switch {
	case enc == encInts && phys == column.PhysInt:
		var ints []int64
		ints, c.src, err = codec.DecodeInts(nil, c.src, n)
		v.Ints = spread(ints, v)
	case enc == encFloats && phys == column.PhysFloat:
		var floats []float64
		floats, c.src, err = codec.DecodeFloats(nil, c.src, n)
		v.Floats = spread(floats, v)
	case enc == encRaw && phys == column.PhysFloat:
		v.Floats = spread(c.rawFloats(n), v)
	case enc == encBits && phys == column.PhysBool:
		bits := c.bits("booleans", n)
		bools := make([]bool, len(bits)*8)
		for i := range bools {
			bools[i] = bits[i>>3]>>(i&7)&1 == 1
		}
		v.Bools = spread(bools[:min(n, len(bools))], v)
	case enc == encSpans && phys == column.PhysInterval:
		v.Intervals = spread(c.spans(n), v)
	case enc == encBytes && phys == column.PhysBytes:
		c.texts(v, n)
	default:
		c.fail("bad encoding")
	}
	if err != nil {
		c.fail("bad values")
	}
}

// spread puts the values that exist into the slots of the rows that have one. values has as many as there are, or the
// cursor has failed.
func spread[T any](values []T, v *column.Vector) []T {
	if v.Valid == nil {
		return values
	}
	out := make([]T, v.Len)
	k := 0
	for i := range out {
		if v.Valid.Get(i) && k < len(values) {
			out[i] = values[k]
			k++
		}
	}
	return out
}

func (c *cursor) rawFloats(n int) []float64 {
	src := c.bytes("floats", uint64(n)*8)
	out := make([]float64, len(src)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(src[i*8:]))
	}
	return out
}

func (c *cursor) spans(n int) []column.Interval {
	if n > len(c.src)/3 { // a span is three bytes or more
		c.fail("intervals cut off")
		return nil
	}
	out := make([]column.Interval, n)
	for i := range out {
		months, days := c.varint("months"), c.varint("days")
		if int64(int32(months)) != months || int64(int32(days)) != days {
			c.fail("interval out of range")
		}
		out[i] = column.Interval{Months: int32(months), Days: int32(days), Micros: c.varint("micros")}
	}
	return out
}

func (c *cursor) texts(v *column.Vector, n int) {
	raw := c.unpack("texts")
	if c.err != nil {
		return
	}
	if n > len(raw) { // a length is one byte or more
		c.fail("texts cut off")
		return
	}
	d := &cursor{src: raw, size: len(raw)}
	v.Offsets = make([]int32, v.Len+1)
	end := uint64(0)
	for i := range v.Len {
		if v.Valid.Get(i) {
			end += d.uvarint("text length", uint64(len(raw)))
			if end > uint64(len(raw)) {
				d.fail("bad text length")
				break
			}
		}
		v.Offsets[i+1] = int32(end)
	}
	if d.err == nil && end != uint64(len(d.src)) {
		d.fail("texts cut off")
	}
	if d.err != nil {
		c.err = d.err
		return
	}
	v.Data = append([]byte(nil), d.src...)
}
