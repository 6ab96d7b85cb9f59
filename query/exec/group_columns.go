package exec

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
)

// groupColumn makes words of the values of one key column, equal where the values are: integers are their own words, everything else
// is numbered. NULL is the word 0, which numbers do not use; of integers it is said beside them.
type groupColumn struct {
	typ    column.Type
	direct bool
	ints   *groupInts      // of floats
	texts  *groupTexts     // of everything else that is not direct
	values *column.Builder // the values by number, where the table does not have them: of 1.0 and 1.00 the first is shown
	scaled scaledMemo[uint32]

	// Of the last dictionary: the numbers of the entries that rows referred to, + 1. Pages of one chunk share theirs.
	dictionary *column.Vector
	memo       []uint32
	large      *column.Vector // the last one that was too large for one batch

	ids, entry []uint32 // scratch
	used       []int32
	words      []int64
	offsets    []int32
	data       []byte
}

// maxDirect is how many columns' NULLs are said by bits.
const maxDirect = 64

func newGroupColumn(t column.Type, at int) *groupColumn {
	c := &groupColumn{typ: t}
	switch p := t.Physical(); {
	case p == column.PhysInt && at < maxDirect:
		c.direct = true
	case p == column.PhysInt || p == column.PhysFloat || p == column.PhysBool:
		c.ints, c.values = &groupInts{}, column.NewBuilder(t, 0)
	default:
		c.texts = &groupTexts{}
		if !c.plainText() {
			c.values = column.NewBuilder(t, 0)
		}
	}
	return c
}

// plainText says that values are equal where their bytes are.
func (c *groupColumn) plainText() bool {
	return c.typ.Kind == column.Text || c.typ.Kind == column.Bytea
}

// count is how many values there are.
func (c *groupColumn) count() int {
	if c.ints != nil {
		return len(c.ints.keys)
	}
	return len(c.texts.hashes)
}

// number numbers the rows of a column that is not direct, each run or dictionary entry once.
func (c *groupColumn) number(v *column.Vector, ids []uint32) {
	switch v.Enc {
	case column.Const:
		var one [1]uint32
		c.flat(v.Child, one[:])
		fill(ids, one[0])
	case column.RunEnd:
		c.entry = resized(c.entry, v.Child.Len)
		c.flat(v.Child, c.entry)
		start := int32(0)
		for k, end := range v.Ends {
			fill(ids[start:end], c.entry[k])
			start = end
		}
	case column.Dict:
		if v.Child.Len > 4*v.Len && v.Child != c.large {
			c.large = v.Child // worth it if it comes again
			c.flat(column.Flatten(v), ids)
			return
		}
		c.codes(v, ids)
	default:
		c.flat(v, ids)
	}
}

// codes numbers the entries that rows refer to and that were not referred to before.
func (c *groupColumn) codes(v *column.Vector, ids []uint32) {
	if v.Child != c.dictionary {
		c.dictionary = v.Child
		c.memo = resized(c.memo, v.Child.Len)
		clear(c.memo)
	}
	const asked = 1 // until its number is there
	memo := c.memo
	c.used = c.used[:0]
	for _, code := range v.Codes[:len(ids)] {
		if memo[code] == 0 {
			memo[code] = asked
			c.used = append(c.used, int32(code))
		}
	}
	if len(c.used) > 0 {
		c.entry = resized(c.entry, len(c.used))
		if d := v.Child; d.Enc == column.Flat && c.texts != nil && c.plainText() {
			c.texts.numberRows(d.Offsets, d.Data, d.Valid, c.used, c.entry) // where they are: gathering them would copy them
		} else {
			c.flat(column.Flatten(column.Gather(d, c.used)), c.entry)
		}
		for i, code := range c.used {
			memo[code] = c.entry[i] + 1
		}
	}
	for i, code := range v.Codes[:len(ids)] {
		ids[i] = memo[code] - 1
	}
}

// flat numbers the rows of a flat or Scaled vector.
func (c *groupColumn) flat(v *column.Vector, ids []uint32) {
	before := c.count()
	switch {
	case c.ints != nil:
		c.words = normalInts(v, c.words)
		c.ints.number(c.words[:v.Len], v.Valid, ids)
	case c.plainText():
		c.texts.number(v, ids)
		return
	default:
		if c.scaledRows(v, ids) {
			return
		}
		c.encode(v)
		c.texts.numberRows(c.offsets, c.data, v.Valid, nil, ids)
	}
	c.keepNew(v, ids, uint32(before))
}

// encode writes the rows as ordered keys, which are equal where the values are.
func (c *groupColumn) encode(v *column.Vector) {
	c.offsets, c.data = append(slices.Grow(c.offsets[:0], v.Len+1), 0), c.data[:0]
	for i := range v.Len {
		c.data = key.AppendValue(c.data, v, i)
		c.offsets = append(c.offsets, int32(len(c.data)))
	}
}

// wordsOf gives the rows as words, and for a direct column the validity that they need beside them.
func (c *groupColumn) wordsOf(v *column.Vector, n int) (words []int64, valid column.Bitmap) {
	if c.direct {
		return c.directWords(v, n)
	}
	c.ids = resized(c.ids, n)
	c.number(v, c.ids)
	c.words = resized(c.words, n)
	for i, id := range c.ids {
		c.words[i] = int64(id)
	}
	return c.words, nil
}

func (c *groupColumn) directWords(v *column.Vector, n int) ([]int64, column.Bitmap) {
	if v.Enc == column.Const && !v.IsNull(0) {
		c.words = resized(c.words, n)
		for i := range c.words {
			c.words[i] = v.Child.Ints[0]
		}
		return c.words, nil
	}
	f := column.Flatten(v)
	if !f.HasNulls() {
		return f.Ints[:n], nil
	}
	c.words = append(c.words[:0], f.Ints[:n]...)
	for i := range c.words {
		if !f.Valid.Get(i) {
			c.words[i] = 0
		}
	}
	return c.words, f.Valid
}

// gather gives the values of numbers; NULL for 0.
func (c *groupColumn) gather(ids []uint32) (*column.Vector, error) {
	b := column.NewBuilder(c.typ, len(ids))
	if c.values == nil {
		for _, id := range ids {
			if id == 0 {
				b.AppendNull()
			} else {
				b.AppendBytes(c.texts.text(id))
			}
		}
		return b.Finish(), b.Err()
	}
	values := c.values.Finish()
	for _, id := range ids {
		if id == 0 {
			b.AppendNull()
		} else {
			b.AppendRow(values, int(id-1))
		}
	}
	again := column.NewBuilder(c.typ, values.Len)
	again.AppendVector(values, 0, values.Len)
	c.values = again
	return b.Finish(), b.Err()
}

func (c *groupColumn) sizeBytes() int64 {
	n := int64(4*(cap(c.memo)+cap(c.ids)+cap(c.entry)+cap(c.used)+cap(c.offsets)) + 8*cap(c.words) + cap(c.data))
	n += c.scaled.sizeBytes()
	switch {
	case c.ints != nil:
		n += c.ints.sizeBytes() + int64(8*c.values.Len())
	case c.texts != nil:
		n += c.texts.sizeBytes()
		if c.values != nil {
			n += int64(c.values.DataLen()) + int64(16*c.values.Len())
		}
	}
	return n
}

func (c *groupColumn) growth(n int) int64 {
	switch {
	case c.ints != nil:
		return c.ints.growth(n)
	case c.texts != nil && c.values != nil:
		return 2*c.texts.growth(n) + c.scaled.growth(n)
	case c.texts != nil:
		return c.texts.growth(n)
	}
	return 0
}
