package measure

import (
	"math"
	"testing"
	"time"
)

func TestTiming(t *testing.T) {
	var took []time.Duration
	for i := range 1000 {
		took = append(took, time.Duration(1000-i)*time.Millisecond)
	}
	if got := NewTiming(took); got.Answers != 1000 || got.P50 != 501 || got.P99 != 990 {
		t.Errorf("%+v", got)
	}
	if got := NewTiming(took[:1]); got.P50 != 1000 || got.P99 != 1000 {
		t.Errorf("one answer: %+v", got)
	}
	if got := NewTiming(took[900:]); got.P99 != 99 {
		t.Errorf("a hundred answers: %+v", got)
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.0421: "0.04", 0.42: "0.42", 4.256: "4.26", 42.56: "42.6", 425.6: "426", 4256: "4256"} {
		if got := Digits(v); got != want {
			t.Errorf("%v is written %s", v, got)
		}
	}
	if Grouped(1234567) != "1,234,567" || Grouped(999) != "999" || Rate(1, 0) != "–" || Ratio(math.NaN()) != "–" || Ratio(12.3) != "12" {
		t.Errorf("%s %s %s", Grouped(1234567), Rate(1, 0), Ratio(12.3))
	}
}

func TestSpread(t *testing.T) {
	if median, low, high := Spread([]float64{3, 1, 2}); median != 2 || low != 1 || high != 3 {
		t.Errorf("%v %v %v", median, low, high)
	}
	if median, _, _ := Spread([]float64{4, 1}); median != 2.5 {
		t.Errorf("the middle of two is %v", median)
	}
}
