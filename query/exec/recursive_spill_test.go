package exec

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// TestKeptRightSideSpills: the right side of a nested loop that needs nothing of its left is on disk, and read again for each row.
func TestKeptRightSideSpills(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	values := make([]int64, 20_000)
	for i := range values {
		values[i] = rng.Int64N(1000)
	}
	node := &plan.Apply{
		Left: ints([]int64{3, 990, 5000}, 1).scan(), Right: ints(values, 4).scan(), Kind: plan.LeftJoin,
		Cond: lessThan(t, &expr.Column{Index: 2, T: big}, &expr.Column{T: column.T(column.Int64)}),
	}
	want, err := runAny(node, envOf(1))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	for _, workers := range []int{1, 4} {
		env := spillEnv(t, memfs.New(), workers, 20_000, 0)
		got, err := runAny(node, env.Env)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) || env.Spill.Written() == 0 {
			t.Errorf("%d workers: %d rows, want %d, or they differ; %d bytes written", workers, len(got), len(want), env.Spill.Written())
		}
		env.leftNothing(t)
	}
}
