package exec

import (
	"bytes"
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
)

// grouper numbers the distinct tuples of key columns, NULL being equal to NULL, and keeps the values of each.
//
// One integer is looked up as it is; one text, or whatever is no integer, is numbered, which is its group. Of several columns each is
// made a column of words (groupColumn), and tuples of words are looked up: so a dictionary's entries and the values of runs are
// hashed once, and what is compared for each row are machine words.
type grouper struct {
	columns []*groupColumn
	ints    *groupInts   // where there is one integer key
	tuples  *groupTuples // where there are several keys
	count   int
	nullAt  int // of one key: the group of NULL; -1 = it has none

	lists [][]int64 // scratch
	nulls []uint64
	ids   []uint32
}

func newGrouper(types []column.Type) *grouper {
	g := &grouper{nullAt: -1}
	for i, t := range types {
		g.columns = append(g.columns, newGroupColumn(t, i))
	}
	switch {
	case len(types) > 1:
		g.tuples = &groupTuples{width: len(types)}
	case g.columns[0].direct:
		g.ints = &groupInts{}
	}
	return g
}

// watch has tables that grow look whether the statement was cancelled.
func (g *grouper) watch(ctx context.Context) *grouper {
	for _, c := range g.columns {
		switch {
		case c.ints != nil:
			c.ints.end.Ctx = ctx
		case c.texts != nil:
			c.texts.end.Ctx, c.scaled.ints.end.Ctx = ctx, ctx
		}
	}
	switch {
	case g.tuples != nil:
		g.tuples.end.Ctx = ctx
	case g.ints != nil:
		g.ints.end.Ctx = ctx
	}
	return g
}

// findAll numbers rows into groups.
func (g *grouper) findAll(keys []*column.Vector, groups []uint32) {
	if g.tuples != nil {
		g.findTuples(keys, groups)
		return
	}
	if g.ints == nil {
		g.columns[0].number(keys[0], groups)
		g.settle(groups, g.columns[0].count())
		return
	}
	words, valid := g.columns[0].wordsOf(keys[0], len(groups))
	g.ints.number(words, valid, groups)
	g.settle(groups, len(g.ints.keys))
}

// settle makes groups of numbers of values: those before the first NULL are one less, those after it are as they are.
func (g *grouper) settle(ids []uint32, count int) {
	if g.nullAt < 0 && slices.Contains(ids, 0) {
		g.nullAt = count
	}
	g.count = count
	if g.nullAt < 0 {
		for i := range ids {
			ids[i]--
		}
		return
	}
	g.count++
	null := uint32(g.nullAt)
	for i, id := range ids {
		switch {
		case id == 0:
			ids[i] = null
		case id <= null:
			ids[i] = id - 1
		}
	}
}

func (g *grouper) findTuples(keys []*column.Vector, groups []uint32) {
	g.lists = g.lists[:0]
	n := len(groups)
	hasNulls := false
	for k, c := range g.columns {
		words, valid := c.wordsOf(keys[k], n)
		g.lists = append(g.lists, words)
		hasNulls = g.noteNulls(k, valid, n, hasNulls)
	}
	g.number(g.lists, hasNulls, groups)
}

// noteNulls adds the NULLs of column k to the bits of the rows.
func (g *grouper) noteNulls(k int, valid column.Bitmap, n int, some bool) bool {
	if valid == nil {
		return some
	}
	if !some {
		g.nulls = resized(g.nulls, n)
		clear(g.nulls)
	}
	for i := range n {
		if !valid.Get(i) {
			g.nulls[i] |= 1 << k
		}
	}
	return true
}

func (g *grouper) number(lists [][]int64, hasNulls bool, groups []uint32) {
	var nulls []uint64
	if hasNulls {
		nulls = g.nulls
	}
	g.tuples.number(lists, nulls, groups)
	for i := range groups {
		groups[i]--
	}
	g.count = len(g.tuples.hashes)
}

// findSpans numbers spans into groups; keys are constants or run-end encoded. Spans and runs ascend together, so that no run is
// searched for.
func (g *grouper) findSpans(keys []*column.Vector, list []span, groups []uint32) {
	picked := make([]*column.Vector, len(keys))
	for k, v := range keys {
		picked[k] = spanValues(v, list)
	}
	g.findAll(picked, groups)
}

// spanValues gives the value of each span.
func spanValues(v *column.Vector, list []span) *column.Vector {
	if v.Enc == column.Const {
		return v.Slice(0, len(list))
	}
	if v.Child.Len == len(list) {
		return v.Child // a run each
	}
	// Rows of the child as run ends again, so that each run is looked up once.
	out := &column.Vector{Type: v.Type, Enc: column.RunEnd, Len: len(list), Child: v.Child, Ends: make([]int32, 0, v.Child.Len)}
	at := 0
	for _, end := range v.Ends {
		for at < len(list) && list[at].lo < int(end) {
			at++
		}
		out.Ends = append(out.Ends, int32(at))
	}
	return out
}

