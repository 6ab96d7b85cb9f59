package frame

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
)

// TestEveryDamage flips every byte in every bit pattern tried and cuts at every length. What is read is
// always a first part of what was written, and the rest is an error that names file and offset.
func TestEveryDamage(t *testing.T) {
	fsys := memfs.New()
	want := sample()
	offsets := build(t, fsys, "log", want, 1)
	whole, err := vfs.ReadFile(fsys, "log")
	if err != nil {
		t.Fatal(err)
	}
	last := offsets[len(offsets)-1]
	for i := range whole {
		for _, flip := range []byte{1, 0x80, 0xFF} {
			bad := append([]byte(nil), whole...)
			bad[i] ^= flip
			put(t, fsys, "log", bad)
			got, err := readAll(fsys, "log")
			samePrefix(t, got, want)
			var torn *TornError
			var corrupt *CorruptError
			switch {
			case int64(i) < offsets[0]:
				if len(got) != 0 || !errors.Is(err, column.Corrupt) || !strings.Contains(err.Error(), "log: damage at offset") {
					t.Fatalf("byte %d: %d records, %v", i, len(got), err)
				}
			case int64(i) >= last:
				if !errors.As(err, &torn) || torn.Offset != last || torn.File != "log" || len(got) != len(want)-1 {
					t.Fatalf("byte %d: %d records, %v", i, len(got), err)
				}
			default:
				if !errors.As(err, &corrupt) || corrupt.File != "log" || corrupt.Offset > int64(i) || corrupt.Unsynced {
					t.Fatalf("byte %d: %v", i, err)
				}
				if offsets[len(got)] != corrupt.Offset || corrupt.Records != len(want)-len(got)-1 {
					t.Fatalf("byte %d: %d records read, %v", i, len(got), err)
				}
				checkRepair(t, fsys, want, len(got))
			}
		}
	}
	for size := range whole {
		put(t, fsys, "log", whole[:size])
		got, err := readAll(fsys, "log")
		samePrefix(t, got, want)
		kept := 0
		for kept < len(offsets) && end(offsets, kept, int64(len(whole))) <= int64(size) {
			kept++
		}
		switch {
		case int64(size) < offsets[0]:
			if !errors.Is(err, column.Corrupt) {
				t.Fatalf("cut at %d: %v", size, err)
			}
		case len(got) != kept:
			t.Fatalf("cut at %d: %d records, want %d (%v)", size, len(got), kept, err)
		case int64(size) == offsets[kept]:
			if err != nil {
				t.Fatalf("cut at %d, between records: %v", size, err)
			}
		case !errors.Is(err, ErrTorn) && !onlyZeros(whole[offsets[kept]:size]):
			t.Fatalf("cut at %d: %v", size, err)
		}
	}
}

