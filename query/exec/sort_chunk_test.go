package exec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// chunkOf makes the rows of a chunk with keys over columns.
func chunkOf(keys sortKeys, columns ...*column.Vector) []sortRef {
	b := &scan.Batch{Len: columns[0].Len, Columns: columns}
	refs := make([]sortRef, b.Len)
	for i := range refs {
		refs[i] = sortRef{key: keys.append(nil, columns, i), order: uint64(i), batch: b, row: int32(i)}
		refs[i].prefix = keys.prefix(refs[i].key)
	}
	return refs
}

func keysOver(desc, nullsFirst bool, columns ...*column.Vector) sortKeys {
	var keys sortKeys
	for i, c := range columns {
		keys = append(keys, plan.SortKey{Expr: &expr.Column{Index: i, T: c.Type}, Desc: desc, NullsFirst: nullsFirst})
	}
	return keys
}

// randomKey makes a column whose values repeat, lie close together, begin alike and are NULL at times.
func randomKey(r *rand.Rand, n int) *column.Vector {
	kind := []column.Kind{column.Int64, column.TimestampTZ, column.Text, column.Float64, column.Bool}[r.IntN(5)]
	b := column.NewBuilder(column.T(kind), n)
	alike := []string{"", "host_", "a\x00b"}[r.IntN(3)]
	base := []int64{0, -3, 1 << 40, -1 << 63}[r.IntN(4)]
	nulls := r.IntN(3) * 3
	for range n {
		switch {
		case r.IntN(10) < nulls:
			b.AppendNull()
		case kind == column.Text:
			b.AppendString(alike + []string{"", "\x00", "x", fmt.Sprint(r.IntN(200))}[r.IntN(4)])
		case kind == column.Float64:
			b.AppendFloat(float64(r.IntN(9)-4) / 2)
		case kind == column.Bool:
			b.AppendBool(r.IntN(2) == 0)
		default:
			b.AppendInt(base + int64(r.IntN(9)))
		}
	}
	return b.Finish()
}

func TestSortChunk(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	for range 2000 {
		var columns []*column.Vector
		n := 1 + r.IntN(60)
		for range 1 + r.IntN(3) {
			columns = append(columns, randomKey(r, n))
		}
		keys := keysOver(r.IntN(2) == 0, r.IntN(2) == 0, columns...)
		chunk := chunkOf(keys, columns...)
		want := slices.Clone(chunk)
		slices.SortFunc(want, func(a, b sortRef) int { return compareRefs(&a, &b) })
		got := keys.sortChunk(chunk)
		for i := range want {
			if got[i].row != want[i].row {
				t.Fatalf("keys %+v: place %d has row %d, want %d", keys, i, got[i].row, want[i].row)
			}
		}
	}
}

// BenchmarkSortChunk sorts what TSBS's double-groupby gives: 12 hours of 400 hosts, by hour and host.
func BenchmarkSortChunk(b *testing.B) {
	hours, hosts := column.NewBuilder(column.T(column.TimestampTZ), 0), column.NewBuilder(column.T(column.Text), 0)
	for _, host := range rand.New(rand.NewPCG(1, 2)).Perm(400) {
		for hour := range 12 {
			hours.AppendInt(int64(hour) * 3600e6)
			hosts.AppendString(fmt.Sprint("host_", host))
		}
	}
	columns := []*column.Vector{hours.Finish(), hosts.Finish()}
	keys := keysOver(false, false, columns...)
	chunk := chunkOf(keys, columns...)
	for b.Loop() {
		sorted := keys.sortChunk(chunk)
		if columns[1].IsNull(int(sorted[0].row)) || string(columns[1].Bytes(int(sorted[0].row))) != "host_0" {
			b.Fatal("host_0 is not the first")
		}
	}
}
