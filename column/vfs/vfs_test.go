package vfs_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestContract holds every file system to the same words of the FS and File interfaces.
func TestContract(t *testing.T) {
	for name, fsys := range map[string]vfs.FS{
		"os": vfs.OS(), "memory": memfs.New(), "fault": faultfs.New(memfs.New(), nil),
	} {
		t.Run(name, func(t *testing.T) { contract(t, fsys, filepath.Join(t.TempDir(), "root")) })
	}
}

func contract(t *testing.T, fsys vfs.FS, root string) {
	in := func(name string) string { return filepath.Join(root, name) }
	_, missing := fsys.Create(in("a"))
	for what, err := range map[string]error{
		"Create without a folder": missing,
		"Open":                    second(fsys.Open(in("a"))),
		"OpenAppend":              second(fsys.OpenAppend(in("a"))),
		"Stat":                    second(fsys.Stat(in("a"))),
		"List":                    second(fsys.List(root)),
		"Remove":                  fsys.Remove(in("a")),
		"Rename":                  fsys.Rename(in("a"), in("b")),
		"SyncDir":                 fsys.SyncDir(root),
	} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s of what is not there: %v", what, err)
		}
	}
	must(t, fsys.MkdirAll(in("x/y")))
	must(t, fsys.MkdirAll(in("x/y")))

	f, err := fsys.Create(in("a"))
	must(t, err)
	write := func(f vfs.File, s string) {
		t.Helper()
		n, err := f.Write([]byte(s))
		if n != len(s) || err != nil {
			t.Fatalf("write: %d, %v", n, err)
		}
	}
	holds := func(name, want string) {
		t.Helper()
		got, err := vfs.ReadFile(fsys, in(name))
		if err != nil || string(got) != want {
			t.Fatalf("%s holds %q, want %q (%v)", name, got, want, err)
		}
	}
	write(f, "hello world")
	must(t, f.Truncate(5))
	write(f, "!")
	holds("a", "hello!")
	must(t, f.Truncate(8))
	holds("a", "hello!\x00\x00")
	if size, err := f.Size(); size != 8 || err != nil {
		t.Fatalf("size %d, %v", size, err)
	}
	must(t, f.Sync())
	buf := make([]byte, 4)
	if n, err := f.ReadAt(buf, 6); n != 2 || !errors.Is(err, io.EOF) {
		t.Fatalf("ReadAt over the end: %d, %v", n, err)
	}
	must(t, f.Close())
	if err := f.Close(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("second close: %v", err)
	}
	if _, err := f.Write([]byte("x")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("write after close: %v", err)
	}

	f, err = fsys.OpenAppend(in("a"))
	must(t, err)
	write(f, "more")
	must(t, f.Close())
	holds("a", "hello!\x00\x00more")
	f, err = fsys.Open(in("a"))
	must(t, err)
	if _, err := f.Write([]byte("x")); err == nil {
		t.Error("a file opened for reading was written")
	}
	if all, err := io.ReadAll(f); err != nil || len(all) != 12 {
		t.Errorf("read %d bytes, %v", len(all), err)
	}
	must(t, fsys.Rename(in("a"), in("x/b")))
	if n, err := f.ReadAt(buf, 0); n != 4 || err != nil {
		t.Errorf("an open file that was renamed: %d, %v", n, err)
	}
	must(t, f.Close())
	f, err = fsys.Create(in("x/b"))
	must(t, err)
	must(t, f.Close())
	holds("x/b", "")

	must(t, vfs.WriteFileAtomic(fsys, in("x/b"), []byte("one")))
	must(t, vfs.WriteFileAtomic(fsys, in("x/b"), []byte("two")))
	must(t, vfs.WriteFileAtomic(fsys, in("x/half.tmp"), nil))
	holds("x/b", "two")
	if names, err := fsys.List(in("x")); err != nil || !slices.Equal(names, []string{"b", "half.tmp", "y"}) {
		t.Errorf("%v, %v", names, err)
	}
	if swept, err := vfs.RemoveTemp(fsys, in("x")); err != nil || !slices.Equal(swept, []string{"half.tmp"}) {
		t.Errorf("swept %v, %v", swept, err)
	}
	if info, err := fsys.Stat(in("x/b")); err != nil || info != (vfs.Info{Size: 3}) {
		t.Errorf("%+v, %v", info, err)
	}
	if info, err := fsys.Stat(in("x")); err != nil || info != (vfs.Info{Dir: true}) {
		t.Errorf("%+v, %v", info, err)
	}
	if err := fsys.Remove(in("x")); err == nil {
		t.Error("a folder with files was removed")
	}
	if err := fsys.MkdirAll(in("x/b/c")); err == nil {
		t.Error("a folder was made inside a file")
	}
	must(t, fsys.Remove(in("x/y")))
	must(t, fsys.Remove(in("x/b")))
	must(t, fsys.SyncDir(in("x")))
	if ok, err := vfs.Exists(fsys, in("x/b")); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}

	lock, err := fsys.Lock(in("LOCK"))
	must(t, err)
	if _, err := fsys.Lock(in("LOCK")); !errors.Is(err, vfs.ErrLocked) {
		t.Errorf("a second lock: %v", err)
	}
	must(t, lock.Close())
	lock, err = fsys.Lock(in("LOCK"))
	must(t, err)
	must(t, lock.Close())
}

func second[T any](_ T, err error) error { return err }

// TestWriteFileAtomicFails fails every operation in turn: the old content or the new one is there, nothing
// else, and a success is a success.
func TestWriteFileAtomicFails(t *testing.T) {
	for n := 1; ; n++ {
		mem := memfs.New()
		must(t, vfs.WriteFileAtomic(mem, "f", []byte("old")))
		fsys := faultfs.New(mem, faultfs.FailAt(n, &faultfs.PartialWrite{Bytes: 1, Err: faultfs.ErrNoSpace}))
		err := vfs.WriteFileAtomic(fsys, "f", []byte("new"))
		got, readErr := vfs.ReadFile(mem, "f")
		if readErr != nil || string(got) != "old" && string(got) != "new" || err == nil && string(got) != "new" {
			t.Fatalf("operation %d: %q, %v, %v", n, got, err, readErr)
		}
		if err == nil {
			if n < 6 {
				t.Fatalf("only %d operations", n)
			}
			return
		}
		if !errors.Is(err, faultfs.ErrNoSpace) {
			t.Fatalf("operation %d: %v", n, err)
		}
		if names, _ := mem.List("."); len(names) != 1 {
			t.Fatalf("operation %d left %v", n, names)
		}
	}
}

func TestInjectorSeesOperations(t *testing.T) {
	var log []string
	fsys := faultfs.New(memfs.New(), func(op faultfs.Op, name string, n int) error {
		log = append(log, fmt.Sprintf("%d %s %s", n, op, name))
		return nil
	})
	must(t, vfs.WriteFileAtomic(fsys, "d/../f", []byte("x")))
	want := []string{
		"1 create d/../f.tmp", "2 write d/../f.tmp", "3 sync d/../f.tmp", "4 close d/../f.tmp", "5 rename d/../f", "6 syncdir .",
	}
	if !slices.Equal(log, want) || fsys.Count() != 6 {
		t.Fatalf("%q", log)
	}
}
