package codec

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/automatanexus/aegis-db/column/codec/internal/shapes"
)

const benchRows = 1024

func perValue(b *testing.B, stream []byte) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/value")
	b.ReportMetric(float64(len(stream))/benchRows, "bytes/value")
}

func BenchmarkInts(b *testing.B) {
	for _, s := range shapes.Ints {
		want := s.Values(benchRows)
		block := AppendInts(nil, want)
		b.Run("append/"+s.Name, func(b *testing.B) {
			var a IntAppender
			for b.Loop() {
				a.Reset()
				for _, v := range want {
					a.Append(v)
				}
			}
			perValue(b, a.Bytes())
			if !slices.Equal(a.Bytes(), block) {
				b.Fatal("stream differs from block")
			}
		})
		b.Run("decode/"+s.Name, func(b *testing.B) {
			var got []int64
			var err error
			for b.Loop() {
				if got, _, err = DecodeInts(got[:0], block, benchRows); err != nil {
					b.Fatal(err)
				}
			}
			perValue(b, block)
			if !slices.Equal(got, want) {
				b.Fatal("decoded values differ")
			}
		})
	}
}

func sameBits(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) }

func BenchmarkFloats(b *testing.B) {
	for _, s := range shapes.Floats {
		want := s.Values(benchRows)
		block := AppendFloats(nil, want)
		b.Run("append/"+s.Name, func(b *testing.B) {
			var a FloatAppender
			for b.Loop() {
				a.Reset()
				for _, v := range want {
					a.Append(v)
				}
			}
			perValue(b, a.Bytes())
			if !slices.Equal(a.Bytes(), block) {
				b.Fatal("stream differs from block")
			}
		})
		b.Run("decode/"+s.Name, func(b *testing.B) {
			var got []float64
			var err error
			for b.Loop() {
				if got, _, err = DecodeFloats(got[:0], block, benchRows); err != nil {
					b.Fatal(err)
				}
			}
			perValue(b, block)
			if !slices.EqualFunc(got, want, sameBits) {
				b.Fatal("decoded values differ")
			}
		})
	}
}

func BenchmarkBools(b *testing.B) {
	patterns := map[string][]bool{
		"never": make([]bool, benchRows), "alternating": cycle(benchRows, true, false),
		"runs of 2": cycle(benchRows, true, true, false, false), "1 in 100": make([]bool, benchRows),
	}
	for i := 0; i < benchRows; i += 100 {
		patterns["1 in 100"][i] = true
	}
	for name, want := range patterns {
		block := AppendBools(nil, want)
		b.Run("append/"+name, func(b *testing.B) {
			var a BoolAppender
			for b.Loop() {
				a.Reset()
				for _, v := range want {
					a.Append(v)
				}
			}
			perValue(b, block)
			if !slices.Equal(a.AppendTo(nil), block) {
				b.Fatal("stream differs from block")
			}
		})
		b.Run("decode/"+name, func(b *testing.B) {
			var got []bool
			var err error
			for b.Loop() {
				if got, _, err = DecodeBools(got[:0], block, benchRows, benchRows); err != nil {
					b.Fatal(err)
				}
			}
			perValue(b, block)
			if !slices.Equal(got, want) {
				b.Fatal("decoded values differ")
			}
		})
	}
}

func BenchmarkStrings(b *testing.B) {
	distinct := make([]string, benchRows)
	for i := range distinct {
		distinct[i] = "request " + strconv.Itoa(i*7919)
	}
	for name, want := range map[string][]string{
		"constant": cycle(benchRows, "eu-central-1"), "5 levels": cycle(benchRows, "debug", "info", "info", "warning", "error"),
		"300 distinct": cycle(benchRows, distinct[:300]...), "distinct": distinct,
	} {
		offsets, data := arrow(want)
		block := AppendStrings(nil, offsets, data)
		b.Run("append/"+name, func(b *testing.B) {
			var a StringAppender
			for b.Loop() {
				a.Reset()
				for _, v := range want {
					a.AppendString(v)
				}
			}
			perValue(b, block)
			if !slices.Equal(a.Bytes(), block) {
				b.Fatal("stream differs from block")
			}
		})
		b.Run("decode/"+name, func(b *testing.B) {
			var gotOffsets []int32
			var gotData []byte
			var err error
			for b.Loop() {
				gotOffsets, gotData, _, err = DecodeStrings(gotOffsets[:0], gotData[:0], block, benchRows, 1<<20)
				if err != nil {
					b.Fatal(err)
				}
			}
			perValue(b, block)
			if !slices.Equal(gotOffsets, offsets) || !slices.Equal(gotData, data) {
				b.Fatal("decoded values differ")
			}
		})
	}
}
