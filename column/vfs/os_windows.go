package vfs

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockFile locks the first byte; the file has no other use.
func lockFile(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrLocked
	}
	return err
}

// syncDir only checks that the folder is there: NTFS journals names itself and folders cannot be flushed.
func syncDir(dir string) error {
	_, err := os.Stat(dir)
	return err
}
