package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// OS gives the file system of the operating system.
func OS() FS { return osFS{} }

type osFS struct{}

// Both kinds of writable file are opened for appending, so that the contract "a Write goes to the end"
// is kept by the kernel and not by a position that Truncate would leave behind.
const (
	createFlags = os.O_RDWR | os.O_CREATE | os.O_TRUNC | os.O_APPEND
	appendFlags = os.O_RDWR | os.O_APPEND
)

// Data folders hold whole databases: only their owner reads them.
const (
	fileMode = 0o600
	dirMode  = 0o700
)

func (osFS) open(name string, flags int) (File, error) {
	f, err := os.OpenFile(name, flags, fileMode)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (o osFS) Create(name string) (File, error)     { return o.open(name, createFlags) }
func (o osFS) Open(name string) (File, error)       { return o.open(name, os.O_RDONLY) }
func (o osFS) OpenAppend(name string) (File, error) { return o.open(name, appendFlags) }
func (osFS) Remove(name string) error               { return os.Remove(name) }
func (osFS) Rename(oldName, newName string) error   { return os.Rename(oldName, newName) }
func (osFS) SyncDir(dir string) error               { return syncDir(dir) }

func (o osFS) MkdirAll(dir string) error {
	info, err := os.Stat(dir)
	if err == nil {
		if !info.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: errors.New("a file has this name")}
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := o.MkdirAll(parent); err != nil {
			return err
		}
	}
	// Another process may have been quicker; the folder is there all the same.
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

func (osFS) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

func (osFS) Stat(name string) (Info, error) {
	info, err := os.Stat(name)
	if err != nil {
		return Info{}, err
	}
	if info.IsDir() {
		return Info{Dir: true}, nil
	}
	return Info{Size: info.Size()}, nil
}

func (osFS) Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), f.Close())
	}
	// The file stays when the lock ends: removing it would let two processes lock two files of one name.
	return f, nil
}

type osFile struct{ *os.File }

func (f osFile) Sync() error { return syncFile(f.File) }

func (f osFile) Size() (int64, error) {
	info, err := f.File.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