func onlyZeros(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

func end(offsets []int64, i int, size int64) int64 {
	if i+1 < len(offsets) {
		return offsets[i+1]
	}
	return size
}

// checkRepair repairs "log", whose record number kept is damaged and whose others are good.
func checkRepair(t *testing.T, fsys vfs.FS, want []entry, kept int) {
	t.Helper()
	report, err := Repair(fsys, "log", testOptions)
	if err != nil || report.Records != kept || report.RecordsAfter != len(want)-kept-1 || report.DroppedRecords() != len(want)-kept {
		t.Fatalf("%v; %v", report, err)
	}
	if len(report.Gaps) != 1 || report.Gaps[0].Records != 1 || report.Gaps[0].Offset != report.End {
		t.Fatalf("%+v", report)
	}
	got, err := readAll(fsys, "log")
	if err != nil || len(got) != kept {
		t.Fatalf("after repair: %d records, want %d: %v", len(got), kept, err)
	}
	samePrefix(t, got, want)
}

func TestDamageBehindUnsyncedRecordsSaysSo(t *testing.T) {
	fsys := memfs.New()
	offsets := build(t, fsys, "log", sample(), 100)
	data, _ := vfs.ReadFile(fsys, "log")
	data[offsets[1]] ^= 1
	data[offsets[3]+25] ^= 1
	put(t, fsys, "log", data)
	_, err := readAll(fsys, "log")
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || !corrupt.Unsynced || corrupt.Records != 2 {
		t.Fatalf("%v", err)
	}
	report, err := Scan(fsys, "log", testOptions)
	if err != nil || len(report.Gaps) != 2 || report.DroppedRecords() != 4 || report.Gaps[1].Offset != offsets[3] {
		t.Fatalf("%v; %v", report, err)
	}
	if s := report.String(); !strings.Contains(s, "keeps 1 records") || !strings.Contains(s, "2 valid records") {
		t.Fatal(s)
	}
}

func TestZeroTailIsACleanEnd(t *testing.T) {
	fsys := memfs.New()
	want := sample()
	build(t, fsys, "log", want, 1)
	data, _ := vfs.ReadFile(fsys, "log")
	put(t, fsys, "log", append(data, make([]byte, 700_000)...))
	if got, err := readAll(fsys, "log"); err != nil || len(got) != len(want) {
		t.Fatalf("%d records, %v", len(got), err)
	}
	w, rec, err := Resume(fsys, "log", testOptions, nil)
	if err != nil || rec.ZeroTail != 700_000 || w.Size() != int64(len(data)) {
		t.Fatalf("%+v, %v", rec, err)
	}
	if _, err := w.Append(1, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := readAll(fsys, "log"); err != nil || len(got) != len(want)+1 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	sealed := testOptions
	sealed.Sealed = true
	data, _ = vfs.ReadFile(fsys, "log")
	put(t, fsys, "log", data[:len(data)-1])
	r, err := Open(fsys, "log", sealed)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, column.Corrupt) {
		t.Fatalf("a sealed file that is cut: %v", err)
	}
}

// TestForeignBlocks moves valid records to other places and other files: none may be accepted.
func TestForeignBlocks(t *testing.T) {
	fsys := memfs.New()
	same := []entry{{1, []byte("payload A")}, {1, []byte("payload B")}, {1, []byte("payload C")}}
	offsets := build(t, fsys, "log", same, 1)
	data, _ := vfs.ReadFile(fsys, "log")
	size := offsets[1] - offsets[0]

	swapped := append([]byte(nil), data...)
	copy(swapped[offsets[0]:], data[offsets[1]:offsets[1]+size])
	copy(swapped[offsets[1]:], data[offsets[0]:offsets[0]+size])
	put(t, fsys, "log", swapped)
	if got, err := readAll(fsys, "log"); len(got) != 0 || !errors.Is(err, column.Corrupt) {
		t.Fatalf("swapped: %v, %v", got, err)
	}

	put(t, fsys, "log", append(append([]byte(nil), data...), data[offsets[0]:]...))
	if got, err := readAll(fsys, "log"); len(got) != 3 || !errors.Is(err, ErrTorn) {
		t.Fatalf("repeated: %d records, %v", len(got), err)
	}

	w, err := Create(fsys, "other", []byte("id-8"), testOptions)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range same {
		if _, err := w.Append(e.typ, e.payload); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	other, _ := vfs.ReadFile(fsys, "other")
	put(t, fsys, "log", append(append([]byte(nil), data[:offsets[1]]...), other[offsets[1]:]...))
	if got, err := readAll(fsys, "log"); len(got) != 1 || !errors.Is(err, ErrTorn) {
		t.Fatalf("tail of another file: %d records, %v", len(got), err)
	}
}

// TestResumeMakesDurable: the process dies after a write that it did not sync, and comes back; what it then
// reads survives a power cut.
func TestResumeMakesDurable(t *testing.T) {
	fsys := memfs.New()
	w, err := Create(fsys, "log", nil, testOptions)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Append(1, []byte("only written")); err != nil || w.Flush() != nil {
		t.Fatal(err)
	}
	if _, rec, err := Resume(fsys, "log", testOptions, nil); err != nil || rec.Records != 1 {
		t.Fatalf("%+v, %v", rec, err)
	}
	for seed := range uint64(20) {
		got, err := readAll(fsys.CrashClone(rand.New(rand.NewPCG(seed, 4))), "log")
		if err != nil || len(got) != 1 {
			t.Fatalf("%d records, %v", len(got), err)
		}
	}
}

// TestMissingNumber: a record in its place, but with the number of a later one, is no crash's doing.
func TestMissingNumber(t *testing.T) {
	fsys := memfs.New()
	data := AppendFile(nil, nil, testOptions, 1, []byte("zero"))
	offset := int64(len(data))
	h := head{length: 5, back: maxBack, ordinal: 3, typ: 1, payloadCRC: sum(seedOf(appendFileHeader(nil, testOptions.Kind, nil)), offset, []byte("three"))}
	data = append(h.appendTo(data, seedOf(appendFileHeader(nil, testOptions.Kind, nil)), offset), "three"...)
	put(t, fsys, "log", data)
	got, err := readAll(fsys, "log")
	var corrupt *CorruptError
	if len(got) != 1 || !errors.As(err, &corrupt) || corrupt.Offset != offset || corrupt.Records != 1 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	if report, err := Scan(fsys, "log", testOptions); err != nil || report.DroppedRecords() != 3 {
		t.Fatalf("%v, %v", report, err)
	}
}
