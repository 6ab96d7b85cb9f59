package frame

import (
	"encoding/binary"
	"hash/crc32"
	"sync"
	"testing"

	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
)

func withCRC(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// TestConcurrentAppend: appenders and syncers share a writer; every record arrives once, each goroutine's own
// in its order, and what Sync promised is in the durable part.
func TestConcurrentAppend(t *testing.T) {
	fsys := memfs.New()
	w, err := Create(fsys, "log", nil, testOptions)
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 4, 200
	var wg sync.WaitGroup
	for g := range writers {
		wg.Go(func() {
			for i := range each {
				var b [4]byte
				binary.LittleEndian.PutUint32(b[:], uint32(i))
				off, err := w.Append(uint8(g+1), b[:], make([]byte, i))
				if err != nil {
					t.Error(err)
					return
				}
				if i%20 == 0 {
					if err := w.Sync(); err != nil || w.Synced() <= off {
						t.Errorf("synced to %d, record at %d: %v", w.Synced(), off, err)
					}
				}
			}
		})
	}
	wg.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(fsys, "log")
	if err != nil || len(got) != writers*each {
		t.Fatalf("%d records, %v", len(got), err)
	}
	var next [writers + 1]uint32
	for _, e := range got {
		if n := binary.LittleEndian.Uint32(e.payload); n != next[e.typ] {
			t.Fatalf("goroutine %d: number %d where %d belongs", e.typ, n, next[e.typ])
		}
		next[e.typ]++
	}
}

// FuzzReader: whatever the bytes, reading ends, stays inside the file, and agrees with Scan and Repair.
func FuzzReader(f *testing.F) {
	fsys := memfs.New()
	offsets := build(f, fsys, "log", sample(), 2)
	data, _ := vfs.ReadFile(fsys, "log")
	f.Add(data)
	f.Add(data[:offsets[2]+3])
	f.Add(append(append([]byte(nil), data[:offsets[1]]...), data[offsets[2]:]...))
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := memfs.New()
		put(t, fsys, "log", data)
		got, err := readAll(fsys, "log")
		report, scanErr := Repair(fsys, "log", testOptions)
		if scanErr != nil {
			return
		}
		if report.Records != len(got) || report.Clean() != (err == nil) {
			t.Fatalf("read %d records, %v; scan %v", len(got), err, report)
		}
		again, err := readAll(fsys, "log")
		if err != nil || len(again) != len(got) {
			t.Fatalf("after repair: %d of %d records, %v", len(again), len(got), err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	w, err := Create(vfs.OS(), b.TempDir()+"/log", nil, Options{})
	if err != nil {
		b.Fatal(err)
	}
	payload := make([]byte, 1024)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Append(1, payload); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkRead(b *testing.B) {
	name := b.TempDir() + "/log"
	w, _ := Create(vfs.OS(), name, nil, Options{})
	for range 64 << 10 {
		_, _ = w.Append(1, make([]byte, 1024))
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(w.Size())
	for b.Loop() {
		if report, err := Scan(vfs.OS(), name, Options{}); err != nil || report.Records != 64<<10 {
			b.Fatal(report, err)
		}
	}
}

// BenchmarkResync searches 64 MiB of noise behind a damaged record.
func BenchmarkResync(b *testing.B) {
	name := b.TempDir() + "/log"
	w, _ := Create(vfs.OS(), name, nil, Options{})
	_, _ = w.Append(1, []byte("x"))
	at := w.Size()
	noise := make([]byte, 63<<20)
	for i := range noise {
		noise[i] = byte(i * i >> 7)
	}
	_, _ = w.Append(1, noise)
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	data, _ := vfs.ReadFile(vfs.OS(), name)
	data[at] ^= 1
	if err := vfs.WriteFileAtomic(vfs.OS(), name, data); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(noise)))
	for b.Loop() {
		if report, err := Scan(vfs.OS(), name, Options{}); err != nil || !report.Torn() {
			b.Fatal(report, err)
		}
	}
}
