package meta

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// base gives a catalog with database 1 and in it table 1 ("public"."t", timed).
func base(t testing.TB) *Snapshot {
	t.Helper()
	s := NewSnapshot()
	s = must(t, s, Command{CreateDatabase: &CreateDatabase{Name: DefaultDatabase}})
	return must(t, s, Command{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "t", Columns: timedSchema()}})
}

func must(t testing.TB, s *Snapshot, cmd Command) *Snapshot {
	t.Helper()
	next, _, err := s.Apply(cmd, 0)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// refused checks class, SQLSTATE (if it is given) and a part of the sentence of an error.
func refused(t *testing.T, s *Snapshot, cmd Command, class column.Class, state, part string) {
	t.Helper()
	next, _, err := s.Apply(cmd, 0)
	var e *column.Error
	if !errors.As(err, &e) {
		t.Fatalf("want an error about %q, got %v", part, err)
	}
	if next != s {
		t.Errorf("%v: the state changed", err)
	}
	if e.Class != class || state != "" && e.SQLState != state || !strings.Contains(err.Error(), part) {
		t.Errorf("got %v (%v, %s), want %v, %s, %q", err, e.Class, e.SQLState, class, state, part)
	}
}

func TestSchemaRefused(t *testing.T) {
	s := base(t)
	for _, c := range []struct {
		change func(*column.Schema)
		class  column.Class
		state  string
		part   string
	}{
		{func(s *column.Schema) { s.Fields = nil; s.Tags = nil; s.Time = 0; s.Partition = 0 }, column.Unsupported, "0A000", "at least one column"},
		{func(s *column.Schema) { s.Fields[0].Name = "" }, column.Invalid, "42602", "empty"},
		{func(s *column.Schema) { s.Fields[0].Name = "a\xffb" }, column.Invalid, "42602", "UTF-8"},
		{func(s *column.Schema) { s.Fields[0].Name = "a\x00b" }, column.Invalid, "42602", "zero byte"},
		{func(s *column.Schema) { s.Fields[0].Name = strings.Repeat("x", 256) }, column.Invalid, "42602", "255"},
		{func(s *column.Schema) { s.Fields[2].Name = "host" }, column.Invalid, "42701", "more than once"},
		{func(s *column.Schema) { s.Fields[2].ID = 1 }, column.Invalid, "", "of another column"},
		{func(s *column.Schema) { s.Fields[2].ID = 0 }, column.Invalid, "", "has no id"},
		{func(s *column.Schema) { s.Fields[2].ID = 1 << 31 }, column.Limit, "", "the greatest is"},
		{func(s *column.Schema) { s.Fields[2].Type = column.T(99) }, column.Unsupported, "", "does not know"},
		{func(s *column.Schema) { s.Fields[2].Type = column.Type{} }, column.Unsupported, "", "does not know"},
		{func(s *column.Schema) { s.Fields = append(s.Fields, make([]column.Field, 1600)...) }, column.Limit, "54011", "1600"},
		{func(s *column.Schema) { s.Tags = []column.ID{9} }, column.Invalid, "42703", "tag column with id 9"},
		{func(s *column.Schema) { s.Tags = []column.ID{1, 1} }, column.Invalid, "42701", "tag twice"},
		{func(s *column.Schema) { s.Tags = []column.ID{5} }, column.Invalid, "42P16", "text, an integer or boolean"},
		{func(s *column.Schema) { s.Fields[0].Type = column.T(column.JSON) }, column.Invalid, "42P16", "text, an integer or boolean"},
		{func(s *column.Schema) { s.LabelSets = true; s.Tags = nil }, column.Invalid, "42P16", "label sets"},
		{func(s *column.Schema) { s.LabelSets = true; s.Fields[0].Type = column.T(column.Int64) }, column.Invalid, "42P16", "json or text"},
		{func(s *column.Schema) { s.Time = 9 }, column.Invalid, "42703", "time column with id 9"},
		{func(s *column.Schema) { s.Time = 5 }, column.Invalid, "42P16", "must be a timestamp"},
		{func(s *column.Schema) { s.Partition = 0 }, column.Invalid, "42P16", "must be positive"},
		{func(s *column.Schema) { s.Time = 0 }, column.Invalid, "42P16", "no partition length"},
		{func(s *column.Schema) { s.Key = []column.ID{1, 5} }, column.Invalid, "42P16", `"ts" is missing`},
		{func(s *column.Schema) { s.Key = []column.ID{2} }, column.Invalid, "42P16", `"host" is missing`},
		{func(s *column.Schema) { s.Key = []column.ID{1, 2, 2} }, column.Invalid, "42701", "key twice"},
		{func(s *column.Schema) { s.Merge = true }, column.Invalid, "42P16", "must have a key"},
		{func(s *column.Schema) { s.Key = []column.ID{1, 2, 7} }, column.Invalid, "42703", "key column with id 7"},
	} {
		schema := timedSchema()
		c.change(&schema)
		refused(t, s, Command{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "new", Columns: schema}}, c.class, c.state, c.part)
	}
}

