package exec

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/fn"
	"github.com/automatanexus/aegis-db/query/plan"
)

func literalOf(v *column.Vector) expr.Expr { return &expr.Literal{Value: v} }

func intLiteral(v int64) expr.Expr { return literalOf(column.NewInts(big, []int64{v}, nil)) }

// series calls generate_series.
func series(start, stop, step expr.Expr) *plan.Expand {
	f, err := fn.Default().SetFunction("generate_series", []column.Type{start.Type(), stop.Type(), step.Type()})
	if err != nil {
		panic(err)
	}
	call := expr.SetCall{Fn: f, Args: []expr.Expr{start, stop, step}, Names: []string{"g"}}
	return &plan.Expand{Input: &plan.Values{Rows: [][]expr.Expr{{}}}, Calls: []expr.SetCall{call}}
}

func intSeries(start, stop, step int64) *plan.Expand {
	return series(intLiteral(start), intLiteral(stop), intLiteral(step))
}

// TestSeriesOfIntegers compares with counting that stops where PostgreSQL does: past the end or past the type.
func TestSeriesOfIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		edge := rapid.SampledFrom([]int64{0, math.MaxInt64 - 20, math.MinInt64 + 20}).Draw(t, "near")
		near := func(name string) int64 { return edge + rapid.Int64Range(-20, 20).Draw(t, name) }
		start, stop := near("start"), near("stop")
		step := rapid.OneOf(rapid.Int64Range(1, 9), rapid.Int64Range(-9, -1), rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64})).Draw(t, "step")
		var want []string
		for v := start; step > 0 && v <= stop || step < 0 && v >= stop; {
			want = append(want, fmt.Sprint(v))
			next := v + step
			if (next > v) != (step > 0) {
				break
			}
			v = next
		}
		env := envOf(1)
		env.BatchRows = rapid.SampledFrom([]int{0, 1, 4}).Draw(t, "batch rows")
		got, err := tryRun(intSeries(start, stop, step), env)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%d to %d by %d: %v, error %v; want %v", start, stop, step, got, err, want)
		}
	})
}

func TestSeriesOfTimes(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones here")
	}
	day := int64(86_400_000_000)
	at := func(y int, m time.Month, d int) int64 { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).UnixMicro() }
	for _, c := range []struct {
		name        string
		kind        column.Kind
		start, stop int64
		step        column.Interval
		want        []int64
	}{
		{"months from a 31st", column.Timestamp, at(2024, 1, 31), at(2024, 4, 30), column.Interval{Months: 1}, []int64{at(2024, 1, 31), at(2024, 2, 29), at(2024, 3, 29), at(2024, 4, 29)}},
		{"backwards", column.Timestamp, 2 * day, 0, column.Interval{Days: -1}, []int64{2 * day, day, 0}},
		{"the end is not met", column.Timestamp, 0, day - 1, column.Interval{Micros: day / 2}, []int64{0, day / 2}},
		{"wrong direction", column.Timestamp, 0, day, column.Interval{Days: -1}, nil},
		{"mixed signs", column.Timestamp, 0, 60 * day, column.Interval{Months: 1, Days: -1}, []int64{0, 30 * day, 57 * day}},
		// Clocks go forward on March 31, 2024: a day has 23 hours, and the last one starts an hour earlier.
		{"days of a zone", column.TimestampTZ, at(2024, 3, 30) - day/24, at(2024, 4, 1) - day/12, column.Interval{Days: 1}, []int64{at(2024, 3, 30) - day/24, at(2024, 3, 31) - day/24, at(2024, 4, 1) - day/12}},
	} {
		typ := column.T(c.kind)
		step := column.NewBuilder(column.T(column.IntervalKind), 1)
		step.AppendInterval(c.step)
		node := series(literalOf(column.NewInts(typ, []int64{c.start}, nil)), literalOf(column.NewInts(typ, []int64{c.stop}, nil)), literalOf(step.Finish()))
		env := envOf(1)
		env.Expr.Location = berlin
		got, err := tryRun(node, env)
		var want []string
		for _, v := range c.want {
			want = append(want, fmt.Sprint(v))
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, error %v; want %v", c.name, got, err, want)
		}
	}
}

