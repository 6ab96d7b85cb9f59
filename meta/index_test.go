package meta

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
)

// indexCommands came to version 1 later: a log or a snapshot without indexes is as it was.
func indexCommands() []Command {
	return []Command{
		{CreateDatabase: &CreateDatabase{Name: "default"}},
		{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "t", Columns: timedSchema()}},
		{CreateIndex: &CreateIndex{Table: 1, Name: "wörter", Method: IndexGIN, Columns: []IndexColumn{{Column: 1, Class: "gin_trgm_ops"}}, IfNotExists: true}},
		{CreateIndex: &CreateIndex{Table: 1, Name: "both", Method: IndexBTree, Columns: []IndexColumn{{Column: 5, Desc: true, NullsFirst: true}, {Column: 2}}}},
		{CreateIndex: &CreateIndex{Table: 1, Name: "b", Method: IndexBloom, Columns: []IndexColumn{{Column: 5}}, Bits: 12}},
		{RenameIndex: &RenameIndex{Index: 2, Name: "two"}},
		{RebuildIndex: &RebuildIndex{Index: 2}},
		{DropIndex: &DropIndex{Index: 3}},
		{ReserveIndexes: &ReserveIndexes{Count: 3}},
		{CreateIndex: &CreateIndex{ID: 6, Table: 1, Name: "waited", Method: IndexBitmap, Columns: []IndexColumn{{Column: 1}}}},
		{RebuildIndex: &RebuildIndex{Index: 6, File: 7}},
	}
}

func TestIndexesGolden(t *testing.T) {
	for i, cmd := range indexCommands()[2:] {
		data, err := AppendCommand(nil, cmd)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeCommand(golden(t, fmt.Sprintf("command-index-%d.v1", i), data))
		if err != nil || !reflect.DeepEqual(back, cmd) {
			t.Errorf("command %d: %s, %v", i, describe(back), err)
		}
	}
	s := goldenState(t, indexCommands())
	data, err := AppendSnapshot(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeSnapshot(golden(t, "snapshot-indexes.v1", data))
	if err != nil || dumpIndexes(back) != dumpIndexes(s) || len(s.Indexes(1)) != 3 || s.NextIndex() != 8 || s.Index(1, "public", "waited").File != 7 || s.Index(1, "public", "two").File != 4 {
		t.Errorf("%v\n%s\nwant\n%s", err, dumpIndexes(back), dumpIndexes(s))
	}
}

func TestIndexesRefused(t *testing.T) {
	s := goldenState(t, indexCommands())
	create := func(name, method string, columns ...IndexColumn) Command {
		return Command{CreateIndex: &CreateIndex{Table: 1, Name: name, Method: method, Columns: columns}}
	}
	refused(t, s, create("two", IndexBTree, IndexColumn{Column: 1}), column.Conflict, "42P07", `relation "two" already exists`)
	refused(t, s, create("t", IndexBTree, IndexColumn{Column: 1}), column.Conflict, "42P07", `relation "t" already exists`)
	refused(t, s, create("x", "hash", IndexColumn{Column: 1}), column.Unsupported, "42704", "access method")
	refused(t, s, create("x", IndexBTree, IndexColumn{Column: 4}), column.Invalid, "42703", "")
	refused(t, s, create("x", IndexBTree), column.Limit, "54011", "")
	refused(t, s, create("", IndexBTree, IndexColumn{Column: 1}), column.Invalid, "42602", "")
	refused(t, s, Command{CreateIndex: &CreateIndex{Table: 9, Name: "x", Method: IndexBTree}}, column.NotFound, "42P01", "")
	refused(t, s, Command{DropIndex: &DropIndex{Index: 3}}, column.NotFound, "42704", "")
	refused(t, s, Command{RenameIndex: &RenameIndex{Index: 2, Name: "t"}}, column.Conflict, "42P07", "")
	refused(t, s, Command{RebuildIndex: &RebuildIndex{Index: 4}}, column.NotFound, "42704", "")
	refused(t, s, Command{RebuildIndex: &RebuildIndex{Index: 6, File: 5}}, column.Conflict, "", "")
	refused(t, s, Command{CreateIndex: &CreateIndex{ID: 7, Table: 1, Name: "x", Method: IndexBTree, Columns: []IndexColumn{{Column: 1}}}}, column.Conflict, "", "")
	refused(t, s, Command{ReserveIndexes: &ReserveIndexes{}}, column.Invalid, "", "")
	refused(t, s, Command{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "two", Columns: plainSchema()}}, column.Conflict, "42P07", "two")
}

