package spill

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
)

const dir = "data/temp"

func openArea(t require, fs vfs.FS, limit int64) *Area {
	a, err := Open(fs, dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

type require interface{ Fatal(...any) }

// empty checks that no file is left, nor anything counted.
func empty(t *testing.T, fs vfs.FS, a *Area) {
	t.Helper()
	names, err := fs.List(dir)
	if err != nil || len(names) != 0 || a.Used() != 0 || a.Files() != 0 {
		t.Errorf("%v are left (%v); %d bytes in %d files are counted", names, err, a.Used(), a.Files())
	}
}

var kinds = []column.Kind{column.Bool, column.Int64, column.Float64, column.Text, column.IntervalKind, column.Numeric}

// drawVector makes rows of a type in a random encoding, often a slice of something longer.
func drawVector(t *rapid.T, k column.Kind, n int) *column.Vector {
	if k == column.Numeric {
		v := drawVector(t, column.Int64, n)
		flat := column.Flatten(v)
		return column.NewScaled(flat.Ints, rapid.Int32Range(0, column.MaxScale).Draw(t, "scale"), flat.Valid)
	}
	typ := column.T(k)
	before, after := rapid.IntRange(0, 70).Draw(t, "before"), rapid.IntRange(0, 3).Draw(t, "after")
	b := column.NewBuilder(typ, 0)
	nulls := rapid.Bool().Draw(t, "nulls")
	for i := range before + n + after {
		x := rapid.IntRange(0, 9).Draw(t, "value")
		switch {
		case nulls && x == 0:
			b.AppendNull()
		case k == column.Bool:
			b.AppendBool(x > 4)
		case k == column.Int64:
			b.AppendInt(int64(x) << (i % 60))
		case k == column.Float64:
			b.AppendFloat([]float64{0, math.NaN(), -1.5}[x%3])
		case k == column.IntervalKind:
			b.AppendInterval(column.Interval{Months: int32(x), Days: -1, Micros: int64(i)})
		default:
			b.AppendString(fmt.Sprint("text "[:x%5], i))
		}
	}
	v := b.Finish()
	switch rapid.IntRange(0, 3).Draw(t, "encoding") {
	case 0:
		return column.NewConst(v, before+n/2, n)
	case 1:
		codes := make([]uint32, n)
		for i := range codes {
			codes[i] = uint32(i / 3)
		}
		return &column.Vector{Type: typ, Enc: column.Dict, Len: n, Child: v, Codes: codes}
	case 2:
		var ends []int32
		for end := 2; end < n; end += 2 {
			ends = append(ends, int32(end))
		}
		ends = append(ends, int32(n))
		return (&column.Vector{Type: typ, Enc: column.RunEnd, Len: n, Child: v.Slice(0, len(ends)), Ends: ends}).Slice(n/4, n)
	}
	return v.Slice(before, before+n)
}

func TestRowsComeBack(t *testing.T) {
	fs := memfs.New()
	a := openArea(t, fs, 0)
	rapid.Check(t, func(t *rapid.T) {
		s := a.Space(0)
		defer s.Close()
		f, err := s.Create()
		if err != nil {
			t.Fatal(err)
		}
		type stored struct {
			block   Block
			columns []*column.Vector
			types   []column.Type
		}
		var all []stored
		for range rapid.IntRange(1, 4).Draw(t, "blocks") {
			n := rapid.IntRange(1, 40).Draw(t, "rows")
			var one stored
			for range rapid.IntRange(0, 4).Draw(t, "columns") {
				v := drawVector(t, rapid.SampledFrom(kinds).Draw(t, "kind"), n)
				v = v.Slice(0, min(v.Len, n))
				if len(one.columns) > 0 && v.Len != one.columns[0].Len {
					continue
				}
				n = v.Len
				one.columns, one.types = append(one.columns, v), append(one.types, v.Type)
			}
			if one.block, err = f.Append(one.columns, n); err != nil {
				t.Fatal(err)
			}
			all = append(all, one)
		}
		for i := len(all) - 1; i >= 0; i-- {
			got, err := f.Read(all[i].block, all[i].types)
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range all[i].columns {
				if !column.Equal(got[k], v) {
					t.Fatalf("column %d: got %v, want %v", k, got[k], v)
				}
				if unused := got[k]; unused.Enc == column.Dict && unused.Child.Len > unused.Len {
					t.Fatal("entries that no row refers to were kept")
				}
			}
		}
	})
	empty(t, fs, a)
}

func ints(n int) ([]*column.Vector, []column.Type) {
	v := make([]int64, n)
	for i := range v {
		v[i] = int64(i)
	}
	return []*column.Vector{column.NewInts(column.T(column.Int64), v, nil)}, []column.Type{column.T(column.Int64)}
}

// TestDamage flips every byte of a block, and cuts the file at every length: each time reading says so.
func TestDamage(t *testing.T) {
	columns, types := ints(3)
	columns = append(columns, column.NewStrings("a", "", "bcd"))
	types = append(types, column.T(column.Text))
	block := appendBlock(nil, columns, 3)
	seal(block, 64)
	ref := Block{offset: 64, length: int64(len(block)), rows: 3}
	if _, err := readBlock(block, ref, types); err != nil {
		t.Fatal(err)
	}
	for i := range block {
		bad := bytes.Clone(block)
		bad[i] ^= 0x40
		if _, err := readBlock(bad, ref, types); err == nil {
			t.Fatalf("byte %d: not noticed", i)
		}
		if _, err := readBlock(block[:i], Block{offset: 64, length: int64(i), rows: 3}, types); err == nil {
			t.Fatalf("cut to %d bytes: not noticed", i)
		}
	}
	if _, err := readBlock(block, Block{offset: 128, length: ref.length, rows: 3}, types); err == nil {
		t.Error("a block in another place: not noticed")
	}
	// With a checksum that fits, wrong lengths are errors and not panics.
	for i := 8; i < len(block); i++ {
		bad := bytes.Clone(block)
		bad[i] ^= 0x10
		seal(bad, 64)
		_, _ = readBlock(bad, ref, types)
	}
}

func TestLimitsNameTheirSettings(t *testing.T) {
	fs := memfs.New()
	a := openArea(t, fs, 3000)
	one, two := a.Space(2000), a.Space(0)
	f, err := one.Create()
	if err != nil {
		t.Fatal(err)
	}
	g, err := two.Create()
	if err != nil {
		t.Fatal(err)
	}
	columns, _ := ints(128)
	check := func(f *File, state, name string) {
		t.Helper()
		_, err := f.Append(columns, 128)
		var e *column.Error
		if !errors.As(err, &e) || e.SQLState != state || !bytes.Contains([]byte(e.Message+e.Hint), []byte(name)) {
			t.Errorf("got %v, want %s that names %s", err, state, name)
		}
	}
	if _, err := f.Append(columns, 128); err != nil {
		t.Fatal(err)
	}
	check(f, "53400", "temp_file_limit")
	if _, err := g.Append(columns, 128); err != nil {
		t.Fatal(err)
	}
	check(g, "53100", "--temp-files")
	if err := f.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Append(columns, 128); err != nil {
		t.Errorf("after another file was removed: %v", err)
	}
	if err := errors.Join(one.Close(), two.Close()); err != nil {
		t.Error(err)
	}
	if one.Peak() == 0 || one.Written() != one.Peak() || two.Written() <= one.Written() {
		t.Errorf("peak %d, written %d and %d", one.Peak(), one.Written(), two.Written())
	}
	empty(t, fs, a)
	if _, err := one.Create(); err == nil {
		t.Error("a closed space made a file")
	}
	empty(t, fs, a)
}

// TestFolderIsEmptiedAtStart: only files of ours go.
func TestFolderIsEmptiedAtStart(t *testing.T) {
	fs := memfs.New()
	a := openArea(t, fs, 0)
	if _, err := a.Space(0).Create(); err != nil { // a process that dies now
		t.Fatal(err)
	}
	other, err := fs.Create(filepath.Join(dir, "notes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	other.Close()
	openArea(t, fs, 0)
	if names, err := fs.List(dir); err != nil || len(names) != 1 || names[0] != "notes.txt" {
		t.Errorf("the folder has %v, %v", names, err)
	}
}

// TestFailingDisk fails each operation in turn: an error, and nothing left that is counted.
func TestFailingDisk(t *testing.T) {
	columns, types := ints(100)
	work := func(fs vfs.FS) (*Area, error) {
		a, err := Open(fs, dir, 0)
		if err != nil {
			return nil, err
		}
		s := a.Space(0)
		var list []Block
		f, err := s.Create()
		for range 3 {
			if err == nil {
				var b Block
				b, err = f.Append(columns, 100)
				list = append(list, b)
			}
		}
		for _, b := range list {
			if err == nil {
				_, err = f.Read(b, types)
			}
		}
		return a, errors.Join(err, s.Close())
	}
	count := faultfs.New(memfs.New(), nil)
	if _, err := work(count); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= count.Count(); i++ {
		fs := faultfs.New(memfs.New(), faultfs.FailAt(i, faultfs.ErrNoSpace))
		a, err := work(fs)
		if err == nil {
			t.Errorf("operation %d failed and nobody said so", i)
		}
		if a != nil && (a.Used() != 0 || a.Files() != 0) {
			t.Errorf("operation %d: %d bytes in %d files are counted", i, a.Used(), a.Files())
		}
		var e *column.Error
		if errors.As(err, &e) && e.Class == column.Limit && e.SQLState != "53100" {
			t.Errorf("operation %d: %s", i, e.SQLState)
		}
	}
}

func TestConcurrently(t *testing.T) {
	fs := memfs.New()
	a := openArea(t, fs, 0)
	s := a.Space(0)
	f, err := s.Create()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 50 {
				columns, types := ints(w*50 + i + 1)
				b, err := f.Append(columns, columns[0].Len)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := f.Read(b, types); err != nil || !column.Equal(got[0], columns[0]) {
					t.Errorf("%v", err)
				}
			}
		})
	}
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	empty(t, fs, a)
}
