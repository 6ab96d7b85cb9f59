package codec

import (
	"math"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column/codec/internal/shapes"
)

var specialInts = []int64{
	0, 1, -1, math.MinInt64, math.MaxInt64, math.MinInt64 + 1, 1 << 62, -1 << 62,
	1000, 1e6, 1e9, 1024, 4096, 999, -1e9, 1_767_225_600_123_000,
}

var specialFloats = []float64{
	0, math.Copysign(0, -1), 1, -1, 1.5, -1.5, math.Inf(1), math.Inf(-1), math.NaN(),
	math.Float64frombits(shapes.StaleBits), math.Float64frombits(0xfff8_dead_beef_0001),
	math.Float64frombits(0x7ff0_0000_0000_0001), math.MaxFloat64, -math.MaxFloat64,
	math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 0x1p-1030, 0x1p-1022,
}

// drawInts draws phases of different behaviour, so that windows, units and
// predictors change within one column.
func drawInts(t *rapid.T) []int64 {
	var out []int64
	var prev, step int64
	for range rapid.IntRange(0, 6).Draw(t, "phases") {
		kind := rapid.IntRange(0, 4).Draw(t, "kind")
		unit := units[rapid.IntRange(0, 5).Draw(t, "unit")].size
		shift := rapid.IntRange(0, 63).Draw(t, "shift")
		step = rapid.Int64().Draw(t, "step") >> shift * unit
		for range rapid.IntRange(1, 40).Draw(t, "length") {
			switch kind {
			case 0:
				prev = rapid.SampledFrom(specialInts).Draw(t, "special")
			case 1:
				prev = rapid.Int64().Draw(t, "any")
			case 2:
				prev += step
			case 3:
				prev += step + rapid.Int64Range(-20, 20).Draw(t, "jitter")*unit
			default:
				prev = rapid.Int64().Draw(t, "narrow") >> shift
			}
			out = append(out, prev)
		}
	}
	return out
}

func drawFloats(t *rapid.T) []float64 {
	var out []float64
	prev := 0.0
	for range rapid.IntRange(0, 6).Draw(t, "phases") {
		kind := rapid.IntRange(0, 4).Draw(t, "kind")
		scale := math.Ldexp(1, rapid.IntRange(-20, 20).Draw(t, "scale"))
		for range rapid.IntRange(1, 40).Draw(t, "length") {
			switch kind {
			case 0:
				prev = rapid.SampledFrom(specialFloats).Draw(t, "special")
			case 1:
				prev = math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
			case 2:
				prev += float64(rapid.IntRange(-3, 3).Draw(t, "step")) * scale
			case 3:
				prev = -prev
			default:
				prev = rapid.Float64().Draw(t, "any")
			}
			out = append(out, prev)
		}
	}
	return out
}

func drawBools(t *rapid.T) []bool {
	out := []bool{}
	for range rapid.IntRange(0, 30).Draw(t, "runs") {
		v := rapid.Bool().Draw(t, "value")
		for range 1 + rapid.Uint32().Draw(t, "length")%300>>rapid.IntRange(0, 8).Draw(t, "shift") {
			out = append(out, v)
		}
	}
	return out
}

func drawStrings(t *rapid.T) []string {
	pool := rapid.SliceOfN(rapid.StringN(0, 12, 60), 1, 60).Draw(t, "pool")
	out := []string{}
	for range rapid.IntRange(0, 60).Draw(t, "runs") {
		v := rapid.SampledFrom(pool).Draw(t, "value")
		for range 1 + rapid.IntRange(0, 100).Draw(t, "length")>>rapid.IntRange(0, 7).Draw(t, "shift") {
			out = append(out, v)
		}
	}
	return out
}

// arrow lays strings out as AppendStrings takes them.
func arrow(values []string) (offsets []int32, data []byte) {
	offsets = []int32{0}
	for _, v := range values {
		data = append(data, v...)
		offsets = append(offsets, int32(len(data)))
	}
	return offsets, data
}

func fromArrow(offsets []int32, data []byte) []string {
	out := []string{}
	for i := 1; i < len(offsets); i++ {
		out = append(out, string(data[offsets[i-1]:offsets[i]]))
	}
	return out
}

// TestAppenderSize: a million series keep one of these per column.
func TestAppenderSize(t *testing.T) {
	for name, size := range map[string]uintptr{
		"ints": unsafe.Sizeof(IntAppender{}), "floats": unsafe.Sizeof(FloatAppender{}),
		"bools": unsafe.Sizeof(BoolAppender{}), "strings": unsafe.Sizeof(StringAppender{}),
	} {
		t.Logf("%s: %d bytes", name, size)
		if size > 64 {
			t.Errorf("%s appender takes %d bytes, more than 64", name, size)
		}
	}
}
