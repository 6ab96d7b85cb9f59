package api

import (
	"bytes"
	"strconv"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

// jsonColumn prints the values of a column one after the other, as appendJSONValue does; what the rows of a batch have in common is looked at
// once.
type jsonColumn struct {
	v     *column.Vector
	print jsonLoop
	run   int // of a run-end encoded vector: that of the last row
	loc   *time.Location
	time  timeText
}

// jsonLoop is how the values of a vector are printed.
type jsonLoop uint8

const (
	anyValue  jsonLoop = iota
	flatInts           // none of them NULL, as of the next two
	flatTexts          // strings
	flatNumerics
	times
)

// start takes the vector of a batch.
func (c *jsonColumn) start(v *column.Vector, loc *time.Location) {
	c.v, c.run, c.loc, c.print = v, 0, loc, anyValue
	plain := v.Enc == column.Flat && v.Valid == nil
	switch v.Type.Kind {
	case column.Timestamp, column.TimestampTZ, column.TimestampNS:
		c.print = times
	case column.Int16, column.Int32, column.Int64:
		if plain {
			c.print = flatInts
		}
	case column.Text, column.Varchar, column.BpChar, column.Name:
		if plain {
			c.print = flatTexts
		}
	case column.Numeric:
		if plain {
			c.print = flatNumerics
		}
	}
}

// append prints row i; rows ascend.
func (c *jsonColumn) append(dst []byte, i int) []byte {
	v := c.v
	switch c.print {
	case flatInts:
		return strconv.AppendInt(dst, v.Ints[i], 10)
	case flatTexts:
		return appendJSONString(dst, v.Data[v.Offsets[i]:v.Offsets[i+1]])
	case flatNumerics:
		return appendJSONNumeric(dst, v.Data[v.Offsets[i]:v.Offsets[i+1]])
	}
	if v.Enc == column.RunEnd {
		for int(v.Ends[c.run]) <= i {
			c.run++
		}
		v, i = v.Child, c.run
	}
	if c.print == times {
		return c.time.append(dst, v, i, c.loc)
	}
	return appendJSONValue(dst, v, i, c.loc)
}

// timeText is a time stamp as it was last printed: rows in order of time repeat it, or differ from it in the time of day only.
type timeText struct {
	value int64
	text  []byte
	day   int64 // when the day in text begins
	clock int   // where the time of day stands in text; 0 = it cannot be changed alone
}

func (t *timeText) append(dst []byte, v *column.Vector, i int, loc *time.Location) []byte {
	f, j := v.At(i)
	if f.Valid != nil && !f.Valid.Get(j) {
		return append(dst, "null"...)
	}
	if t.text == nil || f.Ints[j] != t.value {
		t.set(f, j, loc)
	}
	return append(dst, t.text...)
}

const secondsPerDay = 24 * 60 * 60

func (t *timeText) set(f *column.Vector, j int, loc *time.Location) {
	v, unit := f.Ints[j], f.Type.UnitsPerSecond()
	t.value = v
	if t.clock > 0 {
		if s := v - t.day; v >= t.day && s >= 0 && s/unit < secondsPerDay && s%unit == 0 {
			putClock(t.text[t.clock:], int(s/unit))
			return
		}
	}
	t.text, t.clock = appendJSONValue(t.text[:0], f, j, loc), 0
	if f.Type.Kind != column.Timestamp && loc != nil && loc != time.UTC || v%unit != 0 {
		return // its day may have a change of clocks in it, or there is a fraction to write
	}
	t.clock = bytes.IndexByte(t.text, 'T') + 1 // none in infinity
	t.day = v - ((v/unit)%secondsPerDay+secondsPerDay)%secondsPerDay*unit
}

// putClock writes hh:mm:ss.
func putClock(dst []byte, second int) {
	two := func(at, n int) { dst[at], dst[at+1] = byte('0'+n/10), byte('0'+n%10) }
	two(0, second/3600)
	two(3, second/60%60)
	two(6, second%60)
}
