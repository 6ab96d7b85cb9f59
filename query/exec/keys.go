package exec

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
)

// grouper numbers the distinct tuples of key columns and keeps a row of each.
type grouper struct {
	bytes   *groupTable
	ints    *intTable // instead of bytes where there is one integer key
	null    uint32    // the group of NULL in ints, + 1
	count   int
	rows    []*column.Builder // the key columns, by group
	scratch []byte
	memo    []uint32 // by dictionary code, group + 1
	places  []place  // of findSpans
}

func newGrouper(types []column.Type) *grouper {
	g := &grouper{}
	if len(types) == 1 && types[0].Physical() == column.PhysInt {
		g.ints = newIntTable()
	} else {
		g.bytes = newGroupTable()
	}
	for _, t := range types {
		g.rows = append(g.rows, column.NewBuilder(t, 0))
	}
	return g
}

// find gives the group of row i of the key columns.
func (g *grouper) find(keys []*column.Vector, i int) uint32 {
	if g.ints != nil {
		f, j := keys[0].At(i)
		if f.Valid != nil && !f.Valid.Get(j) {
			return g.findNull()
		}
		return g.findInt(f.Ints[j])
	}
	g.scratch = g.scratch[:0]
	for _, v := range keys {
		g.scratch = key.AppendValue(g.scratch, v, i)
	}
	group, isNew := g.bytes.find(g.scratch)
	if isNew {
		g.count++
		for k, v := range keys {
			g.rows[k].AppendRow(v, i)
		}
	}
	return group
}

// place is where in a key's flat values a span's value is.
type place struct {
	values *column.Vector
	ends   []int32 // of the runs, nil = a constant
	row    int
}

// findSpans numbers spans into groups; keys are constants or run-end encoded. Spans and runs ascend together, so that no run is
// searched for.
func (g *grouper) findSpans(keys []*column.Vector, list []span, groups []uint32) {
	g.places = g.places[:0]
	for _, v := range keys {
		g.places = append(g.places, place{values: v.Child, ends: v.Ends})
	}
	for i, s := range list {
		for k := range g.places {
			p := &g.places[k]
			for p.ends != nil && int(p.ends[p.row]) <= s.lo {
				p.row++
			}
		}
		groups[i] = g.findPlaces()
	}
}

// findPlaces is find for the values at the places.
func (g *grouper) findPlaces() uint32 {
	if g.ints != nil {
		p := &g.places[0]
		if p.values.Valid != nil && !p.values.Valid.Get(p.row) {
			return g.findNull()
		}
		return g.findInt(p.values.Ints[p.row])
	}
	g.scratch = g.scratch[:0]
	for k := range g.places {
		g.scratch = key.AppendValue(g.scratch, g.places[k].values, g.places[k].row)
	}
	group, isNew := g.bytes.find(g.scratch)
	if isNew {
		g.count++
		for k := range g.places {
			g.rows[k].AppendRow(g.places[k].values, g.places[k].row)
		}
	}
	return group
}

func (g *grouper) findInt(v int64) uint32 {
	group, isNew := g.ints.find(v, uint32(g.count))
	if isNew {
		g.count++
		g.rows[0].AppendInt(v)
	}
	return group
}

func (g *grouper) findNull() uint32 {
	if g.null == 0 {
		g.null = uint32(g.count) + 1
		g.count++
		g.rows[0].AppendNull()
	}
	return g.null - 1
}

// findAll numbers n rows into groups.
func (g *grouper) findAll(keys []*column.Vector, groups []uint32) {
	if len(keys) == 1 {
		v := keys[0]
		if v.Enc == column.Dict && v.Child.Len <= 4*len(groups) {
			g.findCodes(v, groups)
			return
		}
		if g.ints != nil && v.Enc == column.Flat {
			g.findInts(v, groups)
			return
		}
	}
	for i := range groups {
		groups[i] = g.find(keys, i)
	}
}

func (g *grouper) findInts(v *column.Vector, groups []uint32) {
	if v.Valid == nil {
		for i, x := range v.Ints[:len(groups)] {
			groups[i] = g.findInt(x)
		}
		return
	}
	for i, x := range v.Ints[:len(groups)] {
		if v.Valid.Get(i) {
			groups[i] = g.findInt(x)
		} else {
			groups[i] = g.findNull()
		}
	}
}

