package crash

import "time"

// Rows of neighbouring keys lie on different days, so that each batch touches several partitions.
const (
	keyDays  = 3
	dayMilli = 24 * 60 * 60 * 1000
)

// keyEpoch is well in the past: rows of any age are taken.
var keyEpoch = time.Date(2021, 3, 4, 0, 0, 0, 0, time.UTC).UnixMilli()

// keyMillis is the time that stands for a key, in milliseconds since 1970; no two keys below 86,400,000 share one.
func keyMillis(key int64) int64 { return keyEpoch + key%keyDays*dayMilli + key }

func millisKey(ms int64) int64 { return (ms - keyEpoch) % dayMilli }

// keyTime is the same as a SQL literal.
func keyTime(key int64) string {
	return time.UnixMilli(keyMillis(key)).UTC().Format("2006-01-02 15:04:05.000Z07:00")
}
