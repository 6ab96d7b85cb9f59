package scan

// Mask names rows of older places (segments) that newer rows (the head) supersede, in tables with a unique key.
// Safe for concurrent use.
type Mask interface {
	// Superseded gives the order keys (package key, over Schema.Order) of the newer rows of a series that lie in
	// [lo, hi], ascending, each once; nil, at next to no cost, where there are none: the usual case.
	// series is the encoded tag tuple (package key, over Schema.Tags). lo and hi may be nil: unbounded.
	Superseded(series, lo, hi []byte) ([][]byte, error)
}
