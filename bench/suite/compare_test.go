package suite

import (
	"encoding/json"
	"testing"
)

func TestSame(t *testing.T) {
	n := func(s string) any { return json.Number(s) }
	for _, c := range []struct {
		ours, theirs any
		want         bool
	}{
		{n("1234.5600"), "1234.56", true},
		{n("1234.5601"), "1234.56", false},
		{"0.12345678901234567", n("0.12345678901234566"), true},
		{"0.123456789", n("0.123456788"), false},
		{n("1995"), n("1995"), true},
		{"1995-01-02", "1995-01-02", true},
		{"a", "b", false},
		{"2013-07-01T10:00:00", "2013-07-01 10:00:00", true},
		{"2013-07-01T10:00:00", "2013-07-01 10:00:01", false},
		{nil, nil, true},
		{nil, n("0"), false},
	} {
		if same(c.ours, c.theirs, tolerance) != c.want {
			t.Errorf("%v and %v: %v", c.ours, c.theirs, !c.want)
		}
	}
	if compare([][]any{{n("1")}}, nil, "X", tolerance) == "" || compare([][]any{{n("1")}}, [][]any{{n("1"), nil}}, "X", tolerance) == "" {
		t.Error("answers of other shapes are taken for equal")
	}
}
