package segment

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
)

// keySchema has columns of the types that keys are found by in different ways; Key says how the rows are sorted.
func keySchema(tags, sorted []column.ID) *column.Schema {
	return &column.Schema{
		Version: 1,
		Fields: []column.Field{
			{ID: 1, Name: "n", Type: column.T(column.Int64), NotNull: true},
			{ID: 2, Name: "name", Type: column.T(column.Text), NotNull: true},
			{ID: 3, Name: "f", Type: column.T(column.Float64)},
			{ID: 4, Name: "maybe", Type: column.T(column.Int32)},
		},
		Tags: tags, Key: sorted,
	}
}

// TestFindKeys compares with a look at every row: keys of several columns and types, in segments that are sorted by them and in others.
func TestFindKeys(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 3))
		var tags []column.ID
		sorted := [][]column.ID{{1}, {2}, {1, 2}, {2, 1}, {3, 1}, {2, 3, 1}}[rng.IntN(6)]
		if rng.IntN(3) == 0 && slices.Contains(sorted, 2) {
			tags = []column.ID{2}
		}
		schema := keySchema(tags, sorted)
		r, rows := keySegment(t, rng, schema)
		for _, columns := range [][]column.ID{sorted, {1}, {2}, {4}, {4, 2}, {3}, {9}, {1, 9}} {
			checkFindKeys(t, rng, r, schema, columns, rows, fmt.Sprint("seed ", seed, ", sorted by ", sorted, ", tags ", tags))
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// keySegment writes rows of random values, of which some repeat, and gives them as columns in the order of the segment.
func keySegment(t *testing.T, rng *rand.Rand, schema *column.Schema) (*Reader, []*column.Vector) {
	n := 1 + rng.IntN(300)
	b := make([]*column.Builder, 4)
	for i, f := range schema.Fields {
		b[i] = column.NewBuilder(f.Type, n)
	}
	for range n {
		b[0].AppendInt(rng.Int64N(200) - 100)
		b[1].AppendString([]string{"", "a", "a\x00", "zebra", "a long name that does not fit into the bounds of a page, number one", "a long name that does not fit into the bounds of a page, number two"}[rng.IntN(6)])
		b[2].AppendFloat(float64(rng.IntN(9)) - 4)
		if rng.IntN(4) == 0 {
			b[3].AppendNull()
		} else {
			b[3].AppendInt(rng.Int64N(50))
		}
	}
	rows := make([]*column.Vector, 4)
	for i := range b {
		rows[i] = b[i].Finish()
	}
	order := append(slices.Clone(schema.Tags), schema.Order()...)
	index := make([]int32, n)
	for i := range index {
		index[i] = int32(i)
	}
	slices.SortStableFunc(index, func(x, y int32) int {
		return bytes.Compare(tupleOf(schema, order, rows, int(x)), tupleOf(schema, order, rows, int(y)))
	})
	for i := range rows {
		rows[i] = column.Gather(rows[i], index)
	}
	files := newFiles()
	w, err := NewWriter(t.Context(), files, Options{Table: 7, Segment: 9, Schema: schema, PageRows: 7, GroupRows: 50})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		one := make([]*column.Vector, len(rows))
		for k := range rows {
			one[k] = rows[k].Slice(i, i+1)
		}
		if err := w.AppendRun(tupleOf(schema, schema.Tags, rows, i), one, 1); err != nil {
			t.Fatal(err)
		}
	}
	info, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), files, info.Ref(7, 9), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r, rows
}

func tupleOf(schema *column.Schema, columns []column.ID, rows []*column.Vector, i int) []byte {
	var out []byte
	for _, id := range columns {
		if at := schema.Index(id); at >= 0 && at < len(rows) {
			out = key.AppendValue(out, rows[at], i)
		} else {
			out = key.AppendNull(out)
		}
	}
	return out
}

func checkFindKeys(t *testing.T, rng *rand.Rand, r *Reader, schema *column.Schema, columns []column.ID, rows []*column.Vector, what string) {
	t.Helper()
	view := *schema
	view.Fields = append(slices.Clone(view.Fields), column.Field{ID: 9, Name: "later", Type: column.T(column.Int64)})
	of := KeyOf{Columns: columns, Schema: &view}
	other := make([]*column.Vector, 4) // values that are mostly not there
	other[0] = ints(column.Int64, rng.Int64N(300)-150)
	other[1] = column.NewStrings([]string{"b", "zz", "a long name that does not fit into the bounds of a page"}[rng.IntN(3)])
	other[2] = column.NewFloats(column.T(column.Float64), []float64{0.5}, nil)
	other[3] = ints(column.Int32, rng.Int64N(80))
	var keys [][]byte
	for range rng.IntN(20) {
		if rng.IntN(2) == 0 {
			keys = append(keys, tupleOf(schema, columns, other, 0))
		} else {
			keys = append(keys, tupleOf(schema, columns, rows, rng.IntN(rows[0].Len)))
		}
	}
	slices.SortFunc(keys, bytes.Compare)
	keys = slices.CompactFunc(keys, bytes.Equal)
	var got, want []string
	err := r.FindKeys(t.Context(), of, keys, nil, func(row uint32, k int) { got = append(got, fmt.Sprintf("%04d=%d", row, k)) })
	if err != nil {
		t.Fatal(what, columns, err)
	}
	filter, err := r.KeyFilter(t.Context(), of, false, nil)
	if err != nil {
		t.Fatal(what, columns, err)
	}
	if filter.SizeBytes() != r.KeyFilterBytes(of) {
		t.Fatalf("%s: key %v: a filter of %d bytes, said to be of %d", what, columns, filter.SizeBytes(), r.KeyFilterBytes(of))
	}
	bounds, err := r.KeyBounds(of)
	if err != nil {
		t.Fatal(what, columns, err)
	}
	for i := range rows[0].Len {
		tuple := tupleOf(schema, columns, rows, i)
		if k, ok := slices.BinarySearchFunc(keys, tuple, bytes.Compare); ok {
			want = append(want, fmt.Sprintf("%04d=%d", i, k))
		}
		if !filter.Has(key.Hash(tuple)) {
			t.Fatalf("%s: key %v: row %d is not in the filter", what, columns, i)
		}
		if bounds.Apart(tuple, tuple) {
			t.Fatalf("%s: key %v: row %d is outside of the bounds", what, columns, i)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Fatalf("%s: key %v: got %v, want %v", what, columns, got, want)
	}
}
