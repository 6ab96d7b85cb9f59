package exec

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// TestJoin compares every kind of join, over every encoding, with its definition.
func TestJoin(t *testing.T) {
	for kind, name := range allKindNames {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { checkJoin(t, plan.JoinKind(kind)) })
		})
	}
}

func checkJoin(t *rapid.T, kind plan.JoinKind) {
	var domains []*column.Vector
	count := rapid.SampledFrom([]int{1, 1, 2, 3, 0}).Draw(t, "keys")
	if kind == plan.NullAntiJoin || kind == plan.NullMarkJoin {
		count = 1
	}
	for range count {
		d := domain(rapid.SampledFrom([]column.Kind{column.Int64, column.Text, column.Float64, column.Bool, column.Numeric, column.IntervalKind}).Draw(t, "type"))
		if rapid.Bool().Draw(t, "no nulls") {
			d = d.Slice(0, d.Len-1)
		}
		domains = append(domains, d)
	}
	l := drawSide(t, domains, false)
	r := drawSide(t, domains, rapid.Bool().Draw(t, "few on the right"))
	node := &plan.Join{Left: l.scan(), Right: r.scan(), Kind: kind, BuildLeft: rapid.Bool().Draw(t, "build left")}
	for c, d := range domains {
		node.LeftKeys = append(node.LeftKeys, &expr.Column{Index: c, T: d.Type})
		node.RightKeys = append(node.RightKeys, &expr.Column{Index: c, T: d.Type})
	}
	if kind == plan.NullMarkJoin { // the optimizer never turns it round
		node.BuildLeft = false
	}
	cond := kind != plan.NullAntiJoin && kind != plan.NullMarkJoin && rapid.Bool().Draw(t, "condition")
	if cond {
		node.Cond = lessThan(t, &expr.Column{Index: count, T: big}, &expr.Column{Index: count + len(l.columns), T: big})
	}
	workers := rapid.SampledFrom([]int{1, 4}).Draw(t, "workers")
	env := envOf(workers)
	if held := rapid.SampledFrom([]int64{0, 1, 500, 2000, 8000}).Draw(t, "memory"); held > 0 {
		disk := spillEnv(t, memfs.New(), workers, held, 0)
		defer disk.leftNothing(t)
		env = disk.Env
	}
	env.Plain = rapid.Bool().Draw(t, "plain")
	env.BatchRows = rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "batch rows")
	got, err := runAny(node, env)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if want := joinByHand(kind, count, cond, l, r); !slices.Equal(got, want) {
		t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if used := env.Pool.Used(); used != 0 {
		t.Fatalf("%d bytes are still reserved", used)
	}
}

