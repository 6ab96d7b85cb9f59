package meta

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
)

func timedSchema() column.Schema {
	return column.Schema{
		Fields: []column.Field{
			{ID: 1, Name: "host", Type: column.T(column.Text)},
			{ID: 2, Name: "ts", Type: column.T(column.TimestampTZ)},
			{ID: 5, Name: "v", Type: column.T(column.Float64)},
		},
		Tags: []column.ID{1}, Time: 2, Partition: 100,
	}
}

func plainSchema() column.Schema {
	return column.Schema{Fields: []column.Field{{ID: 1, Name: "x", Type: column.T(column.Int64)}}}
}

// prelude makes a state in which most commands can succeed.
var prelude = []Command{
	{CreateDatabase: &CreateDatabase{Name: "a"}},
	{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "t", Columns: timedSchema()}},
	{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "u", Columns: plainSchema()}},
	{OpenShard: &OpenShard{Shard: 1}},
	{ReserveIDs: &ReserveIDs{Count: 12}},
}

// TestApplyModel runs random commands, many of which must fail, on Apply and on the model. Every state is kept and
// compared again at the end: none may have changed. Each also survives encoding.
func TestApplyModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, m := NewSnapshot(), newModel()
		states, dumps := []*Snapshot{s}, []string{dumpSnapshot(s)}
		for i := range len(prelude) + rapid.IntRange(1, 40).Draw(t, "commands") {
			var cmd Command
			if i < len(prelude) {
				cmd = prelude[i]
			} else {
				cmd = drawCommand(t, s)
			}
			index := uint64(i + 1)
			next, result, err := s.Apply(cmd, index)
			class, changed := m.do(cmd)
			if got := classOrOK(err); got != class {
				t.Fatalf("%s: error %v, the model has class %v", describe(cmd), err, class)
			}
			if changed != (next != s) || result.Version != next.Version {
				t.Fatalf("%s: changed %v, the model says %v; result %+v", describe(cmd), next != s, changed, result)
			}
			if got, want := dumpSnapshot(next), m.dump(); got != want {
				t.Fatalf("%s made\n%s\nwant\n%s", describe(cmd), got, want)
			}
			if changed && next.Applied() != index {
				t.Fatalf("applied %d, want %d", next.Applied(), index)
			}
			s = next
			states, dumps = append(states, s), append(dumps, dumpSnapshot(s))
		}
		for i := range states {
			if dumpSnapshot(states[i]) != dumps[i] {
				t.Fatalf("state %d changed afterwards", i)
			}
		}
		data, err := AppendSnapshot(nil, s)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeSnapshot(data)
		if err != nil {
			t.Fatal(err)
		}
		if dumpSnapshot(back) != dumpSnapshot(s) || back.Applied() != s.Applied() {
			t.Fatalf("decoded\n%s\nwant\n%s", dumpSnapshot(back), dumpSnapshot(s))
		}
		again, _ := AppendSnapshot(nil, back)
		if !bytes.Equal(again, data) {
			t.Fatal("the decoded state encodes to other bytes")
		}
	})
}

func classOrOK(err error) column.Class {
	if err == nil {
		return ok
	}
	return column.ClassOf(err)
}

func describe(cmd Command) string {
	data, err := AppendCommand(nil, cmd)
	if err != nil {
		return err.Error()
	}
	return string(data[1:])
}

func drawCommand(t *rapid.T, s *Snapshot) Command {
	table := func() TableID { return TableID(rapid.Uint64Range(0, uint64(s.nextTable)).Draw(t, "table")) }
	switch rapid.SampledFrom([]string{
		"db", "table", "table", "drop", "columns", "shard", "ids", "forget",
		"commit", "commit", "commit", "commit", "commit", "commit", "commit", "commit", "commit", "commit", "commit", "commit",
	}).Draw(t, "kind") {
	case "db":
		return Command{CreateDatabase: &CreateDatabase{
			Name: rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "name"), IfNotExists: rapid.Bool().Draw(t, "if not exists"),
		}}
	case "table":
		schema := timedSchema()
		if rapid.Bool().Draw(t, "plain") {
			schema = plainSchema()
		}
		return Command{CreateTable: &CreateTable{
			Database: DatabaseID(rapid.Uint64Range(1, 2).Draw(t, "db")), Schema: "public", Columns: schema,
			Name: rapid.SampledFrom([]string{"t", "u", "w"}).Draw(t, "name"), IfNotExists: rapid.Bool().Draw(t, "if not exists"),
		}}
	case "drop":
		return Command{DropTable: &DropTable{Table: table()}}
	case "columns":
		id := table()
		from := uint32(rapid.IntRange(1, 2).Draw(t, "from"))
		name := "c" + string(rune('a'+from))
		return Command{AddColumns: &AddColumns{Table: id, From: from, Columns: []column.Field{{Name: name, Type: column.T(column.Bool)}}, Tags: rapid.Bool().Draw(t, "tags")}}
	case "shard":
		return Command{OpenShard: &OpenShard{Shard: 1}}
	case "ids":
		return Command{ReserveIDs: &ReserveIDs{Count: rapid.Uint64Range(0, 5).Draw(t, "count")}}
	case "forget":
		garbage := s.Garbage()
		garbage = append(garbage, Garbage{Table: 1, Segment: 1, Removed: 1})
		return Command{Forget: &Forget{Garbage: garbage[:rapid.IntRange(0, len(garbage)).Draw(t, "n")]}}
	}
	return Command{Commit: drawCommit(t, s)}
}

