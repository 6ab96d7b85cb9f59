package literal

import "testing"

func TestIntervalOfNoText(t *testing.T) {
	for _, style := range []IntervalStyle{PostgresIntervals, SQLIntervals} {
		for _, text := range []string{"", "  ", ","} {
			if v, err := ParseInterval(text, style); err == nil {
				t.Errorf("%q is %v", text, v)
			}
		}
	}
}
