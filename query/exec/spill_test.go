package exec

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/spill"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// spilling is an environment in which rows may hold so many bytes of memory; least is what each operator may have in spite of that.
type spilling struct {
	*Env
	area *spill.Area
}

func spillEnv(t interface{ Fatal(...any) }, fs vfs.FS, workers int, held, least int64) spilling {
	area, err := spill.Open(fs, "temp", 0)
	if err != nil {
		t.Fatal(err)
	}
	env := envOf(workers)
	env.Held = mem.NewPool("rows", held, env.Pool)
	env.Least = least
	env.PartFrom = 2000
	env.Spill = area.Space(0)
	return spilling{env, area}
}

// closed ends the query, as sessions do, and checks that it left nothing on disk. Memory of parts that were never opened goes back with the
// query's pool.
func (s spilling) closed(t interface{ Errorf(string, ...any) }) {
	if err := s.Spill.Close(); err != nil {
		t.Errorf("%v", err)
	}
	if s.area.Used() != 0 || s.area.Files() != 0 {
		t.Errorf("left: %d bytes on disk in %d files", s.area.Used(), s.area.Files())
	}
}

// leftNothing checks what operators give back before their query ends.
func (s spilling) leftNothing(t interface{ Errorf(string, ...any) }) {
	if s.Held.Used() != 0 || s.Pool.Used() != 0 || s.area.Files() != 0 {
		t.Errorf("not given back: %d and %d bytes of memory, %d files", s.Held.Used(), s.Pool.Used(), s.area.Files())
	}
	s.closed(t)
}

// numbered are batches of (random, number) with numbers from 0 on.
func numbered(rng *rand.Rand, n, size int) []*scan.Batch {
	var out []*scan.Batch
	for lo := 0; lo < n; lo += size {
		a, b := make([]int64, min(size, n-lo)), make([]int64, min(size, n-lo))
		for i := range a {
			a[i], b[i] = rng.Int64N(int64(n/2+1)), int64(lo+i)
		}
		out = append(out, &scan.Batch{Len: len(a), Columns: []*column.Vector{column.NewInts(big, a, nil), column.NewInts(big, b, nil)}})
	}
	return out
}

func collect(t *testing.T, s stream) (out [][2]int64) {
	t.Helper()
	for {
		b, err := s.next(context.Background())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Len {
			out = append(out, [2]int64{b.Columns[0].Int(i), b.Columns[1].Int(i)})
		}
	}
}

func TestRowBuffer(t *testing.T) {
	for _, held := range []int64{1, 20_000, 1 << 30} {
		env := spillEnv(t, memfs.New(), 1, held, 0)
		b := newRowBuffer(env.Env, nil, []column.Type{big, big})
		rng := rand.New(rand.NewPCG(1, 2))
		var want [][2]int64
		for _, in := range numbered(rng, 10_000, 700) {
			if err := b.add(in); err != nil {
				t.Fatal(err)
			}
			want = append(want, collect(t, &batches{list: []*scan.Batch{in}})...)
		}
		if b.rows() != 10_000 || (b.file.file != nil) != (held < 1<<30) {
			t.Errorf("%d rows, on disk: %v", b.rows(), b.file.file != nil)
		}
		for range 2 {
			r := b.reader()
			if got := collect(t, r); !slices.Equal(got, want) {
				t.Errorf("held %d: the rows differ", held)
			}
			r.close()
		}
		b.close()
		env.leftNothing(t)
	}
}

func TestPartitions(t *testing.T) {
	env := spillEnv(t, memfs.New(), 1, 1, 0)
	p := newPartitions(env.Env, nil, []column.Type{big, big})
	var h hasher
	var scratch partScratch
	var want [][2]int64
	for _, in := range numbered(rand.New(rand.NewPCG(1, 2)), 20_000, 900) {
		if err := p.add(in.Columns, h.hash(in.Columns[:1], in.Len), 1, &scratch); err != nil {
			t.Fatal(err)
		}
		want = append(want, collect(t, &batches{list: []*scan.Batch{in}})...)
	}
	if err := p.finish(); err != nil {
		t.Fatal(err)
	}
	var got [][2]int64
	seen := map[int64]int{}
	for i := range partitionCount {
		r := p.reader(i)
		rows := collect(t, r)
		r.close()
		if int64(len(rows)) != p.rows(i) || len(rows) > 3*len(want)/partitionCount {
			t.Errorf("part %d has %d rows, says %d", i, len(rows), p.rows(i))
		}
		last := int64(-1)
		for _, x := range rows {
			if part, there := seen[x[0]]; there && part != i {
				t.Fatalf("key %d is in parts %d and %d", x[0], part, i)
			}
			seen[x[0]] = i
			if x[1] < last {
				t.Fatal("the order changed")
			}
			last = x[1]
		}
		got = append(got, rows...)
	}
	slices.SortFunc(got, func(a, b [2]int64) int { return cmp.Compare(a[1], b[1]) })
	if !slices.Equal(got, want) || p.total() != 20_000 {
		t.Error("the rows differ")
	}
	p.close()
	env.leftNothing(t)
}

