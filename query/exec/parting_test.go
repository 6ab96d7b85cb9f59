package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// keyedRows draws rows for aggregations by several keys: columns 0 to 3 are keys in all encodings (integers with NULLs, texts of dictionaries that
// batches share or have of their own, scaled numerics, texts that are constant in a batch), the others are arguments. Of skew percent of the
// rows the keys are one of three.
func keyedRows(rng *rand.Rand, rows, values, skew int) *relation {
	r := newRelation(big, text, column.T(column.Numeric), text, big, float, text)
	r.morsels = make([][]*scan.Batch, 6)
	words := func(n int) *column.Vector {
		b := column.NewBuilder(text, n)
		for i := range n {
			b.AppendString(fmt.Sprint("word ", i))
		}
		return b.Finish()
	}
	shared := words(50)
	own := rng.IntN(3) == 0 // dictionaries of batches
	for i := 0; rows > 0; i++ {
		n := min(rows, 1+rng.IntN(2000))
		rows -= n
		k, x, y, z := column.NewBuilder(big, n), column.NewBuilder(big, n), column.NewBuilder(float, n), column.NewBuilder(text, n)
		scaled := column.NewBuilder(big, n)
		d := &column.Vector{Type: text, Enc: column.Dict, Len: n, Child: shared}
		if own {
			d.Child = words(50 + i%2)
		}
		for range n {
			v := int64(rng.IntN(values)) * 1_000_003
			if rng.IntN(100) < skew {
				v = int64(rng.IntN(3))
			}
			if v == 0 {
				k.AppendNull()
			} else {
				k.AppendInt(v)
			}
			d.Codes = append(d.Codes, uint32(v%50))
			scaled.AppendInt(v % 7)
			if rng.IntN(10) == 0 {
				x.AppendNull()
			} else {
				x.AppendInt(rng.Int64N(100))
			}
			y.AppendFloat(float64(rng.IntN(100)))
			z.AppendString(fmt.Sprint(rng.IntN(1000)))
		}
		s := scaled.Finish()
		m := column.NewScaled(s.Ints, 1, s.Valid)
		if i%5 == 4 {
			m = column.Flatten(m)
		}
		z1 := column.NewConst(column.NewStrings("a", "b"), i%2, n)
		columns := []*column.Vector{k.Finish(), d, m, z1, x.Finish(), y.Finish(), z.Finish()}
		if rng.IntN(4) == 0 {
			columns[1] = column.Flatten(d)
		}
		r.morsels[i%6] = append(r.morsels[i%6], &scan.Batch{Len: n, Columns: columns})
	}
	return r
}

// everyAggregate are calls of all kinds of aggregates whose results do not depend on the order of rows.
func everyAggregate(t *testing.T, rng *rand.Rand, r *relation) []expr.AggregateCall {
	col := func(i int) expr.Expr { return &expr.Column{Index: i, T: r.columns[i].Type} }
	some := lessThan(t, col(4), &expr.Literal{Value: column.NewInts(big, []int64{50}, nil)})
	list := []expr.AggregateCall{
		call(t, "count", false, nil), call(t, "count", false, nil, col(4)), call(t, "sum", false, nil, col(4)), call(t, "avg", false, nil, col(4)),
		call(t, "sum", false, nil, col(2)), call(t, "sum", false, nil, col(5)), call(t, "avg", false, nil, col(5)), call(t, "min", false, nil, col(6)),
		call(t, "max", false, nil, col(4)), call(t, "max", false, nil, col(2)), call(t, "sum", false, some, col(4)), call(t, "count", false, some),
		call(t, "bit_xor", false, nil, col(4)),
	}
	if rng.IntN(3) == 0 {
		list = append(list, call(t, "count", true, nil, col(4)), call(t, "sum", true, some, col(4)))
	}
	texts := call(t, "array_agg", false, nil, col(6))
	if f, err := fn.Default().Aggregate("array_agg", []column.Type{text}); err == nil && f.For != nil {
		texts.Fn = f.For([]column.Type{text}, []expr.Ordering{{}})
		texts.T = texts.Fn.Result
	}
	texts.Order = []expr.Ordering{{Desc: true}}
	list = append(list, texts)
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:rng.IntN(len(list)+1)]
}