// findCodes looks each dictionary entry up once, when a row first refers to it.
func (g *grouper) findCodes(v *column.Vector, groups []uint32) {
	if cap(g.memo) < v.Child.Len {
		g.memo = make([]uint32, v.Child.Len)
	}
	memo := g.memo[:v.Child.Len]
	clear(memo)
	entry := []*column.Vector{v.Child}
	for i, code := range v.Codes[:len(groups)] {
		if memo[code] == 0 {
			memo[code] = g.find(entry, int(code)) + 1
		}
		groups[i] = memo[code] - 1
	}
}

// absorb numbers the groups of another grouper of the same types: mapping[i] is the group of its group i here.
func (g *grouper) absorb(rows []*column.Vector, n int) []uint32 {
	mapping := make([]uint32, n)
	g.findAll(rows, mapping)
	return mapping
}

// finish hands over the key columns; the grouper is of no use afterwards.
func (g *grouper) finish() ([]*column.Vector, error) { return finishAll(g.rows) }

func (g *grouper) sizeBytes() int64 {
	n := int64(4 * cap(g.memo))
	if g.ints != nil {
		n += g.ints.sizeBytes() + int64(8*g.count)
	} else {
		// The kept rows hold about what the encoded keys hold.
		n += 2 * g.bytes.sizeBytes()
	}
	return n
}

// growth is by how many bytes n more groups can make the grouper grow, about: where it does not double, little.
func (g *grouper) growth(n int) int64 {
	if t := g.ints; t != nil {
		more := doubling(len(t.keys), cap(t.keys), n, 16) // and as much for the kept values
		if 2*(len(t.keys)+n) > len(t.slots) {
			more += 8 * int64(max(len(t.slots), 2*(len(t.keys)+n)))
		}
		return more
	}
	t := g.bytes
	each := len(t.keys)/max(len(t.hashes), 1) + 16
	more := doubling(len(t.hashes), cap(t.hashes), n, 16) + 2*doubling(len(t.keys), cap(t.keys), n*each, 1)
	if 2*(len(t.hashes)+n) > len(t.slots) {
		more += 8 * int64(max(len(t.slots), 2*(len(t.hashes)+n)))
	}
	return more
}

// doubling is what a slice takes that has to grow to hold n more elements; 0 if it has room.
func doubling(length, capacity, n, width int) int64 {
	if length+n <= capacity {
		return 0
	}
	return int64(max(length+n, 2*capacity)) * int64(width)
}

// span is a range of rows of which all keys are equal.
type span struct {
	lo, hi int
	sorted bool // inside one run of the table's order
}

// constant reports that no key changes inside a run.
func constant(keys []*column.Vector) bool {
	for _, v := range keys {
		if v.Enc != column.Const && v.Enc != column.RunEnd {
			return false
		}
	}
	return true
}

// spans cuts a batch where a key or the run changes. ok is false if some key changes from row to row (it is flat or a
// dictionary), or if spans would be so short that rows are cheaper.
func spans(dst []span, keys []*column.Vector, runs []scan.Run, n int) (out []span, ok bool) {
	var cuts [][]int32
	total := 1
	for _, v := range keys {
		switch v.Enc {
		case column.Const:
		case column.RunEnd:
			cuts = append(cuts, v.Ends)
			total += len(v.Ends)
		default:
			return dst, false
		}
	}
	// Below about three rows a span costs more than rows do: measured on sums of float columns.
	if total > n/3+1 {
		return dst, false
	}
	out = dst[:0]
	at := make([]int, len(cuts))
	run := 0
	for lo := 0; lo < n; {
		hi := n
		for k, ends := range cuts {
			for int(ends[at[k]]) <= lo {
				at[k]++
			}
			hi = min(hi, int(ends[at[k]]))
		}
		sorted := false
		if run < len(runs) {
			for int(runs[run].Start+runs[run].Len) <= lo {
				run++
			}
			hi = min(hi, int(runs[run].Start+runs[run].Len))
			sorted = true
		}
		out = append(out, span{lo, hi, sorted})
		lo = hi
	}
	return out, true
}

// sorted lists the groups in the order of their keys, NULL last.
func (g *grouper) sorted() []uint32 {
	out := make([]uint32, g.count)
	for i := range out {
		out[i] = uint32(i)
	}
	if g.ints == nil {
		slices.SortFunc(out, func(a, b uint32) int { return bytes.Compare(g.bytes.key(int(a)), g.bytes.key(int(b))) })
		return out
	}
	slices.SortFunc(out, func(a, b uint32) int {
		switch {
		case a == g.null-1:
			return 1
		case b == g.null-1:
			return -1
		}
		return cmp.Compare(g.ints.keys[a], g.ints.keys[b])
	})
	return out
}
