package parquetio

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
)

var rewrite = flag.Bool("rewrite", false, "write the files of what was read anew")

// show gives a file's columns and rows as text, n rows at a time.
func show(data []byte, n int) (string, error) {
	r, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "", err
	}
	defer r.Close()
	lines := make([]string, len(r.Fields))
	for i, f := range r.Fields {
		lines[i] = f.Name + " " + f.Type.Format(f.Mod)
		if f.NotNull {
			lines[i] += " NOT NULL"
		}
		lines[i] += ":"
	}
	for {
		b, err := r.Next(context.Background(), n)
		if errors.Is(err, io.EOF) {
			return strings.Join(lines, "\n") + "\n", nil
		}
		if err != nil {
			return "", err
		}
		for i, v := range b.Columns {
			if v.Type != r.Fields[i].Type || v.Len != b.Len {
				return "", fmt.Errorf("column %s: %d rows of %s", r.Fields[i].Name, v.Len, v.Type)
			}
			for k := range b.Len {
				if v.IsNull(k) {
					lines[i] += " NULL"
				} else {
					lines[i] += " " + string(literal.Append(nil, v, k, literal.Options{}))
				}
			}
		}
	}
}

// TestOthers reads what other programs have written (testdata/write.py), and compares with what a person has looked at.
func TestOthers(t *testing.T) {
	files, err := filepath.Glob("testdata/*.parquet")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := show(data, 1000)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		golden := strings.TrimSuffix(name, ".parquet") + ".txt"
		if *rewrite {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || got != string(want) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
		if again, err := show(data, 1); err != nil || again != got {
			t.Errorf("%s: one row at a time: %v\n%s", name, err, again)
		}
	}
}

// TestDamagedFiles changes and cuts every file everywhere: an error or other rows, never a panic.
func TestDamagedFiles(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.parquet")
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		step := 1 + len(data)/300
		for i := 0; i < len(data); i += step {
			bad := bytes.Clone(data)
			bad[i] ^= 0x55
			_, _ = show(bad, 100)
			_, _ = show(data[:i], 100)
		}
	}
	if _, err := show([]byte("PAR1 no footer PAR1"), 1); !errors.Is(err, column.Invalid) {
		t.Errorf("no file: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.parquet")
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = show(data, 100) })
}
