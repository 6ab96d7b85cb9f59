package memfs_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// outcomes crashes many times and counts what is then in a file; "-" is a file that is not there.
func outcomes(t *testing.T, m *memfs.FS, name string) map[string]int {
	t.Helper()
	seen := map[string]int{}
	for seed := range uint64(400) {
		data, err := vfs.ReadFile(m.CrashClone(rand.New(rand.NewPCG(seed, 0))), name)
		if errors.Is(err, fs.ErrNotExist) {
			seen["-"]++
			continue
		}
		must(t, err)
		seen[string(data)]++
	}
	return seen
}

func TestCrashContent(t *testing.T) {
	m := memfs.New()
	f, err := m.Create("f")
	must(t, err)
	_, err = f.Write([]byte("durable"))
	must(t, err)
	must(t, f.Sync())
	if seen := outcomes(t, m, "f"); seen["-"] == 0 || seen["durable"] == 0 || len(seen) != 2 {
		t.Fatalf("a name that is not synced: %v", seen)
	}
	must(t, m.SyncDir("."))
	if seen := outcomes(t, m, "f"); seen["durable"] != 400 {
		t.Fatalf("synced: %v", seen)
	}
	_, err = f.Write([]byte(" then"))
	must(t, err)
	_, err = f.Write([]byte(" lost"))
	must(t, err)
	seen := outcomes(t, m, "f")
	for _, want := range []string{"durable", "durable then", "durable then lost", "durable th", "durable\x00\x00\x00"} {
		if seen[want] == 0 {
			t.Errorf("never %q", want)
		}
	}
	garbage := 0
	for got, n := range seen {
		if !strings.HasPrefix(got, "durable") || len(got) > len("durable then lost") {
			t.Errorf("%q", got)
		}
		if clean := bytes.Trim([]byte(got[7:]), "\x00"); !strings.HasPrefix(" then lost", string(clean)) {
			garbage += n
		}
	}
	if garbage == 0 {
		t.Error("never garbage")
	}
	must(t, f.Truncate(3))
	if seen := outcomes(t, m, "f"); seen["dur"] == 0 || seen["durable"] == 0 || seen["-"] != 0 {
		t.Errorf("truncated: %v", seen)
	}
	must(t, f.Sync())
	if seen := outcomes(t, m, "f"); seen["dur"] != 400 {
		t.Errorf("truncated and synced: %v", seen)
	}
}

func TestCrashNames(t *testing.T) {
	m := memfs.New()
	must(t, m.MkdirAll("d"))
	must(t, vfs.WriteFileAtomic(m, "d/f", []byte("old")))
	f, err := m.Create("d/g")
	must(t, err)
	_, err = f.Write([]byte("new"))
	must(t, err)
	must(t, f.Sync())
	must(t, m.Rename("d/g", "d/f"))
	if seen := outcomes(t, m, "d/f"); seen["old"] == 0 || seen["new"] == 0 || len(seen) != 2 {
		t.Errorf("renamed: %v", seen)
	}
	must(t, m.SyncDir("."))
	if seen := outcomes(t, m, "d/f"); seen["old"] == 0 {
		t.Errorf("another folder's sync made it durable: %v", seen)
	}
	must(t, m.SyncDir("d"))
	if seen := outcomes(t, m, "d/f"); seen["new"] != 400 {
		t.Errorf("renamed and synced: %v", seen)
	}
	must(t, m.Remove("d/f"))
	if seen := outcomes(t, m, "d/f"); seen["new"] == 0 || seen["-"] == 0 || len(seen) != 2 {
		t.Errorf("removed: %v", seen)
	}
	// A rename without a sync of the content may publish an empty or torn file.
	f, err = m.Create("d/h")
	must(t, err)
	_, err = f.Write([]byte("careless"))
	must(t, err)
	must(t, m.Rename("d/h", "d/i"))
	if seen := outcomes(t, m, "d/i"); seen[""] == 0 || seen["careless"] == 0 || seen["-"] == 0 {
		t.Errorf("careless: %v", seen)
	}
}

// TestCrashOrder: of the changes of one folder always a first part survives.
func TestCrashOrder(t *testing.T) {
	m := memfs.New()
	for _, name := range []string{"1", "2", "3"} {
		_, err := m.Create(name)
		must(t, err)
	}
	seen := map[string]int{}
	for seed := range uint64(200) {
		seen[m.CrashClone(rand.New(rand.NewPCG(seed, 0))).Names()]++
	}
	if len(seen) != 4 || seen[""] == 0 || seen["1"] == 0 || seen["1 2"] == 0 || seen["1 2 3"] == 0 {
		t.Fatalf("%v", seen)
	}
	a, b := m.CrashClone(rand.New(rand.NewPCG(7, 7))), m.CrashClone(rand.New(rand.NewPCG(7, 7)))
	if a.Names() != b.Names() {
		t.Errorf("one seed, two crashes: %q and %q", a.Names(), b.Names())
	}
	must(t, vfs.WriteFileAtomic(a, "x", []byte("x")))
	if ok, _ := vfs.Exists(m, "x"); ok {
		t.Error("the clone writes into the original")
	}
}
