package faultfs

import (
	"errors"

	"github.com/automatanexus/aegis-db/column/vfs"
)

type file struct {
	fs    *FS
	name  string
	inner vfs.File
}

func (f *file) Read(p []byte) (int, error) {
	if err := f.fs.check(OpRead, f.name); err != nil {
		return 0, err
	}
	return f.inner.Read(p)
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if err := f.fs.check(OpRead, f.name); err != nil {
		return 0, err
	}
	return f.inner.ReadAt(p, off)
}

func (f *file) Write(p []byte) (int, error) {
	err := f.fs.check(OpWrite, f.name)
	var partial *PartialWrite
	if errors.As(err, &partial) {
		n, writeErr := f.inner.Write(p[:min(partial.Bytes, len(p))])
		return n, errors.Join(err, writeErr)
	}
	if err != nil {
		return 0, err
	}
	return f.inner.Write(p)
}

func (f *file) Sync() error {
	if err := f.fs.check(OpSync, f.name); err != nil {
		return err
	}
	return f.inner.Sync()
}

func (f *file) Truncate(size int64) error {
	if err := f.fs.check(OpTruncate, f.name); err != nil {
		return err
	}
	return f.inner.Truncate(size)
}

func (f *file) Size() (int64, error) {
	if err := f.fs.check(OpLookup, f.name); err != nil {
		return 0, err
	}
	return f.inner.Size()
}

// Close closes the inner file even when it is told to fail, as operating systems do.
func (f *file) Close() error {
	err := f.fs.check(OpClose, f.name)
	return errors.Join(err, f.inner.Close())
}
