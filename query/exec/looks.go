package exec

import "context"

// looks is for loops over rows that are in memory already: now and then it looks whether the statement was cancelled. A comparison of a sort may
// answer anything from then on, so that the sort comes to its end.
type looks struct {
	ctx  context.Context // nil = never cancelled
	left int
	err  error
}

// looksEvery is how many rows pass between two looks: at the slowest, some hundred nanoseconds for each, it takes a few milliseconds.
const looksEvery = 1 << 14

// over reports that the statement was cancelled; err says how. It counts one row.
func (l *looks) over() bool {
	if l.left--; l.left >= 0 {
		return false
	}
	return l.look()
}

func (l *looks) look() bool {
	if l.err == nil && l.ctx != nil {
		l.err = cause(l.ctx)
	}
	if l.err != nil {
		l.left = 0
		return true
	}
	l.left = looksEvery
	return false
}
