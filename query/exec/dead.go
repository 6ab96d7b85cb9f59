package exec

import (
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// Dead rows may come among the others where they cost nothing: below a filter, which takes them out with those that do not pass, and below an
// aggregation, whose states pass over them. Everybody else gets batches without them.

// deadBelow lets a scan right below leave dead rows where they are, if none of some expressions can fail on them.
func deadBelow(input producer, computed ...expr.Expr) {
	s, ok := feeder(input).(*scanner)
	if !ok || s.env.Plain {
		return
	}
	for _, e := range computed {
		if expr.CanFail(e) || expr.Volatile(e) {
			return
		}
	}
	s.dead = true
}

// deadBelowGroups is deadBelow of an aggregation. What a bound learns from keys it must not learn from those of the dead.
func deadBelowGroups(n *plan.Aggregate, input producer, bound *scan.Bound) {
	if bound != nil {
		return
	}
	computed := slices.Clone(n.Keys)
	for i := range n.Aggs {
		a := &n.Aggs[i]
		if a.Distinct || len(a.Order) > 0 {
			return
		}
		computed = append(computed, a.Args...)
		if a.Filter != nil {
			computed = append(computed, a.Filter)
		}
	}
	deadBelow(input, computed...)
}

// livingRows keeps those of the listed rows that live.
func livingRows(rows []int32, living column.Bitmap) []int32 {
	if living == nil {
		return rows
	}
	n := 0
	for _, r := range rows {
		rows[n] = r
		n += int(living[r>>6] >> (r & 63) & 1)
	}
	return rows[:n]
}

// livingSpans drops the spans that have no living row: a group must not come of them.
func livingSpans(list []span, living column.Bitmap) []span {
	kept := list[:0]
	for _, s := range list {
		if from, to := living.Next(s.lo, s.hi); from < to {
			kept = append(kept, s)
		}
	}
	return kept
}

// spanKeys gives the keys of spans that do not cover their batch: of those left out none may be looked up.
func spanKeys(keys []*column.Vector, list []span) []*column.Vector {
	rows := make([]int32, len(list))
	for i, s := range list {
		rows[i] = int32(s.lo)
	}
	out := make([]*column.Vector, len(keys))
	for i, v := range keys {
		out[i] = column.Gather(v, rows)
	}
	return out
}

// addLiving gives a state the living rows of a span.
func addLiving(state expr.State, g uint32, args []*column.Vector, living column.Bitmap, s span) error {
	if l, ok := state.(expr.LivingState); ok {
		return l.AddLiving(g, args, living, s.lo, s.hi)
	}
	for from, to := living.Next(s.lo, s.hi); from < to; from, to = living.Next(to, s.hi) {
		if err := state.AddRange(g, args, from, to, s.sorted); err != nil {
			return err
		}
	}
	return nil
}

// compacted gives keys and batch without the dead rows.
func compacted(keys []*column.Vector, b *scan.Batch) ([]*column.Vector, *scan.Batch) {
	if b.Living == nil {
		return keys, b
	}
	out, n := make([]*column.Vector, len(keys)), b.Rows()
	for i, v := range keys {
		out[i] = column.Living(v, b.Living, n)
	}
	return out, b.Compacted()
}