func TestCommandRefused(t *testing.T) {
	s := base(t)
	s = must(t, s, Command{ReserveIDs: &ReserveIDs{Count: 10}})
	s = must(t, s, Command{OpenShard: &OpenShard{}})
	s = must(t, s, Command{CreateTable: &CreateTable{Database: 1, Schema: PrometheusSchema, Name: SamplesTable, Columns: SamplesSchema()}})
	seg := Segment{ID: 1, SchemaVersion: 1, Rows: 5, Partition: 1, MinTime: 100, MaxTime: 199}
	edit := func(e Edit) Command { e.Table = 1; return Command{Commit: &Commit{Edits: []Edit{e}}} }
	with := func(change func(*Segment)) Command {
		changed := seg
		changed.ID = 2
		change(&changed)
		return edit(Edit{Add: []Segment{changed}})
	}
	s = must(t, s, edit(Edit{Add: []Segment{seg}}))
	s = must(t, s, Command{Commit: &Commit{Flushed: &Flushed{Epoch: 1, Seq: 7}}})
	for _, c := range []struct {
		cmd   Command
		class column.Class
		state string
		part  string
	}{
		{Command{}, column.Invalid, "", "exactly one member"},
		{Command{OpenShard: &OpenShard{}, DropTable: &DropTable{}}, column.Invalid, "", "exactly one member"},
		{Command{CreateDatabase: &CreateDatabase{Name: DefaultDatabase}}, column.Conflict, "42P04", "already exists"},
		{Command{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "t"}}, column.Conflict, "42P07", "already exists"},
		{Command{CreateTable: &CreateTable{Database: 2, Schema: "public", Name: "t"}}, column.NotFound, "3D000", "no database"},
		{Command{CreateTable: &CreateTable{Database: 1, Schema: MetricsSchema, Name: "t"}}, column.Invalid, "42939", "is computed"},
		{Command{DropTable: &DropTable{Table: 3}}, column.NotFound, "42P01", "no table"},
		{Command{AddColumns: &AddColumns{Table: 3}}, column.NotFound, "42P01", "no table"},
		{Command{AddColumns: &AddColumns{Table: 1, From: 2}}, column.Conflict, "", "computed from version 2"},
		{Command{AddColumns: &AddColumns{Table: 1, From: 1}}, column.Invalid, "", "no column"},
		{Command{AddColumns: &AddColumns{Table: 1, From: 1, Columns: []column.Field{{Name: "v", Type: column.T(column.Text)}}}}, column.Invalid, "42701", "more than once"},
		{Command{AddColumns: &AddColumns{Table: 1, From: 1, Columns: []column.Field{{Name: "n", Type: column.T(column.Text), NotNull: true}}}}, column.Invalid, "23502", "NOT NULL"},
		{Command{AddColumns: &AddColumns{Table: 1, From: 1, Columns: []column.Field{{ID: 5, Name: "n", Type: column.T(column.Text)}}}}, column.Invalid, "", "given by the catalog"},
		{Command{AddColumns: &AddColumns{Table: 1, From: 1, Tags: true, Columns: []column.Field{{Name: "n", Type: column.T(column.Float64)}}}}, column.Invalid, "42P16", "must be text, an integer"},
		{Command{AddColumns: &AddColumns{Table: 2, From: 1, Tags: true, Columns: []column.Field{{Name: "n", Type: column.T(column.Text)}}}}, column.Invalid, "42P16", "label set"},
		{Command{ReserveIDs: &ReserveIDs{}}, column.Invalid, "", "0 segment ids"},
		{Command{ReserveIDs: &ReserveIDs{Count: 1 << 21}}, column.Invalid, "", "2097152 segment ids"},
		{Command{Commit: &Commit{PrevFlushed: 3}}, column.Invalid, "", "not where to"},
		{Command{Commit: &Commit{PrevFlushed: 7, Flushed: &Flushed{Epoch: 2, Seq: 8}}}, column.Conflict, "", "fenced"},
		{Command{Commit: &Commit{PrevFlushed: 7, Flushed: &Flushed{Shard: 9, Seq: 8}}}, column.Conflict, "", "fenced"},
		{Command{Commit: &Commit{PrevFlushed: 6, Flushed: &Flushed{Epoch: 1, Seq: 8}}}, column.Conflict, "", "expects 6"},
		{Command{Commit: &Commit{PrevFlushed: 7, Flushed: &Flushed{Epoch: 1, Seq: 6}}}, column.Invalid, "", "cannot go back"},
		{Command{Commit: &Commit{Edits: []Edit{{Table: 1}, {Table: 1}}}}, column.Invalid, "", "two edits"},
		{Command{Commit: &Commit{Edits: []Edit{{Table: 3}}}}, column.NotFound, "42P01", "no table"},
		{edit(Edit{Remove: []SegmentAt{{ID: 2}}}), column.Conflict, "", "not live"},
		{edit(Edit{Remove: []SegmentAt{{ID: 1, Vector: 1}}}), column.Conflict, "", "made from 1"},
		{edit(Edit{Remove: []SegmentAt{{ID: 1}, {ID: 1}}}), column.Invalid, "", "segment 1 twice"},
		{edit(Edit{Remove: []SegmentAt{{ID: 1}}, Vectors: []VectorChange{{SegmentAt{ID: 1}, DeletionVector{Version: 1}}}}), column.Invalid, "", "segment 1 twice"},
		{edit(Edit{Vectors: []VectorChange{{SegmentAt{ID: 1}, DeletionVector{}}}}), column.Invalid, "", "cannot follow"},
		{edit(Edit{Vectors: []VectorChange{{SegmentAt{ID: 1}, DeletionVector{Version: 1, Rows: 6}}}}), column.Invalid, "", "6 rows"},
		{edit(Edit{Add: []Segment{seg}}), column.Conflict, "", "live already"},
		{edit(Edit{Add: []Segment{seg}, Remove: []SegmentAt{{ID: 1}}}), column.Conflict, "", "live already"},
		{with(func(s *Segment) { s.ID = 11 }), column.Invalid, "", "never reserved"},
		{with(func(s *Segment) { s.ID = 0 }), column.Invalid, "", "never reserved"},
		{with(func(s *Segment) { s.Rows = 0 }), column.Invalid, "", "no rows"},
		{with(func(s *Segment) { s.MinSeq = 1 }), column.Invalid, "", "commits end"},
		{with(func(s *Segment) { s.DataBytes = -1 }), column.Invalid, "", "negative"},
		{with(func(s *Segment) { s.SchemaVersion = 2 }), column.Invalid, "", "schema version"},
		{with(func(s *Segment) { s.MinTime = 199; s.MaxTime = 198 }), column.Invalid, "", "ends before"},
		{with(func(s *Segment) { s.MinTime = 99 }), column.Invalid, "", "inside its partition"},
		{with(func(s *Segment) { s.MaxTime = 200 }), column.Invalid, "", "inside its partition"},
		{with(func(s *Segment) { s.Deleted = &DeletionVector{} }), column.Invalid, "", "out of range"},
	} {
		refused(t, s, c.cmd, c.class, c.state, c.part)
	}
	gone := must(t, s, edit(Edit{Remove: []SegmentAt{{ID: 1}}}))
	refused(t, gone, edit(Edit{Add: []Segment{seg}}), column.Conflict, "", "was removed before")
	if _, _, err := must(t, s, Command{OpenShard: &OpenShard{}}).Apply(Command{Commit: &Commit{PrevFlushed: 7, Flushed: &Flushed{Epoch: 1, Seq: 8}}}, 0); column.ClassOf(err) != column.Conflict {
		t.Errorf("the owner before the newest was not fenced off: %v", err)
	}
	at := must(t, s, Command{OpenShard: &OpenShard{}})
	at.applied = 5
	refused(t, at, Command{}, column.Invalid, "", "exactly one")
	if _, _, err := at.Apply(Command{OpenShard: &OpenShard{}}, 5); column.ClassOf(err) != column.Internal {
		t.Errorf("a log entry was applied twice: %v", err)
	}
}

