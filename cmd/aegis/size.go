package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// size is a number of bytes on the command line: 512MiB, 2GiB, 1000000.
type size int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *size) UnmarshalText(text []byte) error {
	digits := strings.ToUpper(strings.TrimSpace(string(text)))
	shift := 0
	for i, unit := range []string{"K", "M", "G", "T"} {
		for _, suffix := range []string{unit + "IB", unit + "B", unit} {
			if rest, ok := strings.CutSuffix(digits, suffix); ok {
				digits, shift = rest, 10*(i+1)
				break
			}
		}
	}
	digits = strings.TrimSpace(strings.TrimSuffix(digits, "B"))
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64>>shift {
		return fmt.Errorf("%q is not a size such as 512MiB or 2GiB", text)
	}
	*s = size(n << shift)
	return nil
}
