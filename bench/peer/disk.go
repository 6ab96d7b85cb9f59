package peer

import (
	"fmt"
	"io/fs"
	"path/filepath"
)

// FileBytes is the size of all files of the named folders.
func FileBytes(folders ...string) (total int64, err error) {
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			total += info.Size()
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
