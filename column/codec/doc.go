// Package codec owns the byte layouts in which Aegis keeps values that are not
// yet in a segment: the streams of the in-memory head (one value appended at a
// time) and the columns of WAL records (one block at a time). Both share one
// layout per kind of value, drawn in FORMAT.md and pinned by golden files, so
// a head stream can be logged as it is and a logged block can seed a head.
//
// There are four kinds: [IntAppender] (integers and timestamps),
// [FloatAppender], [BoolAppender] (booleans and validity) and [StringAppender].
// Each has a block twin AppendX and a decoder DecodeX that appends to a slice.
//
// NULLs have no slot in a value stream: the column keeps a validity stream (a
// BoolAppender fed with "is null", which costs no byte while every row is
// valid) and appends only the values that exist.
//
// # Prefix rule
//
// A stream carries no count. The owner of the lock copies AppendTo and Len
// together and may decode later, while the writer appends on. Decoding n values
// from a copy taken at any time after the n-th Append gives the first n values.
// A copy is needed: Append rewrites the last, partly filled byte in place.
//
// The package knows nothing of schemas, tables, files or checksums. It never
// panics on foreign bytes and never allocates more than a fixed multiple of
// their length, except up to a bound that the caller names.
package codec

import (
	"errors"
	"fmt"
)

// ErrCorrupt is wrapped by every decoding error: the bytes end too early or
// cannot have been written by this package.
var ErrCorrupt = errors.New("corrupt data")

func errTruncated(kind string, done, n int) error {
	return fmt.Errorf("codec: %s: stream ends at value %d of %d: %w", kind, done, n, ErrCorrupt)
}

// errCount reports an n that no stream of size bytes can hold, found before
// anything is allocated for it.
func errCount(kind string, n, size int) error {
	return fmt.Errorf("codec: %s: %d values cannot come from %d bytes: %w", kind, n, size, ErrCorrupt)
}
