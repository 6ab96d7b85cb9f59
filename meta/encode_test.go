package meta

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

var update = flag.Bool("update", false, "write the golden files anew: only for a new format version")

// goldenCommands has one command of each kind, every field set.
func goldenCommands() []Command {
	seg := Segment{
		ID: 3, Partition: -2, Rows: 100, MinTime: -200, MaxTime: -101, MinSeq: 4, MaxSeq: 9, DataBytes: 5000, SidecarBytes: 600,
		SidecarSum: 0xfeedface, SchemaVersion: 1, Level: 2, Key: 8, Deleted: &DeletionVector{Version: 1, Rows: 7, Bytes: 40, Sum: 0xabad1dea},
	}
	other := Segment{ID: 4, Partition: 1, Rows: 1, MinTime: 100, MaxTime: 100, MinSeq: 1, MaxSeq: 1, SchemaVersion: 2}
	samples := SamplesSchema()
	return []Command{
		{CreateDatabase: &CreateDatabase{Name: "default", IfNotExists: true}},
		{CreateTable: &CreateTable{Database: 1, Schema: "prometheus", Name: "samples", Columns: samples, IfNotExists: true}},
		{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "größe \"x\"", Columns: timedSchema()}},
		{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "gone", Columns: plainSchema()}},
		{AddColumns: &AddColumns{Table: 2, From: 1, Columns: []column.Field{{Name: "added", Type: column.T(column.Numeric)}}}},
		{OpenShard: &OpenShard{Shard: 1}},
		{ReserveIDs: &ReserveIDs{Count: 10}},
		{Commit: &Commit{Edits: []Edit{{Table: 2, Add: []Segment{seg, other}}}, Flushed: &Flushed{Shard: 1, Epoch: 1, Seq: 9}}},
		{Commit: &Commit{
			Edits: []Edit{{
				Table: 2, Remove: []SegmentAt{{ID: 4}},
				Vectors: []VectorChange{{SegmentAt{ID: 3, Vector: 1}, DeletionVector{Version: 2, Rows: 8, Bytes: 41, Sum: 1}}},
			}},
			Flushed: &Flushed{Shard: 1, Epoch: 1, Seq: 12}, PrevFlushed: 9,
		}},
		{DropTable: &DropTable{Table: 3}},
		{Forget: &Forget{Garbage: []Garbage{{Table: 2, Segment: 3, Vector: 1, Removed: 9}}}},
	}
}

// growingCommands have the fields that came to version 1 later, which an older reader refuses: a table that merges rows, and
// tags added to it.
func growingCommands() []Command {
	merging := timedSchema()
	merging.Key, merging.Merge = []column.ID{1, 2}, true
	return []Command{
		{CreateDatabase: &CreateDatabase{Name: "default"}},
		{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "points", Columns: merging}},
		{AddColumns: &AddColumns{Table: 1, From: 1, Tags: true, Columns: []column.Field{{Name: "zone", Type: column.T(column.Text)}}}},
	}
}

// deletingCommands have the mark of deletes, which came to version 1 later: it runs ahead of the mark of rows.
func deletingCommands() []Command {
	seg := Segment{ID: 1, Rows: 10, MinSeq: 1, MaxSeq: 4, DataBytes: 500, SidecarBytes: 60, SchemaVersion: 1}
	return []Command{
		{CreateDatabase: &CreateDatabase{Name: "default"}},
		{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "plain", Columns: plainSchema()}},
		{OpenShard: &OpenShard{Shard: 1}},
		{ReserveIDs: &ReserveIDs{Count: 10}},
		{Commit: &Commit{Edits: []Edit{{Table: 1, Add: []Segment{seg}}}, Flushed: &Flushed{Shard: 1, Epoch: 1, Seq: 4}}},
		{Commit: &Commit{
			Edits:   []Edit{{Table: 1, Vectors: []VectorChange{{SegmentAt{ID: 1}, DeletionVector{Version: 2, Rows: 3, Bytes: 41, Sum: 1}}}}},
			Flushed: &Flushed{Shard: 1, Epoch: 1, Seq: 4, Deletes: 9}, PrevFlushed: 4,
		}},
	}
}

func goldenState(t testing.TB, commands []Command) *Snapshot {
	s := NewSnapshot()
	for i, cmd := range commands {
		next, _, err := s.Apply(cmd, uint64(i+2))
		if err != nil {
			t.Fatal(err)
		}
		s = next
	}
	return s
}