// TestHashesAgree: what is equal has one hash, in every encoding.
func TestHashesAgree(t *testing.T) {
	for _, k := range []column.Kind{column.Int64, column.Float64, column.Bool, column.IntervalKind, column.Numeric, column.Text} {
		v := domain(k)
		n := v.Len
		codes, ends := make([]uint32, n), make([]int32, n)
		for i := range codes {
			codes[i], ends[i] = uint32(i), int32(i+1)
		}
		var h hasher
		want := slices.Clone(h.hash([]*column.Vector{v}, n))
		for _, e := range []*column.Vector{
			{Type: v.Type, Enc: column.Dict, Len: n, Child: v, Codes: codes}, {Type: v.Type, Enc: column.RunEnd, Len: n, Child: v, Ends: ends},
		} {
			if got := h.hash([]*column.Vector{e}, n); !slices.Equal(got, want) {
				t.Errorf("%s: encoding %d hashes otherwise", v.Type, e.Enc)
			}
		}
		for i := range n {
			few := &column.Vector{Type: v.Type, Enc: column.Dict, Len: 1, Child: v, Codes: codes[i : i+1]}
			if got := h.hash([]*column.Vector{few}, 1); got[0] != want[i] {
				t.Errorf("%s: a dictionary larger than its rows hashes otherwise", v.Type)
			}
			if got := h.hash([]*column.Vector{column.NewConst(v, i, 3)}, 3); got[2] != want[i] {
				t.Errorf("%s: a constant hashes otherwise", v.Type)
			}
			for j := range n {
				if sameKey(v, i, v, j) && want[i] != want[j] {
					t.Errorf("%s: rows %d and %d are equal", v.Type, i, j)
				}
			}
		}
	}
}

func sortNode(r *relation, limit int64) *plan.Sort {
	return &plan.Sort{Input: r.scan(), Keys: []plan.SortKey{{Expr: &expr.Column{T: big}}}, Limit: limit}
}

// TestSpilledSort: whatever is on disk, the order is the same, rows of equal keys in the order of their parts.
func TestSpilledSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	values := make([]int64, 60_000)
	for i := range values {
		values[i] = rng.Int64N(5000) - 2500
	}
	input := ints(values, 7)
	for _, limit := range []int64{0, 10, 9000} {
		want, err := runAny(sortNode(input, limit), envOf(1))
		if err != nil {
			t.Fatal(err)
		}
		for _, held := range []int64{1, 1 << 20, 3 << 20} {
			for _, workers := range []int{1, 4} {
				env := spillEnv(t, memfs.New(), workers, held, held/16)
				got, err := runAny(sortNode(input, limit), env.Env)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got, want) {
					t.Errorf("limit %d, held %d, %d workers: the rows differ", limit, held, workers)
				}
				if limit == 0 && env.Spill.Written() == 0 {
					t.Errorf("held %d: nothing was spilled", held)
				}
				env.leftNothing(t)
			}
		}
	}
}

// failing runs a plan with each operation of the disk failing in turn: an error each time, nothing is left, nothing panics.
func failing(t *testing.T, workers int, held int64, node func() plan.Node) {
	t.Helper()
	count := faultfs.New(memfs.New(), nil)
	env := spillEnv(t, count, workers, held, 0)
	before := count.Count()
	if _, err := runAny(node(), env.Env); err != nil {
		t.Fatal(err)
	}
	env.closed(t)
	operations := count.Count() - before
	if operations < 5 {
		t.Fatalf("only %d operations: nothing was spilled", operations)
	}
	step := max(1, operations/40)
	for i := 1; i <= operations; i += step {
		fs := faultfs.New(memfs.New(), nil)
		env := spillEnv(t, fs, workers, held, 0)
		failed := false
		at := fs.Count() + i
		fs.SetInjector(func(op faultfs.Op, _ string, n int) error {
			if n == at && op != faultfs.OpRemove && op != faultfs.OpClose { // those leave a file for the next start, and no wrong answer
				failed = true
				return fmt.Errorf("operation %d: %w", i, faultfs.ErrInjected)
			}
			return nil
		})
		_, err := runAny(node(), env.Env)
		fs.SetInjector(nil)
		if failed && !errors.Is(err, faultfs.ErrInjected) {
			t.Errorf("operation %d of %d failed: %v", i, operations, err)
		}
		env.closed(t)
	}
}