func TestCreateTable(t *testing.T) {
	schema := timedSchema()
	s := NewSnapshot()
	s = must(t, s, Command{CreateDatabase: &CreateDatabase{Name: "d"}})
	s, r, err := s.Apply(Command{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "t", Columns: schema}}, 0)
	if err != nil || r.ID != 1 || r.Version != 2 {
		t.Fatal(r, err)
	}
	got := s.Table(1, "public", "t")
	if !got.Columns.Fields[1].NotNull || schema.Fields[1].NotNull {
		t.Error("the time column must become NOT NULL, in the catalog alone")
	}
	if got.NextColumn != 6 || got.Columns.Version != 1 || got.Created != 2 {
		t.Errorf("%+v", got)
	}
	same, r, err := s.Apply(Command{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "t", IfNotExists: true}}, 0)
	if err != nil || same != s || !r.Existed || r.ID != 1 || r.Version != 2 {
		t.Error(r, err)
	}
	s, r, err = s.Apply(Command{AddColumns: &AddColumns{Table: 1, From: 1, Columns: []column.Field{
		{Name: "x", Type: column.T(column.Text)}, {Name: "y", Type: column.T(column.Bool)},
	}}}, 0)
	if err != nil || r.ID != 6 {
		t.Fatal(r, err)
	}
	now := s.TableByID(1)
	if f := now.Columns.Fields[4]; f.ID != 7 || f.Name != "y" || now.NextColumn != 8 || now.Columns.Version != 2 {
		t.Errorf("%+v", now)
	}
	if len(got.Columns.Fields) != 3 {
		t.Error("the older description changed")
	}
}

