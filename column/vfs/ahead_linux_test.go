package vfs

import (
	"path/filepath"
	"testing"
)

// TestAhead: asking for bytes ahead, of a file or past its end, or of one that is closed, changes nothing.
func TestAhead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	f, err := OS().Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("content")); err != nil {
		t.Fatal(err)
	}
	ahead := f.(interface{ Ahead(offset, length int64) })
	ahead.Ahead(2, 3)
	ahead.Ahead(100, 1<<40)
	got := make([]byte, 7)
	if _, err := f.ReadAt(got, 0); err != nil || string(got) != "content" {
		t.Errorf("%q, %v", got, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	ahead.Ahead(0, 1)
}
