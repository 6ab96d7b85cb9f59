// Package oracletest compares package codec with the chunks of Prometheus. It
// is a module of its own so that the product does not depend on Prometheus'
// storage engine.
package oracletest

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/automatanexus/aegis-db/column/codec"
	"github.com/automatanexus/aegis-db/column/codec/internal/shapes"
)

// rows is the usual number of samples of a Prometheus chunk.
const rows = 120

// xorChunk returns the chunk and what it reads back.
func xorChunk(t *testing.T, ts []int64, vs []float64) (size int, gotTS []int64, gotVS []float64) {
	t.Helper()
	c := chunkenc.NewXORChunk()
	app, err := c.Appender()
	if err != nil {
		t.Fatal(err)
	}
	for i := range ts {
		app.Append(0, ts[i], vs[i])
	}
	it := c.Iterator(nil)
	for it.Next() != chunkenc.ValNone {
		at, v := it.At()
		gotTS, gotVS = append(gotTS, at), append(gotVS, v)
	}
	if err := it.Err(); err != nil {
		t.Fatal(err)
	}
	return len(c.Bytes()), gotTS, gotVS
}

// ours streams the same samples through the appenders.
func ours(t *testing.T, ts []int64, vs []float64) (size int, gotTS []int64, gotVS []float64) {
	t.Helper()
	var ints codec.IntAppender
	var floats codec.FloatAppender
	for i := range ts {
		ints.Append(ts[i])
		floats.Append(vs[i])
	}
	gotTS, _, err := codec.DecodeInts(nil, ints.Bytes(), len(ts))
	if err != nil {
		t.Fatal(err)
	}
	gotVS, _, err = codec.DecodeFloats(nil, floats.Bytes(), len(vs))
	if err != nil {
		t.Fatal(err)
	}
	return len(ints.Bytes()) + len(floats.Bytes()), gotTS, gotVS
}

func compare(t *testing.T, ts []int64, vs []float64) (theirSize, ourSize int) {
	t.Helper()
	theirSize, wantTS, wantVS := xorChunk(t, ts, vs)
	ourSize, gotTS, gotVS := ours(t, ts, vs)
	if len(wantTS) != len(gotTS) {
		t.Fatalf("%d samples, oracle has %d", len(gotTS), len(wantTS))
	}
	for i := range wantTS {
		want, got := math.Float64bits(wantVS[i]), math.Float64bits(gotVS[i])
		if wantTS[i] != gotTS[i] || want != got {
			t.Fatalf("sample %d is (%d, %#x), oracle has (%d, %#x)", i, gotTS[i], got, wantTS[i], want)
		}
	}
	return theirSize, ourSize
}

// TestTypicalSeries holds every pair of a timestamp and a value shape to the
// oracle's size plus 5 percent, in milliseconds as the oracle likes them.
func TestTypicalSeries(t *testing.T) {
	const shapesOfTime = 4
	for _, it := range shapes.Ints[:shapesOfTime] {
		for _, fl := range shapes.Floats {
			var theirs, mine int
			allTS, allVS := it.Values(rows*10), fl.Values(rows*10)
			for from := 0; from < len(allTS); from += rows {
				ts, vs := make([]int64, rows), allVS[from:from+rows]
				for i := range ts {
					ts[i] = allTS[from+i] / 1000
				}
				a, b := compare(t, ts, vs)
				theirs, mine = theirs+a, mine+b
			}
			n := float64(len(allTS))
			t.Logf("%-20s %-18s oracle %.3f, ours %.3f bytes per sample (%.2f)", it.Name, fl.Name,
				float64(theirs)/n, float64(mine)/n, float64(mine)/float64(theirs))
			if float64(mine) > 1.05*float64(theirs) {
				t.Errorf("%s, %s: larger than the oracle by more than 5 percent", it.Name, fl.Name)
			}
		}
	}
}

// TestHardSeries has no size limit: extreme times and values, and bit patterns
// at random.
func TestHardSeries(t *testing.T) {
	special := []float64{
		0, math.Copysign(0, -1), 1, -1, math.Inf(1), math.Inf(-1), math.NaN(),
		math.Float64frombits(shapes.StaleBits), math.Float64frombits(0xfff8_dead_beef_0001),
		math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 0x1p-1030,
	}
	times := []int64{0, 1, -1, math.MinInt64, math.MaxInt64, 1_767_225_600_123, 1000, -1_000_000_000}
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		n := 1 + r.IntN(200)
		ts, vs := make([]int64, n), make([]float64, n)
		for i := range ts {
			switch r.IntN(3) {
			case 0:
				ts[i] = times[r.IntN(len(times))]
			case 1:
				ts[i] = int64(r.Uint64() >> r.IntN(64))
			default:
				ts[i] = int64(i) * 15000
			}
			switch r.IntN(3) {
			case 0:
				vs[i] = special[r.IntN(len(special))]
			case 1:
				vs[i] = math.Float64frombits(r.Uint64())
			default:
				vs[i] = float64(r.IntN(100))
			}
		}
		compare(t, ts, vs)
	}
}
