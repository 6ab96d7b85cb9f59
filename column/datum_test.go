package column

import (
	"encoding/json"
	"math"
	"testing"
)

// TestDatum: every layout survives being a Datum and JSON, NULL and the empty text apart.
func TestDatum(t *testing.T) {
	for _, v := range []*Vector{
		NewInts(T(Int64), []int64{math.MinInt64, -1}, nil), NewFloats(T(Float64), []float64{math.NaN(), math.Copysign(0, -1)}, nil),
		NewBools([]bool{true, false}, nil), NewStrings("", "\xff\x00ü"),
		{Type: T(IntervalKind), Len: 2, Intervals: []Interval{{1, -2, 3}, {-1 << 31, 5, math.MaxInt64}}},
		Flatten(NewNull(T(Text), 2)), Flatten(NewNull(T(Int16), 2)),
	} {
		for i := range v.Len {
			d := DatumOf(v, i)
			text, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			var back Datum
			if err := json.Unmarshal(text, &back); err != nil || back != d {
				t.Errorf("%s: %q %q %v", v.Type, d, back, err)
			}
			w, err := d.Vector(v.Type)
			if err != nil || DatumOf(w, 0) != d || w.IsNull(0) != v.IsNull(i) {
				t.Errorf("%s: row %d became %v %v", v.Type, i, w, err)
			}
		}
	}
	for _, bad := range []Datum{"\x01", "\x02abcdefgh", "\x01abc"} {
		if _, err := bad.Vector(T(Int64)); ClassOf(err) != Corrupt {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestWidens(t *testing.T) {
	varchar, numeric := T(Varchar), T(Numeric)
	for _, c := range []struct {
		from Type
		mod  Mod
		to   Type
		toM  Mod
		want bool
	}{
		{T(Int16), 0, T(Int64), 0, true},
		{T(Int64), 0, T(Int32), 0, false},
		{T(Int32), 0, T(Float64), 0, false},
		{T(Float32), 0, T(Float64), 0, true},
		{varchar, LengthMod(5), varchar, LengthMod(6), true},
		{varchar, LengthMod(5), varchar, LengthMod(4), false},
		{varchar, 0, varchar, LengthMod(4), false},
		{T(Text), 0, varchar, LengthMod(4), false},
		{T(Text), 0, varchar, 0, true},
		{varchar, LengthMod(5), T(Text), 0, true},
		{T(BpChar), LengthMod(5), T(Text), 0, false},
		{numeric, NumericMod(5, 2), numeric, NumericMod(7, 2), true},
		{numeric, NumericMod(5, 2), numeric, NumericMod(7, 3), false},
		{numeric, NumericMod(5, 2), numeric, 0, true},
		{numeric, 0, numeric, NumericMod(7, 3), false},
		{T(Timestamp), PrecisionMod(3), T(Timestamp), 0, true},
		{T(Timestamp), 0, T(Timestamp), PrecisionMod(3), false},
		{T(Timestamp), 0, T(TimestampTZ), 0, false},
		{ArrayOf(varchar), LengthMod(5), ArrayOf(T(Text)), 0, false},
		{ArrayOf(varchar), LengthMod(5), ArrayOf(varchar), 0, true},
	} {
		if got := c.from.Widens(c.mod, c.to, c.toM); got != c.want {
			t.Errorf("%s to %s: %v", c.from.Format(c.mod), c.to.Format(c.toM), got)
		}
	}
}
