package segment

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column/key"
)

var writeGolden = flag.Bool("write-golden", false, "write testdata/v1 anew: only before a format is released")

// TestGolden reads files that were written when version 1 of the format was fixed. If it fails, segments out there cannot be read:
// make a new version instead of changing this one.
func TestGolden(t *testing.T) {
	dir := filepath.Join("testdata", "v1")
	names := map[string]string{DataName(7, 9): "9.parquet", SidecarName(7, 9): "9.idx", VectorName(7, 9, 2): "9.2.dv"}
	if *writeGolden {
		_, files, ref := smallSegment(t)
		rows, err := readEverything(t.Context(), files, ref)
		if err != nil {
			t.Fatal(err)
		}
		if files[VectorName(7, 9, 2)], err = AppendVector(nil, 7, 9, 2, roaring.BitmapOf(0, 3, 4, 5, 20)); err != nil {
			t.Fatal(err)
		}
		for name, short := range names {
			if err := os.WriteFile(filepath.Join(dir, short), files[name], 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "rows.txt"), []byte(strings.Join(rows, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := oneFile{}
	for name, short := range names {
		b, err := os.ReadFile(filepath.Join(dir, short))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	want, err := os.ReadFile(filepath.Join(dir, "rows.txt"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(want), "\n")
	side := files[SidecarName(7, 9)]
	ref := Ref{Table: 7, Segment: 9, Rows: int64(len(lines)), DataBytes: int64(len(files[DataName(7, 9)])), SidecarBytes: int64(len(side)), SidecarSum: sum(side)}
	if err := Verify(t.Context(), files, ref); err != nil {
		t.Fatal(err)
	}
	got, err := readEverything(t.Context(), files, ref)
	if err != nil || strings.Join(got, "\n") != string(want) {
		t.Fatalf("%v; rows:\n%s", err, strings.Join(got, "\n"))
	}
	dv := files[VectorName(7, 9, 2)]
	bm, err := ReadVector(t.Context(), files, 7, 9, 2, VectorInfo{Rows: 5, Bytes: int64(len(dv)), Sum: sum(dv)})
	if err != nil || !bm.Equals(roaring.BitmapOf(0, 3, 4, 5, 20)) {
		t.Fatal(bm, err)
	}
}

// TestGoldenSeries finds the series of old files by every form that later schemas give their keys.
func TestGoldenSeries(t *testing.T) {
	files := oneFile{}
	for name, short := range map[string]string{DataName(7, 9): "9.parquet", SidecarName(7, 9): "9.idx"} {
		b, err := os.ReadFile(filepath.Join("testdata", "v1", short))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	rows, err := os.ReadFile(filepath.Join("testdata", "v1", "rows.txt"))
	if err != nil {
		t.Fatal(err)
	}
	side := files[SidecarName(7, 9)]
	r, err := Open(t.Context(), files, Ref{
		Table: 7, Segment: 9, Rows: int64(strings.Count(string(rows), "\n") + 1), DataBytes: int64(len(files[DataName(7, 9)])),
		SidecarBytes: int64(len(side)), SidecarSum: sum(side),
	}, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := range r.SeriesCount() {
		s, err := r.Series(i)
		if err != nil {
			t.Fatal(err)
		}
		short, err := key.Short(s.Key, r.Schema().TagTypes())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range [][]byte{s.Key, short, key.AppendNull(slices.Clone(s.Key))} {
			if got, err := r.FindSeries(k); got != i || err != nil {
				t.Errorf("series %d by %x: %d, %v", i, k, got, err)
			}
		}
		if got, err := r.FindSeries(key.AppendBool(slices.Clone(s.Key), true)); got != -1 || err != nil {
			t.Errorf("series %d with a tag that it does not have: %d, %v", i, got, err)
		}
	}
}
