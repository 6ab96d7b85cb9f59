package exec

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// sortRef is a row, by its key and its place.
type sortRef struct {
	prefix uint64 // orders as the start of the key does: most comparisons end here
	key    []byte
	order  uint64 // part, then row inside the part
	batch  *scan.Batch
	row    int32
}

const sortRefBytes = 64 // of a sortRef

// compareRefs orders rows; no two are alike, because their places differ.
func compareRefs(a, b *sortRef) int {
	switch {
	case a.prefix < b.prefix:
		return -1
	case a.prefix > b.prefix:
		return 1
	}
	if c := bytes.Compare(a.key, b.key); c != 0 {
		return c
	}
	if a.order < b.order {
		return -1
	}
	return 1
}

// sortKeys encodes keys so that bytes compare as SQL orders the rows.
type sortKeys []plan.SortKey

// The bytes that tell NULL from values.
const (
	keyNullFirst = 0x00
	keyValue     = 0x01
	keyNullLast  = 0x02
)

// keyBytes is what one key of a row takes at least: a place for NULL, the marker of package key, eight bytes of a number.
const keyBytes = 10

// eval computes the keys of a batch.
func (k sortKeys) eval(w *worker, b *scan.Batch) ([]*column.Vector, error) {
	w.expr.Runs = b.Runs
	out := make([]*column.Vector, len(k))
	for i := range k {
		v, err := expr.Eval(&w.expr, k[i].Expr, b.Columns, b.Len)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// append encodes the key of row i.
func (k sortKeys) append(dst []byte, values []*column.Vector, i int) []byte {
	for c, v := range values {
		by := &k[c]
		if v.IsNull(i) {
			if by.NullsFirst {
				dst = append(dst, keyNullFirst)
			} else {
				dst = append(dst, keyNullLast)
			}
			continue
		}
		dst = append(dst, keyValue)
		start := len(dst)
		dst = key.AppendValue(dst, v, i)
		if by.Desc {
			for p := start; p < len(dst); p++ {
				dst[p] = ^dst[p]
			}
		}
	}
	return dst
}

// prefix packs the start of an encoded key. Of a number the two bytes that say that there is one are left out, so that it tells apart what
// differs in all but the last two bits; NULLs get the ends that this leaves free.
func (k sortKeys) prefix(encoded []byte) uint64 {
	if len(k) == 0 {
		return 0
	}
	if !plainInteger(k[0].Expr.Type()) {
		var b [8]byte
		copy(b[:], encoded)
		return binary.BigEndian.Uint64(b[:])
	}
	switch {
	case encoded[0] == keyValue:
		return binary.BigEndian.Uint64(encoded[2:])>>2 + 1
	case k[0].NullsFirst:
		return 0
	}
	return math.MaxUint64
}

// integerPrefix is the prefix of a key that begins with an integer.
func (k sortKeys) integerPrefix(v int64) uint64 {
	u := uint64(v) ^ 1<<63 // as package key encodes it
	if k[0].Desc {
		u = ^u
	}
	return u>>2 + 1
}

// plainInteger reports the types that package key encodes as a marker and eight bytes.
func plainInteger(t column.Type) bool {
	switch t.Kind {
	case column.Int16, column.Int32, column.Int64, column.Date, column.Timestamp, column.TimestampTZ, column.TimestampNS:
		return true
	}
	return false
}
