package parquetio

import (
	"errors"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/automatanexus/aegis-db/column"
)

// leaf reads the values of one leaf of the schema, a page at a time.
type leaf struct {
	leafType
	index    int
	path     string
	def, rep uint8 // the highest levels

	guard  guard
	pages  parquet.Pages
	dict   *column.Vector // of the row group
	values *column.Vector // of the page, without NULLs: flat, or codes of dict
	defs   []uint8        // of the page; nil = no NULLs
	reps   []uint8        // nil = each value begins a row
	n      int            // of levels, NULLs included
	at     int            // of the level that is next
	value  int            // of the value that is next
	ended  bool
}

// open begins a row group.
func (l *leaf) open(c parquet.ColumnChunk) {
	l.close()
	l.pages, l.ended = c.Pages(), false
	l.dict, l.values, l.n, l.at, l.value = nil, nil, 0, 0, 0
}

func (l *leaf) close() {
	l.guard.close()
	if l.pages != nil {
		_ = l.pages.Close() // nothing was written
		l.pages = nil
	}
}

// fill reads pages until a level is there; io.EOF says that the row group has ended.
func (l *leaf) fill() error {
	for l.at == l.n {
		if l.ended {
			return io.EOF
		}
		if err := l.guard.next(); err != nil {
			return err
		}
		p, err := l.pages.ReadPage()
		if errors.Is(err, io.EOF) {
			l.ended = true
			return io.EOF
		}
		if err != nil {
			return column.Errorf(column.Invalid, "read a page: %w", err)
		}
		err = l.take(p)
		parquet.Release(p)
		if err != nil {
			return err
		}
	}
	return nil
}

// take copies what a page has.
func (l *leaf) take(p parquet.Page) error {
	l.n, l.at, l.value = int(p.NumValues()), 0, 0
	l.defs, l.reps = slices.Clone(p.DefinitionLevels()), slices.Clone(p.RepetitionLevels())
	n := l.n
	if l.def > 0 && len(l.defs) > 0 {
		if len(l.defs) < l.n {
			return short(l.n)
		}
		n = 0
		for _, d := range l.defs[:l.n] {
			if d == l.def {
				n++
			}
		}
	}
	if l.def == 0 || n == l.n && l.rep == 0 {
		l.defs = nil
	}
	if l.rep == 0 {
		l.reps = nil
	} else if len(l.reps) < l.n {
		return short(l.n)
	}
	data := p.Data()
	d := p.Dictionary()
	if d == nil {
		var err error
		l.values, err = l.leafType.values(&data, n)
		return err
	}
	return l.coded(d, data.Int32(), n)
}

// coded takes values that are codes of a dictionary.
func (l *leaf) coded(d parquet.Dictionary, codes []int32, n int) error {
	if l.dict == nil {
		data := d.Page().Data()
		var err error
		if l.dict, err = l.leafType.values(&data, d.Len()); err != nil {
			return err
		}
		l.dict = column.Flatten(l.dict)
	}
	if len(codes) < n {
		return short(n)
	}
	out := make([]uint32, n)
	for i, c := range codes[:n] {
		if int(c) >= l.dict.Len || c < 0 {
			return column.Errorf(column.Invalid, "code %d of a dictionary of %d", c, l.dict.Len)
		}
		out[i] = uint32(c)
	}
	l.values = &column.Vector{Type: l.typ, Enc: column.Dict, Len: n, Child: l.dict, Codes: out}
	return nil
}

// level gives the definition level of what is next.
func (l *leaf) level() uint8 {
	if l.defs == nil {
		return l.def
	}
	return l.defs[l.at]
}

// begins reports whether what is next begins another value at a repetition level.
func (l *leaf) begins(rep uint8) (bool, error) {
	err := l.fill()
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	return err != nil || l.reps == nil || l.reps[l.at] < rep, err
}

// step passes over what is next.
func (l *leaf) step() {
	if l.level() == l.def {
		l.value++
	}
	l.at++
}

// rows appends up to n rows of a leaf that does not repeat, all of which are of one page, and says how many these were.
func (l *leaf) rows(b *column.Builder, n int) (int, error) {
	if err := l.fill(); err != nil {
		return 0, err
	}
	n = min(n, l.n-l.at)
	if l.defs == nil {
		b.AppendVector(l.values, l.value, l.value+n)
		l.at, l.value = l.at+n, l.value+n
		return n, b.Err()
	}
	for end := l.at + n; l.at < end; {
		first := l.at
		present := l.defs[first] == l.def
		for l.at < end && (l.defs[l.at] == l.def) == present {
			l.at++
		}
		if k := l.at - first; present {
			b.AppendVector(l.values, l.value, l.value+k)
			l.value += k
		} else {
			b.AppendNulls(k)
		}
	}
	return n, b.Err()
}
