package segment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/automatanexus/aegis-db/column/vfs"
)

// Files is where segments are kept: a folder or a bucket. Names are slash-separated and relative. Files are immutable once
// committed. A missing file is an error for which errors.Is(err, fs.ErrNotExist) holds. Safe for concurrent use.
type Files interface {
	// Create starts a file that nobody sees before Commit. Names are never reused while a file of that name exists.
	Create(ctx context.Context, name string) (NewFile, error)
	Open(ctx context.Context, name string) (OpenFile, error)
	Remove(ctx context.Context, name string) error
	// List gives the committed files whose names start with prefix, in no order.
	List(ctx context.Context, prefix string) ([]FileInfo, error)
}

// NewFile is a file being written, by one goroutine.
type NewFile interface {
	io.Writer
	// Commit makes the file durable and visible.
	Commit(ctx context.Context) error
	// Abort drops the file; after Commit it does nothing.
	Abort() error
}

// OpenFile is a committed file. ReadAt is safe for concurrent use.
type OpenFile interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// FileInfo is an entry of a listing.
type FileInfo struct {
	Name string
	Size int64
}

// LocalFiles keeps files below a folder of a file system.
type LocalFiles struct {
	fs   vfs.FS
	root string
}

// NewLocalFiles keeps files below root, which is made when the first file is.
func NewLocalFiles(fsys vfs.FS, root string) *LocalFiles { return &LocalFiles{fs: fsys, root: root} }

func (l *LocalFiles) path(name string) (string, error) {
	if !fs.ValidPath(name) || name == "." || strings.HasSuffix(name, vfs.TempSuffix) {
		return "", fmt.Errorf("segment: file name %q", name)
	}
	return filepath.Join(l.root, filepath.FromSlash(name)), nil
}

// Create implements Files.
func (l *LocalFiles) Create(_ context.Context, name string) (NewFile, error) {
	p, err := l.path(name)
	if err != nil {
		return nil, err
	}
	if err := l.fs.MkdirAll(filepath.Dir(p)); err != nil {
		return nil, err
	}
	f, err := l.fs.Create(p + vfs.TempSuffix)
	if err != nil {
		return nil, err
	}
	return &localNew{fs: l.fs, path: p, file: f}, nil
}

// Open implements Files.
func (l *LocalFiles) Open(_ context.Context, name string) (OpenFile, error) {
	p, err := l.path(name)
	if err != nil {
		return nil, err
	}
	f, err := l.fs.Open(p)
	if err != nil {
		return nil, err
	}
	size, err := f.Size()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return localOpen{f, size}, nil
}

// Remove implements Files.
func (l *LocalFiles) Remove(_ context.Context, name string) error {
	p, err := l.path(name)
	if err != nil {
		return err
	}
	if err := l.fs.Remove(p); err != nil {
		return err
	}
	return l.fs.SyncDir(filepath.Dir(p))
}

// List implements Files. It walks only the folder the prefix lies in.
func (l *LocalFiles) List(ctx context.Context, prefix string) ([]FileInfo, error) {
	dir, _ := path.Split(prefix)
	var out []FileInfo
	err := l.walk(ctx, strings.TrimSuffix(dir, "/"), prefix, &out)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return out, err
}

func (l *LocalFiles) walk(ctx context.Context, dir, prefix string, out *[]FileInfo) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	at := filepath.Join(l.root, filepath.FromSlash(dir))
	names, err := l.fs.List(at)
	if err != nil {
		return err
	}
	for _, base := range names {
		name := path.Join(dir, base)
		info, err := l.fs.Stat(filepath.Join(at, base))
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed meanwhile
		case err != nil:
			return err
		case info.Dir && (strings.HasPrefix(name+"/", prefix) || strings.HasPrefix(prefix, name+"/")):
			if err := l.walk(ctx, name, prefix, out); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		case !info.Dir && strings.HasPrefix(name, prefix) && !strings.HasSuffix(name, vfs.TempSuffix):
			*out = append(*out, FileInfo{Name: name, Size: info.Size})
		}
	}
	return nil
}

type localNew struct {
	fs   vfs.FS
	path string
	file vfs.File // nil once committed or aborted
}

func (f *localNew) Write(p []byte) (int, error) {
	if f.file == nil {
		return 0, fs.ErrClosed
	}
	return f.file.Write(p)
}

func (f *localNew) Commit(context.Context) error {
	if f.file == nil {
		return fs.ErrClosed
	}
	if err := f.file.Sync(); err != nil {
		return errors.Join(err, f.Abort())
	}
	err := f.file.Close()
	f.file = nil
	if err != nil {
		return errors.Join(err, f.fs.Remove(f.path+vfs.TempSuffix))
	}
	if err := f.fs.Rename(f.path+vfs.TempSuffix, f.path); err != nil {
		return errors.Join(err, f.fs.Remove(f.path+vfs.TempSuffix))
	}
	return f.fs.SyncDir(filepath.Dir(f.path))
}

func (f *localNew) Abort() error {
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return errors.Join(err, f.fs.Remove(f.path+vfs.TempSuffix))
}

type localOpen struct {
	vfs.File
	size int64
}

func (f localOpen) Size() int64 { return f.size }

// Ahead implements aheadFile where the file system does.
func (f localOpen) Ahead(offset, length int64) {
	if a, ok := f.File.(aheadFile); ok {
		a.Ahead(offset, length)
	}
}