func golden(t *testing.T, name string, data []byte) []byte {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(file, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, want) {
		t.Errorf("%s: the encoding changed: what older versions wrote must stay readable, see FORMAT.md", file)
	}
	return want
}

func TestCommandGolden(t *testing.T) {
	for i, cmd := range append(goldenCommands(), growingCommands()[1:]...) {
		data, err := AppendCommand(nil, cmd)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeCommand(golden(t, fmt.Sprintf("command-%02d.v1", i), data))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, cmd) {
			t.Errorf("command %d: %s", i, describe(back))
		}
	}
}

// TestDeletesGolden: the mark of deletes, and that it goes where the mark of rows has reached it.
func TestDeletesGolden(t *testing.T) {
	commands := deletingCommands()
	for i, cmd := range commands[4:] {
		data, err := AppendCommand(nil, cmd)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeCommand(golden(t, fmt.Sprintf("command-deletes-%d.v1", i), data))
		if err != nil || !reflect.DeepEqual(back, cmd) {
			t.Errorf("command %d: %s, %v", i, describe(back), err)
		}
	}
	s := goldenState(t, commands)
	if s.FlushedSeq(1) != 4 || s.DeletedSeq(1) != 9 {
		t.Errorf("marks %+v", s.Shard(1))
	}
	for _, step := range []struct{ seq, deletes, wantDeletes, want Seq }{{8, 0, 9, 9}, {8, 5, 9, 9}, {9, 0, 0, 9}, {12, 11, 0, 12}, {12, 15, 15, 15}} {
		s = must(t, s, Command{Commit: &Commit{
			Flushed: &Flushed{Shard: 1, Epoch: 1, Seq: step.seq, Deletes: step.deletes}, PrevFlushed: s.FlushedSeq(1),
		}})
		if f := s.Shard(1); f.Seq != step.seq || f.Deletes != step.wantDeletes || s.DeletedSeq(1) != step.want {
			t.Errorf("%+v gives the marks %+v", step, f)
		}
	}
}

// truncatingCommands empty a table that has a segment with a deletion vector.
func truncatingCommands() []Command {
	return append(deletingCommands(), Command{Truncate: &Truncate{Table: 1, From: 12}})
}

// TestTruncateGolden: the rows are gone, and their files are garbage.
func TestTruncateGolden(t *testing.T) {
	commands := truncatingCommands()
	cmd := commands[len(commands)-1]
	data, err := AppendCommand(nil, cmd)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeCommand(golden(t, "command-truncate.v1", data))
	if err != nil || !reflect.DeepEqual(back, cmd) {
		t.Errorf("%s, %v", describe(back), err)
	}
	s := goldenState(t, commands)
	if s.TableByID(1).From != 12 || s.Manifest(1).Len() != 0 || s.Manifest(1).LiveRows() != 0 || len(s.Garbage()) != 2 {
		t.Errorf("%s", dumpSnapshot(s))
	}
	if again, _, err := s.Apply(cmd, 0); err != nil || again != s {
		t.Errorf("the same once more: %v", err)
	}
	if _, _, err := s.Apply(Command{Truncate: &Truncate{Table: 1, From: 11}}, 0); column.ClassOf(err) != column.Invalid {
		t.Errorf("going back: %v", err)
	}
	if _, _, err := s.Apply(Command{Truncate: &Truncate{Table: 9, From: 12}}, 0); column.ClassOf(err) != column.NotFound {
		t.Errorf("no table: %v", err)
	}
}

func TestSnapshotGolden(t *testing.T) {
	for name, commands := range map[string][]Command{
		"snapshot.v1": goldenCommands(), "snapshot-growing.v1": growingCommands(), "snapshot-deletes.v1": deletingCommands(),
		"snapshot-truncate.v1": truncatingCommands(),
	} {
		s := goldenState(t, commands)
		data, err := AppendSnapshot(nil, s)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeSnapshot(golden(t, name, data))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := dumpSnapshot(back), dumpSnapshot(s); got != want || back.Applied() != uint64(len(commands)+1) {
			t.Errorf("%s: applied %d, state\n%s\nwant\n%s", name, back.Applied(), got, want)
		}
		if !reflect.DeepEqual(back.tables, s.tables) {
			t.Errorf("%s: descriptions of tables differ", name)
		}
	}
}