func TestSeriesOfNumerics(t *testing.T) {
	numeric := func(s string) expr.Expr {
		b := column.NewBuilder(column.T(column.Numeric), 1)
		b.AppendString(s)
		return literalOf(b.Finish())
	}
	for _, c := range []struct{ start, stop, step, want string }{
		{"0", "1", "0.25", "0 0.25 0.50 0.75 1.00"},
		{"1.0", "-1", "-1", "1.0 0.0 -1.0"},
		{"-0.5", "0.5", "0.5", "-0.5 0.0 0.5"},
		{"2", "1", "0.1", ""},
		{"100000000000000000000", "100000000000000000001", "1", "100000000000000000000 100000000000000000001"},
		{"1", "2", "0.0", "error 22023: step size cannot equal zero"},
		{"NaN", "2", "1", "error 22023: start value cannot be NaN"},
		{"1", "Infinity", "1", "error 22023: stop value cannot be infinity"},
		{"1", "2", "-Infinity", "error 22023: step size cannot be infinity"},
	} {
		got, err := tryRun(series(numeric(c.start), numeric(c.stop), numeric(c.step)), envOf(1))
		text := strings.Join(got, " ")
		var e *column.Error
		if errors.As(err, &e) {
			text = "error " + e.SQLState + ": " + e.Message
		}
		if text != c.want {
			t.Errorf("%s to %s by %s: %q, want %q", c.start, c.stop, c.step, text, c.want)
		}
	}
}

func TestSeriesArguments(t *testing.T) {
	null := literalOf(column.Flatten(column.NewNull(big, 1)))
	for i := range 3 {
		args := []expr.Expr{intLiteral(1), intLiteral(9), intLiteral(0)}
		args[i] = null
		got, err := tryRun(series(args[0], args[1], args[2]), envOf(1))
		if err != nil || got != nil {
			t.Errorf("argument %d NULL: %v, error %v; want no rows", i+1, got, err)
		}
	}
	zero := column.NewBuilder(column.T(column.IntervalKind), 1)
	zero.AppendInterval(column.Interval{Months: 1, Days: -30}) // PostgreSQL compares a month as 30 days
	at := literalOf(column.NewInts(column.T(column.Timestamp), []int64{literal.MicrosPerDay}, nil))
	for name, node := range map[string]*plan.Expand{"integers": intSeries(1, 2, 0), "times": series(at, at, literalOf(zero.Finish()))} {
		_, err := tryRun(node, envOf(1))
		var e *column.Error
		if !errors.As(err, &e) || e.SQLState != "22023" || e.Message != "step size cannot equal zero" {
			t.Errorf("%s: error %v, want that of a step of zero", name, err)
		}
	}
}

// TestSeriesStreams: a series is not held, and nothing is made that nobody asks for.
func TestSeriesStreams(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n := 0
	err := eachBatch(&plan.Limit{Input: intSeries(1, 1_000_000_000, 1), Count: 10_000}, envOf(2), func(b *scan.Batch) { n += b.Len })
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; err != nil || n != 10_000 || took > 4<<20 {
		t.Errorf("%d rows of a series of 1e9, %d bytes, error %v", n, took, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	rows, err := Run(ctx, intSeries(1, math.MaxInt64, 1), envOf(1))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	cancel()
	if _, err := rows.Next(ctx); !errors.Is(err, column.Cancelled) {
		t.Errorf("error %v, want a cancelled statement", err)
	}
}

// TestUnion: the inputs come one after the other, whoever reads them, also where one has no rows.
func TestUnion(t *testing.T) {
	a, b := ints([]int64{1, 2, 3}, 1), ints(make([]int64, 3*scan.BatchRows), 3)
	want := append(run(t, a.scan(), envOf(1)), run(t, b.scan(), envOf(1))...)
	want = append(want, run(t, a.scan(), envOf(1))...)
	node := &plan.Union{Ins: []plan.Node{a.scan(), ints(nil, 1).scan(), b.scan(), a.scan()}, Out: a.scan().Columns()}
	for _, workers := range []int{1, 4} {
		if got := run(t, node, envOf(workers)); !slices.Equal(got, want) {
			t.Errorf("%d workers: %d rows, want %d in order", workers, len(got), len(want))
		}
	}
	if got := run(t, &plan.Union{Out: a.scan().Columns()}, envOf(1)); got != nil {
		t.Errorf("a union of nothing gives %v", got)
	}
}
