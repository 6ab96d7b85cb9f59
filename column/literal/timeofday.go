package literal

import (
	"errors"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

// AppendTime appends a time of day in microseconds: 10:11:12.5.
func AppendTime(dst []byte, v int64) []byte {
	seconds := floorDiv(v, MicrosPerSecond)
	return appendFraction(appendClock(dst, int(seconds)), v-seconds*MicrosPerSecond, MicrosPerSecond)
}

// AppendTimeTZ appends a time of day with its displacement: 10:11:12.5+02.
func AppendTimeTZ(dst []byte, v int64) []byte {
	local, east := column.UnpackTimeTZ(v)
	return appendOffset(AppendTime(dst, local), east)
}

// ParseTime reads a time of day as microseconds since midnight, up to 24:00. A date and a zone in the text are checked and
// ignored.
func ParseTime(text string, opt Options) (int64, error) {
	d := moment{digits: 6, timeOnly: true}
	if err := d.parse(text, opt); err != nil {
		return 0, clockError(err, "time", text)
	}
	return d.within, nil
}

// ParseTimeTZ reads a time of day with its displacement, packed as column.PackTimeTZ does. Without a zone it has the session's, as of
// today; a zone that has a name needs a date.
func ParseTimeTZ(text string, opt Options) (int64, error) {
	d := moment{digits: 6, timeOnly: true}
	if err := d.parse(text, opt); err != nil {
		return 0, clockError(err, "time with time zone", text)
	}
	if !d.dated && !d.fixed {
		d.days = today(opt)
	}
	east, err := d.offset(opt)
	if err != nil {
		return 0, clockError(err, "time with time zone", text)
	}
	return column.PackTimeTZ(d.within, east), nil
}

// today is the day number of the session's date.
func today(opt Options) int64 {
	now := opt.Now
	if now.IsZero() {
		now = time.Now()
	}
	zone := opt.Location
	if zone == nil {
		zone = time.UTC
	}
	year, month, day := now.In(zone).Date()
	return DaysFromCivil(int64(year), int(month), day)
}

func clockError(err error, name, text string) error {
	if errors.Is(err, errFormat) {
		return errorf(invalidDatetime, "invalid input syntax for type %s: \"%s\"", name, text)
	}
	return timeError(err, column.T(column.Time), text)
}
