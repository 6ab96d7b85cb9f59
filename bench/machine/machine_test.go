package machine

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestDescribe(t *testing.T) {
	m := Describe()
	if load, err := strconv.ParseFloat(m.Load, 64); err != nil || load < 0 {
		t.Errorf("load %q", m.Load)
	}
	if m.Cores < 1 || !strings.HasSuffix(m.Memory, "kB") || !strings.HasPrefix(m.Go, "go") || m.Kernel == "unknown" || !strings.Contains(m.String(), m.Kernel) {
		t.Errorf("%+v", m)
	}
}

func TestField(t *testing.T) {
	path := filepath.Join(t.TempDir(), "info")
	if err := os.WriteFile(path, []byte("model\t: a\nmodel name\t: b: c\nmodel name\t: d\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := field(path, "model name"); got != "b: c" {
		t.Errorf("%q", got)
	}
	if got := field(path, "name"); got != "unknown" {
		t.Errorf("%q", got)
	}
}
