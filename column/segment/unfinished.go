package segment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/automatanexus/aegis-db/column/vfs"
)

// RemoveUnfinished deletes the files of writers that a crash has stopped, and gives their paths. Nobody sees such files, and names
// are never used again, so nobody else would remove them. Only safe while nobody writes: at the start.
func (l *LocalFiles) RemoveUnfinished(ctx context.Context) ([]string, error) {
	top := filepath.Join(l.root, "segments")
	tables, err := l.fs.List(top)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var removed []string
	for _, table := range tables {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		dir := filepath.Join(top, table)
		if info, err := l.fs.Stat(dir); err != nil || !info.Dir {
			continue // not ours
		}
		names, err := vfs.RemoveTemp(l.fs, dir)
		for _, n := range names {
			removed = append(removed, filepath.Join(dir, n))
		}
		if err != nil {
			return removed, fmt.Errorf("remove unfinished files: %w", err)
		}
	}
	return removed, nil
}
