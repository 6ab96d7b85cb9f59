package literal

import (
	"math"
	"strconv"
)

// parseISOInterval reads P[nY][nM][nW][nD][T[nH][nM][nS]], each number with or without sign and fraction, and the form
// that looks like a date: P0001-02-03T04:05:06, or without separators.
func parseISOInterval(text string) (span, error) {
	var s span
	if len(text) < 2 || text[0] != 'P' {
		return s, errFormat
	}
	inTime, parts := false, 0
	for rest := text[1:]; rest != ""; {
		if rest[0] == 'T' {
			if inTime {
				return s, errFormat
			}
			inTime, parts, rest = true, 0, rest[1:]
			continue
		}
		whole, fraction, tail, err := isoNumber(rest)
		if err != nil {
			return s, err
		}
		if tail == "" || tail[0] == 'T' || tail[0] == '-' || tail[0] == ':' {
			if parts > 0 {
				return s, errFormat
			}
			if rest, err = s.addISOAlternative(rest, inTime); err != nil {
				return s, err
			}
			parts++
			continue
		}
		if _, err := s.addUnits(whole, fraction, isoUnit(tail[0], inTime)); err != nil {
			return s, err
		}
		parts, rest = parts+1, tail[1:]
	}
	return s, nil
}

// isoNumber reads a number off a text.
func isoNumber(text string) (whole int64, fraction float64, rest string, err error) {
	end := 0
	if text[0] == '-' || text[0] == '+' {
		end = 1
	}
	end = skip(text, end, func(c byte) bool { return isDigit(c) || c == '.' })
	v, err := strconv.ParseFloat(text[:end], 64)
	if err != nil {
		return 0, 0, "", errFormat
	}
	if math.Abs(v) > 1<<62 {
		return 0, 0, "", errField
	}
	w, f := math.Modf(v)
	return int64(w), f, text[end:], nil
}

// addISOAlternative reads y[-m[-d]] or h[:m[:s]], or the same as 8 or 6 digits, and gives what follows.
func (s *span) addISOAlternative(text string, inTime bool) (rest string, err error) {
	units, separator, packed := []unit{year, month, day}, byte('-'), []int{4, 2, 2}
	if inTime {
		units, separator, packed = []unit{hour, minute, second}, ':', []int{2, 2, 2}
	}
	width := skip(text, 0, isDigit)
	isPacked := width == packed[0]+packed[1]+packed[2]
	for i, u := range units {
		if text == "" {
			return "", errFormat
		}
		number := text
		if isPacked && i < 2 {
			number = text[:packed[i]]
		}
		whole, fraction, tail, err := isoNumber(number)
		if err != nil {
			return "", err
		}
		if isPacked {
			fraction = 0 // PostgreSQL reads and forgets it
		}
		if _, err := s.addUnits(whole, fraction, u); err != nil {
			return "", err
		}
		switch {
		case isPacked && i < 2:
			text = text[packed[i]:]
		case i == 2 || tail == "" || tail[0] != separator:
			return tail, endOfISOPart(tail, inTime)
		default:
			text = tail[1:]
		}
	}
	return "", errFormat
}

func endOfISOPart(rest string, inTime bool) error {
	if rest == "" || rest[0] == 'T' && !inTime {
		return nil
	}
	return errFormat
}

func isoUnit(c byte, inTime bool) unit {
	switch {
	case c == 'Y' && !inTime:
		return year
	case c == 'M' && !inTime:
		return month
	case c == 'W' && !inTime:
		return week
	case c == 'D' && !inTime:
		return day
	case c == 'H' && inTime:
		return hour
	case c == 'M' && inTime:
		return minute
	case c == 'S' && inTime:
		return second
	}
	return noUnit
}
