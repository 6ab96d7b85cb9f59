package peer

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
)

// FileBytes is the size of all files of the named folders.
func FileBytes(folders ...string) (int64, error) {
	return sum(folders, fs.FileInfo.Size)
}

// diskBytes is what the disk holds of them, which is less where a file has holes.
func diskBytes(folders ...string) (int64, error) {
	return sum(folders, func(info fs.FileInfo) int64 {
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			return min(s.Blocks*512, info.Size())
		}
		return info.Size()
	})
}

func sum(folders []string, size func(fs.FileInfo) int64) (total int64, err error) {
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			total += size(info)
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	if total == 0 {
		return 0, fmt.Errorf("no files in %v", folders)
	}
	return total, nil
}