// find gives the group of one row: for few rows, findAll being for many.
func (g *grouper) find(keys []*column.Vector, row int) uint32 {
	one := make([]*column.Vector, len(keys))
	for i, v := range keys {
		one[i] = v.Slice(row, row+1)
	}
	var group [1]uint32
	g.findAll(one, group[:])
	return group[0]
}

// absorb numbers the groups of another grouper of the same types: mapping[i] is the group of its group i here.
func (g *grouper) absorb(rows []*column.Vector, n int) []uint32 {
	mapping := make([]uint32, n)
	if len(rows) == 0 { // no keys: one group on both sides
		return mapping
	}
	g.findAll(rows, mapping)
	return mapping
}

// expect makes room for n groups in a grouper that has none, so that it need not grow step by step.
func (g *grouper) expect(n int) {
	switch {
	case g.count > 0 || n < fewSlots:
	case g.tuples != nil:
		g.tuples.expect(n)
	case g.ints != nil:
		g.ints.fill(slotsFor(n))
	case g.columns[0].texts != nil:
		g.columns[0].texts.expect(n)
	}
}

// finish gives the key columns, a row for each group.
func (g *grouper) finish() ([]*column.Vector, error) {
	out := make([]*column.Vector, len(g.columns))
	for k := range g.columns {
		var err error
		if out[k], err = g.finishColumn(k, nil); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// finishColumn gives one key column, of the groups that are listed; nil = of all.
func (g *grouper) finishColumn(k int, groups []int32) (*column.Vector, error) {
	c := g.columns[k]
	switch {
	case !c.direct && groups == nil:
		g.ids = resized(g.ids, g.count)
		for i := range g.ids {
			g.ids[i] = g.numberOf(k, i)
		}
		return c.gather(g.ids)
	case !c.direct:
		g.ids = resized(g.ids, len(groups))
		for i, group := range groups {
			g.ids[i] = g.numberOf(k, int(group))
		}
		return c.gather(g.ids)
	case groups == nil:
		return g.directColumn(k), nil
	}
	b := column.NewBuilder(c.typ, len(groups))
	for _, group := range groups {
		g.appendDirect(b, k, int(group))
	}
	return b.Finish(), nil
}

// directColumn gives the values of a column of integers.
func (g *grouper) directColumn(k int) *column.Vector {
	if g.tuples == nil && g.nullAt < 0 {
		return column.NewInts(g.columns[k].typ, slices.Clip(g.ints.keys), nil) // what is appended later changes none of these
	}
	b := column.NewBuilder(g.columns[k].typ, g.count)
	for i := range g.count {
		g.appendDirect(b, k, i)
	}
	return b.Finish()
}

func (g *grouper) appendDirect(b *column.Builder, k, group int) {
	switch {
	case g.tuples != nil && g.tuples.nulls != nil && g.tuples.nulls[group]>>k&1 == 1, g.tuples == nil && group == g.nullAt:
		b.AppendNull()
	case g.tuples != nil:
		b.AppendInt(g.tuples.words[group*g.tuples.width+k])
	case g.nullAt >= 0 && group > g.nullAt:
		b.AppendInt(g.ints.keys[group-1])
	default:
		b.AppendInt(g.ints.keys[group])
	}
}

// numberOf gives the number of the value that a group has in a column.
func (g *grouper) numberOf(k, group int) uint32 {
	switch {
	case g.tuples != nil:
		return uint32(g.tuples.words[group*g.tuples.width+k])
	case group == g.nullAt:
		return 0
	case g.nullAt >= 0 && group > g.nullAt:
		return uint32(group)
	}
	return uint32(group) + 1
}

// sorted lists the groups in the order of their keys, NULL last.
func (g *grouper) sorted() ([]uint32, error) {
	rows, err := g.finish()
	if err != nil {
		return nil, err
	}
	keys, out := make([][]byte, g.count), make([]uint32, g.count)
	var data []byte
	for i := range out {
		out[i] = uint32(i)
		start := len(data)
		for _, v := range rows {
			data = key.AppendValue(data, v, i)
		}
		keys[i] = data[start:len(data):len(data)]
	}
	slices.SortFunc(out, func(a, b uint32) int { return bytes.Compare(keys[a], keys[b]) })
	return out, nil
}

func (g *grouper) sizeBytes() int64 {
	n := int64(8*cap(g.nulls) + 4*cap(g.ids))
	if g.ints != nil {
		n += g.ints.sizeBytes()
	}
	if g.tuples != nil {
		n += g.tuples.sizeBytes()
	}
	for _, c := range g.columns {
		n += c.sizeBytes()
	}
	return n
}

// growth is by how many bytes n more groups can make the grouper grow, about: where nothing doubles, little.
func (g *grouper) growth(n int) int64 {
	more := int64(0)
	if g.ints != nil {
		more += g.ints.growth(n)
	}
	if g.tuples != nil {
		more += g.tuples.growth(n)
	}
	for _, c := range g.columns {
		more += c.growth(n)
	}
	return more
}