// TestIndexesModel runs random commands on Apply and on a map from names to what they mean, and reads the state back each time.
func TestIndexesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _, err := NewSnapshot().Apply(indexCommands()[0], 0)
		if err != nil {
			t.Fatal(err)
		}
		type entry struct {
			id    IndexID // 0 = a table
			table TableID
		}
		model := map[string]entry{}
		for range rapid.IntRange(1, 30).Draw(t, "commands") {
			names := slices.Sorted(maps.Keys(model))
			name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "name")
			var some string // that is there, if any is
			if len(names) > 0 {
				some = rapid.SampledFrom(names).Draw(t, "some")
			}
			_, taken := model[name]
			e := model[some]
			var cmd Command
			want := true
			then := func(Result) {}
			switch rapid.SampledFrom([]string{"table", "index", "index", "index", "drop", "rename", "rebuild", "drop table"}).Draw(t, "kind") {
			case "table":
				cmd.CreateTable = &CreateTable{Database: 1, Schema: "public", Name: name, Columns: timedSchema()}
				want = !taken
				then = func(r Result) { model[name] = entry{table: TableID(r.ID)} }
			case "index":
				cmd.CreateIndex = &CreateIndex{Table: e.table, Name: name, Method: IndexBTree, Columns: []IndexColumn{{Column: 1}}}
				want = !taken && e.table != 0
				then = func(r Result) { model[name] = entry{IndexID(r.ID), e.table} }
			case "drop":
				cmd.DropIndex = &DropIndex{Index: e.id}
				want = e.id != 0
				then = func(Result) { delete(model, some) }
			case "rename":
				cmd.RenameIndex = &RenameIndex{Index: e.id, Name: name}
				want = e.id != 0 && !taken
				then = func(Result) { delete(model, some); model[name] = e }
			case "rebuild":
				cmd.RebuildIndex = &RebuildIndex{Index: e.id}
				want = e.id != 0
			case "drop table":
				cmd.DropTable = &DropTable{Table: e.table}
				want = e.table != 0
				then = func(Result) { maps.DeleteFunc(model, func(_ string, o entry) bool { return o.table == e.table }) }
			}
			before := dumpIndexes(s)
			next, r, err := s.Apply(cmd, 0)
			if (err == nil) != want {
				t.Fatalf("%s: %v", describe(cmd), err)
			}
			if dumpIndexes(s) != before {
				t.Fatalf("%s changed the state before it", describe(cmd))
			}
			s = next
			if err == nil {
				then(r)
			}
			data, err := AppendSnapshot(nil, s)
			if err != nil {
				t.Fatal(err)
			}
			back, err := DecodeSnapshot(data)
			if err != nil || dumpIndexes(back) != dumpIndexes(s) {
				t.Fatalf("%v\n%s\nwant\n%s", err, dumpIndexes(back), dumpIndexes(s))
			}
			indexes, files := 0, map[IndexID]bool{}
			for name, e := range model {
				x := s.Index(1, "public", name)
				if (e.id != 0) != (x != nil) || x != nil && (x.ID != e.id || x.Table != e.table || x.Name != name || !slices.Contains(s.Indexes(x.Table), x) || files[x.File]) {
					t.Fatalf("%q is %+v, want %+v", name, x, e)
				}
				if x != nil {
					indexes++
					files[x.File] = true
				}
			}
			if len(s.indexes) != indexes || len(s.indexNames) != indexes {
				t.Fatalf("%d indexes, %d names, want %d", len(s.indexes), len(s.indexNames), indexes)
			}
		}
	})
}

func dumpIndexes(s *Snapshot) (out string) {
	if s == nil {
		return "nothing"
	}
	for _, x := range s.allIndexes() {
		out += fmt.Sprintf("%+v\n", *x)
	}
	return fmt.Sprintf("next %d, names %v\n%s", s.NextIndex(), s.indexNames, out)
}
