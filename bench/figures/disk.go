package main

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// segmentBytes is the size of all files of a data folder that hold segments: everything but the WAL, the catalog and the lock.
func (b *bench) segmentBytes(folder string) (total int64, err error) {
	root := filepath.Join(b.dir, folder)
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		switch first, _, _ := strings.Cut(filepath.ToSlash(name), "/"); {
		case d.IsDir() && (first == "wal" || first == "catalog"):
			return filepath.SkipDir
		case d.IsDir() || name == "LOCK":
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		total += info.Size()
		return nil
	})
	if err == nil && total == 0 {
		err = fmt.Errorf("%s holds no segments", root)
	}
	return total, err
}
