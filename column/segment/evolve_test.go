package segment

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// TestNewerSchema reads a segment under a schema with a column less, columns more that have initial values or none, and wider types.
func TestNewerSchema(t *testing.T) {
	files := newFiles()
	old := tinySchema()
	old.Fields = append(old.Fields,
		column.Field{ID: 4, Name: "n", Type: column.T(column.Int16)}, column.Field{ID: 5, Name: "name", Type: column.T(column.Varchar), Mod: column.LengthMod(3)},
		column.Field{ID: 6, Name: "gone", Type: column.T(column.Text)}, column.Field{ID: 7, Name: "f", Type: column.T(column.Float32)})
	w, err := NewWriter(t.Context(), files, Options{Table: 7, Segment: 9, Schema: old})
	if err != nil {
		t.Fatal(err)
	}
	columns := []*column.Vector{
		ints(column.Timestamp, 1, 2), nil, ints(column.Int64, 10, 20), ints(column.Int16, 3, -4),
		column.NewStrings("abc", "ab").As(column.T(column.Varchar)), column.NewStrings("x", "y"), column.NewFloats(column.T(column.Float32), []float64{0.5, 1.5}, nil),
	}
	if err := w.AppendRun(host("a"), columns, 2); err != nil {
		t.Fatal(err)
	}
	info, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), files, info.Ref(7, 9), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()

	now := tinySchema()
	now.Version = 2
	tag := now.Index(now.Tags[0])
	now.Fields[tag].Type = column.T(column.Varchar)
	seven := column.DatumOf(ints(column.Int64, 7), 0)
	now.Fields = append(now.Fields,
		column.Field{ID: 4, Name: "n", Type: column.T(column.Int64)}, column.Field{ID: 5, Name: "name", Type: column.T(column.Text)},
		column.Field{ID: 7, Name: "f", Type: column.T(column.Float64)},
		column.Field{ID: 8, Name: "new", Type: column.T(column.Int64), Initial: seven, Added: 2, NotNull: true}, column.Field{ID: 9, Name: "none", Type: column.T(column.Text)},
		column.Field{ID: 10, Name: "text", Type: column.T(column.Text), Initial: column.DatumOf(column.NewStrings(""), 0), Added: 2})
	want := []string{`"a"|3|"abc"|3fe0000000000000|7|NULL|""|`, `"a"|-4|"ab"|3ff8000000000000|7|NULL|""|`}
	req := scan.Request{Columns: []column.ID{now.Tags[0], 4, 5, 7, 8, 9, 10}, Time: scan.AllTime}
	for _, c := range []struct {
		filter scan.ColumnFilter
		rows   int
	}{
		{scan.ColumnFilter{Column: 8, IntMin: 7, IntMax: 7}, 2},
		{scan.ColumnFilter{Column: 8, IntMin: 8, IntMax: 9}, 0},
		{scan.ColumnFilter{Column: 9, TextMin: []byte("a")}, 0},
		{scan.ColumnFilter{Column: 10, TextMin: []byte("a")}, 0},
		{scan.ColumnFilter{Column: 10, TextMax: []byte("a")}, 2},
		{scan.ColumnFilter{Column: 4, IntMin: -4, IntMax: 1 << 40}, 2},
		{scan.ColumnFilter{Column: 4, IntMin: 1 << 20, IntMax: 1 << 40}, 0},
		{scan.ColumnFilter{Column: 7, FloatMin: 2, FloatMax: 3}, 0},
	} {
		with := req
		with.Filters = []scan.ColumnFilter{c.filter}
		morsels, _, err := r.Morsels(t.Context(), &with, View{Schema: now}, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readAll(t.Context(), morsels)
		if err != nil || !slices.Equal(got, want[:c.rows]) {
			t.Errorf("%+v: %q, %v", c.filter, got, err)
		}
		for _, m := range morsels {
			checkTypes(t, m, now, req.Columns)
		}
	}
	runs, err := r.Runs(t.Context(), View{Schema: now}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer runs.Close()
	run, err := runs.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range now.Fields {
		if v := run.Columns[i]; !now.IsTag(f.ID) && (v.Type != f.Type || v.Len != 2) {
			t.Errorf("column %s comes as %s", f.Name, v.Type)
		}
	}
	if got := fmt.Sprint(run.Columns[6].Int(1), run.Columns[7].IsNull(1), run.Columns[8].IsNull(1)); got != "7 true false" {
		t.Errorf("added columns of a run are %s", got)
	}
}

func checkTypes(t *testing.T, m scan.Morsel, schema *column.Schema, ids []column.ID) {
	t.Helper()
	rd, err := m.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Close()
	for {
		b, err := rd.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, id := range ids {
			if f := schema.Fields[schema.Index(id)]; b.Columns[i].Type != f.Type || b.Columns[i].Child != nil && b.Columns[i].Child.Type != f.Type {
				t.Errorf("column %s comes as %s", f.Name, b.Columns[i].Type)
			}
		}
	}
}
