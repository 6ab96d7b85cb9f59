package parquetio

import (
	"encoding/binary"

	"github.com/automatanexus/aegis-db/column"
)

// What a file says of itself is Thrift's compact form, whose lists begin with how long they are. A decoder makes room for so many members at once, so
// what comes from strangers is walked through before: a list has no more members than there are bytes behind it.

// compactWalk passes over values.
type compactWalk struct {
	in    []byte
	at    int
	depth int
}

// Types of the compact form.
const (
	compactStop, compactTrue, compactFalse, compactByte = 0, 1, 2, 3
	compactInt64, compactDouble, compactBinary          = 6, 7, 8
	compactList, compactSet, compactMap, compactStruct  = 9, 10, 11, 12
)

// compactStructEnd gives the place behind a structure that begins at the start. Where it is damaged, more says that it may only go on behind these bytes.
func compactStructEnd(in []byte) (end int, more bool, err error) {
	w := &compactWalk{in: in}
	ok := w.structure()
	switch {
	case ok:
		return w.at, false, nil
	case w.at >= len(in):
		return 0, true, errCompact
	}
	return 0, false, errCompact
}

var errCompact = column.Errorf(column.Invalid, "the Parquet file is damaged: a description is not of Thrift's compact form")

func (w *compactWalk) byte() (byte, bool) {
	if w.at >= len(w.in) {
		return 0, false
	}
	w.at++
	return w.in[w.at-1], true
}

func (w *compactWalk) uvarint() (uint64, bool) {
	v, n := binary.Uvarint(w.in[min(w.at, len(w.in)):])
	if n == 0 {
		w.at = len(w.in)
	}
	w.at += max(n, 0)
	return v, n > 0
}

func (w *compactWalk) skip(n uint64) bool {
	if n > uint64(len(w.in)-w.at) {
		w.at = len(w.in)
		return false
	}
	w.at += int(n)
	return true
}

func (w *compactWalk) structure() bool {
	if w.depth++; w.depth > 64 {
		return false
	}
	defer func() { w.depth-- }()
	for {
		head, ok := w.byte()
		if !ok || head == compactStop {
			return ok
		}
		if head>>4 == 0 { // the field's number stands behind
			if _, ok := w.uvarint(); !ok {
				return false
			}
		}
		if kind := head & 15; kind != compactTrue && kind != compactFalse && !w.value(kind) {
			return false
		}
	}
}

func (w *compactWalk) value(kind byte) bool {
	switch kind {
	case compactTrue, compactFalse, compactByte:
		return w.skip(1)
	case compactByte + 1, compactByte + 2, compactInt64:
		_, ok := w.uvarint()
		return ok
	case compactDouble:
		return w.skip(8)
	case compactBinary:
		n, ok := w.uvarint()
		return ok && w.skip(n)
	case compactStruct:
		return w.structure()
	case compactList, compactSet:
		head, ok := w.byte()
		n := uint64(head >> 4)
		if ok && n == 15 {
			n, ok = w.uvarint()
		}
		return ok && w.members(n, head&15, head&15, false)
	case compactMap:
		n, ok := w.uvarint()
		if !ok || n == 0 {
			return ok
		}
		kinds, ok := w.byte()
		return ok && w.members(n, kinds>>4, kinds&15, true)
	}
	return false
}

// members passes over those of a list, or over the pairs of a map.
func (w *compactWalk) members(n uint64, key, value byte, pairs bool) bool {
	if n > uint64(len(w.in)-w.at) {
		w.at = len(w.in)
		return false
	}
	for range n {
		if pairs && !w.value(key) || !w.value(value) {
			return false
		}
	}
	return true
}
