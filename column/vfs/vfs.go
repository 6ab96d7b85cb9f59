// Package vfs is the one door through which durable code reaches a disk.
//
// It owns the small file-system interface that the write-ahead log, the Raft stores and segment files are
// written against, and its implementation on the operating system. Package memfs next to it keeps files in
// memory and can show what a power cut would leave behind; package faultfs makes chosen operations fail.
// vfs knows nothing of what is inside a file.
package vfs

import (
	"errors"
	"io"
)

// ErrLocked is returned by FS.Lock when somebody else, in this process or another, holds the lock.
var ErrLocked = errors.New("vfs: already locked")

// FS is a file system. Names are paths as package path/filepath builds them. Implementations may be used
// by many goroutines at once. A missing file or folder is an error for which errors.Is(err, fs.ErrNotExist)
// holds.
//
// A change becomes durable in two separate steps, and code that skips one of them loses data in a power
// cut: File.Sync makes a file's content durable, SyncDir makes the names in a folder durable (Create,
// Remove, Rename). MkdirAll alone needs no second step.
type FS interface {
	// Create makes an empty file, emptying one that exists, open for reading and writing.
	Create(name string) (File, error)
	// Open opens an existing file for reading only.
	Open(name string) (File, error)
	// OpenAppend opens an existing file for reading, and for writing at its end.
	OpenAppend(name string) (File, error)
	// Remove deletes a file, or a folder if it is empty.
	Remove(name string) error
	// Rename gives a file a new name, replacing a file that already has it. Folders are not renamed.
	Rename(oldName, newName string) error
	// MkdirAll makes a folder and the parents it lacks, durable when it returns.
	MkdirAll(dir string) error
	// List gives the base names of the files and folders in dir, sorted.
	List(dir string) ([]string, error)
	// Stat describes a file or folder.
	Stat(name string) (Info, error)
	// SyncDir makes the present names in dir durable.
	SyncDir(dir string) error
	// Lock takes an exclusive lock named by a file, which it creates. It does not wait: a lock that is
	// held is ErrLocked. The lock ends with Close, or with the process.
	Lock(name string) (io.Closer, error)
}

// File is an open file.
//
// Every Write goes to the end of the file, wherever Read stands and whatever Truncate did before. Read is
// for files from FS.Open. ReadAt may be called by many goroutines at any time, and Sync while another goroutine
// writes; the other methods are for one at a time.
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.Closer
	// Sync makes content and size durable. After it has failed the state on disk is unknown, and a later
	// success proves nothing about what was written before the failure.
	Sync() error
	// Truncate changes the size in bytes; added bytes are zero.
	Truncate(size int64) error
	// Size gives the present size in bytes.
	Size() (int64, error)
}

// Info describes a file or folder.
type Info struct {
	// Size is in bytes; 0 for a folder.
	Size int64
	// Dir says that it is a folder.
	Dir bool
}