// TestJoinOfManyPartners: one row with very many partners comes out in batches of a fair size.
func TestJoinOfManyPartners(t *testing.T) {
	const n = 300_000
	many, one := ints(make([]int64, n), 3), ints([]int64{7, 0, 8}, 1)
	for _, keyed := range []bool{true, false} {
		node := joinOn(plan.InnerJoin, one, many)
		want := n
		if !keyed {
			node.LeftKeys, node.RightKeys, want = nil, nil, 3*n
		}
		seen, largest, sum := 0, 0, int64(0)
		err := eachBatch(node, envOf(2), func(b *scan.Batch) {
			seen, largest = seen+b.Len, max(largest, b.Len)
			for i := range b.Len {
				sum += b.Columns[3].Int(i)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if wantSum := int64(want/n) * (n * (n - 1) / 2); seen != want || largest > scan.BatchRows || sum != wantSum {
			t.Errorf("keys %v: %d rows in batches of up to %d, sum %d; want %d rows, sum %d", keyed, seen, largest, sum, want, wantSum)
		}
	}
}

// TestJoinReadsNoMoreThanItMust: an empty build side decides without the probe side.
func TestJoinReadsNoMoreThanItMust(t *testing.T) {
	some, none := ints([]int64{1, 2, 3}, 1), ints(nil, 1)
	for _, c := range []struct {
		kind       plan.JoinKind
		rows, read int
	}{{plan.InnerJoin, 0, 0}, {plan.SemiJoin, 0, 0}, {plan.RightJoin, 0, 0}, {plan.LeftJoin, 3, 1}, {plan.AntiJoin, 3, 1}, {plan.NullAntiJoin, 3, 1}} {
		some.opened.Store(0)
		env := envOf(1)
		got, err := runAny(joinOn(c.kind, some, none), env)
		if err != nil || len(got) != c.rows || some.opened.Load() != int64(c.read) || env.Pool.Used() != 0 {
			t.Errorf("%s: %d rows, %d parts read, %d bytes held, error %v; want %d and %d",
				kindNames[c.kind], len(got), some.opened.Load(), env.Pool.Used(), err, c.rows, c.read)
		}
	}
}

// TestJoinMemoryLimit: a build side over the budget is an error that says so, wherever the budget ends, and everything is
// given back.
func TestJoinMemoryLimit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]int64, 20_000)
	for i := range values {
		values[i] = r.Int64N(8_000)
	}
	few, many := ints(values[:100], 1), ints(values, 4)
	asText := func(v int64) string { return fmt.Sprint("host ", v) }
	two := joinOn(plan.FullJoin, withCopy(few), withCopy(many))
	two.LeftKeys = append(two.LeftKeys, &expr.Column{Index: 2, T: big})
	two.RightKeys = append(two.RightKeys, &expr.Column{Index: 2, T: big})
	steps := int64(5) // budgets grow by a fifth
	if testing.Short() {
		steps = 2
	}
	for name, node := range map[string]plan.Node{
		"inner": joinOn(plan.InnerJoin, few, many), "right": joinOn(plan.RightJoin, few, many), "anti": joinOn(plan.AntiJoin, few, many), "two keys": two,
		"text": joinOn(plan.InnerJoin, texts(few, asText, false), texts(many, asText, false)),
		"runs": joinOn(plan.InnerJoin, texts(few, asText, true), texts(many, asText, true)),
	} {
		failed, fitted := 0, 0
		for limit := int64(10_000); limit < 8<<20; limit += limit / steps {
			env := envOf(2)
			env.Pool = mem.NewPool("the statement", limit, nil)
			_, err := runAny(node, env)
			var e *column.Error
			switch {
			case err == nil:
				fitted++
			case !errors.As(err, &e) || e.SQLState != "53200" || !strings.Contains(e.Message, "the statement"):
				t.Errorf("%s in %d bytes: error %v, want the limit's", name, limit, err)
			default:
				failed++
			}
			if used := env.Pool.Used(); used != 0 {
				t.Errorf("%s in %d bytes: %d still reserved", name, limit, used)
			}
			if err == nil && limit < 8_000*intSlotBytes {
				t.Errorf("%s: 8,000 keys fitted into %d bytes", name, limit)
			}
		}
		if failed < 3 || fitted < 3 {
			t.Errorf("%s: %d budgets were too small and %d large enough, which shows little", name, failed, fitted)
		}
	}
}

// TestJoinErrors: an error of a key or of the condition is the query's, on either side.
func TestJoinErrors(t *testing.T) {
	f, err := fn.Default().Operator("/", big, big)
	if err != nil {
		t.Fatal(err)
	}
	divided := func(c int) expr.Expr {
		return &expr.Call{Fn: f, Args: []expr.Expr{intLiteral(6), &expr.Column{Index: c, T: big}}, T: big}
	}
	zeros, fine := ints([]int64{1, 0, 2}, 1), ints([]int64{6, 0, 3}, 1)
	left, right, cond := joinOn(plan.InnerJoin, zeros, fine), joinOn(plan.LeftJoin, fine, zeros), joinOn(plan.FullJoin, zeros, fine)
	left.LeftKeys, right.RightKeys = []expr.Expr{divided(0)}, []expr.Expr{divided(0)}
	cond.Cond = lessThan(t, divided(2), intLiteral(0))
	for name, node := range map[string]plan.Node{"left key": left, "right key": right, "condition": cond} {
		env := envOf(1)
		_, err := runAny(node, env)
		var e *column.Error
		if !errors.As(err, &e) || e.SQLState != "22012" || env.Pool.Used() != 0 {
			t.Errorf("%s: error %v, %d bytes held; want division by zero", name, err, env.Pool.Used())
		}
	}
}

