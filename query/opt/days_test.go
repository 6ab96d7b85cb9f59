package opt

import (
	"testing"

	"github.com/automatanexus/aegis-db/column/literal"
)

// TestDayBound: what the rule makes of a comparison holds for the same days.
func TestDayBound(t *testing.T) {
	holds := func(op string, a, b int64) bool {
		return map[string]bool{"<": a < b, "<=": a <= b, "=": a == b, "<>": a != b, ">=": a >= b, ">": a > b}[op]
	}
	rewritten := 0
	for _, micros := range []int64{0, 1, -1, literal.MicrosPerDay, -literal.MicrosPerDay, literal.MicrosPerDay + 1, -literal.MicrosPerDay - 1, 3*literal.MicrosPerDay - 1} {
		for _, op := range []string{"<", "<=", "=", "<>", ">=", ">"} {
			whole, bound, ok := dayBound(op, micros)
			if !ok {
				continue
			}
			rewritten++
			for day := int64(-5); day <= 5; day++ {
				if holds(op, day*literal.MicrosPerDay, micros) != holds(whole, day, bound) {
					t.Errorf("day %d %s %d became %s %d", day, op, micros, whole, bound)
				}
			}
		}
	}
	if rewritten != 3*6+5*4 {
		t.Errorf("%d comparisons were rewritten", rewritten)
	}
	if _, _, ok := dayBound("<", literal.TimestampInfinity); ok {
		t.Error("infinity is no day")
	}
}
