package wal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/frame"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/meta"
)

func testKey(ref uint32) []byte { return fmt.Appendf(nil, "series-with-a-long-common-prefix-%d", ref) }

// found is what a replay gave.
type found struct {
	keys    map[meta.TableID]map[uint32]string
	records []*Record
}

func (f *found) replay() Replay {
	return Replay{
		File: func(string) { f.keys = map[meta.TableID]map[uint32]string{} },
		Define: func(table meta.TableID, ref uint32, key []byte) error {
			if f.keys[table] == nil {
				f.keys[table] = map[uint32]string{}
			}
			f.keys[table][ref] = string(key)
			return nil
		},
		Commit: func(r *Record) error {
			for _, t := range r.Tables {
				for _, ref := range t.Refs {
					if f.keys[t.Table][ref] != string(testKey(ref)) {
						return fmt.Errorf("ref %d of table %d means %q", ref, t.Table, f.keys[t.Table][ref])
					}
				}
			}
			f.records = append(f.records, r)
			return nil
		},
	}
}

func open(t rapid.TB, o Options) (*Log, *found) {
	t.Helper()
	f := &found{}
	l, err := Open(o, f.replay())
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return l, f
}

// table makes rows 0..n-1 of a table, numbered from value on.
func table(id meta.TableID, value int64, refs ...uint32) Table {
	ints := make([]int64, len(refs))
	for i := range ints {
		ints[i] = value + int64(i)
	}
	return Table{Database: 1, Table: id, SchemaVersion: 3, Rows: len(refs), Refs: refs, Columns: []Column{{ID: 2, Vector: column.NewInts(column.T(column.Int64), ints, nil)}}}
}

func appendTables(t rapid.TB, l *Log, tables ...Table) meta.Seq {
	t.Helper()
	seq, err := tryAppend(l, tables...)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	return seq
}

func tryAppend(l *Log, tables ...Table) (meta.Seq, error) {
	var bodies []Body
	for i := range tables {
		rows, err := EncodeTable(context.Background(), nil, &tables[i])
		if err != nil {
			return 0, err
		}
		bodies = append(bodies, Body{Table: tables[i].Table, Refs: tables[i].Refs, Rows: rows, Key: testKey})
	}
	return l.Append(Record{Time: 42, Writer: "w", Number: 7}, bodies, nil)
}

func options(fsys vfs.FS) Options {
	return Options{FS: fsys, Dir: "/wal", Shard: 5, Epoch: 1, FileBytes: 600}
}

// values lists seq:first value of each record.
func (f *found) values() string {
	var b strings.Builder
	for _, r := range f.records {
		fmt.Fprintf(&b, "%d:", r.Seq)
		for _, t := range r.Tables {
			fmt.Fprintf(&b, "%d", t.Columns[0].Vector.Ints[0])
		}
		b.WriteString(" ")
	}
	return strings.TrimSpace(b.String())
}

