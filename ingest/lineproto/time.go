package lineproto

import (
	"bytes"
	"strconv"
)

// lineTime is the timestamp of a line as it is written, in the request's precision.
type lineTime struct {
	value int64
	given bool
}

// timeAndEnd reads what may follow the fields, up to the end of the line, and gives the place after it.
func (d *decoder) timeAndEnd(p int) (int, lineTime, error) {
	b := d.body
	var at lineTime
	for b[p] == ' ' {
		p++
	}
	if c := b[p]; c-'0' <= 9 || c == '-' {
		from := p
		for p++; b[p]-'0' <= 9; p++ {
		}
		var err error
		if at.value, err = strconv.ParseInt(text(b[from:p]), 10, 64); err != nil {
			return p, at, wrong("%q is not a time: it is an integer since 1970", clip(b[from:p]))
		}
		at.given = true
		for b[p] == ' ' {
			p++
		}
	}
	switch {
	case b[p] == '\n':
		return p + 1, at, nil
	case b[p] == '\r' && b[p+1] == '\n':
		return p + 2, at, nil
	}
	rest := b[p : p+bytes.IndexByte(b[p:], '\n')]
	if at.given {
		return p, at, wrong("%q follows the time", clip(rest))
	}
	return p, at, wrong("%q is not a time: it is an integer since 1970", clip(rest))
}

// of converts to the unit of a table's time column.
func (l lineTime) of(d *decoder, t *table) (int64, bool) {
	if !l.given {
		// As if the client had said it, in the precision of the request.
		l.value, _ = clock{per: int64(d.unit)}.at(d.now)
	}
	v, ok := t.clock.at(l.value)
	return v, ok && t.holds(v)
}
