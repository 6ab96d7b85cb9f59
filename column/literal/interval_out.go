package literal

import (
	"strconv"

	"github.com/automatanexus/aegis-db/column"
)

// AppendInterval appends an interval in PostgreSQL's own style: 1 year 2 mons 3 days 04:05:06.789.
func AppendInterval(dst []byte, v column.Interval) []byte {
	start := len(dst)
	negative := false // the part before was, so that a positive one needs its sign
	part := func(n int64, unit string) {
		if n == 0 {
			return
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		if negative && n > 0 {
			dst = append(dst, '+')
		}
		negative = n < 0
		dst = append(append(strconv.AppendInt(dst, n, 10), ' '), unit...)
		if n != 1 {
			dst = append(dst, 's')
		}
	}
	part(int64(v.Months/12), "year")
	part(int64(v.Months%12), "mon")
	part(int64(v.Days), "day")
	if v.Micros == 0 && len(dst) > start {
		return dst
	}
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	micros := uint64(v.Micros)
	switch {
	case v.Micros < 0:
		dst = append(dst, '-')
		micros = -micros
	case negative:
		dst = append(dst, '+')
	}
	seconds, fraction := micros/1_000_000, micros%1_000_000
	if hours := seconds / 3600; hours < 100 {
		dst = append2(dst, int(hours))
	} else {
		dst = strconv.AppendUint(dst, hours, 10)
	}
	dst = append2(append(dst, ':'), int(seconds/60%60))
	dst = append2(append(dst, ':'), int(seconds%60))
	return appendFraction(dst, int64(fraction), MicrosPerSecond)
}
