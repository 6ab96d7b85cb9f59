package frame

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"pgregory.net/rapid"
)

var rewrite = flag.Bool("rewrite", false, "rewrite golden files")

var testOptions = Options{Kind: Kind{'T', 'E', 'S', 'T'}, MaxRecord: 1 << 20}

type entry struct {
	typ     uint8
	payload []byte
}

// sample has small, empty and sector-crossing records, and one that holds zeros only.
func sample() []entry {
	return []entry{
		{1, []byte("first")},
		{2, nil},
		{3, bytes.Repeat([]byte{0xAB}, 600)},
		{4, make([]byte, 40)},
		{255, []byte("the last one")},
	}
}

// build writes entries, synced after each one that syncEvery divides.
func build(t testing.TB, fsys vfs.FS, name string, entries []entry, syncEvery int) []int64 {
	t.Helper()
	w, err := Create(fsys, name, []byte("id-7"), testOptions)
	if err != nil {
		t.Fatal(err)
	}
	var offsets []int64
	for i, e := range entries {
		half := len(e.payload) / 2
		off, err := w.Append(e.typ, e.payload[:half], e.payload[half:])
		if err != nil {
			t.Fatal(err)
		}
		offsets = append(offsets, off)
		if (i+1)%syncEvery == 0 {
			if err := w.Sync(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return offsets
}

func put(t testing.TB, fsys vfs.FS, name string, data []byte) {
	t.Helper()
	if err := vfs.WriteFileAtomic(fsys, name, data); err != nil {
		t.Fatal(err)
	}
}

// readAll gives the records before the end or the damage, which err tells; nil is a clean end.
func readAll(fsys vfs.FS, name string) (got []entry, err error) {
	r, err := Open(fsys, name, testOptions)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			if _, again := r.Next(); again != err {
				return got, fmt.Errorf("error is not sticky: %w", again)
			}
			return got, err
		}
		got = append(got, entry{rec.Type, append([]byte(nil), rec.Payload...)})
	}
}

func samePrefix(t testing.TB, got, want []entry) {
	t.Helper()
	if len(got) > len(want) {
		t.Fatalf("%d records, only %d were written", len(got), len(want))
	}
	for i, g := range got {
		if g.typ != want[i].typ || !bytes.Equal(g.payload, want[i].payload) {
			t.Fatalf("record %d: got type %d %q, want type %d %q", i, g.typ, g.payload, want[i].typ, want[i].payload)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for name, fsys := range map[string]vfs.FS{"memory": memfs.New(), "disk": vfs.OS()} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := fsys.MkdirAll(dir); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "log")
			want := sample()
			offsets := build(t, fsys, file, want, 2)
			got, err := readAll(fsys, file)
			if err != nil || len(got) != len(want) {
				t.Fatalf("%d records, %v", len(got), err)
			}
			samePrefix(t, got, want)

			more := entry{9, []byte("after resume")}
			replayed := 0
			w, rec, err := Resume(fsys, file, testOptions, func(header []byte, r Record) error {
				if string(header) != "id-7" || r.Offset != offsets[replayed] || int(r.Ordinal) != replayed {
					t.Errorf("record %d: header %q, offset %d, ordinal %d", replayed, header, r.Offset, r.Ordinal)
				}
				replayed++
				return nil
			})
			if err != nil || rec.Records != len(want) || replayed != len(want) || rec.Torn != nil {
				t.Fatalf("%+v, %v", rec, err)
			}
			off, err := w.Append(more.typ, more.payload)
			if err != nil || w.Flush() != nil {
				t.Fatal(err)
			}
			r, err := Open(fsys, file, testOptions)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			for i, buf := range [][]byte{nil, make([]byte, 0, 30), make([]byte, 4000)} {
				got, err := r.RecordAt(off, buf)
				if err != nil || string(got.Payload) != "after resume" || got.End != w.Size() {
					t.Fatalf("buffer %d: %+v %v", i, got, err)
				}
			}
			if big, err := r.RecordAt(offsets[2], nil); err != nil || len(big.Payload) != 600 {
				t.Fatalf("record of 600 bytes: %d, %v", len(big.Payload), err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if got, err = readAll(fsys, file); err != nil || len(got) != len(want)+1 {
				t.Fatalf("%d records, %v", len(got), err)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	fsys := memfs.New()
	build(t, fsys, "log", sample(), 1)
	for name, o := range map[string]Options{
		"a log file of kind":               {Kind: Kind{'N', 'O', 'P', 'E'}},
		"record of 600 bytes at offset 75": {Kind: testOptions.Kind, MaxRecord: 599},
	} {
		if _, _, err := Resume(fsys, "log", o, nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", name, err)
		}
	}
	newer := appendFileHeader(nil, testOptions.Kind, nil)[:fixedHeader]
	newer[len(magic)] = 2
	put(t, fsys, "newer", withCRC(newer))
	if _, err := Open(fsys, "newer", testOptions); column.ClassOf(err) != column.Unsupported {
		t.Errorf("newer version: %v", err)
	}
	w, err := Create(fsys, "log", nil, testOptions)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Append(1, make([]byte, 1<<20+1)); column.ClassOf(err) != column.Limit {
		t.Errorf("too large: %v", err)
	}
	if _, err := w.Append(0, nil); err == nil {
		t.Error("type 0 was accepted")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Append(1, nil); !errors.Is(err, ErrClosed) || w.Close() != nil || !errors.Is(w.Sync(), ErrClosed) {
		t.Errorf("after close: %v", err)
	}
	if _, err := Create(fsys, "log", make([]byte, MaxHeader+1), testOptions); err == nil {
		t.Error("a header over the limit was accepted")
	}
}

// TestPoison fails each kind of operation: whatever is called later gives the first error, and nothing more
// reaches the file.
func TestPoison(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		op  faultfs.Op
		err error
	}{
		{faultfs.OpSync, boom},
		{faultfs.OpWrite, boom},
		{faultfs.OpWrite, &faultfs.PartialWrite{Bytes: 9, Err: faultfs.ErrNoSpace}},
	} {
		mem := memfs.New()
		fsys := faultfs.New(mem, nil)
		w, err := Create(fsys, "log", nil, testOptions)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Append(1, []byte("good")); err != nil || w.Sync() != nil {
			t.Fatal(err)
		}
		failed := 0
		fsys.SetInjector(func(op faultfs.Op, _ string, _ int) error {
			if op == c.op && failed == 0 {
				failed++
				return c.err
			}
			if failed > 0 && op.Changes() {
				t.Errorf("%s after the failure", op)
			}
			return nil
		})
		if _, err := w.Append(1, []byte("lost")); err != nil {
			t.Fatal(err)
		}
		first := w.Sync()
		if !errors.Is(first, c.err) || w.Err() != first {
			t.Fatalf("%s: %v", c.op, first)
		}
		if _, err := w.Append(1, []byte("later")); err != first {
			t.Errorf("Append: %v", err)
		}
		if err := w.Flush(); err != first {
			t.Errorf("Flush: %v", err)
		}
		if err := w.Sync(); err != first {
			t.Errorf("Sync: %v", err)
		}
		if err := w.Close(); !errors.Is(err, first) {
			t.Errorf("Close: %v", err)
		}
		if w.Synced() >= w.Size() {
			t.Errorf("synced %d of %d", w.Synced(), w.Size())
		}
		got, _ := readAll(mem, "log")
		samePrefix(t, got, []entry{{1, []byte("good")}, {1, []byte("lost")}})
		if len(got) == 0 {
			t.Error("the synced record is gone")
		}
	}
}

// TestReadErrorIsNotDamage: a disk that cannot be read says nothing about where the log ends.
func TestReadErrorIsNotDamage(t *testing.T) {
	mem := memfs.New()
	build(t, mem, "log", sample(), 1)
	for n := 1; ; n++ {
		fsys := faultfs.New(mem, faultfs.FailAt(n, faultfs.ErrInjected))
		w, _, err := Resume(fsys, "log", testOptions, nil)
		if err == nil {
			if n < 6 {
				t.Fatalf("only %d operations", n)
			}
			_ = w.Close()
			break
		}
		if !errors.Is(err, faultfs.ErrInjected) || errors.Is(err, column.Corrupt) || errors.Is(err, ErrTorn) {
			t.Fatalf("operation %d: %v", n, err)
		}
	}
	if got, err := readAll(mem, "log"); err != nil || len(got) != len(sample()) {
		t.Fatalf("%d records, %v", len(got), err)
	}
}

// TestCrash cuts the power at every operation of a random piece of work, twice in a row: what was synced is
// there, in order, and the file can be written again.
func TestCrash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		fsys := memfs.New()
		w, err := Create(fsys, "log", []byte("crash"), testOptions)
		if err != nil {
			t.Fatal(err)
		}
		var want []entry
		durable := 0
		for round := range 3 {
			for range rapid.IntRange(0, 12).Draw(t, "appends") {
				e := entry{uint8(1 + rng.IntN(200)), make([]byte, rng.IntN(1500))}
				for i := range e.payload {
					e.payload[i] = byte(rng.Uint32())
				}
				want = append(want, e)
				if _, err := w.Append(e.typ, e.payload); err != nil {
					t.Fatal(err)
				}
				switch rng.IntN(4) {
				case 0:
					if err := w.Sync(); err != nil {
						t.Fatal(err)
					}
					durable = len(want)
				case 1, 2:
					if err := w.Flush(); err != nil {
						t.Fatal(err)
					}
				}
			}
			fsys = fsys.CrashClone(rng)
			var got []entry
			w, _, err = Resume(fsys, "log", testOptions, func(_ []byte, r Record) error {
				got = append(got, entry{r.Type, append([]byte(nil), r.Payload...)})
				return nil
			})
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			if len(got) < durable {
				t.Fatalf("round %d: %d records, %d were durable", round, len(got), durable)
			}
			for i, g := range got {
				if g.typ != want[i].typ || !bytes.Equal(g.payload, want[i].payload) {
					t.Fatalf("round %d: record %d differs", round, i)
				}
			}
			want, durable = want[:len(got)], len(got)
		}
	})
}

func TestGolden(t *testing.T) {
	fsys := memfs.New()
	build(t, fsys, "log", sample()[:2], 1)
	got, _ := vfs.ReadFile(fsys, "log")
	golden := filepath.Join("testdata", "golden-v1.log")
	if *rewrite {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("the bytes changed: a new format needs a new version and a reader for both (%v)\n got %x\nwant %x", err, got, want)
	}
	entries, err := readAll(vfs.OS(), golden)
	if err != nil || len(entries) != 2 {
		t.Fatalf("%d records, %v", len(entries), err)
	}
	samePrefix(t, entries, sample())
}

func TestAppendFile(t *testing.T) {
	fsys := memfs.New()
	put(t, fsys, "log", AppendFile(nil, []byte("h"), testOptions, 7, []byte("one"), nil, []byte("three")))
	got, err := readAll(fsys, "log")
	if err != nil || len(got) != 3 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	samePrefix(t, got, []entry{{7, []byte("one")}, {7, nil}, {7, []byte("three")}})
}
