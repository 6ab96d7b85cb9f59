// Package faultfs makes chosen operations of a file system fail, so that a test can fail every operation of
// a piece of work in turn and look at what is left.
//
// It owns the counting and the injection; which operation fails is the test's own function.
package faultfs

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"

	"github.com/automatanexus/aegis-db/column/vfs"
)

// Op names an operation on a file system or a file.
type Op string

// The operations that can fail. OpRead stands for Read and ReadAt, OpLookup for List, Stat and Size.
const (
	OpCreate   Op = "create"
	OpOpen     Op = "open"
	OpAppend   Op = "append"
	OpRemove   Op = "remove"
	OpRename   Op = "rename"
	OpMkdir    Op = "mkdir"
	OpLookup   Op = "lookup"
	OpSyncDir  Op = "syncdir"
	OpLock     Op = "lock"
	OpRead     Op = "read"
	OpWrite    Op = "write"
	OpSync     Op = "sync"
	OpTruncate Op = "truncate"
	OpClose    Op = "close"
)

// Changes says whether the operation can change what is on the disk, or make it durable.
func (o Op) Changes() bool {
	switch o {
	case OpOpen, OpAppend, OpLookup, OpLock, OpRead, OpClose:
		return false
	}
	return true
}

// ErrInjected is what the ready-made injectors return.
var ErrInjected = errors.New("faultfs: injected failure")

// ErrNoSpace is a full disk as the operating system reports it.
var ErrNoSpace error = syscall.ENOSPC

// Injector decides about one operation before it is done: nil lets it through, an error makes it fail with
// that error, undone. n counts all operations of the file system, the first is 1. A *PartialWrite lets a
// first part of a write through. An Injector is never called twice at the same time.
type Injector func(op Op, name string, n int) error

// PartialWrite fails a write after Bytes bytes of it (at most all) were written.
type PartialWrite struct {
	Bytes int
	Err   error
}

func (p *PartialWrite) Error() string { return fmt.Sprintf("after %d bytes: %v", p.Bytes, p.Err) }

func (p *PartialWrite) Unwrap() error { return p.Err }

// FailAt fails the n-th operation alone.
func FailAt(n int, err error) Injector {
	return func(_ Op, _ string, count int) error {
		if count == n {
			return err
		}
		return nil
	}
}

// FailFrom fails the n-th operation and all after it: nothing reaches the disk any more. With
// memfs.CrashClone it is a power cut at operation n.
func FailFrom(n int) Injector {
	return func(_ Op, _ string, count int) error {
		if count >= n {
			return ErrInjected
		}
		return nil
	}
}

// FS wraps a file system. It may be used by many goroutines at once.
type FS struct {
	inner vfs.FS

	mu     sync.Mutex
	count  int
	inject Injector
}

// New wraps inner. A nil inject fails nothing, and only counts.
func New(inner vfs.FS, inject Injector) *FS { return &FS{inner: inner, inject: inject} }

var _ vfs.FS = (*FS)(nil)

// Count gives the number of operations so far.
func (f *FS) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// SetInjector replaces the injector; the count goes on.
func (f *FS) SetInjector(inject Injector) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inject = inject
}

func (f *FS) check(op Op, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if f.inject == nil {
		return nil
	}
	if err := f.inject(op, name, f.count); err != nil {
		return fmt.Errorf("%s %s: %w", op, name, err)
	}
	return nil
}

// Create implements vfs.FS.
func (f *FS) Create(name string) (vfs.File, error) { return f.open(OpCreate, name, f.inner.Create) }

// Open implements vfs.FS.
func (f *FS) Open(name string) (vfs.File, error) { return f.open(OpOpen, name, f.inner.Open) }

// OpenAppend implements vfs.FS.
func (f *FS) OpenAppend(name string) (vfs.File, error) {
	return f.open(OpAppend, name, f.inner.OpenAppend)
}

func (f *FS) open(op Op, name string, open func(string) (vfs.File, error)) (vfs.File, error) {
	if err := f.check(op, name); err != nil {
		return nil, err
	}
	inner, err := open(name)
	if err != nil {
		return nil, err
	}
	return &file{fs: f, name: name, inner: inner}, nil
}

// Remove implements vfs.FS.
func (f *FS) Remove(name string) error {
	if err := f.check(OpRemove, name); err != nil {
		return err
	}
	return f.inner.Remove(name)
}

// Rename implements vfs.FS.
func (f *FS) Rename(oldName, newName string) error {
	if err := f.check(OpRename, newName); err != nil {
		return err
	}
	return f.inner.Rename(oldName, newName)
}

// MkdirAll implements vfs.FS.
func (f *FS) MkdirAll(dir string) error {
	if err := f.check(OpMkdir, dir); err != nil {
		return err
	}
	return f.inner.MkdirAll(dir)
}

// List implements vfs.FS.
func (f *FS) List(dir string) ([]string, error) {
	if err := f.check(OpLookup, dir); err != nil {
		return nil, err
	}
	return f.inner.List(dir)
}

// Stat implements vfs.FS.
func (f *FS) Stat(name string) (vfs.Info, error) {
	if err := f.check(OpLookup, name); err != nil {
		return vfs.Info{}, err
	}
	return f.inner.Stat(name)
}

// SyncDir implements vfs.FS.
func (f *FS) SyncDir(dir string) error {
	if err := f.check(OpSyncDir, dir); err != nil {
		return err
	}
	return f.inner.SyncDir(dir)
}

// Lock implements vfs.FS.
func (f *FS) Lock(name string) (io.Closer, error) {
	if err := f.check(OpLock, name); err != nil {
		return nil, err
	}
	return f.inner.Lock(name)
}
