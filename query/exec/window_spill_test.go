package exec

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// manyPartitions numbers rows by their partition and a value that many share, so that the order of the input shows.
func manyPartitions(t *testing.T) *plan.Window {
	rng := rand.New(rand.NewPCG(3, 4))
	values := make([]int64, 40_000)
	for i := range values {
		values[i] = rng.Int64N(500)
	}
	input := ints(values, 7).scan()
	number, err := fn.Default().Window("row_number", nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := call(t, "sum", false, nil, &expr.Column{Index: 1, T: big})
	third, err := fn.Default().Operator("%", big, big)
	if err != nil {
		t.Fatal(err)
	}
	by := &expr.Call{Fn: third, Args: []expr.Expr{&expr.Column{Index: 1, T: big}, &expr.Literal{Value: column.NewInts(big, []int64{3}, nil)}}, T: big}
	return &plan.Window{
		Input: input, Partition: []expr.Expr{&expr.Column{T: big}}, Order: []plan.SortKey{{Expr: by}}, Names: []string{"n", "s"},
		Calls: []expr.WindowCall{
			{Fn: number, T: number.Result},
			{Agg: sum.Fn, Args: sum.Args, T: sum.T, Frame: expr.Frame{Mode: expr.FrameRows, End: expr.FrameBound{Kind: expr.CurrentRow}}},
		},
	}
}

// TestSpilledWindow: whatever is on disk, at however many levels, rows that are equal in the order are numbered as they came.
func TestSpilledWindow(t *testing.T) {
	node := manyPartitions(t)
	want, err := runAny(node, envOf(1))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	for _, held := range []int64{1, 1 << 19, 1 << 20} {
		for _, workers := range []int{1, 4} {
			env := spillEnv(t, memfs.New(), workers, held, held/16)
			got, err := runAny(node, env.Env)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("held %d, %d workers: the rows differ", held, workers)
			}
			if env.Spill.Written() == 0 {
				t.Errorf("held %d: nothing was spilled", held)
			}
			env.leftNothing(t)
		}
	}
}

func TestWindowOnFailingDisk(t *testing.T) {
	failing(t, 2, 1<<18, func() plan.Node { return manyPartitions(t) })
}
