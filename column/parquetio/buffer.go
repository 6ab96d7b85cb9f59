package parquetio

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
)

// spelled gives the batch with texts in place of what Parquet has no type for.
func spelled(b *scan.Batch) *scan.Batch {
	for i, v := range b.Columns {
		if v.Type.Kind == column.TimeTZ || isSpelled(v.Type) {
			c := *b
			c.Columns = slices.Clone(b.Columns)
			c.Columns[i] = literal.Texts(v)
			b = &c
		}
	}
	return b
}

// isSpelled reports rows and paths, and arrays of them.
func isSpelled(t column.Type) bool {
	if t.IsArray() {
		t = t.Element()
	}
	return t.Kind == column.Record || t.Kind == column.JSONPath
}

// buffer collects the rows of one column of a row group.
type buffer interface {
	append(v *column.Vector, lo, hi int)
	// bytes is what the rows take.
	bytes() int64
	// finish gives the rows and leaves an empty buffer.
	finish() *column.Vector
	err() error
}

// flat is a buffer of values.
type flat struct{ b *column.Builder }

func newFlat(t column.Type) *flat { return &flat{column.NewBuilder(t, 0)} }

func (f *flat) append(v *column.Vector, lo, hi int) {
	if v.Type.Kind == column.Unknown {
		f.b.AppendNulls(hi - lo)
	} else {
		f.b.AppendVector(v, lo, hi)
	}
}

// wordBytes is what a row takes besides its text.
var wordBytes = [...]int64{column.PhysBool: 1, column.PhysInt: 8, column.PhysFloat: 8, column.PhysBytes: 4, column.PhysInterval: 16}

func (f *flat) bytes() int64 {
	return int64(f.b.DataLen()) + int64(f.b.Len())*wordBytes[f.b.Type().Physical()]
}

func (f *flat) err() error { return f.b.Err() }

func (f *flat) finish() *column.Vector {
	n := f.b.Len()
	v := f.b.Finish()
	f.b.Grow(n) // likely as many again: spare the growing
	return v
}

// texts is a buffer of texts that repeat, such as tags, which scans give in runs: each run costs one look-up, and no text is copied
// twice.
type texts struct {
	index  map[string]uint32
	values *column.Builder
	null   uint32 // the code of NULL plus 1
	codes  []uint32
}

// A group whose texts go beyond these ends, and the column's next groups are flat: repeating texts do not pay any more.
const (
	textValues = 1 << 16
	textBytes  = 4 << 20
)

func newTexts(t column.Type) *texts {
	return &texts{index: map[string]uint32{}, values: column.NewBuilder(t, 0)}
}

func (t *texts) full() bool { return t.values.Len() > textValues || t.values.DataLen() > textBytes }

func (t *texts) append(v *column.Vector, lo, hi int) {
	v = v.Slice(lo, hi)
	if v.Enc == column.Scaled {
		v = column.Flatten(v)
	}
	switch v.Enc {
	case column.Const:
		t.repeat(t.code(v.Child, 0), v.Len)
	case column.RunEnd:
		at := int32(0)
		for k, end := range v.Ends {
			t.repeat(t.code(v.Child, k), int(end-at))
			at = end
		}
	case column.Dict:
		last, code := uint32(0), uint32(0)
		for i, c := range v.Codes {
			if i == 0 || c != last {
				last, code = c, t.code(v.Child, int(c))
			}
			t.codes = append(t.codes, code)
		}
	default:
		for i := range v.Len {
			t.codes = append(t.codes, t.code(v, i))
		}
	}
}

func (t *texts) repeat(code uint32, n int) {
	for range n {
		t.codes = append(t.codes, code)
	}
}

// code finds or makes the code of row i of a flat vector.
func (t *texts) code(v *column.Vector, i int) uint32 {
	if v.Valid != nil && !v.Valid.Get(i) {
		if t.null == 0 {
			t.values.AppendNull()
			t.null = uint32(t.values.Len())
		}
		return t.null - 1
	}
	x := v.Data[v.Offsets[i]:v.Offsets[i+1]]
	c, ok := t.index[string(x)]
	if !ok {
		c = uint32(t.values.Len())
		t.values.AppendBytes(x)
		t.index[string(x)] = c
	}
	return c
}

// entryBytes is what a distinct text takes besides its bytes, which are there twice.
const entryBytes = 64

func (t *texts) bytes() int64 {
	return 4*int64(len(t.codes)) + 2*int64(t.values.DataLen()) + entryBytes*int64(t.values.Len())
}

func (t *texts) err() error { return t.values.Err() }

func (t *texts) finish() *column.Vector {
	v := &column.Vector{Type: t.values.Type(), Enc: column.Dict, Len: len(t.codes), Child: t.values.Finish(), Codes: t.codes}
	clear(t.index)
	t.null, t.codes = 0, make([]uint32, 0, len(t.codes))
	return v
}
