package promql

import (
	"math"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"pgregory.net/rapid"
)

// TestIteratorIsPrometheus: any sequence of steps gives what Prometheus' own iterator over a chunk gives.
func TestIteratorIsPrometheus(t *testing.T) {
	var reused chunkenc.Iterator
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfNDistinct(rapid.Int64Range(-500, 500), 0, 60, rapid.ID).Draw(t, "times")
		slices.Sort(times)
		s := series{samples: samples{times: times, values: make([]float64, len(times))}}
		chunk := chunkenc.NewXORChunk()
		app, err := chunk.Appender()
		if err != nil {
			t.Fatal(err)
		}
		for i, at := range times {
			s.values[i] = math.Sqrt(float64(i))
			app.Append(0, at, s.values[i])
		}
		theirs := chunk.Iterator(nil)
		reused = s.Iterator(reused)
		ours := reused
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			var got, want chunkenc.ValueType
			if rapid.Bool().Draw(t, "next") {
				got, want = ours.Next(), theirs.Next()
			} else {
				at := rapid.Int64Range(-520, 520).Draw(t, "seek")
				got, want = ours.Seek(at), theirs.Seek(at)
			}
			if got != want {
				t.Fatalf("a step gives %v, theirs %v", got, want)
			}
			if want == chunkenc.ValNone {
				return // theirs is undefined from here on
			}
			gotT, gotV := ours.At()
			wantT, wantV := theirs.At()
			if gotT != wantT || gotV != wantV || ours.AtT() != wantT {
				t.Fatalf("%v at %d, theirs %v at %d", gotV, gotT, wantV, wantT)
			}
		}
	})
}

func TestIteratorStaysAtItsEnd(t *testing.T) {
	s := series{samples: samples{times: []int64{1, 2}, values: []float64{1, 2}}}
	it := s.Iterator(nil)
	for it.Next() != chunkenc.ValNone {
	}
	if it.Next() != chunkenc.ValNone || it.Seek(1) != chunkenc.ValNone || it.Err() != nil {
		t.Error("it goes on after its end")
	}
}
