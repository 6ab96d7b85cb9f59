package meta

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
)

// goldenRelations has one command of each kind that is about schemas, views, sequences and changed tables, every field set.
func goldenRelations() []Command {
	plain := column.Schema{Fields: []column.Field{
		{ID: 1, Name: "a", Type: column.T(column.Int32), NotNull: true, Default: "7"},
		{ID: 2, Name: "b", Type: column.T(column.Varchar), Mod: column.LengthMod(5)},
	}}
	wider := column.Schema{Fields: []column.Field{
		{ID: 1, Name: "A", Type: column.T(column.Int64), Default: "nextval('16390'::regclass)", Identity: column.IdentityAlways},
		{ID: 3, Name: "c", Type: column.T(column.Numeric), Mod: column.NumericMod(5, 2), Initial: "\x011.50", NotNull: true},
		{ID: 4, Name: "d", Type: column.T(column.Int64), Generated: "(\"A\" + 1)"},
	}}
	minus := int64(-1)
	sequence := Sequence{
		ID: 9, Database: 1, Schema: "s", Name: "q", Type: column.Int64, Start: 1, Increment: 2, Min: -5, Max: 100, Cache: 3, Cycle: true, Last: 1,
		Table: 8, Column: 1, Identity: true, Comment: "numbers",
	}
	altered := sequence
	altered.Increment, altered.Last, altered.Called = -2, -1, true
	return []Command{
		{CreateDatabase: &CreateDatabase{Name: "default"}},
		{CreateDatabase: &CreateDatabase{Name: "other"}},
		{ReserveTables: &ReserveTables{Count: 9}},
		{CreateSchema: &CreateSchema{Database: 1, Name: "s", IfNotExists: true}},
		{Batch: &Batch{Commands: []Command{
			{CreateTable: &CreateTable{
				ID: 8, Database: 1, Schema: "s", Name: "t", Columns: plain, Comment: "a table", ColumnComments: map[column.ID]string{1: "a column"},
				Constraints: []Constraint{{Name: "positive", Kind: CheckConstraint, Columns: []column.ID{1}, Text: "(a > 0)", NotValid: true, Comment: "why"}},
			}},
			{CreateSequence: &CreateSequence{Sequence: sequence}},
		}}},
		{TakeSequence: &TakeSequence{Sequence: 9, Count: 3}},
		{AlterSequence: &AlterSequence{Sequence: altered, From: 5, Restart: true}},
		{SetSequence: &SetSequence{Sequence: 9, Last: 7, Called: true, Was: &minus}},
		{CreateView: &CreateView{View: View{
			ID: 4, Database: 1, Schema: "public", Name: "v", Columns: []ViewColumn{{"a", column.T(column.Varchar), column.LengthMod(5)}},
			Query: "SELECT b AS a FROM t", Path: []string{"s", "public"}, Options: []string{"security_barrier=true"},
			Uses: []Use{{Name: "t", Relation: 8, Columns: []UseColumn{{ID: 1, Name: "a", Read: true}, {ID: 2, Name: "b"}}}},
		}}},
		{Comment: &Comment{Relation: 4, Column: 1, Text: "of a view"}},
		{CreateView: &CreateView{View: View{
			Database: 1, Schema: "public", Name: "v", Columns: []ViewColumn{{Name: "a", Type: column.T(column.Int64)}}, Query: "SELECT a FROM s.t",
			Uses: []Use{{Schema: "s", Name: "t", Relation: 8, Columns: []UseColumn{{ID: 1, Name: "a", Read: true}, {ID: 2, Name: "b"}}}},
		}, Replace: 4, Replaced: 9}},
		{AlterTable: &AlterTable{Table: 8, From: 1, Strict: true, To: Table{
			Schema: "s", Name: "u", Columns: wider, Comment: "changed", Constraints: []Constraint{{Name: "n", Kind: NotNullConstraint, Columns: []column.ID{1}, NotValid: true}},
		}}},
		{MoveRelation: &MoveRelation{Relation: 4, Schema: "s", Name: "w", Columns: []string{"z"}}},
		{Comment: &Comment{Database: 1, Schema: "public", Text: "where tables go"}},
		{CreateView: &CreateView{View: View{Database: 2, Schema: "public", Name: "v", Query: "SELECT"}}},
		{DropRelation: &DropRelation{Relation: 10}},
		{CreateSchema: &CreateSchema{Database: 1, Name: "gone"}},
		{DropSchema: &DropSchema{Database: 1, Name: "gone"}},
		{DropDatabase: &DropDatabase{Database: 2}},
	}
}

