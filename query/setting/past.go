package setting

import (
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

// checkAsOf keeps a time with its zone, so that it means the same when the session's zone changes.
func checkAsOf(v *Values, text string) (string, error) {
	text = strings.TrimSpace(text)
	if t, err := v.ParseTime(text); err == nil {
		return t.UTC().Format("2006-01-02 15:04:05.999999Z07:00"), nil
	}
	return text, nil // a version or the name of a pin; whether it is there is seen when it is read
}

// ParseTime reads a time stamp as the session means it.
func (v *Values) ParseTime(text string) (time.Time, error) {
	at, err := literal.ParseTimestamp(text, column.T(column.TimestampTZ), literal.Options{Now: time.Now(), Location: v.Location, Style: v.Style})
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMicro(at), nil
}