func TestDecodeCommandRefused(t *testing.T) {
	for src, class := range map[string]column.Class{
		"":                          column.Corrupt,
		"\x02{}":                    column.Unsupported,
		"\x01":                      column.Corrupt,
		"\x01{}":                    column.Corrupt,
		"\x01{\"open_shard\":":      column.Corrupt,
		"\x01{\"open_shard\":3}":    column.Corrupt,
		"\x01{\"rename_table\":{}}": column.Unsupported,
		"\x01{\"open_shard\":{\"shard\":1,\"node\":2}}":         column.Unsupported,
		"\x01{\"open_shard\":{\"shard\":-1}}":                   column.Corrupt,
		"\x01{\"open_shard\":{\"shard\":1}} {}":                 column.Corrupt,
		"\x01{\"open_shard\":{},\"reserve_ids\":{\"count\":1}}": column.Corrupt,
	} {
		if _, err := DecodeCommand([]byte(src)); err == nil || column.ClassOf(err) != class {
			t.Errorf("%q: %v, want %v", src, err, class)
		}
	}
	if _, err := AppendCommand(nil, Command{CreateDatabase: &CreateDatabase{Name: "\xff"}}); column.ClassOf(err) != column.Invalid {
		t.Errorf("a name that JSON would change was encoded: %v", err)
	}
}

// TestDecodeSnapshotDamage cuts and flips every byte: decoding must end in an error or in a state that encodes to
// exactly these bytes, and never panic.
func TestDecodeSnapshotDamage(t *testing.T) {
	data, err := AppendSnapshot(nil, goldenState(t, goldenCommands()))
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		if _, err := DecodeSnapshot(data[:i]); err == nil {
			t.Fatalf("the first %d of %d bytes were decoded", i, len(data))
		}
		for _, flip := range []byte{1, 0x80, 0xff} {
			damaged := bytes.Clone(data)
			damaged[i] ^= flip
			decodeOrRefuse(t, damaged)
		}
	}
	newer := bytes.Clone(data)
	newer[len(snapshotMagic)]++
	if _, err := DecodeSnapshot(newer); column.ClassOf(err) != column.Unsupported {
		t.Errorf("newer format: %v", err)
	}
	if _, err := DecodeSnapshot(append(bytes.Clone(data), 0)); column.ClassOf(err) != column.Corrupt || !strings.Contains(err.Error(), "follow the end") {
		t.Errorf("trailing byte: %v", err)
	}
}

func decodeOrRefuse(t *testing.T, data []byte) {
	t.Helper()
	s, err := DecodeSnapshot(data)
	if err != nil {
		if c := column.ClassOf(err); c != column.Corrupt && c != column.Unsupported {
			t.Fatalf("%v has class %v", err, c)
		}
		return
	}
	again, err := AppendSnapshot(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeSnapshot(again)
	if err != nil || dumpSnapshot(back) != dumpSnapshot(s) {
		t.Fatalf("a decoded state does not survive encoding: %v", err)
	}
}

func FuzzDecodeSnapshot(f *testing.F) {
	data, err := AppendSnapshot(nil, goldenState(f, goldenCommands()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) { decodeOrRefuse(t, data) })
}

func FuzzDecodeCommand(f *testing.F) {
	for _, cmd := range append(goldenCommands(), growingCommands()...) {
		data, err := AppendCommand(nil, cmd)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	state := goldenState(f, goldenCommands())
	f.Fuzz(func(t *testing.T, data []byte) {
		cmd, err := DecodeCommand(data)
		if err != nil {
			if c := column.ClassOf(err); c != column.Corrupt && c != column.Unsupported {
				t.Fatalf("%v has class %v", err, c)
			}
			return
		}
		before := dumpSnapshot(state)
		next, _, err := state.Apply(cmd, 0)
		if err != nil && next != state || dumpSnapshot(state) != before {
			t.Fatalf("%v changed the state", err)
		}
		if err == nil {
			decodeStateOf(t, next)
		}
	})
}

// decodeStateOf checks that what Apply made can be stored and read.
func decodeStateOf(t *testing.T, s *Snapshot) {
	data, err := AppendSnapshot(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeSnapshot(data); err != nil {
		t.Fatal(err)
	}
}
