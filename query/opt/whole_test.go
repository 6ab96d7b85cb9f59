package opt

import (
	"fmt"
	bignum "math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestWholeBound: what the rule makes of a comparison holds for the same integers, by rational arithmetic.
func TestWholeBound(t *testing.T) {
	holds := func(op string, sign int) bool {
		return map[string]bool{"<": sign < 0, "<=": sign <= 0, "=": sign == 0, "<>": sign != 0, ">=": sign >= 0, ">": sign > 0}[op]
	}
	rapid.Check(t, func(t *rapid.T) {
		text := fmt.Sprintf("%d", rapid.Int64Range(-3, 3).Draw(t, "whole"))
		if rapid.Bool().Draw(t, "far") {
			text = fmt.Sprintf("%d", rapid.Int64().Draw(t, "whole"))
		}
		if rapid.Bool().Draw(t, "zero") {
			text = rapid.SampledFrom([]string{"-0", "0"}).Draw(t, "signed")
		}
		if rapid.Bool().Draw(t, "point") {
			text += "." + rapid.SampledFrom([]string{"0", "00", "5", "000001", "50", "999999999999999999999"}).Draw(t, "fraction")
		}
		op := rapid.SampledFrom([]string{"<", "<=", "=", "<>", ">=", ">"}).Draw(t, "op")
		whole, bound, ok := wholeBound(op, text)
		if !ok {
			return
		}
		c, _ := new(bignum.Rat).SetString(text)
		for d := int64(-3); d <= 3; d++ {
			x := bound + d
			if (x > bound) != (d > 0) {
				continue // beyond the integers
			}
			exact := new(bignum.Rat).SetInt64(x).Cmp(c)
			rewritten := bignum.NewInt(x).Cmp(bignum.NewInt(bound))
			if holds(op, exact) != holds(whole, rewritten) {
				t.Fatalf("%d %s %s became %d %s %d", x, op, text, x, whole, bound)
			}
		}
	})
	for text, ok := range map[string]bool{
		"NaN": false, "Infinity": false, "-Infinity": false, "9223372036854775808": false, "-9223372036854775808": true,
		"-9223372036854775808.5": false, "9223372036854775807.5": true, "1.0": true,
	} {
		if _, _, got := wholeBound("<", text); got != ok {
			t.Errorf("%s: %t", text, got)
		}
	}
	if _, _, ok := wholeBound("=", "1.5"); ok {
		t.Error("1.5 equals an integer")
	}
}
