package imports

import (
	"errors"
	"io"

	"github.com/automatanexus/aegis-db/column"
)

// longestRow bounds a row of text.
const longestRow = 64 << 20

// guessBytes is how much of a text is looked at for the names and types of its columns.
const guessBytes = 1 << 20

// buffered keeps what was read of a text and not yet taken.
type buffered struct {
	r    io.Reader
	buf  []byte
	last bool // nothing follows
}

// more reads on, at least to n bytes, or to the end.
func (b *buffered) more(n int) error {
	if n > longestRow {
		return column.SQLErrorf(column.Limit, "54000", "a row of the file is longer than %d bytes", longestRow)
	}
	if cap(b.buf) < n {
		b.buf = append(make([]byte, 0, n), b.buf...)
	}
	for len(b.buf) < n && !b.last {
		k, err := b.r.Read(b.buf[len(b.buf):n])
		b.buf = b.buf[:len(b.buf)+k]
		switch {
		case errors.Is(err, io.EOF):
			b.last = true
		case err != nil:
			return err
		}
	}
	return nil
}

// take passes over bytes.
func (b *buffered) take(n int) { b.buf = b.buf[n:] }

// refill reads on where the rest is no whole row.
func (b *buffered) refill() error { return b.more(max(guessBytes, 2*len(b.buf))) }