func TestRelationsGolden(t *testing.T) {
	commands := goldenRelations()
	for i, cmd := range commands {
		data, err := AppendCommand(nil, cmd)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeCommand(golden(t, fmt.Sprintf("command-relation-%02d.v1", i), data))
		if err != nil || !reflect.DeepEqual(back, cmd) {
			t.Errorf("command %d: %v %s", i, err, describe(back))
		}
	}
	s := goldenState(t, commands)
	data, err := AppendSnapshot(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeSnapshot(golden(t, "snapshot-relations.v1", data))
	if err != nil {
		t.Fatal(err)
	}
	for what, same := range map[string]bool{
		"tables": reflect.DeepEqual(back.tables, s.tables), "views": reflect.DeepEqual(back.views, s.views), "names": reflect.DeepEqual(back.names, s.names),
		"sequences": reflect.DeepEqual(back.sequences, s.sequences), "schemas": reflect.DeepEqual(back.schemas, s.schemas),
	} {
		if !same {
			t.Errorf("%s differ after they were stored", what)
		}
	}
	table := s.TableByID(8)
	if table.NextColumn != 5 || table.Columns.Version != 2 || table.Columns.Strict != 2 || table.Columns.Fields[1].Added != 2 || s.Table(1, "s", "t") != nil {
		t.Errorf("the altered table is %+v", table)
	}
	if q := s.Sequence(1, "s", "q"); q.Last != 7 || !q.Called || q.Increment != -2 || s.View(1, "s", "w").Columns[0].Name != "z" {
		t.Errorf("the sequence is %+v", q)
	}
}

// TestAlterRefused: descriptions that what is stored cannot be read under.
func TestAlterRefused(t *testing.T) {
	s := base(t)
	s = must(t, s, Command{CreateTable: &CreateTable{Database: 1, Schema: "public", Name: "taken", Columns: plainSchema()}})
	s = must(t, s, Command{CreateView: &CreateView{View: View{
		Database: 1, Schema: "public", Name: "v", Query: "SELECT v FROM t",
		Uses: []Use{{Name: "t", Relation: 1, Columns: []UseColumn{{ID: 5, Name: "v", Read: true}, {ID: 1, Name: "host"}}}},
	}}})
	field := func(to *Table, id column.ID) *column.Field { return &to.Columns.Fields[to.Columns.Index(id)] }
	for what, c := range map[string]struct {
		change func(*AlterTable)
		class  column.Class
		state  string
	}{
		"another version": {func(a *AlterTable) { a.From = 7 }, column.Conflict, ""},
		"no table":        {func(a *AlterTable) { a.Table = 99 }, column.NotFound, "42P01"},
		"narrower":        {func(a *AlterTable) { field(&a.To, 5).Type = column.T(column.Float32) }, column.Unsupported, "0A000"},
		"an id of before": {func(a *AlterTable) { field(&a.To, 5).ID = 4 }, column.Invalid, ""},
		"an initial value": {func(a *AlterTable) {
			field(&a.To, 5).Initial = column.DatumOf(column.NewFloats(column.T(column.Float64), []float64{1}, nil), 0)
		}, column.Invalid, ""},
		"no time":          {func(a *AlterTable) { a.To.Columns.Time, a.To.Columns.Partition = 0, 0 }, column.Unsupported, "0A000"},
		"no tags":          {func(a *AlterTable) { a.To.Columns.Tags = nil }, column.Unsupported, "0A000"},
		"a taken name":     {func(a *AlterTable) { a.To.Name = "taken" }, column.Conflict, "42P07"},
		"a name of a view": {func(a *AlterTable) { a.To.Name = "v" }, column.Conflict, "42P07"},
		"no schema":        {func(a *AlterTable) { a.To.Schema = "nowhere" }, column.NotFound, "3F000"},
		"a used column": {func(a *AlterTable) {
			a.To.Columns.Fields = slices.DeleteFunc(a.To.Columns.Fields, func(f column.Field) bool { return f.Name == "v" })
		}, column.Conflict, "2BP01"},
		"two constraints": {func(a *AlterTable) {
			a.To.Constraints = []Constraint{{Name: "c", Kind: CheckConstraint}, {Name: "c", Kind: CheckConstraint}}
		}, column.Conflict, "42710"},
		"a bad datum": {func(a *AlterTable) {
			a.To.Columns.Fields = append(a.To.Columns.Fields, column.Field{ID: 6, Name: "x", Type: column.T(column.Int64), Initial: "\x011"})
		}, column.Invalid, ""},
	} {
		a := AlterTable{Table: 1, From: 1, To: *s.TableByID(1).Clone()}
		t.Log(what)
		c.change(&a)
		refused(t, s, Command{AlterTable: &a}, c.class, c.state, "")
	}
}

// TestTakeSequence compares with counting one at a time in wide arithmetic.
func TestTakeSequence(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		edge := rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 3, -4, 0, 5, math.MaxInt64 - 3, math.MaxInt64})
		q := Sequence{
			Database: 1, Schema: "public", Name: "q", Type: column.Int64, Cache: 1, Cycle: rapid.Bool().Draw(rt, "cycle"),
			Min: edge.Draw(rt, "min"), Max: edge.Draw(rt, "max"), Increment: rapid.SampledFrom([]int64{1, -1, 3, -3, math.MaxInt64, math.MinInt64}).Draw(rt, "step"),
		}
		if q.Min >= q.Max {
			return
		}
		q.Start = rapid.SampledFrom([]int64{q.Min, q.Max}).Draw(rt, "start")
		q.Last = q.Start
		s := must(t, must(t, NewSnapshot(), Command{CreateDatabase: &CreateDatabase{Name: "d"}}), Command{CreateSequence: &CreateSequence{Sequence: q}})
		one := q
		for range 6 {
			next, r, err := s.Apply(Command{TakeSequence: &TakeSequence{Sequence: 1, Count: rapid.Uint64Range(1, 5).Draw(rt, "count")}}, 0)
			want, ok := one.Next()
			if (err == nil) != ok {
				rt.Fatalf("take: %v, one at a time: %v", err, ok)
			}
			if !ok {
				return
			}
			for i := range r.Values.Count {
				if i > 0 {
					want, ok = one.Next()
				}
				if got := r.Values.First + int64(i)*r.Values.Step; got != want || !ok {
					rt.Fatalf("value %d is %d, want %d", i, got, want)
				}
				one.Last, one.Called = want, true
			}
			s = next
		}
	})
}

