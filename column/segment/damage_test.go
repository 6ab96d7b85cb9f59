package segment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// oneFile is Files over a few byte slices, so that each of them can be damaged at no cost.
type oneFile map[string][]byte

func (f oneFile) Create(context.Context, string) (NewFile, error)  { return nil, fs.ErrPermission }
func (f oneFile) Remove(context.Context, string) error             { return fs.ErrPermission }
func (f oneFile) List(context.Context, string) ([]FileInfo, error) { return nil, fs.ErrPermission }
func (f oneFile) Open(_ context.Context, name string) (OpenFile, error) {
	b, ok := f[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return bytesFile{strings.NewReader(string(b))}, nil
}

type bytesFile struct{ *strings.Reader }

func (bytesFile) Close() error { return nil }

// load copies the files of a segment into memory.
func loadFiles(t testing.TB, files Files) oneFile {
	t.Helper()
	out := oneFile{}
	list, err := files.List(t.Context(), TablePrefix(7))
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	for _, f := range list {
		b, err := readFile(t.Context(), files, f.Name, f.Size)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = b
	}
	return out
}

// smallSegment has all types, NULLs, labels, and several groups and blocks, in as few bytes as that takes.
func smallSegment(t testing.TB) (*model, oneFile, Ref) {
	r := rand.New(rand.NewPCG(5, 5))
	m := &model{schema: &column.Schema{Version: 1, Partition: 1, Time: 1, Tags: []column.ID{2, 3}, LabelSets: true}}
	add := func(k column.Kind, notNull bool) {
		id := column.ID(len(m.schema.Fields) + 1)
		m.schema.Fields = append(m.schema.Fields, column.Field{ID: id, Name: fmt.Sprint("c", id), Type: column.T(k), NotNull: notNull})
	}
	add(column.Timestamp, true)
	add(column.Text, false)
	add(column.JSON, false)
	for _, k := range []column.Kind{column.Int64, column.Float64, column.Text, column.Bool, column.IntervalKind} {
		add(k, false)
	}
	m.fill(r, 20)
	files := newFiles()
	info := m.write(t, files, Options{Table: 7, Segment: 9, Schema: m.schema, PageRows: 32, GroupRows: 64}, r)
	return m, loadFiles(t, files), info.Ref(7, 9)
}

// readEverything asks for all there is: every section, every page.
func readEverything(ctx context.Context, files Files, ref Ref) ([]string, error) {
	rd, err := Open(ctx, files, ref, ReadOptions{})
	if err != nil {
		return nil, err
	}
	defer rd.Close()
	req := &scan.Request{Time: scan.AllTime, Labels: []string{"a", "job"}, Series: []scan.SeriesFilter{
		{Tag: 2, Match: func([]byte, bool) bool { return true }}, {Tag: 3, Label: "a", Match: func([]byte, bool) bool { return true }},
	}}
	for i, f := range rd.Schema().Fields {
		req.Columns = append(req.Columns, f.ID)
		if _, err := rd.Statistics(&rd.Schema().Fields[i]); err != nil {
			return nil, err
		}
	}
	morsels, _, err := rd.Morsels(ctx, req, View{}, 50)
	if err != nil {
		return nil, err
	}
	return readAll(ctx, morsels)
}

// checkDamage reads a damaged segment: the answer is right, or an error names the file and is Corrupt; Verify always notices.
func checkDamage(t *testing.T, files oneFile, ref Ref, want []string, name, what string) {
	t.Helper()
	got, err := readEverything(t.Context(), files, ref)
	switch {
	case err == nil && !slices.Equal(got, want):
		t.Fatalf("%s: %s: a wrong answer", name, what)
	case err != nil && (!errors.Is(err, column.Corrupt) && !errors.Is(err, column.Unsupported) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "byte") && !errors.Is(err, column.Unsupported)):
		t.Fatalf("%s: %s: %v", name, what, err)
	}
	if err := Verify(t.Context(), files, ref); err == nil {
		t.Fatalf("%s: %s: not noticed", name, what)
	}
}

