package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	text  = column.T(column.Text)
	big   = column.T(column.Int64)
	float = column.T(column.Float64)
)

// table is a source in memory: host (a tag), n, x; a batch list per morsel.
type table struct {
	morsels [][]*scan.Batch
	opened  atomic.Int64
}

func (t *table) Morsels(_ context.Context, req *scan.Request) ([]scan.Morsel, scan.Stats, error) {
	var out []scan.Morsel
	for _, list := range t.morsels {
		out = append(out, &tableMorsel{t, list, req})
	}
	return out, scan.Stats{Segments: len(out)}, nil
}

type tableMorsel struct {
	t    *table
	list []*scan.Batch
	req  *scan.Request
}

func (m *tableMorsel) Rows() int64 { return 0 }
func (m *tableMorsel) Open(context.Context, *mem.Pool) (scan.Reader, error) {
	m.t.opened.Add(1)
	return &tableReader{list: m.list, req: m.req}, nil
}

type tableReader struct {
	list []*scan.Batch
	req  *scan.Request
}

func (r *tableReader) Close() error { return nil }
func (r *tableReader) Next(context.Context) (*scan.Batch, error) {
	if len(r.list) == 0 {
		return nil, io.EOF
	}
	b := r.list[0]
	r.list = r.list[1:]
	out := &scan.Batch{Len: b.Len, Runs: b.Runs}
	for _, id := range r.req.Columns {
		out.Columns = append(out.Columns, b.Columns[id-1])
	}
	return out, nil
}

type tableRelation struct{ t *table }

func (r tableRelation) Name() string { return "public.t" }
func (r tableRelation) Schema() *column.Schema {
	return &column.Schema{Fields: []column.Field{{ID: 1, Name: "host", Type: text}, {ID: 2, Name: "n", Type: big}, {ID: 3, Name: "x", Type: float}}, Tags: []column.ID{1}}
}

func (r tableRelation) Columns() []plan.RelationColumn {
	return []plan.RelationColumn{{Name: "host", Type: text, ID: 1, Tag: true}, {Name: "n", Type: big, ID: 2}, {Name: "x", Type: float, ID: 3}}
}
func (r tableRelation) Series() []scan.SeriesFilter { return nil }
func (r tableRelation) Source() scan.Source         { return r.t }
func (r tableRelation) Rows() int64                 { return 0 }

type row struct {
	host string // "" = NULL
	n    int64
	x    float64
	null bool // n is NULL
}

// randomTable makes rows in runs of one host each, spread over morsels.
func randomTable(r *rand.Rand, morsels, batches, runs int) (*table, []row) {
	t := &table{}
	var all []row
	for range morsels {
		var list []*scan.Batch
		for range batches {
			b, rows := randomBatch(r, runs)
			list, all = append(list, b), append(all, rows...)
		}
		t.morsels = append(t.morsels, list)
	}
	return t, all
}

func randomBatch(r *rand.Rand, runs int) (*scan.Batch, []row) {
	var rows []row
	hosts, n, x := column.NewBuilder(text, 0), column.NewBuilder(big, 0), column.NewBuilder(float, 0)
	b := &scan.Batch{}
	var ends []int32
	for range runs {
		host := []string{"", "a", "b", "c"}[r.IntN(4)]
		if host == "" {
			hosts.AppendNull()
		} else {
			hosts.AppendString(host)
		}
		start := len(rows)
		for range 1 + r.IntN(9) {
			v := row{host: host, n: r.Int64N(5), x: float64(r.IntN(100)), null: r.IntN(6) == 0}
			if v.null {
				n.AppendNull()
			} else {
				n.AppendInt(v.n)
			}
			x.AppendFloat(v.x)
			rows = append(rows, v)
		}
		ends = append(ends, int32(len(rows)))
		b.Runs = append(b.Runs, scan.Run{Start: int32(start), Len: int32(len(rows) - start)})
	}
	b.Len = len(rows)
	tag := &column.Vector{Type: text, Enc: column.RunEnd, Len: len(rows), Child: hosts.Finish(), Ends: ends}
	b.Columns = []*column.Vector{tag, n.Finish(), x.Finish()}
	return b, rows
}

func scanOf(t *table) *plan.Scan {
	return &plan.Scan{Relation: tableRelation{t}, Project: []int{0, 1, 2}, Time: scan.AllTime}
}

var columns = []*expr.Column{{Index: 0, Name: "host", T: text}, {Index: 1, Name: "n", T: big}, {Index: 2, Name: "x", T: float}}

func envOf(workers int) *Env {
	return &Env{Expr: expr.Context{Ctx: context.Background()}, Pool: mem.NewPool("test", 0, nil), Workers: workers}
}

