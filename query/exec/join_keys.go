package exec

import (
	"math"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
)

// keyIndex numbers the distinct key tuples of a join's build side from 1. A tuple with a NULL has no number, because NULL
// equals nothing.
//
// Each column is numbered on its own, on the encoding it comes in, and the numbers are combined two at a time:
// (number of column 1, number of column 2) is one integer. So there are two tables only, of integers and of byte
// strings, and a tag among several keys is still looked up once per run.
type keyIndex struct {
	columns []keyColumn
	pairs   []intIndex     // pairs[i] joins the number of columns 0..i with that of column i+1
	singles []*singlePairs // instead of the tables of pairs, where one of both sides has no value twice; nil = not there
}

// keyColumn numbers the values of one key column: as integers where they are no wider than one, else as bytes.
type keyColumn struct {
	typ   column.Type
	ints  *intIndex
	bytes *bytesIndex
}

func newKeyIndex(types []column.Type) *keyIndex {
	x := &keyIndex{pairs: make([]intIndex, max(len(types)-1, 0)), singles: make([]*singlePairs, max(len(types)-1, 0))}
	for _, t := range types {
		c := keyColumn{typ: t}
		switch t.Physical() {
		case column.PhysBool, column.PhysInt, column.PhysFloat:
			c.ints = &intIndex{}
		default:
			c.bytes = &bytesIndex{}
		}
		x.columns = append(x.columns, c)
	}
	return x
}

// prepare looks at all keys before they are numbered: integers that lie close together need no hash table.
func (x *keyIndex) prepare(batches []buildBatch, rows int, pool *mem.Pool) (err error) {
	list := make([]*column.Vector, len(batches))
	for k := range x.columns {
		c := &x.columns[k]
		if c.ints == nil {
			continue
		}
		for i := range batches {
			list[i] = batches[i].keys[k]
		}
		if c.ints.dense, err = newDenseInts(c.typ, list, rows, pool); err != nil {
			return err
		}
		if single := k == 0 || x.singles[0] == nil; single && len(x.pairs) > 0 && c.ints.dense.noneTwice(list, rows) {
			if err := x.lead(k, rows, pool); err != nil {
				return err
			}
		}
	}
	return nil
}

// lead has column k, which has no value twice, lead to the pairs that it is in and to those after them.
func (x *keyIndex) lead(k, rows int, pool *mem.Pool) (err error) {
	for i := max(k-1, 0); i < len(x.pairs) && err == nil; i++ {
		if x.singles[i] == nil {
			x.singles[i], err = newSinglePairs(i == k-1, rows, pool)
		}
	}
	return err
}

// count is how many tuples there are.
func (x *keyIndex) count() int {
	if n := len(x.pairs); n > 0 {
		return x.pairs[n-1].count
	}
	return x.columns[0].count()
}

// count is how many values there are.
func (c *keyColumn) count() int {
	if c.ints != nil {
		return c.ints.count
	}
	return len(c.bytes.hashes)
}

func (x *keyIndex) sizeBytes() int64 {
	n := int64(0)
	for _, c := range x.columns {
		if c.ints != nil {
			n += c.ints.sizeBytes()
		} else {
			n += c.bytes.sizeBytes()
		}
	}
	for i := range x.pairs {
		n += x.pairs[i].sizeBytes()
		if s := x.singles[i]; s != nil {
			n += s.sizeBytes()
		}
	}
	return n
}

// keyLookup is one goroutine's scratch for numbering tuples. Without a pool it finds, with one it adds what is new and
// reserves what that takes.
type keyLookup struct {
	index *keyIndex
	pool  *mem.Pool

	other   []uint32 // numbers of a further column
	values  []uint32 // numbers of an encoded vector's values
	used    []int32  // dictionary entries that rows refer to
	memo    []uint32 // by dictionary entry, its place in used + 1
	rows    []int32  // that may be found
	found   []uint32 // their numbers
	packed  []int64
	ints    []int64
	offsets []int32
	data    []byte
}

