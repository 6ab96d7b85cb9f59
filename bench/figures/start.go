package main

import (
	"fmt"
	"slices"
	"time"
)

// measureStart starts a server on an empty folder, and on the same folder again, several times each.
func measureStart(b *bench) error {
	const times = 9
	var fresh, again []float64
	for i := range times {
		for _, list := range []*[]float64{&fresh, &again} {
			s, err := b.start(fmt.Sprintf("start-%d", i))
			if err != nil {
				return err
			}
			*list = append(*list, float64(s.Startup)/float64(time.Millisecond))
			if err := s.Stop(30 * time.Second); err != nil {
				return err
			}
		}
	}
	b.atMost("start, empty folder", median(fresh), "ms", 0, fmt.Sprintf("median of %d, from the start of the process to the first ready answer", times))
	b.atMost("start, existing folder", median(again), "ms", 0, "the same, nothing to replay")
	return nil
}

func median(list []float64) float64 {
	list = slices.Clone(list)
	slices.Sort(list)
	return list[len(list)/2]
}
