package suite

import (
	"encoding/json"
	"fmt"
	"math/big"
)

// compare says where an answer first differs from the right one, which is that of the system called name; empty if it does not.
func compare(ours, theirs [][]any, name string, exact *big.Rat) string {
	if len(ours) != len(theirs) {
		return fmt.Sprintf("%d rows, %s has %d", len(ours), name, len(theirs))
	}
	for i := range ours {
		if len(ours[i]) != len(theirs[i]) {
			return fmt.Sprintf("row %d has %d columns, that of %s %d", i+1, len(ours[i]), name, len(theirs[i]))
		}
		for j := range ours[i] {
			if !same(ours[i][j], theirs[i][j], exact) {
				return fmt.Sprintf("row %d, column %d: %v, %s has %v", i+1, j+1, ours[i][j], name, theirs[i][j])
			}
		}
	}
	return ""
}

// tolerance is for means and quotients that are doubles in the right answer; ours have 16 digits or more.
var tolerance = big.NewRat(1, 1_000_000_000_000)

// same compares values that came as JSON. Sums, integers and text are compared exactly, doubles to some digits.
func same(ours, theirs any, exact *big.Rat) bool {
	x, isNumber := number(ours)
	y, isNumber2 := number(theirs)
	if !isNumber || !isNumber2 {
		return text(ours) == text(theirs)
	}
	if n, ok := theirs.(json.Number); ok {
		if _, err := n.Int64(); err != nil {
			diff := new(big.Rat).Sub(x, y)
			return diff.Abs(diff).Cmp(new(big.Rat).Mul(exact, new(big.Rat).Abs(y))) <= 0
		}
	}
	return x.Cmp(y) == 0
}

func number(v any) (*big.Rat, bool) {
	switch v := v.(type) {
	case json.Number:
		return new(big.Rat).SetString(v.String())
	case string:
		return new(big.Rat).SetString(v)
	}
	return nil, false
}

// text brings times, which are written in two ways, to one.
func text(v any) any {
	s, ok := v.(string)
	if !ok || len(s) < len("2013-07-01T00:00:00") || s[4] != '-' || s[7] != '-' || s[10] != 'T' {
		return v
	}
	return s[:10] + " " + s[11:]
}