// number gives the numbers of n tuples.
func (l *keyLookup) number(keys []*column.Vector, groups []uint32) error {
	if len(keys) > 1 && l.pool == nil {
		if rows, few := l.candidates(keys, len(groups)); few {
			return l.numberRows(keys, rows, groups)
		}
	}
	return l.numberAll(keys, groups)
}

// candidates lists the rows whose integers are each among the keys of their column, if they are few: bits tell that at once, before other
// columns are hashed.
func (l *keyLookup) candidates(keys []*column.Vector, n int) (rows []int32, few bool) {
	for i, v := range keys {
		c := &l.index.columns[i]
		if c.ints == nil || c.ints.dense == nil || v.Enc != column.Flat {
			continue
		}
		l.rows = c.ints.dense.pass(v.Ints[:v.Len], rows, l.rows)
		rows = l.rows
	}
	return rows, rows != nil && 2*len(rows) < n
}

// numberRows numbers the listed tuples; the others have no number.
func (l *keyLookup) numberRows(keys []*column.Vector, rows []int32, groups []uint32) error {
	clear(groups)
	if len(rows) == 0 {
		return nil
	}
	picked := make([]*column.Vector, len(keys))
	for i, v := range keys {
		picked[i] = column.Gather(v, rows)
	}
	l.found = resized(l.found, len(rows))
	if err := l.numberAll(picked, l.found); err != nil {
		return err
	}
	for i, r := range rows {
		groups[r] = l.found[i]
	}
	return nil
}

func (l *keyLookup) numberAll(keys []*column.Vector, groups []uint32) error {
	if err := l.column(&l.index.columns[0], keys[0], groups); err != nil {
		return err
	}
	for i, v := range keys[1:] {
		l.other = resized(l.other, len(groups))
		if err := l.column(&l.index.columns[i+1], v, l.other); err != nil {
			return err
		}
		if err := l.pair(i, groups); err != nil {
			return err
		}
	}
	return nil
}

// pair replaces groups by the numbers of (groups, other) in table i.
func (l *keyLookup) pair(i int, groups []uint32) error {
	t := &l.index.pairs[i]
	if s := l.index.singles[i]; s != nil {
		if other := l.other[:len(groups)]; l.pool != nil {
			t.count = s.add(groups, other, t.count)
		} else {
			s.find(groups, other)
		}
		return nil
	}
	l.packed = resized(l.packed, len(groups))
	other := l.other[:len(groups)]
	for i, g := range groups {
		l.packed[i] = int64(uint64(g)<<32 | uint64(other[i]))
	}
	if l.pool == nil {
		t.find(l.packed, groups) // a pair with a 0 is never there
		return nil
	}
	valid := column.NewBitmap(len(groups), false)
	for i, g := range groups {
		if g != 0 && other[i] != 0 {
			valid.Set(i)
		}
	}
	return l.integers(t, l.packed, valid, groups)
}

func (l *keyLookup) integers(t *intIndex, keys []int64, valid column.Bitmap, groups []uint32) error {
	if l.pool != nil {
		if err := t.reserve(len(keys), l.pool); err != nil {
			return err
		}
		t.add(keys, valid, groups)
		return nil
	}
	t.find(keys, groups)
	clearInvalid(groups, valid)
	return nil
}

// clearInvalid takes the number of values that are not there away.
func clearInvalid(groups []uint32, valid column.Bitmap) {
	if valid == nil {
		return
	}
	for i := range groups {
		if !valid.Get(i) {
			groups[i] = 0
		}
	}
}

// column numbers the rows of one key column, each distinct value or run of an encoded vector once.
func (l *keyLookup) column(c *keyColumn, v *column.Vector, groups []uint32) error {
	switch v.Enc {
	case column.Flat, column.Scaled:
		return l.flat(c, v, groups)
	case column.Const:
		var one [1]uint32
		if err := l.flat(c, v.Child, one[:]); err != nil {
			return err
		}
		fill(groups, one[0])
		return nil
	case column.RunEnd:
		l.values = resized(l.values, v.Child.Len)
		if err := l.flat(c, v.Child, l.values); err != nil {
			return err
		}
		start := int32(0)
		for k, end := range v.Ends {
			fill(groups[start:end], l.values[k])
			start = end
		}
		return nil
	}
	if v.Child.Len > 4*v.Len {
		return l.flat(c, column.Flatten(v), groups)
	}
	return l.dictionary(c, v, groups)
}

