package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
)

// TempSuffix ends the names of files that are still being written. A file that has it after a restart was
// never published; RemoveTemp sweeps those.
const TempSuffix = ".tmp"

// WriteFileAtomic makes name hold data, or leaves it as it was: a reader, also one after a power cut, sees
// either the old content or all of the new one. When it returns nil the new content is durable. Writers of
// the same name must not overlap.
func WriteFileAtomic(fsys FS, name string, data []byte) error {
	temp := name + TempSuffix
	if err := writeDurable(fsys, temp, data); err != nil {
		// The leftover would be swept at the next start anyway: its removal may fail unnoticed.
		_ = fsys.Remove(temp)
		return fmt.Errorf("write %s: %w", temp, err)
	}
	if err := fsys.Rename(temp, name); err != nil {
		_ = fsys.Remove(temp)
		return fmt.Errorf("publish %s: %w", name, err)
	}
	if err := fsys.SyncDir(filepath.Dir(name)); err != nil {
		return fmt.Errorf("publish %s: sync folder: %w", name, err)
	}
	return nil
}

func writeDurable(fsys FS, name string, data []byte) error {
	f, err := fsys.Create(name)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

// ReadFile gives the whole content of a file.
func ReadFile(fsys FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, fmt.Errorf("size of %s: %w", name, err)
	}
	data := make([]byte, size)
	n, err := f.ReadAt(data, 0)
	if int64(n) == size {
		return data, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return nil, fmt.Errorf("read %s: %w", name, err)
}

// Exists says whether name is there. Only "not there" is false without an error.
func Exists(fsys FS, name string) (bool, error) {
	_, err := fsys.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// RemoveTemp deletes the unpublished files in dir and gives their base names. Call it before anything is
// written there.
func RemoveTemp(fsys FS, dir string) ([]string, error) {
	names, err := fsys.List(dir)
	if err != nil {
		return nil, err
	}
	var removed []string
	for _, base := range names {
		if !strings.HasSuffix(base, TempSuffix) {
			continue
		}
		if err := fsys.Remove(filepath.Join(dir, base)); err != nil {
			return removed, fmt.Errorf("sweep %s: %w", base, err)
		}
		removed = append(removed, base)
	}
	return removed, nil
}