// run gives the rows of a plan as text.
func run(t *testing.T, n plan.Node, env *Env) []string {
	t.Helper()
	out, err := tryRun(n, env)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tryRun(n plan.Node, env *Env) ([]string, error) {
	rows, err := Run(context.Background(), n, env)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for {
		b, err := rows.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range b.Len {
			var cells []string
			for _, v := range b.Columns {
				cells = append(cells, cell(v, i))
			}
			out = append(out, strings.Join(cells, " "))
		}
	}
}

func cell(v *column.Vector, i int) string {
	switch {
	case v.IsNull(i):
		return "-"
	case v.Type.Physical() == column.PhysInt:
		return fmt.Sprint(v.Int(i))
	case v.Type.Physical() == column.PhysFloat:
		return fmt.Sprint(v.Float(i))
	}
	return string(v.Bytes(i))
}

func call(t *testing.T, name string, distinct bool, filter expr.Expr, args ...expr.Expr) expr.AggregateCall {
	t.Helper()
	var types []column.Type
	for _, a := range args {
		types = append(types, a.Type())
	}
	f, err := fn.Default().Aggregate(name, types)
	if err != nil {
		t.Fatal(err)
	}
	return expr.AggregateCall{Fn: f, Args: args, Distinct: distinct, Filter: filter, T: f.Result}
}

func greater(t *testing.T, a expr.Expr, v int64) expr.Expr {
	t.Helper()
	f, err := fn.Default().Operator(">", big, big)
	if err != nil {
		t.Fatal(err)
	}
	return &expr.Call{Fn: f, Args: []expr.Expr{a, &expr.Literal{Value: column.NewInts(big, []int64{v}, nil)}}, T: f.Result}
}

// TestAggregate compares every way of grouping with sums made row by row.
func TestAggregate(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		data, rows := randomTable(r, 1+r.IntN(5), 1+r.IntN(4), 1+r.IntN(30))
		for name, keys := range map[string][]expr.Expr{"none": nil, "tag": {columns[0]}, "int": {columns[1]}, "both": {columns[0], columns[1]}} {
			node := &plan.Aggregate{
				Input: scanOf(data), Keys: keys, KeyNames: make([]string, len(keys)), AggNames: make([]string, 4),
				Aggs: []expr.AggregateCall{
					call(t, "count", false, nil), call(t, "sum", false, nil, columns[2]),
					call(t, "count", true, nil, columns[1]), call(t, "count", false, greater(t, columns[1], 2)),
				},
			}
			want := aggregateByHand(rows, name)
			for _, env := range []*Env{envOf(1), envOf(4), {Plain: true}, {BatchRows: 3}} {
				full := envOf(max(1, env.Workers))
				full.Plain, full.BatchRows = env.Plain, env.BatchRows
				got := run(t, node, full)
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d, keys %s, env %+v:\n got %v\nwant %v", seed, name, env, got, want)
				}
			}
		}
	}
}

func aggregateByHand(rows []row, keys string) []string {
	type acc struct {
		count, filtered int
		sum             float64
		seen            map[int64]bool
	}
	groups := map[string]*acc{}
	if keys == "none" {
		groups[""] = &acc{seen: map[int64]bool{}}
	}
	for _, v := range rows {
		host, n := v.host+" ", fmt.Sprint(v.n)+" "
		if v.host == "" {
			host = "- "
		}
		if v.null {
			n = "- "
		}
		k := map[string]string{"none": "", "tag": host, "int": n, "both": host + n}[keys]
		a := groups[k]
		if a == nil {
			a = &acc{seen: map[int64]bool{}}
			groups[k] = a
		}
		a.count++
		a.sum += v.x
		if !v.null {
			a.seen[v.n] = true
			if v.n > 2 {
				a.filtered++
			}
		}
	}
	var out []string
	for k, a := range groups {
		sum := fmt.Sprint(a.sum)
		if a.count == 0 {
			sum = "-"
		}
		out = append(out, fmt.Sprintf("%s%d %s %d %d", k, a.count, sum, len(a.seen), a.filtered))
	}
	slices.Sort(out)
	return out
}

func TestAggregateNotesHowItWorked(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	b, _ := randomBatch(r, 1)
	for b.Len < 9 {
		b, _ = randomBatch(r, 2)
	}
	node := &plan.Aggregate{
		Input: scanOf(&table{morsels: [][]*scan.Batch{{b}}}), Keys: []expr.Expr{columns[0]}, KeyNames: []string{"host"},
		Aggs: []expr.AggregateCall{call(t, "count", false, nil)}, AggNames: []string{"count"},
	}
	for plain, want := range map[bool]string{false: "by runs", true: "by rows"} {
		env := envOf(1)
		env.Plain = plain
		rows, err := Run(context.Background(), node, env)
		if err != nil {
			t.Fatal(err)
		}
		if got := rows.Stats().Notes(); !slices.Equal(got, []string{want}) {
			t.Errorf("plain %v: notes %v, want %q", plain, got, want)
		}
		rows.Close()
	}
}

