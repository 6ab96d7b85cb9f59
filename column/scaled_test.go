package column

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestScaledText(t *testing.T) {
	for _, c := range []struct {
		v     int64
		scale int32
		want  string
	}{
		{0, 0, "0"},
		{0, 2, "0.00"},
		{-5, 2, "-0.05"},
		{1250, 2, "12.50"},
		{-1, 0, "-1"},
		{7, MaxScale, "0." + strings.Repeat("0", MaxScale-1) + "7"},
		{math.MaxInt64, 3, "9223372036854775.807"},
		{math.MinInt64, 18, "-9.223372036854775808"},
		{math.MinInt64, 19, "-0.9223372036854775808"},
	} {
		if got := string(AppendScaled(nil, c.v, c.scale)); got != c.want {
			t.Errorf("%d at scale %d: %s, not %s", c.v, c.scale, got, c.want)
		}
		v, scale, ok := ParseScaled([]byte(c.want))
		if long := len(strings.Trim(c.want, "-")) > 19; ok == long || ok && (v != c.v || scale != c.scale) {
			t.Errorf("%s is read as %d at scale %d, %v", c.want, v, scale, ok)
		}
	}
	for _, text := range []string{"", "-", "NaN", "Infinity", "1234567890123456789", "1e5", "1.2.3"} {
		if v, scale, ok := ParseScaled([]byte(text)); ok && text != "-" && text != "" {
			t.Errorf("%q is read as %d at scale %d", text, v, scale)
		}
	}
}

// TestScaledIsText does to a Scaled vector and to the same rows as text whatever can be done to vectors: the rows agree.
func TestScaledIsText(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		n := 1 + r.IntN(200)
		ints := make([]int64, n)
		b := NewBuilder(T(Numeric), n)
		scale := int32(r.IntN(5))
		var valid Bitmap
		if r.IntN(2) == 0 {
			valid = NewBitmap(n, true)
		}
		for i := range ints {
			ints[i] = r.Int64N(100_000) - 50_000
			if valid != nil && r.IntN(3) == 0 {
				valid.Clear(i)
				b.AppendNull()
				continue
			}
			b.AppendBytes(AppendScaled(nil, ints[i], scale))
		}
		v, text := NewScaled(ints, scale, valid), b.Finish()
		rows := make([]int32, r.IntN(100))
		for i := range rows {
			rows[i] = int32(r.IntN(n))
		}
		lo := r.IntN(n + 1)
		hi := lo + r.IntN(n-lo+1)
		runs := &Vector{Type: text.Type, Enc: RunEnd, Len: 2 * n, Child: text}
		codes := &Vector{Type: text.Type, Enc: Dict, Len: 2 * n, Child: text}
		for i := range n {
			runs.Ends = append(runs.Ends, int32(2*i+2))
			codes.Codes = append(codes.Codes, uint32(i), uint32(r.IntN(n)))
		}
		gathered := NewBuilder(v.Type, 0)
		gathered.AppendGather(v, rows)
		one := NewBuilder(v.Type, 0)
		for i := range n {
			one.AppendRow(v, i)
		}
		joined, err := Concat(v.Type, v, v.Slice(lo, hi), v)
		if err != nil || joined.Enc != Scaled {
			t.Fatalf("seed %d: Concat gives encoding %d, error %v", seed, joined.Enc, err)
		}
		mixed, err := Concat(v.Type, v, text.Slice(lo, hi), text)
		if err != nil {
			t.Fatal(err)
		}
		for name, pair := range map[string][2]*Vector{
			"itself":     {v, text},
			"Flatten":    {Flatten(v), text},
			"Slice":      {v.Slice(lo, hi), text.Slice(lo, hi)},
			"flat slice": {Flatten(v.Slice(lo, hi)), Flatten(text.Slice(lo, hi))},
			"Gather":     {Gather(v, rows), Gather(text, rows)},
			"builder":    {gathered.Finish(), Gather(text, rows)},
			"rows":       {one.Finish(), text},
			"const":      {NewConst(v, n-1, 7), NewConst(text, n-1, 7)},
			"Concat":     {joined, mixed},
			"back":       {ToScaled(text), text},
			"runs":       {ToScaled(runs), Flatten(runs)},
			"codes":      {ToScaled(codes), Flatten(codes)},
		} {
			if pair[0] == nil || !Equal(pair[0], pair[1]) || pair[0].HasNulls() != pair[1].HasNulls() {
				t.Fatalf("seed %d: %s differs", seed, name)
			}
		}
	}
	b := NewBuilder(T(Numeric), 2)
	b.AppendString("1")
	b.AppendString("1.0")
	if ToScaled(b.Finish()) != nil {
		t.Error("1 and 1.0 have no common form")
	}
}
