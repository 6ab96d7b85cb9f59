package duck

import (
	"encoding/json"
	"testing"
)

func TestSameValue(t *testing.T) {
	n := func(s string) any { return json.Number(s) }
	for _, c := range []struct {
		a, b any
		want bool
	}{
		{n("9007199254740993"), n("9007199254740993"), true},
		{n("9007199254740993"), n("9007199254740992"), false},
		{n("9007199254740993"), "9007199254740993", true},
		{n("1.5"), n("1.5000000000001"), true},
		{n("1.5"), n("1.50001"), false},
		{n("15000"), n("15000.0"), true},
		{nil, nil, true},
		{nil, n("0"), false},
		{"a", "a", true},
		{"a", "b", false},
		{"2024-02-01T00:00:00.5Z", "2024-02-01 00:00:00.500000", true},
		{"2024-02-01T00:00:00.5Z", "2024-02-01 00:00:00.500001", false},
	} {
		if got := sameValue(c.a, c.b); got != c.want {
			t.Errorf("%v and %v: same is %v", c.a, c.b, got)
		}
	}
	if compareRows("x", [][]any{{n("1")}}, nil) == nil || compareRows("x", [][]any{{n("1")}}, [][]any{{n("2")}}) == nil {
		t.Error("a difference is overlooked")
	}
}
