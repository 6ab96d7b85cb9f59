package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestByteText(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1024: "1.0 KiB", 1536: "1.5 KiB", 5 << 20: "5.0 MiB", 3 << 40: "3.0 TiB"} {
		if got := byteText(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// TestProgress: a line at a terminal, taken away at the end, and not one per piece.
func TestProgress(t *testing.T) {
	var terminal strings.Builder
	p := &progress{out: &terminal, started: time.Now().Add(-time.Second)}
	for range 1000 {
		if _, err := p.Write(make([]byte, 1024)); err != nil {
			t.Fatal(err)
		}
	}
	if got := terminal.String(); strings.Count(got, "\r") > 10 || !strings.HasPrefix(got, "\r\x1b[K1.0 KiB, ") {
		t.Errorf("%q", got)
	}
	p.clear()
	if got := terminal.String(); !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("%q", got)
	}
	if got := p.summary("f", "12"); !strings.HasPrefix(got, "f: 12 rows, 1000.0 KiB in 1s") && !strings.HasPrefix(got, "f: 12 rows, 1000.0 KiB in 1.") {
		t.Error(got)
	}
	if got := p.summary("f", ""); strings.Contains(got, "rows") {
		t.Error(got)
	}
}

// TestWriteFile: a file that was there stays until the new one is whole; what is given up leaves nothing.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	broken := errors.New("broken")
	write := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			if b, readErr := os.ReadFile(name); readErr == nil && string(b) != "first" {
				t.Errorf("while it is written the file has %q", b)
			}
			_, writeErr := io.WriteString(w, text)
			return errors.Join(writeErr, err)
		}
	}
	for _, c := range []struct {
		text string
		err  error
		want string
	}{{"first", nil, "first"}, {"second", broken, "first"}, {"third", nil, "third"}} {
		if err := writeFile(name, write(c.text, c.err)); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.text, err)
		}
		if b, err := os.ReadFile(name); err != nil || string(b) != c.want {
			t.Errorf("%s: %q, %v", c.text, b, err)
		}
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}
