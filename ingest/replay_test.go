package ingest

import (
	"bytes"
	"context"
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/ingest/wal"
	"github.com/automatanexus/aegis-db/meta"
)

var writeGolden = flag.Bool("write-golden", false, "write the golden log anew: only together with a new version of the format")

// goldenLog is a log over a change of the schema. Its first record is of schema version 1 and has complete keys, as logs had before
// tags could be added; the others are of versions 1 and 2, with short keys.
const goldenLog = "testdata/wal-across-schemas.wal"

func writeLog(t *testing.T, table meta.TableID) []byte {
	fsys := memfs.New()
	l, err := wal.Open(wal.Options{FS: fsys, Dir: "/wal", Shard: 1, Epoch: 1}, wal.Replay{})
	if err != nil {
		t.Fatal(err)
	}
	null := key.AppendNull
	complete := [][]byte{
		key.AppendInt(key.AppendBytes(nil, []byte("a")), 1),
		null(key.AppendBytes(nil, []byte("a"))),
		null(null(nil)),
		// An integer may end with the byte that stands for NULL.
		key.AppendInt(null(nil), 2),
	}
	short := [][]byte{complete[0], key.AppendBytes(nil, []byte("a")), {}, complete[3], key.AppendBytes(null(null(nil)), []byte("z"))}
	for i, r := range []struct {
		version uint32
		keys    [][]byte
	}{{1, complete}, {1, short[:4]}, {2, short}} {
		n := len(r.keys)
		refs, times, values := make([]uint32, n), make([]int64, n), make([]float64, n)
		for k := range refs {
			refs[k], times[k], values[k] = uint32(k+10*i), int64(i), float64(10*i+k)
		}
		rows, err := wal.EncodeTable(context.Background(), nil, &wal.Table{Database: 1, Table: table, SchemaVersion: r.version, Rows: n, Refs: refs, Columns: []wal.Column{
			{ID: 3, Vector: column.NewInts(column.T(column.TimestampTZ), times, nil)}, {ID: 4, Vector: column.NewFloats(column.T(column.Float64), values, nil)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		body := wal.Body{Table: table, Refs: refs, Rows: rows, Key: func(ref uint32) []byte { return r.keys[int(ref)%10] }}
		if _, err := l.Append(wal.Record{Time: 1_700_000_000_000_000}, []wal.Body{body}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := fsys.List("/wal")
	if err != nil || !slices.Equal(names, []string{"0000000000000001.wal"}) {
		t.Fatal(names, err)
	}
	b, err := vfs.ReadFile(fsys, "/wal/"+names[0])
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestReplayAcrossSchemas: a log whose records have complete keys of the first schema, and short ones of two schemas, gives each
// series once, and writers and segments of the new schema find them.
func TestReplayAcrossSchemas(t *testing.T) {
	w := newWorld(t, memfs.New(), "tagged_unique")
	first := w.tables["tagged_unique"]
	written := writeLog(t, first.ID)
	if *writeGolden {
		if err := os.WriteFile(goldenLog, written, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(goldenLog)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, golden) {
		t.Fatalf("the format changed: %d bytes, not %d", len(written), len(golden))
	}
	add := meta.AddColumns{Table: first.ID, From: 1, Tags: true, Columns: []column.Field{{Name: "zone", Type: column.T(column.Text)}}}
	if _, err := w.catalog.Propose(ctx, meta.Command{AddColumns: &add}); err != nil {
		t.Fatal(err)
	}
	table := w.catalog.Snapshot().TableByID(first.ID)
	if err := w.fs.MkdirAll("/wal"); err != nil {
		t.Fatal(err)
	}
	if err := vfs.WriteFileAtomic(w.fs, "/wal/0000000000000001.wal", golden); err != nil {
		t.Fatal(err)
	}
	w.open(t)
	defer func() { w.abort(t) }()
	req := &scan.Request{Columns: []column.ID{1, 2, 7, 3, 4}, Time: scan.AllTime}
	float := func(f float64) string {
		return cellText(column.NewFloats(column.T(column.Float64), []float64{f}, nil), 0)
	}
	var want []string
	for i, series := range []string{`"a" 1 NULL`, `"a" NULL NULL`, `NULL NULL NULL`, `NULL 2 NULL`, `NULL NULL "z"`} {
		for version, at := range []string{" 0 ", " 1 ", " 2 "} {
			if i < 4 || version == 2 {
				want = append(want, series+at+float(float64(10*version+i)))
			}
		}
	}
	check := func() {
		t.Helper()
		slices.Sort(want)
		if got, err := w.read(w.snapshot(), table, req); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v\n got %q\nwant %q", err, got, want)
		}
		if n := w.shard.Stats().Series; n != 5 {
			t.Fatalf("%d series, not 5", n)
		}
	}
	check()
	if err := w.shard.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	check()
	// A writer that still has the first schema replaces a row of the series that all three records have.
	late := unique(first, 0, 1)
	late.Columns[0], late.Columns[1] = column.NewStrings("a"), column.NewNull(column.T(column.Int32), 1)
	late.Columns[2], late.Columns[3] = column.NewInts(column.T(column.TimestampTZ), []int64{1}, nil), column.NewFloats(column.T(column.Float64), []float64{99}, nil)
	w.write(t, late)
	i := slices.Index(want, `"a" NULL NULL 1 `+float(11))
	want[i] = `"a" NULL NULL 1 ` + float(99)
	check()
	if err := w.shard.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	check()
}