func TestJoinCancel(t *testing.T) {
	many := ints(make([]int64, 20_000), 2)
	node := joinOn(plan.InnerJoin, many, many) // 400 million pairs
	ctx, cancel := context.WithCancel(context.Background())
	rows, err := Run(ctx, node, envOf(2))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if _, err := rows.Next(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	for range 100 {
		if _, err = rows.Next(ctx); err != nil {
			break
		}
	}
	var e *column.Error
	if !errors.As(err, &e) || e.SQLState != "57014" {
		t.Errorf("error %v, want a cancelled statement", err)
	}
}

// TestJoinCancelWithoutPairs: a condition that nothing meets still looks whether it should go on.
func TestJoinCancelWithoutPairs(t *testing.T) {
	many := ints(make([]int64, 20_000), 2)
	node := joinOn(plan.InnerJoin, many, many)
	node.Cond = lessThan(t, &expr.Column{Index: 0, T: big}, &expr.Column{Index: 2, T: big})
	ctx, cancel := context.WithCancel(context.Background())
	rows, err := Run(ctx, node, envOf(1))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	cancel()
	_, err = rows.Next(ctx)
	if !errors.Is(err, column.Cancelled) {
		t.Errorf("error %v, want a cancelled statement", err)
	}
}

// TestJoinIsDeterministic: one worker gives the same rows in the same order each time.
func TestJoinIsDeterministic(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	values := make([]int64, 9_000)
	for i := range values {
		values[i] = r.Int64N(3_000)
	}
	l, right := ints(values[:6_000], 3), ints(values[4_000:], 4)
	for kind := range kindNames {
		var first []string
		for range 2 {
			got, err := runAny(joinOn(plan.JoinKind(kind), l, right), envOf(1))
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = got
			}
			if !slices.Equal(got, first) {
				t.Errorf("%s: the order of rows changed", kindNames[kind])
			}
		}
	}
}

// TestJoinKeepsRuns: partners of a key in runs come in runs.
func TestJoinKeepsRuns(t *testing.T) {
	fact := newRelation(text, big)
	n := 1000
	ids := make([]int64, n)
	hosts := column.NewStrings("a", "b", "c", "d")
	tag := &column.Vector{Type: text, Enc: column.RunEnd, Len: n, Child: hosts, Ends: []int32{100, 400, 900, 1000}}
	fact.morsels = [][]*scan.Batch{{{Len: n, Columns: []*column.Vector{tag, column.NewInts(big, ids, nil)}}}}
	dimension := newRelation(text, text)
	dimension.morsels = [][]*scan.Batch{{{Len: 3, Columns: []*column.Vector{column.NewStrings("d", "b", "a"), column.NewStrings("south", "north", "north")}}}}
	err := eachBatch(joinOn(plan.InnerJoin, fact, dimension), envOf(1), func(b *scan.Batch) {
		region := b.Columns[3]
		if b.Len != 500 || region.Enc != column.RunEnd || !slices.Equal(region.Ends, []int32{100, 400, 500}) ||
			string(region.Bytes(399)) != "north" || string(region.Bytes(400)) != "south" {
			t.Errorf("%d rows, encoding %d, ends %v", b.Len, region.Enc, region.Ends)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestJoinStats(t *testing.T) {
	l, r := ints([]int64{1, 2, 3, 4}, 1), ints([]int64{2, 2, 3}, 1)
	rows, err := Run(context.Background(), joinOn(plan.InnerJoin, l, r), envOf(1))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for err == nil {
		_, err = rows.Next(context.Background())
	}
	got := rows.Stats().Join()
	if got == nil || got.BuildRows != 3 || got.Keys != 2 || got.ProbeRows() != 4 || got.TableBytes <= 0 || got.HeldBytes <= got.TableBytes || got.BuildLeft {
		t.Errorf("%+v", got)
	}
}