func TestEveryDamagedByte(t *testing.T) {
	_, files, ref := smallSegment(t)
	want, err := readEverything(t.Context(), files, ref)
	if err != nil || len(want) == 0 {
		t.Fatal(len(want), err)
	}
	if err := Verify(t.Context(), files, ref); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{DataName(7, 9), SidecarName(7, 9)} {
		whole := files[name]
		broken := oneFile{DataName(7, 9): files[DataName(7, 9)], SidecarName(7, 9): files[SidecarName(7, 9)]}
		for i := range whole {
			b := slices.Clone(whole)
			b[i] ^= 1 << (i % 8)
			broken[name] = b
			checkDamage(t, broken, ref, want, name, fmt.Sprintf("bit %d of byte %d flipped", i%8, i))
		}
		for n := range len(whole) {
			broken[name] = whole[:n]
			checkDamage(t, broken, ref, want, name, fmt.Sprintf("cut to %d bytes", n))
		}
		broken[name] = append(slices.Clone(whole), 0)
		checkDamage(t, broken, ref, want, name, "a byte longer")
	}
}

// TestDamageBehindTheChecksum recomputes checksums, as a faulty writer or an attacker would: an error or any answer, no panic.
func TestDamageBehindTheChecksum(t *testing.T) {
	_, files, ref := smallSegment(t)
	side := files[SidecarName(7, 9)]
	rd, err := Open(t.Context(), files, ref, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(8, 8))
	for range 400 {
		b := &sidecarBuilder{buf: slices.Clone(side[:headerBytes]), version: sidecarVersion}
		for i := range rd.sections {
			s := &rd.sections[i]
			body := slices.Clone(side[s.offset : s.offset+s.length])
			if len(body) > 0 && r.IntN(4) == 0 {
				body[r.IntN(len(body))] ^= byte(1 << r.IntN(8))
			}
			b.add(s.kind, s.column, s.label, body)
		}
		forged := b.finish()
		again := ref
		again.SidecarBytes, again.SidecarSum = int64(len(forged)), sum(forged)
		_, _ = readEverything(t.Context(), oneFile{SidecarName(7, 9): forged, DataName(7, 9): files[DataName(7, 9)]}, again)
	}
}

func TestMissingFiles(t *testing.T) {
	_, files, ref := smallSegment(t)
	for name := range files {
		left := oneFile{}
		for n, b := range files {
			if n != name {
				left[n] = b
			}
		}
		if _, err := readEverything(t.Context(), left, ref); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestVectors(t *testing.T) {
	ctx := t.Context()
	files := newFiles()
	rows := roaring.BitmapOf(1, 5, 6, 7, 8, 9, 70000, 1<<31-2)
	info, err := WriteVector(ctx, files, 7, 9, 4, rows)
	if err != nil || info.Rows != 8 {
		t.Fatal(info, err)
	}
	got, err := ReadVector(ctx, files, 7, 9, 4, info)
	if err != nil || !got.Equals(rows) {
		t.Fatal(got, err)
	}
	name := VectorName(7, 9, 4)
	whole := loadFiles(t, files)[name]
	for i := range whole {
		b := slices.Clone(whole)
		b[i] ^= 1 << (i % 8)
		if _, err := ReadVector(ctx, oneFile{name: b}, 7, 9, 4, info); !errors.Is(err, column.Corrupt) || !strings.Contains(err.Error(), name) {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, err := ReadVector(ctx, oneFile{name: whole[:i]}, 7, 9, 4, info); !errors.Is(err, column.Corrupt) || !strings.Contains(err.Error(), name) {
			t.Fatalf("cut to %d: %v", i, err)
		}
	}
	if _, err := ReadVector(ctx, oneFile{VectorName(7, 8, 4): whole}, 7, 8, 4, info); !errors.Is(err, column.Corrupt) {
		t.Fatalf("another segment's vector: %v", err)
	}
}

func TestCombine(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		b := make([]byte, r.IntN(3000))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		k := r.IntN(len(b) + 1)
		if got, want := combine(sum(b[:k]), sum(b[k:]), int64(len(b)-k)), sum(b); got != want {
			t.Fatalf("%d+%d bytes: %08x, want %08x", k, len(b)-k, got, want)
		}
	}
}