func TestSort(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		data, rows := randomTable(r, 1+r.IntN(5), 1+r.IntN(10), 1+r.IntN(20))
		for _, keys := range [][]plan.SortKey{
			{{Expr: columns[1]}, {Expr: columns[0], Desc: true, NullsFirst: true}, {Expr: columns[2]}},
			{{Expr: columns[1], Desc: true, NullsFirst: true}, {Expr: columns[0]}, {Expr: columns[2], Desc: true}},
			{{Expr: columns[0], NullsFirst: true}, {Expr: columns[1], Desc: true}, {Expr: columns[2]}},
		} {
			want := sortByHand(rows, keys)
			for _, limit := range []int64{0, 1, 7, int64(len(rows)), int64(len(rows)) + 5} {
				node := &plan.Sort{Input: scanOf(data), Keys: keys, Limit: limit}
				expected := want
				if limit > 0 && limit < int64(len(want)) {
					expected = want[:limit]
				}
				for _, workers := range []int{1, 3} {
					if got := run(t, node, envOf(workers)); !slices.Equal(got, expected) {
						t.Fatalf("seed %d, limit %d, %d workers: rows differ", seed, limit, workers)
					}
				}
			}
		}
	}
}

func sortByHand(rows []row, keys []plan.SortKey) []string {
	cellOf := func(v row, c int) string {
		switch {
		case c == 0 && v.host == "", c == 1 && v.null:
			return "-"
		case c == 0:
			return v.host
		case c == 1:
			return fmt.Sprint(v.n)
		}
		return fmt.Sprint(v.x)
	}
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b row) int {
		for _, k := range keys {
			c := k.Expr.(*expr.Column).Index
			x, y := cellOf(a, c), cellOf(b, c)
			if x == y {
				continue
			}
			if x == "-" || y == "-" {
				if (x == "-") == k.NullsFirst {
					return -1
				}
				return 1
			}
			less := x < y
			if c == 2 {
				less = a.x < b.x
			}
			if less != k.Desc {
				return -1
			}
			return 1
		}
		return 0
	})
	var out []string
	for _, v := range sorted {
		out = append(out, cellOf(v, 0)+" "+cellOf(v, 1)+" "+cellOf(v, 2))
	}
	return out
}

// TestLimit also checks that rows come in the order of the morsels, whoever reads them, and that the rest is not read.
func TestLimit(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	data, rows := randomTable(r, 50, 3, 20)
	all := run(t, scanOf(data), envOf(4))
	if len(all) != len(rows) {
		t.Fatalf("%d rows of %d", len(all), len(rows))
	}
	for _, c := range []struct{ count, offset int64 }{{5, 0}, {0, 3}, {7, 100}, {-1, 10}, {3, 1 << 40}} {
		data.opened.Store(0)
		got := run(t, &plan.Limit{Input: scanOf(data), Count: c.count, Offset: c.offset}, envOf(4))
		want := all[min(c.offset, int64(len(all))):]
		if c.count >= 0 {
			want = want[:min(c.count, int64(len(want)))]
		}
		if !slices.Equal(got, want) {
			t.Errorf("limit %d offset %d: %d rows, want %d", c.count, c.offset, len(got), len(want))
		}
		if c.count == 5 && data.opened.Load() > 20 {
			t.Errorf("a limit of 5 opened %d morsels", data.opened.Load())
		}
	}
}

func TestErrorEndsTheQuery(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	data, _ := randomTable(r, 20, 5, 20)
	div, err := fn.Default().Operator("/", big, big)
	if err != nil {
		t.Fatal(err)
	}
	node := &plan.Project{Input: scanOf(data), Names: []string{"q"}, Exprs: []expr.Expr{
		&expr.Call{Fn: div, Args: []expr.Expr{columns[1], columns[1]}, T: big},
	}}
	_, err = tryRun(node, envOf(4))
	var e *column.Error
	if !errors.As(err, &e) || e.SQLState != "22012" {
		t.Errorf("error %v, want division by zero", err)
	}
}

func TestMemoryLimit(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	data, _ := randomTable(r, 20, 20, 30)
	for name, node := range map[string]plan.Node{
		"sort":      &plan.Sort{Input: scanOf(data), Keys: []plan.SortKey{{Expr: columns[2]}}},
		"aggregate": &plan.Aggregate{Input: scanOf(data), Keys: []expr.Expr{columns[0], columns[1], columns[2]}, KeyNames: []string{"", "", ""}},
	} {
		env := envOf(2)
		env.Pool = mem.NewPool("the statement", 10_000, nil)
		_, err := tryRun(node, env)
		if !errors.Is(err, column.Limit) || !strings.Contains(err.Error(), "the statement") {
			t.Errorf("%s: error %v, want the limit's", name, err)
		}
	}
}

func TestCancel(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	data, _ := randomTable(r, 30, 3, 20)
	ctx, cancel := context.WithCancel(context.Background())
	rows, err := Run(ctx, scanOf(data), envOf(2))
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
