package exec

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// Rows with long values leave a scan a few at a time: operators copy what they are given, and texts that a dictionary has once are one copy for each row
// then.

// scannedBytes is what the values of a batch may come to where it has several rows.
const scannedBytes = 4 << 20

// longRows says how many of the first rows of batches have values of a fair size. It is one stream's.
type longRows struct {
	shared []sharedValues // by column
}

// sharedValues is what is known of the values that rows of several batches share.
type sharedValues struct {
	of   *column.Vector
	most int // bytes of the longest
}

// first is how many rows of a batch are to be given next: at least one.
func (l *longRows) first(b *scan.Batch) int {
	size := 0
	for i, v := range b.Columns {
		size += l.most(i, v, len(b.Columns))
	}
	if size <= scannedBytes {
		return b.Len
	}
	size = 0
	for row := range b.Len {
		for _, v := range b.Columns {
			if hasBytes(v) {
				size += len(v.Bytes(row))
			}
		}
		if size > scannedBytes {
			return max(row, 1)
		}
	}
	return b.Len
}

// hasBytes reports a column whose values are bytes as they are.
func hasBytes(v *column.Vector) bool {
	return v.Type.Physical() == column.PhysBytes && v.Enc != column.Scaled
}

// most is what the values of a column come to at most, if each row has a copy of its own.
func (l *longRows) most(i int, v *column.Vector, columns int) int {
	switch {
	case !hasBytes(v) || v.Len == 0:
		return 0
	case v.Child == nil:
		return int(v.Offsets[v.Len] - v.Offsets[0])
	case !hasBytes(v.Child) || v.Child.Len == 0:
		return 0
	}
	c := v.Child
	// No value is longer than all of them together.
	if all := int(c.Offsets[c.Len] - c.Offsets[0]); all*v.Len <= scannedBytes {
		return all * v.Len
	}
	if l.shared == nil {
		l.shared = make([]sharedValues, columns)
	}
	s := &l.shared[i]
	if s.of != c {
		*s = sharedValues{of: c, most: mostBytes(c.Offsets[:c.Len+1])}
	}
	return s.most * v.Len
}

// mostBytes is the length of the longest of some values.
func mostBytes(offsets []int32) int {
	most, at := int32(0), offsets[0]
	for _, end := range offsets[1:] {
		most = max(most, end-at)
		at = end
	}
	return int(most)
}
