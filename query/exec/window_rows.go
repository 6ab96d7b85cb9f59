package exec

import (
	"cmp"
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// numberRows is findAll, by spans of equal keys where the encodings show them.
func numberRows(g *grouper, keys []*column.Vector, b *scan.Batch, groups []uint32, plain bool) {
	if !plain {
		if list, ok := spans(nil, keys, nil, b.Len); ok {
			ids := make([]uint32, len(list))
			g.findSpans(keys, list, ids)
			for k, s := range list {
				for i := s.lo; i < s.hi; i++ {
					groups[i] = ids[k]
				}
			}
			return
		}
	}
	g.findAll(keys, groups)
}

// windowInput is all of the input, partition by partition.
type windowInput struct {
	plan    *windowPlan
	batches []windowBatch
	refs    []rowRef
	starts  []int // of the partitions in refs, and the end
	// By column, and then by batch: the values of columns that are flat without NULLs everywhere; nil for others.
	ints   [][][]int64
	floats [][][]float64
}

// rowRef is a row: its batch, and its place there.
type rowRef uint64

func (r rowRef) batch() int { return int(r >> 32) }
func (r rowRef) row() int32 { return int32(uint32(r)) }

// joined puts together what the workers pulled: a counting sort by partition.
func (in *windowIntake) joined(ctx context.Context) (*windowInput, error) {
	out := &windowInput{plan: in.plan}
	lists := in.lists
	groups, err := joinGroups(lists)
	if err != nil {
		return nil, err
	}
	total := 0
	for _, l := range lists {
		out.batches = append(out.batches, l.batches...)
		for i := range l.batches {
			total += l.batches[i].n
		}
	}
	if total == 0 {
		return out, nil
	}
	slices.SortFunc(out.batches, func(a, b windowBatch) int {
		if a.number != b.number {
			return a.number - b.number
		}
		return cmp.Compare(a.first, b.first)
	})
	out.findFlat()
	if err := in.account.must(8 * int64(total+len(groups))); err != nil {
		return nil, err
	}
	end := expr.Looks{Ctx: ctx}
	rows := out.inOrder(total, in.level > 0, &end)
	if end.Err() != nil {
		return nil, end.Err()
	}
	if groups == nil {
		out.refs, out.starts = rows, []int{0, total}
		return out, nil
	}
	out.refs = make([]rowRef, total)
	// places[g] is where the next row of group g goes; groups are in the order of their keys.
	places := make([]int, len(groups)+1)
	for k := range out.batches {
		if end.Look() {
			return nil, end.Err()
		}
		for _, g := range out.batches[k].groups {
			places[groups[g]+1]++
		}
	}
	for i := range groups {
		places[i+1] += places[i]
	}
	out.starts = slices.Clone(places)
	for _, r := range rows {
		if end.Over() {
			return nil, end.Err()
		}
		to := groups[out.batches[r.batch()].groups[r.row()]]
		out.refs[places[to]] = r
		places[to]++
	}
	return out, nil
}

// inOrder lists all rows in the order of the input. Those that were on disk say themselves where they stood there.
func (in *windowInput) inOrder(total int, numbered bool, end *expr.Looks) []rowRef {
	out := make([]rowRef, 0, total)
	for k := range in.batches {
		if end.Look() {
			return out
		}
		for i := range in.batches[k].n {
			out = append(out, rowRef(k)<<32|rowRef(i))
		}
	}
	if !numbered {
		return out
	}
	keys := make([]windowKey, total)
	for i, r := range out {
		if end.Over() {
			return out
		}
		b := &in.batches[r.batch()]
		keys[i] = windowKey{prefix: uint64(b.columns[len(b.columns)-1].Int(int(r.row()))), row: int32(i)}
	}
	radixSort(keys, end)
	sorted := make([]rowRef, total)
	for i := range keys {
		if end.Over() {
			return out
		}
		sorted[i] = out[keys[i].row]
	}
	return sorted
}

// joinGroups numbers the partitions of all workers in the order of their keys: partition g of a batch gets place order[g]. Nil = there is one
// partition.
func joinGroups(lists []*windowRows) (order []uint32, err error) {
	if len(lists) == 0 || lists[0].groups == nil {
		return nil, nil
	}
	all := lists[0].groups
	for _, l := range lists[1:] {
		rows, err := l.groups.finish()
		if err != nil {
			return nil, err
		}
		mapping := all.absorb(rows, l.groups.count)
		for i := range l.batches {
			for k, g := range l.batches[i].groups {
				l.batches[i].groups[k] = mapping[g]
			}
		}
	}
	byKey, err := all.sorted()
	if err != nil {
		return nil, err
	}
	order = make([]uint32, len(byKey))
	for place, g := range byKey {
		order[g] = uint32(place)
	}
	return order, nil
}
