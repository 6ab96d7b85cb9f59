package opt

import (
	"math"
	"slices"

	"github.com/automatanexus/aegis-db/query/plan"
)

// tableKey says that columns of a profile are the key of a table: so many tuples of them there are, whatever the product of their values.
type tableKey struct {
	columns []int
	rows    float64 // of the whole table
}

// tableKeys is the key of a scan's table, if the scan gives all of its columns.
func tableKeys(n *plan.Scan, rows float64) []tableKey {
	schema := n.Relation.Schema()
	if schema == nil || len(schema.Key) < 2 {
		return nil
	}
	columns := n.Relation.Columns()
	k := tableKey{rows: max(rows, 1)}
	for _, id := range schema.Key {
		at := slices.IndexFunc(n.Project, func(c int) bool { return c < len(columns) && columns[c].ID == id })
		if at < 0 {
			return nil
		}
		k.columns = append(k.columns, at)
	}
	return []tableKey{k}
}

// moved gives keys whose columns have other places, those left out that lose a column.
func moved(keys []tableKey, place func(c int) int) (out []tableKey) {
	for _, k := range keys {
		columns := make([]int, len(k.columns))
		for i, c := range k.columns {
			columns[i] = place(c)
		}
		if !slices.Contains(columns, -1) {
			out = append(out, tableKey{columns, k.rows})
		}
	}
	return out
}

// mostTuples bounds the different tuples of the columns that equalities compare: where they are a table's key on one side, what the other side has are taken to be
// keys of that table.
func mostTuples(pairs []pair, left, right *profile) float64 {
	most := math.Inf(1)
	if len(pairs) < 2 {
		return most
	}
	bound := func(keys []tableKey, at func(p pair) int) {
		for _, k := range keys {
			covered := !slices.ContainsFunc(k.columns, func(c int) bool {
				return !slices.ContainsFunc(pairs, func(p pair) bool { return at(p) == c })
			})
			if covered {
				most = min(most, k.rows)
			}
		}
	}
	bound(left.keys, func(p pair) int { return p.leftAt })
	bound(right.keys, func(p pair) int { return p.rightAt })
	return most
}
