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

// TestWindowInPieces compares random windows whose rows are all on disk with the model that looks at every pair of rows.
func TestWindowInPieces(t *testing.T) {
	pieced := 0
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 7))
		data, rows := randomTable(r, 1+r.IntN(4), 1+r.IntN(3), 1+r.IntN(8))
		m := drawWindow(r, t, scanOf(data))
		want := m.byHand(rows)
		for _, batch := range []int{0, 1, 3} {
			env := spillEnv(t, memfs.New(), 1+r.IntN(3), 1, 0)
			env.BatchRows = batch
			p, err := planWindow(m.node, env.Env)
			if err != nil {
				t.Fatal(err)
			}
			if p.pieces != nil {
				pieced++
			}
			got := run(t, m.node, env.Env)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d, %s over %+v, order %+v, batches of %d:\n got %v\nwant %v", seed, m.name, m.node.Calls[0].Frame, m.node.Order, batch, got, want)
			}
			env.leftNothing(t)
		}
	}
	if pieced < 400 {
		t.Errorf("only %d windows were in pieces", pieced)
	}
}

// manyPieces has one window of everything that can be computed in pieces over many rows; keys of two partitions, or none.
func manyPieces(t *testing.T, parted, ties bool) *plan.Window {
	rng := rand.New(rand.NewPCG(3, 4))
	values := make([]int64, 40_000)
	for i := range values {
		if values[i] = rng.Int64N(300) * 100; !ties {
			values[i] = rng.Int64()
		}
	}
	first, second := &expr.Column{T: big}, &expr.Column{Index: 1, T: big}
	n := &plan.Window{Input: ints(values, 7).scan(), Order: []plan.SortKey{{Expr: first, Desc: true}}}
	if parted {
		n.Partition = []expr.Expr{&expr.Literal{Value: column.NewInts(big, []int64{1}, nil)}}
	}
	literal := func(v int64) expr.Expr {
		return &expr.Literal{Value: column.NewInts(column.T(column.Int32), []int64{v}, nil)}
	}
	function := func(name string, f expr.Frame, args ...expr.Expr) {
		w, err := fn.Default().Window(name, typesOfExprs(args))
		if err != nil {
			t.Fatal(err)
		}
		typ := w.Result
		if typ.Kind == column.Unknown {
			typ = args[0].Type()
		}
		n.Calls = append(n.Calls, expr.WindowCall{Fn: w, Args: args, T: typ, Frame: f})
	}
	for _, name := range []string{"row_number", "rank", "dense_rank", "percent_rank", "cume_dist"} {
		function(name, expr.DefaultFrame)
	}
	function("ntile", expr.DefaultFrame, literal(7))
	function("lag", expr.DefaultFrame, second)
	function("lead", expr.DefaultFrame, second, literal(9000))
	function("first_value", expr.DefaultFrame, second)
	function("last_value", expr.DefaultFrame, second)
	offset := func(k expr.BoundKind, by int64) expr.FrameBound {
		return expr.FrameBound{Kind: k, Offset: &expr.Literal{Value: column.NewInts(big, []int64{by}, nil)}}
	}
	for _, f := range []expr.Frame{
		expr.DefaultFrame,
		{Mode: expr.FrameRows, End: expr.FrameBound{Kind: expr.CurrentRow}},
		{End: expr.FrameBound{Kind: expr.UnboundedFollowing}},
		{Mode: expr.FrameRows, Start: offset(expr.Preceding, 5), End: offset(expr.Following, 3), Exclude: expr.ExcludeTies},
	} {
		for _, name := range []string{"sum", "max", "count"} {
			a := call(t, name, false, lessThan(t, second, &expr.Literal{Value: column.NewInts(big, []int64{30_000}, nil)}), second)
			n.Calls = append(n.Calls, expr.WindowCall{Agg: a.Fn, Args: a.Args, Filter: a.Filter, T: a.T, Frame: f})
		}
	}
	n.Names = make([]string, len(n.Calls))
	return n
}

// TestManyPieces: the answer is that of a window in memory, and what is held is not all of it.
func TestManyPieces(t *testing.T) {
	for _, parted := range []bool{false, true} {
		for _, ties := range []bool{false, true} {
			node := manyPieces(t, parted, ties)
			want, err := runAny(node, envOf(1))
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(want)
			for _, workers := range []int{1, 4} {
				env := spillEnv(t, memfs.New(), workers, 200_000, 0)
				got, err := runAny(node, env.Env)
				if err != nil {
					t.Fatal(err)
				}
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("parted %v, ties %v, %d workers: the rows differ", parted, ties, workers)
				}
				if peak := env.Pool.Peak(); peak > 10<<20 || env.Spill.Written() == 0 {
					t.Errorf("parted %v, ties %v: peak %d, written %d", parted, ties, peak, env.Spill.Written())
				}
				env.leftNothing(t)
			}
		}
	}
}

func TestPiecesOnFailingDisk(t *testing.T) {
	failing(t, 2, 200_000, func() plan.Node { return manyPieces(t, false, true) })
}
