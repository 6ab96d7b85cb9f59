package exec

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// fewGroups lists the rows of a batch by group, where all keys are dictionaries and few combinations of their entries come. A combination is a
// number, the place in an array of all of them, so nothing is hashed but one row of each. An aggregate adds a list in one loop, with its sum in
// registers; row by row it would wait for what the row before has written. Dead rows are in no list, so they cost nothing where they lie.
type fewGroups struct {
	codes []uint32 // the combination of each row; the one after the last where it is dead
	ends  []int32  // by combination: where its rows end
	found []uint32 // the combinations that some row has, in the order of their first rows
	rows  []int32  // combination by combination
	first []int32  // of each that was found
	lists []rowList
	ids   []uint32
}

// rowList is rows of one group, ascending.
type rowList struct {
	group uint32
	rows  []int32
}

const (
	// mostCombinations bounds the array of all combinations; what is asked of it stays in the nearest cache.
	mostCombinations = 256
	// listedRows is how many rows a list must have, about, to be faster than rows with a group each.
	listedRows = 32
)

// list lists the living rows of a batch, and reports whether it did: then find gives the lists their groups.
func (f *fewGroups) list(keys []*column.Vector, living column.Bitmap, n int) bool {
	all := combinations(keys)
	if all == 0 || all > mostCombinations || n < 2*listedRows {
		return false
	}
	f.combine(keys, living, n, uint32(all))
	f.count(all + 1)
	start, found := int32(0), f.found[:0]
	for c := range all {
		if k := f.ends[c]; k > 0 {
			found = append(found, uint32(c))
			f.ends[c], start = start, start+k
		}
	}
	f.found = found
	if len(found)*listedRows > n {
		return false
	}
	f.ends[all] = start // the dead come last
	f.rows = resized(f.rows, n)
	for i, c := range f.codes {
		f.rows[f.ends[c]] = int32(i)
		f.ends[c]++
	}
	f.cut()
	return true
}

// combinations is how many combinations the entries of dictionaries have; 0 where a key is none, or there are too many.
func combinations(keys []*column.Vector) int {
	all := 1
	for _, v := range keys {
		switch v.Enc {
		case column.Const:
		case column.Dict:
			if v.Child.Len > mostCombinations {
				return 0
			}
			all *= v.Child.Len
		default:
			return 0
		}
		if all > mostCombinations {
			return 0
		}
	}
	return all
}

// combine numbers the combination of each row, as digits of a number.
func (f *fewGroups) combine(keys []*column.Vector, living column.Bitmap, n int, dead uint32) {
	f.codes = resized(f.codes, n)
	codes, some := f.codes, false
	for _, v := range keys {
		switch {
		case v.Enc == column.Const:
		case some:
			size, digits := uint32(v.Child.Len), v.Codes[:n]
			for i, c := range codes {
				codes[i] = c*size + digits[i]
			}
		default:
			copy(codes, v.Codes[:n])
			some = true
		}
	}
	if !some {
		clear(codes)
	}
	if living == nil {
		return
	}
	at := 0
	for from, to := living.Next(0, n); ; from, to = living.Next(to, n) {
		fill(codes[at:from], dead)
		if at = to; from >= n {
			return
		}
	}
}

// count counts the rows of each of so many combinations, in two arrays in turn: most rows have the combination of one of those right before.
func (f *fewGroups) count(all int) {
	f.ends = resized(f.ends, all)
	clear(f.ends)
	var others [mostCombinations + 1]int32
	ends, codes := f.ends, f.codes
	for len(codes) >= 2 {
		ends[codes[0]]++
		others[codes[1]]++
		codes = codes[2:]
	}
	for _, c := range codes {
		ends[c]++
	}
	for i := range ends {
		ends[i] += others[i]
	}
}

// cut cuts the rows into lists, that of the first row first, as groups are numbered in the order in which they are met.
func (f *fewGroups) cut() {
	f.lists = f.lists[:0]
	start := int32(0)
	for _, c := range f.found {
		f.lists = append(f.lists, rowList{rows: f.rows[start:f.ends[c]]})
		start = f.ends[c]
	}
	slices.SortFunc(f.lists, func(a, b rowList) int { return int(a.rows[0] - b.rows[0]) })
}

// find looks the groups of the lists up, by a row of each.
func (f *fewGroups) find(g *grouper, keys []*column.Vector) {
	if len(f.lists) == 0 {
		return
	}
	f.first = f.first[:0]
	for _, l := range f.lists {
		f.first = append(f.first, l.rows[0])
	}
	some := make([]*column.Vector, len(keys))
	for i, v := range keys {
		some[i] = column.Gather(v, f.first)
	}
	f.ids = resized(f.ids, len(f.lists))
	g.findAll(some, f.ids)
	for i, id := range f.ids {
		f.lists[i].group = id
	}
}

// groupOfRows writes the group of each row that is in a list.
func (f *fewGroups) groupOfRows(ids []uint32) {
	for _, l := range f.lists {
		for _, r := range l.rows {
			ids[r] = l.group
		}
	}
}

// addLists feeds a batch whose rows are listed to aggregate i.
func (t *aggTable) addLists(w *worker, b *scan.Batch, i int) error {
	call, state := &t.run.calls[i], t.states[i]
	if call.Filter != nil {
		return t.addFiltered(w, b, call, state, false, nil, t.rowIDs(b.Len))
	}
	args, err := evalArgs(w, call, b)
	if err != nil && b.Living == nil {
		return err
	}
	rows, ok := state.(expr.RowsState)
	if err == nil && ok && rows.AnyOrder() {
		for _, l := range t.few.lists {
			if err := rows.AddRows(l.group, args, l.rows); err != nil {
				return err
			}
		}
		return nil
	}
	ids := t.rowIDs(b.Len)
	if b.Living != nil {
		// What failed may have failed on a dead row.
		ids, b = column.AppendLiving(nil, ids, b.Living, 0, b.Len), b.Compacted()
		if args, err = evalArgs(w, call, b); err != nil {
			return err
		}
	}
	return state.Add(ids, flatArgs(args), b.Len)
}

// rowIDs gives the group of each row of a batch whose rows are listed.
func (t *aggTable) rowIDs(n int) []uint32 {
	t.ids = resized(t.ids, n)
	t.few.groupOfRows(t.ids)
	return t.ids
}