func drawCommit(t *rapid.T, s *Snapshot) *Commit {
	c := &Commit{}
	tables := rapid.Permutation([]TableID{1, 2, s.nextTable - 1, s.nextTable}).Draw(t, "tables")
	for _, id := range tables[:rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(t, "edits")] {
		if len(c.Edits) == 0 || c.Edits[0].Table != id {
			c.Edits = append(c.Edits, drawEdit(t, s, id))
		}
	}
	if rapid.IntRange(0, 2).Draw(t, "flushed") == 0 {
		f := s.Shard(1)
		c.PrevFlushed = f.Seq
		f.Shard = 1
		f.Seq += Seq(rapid.IntRange(0, 3).Draw(t, "seq"))
		f.Deletes = Seq(rapid.IntRange(0, 12).Draw(t, "deletes"))
		switch rapid.IntRange(0, 5).Draw(t, "wrong") {
		case 0:
			f.Epoch--
		case 1:
			c.PrevFlushed++
		}
		c.Flushed = &f
	}
	return c
}

func drawEdit(t *rapid.T, s *Snapshot, id TableID) Edit {
	e := Edit{Table: id}
	table := s.TableByID(id)
	timed := table != nil && table.Columns.Time != 0
	for range rapid.SampledFrom([]int{0, 1, 1, 2}).Draw(t, "adds") {
		seg := Segment{
			ID: SegmentID(rapid.Uint64Range(1, uint64(s.nextSegment)).Draw(t, "id")), SchemaVersion: rapid.SampledFrom([]uint32{1, 1, 1, 1, 2}).Draw(t, "schema"),
			Rows: rapid.SampledFrom([]int64{0, 1, 2, 5, 5, 7, 8, 9, 9}).Draw(t, "rows"), MinSeq: 3, MaxSeq: 8, DataBytes: 1000, SidecarBytes: 77, SidecarSum: 0xdeadbeef, Level: 1,
		}
		if timed {
			seg.Partition = rapid.Int64Range(0, 3).Draw(t, "partition")
			seg.MinTime, seg.MaxTime = seg.Partition*100+1, seg.Partition*100+rapid.SampledFrom([]int64{1, 2, 50, 60, 70, 99, 99, 100}).Draw(t, "max")
		}
		if rapid.IntRange(0, 3).Draw(t, "born deleted") == 0 {
			seg.Deleted = &DeletionVector{Version: 1, Rows: seg.Rows / 2, Bytes: 5, Sum: 9}
		}
		e.Add = append(e.Add, seg)
	}
	segments := slices.Collect(s.Manifest(id).All())
	if len(segments) == 0 {
		segments = append(segments, &Segment{ID: 2})
	}
	for range rapid.SampledFrom([]int{0, 1, 1, 2}).Draw(t, "changes") {
		seg := rapid.SampledFrom(segments).Draw(t, "segment")
		at := SegmentAt{ID: seg.ID, Vector: vectorOf(seg)}
		if rapid.IntRange(0, 7).Draw(t, "stale") == 0 {
			at.Vector++
		}
		if rapid.Bool().Draw(t, "remove") {
			e.Remove = append(e.Remove, at)
			continue
		}
		e.Vectors = append(e.Vectors, VectorChange{SegmentAt: at, New: DeletionVector{
			Version: at.Vector + uint64(rapid.SampledFrom([]int{0, 1, 1, 1, 1, 2}).Draw(t, "step")), Rows: rapid.Int64Range(0, 5).Draw(t, "dead"), Bytes: 12, Sum: 34,
		}})
	}
	return e
}
