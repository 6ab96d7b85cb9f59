package measure

import (
	"slices"
	"time"
)

// Timing is what the answers of one round took, in milliseconds.
type Timing struct {
	Answers int     `json:"answers"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"` // of fewer than 100 answers it is the slowest
}

// NewTiming sums up what answers took; there is at least one.
func NewTiming(took []time.Duration) Timing {
	took = slices.Sorted(slices.Values(took))
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1)+0.5)]) / float64(time.Millisecond)
	}
	t := Timing{Answers: len(took), P50: at(0.5), P99: at(0.99)}
	if len(took) < 100 {
		t.P99 = at(1)
	}
	return t
}

// Spread is the median of the rounds' figures, of which there is at least one, with the least and the greatest of them.
func Spread(rounds []float64) (median, low, high float64) {
	list := slices.Sorted(slices.Values(rounds))
	return (list[(len(list)-1)/2] + list[len(list)/2]) / 2, list[0], list[len(list)-1]
}
