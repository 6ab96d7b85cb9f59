package memfs

import (
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"sync"
)

// sectorSize is the unit that a disk writes whole; 512 is the smallest in use, so it gives the most ways
// to tear.
const sectorSize = 512

// node is the content of a file, apart from its names.
type node struct {
	mu   sync.Mutex
	data []byte
	// synced is the durable content, pending what happened since, oldest first.
	synced  []byte
	pending []change
}

// change is a write of data at the end of a file of size bytes, or, with nil data, a truncation to size.
type change struct {
	size int64
	data []byte
}

func (n *node) size() int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return int64(len(n.data))
}

func (n *node) write(p []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(p) == 0 {
		return
	}
	own := append([]byte{}, p...)
	n.pending = append(n.pending, change{size: int64(len(n.data)), data: own})
	n.data = append(n.data, own...)
}

func (n *node) truncate(size int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pending = append(n.pending, change{size: size})
	n.data = resize(n.data, size)
}

// resize copies when it shrinks, so that bytes cut off can never come back by growing again.
func resize(data []byte, size int64) []byte {
	if size <= int64(len(data)) {
		return append([]byte(nil), data[:size]...)
	}
	return append(data, make([]byte, size-int64(len(data)))...)
}

func (n *node) sync() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.pending) == 0 {
		return
	}
	for _, c := range n.pending {
		n.synced = c.applyTo(n.synced)
	}
	n.pending = nil
}

func (c change) applyTo(data []byte) []byte {
	if c.data == nil {
		return resize(data, c.size)
	}
	return append(data, c.data...)
}

func (n *node) readAt(p []byte, off int64) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	if off >= int64(len(n.data)) {
		return 0, io.EOF
	}
	count := copy(p, n.data[off:])
	if count < len(p) {
		return count, io.EOF
	}
	return count, nil
}

func (n *node) crashClone(rng *rand.Rand) *node {
	n.mu.Lock()
	defer n.mu.Unlock()
	data := append([]byte(nil), n.synced...)
	if len(n.pending) > 0 {
		kept := rng.IntN(len(n.pending) + 1)
		for _, c := range n.pending[:kept] {
			data = c.applyTo(data)
		}
		if kept < len(n.pending) && n.pending[kept].data != nil {
			data = append(data, torn(rng, n.pending[kept].data)...)
		}
	}
	return &node{data: data, synced: append([]byte(nil), data...)}
}

// torn gives what may remain of a write that the power cut met half way.
func torn(rng *rand.Rand, data []byte) []byte {
	cut := rng.IntN(len(data) + 1)
	switch rng.IntN(4) {
	case 0:
		return nil
	case 1:
		return data[:cut]
	}
	// Whole sectors, then one that is not what was written.
	cut -= cut % sectorSize
	out := append([]byte(nil), data[:cut]...)
	bad := make([]byte, rng.IntN(min(sectorSize, len(data)-cut)+1))
	if rng.IntN(2) == 0 {
		for i := range bad {
			bad[i] = byte(rng.Uint32())
		}
	}
	return append(out, bad...)
}

// file is an open node.
type file struct {
	node     *node
	name     string
	writable bool

	mu     sync.Mutex
	pos    int64
	closed bool
}

func (f *file) check(op string, write bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		return pathError(op, f.name, fs.ErrClosed)
	case write && !f.writable:
		return pathError(op, f.name, fs.ErrPermission)
	}
	return nil
}

func (f *file) Read(p []byte) (int, error) {
	if err := f.check("read", false); err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.node.readAt(p, f.pos)
	f.pos += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if err := f.check("read", false); err != nil {
		return 0, err
	}
	return f.node.readAt(p, off)
}

func (f *file) Write(p []byte) (int, error) {
	if err := f.check("write", true); err != nil {
		return 0, err
	}
	f.node.write(p)
	return len(p), nil
}

func (f *file) Sync() error {
	if err := f.check("sync", false); err != nil {
		return err
	}
	f.node.sync()
	return nil
}

func (f *file) Truncate(size int64) error {
	if err := f.check("truncate", true); err != nil {
		return err
	}
	if size < 0 {
		return pathError("truncate", f.name, fmt.Errorf("size %d: %w", size, fs.ErrInvalid))
	}
	f.node.truncate(size)
	return nil
}

func (f *file) Size() (int64, error) {
	if err := f.check("size", false); err != nil {
		return 0, err
	}
	return f.node.size(), nil
}

func (f *file) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return pathError("close", f.name, fs.ErrClosed)
	}
	f.closed = true
	return nil
}
