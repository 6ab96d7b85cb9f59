package exec

import "sync/atomic"

// Rows with long values are merged a few at a time: those of a run are in as many blocks as are held until they are copied together.

// longSorted is from how many bytes on rows are long, on average, with their keys.
const longSorted = 1 << 10

// rowLengths says whether rows are long. Safe for concurrent use.
type rowLengths struct{ long atomic.Bool }

// see takes notice of n rows that have so many bytes.
func (l *rowLengths) see(bytes int64, n int) {
	if bytes > longSorted*int64(n) && !l.long.Load() {
		l.long.Store(true)
	}
}

// long reports that rows are to be counted before they are copied together.
func (s *rowSorter) long() bool { return s.lengths.long.Load() }

// batchBytes is what the rows of a batch may come to; 0 = they are so short that they need not be counted.
func (s *rowSorter) batchBytes() int {
	if s.long() {
		return scannedBytes
	}
	return 0
}

// bytes is how long a row is, with its key.
func (r *sortRef) bytes() int {
	n := len(r.key)
	for _, v := range r.batch.Columns {
		if hasBytes(v) {
			n += len(v.Bytes(int(r.row)))
		}
	}
	return n
}

// fit is how many of the next n rows have at most so many bytes, at least one; 0 = they are not counted.
func (c *chunkCursor) fit(n, most int) int {
	n = min(n, len(c.refs))
	if most <= 0 {
		return n
	}
	size := 0
	for i := range n {
		if size += c.refs[i].bytes(); size > most {
			return max(i, 1)
		}
	}
	return n
}
