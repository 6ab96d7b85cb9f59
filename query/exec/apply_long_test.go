package exec

import (
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// TestLongPairsOfNestedLoop: pairs with long values come a few at a time, whichever side has them and however they are encoded, and none is lost.
func TestLongPairsOfNestedLoop(t *testing.T) {
	text := column.T(column.Text)
	long := strings.Repeat("x", 40_000)
	const few, many = 3, 1000
	relationOf := func(v *column.Vector) *relation {
		ids := make([]int64, v.Len)
		for i := range ids {
			ids[i] = int64(i)
		}
		r := newRelation(big, text)
		r.morsels = [][]*scan.Batch{{{Len: v.Len, Columns: []*column.Vector{column.NewInts(big, ids, nil), v}}}}
		return r
	}
	flat := func(n int) *column.Vector { return column.NewStrings(slices.Repeat([]string{long}, n)...) }
	short := func(n int) *column.Vector { return column.NewStrings(slices.Repeat([]string{"s"}, n)...) }
	once := column.NewConst(column.NewStrings(long), 0, many)
	for name, sides := range map[string][2]*column.Vector{
		"left":           {flat(few), short(many)},
		"right, flat":    {short(few), flat(many)},
		"right constant": {short(few), once},
		"both":           {flat(few), once},
	} {
		for _, kind := range []plan.JoinKind{plan.InnerJoin, plan.LeftJoin} {
			node := &plan.Apply{
				Left: relationOf(sides[0]).scan(), Right: relationOf(sides[1]).scan(), Kind: kind,
				Cond: lessThan(t, &expr.Column{Index: 2, T: big}, &expr.Column{T: big}),
			}
			seen := make(map[[2]int64]bool)
			err := eachBatch(node, envOf(1), func(b *scan.Batch) {
				size := 0
				for i := range b.Len {
					seen[[2]int64{column.Flatten(b.Columns[0]).Ints[i], column.Flatten(b.Columns[2]).Ints[i]}] = true
				}
				for _, v := range b.Columns {
					size += len(column.Flatten(v).Data)
				}
				if size > 3*pairBytes {
					t.Errorf("%s, %s: a batch of %d rows has %d bytes", name, kindNames[kind], b.Len, size)
				}
			})
			if want := 999 + 998 + 997; err != nil || len(seen) != want {
				t.Errorf("%s, %s: %d pairs, want %d; %v", name, kindNames[kind], len(seen), want, err)
			}
		}
	}
}

// TestLongConditionOfNestedLoop: a condition that makes long texts is evaluated for a few rows at a time.
func TestLongConditionOfNestedLoop(t *testing.T) {
	text := column.T(column.Text)
	concat, err := fn.Default().Operator("||", text, text)
	if err != nil {
		t.Fatal(err)
	}
	equal, err := fn.Default().Operator("=", text, text)
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	seeing := *concat
	kernel := seeing.Kernel
	seeing.Kernel = func(c *expr.Context, args []*column.Vector, n int) (*column.Vector, error) {
		v, err := kernel(c, args, n)
		if v != nil {
			most = max(most, len(v.Data))
		}
		return v, err
	}
	left, right := newRelation(text), newRelation(text)
	left.morsels = [][]*scan.Batch{{{Len: 1, Columns: []*column.Vector{column.NewStrings(strings.Repeat("x", 40_000))}}}}
	right.morsels = [][]*scan.Batch{{{Len: 1000, Columns: []*column.Vector{column.NewStrings(slices.Repeat([]string{"s"}, 1000)...)}}}}
	l, r := &expr.Column{T: text}, &expr.Column{Index: 1, T: text}
	made := &expr.Call{Fn: &seeing, Args: []expr.Expr{l, r}, T: text}
	for kind, want := range map[plan.JoinKind]int{plan.InnerJoin: 1000, plan.SemiJoin: 1, plan.MarkJoin: 1} {
		most = 0
		node := &plan.Apply{
			Left: left.scan(), Right: right.scan(), Kind: kind, Cond: &expr.Call{Fn: equal, Args: []expr.Expr{made, made}, T: equal.Result},
		}
		rows := 0
		if err := eachBatch(node, envOf(1), func(b *scan.Batch) { rows += b.Len }); err != nil || rows != want {
			t.Errorf("%s: %d rows, want %d; %v", allKindNames[kind], rows, want, err)
		}
		if most == 0 || most > 2*textBytes {
			t.Errorf("%s: the condition made %d bytes at a time", allKindNames[kind], most)
		}
	}
}