func TestSamplesSchema(t *testing.T) {
	s := SamplesSchema()
	if err := CheckSchema(&s); err != nil {
		t.Fatal(err)
	}
	if s.PartitionOf(86_400_000_000) != 1 || s.PartitionOf(-1) != -1 {
		t.Error("partitions are not days")
	}
	if order := s.Order(); len(order) != 1 || s.Fields[s.Index(order[0])].Name != "ts" {
		t.Errorf("rows of a series are ordered by %v", order)
	}
	base := must(t, NewSnapshot(), Command{CreateDatabase: &CreateDatabase{Name: "d"}})
	must(t, base, Command{CreateTable: &CreateTable{Database: 1, Schema: PrometheusSchema, Name: SamplesTable, Columns: s}})
}

// TestManifestIterators compares every way to read a manifest with a walk over all of it.
func TestManifestIterators(t *testing.T) {
	var segments []*Segment
	for i := range 1000 {
		p := int64(i*7%20 - 10)
		segments = append(segments, &Segment{ID: SegmentID(i + 1), Partition: p, Rows: 2, MinTime: p*100 + int64(i%50), MaxTime: p*100 + 60, DataBytes: 3})
	}
	m := NewManifest(4, segments)
	if m.Len() != 1000 || m.LiveRows() != 2000 || m.Bytes() != 3000 || len(m.Partitions()) != 20 || m.Partitions()[0] != -10 {
		t.Error(m.Len(), m.LiveRows(), m.Bytes(), m.Partitions())
	}
	for _, span := range [][2]int64{{-5000, 5000}, {0, 0}, {60, 60}, {61, 99}, {-960, -100}, {3000, 4000}} {
		var want, got int
		for s := range m.All() {
			if s.MaxTime >= span[0] && s.MinTime <= span[1] {
				want += int(s.ID)
			}
		}
		for s := range m.InTime(span[0], span[1]) {
			got += int(s.ID)
		}
		if got != want {
			t.Errorf("%v: the ids sum to %d, want %d", span, got, want)
		}
	}
	for p := int64(-11); p <= 10; p++ {
		n, last := 0, SegmentID(0)
		for s := range m.InPartition(p) {
			if s.Partition != p || s.ID <= last {
				t.Errorf("partition %d gives segment %d of %d after %d", p, s.ID, s.Partition, last)
			}
			n, last = n+1, s.ID
		}
		if want := 50; p >= -10 && p < 10 && n != want || (p < -10 || p >= 10) && n != 0 {
			t.Errorf("partition %d has %d segments", p, n)
		}
	}
	if m.Segment(1001) != nil || m.Segment(500).ID != 500 || NewManifest(1, nil).Segment(1) != nil {
		t.Error("segments are not found by id")
	}
}

// TestAddTags: tags that are added go to the end of the tags and of the key, and a table without them gets its first.
func TestAddTags(t *testing.T) {
	keyed := timedSchema()
	keyed.Key, keyed.Merge = []column.ID{2, 1}, true
	s := must(t, base(t), Command{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "keyed", Columns: keyed}})
	s = must(t, s, Command{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "plain", Columns: plainSchema()}})
	add := func(table TableID, from uint32, names ...string) {
		cmd := &AddColumns{Table: table, From: from, Tags: true}
		for _, n := range names {
			cmd.Columns = append(cmd.Columns, column.Field{Name: n, Type: column.T(column.Text)})
		}
		s = must(t, s, Command{AddColumns: cmd})
	}
	add(2, 1, "a", "b")
	add(2, 2, "c")
	add(3, 1, "a")
	for id, want := range map[TableID]struct{ tags, key []column.ID }{
		2: {[]column.ID{1, 6, 7, 8}, []column.ID{2, 1, 6, 7, 8}},
		3: {[]column.ID{2}, nil},
	} {
		c := s.TableByID(id).Columns
		if !slices.Equal(c.Tags, want.tags) || !slices.Equal(c.Key, want.key) || c.Merge != (id == 2) {
			t.Errorf("table %d: tags %v, key %v, merge %v", id, c.Tags, c.Key, c.Merge)
		}
	}
}