func groupsOf(r *relation, keys []int, calls []expr.AggregateCall) *plan.Aggregate {
	n := &plan.Aggregate{Input: r.scan(), Aggs: calls}
	for _, k := range keys {
		n.Keys, n.KeyNames = append(n.Keys, &expr.Column{Index: k, T: r.columns[k].Type}), append(n.KeyNames, fmt.Sprint("k", k))
	}
	for i := range calls {
		n.AggNames = append(n.AggNames, fmt.Sprint("a", i))
	}
	return n
}

// TestPartedRows: whether rows are parted before they are grouped or not, by how many workers, in memory or on disk, the groups are the same.
func TestPartedRows(t *testing.T) {
	rounds := uint64(24)
	if testing.Short() {
		rounds = 8
	}
	parted, spilled := 0, 0
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(seed, 11))
		input := keyedRows(rng, 12_000, []int{30, 8_000, 1 << 40, 1 << 40}[rng.IntN(4)], []int{0, 0, 20, 90}[rng.IntN(4)])
		keys := []int{0, 1, 2, 3}[:1+rng.IntN(4)]
		node := groupsOf(input, keys, everyAggregate(t, rng, input))
		alone := envOf(1)
		alone.Plain = true
		want, err := runAny(node, alone)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		for workers := 1; workers <= 4; workers++ {
			for _, held := range []int64{int64(200_000 + rng.IntN(6<<20)), 1 << 30} {
				for _, from := range []int{-1 + rng.IntN(2)*1001, 1} {
					env := spillEnv(t, memfs.New(), workers, held, held/16)
					env.PartFrom = from
					got, notes, err := withNotes(node, env.Env)
					if err != nil {
						t.Fatal(err)
					}
					slices.Sort(got)
					if !slices.Equal(got, want) {
						t.Errorf("seed %d, %d workers, held %d, from %d groups: %d groups, want %d, or they differ (%v)", seed, workers, held, from, len(got), len(want), notes)
					}
					if slices.Contains(notes, partedNote) {
						parted++
						if env.Spill.Written() > 0 {
							spilled++
						}
						if from < 0 || workers == 1 {
							t.Errorf("seed %d, %d workers, from %d groups: rows were parted", seed, workers, from)
						}
					}
					env.leftNothing(t)
				}
			}
		}
	}
	if parted == 0 || spilled == 0 {
		t.Errorf("rows were parted %d times, of which %d were spilled", parted, spilled)
	}
}

// withNotes is runAny, and what the aggregation says of how it worked.
func withNotes(n plan.Node, env *Env) (out, notes []string, err error) {
	rows, err := Run(context.Background(), n, env)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for {
		b, err := rows.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		for i := range b.Len {
			var cells []string
			for _, v := range b.Columns {
				cells = append(cells, anyCell(v, i))
			}
			out = append(out, strings.Join(cells, " "))
		}
	}
	for s := rows.Stats(); ; s = s.Inputs[0] {
		if _, ok := s.Node.(*plan.Aggregate); ok {
			return out, s.Notes(), nil
		}
	}
}

// TestPartingStops: where rows do not bring new groups any more they are grouped as they come again.
func TestPartingStops(t *testing.T) {
	var values []int64
	for i := range int64(60_000) {
		values = append(values, i)
	}
	for range 600_000 {
		values = append(values, 7)
	}
	node := groupsOf(ints(values, 1), []int{0}, []expr.AggregateCall{call(t, "count", false, nil)})
	env := spillEnv(t, memfs.New(), 2, 1<<30, 0)
	env.PartFrom = 1
	g := newGrouping(env.Env, nil, node.Keys, node.Aggs, 2)
	table := g.table()
	w := newWorker(env.Env)
	for lo := 0; lo < len(values); lo += scan.BatchRows {
		v := column.NewInts(big, values[lo:min(lo+scan.BatchRows, len(values))], nil)
		if err := table.add(w, []*column.Vector{v}, &scan.Batch{Len: v.Len, Columns: []*column.Vector{v, v}}); err != nil {
			t.Fatal(err)
		}
	}
	if n := table.parting.rows.rows(); n < 40_000 || n > 60_000+(partProbe+2)*scan.BatchRows || table.parting.on {
		t.Errorf("%d rows were parted, still on: %v", n, table.parting.on)
	}
	g.release()
	env.leftNothing(t)
}

