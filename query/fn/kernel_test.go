package fn

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/expr"
)

// TestLikeAgainstRegexp: LIKE is a regular expression in disguise.
func TestLikeAgainstRegexp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[abé%_]{0,8}`).Draw(t, "pattern")
		text := rapid.StringMatching(`[abé]{0,8}`).Draw(t, "text")
		p, err := compileLike([]byte(pattern), []byte{'\\'}, false)
		if err != nil {
			t.Fatal(err)
		}
		re := regexp.MustCompile("(?s)^" + strings.NewReplacer("%", ".*", "_", ".").Replace(pattern) + "$")
		if got, err := p.match(&expr.Context{}, []byte(text)); got != re.MatchString(text) || err != nil {
			t.Fatalf("%q LIKE %q = %v", text, pattern, got)
		}
	})
}

// TestBucketRuns: galloping finds the buckets that looking at each row finds.
func TestBucketRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var times []int64
		var runs []scan.Run
		for range rapid.IntRange(1, 4).Draw(t, "runs") {
			n := rapid.IntRange(1, 60).Draw(t, "n")
			at := rapid.Int64Range(-1e15, 1e15).Draw(t, "start")
			runs = append(runs, scan.Run{Start: int32(len(times)), Len: int32(n)})
			for range n {
				at += rapid.SampledFrom([]int64{0, 1, 1e6, 3e9, 9e11}).Draw(t, "step")
				times = append(times, at)
			}
		}
		iv := rapid.SampledFrom([]column.Interval{{Micros: 1}, {Micros: 7e6}, {Days: 1}, {Days: 7}, {Months: 1}, {Months: 7}}).Draw(t, "width")
		b, err := newBucketer(iv, 86400e6, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := BucketRuns(tTimestamp, times, runs, b.of)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range times {
			lo, hi, err := b.of(v)
			if err != nil || lo > v || v >= hi {
				t.Fatalf("bucket of %d is [%d, %d): %v", v, lo, hi, err)
			}
			if got.Int(i) != lo {
				t.Fatalf("row %d, time %d: %d, want %d", i, v, got.Int(i), lo)
			}
		}
	})
}

// TestDecimalText: text to decimal and back, with and without big integers.
func TestDecimalText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`(0|-?[1-9][0-9]{0,25}|-?[1-9][0-9]{0,5}\.[0-9]{1,20}|0\.0{0,20}[1-9])`).Draw(t, "text")
		d := dec(0, 0)
		setDecimal(d, []byte(text))
		if got := string(appendDecimal(nil, d)); got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

// TestReference: each function has a line, and each line says something.
func TestReference(t *testing.T) {
	text := Default().Reference()
	for _, want := range []string{"time_bucket(interval, timestamp with time zone)", "first(anyelement, timestamp with time zone)", "count(*)"} {
		if !strings.Contains(text, "`"+want+"`") {
			t.Errorf("no line for %s", want)
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasSuffix(line, "|  |") {
			t.Errorf("no description: %s", line)
		}
	}
}

const benchRows = 4096

func benchInts(t column.Type, f func(i int) int64) *column.Vector {
	v := make([]int64, benchRows)
	for i := range v {
		v[i] = f(i)
	}
	return column.NewInts(t, v, nil)
}

func benchFloats(f func(i int) float64) *column.Vector {
	v := make([]float64, benchRows)
	for i := range v {
		v[i] = f(i)
	}
	return column.NewFloats(tFloat8, v, nil)
}

// BenchmarkKernels reports ns per row; each case checks one value of its answer.
func BenchmarkKernels(b *testing.B) {
	r := New()
	ints, floats := benchInts(tInt4, func(i int) int64 { return int64(i) }), benchFloats(func(i int) float64 { return float64(i) / 2 })
	bigs := benchInts(tInt8, func(i int) int64 { return int64(i) })
	times := benchInts(tTimestampTZ, func(i int) int64 { return int64(i) * 10e6 })
	words := make([]string, benchRows)
	for i := range words {
		words[i] = []string{"host-1.example", "web-22", "database-primary"}[i%3]
	}
	texts := column.NewStrings(words...)
	one := func(v *column.Vector) *column.Vector { return column.NewConst(v, 0, benchRows) }
	num, _ := r.Cast(tInt4, tNumeric, Implicit)
	numerics, err := expr.Apply(&expr.Context{}, num, []*column.Vector{ints}, benchRows)
	if err != nil {
		b.Fatal(err)
	}
	op := func(name string, l, rt column.Type) *expr.Function {
		f, err := r.Operator(name, l, rt)
		if err != nil {
			b.Fatal(err)
		}
		return f
	}
	bucket, err := r.Function("time_bucket", types(tInterval, tTimestampTZ))
	if err != nil {
		b.Fatal(err)
	}
	hour := column.NewConst(&column.Vector{Type: tInterval, Len: 1, Intervals: []column.Interval{{Micros: 3600e6}}}, 0, benchRows)
	for _, c := range []struct {
		name string
		f    *expr.Function
		args []*column.Vector
		ok   func(v *column.Vector) bool
	}{
		{"int4+const", op("+", tInt4, tInt4), []*column.Vector{ints, one(benchInts(tInt4, func(int) int64 { return 7 }))}, func(v *column.Vector) bool { return v.Int(100) == 107 }},
		{"int8*int8", op("*", tInt8, tInt8), []*column.Vector{bigs, bigs}, func(v *column.Vector) bool { return v.Int(100) == 10000 }},
		{"int8/const", op("/", tInt8, tInt8), []*column.Vector{bigs, one(benchInts(tInt8, func(int) int64 { return 7 }))}, func(v *column.Vector) bool { return v.Int(100) == 14 }},
		{"float8+float8", op("+", tFloat8, tFloat8), []*column.Vector{floats, floats}, func(v *column.Vector) bool { return v.Float(100) == 100 }},
		{"float8>const", op(">", tFloat8, tFloat8), []*column.Vector{floats, one(benchFloats(func(int) float64 { return 1000 }))}, func(v *column.Vector) bool { return !v.Bool(100) && v.Bool(4000) }},
		{"int4=const", op("=", tInt4, tInt4), []*column.Vector{ints, one(benchInts(tInt4, func(int) int64 { return 100 }))}, func(v *column.Vector) bool { return v.Bool(100) && !v.Bool(7) }},
		{"text=const", op("=", tText, tText), []*column.Vector{texts, one(column.NewStrings("web-22"))}, func(v *column.Vector) bool { return v.Bool(100) && !v.Bool(99) }},
		{"like %a%", op("~~", tText, tText), []*column.Vector{texts, one(column.NewStrings("%22%"))}, func(v *column.Vector) bool { return v.Bool(100) && !v.Bool(99) }},
		{"numeric+numeric", op("+", tNumeric, tNumeric), []*column.Vector{numerics, numerics}, func(v *column.Vector) bool { return string(v.Bytes(100)) == "200" }},
		{"time_bucket by row", bucket, []*column.Vector{hour, times}, func(v *column.Vector) bool { return v.Int(400) == 3600e6 }},
	} {
		b.Run(c.name, func(b *testing.B) {
			ctx := &expr.Context{}
			for b.Loop() {
				v, err := expr.Apply(ctx, c.f, c.args, benchRows)
				if err != nil || !c.ok(v) {
					b.Fatal(err, "wrong answer")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
		})
	}
	b.Run("time_bucket by runs", func(b *testing.B) {
		ctx := &expr.Context{Runs: []scan.Run{{Len: benchRows}}}
		for b.Loop() {
			v, err := bucket.Runs(ctx, []*column.Vector{hour, times}, benchRows)
			if err != nil || v.Enc != column.RunEnd || v.Int(400) != 3600e6 {
				b.Fatal(err, "wrong answer")
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
	})
}

// BenchmarkAggregates reports ns per row of a whole range and of rows spread over 16 groups.
func BenchmarkAggregates(b *testing.B) {
	r := New()
	floats, bigs := benchFloats(func(i int) float64 { return float64(i) }), benchInts(tInt8, func(i int) int64 { return int64(i) })
	groups := make([]uint32, benchRows)
	for i := range groups {
		groups[i] = uint32(i % 16)
	}
	for _, c := range []struct {
		name string
		v    *column.Vector
	}{{"sum", floats}, {"max", floats}, {"stddev", floats}, {"sum", bigs}, {"min", bigs}, {"avg", bigs}, {"stddev", bigs}, {"count", bigs}} {
		a, err := r.Aggregate(c.name, types(c.v.Type))
		if err != nil {
			b.Fatal(err)
		}
		args := []*column.Vector{c.v}
		for _, run := range []bool{true, false} {
			b.Run(c.name+" "+c.v.Type.String()+map[bool]string{true: " range", false: " groups"}[run], func(b *testing.B) {
				s := a.New()
				s.Grow(16)
				for b.Loop() {
					var err error
					if run {
						err = s.AddRange(0, args, 0, benchRows, true)
					} else {
						err = s.Add(groups, args, benchRows)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				if v, err := s.Finish(16); err != nil || v.IsNull(0) {
					b.Fatal(err, "wrong answer")
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
			})
		}
	}
}