func TestSortOnFailingDisk(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	values := make([]int64, 40_000)
	for i := range values {
		values[i] = rng.Int64()
	}
	failing(t, 2, 1, func() plan.Node { return sortNode(ints(values, 3), 0) })
}

// manyGroups is an aggregation of every kind: keys of all types, filters, distinct arguments shared and not.
func manyGroups(t *testing.T, keys int) (*plan.Aggregate, *relation) {
	rng := rand.New(rand.NewPCG(5, 6))
	r := newRelation(big, text, float, column.T(column.Numeric), big)
	r.morsels = make([][]*scan.Batch, 5)
	for i := range 12 {
		n := 500 + rng.IntN(500)
		var b [5]*column.Builder
		for c := range b {
			b[c] = column.NewBuilder(r.columns[c].Type, n)
		}
		for range n {
			k := rng.IntN(1500)
			if k == 0 {
				b[0].AppendNull()
			} else {
				b[0].AppendInt(int64(k))
			}
			b[1].AppendString([]string{"", "a", "b"}[k%3])
			b[2].AppendFloat(float64(rng.IntN(100)))
			b[3].AppendString([]string{"1", "2.5", "3"}[rng.IntN(3)])
			if x := rng.IntN(20); x == 0 {
				b[4].AppendNull()
			} else {
				b[4].AppendInt(int64(x))
			}
		}
		columns, err := finishAll(b[:])
		if err != nil {
			t.Fatal(err)
		}
		r.morsels[i%5] = append(r.morsels[i%5], &scan.Batch{Len: n, Columns: columns})
	}
	col := func(i int) expr.Expr { return &expr.Column{Index: i, T: r.columns[i].Type} }
	some := lessThan(t, col(4), &expr.Literal{Value: column.NewInts(big, []int64{9}, nil)})
	node := &plan.Aggregate{Input: r.scan(), Aggs: []expr.AggregateCall{
		call(t, "count", false, nil), call(t, "sum", false, nil, col(2)), call(t, "avg", false, nil, col(3)), call(t, "max", false, some, col(4)),
		call(t, "count", true, nil, col(4)), call(t, "sum", true, nil, col(4)), call(t, "count", true, some, col(2)), call(t, "min", false, nil, col(1)),
	}}
	for i := range keys {
		node.Keys, node.KeyNames = append(node.Keys, col(i)), append(node.KeyNames, fmt.Sprint("k", i))
	}
	for i := range node.Aggs {
		node.AggNames = append(node.AggNames, fmt.Sprint("a", i))
	}
	return node, r
}

// TestSpilledAggregate: whatever is on disk, at however many levels, the groups are the same.
func TestSpilledAggregate(t *testing.T) {
	for keys := range 4 {
		node, _ := manyGroups(t, keys)
		want, err := runAny(node, envOf(1))
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		for _, held := range []int64{1, 100_000, 400_000, 1 << 30} {
			for _, workers := range []int{1, 4} {
				env := spillEnv(t, memfs.New(), workers, held, held/16)
				if rng := held + int64(workers); rng%3 == 0 {
					env.BatchRows = 100
				}
				got, err := runAny(node, env.Env)
				if err != nil {
					t.Fatal(err)
				}
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("%d keys, held %d, %d workers: %d groups, want %d, or they differ", keys, held, workers, len(got), len(want))
				}
				if spilled := env.Spill.Written() > 0; spilled != (held <= 100_000 && keys > 0) && held != 400_000 && keys > 0 {
					t.Errorf("%d keys, held %d: spilled: %v", keys, held, spilled)
				}
				env.leftNothing(t)
			}
		}
	}
}

func TestAggregateOnFailingDisk(t *testing.T) {
	node, _ := manyGroups(t, 2)
	failing(t, 2, 100_000, func() plan.Node { return node })
}

