package promql

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/automatanexus/aegis-db/column"
)

// randomSeries makes the samples of a counter or gauge: at an interval, mostly, now and then beginning anew, and with what floats have that numbers do not.
func randomSeries(r *rand.Rand) samples {
	var s samples
	now, v := r.Int64N(1_000_000), 0.0
	jitter, odd := []int64{1, 1, 3_000}[r.IntN(3)], r.IntN(4) == 0
	pace := []float64{0, 1, 50, -3}[r.IntN(4)]
	for range 1 + r.IntN(300) {
		s.times, s.values = append(s.times, now), append(s.values, v)
		if now += 10_000_000 + 1_000*r.Int64N(jitter); r.IntN(40) == 0 {
			now += r.Int64N(200_000_000)
		}
		if v += pace * math.Floor(10*r.Float64()); r.IntN(30) == 0 {
			v = 0
		}
		if odd && r.IntN(20) == 0 {
			v = []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 1e308, -5, 0.1}[r.IntN(7)]
		}
	}
	return s
}

// pieced cuts samples into pieces, with rows that are NULL among them and at their ends.
func pieced(r *rand.Rand, s samples) []piece {
	var list []piece
	for from := 0; from < len(s.times); {
		to := min(len(s.times), from+1+r.IntN(120))
		p := piece{first: r.IntN(70)}
		var gone []int
		add := func(at int64, v float64) {
			p.times, p.floats = append(p.times, at), append(p.floats, v)
		}
		null := func(at int64) {
			gone = append(gone, len(p.times))
			add(at, 7)
		}
		often := []int{2, 60, 1000}[r.IntN(3)]
		for i := from; i < to; i++ {
			if r.IntN(often) == 0 {
				null(s.times[i] - 3_000)
			}
			add(s.times[i], s.values[i])
		}
		if len(gone) > 0 || r.IntN(5) == 0 {
			p.valid = column.NewBitmap(p.first+len(p.times), true)
			for _, row := range gone {
				p.valid.Clear(p.first + row)
			}
		}
		list = append(list, p)
		from = to
	}
	return list
}

// TestWindowsOverPieces: however the rows of a series are cut, and whatever NULLs are among them, functions over its windows are bit for bit Prometheus'.
func TestWindowsOverPieces(t *testing.T) {
	e := New(nil, Options{})
	defer e.Close(t.Context())
	r := rand.New(rand.NewPCG(8, 9))
	const second = 1_000
	for _, name := range []string{
		"rate", "increase", "delta", "deriv", "sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "count_over_time", "last_over_time",
	} {
		parsed, err := e.parser.ParseExpr(name + "(x[5m])")
		if err != nil {
			t.Fatal(err)
		}
		compared := 0
		for range 300 {
			list := randomSeries(r)
			g := grid{start: list.times[0]/1000 - r.Int64N(100*second), step: 1 + []int64{5, 60, 1000}[r.IntN(3)]*second*r.Int64N(10)}
			g.end = g.start + min(500*g.step, 5000*second)
			f := &finder{engine: e}
			s := &shape{grid: g}
			if !f.windows(s, parsed.(*parser.Call)) {
				t.Fatal("no shape")
			}
			s.call = parsed.(*parser.Call)
			s.window, s.seconds = 300*second, 300
			s.offset = r.Int64N(2) * 7 * second
			s.selector.Offset = time.Duration(s.offset) * time.Millisecond // as the engine does it
			part := part{pieces: pieced(r, list), layout: layout{clock: clock{perMilli: 1000}, stale: true}, apart: true}
			var got, want track
			if err := got.join(&querier{}, &part, false); err != nil {
				t.Fatal(err)
			}
			want.clock = part.layout.clock
			want.add(list)
			a, b := make([]float64, g.steps()), make([]float64, g.steps())
			s.evaluator()(&got, g, a)
			s.prometheus()(&want, g, b)
			for i := range a {
				if math.Float64bits(a[i]) != math.Float64bits(b[i]) && !(math.IsNaN(a[i]) && math.IsNaN(b[i]) && isNothing(a[i]) == isNothing(b[i])) {
					t.Fatalf("%s at step %d of %+v: %v, not %v; %v", name, i, g, a[i], b[i], list)
				}
				if !isNothing(a[i]) {
					compared++
				}
			}
		}
		if compared < 3000 {
			t.Errorf("%s: only %d values", name, compared)
		}
	}
}

// TestPresentOverPieces: a NULL is a stale marker where markers are wanted.
func TestPresentOverPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 11))
	const lookback = 300_000
	markers := 0
	for range 300 {
		pieces := pieced(r, randomSeries(r))
		part := part{pieces: pieces, layout: layout{clock: clock{perMilli: 1000}, stale: true}, apart: true}
		var got track
		if err := got.join(&querier{}, &part, true); err != nil {
			t.Fatal(err)
		}
		all := part.flatten()
		g := grid{start: all.times[0] - r.Int64N(100_000), step: 1 + r.Int64N(60_000)}
		g.end = g.start + 200*g.step
		out := make([]float64, g.steps())
		present(0, lookback)(&got, g, out)
		for i, v := range out {
			want, now := nothing, g.at(i)
			for k, at := range all.times {
				if at <= now && at > now-lookback {
					want = all.values[k]
				}
			}
			if math.Float64bits(v) != math.Float64bits(want) {
				t.Fatalf("step %d: %v, not %v", i, v, want)
			}
			if isNothing(want) {
				markers++
			}
		}
	}
	if markers < 100 {
		t.Errorf("only %d markers", markers)
	}
}