func TestReplayAcrossFiles(t *testing.T) {
	fsys := memfs.New()
	l, _ := open(t, options(fsys))
	want := ""
	for i := range 40 {
		seq := appendTables(t, l, table(9, int64(i), uint32(i%3), uint32(i)), table(8, int64(i), 1))
		want += fmt.Sprintf("%d:%d%d ", seq, i, i)
		if i == 20 {
			l.Forget(9)
		}
	}
	if err := l.Sync(40); err != nil {
		t.Fatal(err)
	}
	if st := l.Stats(); st.Files < 3 || st.Seq != 40 || st.Synced != 40 {
		t.Fatalf("%+v", st)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	o := options(fsys)
	o.Epoch = 2
	l, f := open(t, o)
	if got := f.values(); got != strings.TrimSpace(want) {
		t.Fatalf("got %s\nwant %s", got, want)
	}
	if r := f.records[3]; r.Kind != Multi || r.Shard != 5 || r.Epoch != 1 || r.Time != 42 || r.Writer != "w" || r.Number != 7 || r.Tables[0].SchemaVersion != 3 || r.Tables[0].Database != 1 {
		t.Fatalf("%+v", r)
	}
	// Only records after the mark come, and files below it go; the others still have all the definitions they use.
	before := l.Stats().Files
	if err := l.Truncate(25); err != nil {
		t.Fatal(err)
	}
	if after := l.Stats().Files; after >= before || after < 2 {
		t.Fatalf("%d files, then %d", before, after)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	o.Flushed, o.Epoch = 25, 3
	l, f = open(t, o)
	if len(f.records) != 15 || f.records[0].Seq != 26 {
		t.Fatalf("%s", f.values())
	}
	if seq := appendTables(t, l, table(1, 1, 0)); seq != 41 {
		t.Fatalf("seq %d", seq)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestGroupCommit(t *testing.T) {
	disk := faultfs.New(memfs.New(), nil)
	o := options(disk)
	o.FileBytes = 1 << 20
	l, _ := open(t, o)
	syncs, gate := 0, make(chan struct{})
	disk.SetInjector(func(op faultfs.Op, _ string, _ int) error {
		if op == faultfs.OpSync {
			syncs++
			if syncs == 1 {
				<-gate
			}
		}
		return nil
	})
	var all sync.WaitGroup
	const writers = 50
	for i := range writers {
		seq := appendTables(t, l, table(1, int64(i), 0))
		all.Go(func() {
			if err := l.Sync(seq); err != nil {
				t.Error(err)
			}
		})
	}
	close(gate)
	all.Wait()
	if syncs > 2 {
		t.Fatalf("%d syncs for %d writers", syncs, writers)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestPoison(t *testing.T) {
	for _, bad := range []faultfs.Op{faultfs.OpSync, faultfs.OpWrite} {
		disk := faultfs.New(memfs.New(), nil)
		l, _ := open(t, options(disk))
		seq := appendTables(t, l, table(1, 1, 0))
		once := true
		disk.SetInjector(func(op faultfs.Op, _ string, _ int) error {
			if op == bad && once {
				once = false
				return faultfs.ErrNoSpace
			}
			return nil
		})
		if err := l.Sync(seq); !errors.Is(err, faultfs.ErrNoSpace) {
			t.Fatalf("%s: %v", bad, err)
		}
		for range 2 {
			_, err := tryAppend(l, table(1, 2, 0))
			if !errors.Is(err, faultfs.ErrNoSpace) || !strings.Contains(err.Error(), "until a restart") {
				t.Fatalf("%s: %v", bad, err)
			}
			if err := errors.Join(l.Flush(), nil); !errors.Is(err, faultfs.ErrNoSpace) {
				t.Fatalf("%s: %v", bad, err)
			}
		}
	}
}

// TestNoSpaceForNextFile: a file that cannot be begun is not poison; the next append tries again.
func TestNoSpaceForNextFile(t *testing.T) {
	disk := faultfs.New(memfs.New(), nil)
	l, _ := open(t, options(disk))
	n := int64(0)
	for ; l.Stats().Bytes < 600; n++ {
		appendTables(t, l, table(1, n, 0))
	}
	disk.SetInjector(func(op faultfs.Op, _ string, _ int) error {
		if op == faultfs.OpCreate {
			return faultfs.ErrNoSpace
		}
		return nil
	})
	if _, err := tryAppend(l, table(1, n, 0)); !errors.Is(err, column.Overloaded) {
		t.Fatal(err)
	}
	disk.SetInjector(nil)
	seq := appendTables(t, l, table(1, n, 0))
	if err := errors.Join(l.Sync(seq), l.Close()); err != nil {
		t.Fatal(err)
	}
	o := options(disk)
	o.Epoch = 2
	if _, f := open(t, o); len(f.records) != int(n)+1 {
		t.Fatalf("%d records, want %d", len(f.records), n+1)
	}
}

// filled makes a folder of three closed files.
func filled(t *testing.T) (*memfs.FS, []string) {
	fsys := memfs.New()
	l, _ := open(t, options(fsys))
	for i := range 40 {
		appendTables(t, l, table(3, int64(i), uint32(i)))
		if l.Stats().Files == 3 && i%7 == 0 {
			break
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := fsys.List("/wal")
	if err != nil || len(names) < 3 {
		t.Fatalf("%v, %v", names, err)
	}
	return fsys, names
}

func rewrite(t *testing.T, fsys vfs.FS, name string, data []byte) {
	t.Helper()
	f, err := fsys.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestDamage flips every byte of every file, and cuts every file at every length: an error that names the file, or what a torn
// final record explains; never other rows.
func TestDamage(t *testing.T) {
	base, names := filled(t)
	whole := map[string][]byte{}
	for _, n := range names {
		data, err := vfs.ReadFile(base, "/wal/"+n)
		if err != nil {
			t.Fatal(err)
		}
		whole[n] = data
	}
	try := func(name string, data []byte, what string) {
		fsys := memfs.New()
		if err := fsys.MkdirAll("/wal"); err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			if n == name {
				rewrite(t, fsys, "/wal/"+n, data)
			} else {
				rewrite(t, fsys, "/wal/"+n, whole[n])
			}
		}
		o := options(fsys)
		o.Epoch = 2
		f := &found{}
		l, err := Open(o, f.replay())
		for i, r := range f.records {
			if r.Seq != meta.Seq(i+1) || r.Tables[0].Columns[0].Vector.Ints[0] != int64(i) {
				t.Fatalf("%s %s: record %d is %+v", name, what, i, r)
			}
		}
		if err != nil {
			if !strings.Contains(err.Error(), name) {
				t.Fatalf("%s %s: the error names no file: %v", name, what, err)
			}
			return
		}
		if name != names[len(names)-1] {
			t.Fatalf("%s %s: damage in the middle was not noticed", name, what)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range names {
		for i := range whole[n] {
			data := bytes.Clone(whole[n])
			data[i] ^= 1 << (i % 8)
			try(n, data, fmt.Sprintf("byte %d flipped", i))
			try(n, whole[n][:i], fmt.Sprintf("cut to %d bytes", i))
		}
	}
}

func TestMissingFileAndRepair(t *testing.T) {
	for at := range 3 {
		fsys, names := filled(t)
		if err := fsys.Remove("/wal/" + names[at]); err != nil {
			t.Fatal(err)
		}
		o := options(fsys)
		o.Epoch = 2
		_, err := Open(o, (&found{}).replay())
		if last := at == len(names)-1; last != (err == nil) || !last && !errors.Is(err, column.Corrupt) {
			t.Fatalf("file %d of %d missing: %v", at, len(names), err)
		}
	}
	fsys, names := filled(t)
	data, err := vfs.ReadFile(fsys, "/wal/"+names[1])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 4
	rewrite(t, fsys, "/wal/"+names[1], data)
	o := options(fsys)
	o.Epoch = 2
	if _, err := Open(o, (&found{}).replay()); !errors.Is(err, column.Corrupt) || !strings.Contains(err.Error(), names[1]) {
		t.Fatalf("%v", err)
	}
	o.Repair = true
	l, f := open(t, o)
	if n := len(f.records); n == 0 || n >= 40 {
		t.Fatalf("%d records", n)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFencedAndForeignFiles(t *testing.T) {
	fsys, names := filled(t)
	o := options(fsys)
	o.Epoch = 0
	if _, err := Open(o, Replay{}); !errors.Is(err, column.Conflict) {
		t.Fatalf("older epoch: %v", err)
	}
	o.Epoch, o.Shard = 2, 6
	if _, err := Open(o, Replay{}); !errors.Is(err, column.Corrupt) || !strings.Contains(err.Error(), names[0]) {
		t.Fatalf("other shard: %v", err)
	}
}

// vectors draws a flat vector of any type.
func vectors(t *rapid.T, n int) *column.Vector {
	typ := column.T(column.Kind(rapid.IntRange(int(column.Bool), int(column.Array)).Draw(t, "kind")))
	if typ.IsArray() {
		typ.Elem = column.Kind(rapid.IntRange(int(column.Bool), int(column.Array)-1).Draw(t, "element kind"))
	}
	b := column.NewBuilder(typ, n)
	nulls := rapid.Bool().Draw(t, "nulls")
	for range n {
		if nulls && rapid.Bool().Draw(t, "null") {
			b.AppendNull()
			continue
		}
		switch typ.Physical() {
		case column.PhysBool:
			b.AppendBool(rapid.Bool().Draw(t, "b"))
		case column.PhysInt:
			b.AppendInt(rapid.Int64().Draw(t, "i"))
		case column.PhysFloat:
			b.AppendFloat(math.Float64frombits(rapid.Uint64().Draw(t, "f")))
		case column.PhysInterval:
			b.AppendInterval(column.Interval{Months: rapid.Int32().Draw(t, "m"), Days: rapid.Int32().Draw(t, "d"), Micros: rapid.Int64().Draw(t, "u")})
		default:
			b.AppendBytes(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "s"))
		}
	}
	return b.Finish()
}

func TestRecordRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Record{
			Kind: Insert, Shard: 3, Epoch: rapid.Uint64().Draw(t, "epoch"), Seq: meta.Seq(rapid.Uint64Min(1).Draw(t, "seq")), Time: rapid.Int64().Draw(t, "time"),
			Writer: rapid.StringN(0, 20, maxWriter).Draw(t, "writer"), Number: rapid.Uint64().Draw(t, "number"),
		}
		n := rapid.IntRange(1, 100).Draw(t, "rows")
		tab := Table{Database: 4, Table: 5, SchemaVersion: 6, Rows: n, Refs: []uint32{rapid.Uint32Range(0, 1<<32-2).Draw(t, "ref")}}
		if rapid.Bool().Draw(t, "many") {
			tab.Refs = rapid.SliceOfN(rapid.Uint32Range(0, 1<<20), n, n).Draw(t, "refs")
		}
		for i := range rapid.IntRange(0, 4).Draw(t, "columns") {
			tab.Columns = append(tab.Columns, Column{ID: column.ID(i + 1), Vector: vectors(t, n)})
		}
		rows, err := EncodeTable(context.Background(), nil, &tab)
		if err != nil {
			t.Fatal(err)
		}
		b := r.appendHead(nil, 1)
		b = appendUvarint(b, uint64(tab.Table))
		b = appendDefinitions(b, tab.Refs, testKey)
		b = append(appendUvarint(b, uint64(len(rows))), rows...)
		keys := 0
		got, err := Decode(b, func(id meta.TableID, ref uint32, key []byte) error {
			if id != 5 || string(key) != string(testKey(ref)) {
				t.Fatalf("table %d, ref %d: %q", id, ref, key)
			}
			keys++
			return nil
		})
		if err != nil || keys != len(tab.Refs) {
			t.Fatalf("%v, %d keys", err, keys)
		}
		g := got.Tables[0]
		if got.Epoch != r.Epoch || got.Seq != r.Seq || got.Time != r.Time || got.Writer != r.Writer || got.Number != r.Number || !reflect.DeepEqual(g.Refs, tab.Refs) || len(g.Columns) != len(tab.Columns) {
			t.Fatalf("%+v, want %+v", got, r)
		}
		for i, c := range g.Columns {
			if c.ID != tab.Columns[i].ID || !column.Identical(c.Vector, tab.Columns[i].Vector) {
				t.Fatalf("column %d: %+v, want %+v", i, c.Vector, tab.Columns[i].Vector)
			}
		}
		for cut := range b {
			if _, err := Decode(b[:cut], nil); err == nil {
				t.Fatalf("%d of %d bytes decode", cut, len(b))
			}
		}
	})
}

func TestLimits(t *testing.T) {
	l, _ := open(t, options(memfs.New()))
	huge := Body{Table: 1, Refs: []uint32{0}, Rows: make([]byte, frame.DefaultMaxRecord), Key: testKey}
	if _, err := l.Append(Record{}, []Body{huge}, nil); !errors.Is(err, column.Limit) {
		t.Fatal(err)
	}
	seq := appendTables(t, l, table(1, 1, 0)) // the refused one has defined nothing
	if err := errors.Join(l.Sync(seq), l.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := EncodeTable(context.Background(), nil, &Table{Rows: 0}); !errors.Is(err, column.Limit) {
		t.Fatal(err)
	}
}
