package lineproto

import "math"

// Precision is the unit of timestamps, in nanoseconds.
type Precision int64

// The units of both versions of the protocol.
const (
	Nanosecond  Precision = 1
	Microsecond           = 1000 * Nanosecond
	Millisecond           = 1000 * Microsecond
	Second                = 1000 * Millisecond
	Minute                = 60 * Second
	Hour                  = 60 * Minute
)

// clock turns timestamps of a precision into the unit of a time column.
type clock struct {
	times int64 // column units per unit of the precision; 0 = the precision is finer than the column
	per   int64 // units of the precision per column unit
}

// newClock makes the clock of a column with so many units per second.
func newClock(p Precision, unitsPerSecond int64) clock {
	if unit := int64(Second) / unitsPerSecond; int64(p) < unit {
		return clock{per: unit / int64(p)}
	} else {
		return clock{times: int64(p) / unit}
	}
}

// at converts; what is finer than the column is cut off, towards the past. ok is false where the column cannot hold the time.
func (c clock) at(t int64) (v int64, ok bool) {
	if c.times == 0 {
		v = t / c.per
		if t%c.per < 0 {
			v--
		}
		return v, true
	}
	if c.times == 1 {
		return t, true
	}
	v = t * c.times
	return v, t >= math.MinInt64/c.times && t <= math.MaxInt64/c.times
}
