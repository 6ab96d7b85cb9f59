package measure

import (
	"math"
	"strconv"
)

// Digits writes three digits, and no fewer than the point.
func Digits(v float64) string {
	if v == 0 {
		return "0"
	}
	return strconv.FormatFloat(v, 'f', min(max(2-int(math.Floor(math.Log10(v))), 0), 2), 64)
}

// Ratio writes two digits; a dash stands for none.
func Ratio(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return strconv.FormatFloat(v, 'f', min(max(1-int(math.Floor(math.Log10(v))), 0), 2), 64)
}

// Rate is a whole number per second; a dash stands for a time too short to be counted.
func Rate(n, seconds float64) string {
	if seconds <= 0 {
		return "–"
	}
	return Grouped(n / seconds)
}

// Grouped writes a whole number with separators.
func Grouped(v float64) string {
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
