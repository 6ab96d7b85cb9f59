package api

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

func TestJSONValues(t *testing.T) {
	zone := time.FixedZone("x", -(5*3600 + 30*60))
	ints := func(k column.Kind, v int64) *column.Vector { return column.NewInts(column.T(k), []int64{v}, nil) }
	floats := func(k column.Kind, v float64) *column.Vector { return column.NewFloats(column.T(k), []float64{v}, nil) }
	text := func(k column.Kind, s string) *column.Vector {
		return column.NewBytes(column.T(k), []int32{0, int32(len(s))}, []byte(s), nil)
	}
	cases := []struct {
		v    *column.Vector
		loc  *time.Location
		want string
	}{
		{ints(column.Int64, math.MaxInt64), nil, "9223372036854775807"},
		{ints(column.Int16, -3), nil, "-3"},
		{floats(column.Float64, 0.1), nil, "0.1"},
		{floats(column.Float32, float64(float32(0.1))), nil, "0.1"},
		{floats(column.Float64, 1e300), nil, "1e+300"},
		{floats(column.Float64, 123456789012), nil, "123456789012"},
		{floats(column.Float64, math.Copysign(0, -1)), nil, "-0"},
		{floats(column.Float64, math.NaN()), nil, `"NaN"`},
		{floats(column.Float64, math.Inf(-1)), nil, `"-Infinity"`},
		{text(column.Numeric, "-12345678901234567890.50"), nil, "-12345678901234567890.50"},
		{text(column.Numeric, "NaN"), nil, `"NaN"`},
		{text(column.Numeric, ".5"), nil, `".5"`},
		{text(column.JSON, `{"a": [1,
 2]}`), nil, `{"a":[1,2]}`},
		{text(column.JSON, `{"a":1}`), nil, `{"a":1}`},
		{text(column.JSON, `{"a":`), nil, `"{\"a\":"`},
		{text(column.Bytea, "\x00\xff"), nil, `"\\x00ff"`},
		{text(column.Text, "a\x00\n\"\\\u2028é\xff"), nil, "\"a\\u0000\\n\\\"\\\\\u2028é\uFFFD\""},
		{ints(column.Date, 0), nil, `"1970-01-01"`},
		{ints(column.Timestamp, 1_500_000), zone, `"1970-01-01T00:00:01.5"`},
		{ints(column.TimestampTZ, 1_500_000), nil, `"1970-01-01T00:00:01.5Z"`},
		{ints(column.TimestampTZ, -1), zone, `"1969-12-31T18:29:59.999999-05:30"`},
		{ints(column.TimestampNS, 1), time.UTC, `"1970-01-01T00:00:00.000000001Z"`},
		{ints(column.TimestampTZ, literal.TimestampInfinity), zone, `"infinity"`},
		{ints(column.Timestamp, literal.TimestampNegInfinity), nil, `"-infinity"`},
		{&column.Vector{Type: column.T(column.IntervalKind), Len: 1, Intervals: []column.Interval{{Months: 14, Days: 3, Micros: 1}}}, nil, `"1 year 2 mons 3 days 00:00:00.000001"`},
		{column.NewBools([]bool{true}, nil), nil, "true"},
		{column.NewNull(column.T(column.Text), 1), nil, "null"},
		{column.NewNull(column.T(column.Unknown), 1), nil, "null"},
	}
	for _, c := range cases {
		got := string(appendJSONValue(nil, c.v, 0, c.loc))
		if got != c.want || !json.Valid([]byte(got)) {
			t.Errorf("%s: %s, want %s", c.v.Type, got, c.want)
		}
	}
}

func TestJSONProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		var back string
		if err := json.Unmarshal(appendJSONString(nil, s), &back); err != nil || back != s {
			t.Fatalf("%q came back as %q, %v", s, back, err)
		}
		f := rapid.Float64().Draw(t, "f")
		var g float64
		if f == f && !math.IsInf(f, 0) {
			if err := json.Unmarshal(appendJSONFloat(nil, f, 64), &g); err != nil || math.Float64bits(f) != math.Float64bits(g) {
				t.Fatalf("%v came back as %v, %v", f, g, err)
			}
		}
		raw := rapid.SliceOf(rapid.Byte()).Draw(t, "raw")
		if b := appendJSONString(nil, raw); !json.Valid(b) {
			t.Fatalf("%q is %q", raw, b)
		}
	})
}

func TestJSONNumbers(t *testing.T) {
	for text, want := range map[string]bool{
		"0": true, "-0": true, "7": true, "-12.50": true, "0.5": true, "100": true, "1.0": true,
		"": false, "-": false, ".5": false, "5.": false, "01": false, "-01": false, "1.2.3": false, "1e5": false, "+1": false, "NaN": false, "1 ": false, "--1": false, "-.5": false, "1.-5": false,
	} {
		if got := isJSONNumber([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
		if want && !json.Valid([]byte(text)) {
			t.Errorf("%q is no JSON", text)
		}
	}
}
