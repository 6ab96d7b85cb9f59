package column

// A time with time zone is one integer whose order is PostgreSQL's: by the instant, that is the time of day less its displacement, and
// where these are equal, the more western zone is the greater one. The upper bits are that instant in microseconds, the lower 17 the
// displacement in seconds west of Greenwich, plus an offset that makes it positive.
const (
	timeTZBits = 17
	timeTZBias = 1 << (timeTZBits - 1)
)

// MaxTimeTZWest is the largest displacement of a time with time zone, in seconds to either side: 15:59:59.
const MaxTimeTZWest = 16*3600 - 1

// PackTimeTZ makes the value of a local time of day in microseconds with a displacement in seconds east of Greenwich.
func PackTimeTZ(local int64, east int) int64 {
	return (local-int64(east)*1_000_000)<<timeTZBits | int64(timeTZBias-east)
}

// UnpackTimeTZ takes the value apart.
func UnpackTimeTZ(v int64) (local int64, east int) {
	east = timeTZBias - int(v&(1<<timeTZBits-1))
	return v>>timeTZBits + int64(east)*1_000_000, east
}
