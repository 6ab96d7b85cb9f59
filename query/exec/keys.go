package exec

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

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
	out = slices.Grow(dst[:0], total+len(runs))
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