// TestGroupsInParts: many groups of several workers are merged in parts although nothing is spilled.
func TestGroupsInParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	values := make([]int64, 100_000)
	for i := range values {
		values[i] = rng.Int64N(60_000)
	}
	node := &plan.Aggregate{
		Input: ints(values, 8).scan(), Keys: []expr.Expr{&expr.Column{T: big}}, KeyNames: []string{"k"},
		Aggs: []expr.AggregateCall{call(t, "count", false, nil), call(t, "sum", false, nil, &expr.Column{Index: 1, T: big})}, AggNames: []string{"n", "s"},
	}
	want, err := runAny(node, envOf(1))
	if err != nil {
		t.Fatal(err)
	}
	env := spillEnv(t, memfs.New(), 4, 1<<30, 0)
	got, err := runAny(node, env.Env)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || env.Spill.Written() > 0 {
		t.Errorf("%d groups, want %d, or they differ; %d bytes written", len(got), len(want), env.Spill.Written())
	}
	env.leftNothing(t)
}

// TestSpilledJoin: sides that do not fit, keys that are skewed so that parting them does not help, and no keys at all.
func TestSpilledJoin(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	side := func(n, keys, skew int) *relation {
		values := make([]int64, n)
		for i := range values {
			if values[i] = rng.Int64N(int64(keys)); rng.IntN(100) < skew {
				values[i] = 7
			}
			values[i] <<= 20 // far apart: keys that are close to each other take less
		}
		return ints(values, 3)
	}
	for name, sides := range map[string][2]*relation{
		"spread": {side(5_000, 4_000, 0), side(6_000, 4_000, 0)},
		"skewed": {side(30, 1000, 30), side(9_000, 6_000, 60)},
	} {
		for kind, kindName := range allKindNames {
			for _, left := range []bool{false, true} {
				if left && plan.JoinKind(kind) == plan.NullMarkJoin {
					continue // the optimizer never turns it round
				}
				node := joinOn(plan.JoinKind(kind), sides[0], sides[1])
				node.BuildLeft = left
				if name == "skewed" && plan.JoinKind(kind) != plan.NullAntiJoin && left {
					node.Cond = lessThan(t, &expr.Column{Index: 1, T: big}, &expr.Column{Index: 3, T: big})
				}
				want, err := runAny(node, envOf(1))
				if err != nil {
					t.Fatal(err)
				}
				slices.Sort(want)
				for _, held := range []int64{10_000, 200_000} {
					env := spillEnv(t, memfs.New(), 2, held, held/16)
					got, err := runAny(node, env.Env)
					if err != nil {
						t.Fatal(err)
					}
					slices.Sort(got)
					if !slices.Equal(got, want) {
						t.Errorf("%s, %s join, left %v, held %d: %d rows, want %d, or they differ", name, kindName, left, held, len(got), len(want))
					}
					if env.Spill.Written() == 0 && (name == "spread" || !left) {
						t.Errorf("%s, %s join, held %d: nothing was spilled", name, kindName, held)
					}
					env.leftNothing(t)
				}
			}
		}
	}
}

func TestJoinWithoutKeysSpills(t *testing.T) {
	values := make([]int64, 20_000)
	for i := range values {
		values[i] = int64(i)
	}
	node := joinOn(plan.LeftJoin, ints([]int64{3, 19_990, 50_000}, 1), ints(values, 4))
	node.LeftKeys, node.RightKeys = nil, nil
	node.Cond = lessThan(t, &expr.Column{Index: 2, T: big}, &expr.Column{T: big})
	want, err := runAny(node, envOf(1))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	env := spillEnv(t, memfs.New(), 2, 20_000, 0)
	got, err := runAny(node, env.Env)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) || env.Spill.Written() == 0 {
		t.Errorf("%d rows, want %d, or they differ; %d bytes written", len(got), len(want), env.Spill.Written())
	}
	env.leftNothing(t)
}

func TestJoinOnFailingDisk(t *testing.T) {
	values := make([]int64, 10_000)
	for i := range values {
		values[i] = int64(i % 3000)
	}
	failing(t, 2, 20_000, func() plan.Node { return joinOn(plan.FullJoin, ints(values, 3), ints(values, 3)) })
	failing(t, 2, 20_000, func() plan.Node { return joinOn(plan.LeftJoin, ints([]int64{7, 8}, 1), ints(make([]int64, 9000), 3)) })
}