func TestPartedRowsOnFailingDisk(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 12))
	input := keyedRows(rng, 30_000, 1<<40, 0)
	node := groupsOf(input, []int{0, 1}, []expr.AggregateCall{call(t, "count", false, nil), call(t, "max", false, nil, &expr.Column{Index: 6, T: text})})
	failing(t, 2, 4<<20, func() plan.Node { return node })
}

// TestPartedRowsEnd: a statement that is cancelled while parts are grouped ends, and gives everything back.
func TestPartedRowsEnd(t *testing.T) {
	input := keyedRows(rand.New(rand.NewPCG(2, 12)), 20_000, 1<<40, 0)
	node := groupsOf(input, []int{0}, []expr.AggregateCall{call(t, "count", false, nil)})
	env := spillEnv(t, memfs.New(), 2, 1<<30, 0)
	env.PartFrom = 1
	ctx, cancel := context.WithCancelCause(context.Background())
	env.Expr.Ctx = ctx
	rows, err := Run(ctx, node, env.Env)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rows.Next(ctx); err != nil {
		t.Fatal(err)
	}
	cancel(context.Canceled)
	for err == nil {
		_, err = rows.Next(ctx)
	}
	var e *column.Error
	if !errors.As(err, &e) || e.SQLState != "57014" {
		t.Errorf("a cancelled statement ends with %v", err)
	}
	rows.Close()
	env.closed(t)
}

// TestFirstGroups: the first groups that a sort above an aggregation wants are those of the whole aggregation, sorted.
func TestFirstGroups(t *testing.T) {
	rounds := uint64(40)
	if testing.Short() {
		rounds = 12
	}
	picked := 0
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(seed, 13))
		input := keyedRows(rng, 6_000, []int{30, 2000, 1 << 40}[rng.IntN(3)], []int{0, 90}[rng.IntN(2)])
		keys := []int{0, 1, 2, 3}[:1+rng.IntN(4)]
		groups := groupsOf(input, keys, append(everyAggregate(t, rng, input), call(t, "count", false, nil)))
		var in plan.Node = groups
		order := rng.Perm(len(groups.Columns()))
		if rng.IntN(2) == 0 {
			p := &plan.Project{Input: groups}
			for _, c := range order {
				p.Exprs, p.Names = append(p.Exprs, &expr.Column{Index: c, T: groups.Columns()[c].Type}), append(p.Names, fmt.Sprint("p", c))
			}
			in, order = p, rng.Perm(len(order))
		}
		by := &plan.Sort{Input: in, Limit: int64([]int{1, 10, 200}[rng.IntN(3)])}
		for _, c := range order { // all columns, so that there is one answer
			k := &expr.Column{Index: c, T: in.Columns()[c].Type}
			by.Keys = append(by.Keys, plan.SortKey{Expr: k, Desc: rng.IntN(2) == 0, NullsFirst: rng.IntN(2) == 0})
		}
		alone := envOf(1)
		alone.Plain = true
		want, err := runAny(by, alone)
		if err != nil {
			t.Fatal(err)
		}
		for _, workers := range []int{1, 3} {
			for _, held := range []int64{100_000, 1 << 30} {
				env := spillEnv(t, memfs.New(), workers, held, held/16)
				env.PartFrom = 500
				got, notes, err := withNotes(by, env.Env)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got, want) {
					t.Errorf("seed %d, %d workers, held %d: %d rows, want %d, or they differ", seed, workers, held, len(got), len(want))
				}
				if slices.Contains(notes, firstNote) {
					picked++
				}
				env.leftNothing(t)
			}
		}
	}
	if picked == 0 {
		t.Error("no groups were picked")
	}
}
