// Package tail keeps the end of what a program prints, for error messages about programs that a comparison starts.
package tail

import (
	"bytes"
	"sync"
)

// Bytes is how much is kept.
const Bytes = 16 << 10

// Buffer keeps the end of what is written to it. Its zero value is empty. Safe for concurrent use.
type Buffer struct {
	mu   sync.Mutex
	last []byte
}

// Write implements io.Writer; it never fails.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = append(b.last, p...)
	b.last = b.last[max(len(b.last)-Bytes, 0):]
	return len(p), nil
}

// String is what was kept, without the space around it.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(bytes.TrimSpace(b.last))
}
