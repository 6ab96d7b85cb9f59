package exec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

// timed makes a relation of series: host in runs, ts ascending inside each, n, which is the host's number if it has one row.
func timed(r *rand.Rand, hosts, rows int) *relation {
	out := newRelation(text, column.T(column.Timestamp), big)
	out.columns[0].Tag, out.columns[1].Time = true, true
	names, ends := column.NewBuilder(text, 0), []int32{}
	times, n := []int64{}, []int64{}
	b := &scan.Batch{}
	for _, h := range r.Perm(hosts) {
		names.AppendString(fmt.Sprint("host", h))
		at, start := r.Int64N(36_000_000_000), len(times)
		for range rows {
			times, n = append(times, at), append(n, r.Int64N(100))
			at += r.Int64N(1_200_000_000)
		}
		if rows == 1 {
			n[start] = int64(h)
		}
		ends = append(ends, int32(len(times)))
		b.Runs = append(b.Runs, scan.Run{Start: int32(start), Len: int32(rows)})
	}
	b.Len = len(times)
	tag := &column.Vector{Type: text, Enc: column.RunEnd, Len: b.Len, Child: names.Finish(), Ends: ends}
	b.Columns = []*column.Vector{tag, column.NewInts(out.columns[1].Type, times, nil), column.NewInts(big, n, nil)}
	out.morsels = [][]*scan.Batch{{b}}
	return out
}

// TestJoinKeepsRunsOfOneSide: buckets and first() of the time of either side are those found without looking at runs, and
// those of the side that is streamed are found by runs.
func TestJoinKeepsRunsOfOneSide(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	stamp := column.T(column.Timestamp)
	hour := column.NewBuilder(column.T(column.IntervalKind), 1)
	hour.AppendInterval(column.Interval{Micros: 3_600_000_000})
	width := literalOf(hour.Finish())
	bucket, err := fn.Default().Function("time_bucket", []column.Type{width.Type(), stamp})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []plan.JoinKind{plan.InnerJoin, plan.LeftJoin, plan.SemiJoin, plan.FullJoin} {
		for side := range 2 {
			if kind == plan.SemiJoin && side == 1 {
				continue
			}
			for _, buildLeft := range []bool{false, true} {
				left, right := timed(r, 9, 40), timed(r, 90, 1)
				if buildLeft {
					left, right = right, left
				}
				join := joinOn(kind, left, right)
				join.LeftKeys, join.RightKeys = []expr.Expr{&expr.Column{Index: 2, T: big}}, []expr.Expr{&expr.Column{Index: 2, T: big}}
				join.BuildLeft = buildLeft
				at := func(c int) *expr.Column {
					return &expr.Column{Index: 3*side + c, T: left.columns[c].Type, Sorted: c == 1}
				}
				// A filter and a projection in between must not hide what is wrong.
				project := &plan.Project{Input: join, Exprs: []expr.Expr{at(0), at(1), at(2)}, Names: []string{"host", "ts", "n"}}
				ts := &expr.Column{Index: 1, T: stamp, Sorted: true}
				node := &plan.Aggregate{
					Input: project, KeyNames: []string{"host", "bucket"}, AggNames: []string{"first", "count"},
					Keys: []expr.Expr{&expr.Column{T: text}, &expr.Call{Fn: bucket, Args: []expr.Expr{width, ts}, T: stamp}},
					Aggs: []expr.AggregateCall{call(t, "min", false, nil, ts), call(t, "first", false, nil, &expr.Column{Index: 2, T: big}, ts)},
				}
				plainly := envOf(1)
				plainly.Plain = true
				want, err := runAny(node, plainly)
				if err != nil {
					t.Fatal(err)
				}
				got, err := runAny(node, envOf(1))
				if err != nil {
					t.Fatal(err)
				}
				slices.Sort(got)
				slices.Sort(want)
				name := fmt.Sprintf("%s, time of side %d, build left %v", kindNames[kind], side, buildLeft)
				if len(want) < 7 || !slices.Equal(got, want) {
					t.Errorf("%s:\n got %v\nwant %v", name, got, want)
				}
				streamed := buildLeft == (side == 1) && !(kind == plan.SemiJoin && buildLeft)
				if misled(node, 0, node.Input) == streamed {
					t.Errorf("%s: runs are hidden: %v", name, misled(node, 0, node.Input))
				}
			}
		}
	}
}