// TestRelationsModel draws commands about relations and compares names, schemas and owners with maps; every state must survive being stored.
func TestRelationsModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := must(t, NewSnapshot(), Command{CreateDatabase: &CreateDatabase{Name: "d"}})
		schemas := map[string]bool{"public": true}
		names := map[string]string{} // schema.name -> kind and what it uses or belongs to
		for range rapid.IntRange(1, 30).Draw(rt, "commands") {
			schema := rapid.SampledFrom([]string{"public", "a", "b"}).Draw(rt, "schema")
			name := rapid.SampledFrom([]string{"x", "y", "z"}).Draw(rt, "name")
			other := rapid.SampledFrom(append([]string{"-"}, slices.Sorted(maps.Keys(names))...)).Draw(rt, "other")
			full := schema + "." + name
			otherSchema, otherName, _ := strings.Cut(other, ".")
			otherID := s.Relation(1, otherSchema, otherName)
			used := slices.ContainsFunc(slices.Collect(maps.Values(names)), func(v string) bool { return v == "view "+fmt.Sprint(otherID) })
			free := schemas[schema] && names[full] == ""
			var cmd Command
			var right bool
			then := func() {}
			switch rapid.SampledFrom([]string{"schema", "drop schema", "table", "view", "sequence", "move", "drop", "batch"}).Draw(rt, "kind") {
			case "schema":
				cmd, right = Command{CreateSchema: &CreateSchema{Database: 1, Name: schema}}, !schemas[schema]
				then = func() { schemas[schema] = true }
			case "drop schema":
				cmd = Command{DropSchema: &DropSchema{Database: 1, Name: schema}}
				right = schema != "public" && schemas[schema] && !slices.ContainsFunc(slices.Collect(maps.Keys(names)), func(n string) bool { return strings.HasPrefix(n, schema+".") })
				then = func() { delete(schemas, schema) }
			case "table":
				cmd, right = Command{CreateTable: &CreateTable{Database: 1, Schema: schema, Name: name, Columns: plainSchema()}}, free
				then = func() { names[full] = "table" }
			case "view":
				v := View{Database: 1, Schema: schema, Name: name, Query: "SELECT"}
				if other != "-" {
					v.Uses = []Use{{Name: "x", Relation: otherID}}
				}
				cmd, right = Command{CreateView: &CreateView{View: v}}, free
				then = func() { names[full] = "view " + fmt.Sprint(otherID) }
			case "sequence":
				q := Sequence{Database: 1, Schema: schema, Name: name, Type: column.Int64, Start: 1, Increment: 1, Min: 1, Max: 9, Cache: 1, Last: 1}
				right = free
				if names[other] == "table" {
					q.Table, q.Column = otherID, 1
				}
				cmd = Command{CreateSequence: &CreateSequence{Sequence: q}}
				then = func() { names[full] = "sequence " + fmt.Sprint(q.Table) }
			case "move":
				if names[other] == "table" || other == "-" {
					continue
				}
				cmd, right = Command{MoveRelation: &MoveRelation{Relation: otherID, Schema: schema, Name: name}}, free || full == other
				then = func() {
					was := names[other]
					delete(names, other)
					names[full] = was
				}
			case "drop":
				if other == "-" {
					continue
				}
				cmd, right = Command{DropRelation: &DropRelation{Relation: otherID}}, !used
				if names[other] == "table" {
					cmd = Command{DropTable: &DropTable{Table: otherID}}
					// A view of a sequence that goes with the table keeps it, too.
					for n, v := range names {
						if v == "sequence "+fmt.Sprint(otherID) {
							at, its, _ := strings.Cut(n, ".")
							id := s.Relation(1, at, its)
							right = right && !slices.ContainsFunc(slices.Collect(maps.Values(names)), func(v string) bool { return v == "view "+fmt.Sprint(id) })
						}
					}
				}
				then = func() {
					delete(names, other)
					maps.DeleteFunc(names, func(_, v string) bool { return v == "sequence "+fmt.Sprint(otherID) })
				}
			case "batch": // a table and one whose name is taken by it: none
				table := Command{CreateTable: &CreateTable{Database: 1, Schema: schema, Name: name, Columns: plainSchema()}}
				cmd = Command{Batch: &Batch{Commands: []Command{table, table}}}
			}
			next, _, err := s.Apply(cmd, 0)
			if (err == nil) != right {
				rt.Fatalf("%s: %v, the model says %v", describe(cmd), err, right)
			}
			if err == nil {
				then()
			}
			s = next
			got := map[string]bool{}
			for n := range s.names {
				got[n.schema+"."+n.name] = true
			}
			if len(got) != len(names) {
				rt.Fatalf("%s: %v, the model has %v", describe(cmd), got, names)
			}
			for n := range names {
				if !got[n] {
					rt.Fatalf("%s: %s is missing", describe(cmd), n)
				}
			}
			decodeStateOf(t, s)
		}
	})
}
