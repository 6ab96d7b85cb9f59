package oracletest

import (
	"math"
	"testing"

	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/automatanexus/aegis-db/column/codec"
	"github.com/automatanexus/aegis-db/column/codec/internal/shapes"
)

// benchShapes are a smooth, a typical and an incompressible column.
var benchShapes = []int{3, 1, 9}

// BenchmarkSamples measures ns per sample (a time and a value) of both, so that
// a noisy machine slows both.
func BenchmarkSamples(b *testing.B) {
	for _, shape := range benchShapes {
		fl := shapes.Floats[shape]
		vs := fl.Values(rows)
		ts := shapes.Ints[3].Values(rows)
		for i := range ts {
			ts[i] /= 1000
		}
		var sum float64
		for _, v := range vs {
			sum += v
		}
		perSample := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/sample")
		}
		chunk := chunkenc.NewXORChunk()
		b.Run("append/oracle/"+fl.Name, func(b *testing.B) {
			for b.Loop() {
				chunk = chunkenc.NewXORChunk()
				app, err := chunk.Appender()
				if err != nil {
					b.Fatal(err)
				}
				for i := range ts {
					app.Append(0, ts[i], vs[i])
				}
			}
			perSample(b)
		})
		var ints codec.IntAppender
		var floats codec.FloatAppender
		b.Run("append/ours/"+fl.Name, func(b *testing.B) {
			for b.Loop() {
				ints, floats = codec.IntAppender{}, codec.FloatAppender{}
				for i := range ts {
					ints.Append(ts[i])
					floats.Append(vs[i])
				}
			}
			perSample(b)
		})
		b.Run("decode/oracle/"+fl.Name, func(b *testing.B) {
			var it chunkenc.Iterator
			var got float64
			for b.Loop() {
				it, got = chunk.Iterator(it), 0
				for it.Next() != chunkenc.ValNone {
					_, v := it.At()
					got += v
				}
			}
			perSample(b)
			verify(b, got, sum)
		})
		b.Run("decode/ours/"+fl.Name, func(b *testing.B) {
			var gotTS []int64
			var gotVS []float64
			var got float64
			for b.Loop() {
				var err1, err2 error
				gotTS, _, err1 = codec.DecodeInts(gotTS[:0], ints.Bytes(), rows)
				gotVS, _, err2 = codec.DecodeFloats(gotVS[:0], floats.Bytes(), rows)
				if err1 != nil || err2 != nil {
					b.Fatal(err1, err2)
				}
				got = 0
				for _, v := range gotVS {
					got += v
				}
			}
			perSample(b)
			verify(b, got, sum)
		})
	}
}

func verify(b *testing.B, got, want float64) {
	b.Helper()
	if math.Float64bits(got) != math.Float64bits(want) {
		b.Fatalf("sum %v, want %v", got, want)
	}
}