// dictionary looks up the entries that rows refer to: others must not become keys.
func (l *keyLookup) dictionary(c *keyColumn, v *column.Vector, groups []uint32) error {
	l.memo = resized(l.memo, v.Child.Len)
	clear(l.memo)
	l.used = l.used[:0]
	for i, code := range v.Codes[:len(groups)] {
		if l.memo[code] == 0 {
			l.used = append(l.used, int32(code))
			l.memo[code] = uint32(len(l.used))
		}
		groups[i] = l.memo[code] - 1
	}
	entries := v.Child
	if len(l.used) > 0 {
		entries = column.Gather(v.Child, l.used)
	}
	l.values = resized(l.values, len(l.used))
	if err := l.flat(c, column.Flatten(entries), l.values); err != nil {
		return err
	}
	for i, place := range groups {
		groups[i] = l.values[place]
	}
	return nil
}

func fill(groups []uint32, g uint32) {
	for i := range groups {
		groups[i] = g
	}
}

// resized gives a slice of n elements of no meaning.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// flat numbers the rows of a flat vector.
func (l *keyLookup) flat(c *keyColumn, v *column.Vector, groups []uint32) error {
	if c.ints != nil {
		return l.integers(c.ints, l.asInts(v), v.Valid, groups)
	}
	offsets, bytes := v.Offsets, v.Data
	if t := c.typ; !t.Bytewise() {
		if err := l.encode(v); err != nil {
			return err
		}
		offsets, bytes = l.offsets, l.data
	}
	if l.pool == nil {
		c.bytes.find(offsets, bytes, groups)
		clearInvalid(groups, v.Valid)
		return nil
	}
	if err := c.bytes.reserve(v.Len, int(offsets[v.Len]-offsets[0]), l.pool); err != nil {
		return err
	}
	c.bytes.add(offsets, bytes, v.Valid, groups)
	return nil
}

// asInts gives integers that are equal exactly where the values are.
func (l *keyLookup) asInts(v *column.Vector) []int64 {
	ints := normalInts(v, l.ints)
	if v.Type.Physical() != column.PhysInt {
		l.ints = ints
	}
	return ints
}

// normalInts gives integers that are equal exactly where the values are: −0 is 0, and all NaN are one. What is no integer is written into
// scratch.
func normalInts(v *column.Vector, scratch []int64) []int64 {
	switch v.Type.Physical() {
	case column.PhysInt:
		return v.Ints[:v.Len]
	case column.PhysBool:
		scratch = resized(scratch, v.Len)
		for i, b := range v.Bools[:v.Len] {
			scratch[i] = 0
			if b {
				scratch[i] = 1
			}
		}
		return scratch
	}
	scratch = resized(scratch, v.Len)
	for i, f := range v.Floats[:v.Len] {
		switch {
		case f == 0:
			scratch[i] = 0
		case f != f:
			scratch[i] = math.MinInt64 // the bits of −0, which no other value has here
		default:
			scratch[i] = int64(math.Float64bits(f))
		}
	}
	return scratch
}

// encode writes the rows of a type whose equal values differ in their bytes (numeric, interval) as ordered keys.
func (l *keyLookup) encode(v *column.Vector) error {
	l.offsets = append(l.offsets[:0], 0)
	l.data = l.data[:0]
	l.offsets = slices.Grow(l.offsets, v.Len)
	for i := range v.Len {
		l.data = key.AppendValue(l.data, v, i)
		if len(l.data) > math.MaxInt32 {
			return column.ErrTooLarge
		}
		l.offsets = append(l.offsets, int32(len(l.data)))
	}
	return nil
}
