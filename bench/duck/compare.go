package duck

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"
)

// compareRows says where two answers differ.
func compareRows(what string, ours, theirs [][]any) (problems []string) {
	if len(ours) != len(theirs) {
		return []string{fmt.Sprintf("%s: %d rows, DuckDB has %d", what, len(ours), len(theirs))}
	}
	for i := range ours {
		for j := range ours[i] {
			if !sameValue(ours[i][j], theirs[i][j]) {
				problems = append(problems, fmt.Sprintf("%s: row %d, column %d: %v, DuckDB has %v", what, i+1, j+1, ours[i][j], theirs[i][j]))
			}
		}
	}
	return problems
}

// sameValue compares values that came as JSON. Integers are compared exactly, other numbers up to what the order of
// additions may change, times as times.
func sameValue(a, b any) bool {
	x, number := exact(a)
	y, number2 := exact(b)
	if number && number2 {
		if x.IsInt() && y.IsInt() {
			return x.Cmp(y) == 0
		}
		f, _ := x.Float64()
		g, _ := y.Float64()
		return math.Abs(f-g) <= 1e-10*max(math.Abs(f), math.Abs(g))
	}
	if s, ok := a.(string); ok {
		t, isTime := parseTime(s)
		u, isTime2 := parseTime(fmt.Sprint(b))
		if isTime && isTime2 {
			return t.Equal(u)
		}
	}
	return a == b
}

// exact reads a number; integers beyond 2^53 come from Python's decimals as text.
func exact(v any) (*big.Rat, bool) {
	switch v := v.(type) {
	case json.Number:
		return new(big.Rat).SetString(v.String())
	case string:
		return new(big.Rat).SetString(v)
	}
	return nil, false
}

func parseTime(text string) (time.Time, bool) {
	text = strings.Replace(strings.TrimSuffix(strings.TrimSuffix(text, "Z"), "+00:00"), "T", " ", 1)
	t, err := time.Parse("2006-01-02 15:04:05", strings.TrimSuffix(text, "+00"))
	return t, err == nil
}
