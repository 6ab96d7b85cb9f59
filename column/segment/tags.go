package segment

import (
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/labels"
)

// tagBuffer is a tag column of the row group being filled: a dictionary and runs, since a tag changes with the series only.
type tagBuffer struct {
	typ     column.Type
	values  *column.Builder
	codeOf  map[string]int32
	runs    []tagRun
	current int32 // -1 = NULL
	size    int64 // bytes in memory, roughly
}

type tagRun struct {
	code int32
	rows int32
}

func newTagBuffer(t column.Type) tagBuffer {
	return tagBuffer{typ: t, values: column.NewBuilder(t, 0), codeOf: map[string]int32{}}
}

// start sets the value of the rows that follow; it comes as key.Next gives it.
func (b *tagBuffer) start(value []byte, null bool) {
	if null {
		b.current = -1
		return
	}
	code, ok := b.codeOf[string(value)]
	if !ok {
		code = int32(b.values.Len())
		b.codeOf[string(value)] = code
		key.Put(b.values, value, false)
		b.size += 2*int64(len(value)) + 64
	}
	b.current = code
}

func (b *tagBuffer) repeat(n int) {
	if k := len(b.runs); k > 0 && b.runs[k-1].code == b.current {
		b.runs[k-1].rows += int32(n)
		return
	}
	b.runs = append(b.runs, tagRun{b.current, int32(n)})
	b.size += 8
}

// finish gives the group's rows as a dictionary and empties the buffer.
func (b *tagBuffer) finish(rows int) (*dictionary, column.Bitmap) {
	d := &dictionary{codes: make([]int32, 0, rows), values: b.values.Finish()}
	var valid column.Bitmap
	at := 0
	for _, r := range b.runs {
		if r.code < 0 {
			if valid == nil {
				valid = column.NewBitmap(rows, true)
			}
			for i := at; i < at+int(r.rows); i++ {
				valid.Clear(i)
			}
		} else {
			for range r.rows {
				d.codes = append(d.codes, r.code)
			}
		}
		at += int(r.rows)
	}
	*b = newTagBuffer(b.typ)
	return d, valid
}

// addLabels files a series under every member of its label set. The JSON is read here, once per series, and never by a query.
func (w *Writer) addLabels(text []byte, ordinal uint32) error {
	return labels.Visit(text, func(name, value []byte) {
		b := w.labels[string(name)]
		if b == nil {
			b = index.NewBuilder()
			w.labels[string(name)] = b
		}
		b.Add(value, ordinal)
	})
}
