package spill

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"unsafe"

	"github.com/zeebo/xxh3"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs"
)

// Block names a block of a file.
type Block struct {
	offset, length int64
	rows           int32
}

// Rows is how many rows it holds.
func (b Block) Rows() int { return int(b.rows) }

// SizeBytes is what it takes on disk and, about, in memory when it is read.
func (b Block) SizeBytes() int64 { return b.length }

// File is a temporary file: blocks of rows, appended and read in any order. Append and Read may be called by many goroutines at once,
// Remove when none of them is under way.
type File struct {
	space *Space
	name  string
	file  vfs.File

	mu     sync.Mutex // while a block is written
	size   int64
	failed error // of a write that may have left a part of a block
	gone   bool
}

// buffers are what blocks are put together in before they are written.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// keptBuffer is the largest buffer that is kept for the next block.
const keptBuffer = 4 << 20

// Append writes n rows, of any encodings, as one block.
func (f *File) Append(columns []*column.Vector, n int) (Block, error) {
	buf := buffers.Get().(*[]byte)
	defer func() {
		if cap(*buf) <= keptBuffer {
			buffers.Put(buf)
		}
	}()
	block := appendBlock((*buf)[:0], columns, n)
	*buf = block
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed != nil {
		return Block{}, f.failed
	}
	if err := f.space.take(int64(len(block))); err != nil {
		return Block{}, err
	}
	at := f.size
	f.size += int64(len(block))
	seal(block, at)
	if _, err := f.file.Write(block); err != nil {
		f.failed = diskError(fmt.Errorf("write %s: %w", f.name, err))
		return Block{}, f.failed
	}
	f.space.written.Add(int64(len(block)))
	f.space.area.written.Add(int64(len(block)))
	return Block{offset: at, length: int64(len(block)), rows: int32(n)}, nil
}

// Read gives a block's rows; types are those of its columns.
func (f *File) Read(b Block, types []column.Type) ([]*column.Vector, error) {
	words := make([]uint64, b.length/8) // so that every part lies where its elements may
	raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), b.length)
	n, err := f.file.ReadAt(raw, b.offset)
	if int64(n) != b.length {
		if err == nil || errors.Is(err, io.EOF) {
			return nil, f.corrupt(b, "the file ends inside it")
		}
		return nil, diskError(fmt.Errorf("read %s: %w", f.name, err))
	}
	columns, err := readBlock(raw, b, types)
	if err != nil {
		return nil, f.corrupt(b, err.Error())
	}
	return columns, nil
}

func (f *File) corrupt(b Block, what string) error {
	return column.Errorf(column.Corrupt, "temporary file %s: block at %d: %s", f.name, b.offset, what)
}

// SizeBytes is what the file takes, in bytes.
func (f *File) SizeBytes() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.size
}

// Remove ends the file. A second call does nothing.
func (f *File) Remove() error {
	f.space.mu.Lock()
	delete(f.space.open, f)
	f.space.mu.Unlock()
	return f.remove()
}

func (f *File) remove() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.gone {
		return nil
	}
	f.gone = true
	if f.size < removeBeside {
		return f.unlink()
	}
	f.space.area.beside(func() {
		// One that stays is removed at the next start.
		_ = f.unlink()
	})
	return nil
}

// removeBeside is from which size on a file is removed while its query goes on or ends: file systems take tenths of a second for gigabytes.
const removeBeside = 16 << 20

// unlink gives back what the file takes, when it is gone.
func (f *File) unlink() error {
	err := errors.Join(f.file.Close(), f.space.area.fs.Remove(f.name))
	f.space.give(f.size)
	f.space.area.files.Add(-1)
	if err != nil {
		return fmt.Errorf("temporary file %s: %w", f.name, err)
	}
	return nil
}

// checksum covers a block from its length on.
func checksum(block []byte, at int64) uint64 { return xxh3.HashSeed(block[8:], uint64(at)) }
