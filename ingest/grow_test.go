package ingest

import (
	"context"
	"slices"
	"strconv"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// grow adds a column or two to a table, fields or tags, a few times.
func (w *world) grow(t *rapid.T, name string) {
	table := w.tables[name]
	version := table.Columns.Version
	if version >= 4 {
		return
	}
	add := &meta.AddColumns{Table: table.ID, From: version, Tags: rapid.Bool().Draw(t, "tags")}
	for i := range rapid.IntRange(1, 2).Draw(t, "columns") {
		kinds := []column.Kind{column.Text, column.Int64, column.Bool}
		add.Columns = append(add.Columns, column.Field{
			Name: "more_" + strconv.Itoa(int(version)) + strconv.Itoa(i), Type: column.T(rapid.SampledFrom(kinds).Draw(t, "kind")),
		})
	}
	if _, err := w.catalog.Propose(context.Background(), meta.Command{AddColumns: add}); err != nil {
		t.Fatalf("add columns to %s: %v", name, err)
	}
	w.older[name] = append(w.older[name], table)
	w.tables[name] = w.catalog.Snapshot().TableByID(table.ID)
}

// drawVersion gives a table's newest description, or sometimes an older one, as a slow writer has it.
func (w *world) drawVersion(t *rapid.T, name string) *meta.Table {
	if older := w.older[name]; len(older) > 0 && rapid.IntRange(0, 2).Draw(t, "old") == 0 {
		return rapid.SampledFrom(older).Draw(t, "version")
	}
	return w.tables[name]
}

// ask reads some columns of a table in a range of times, of the series that have, or lack, a value of a tag.
func (w *world) ask(t *rapid.T, s snapshot, name string) {
	table := s.meta.TableByID(w.tables[name].ID)
	schema := &table.Columns
	ids := rapid.SliceOfNDistinct(rapid.SampledFrom(fieldIDs(schema)), 1, 3, rapid.ID).Draw(t, "columns")
	req := &scan.Request{Columns: ids, Time: scan.AllTime}
	keep := func(modelRow) bool { return true }
	if schema.Time != 0 && rapid.Bool().Draw(t, "timed") {
		lo := rapid.Int64Range(-50, 250).Draw(t, "from")
		req.Time = scan.TimeRange{Min: lo, Max: lo + rapid.Int64Range(0, 150).Draw(t, "length")}
		keep = func(r modelRow) bool {
			at, _ := strconv.ParseInt(r[schema.Time], 10, 64)
			return req.Time.Contains(at)
		}
	}
	if len(schema.Tags) > 0 && rapid.Bool().Draw(t, "filtered") {
		id := rapid.SampledFrom(schema.Tags).Draw(t, "tag")
		wanted := rapid.SampledFrom([]string{"NULL", `"a"`, "1", "true"}).Draw(t, "value")
		f := scan.SeriesFilter{Tag: id, Match: func(v []byte, null bool) bool { return tagText(schema, id, v, null) == wanted }}
		if wanted == `"a"` && rapid.Bool().Draw(t, "listed") && schema.Fields[schema.Index(id)].Type.Kind == column.Text {
			f.Equal = [][]byte{[]byte("a")}
		}
		req.Series = []scan.SeriesFilter{f}
		inTime := keep
		keep = func(r modelRow) bool {
			c, ok := r[id]
			return inTime(r) && (ok && c == wanted || !ok && wanted == "NULL")
		}
	}
	want := []string{}
	for _, r := range s.rows[name].rows() {
		if keep(r) {
			want = append(want, r.text(ids))
		}
	}
	slices.Sort(want)
	got, err := w.read(s, table, req)
	if err != nil {
		t.Fatalf("ask %s: %v", name, err)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s at seq %d, flushed %d, asked for %v:\n got %d rows %v\nwant %d rows %v", name, s.head.Seq(), s.meta.FlushedSeq(1), ids, len(got), got, len(want), want)
	}
}

// tagText writes a tag's value as cellText does.
func tagText(s *column.Schema, id column.ID, v []byte, null bool) string {
	switch t := s.Fields[s.Index(id)].Type; {
	case null:
		return "NULL"
	case t.Physical() == column.PhysInt:
		return strconv.FormatInt(key.Int(v), 10)
	case t.Physical() == column.PhysBool:
		return strconv.FormatBool(v[0] != 0)
	default:
		return strconv.Quote(string(v))
	}
}
