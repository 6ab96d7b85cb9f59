package segment

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// decimalSegment has the columns n numeric(9,2) and w numeric(18,0) of 100 rows in pages of 10, n ascending, w with NULLs and one NaN.
func decimalSegment(t *testing.T) (files oneFile, ref Ref) {
	t.Helper()
	s := &column.Schema{Version: 1, Fields: []column.Field{
		{ID: 1, Name: "n", Type: column.T(column.Numeric), Mod: column.NumericMod(9, 2), NotNull: true},
		{ID: 2, Name: "w", Type: column.T(column.Numeric), Mod: column.NumericMod(18, 0)},
	}}
	n, w := column.NewBuilder(s.Fields[0].Type, 100), column.NewBuilder(s.Fields[1].Type, 100)
	for i := range 100 {
		n.AppendString(fmt.Sprintf("%d.%02d", i-20, i))
		switch {
		case i == 55:
			w.AppendString("NaN")
		case i%7 == 0:
			w.AppendNull()
		default:
			w.AppendString(fmt.Sprintf("%d99999999999999999", i%9))
		}
	}
	stored := newFiles()
	wr, err := NewWriter(t.Context(), stored, Options{Table: 7, Segment: 9, Schema: s, PageRows: 10})
	if err != nil {
		t.Fatal(err)
	}
	if err := wr.AppendRun(nil, []*column.Vector{n.Finish(), w.Finish()}, 100); err != nil {
		t.Fatal(err)
	}
	info, err := wr.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return loadFiles(t, stored), Ref{Table: 7, Segment: 9, Rows: info.Rows, DataBytes: info.DataBytes, SidecarBytes: info.SidecarBytes, SidecarSum: info.SidecarSum}
}

func TestDecimals(t *testing.T) {
	files, ref := decimalSegment(t)
	data := files[DataName(7, 9)]
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if s := f.Schema().String(); !strings.Contains(s, "required int64 n (DECIMAL(9,2))") || !strings.Contains(s, "optional int64 w (DECIMAL(18,0))") {
		t.Errorf("Parquet's schema is %s", s)
	}
	r, err := Open(t.Context(), files, ref, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[int][]column.Encoding{
		0: slices.Repeat([]column.Encoding{column.Scaled}, 10),
		1: {4, 4, 4, 4, 4, column.Flat, 4, 4, 4, 4}, // the page with NaN is text
	} {
		p, err := r.pagesOf(field)
		if err != nil {
			t.Fatal(err)
		}
		for k, enc := range want {
			v, err := r.page(t.Context(), p, k, &pageUse{})
			if err != nil || v.Enc != enc || v.Type.Kind != column.Numeric {
				t.Fatalf("page %d of column %d: %v, error %v", k, field, v, err)
			}
		}
	}
	for _, c := range []struct {
		id       column.ID
		lo, hi   float64
		admitted int
	}{
		{1, 0, 0.5, 1},       // 0.20 is the first of a page: -0.19 … is none
		{1, 9.99, 29.99, 2},  // 10.30 to 29.49
		{1, 1000, 2000, 0},   // beyond all
		{1, -19, -18.9, 1},   // negative
		{2, 1e18, 2e18, 1},   // NaN is greater than any number
		{2, -2e18, -1e18, 1}, // and leaves its page without bounds
	} {
		f := scan.ColumnFilter{Column: c.id, FloatMin: c.lo, FloatMax: c.hi}
		spans, err := r.prune([]Span{{Lo: 0, Hi: 100}}, &scan.Request{Filters: []scan.ColumnFilter{f}}, nil)
		rows := 0
		for _, s := range spans {
			rows += int(s.Hi - s.Lo)
		}
		if err != nil || rows != 10*c.admitted {
			t.Errorf("column %d from %v to %v: %d rows, error %v", c.id, c.lo, c.hi, rows, err)
		}
	}
}

func readDecimals(t *testing.T, files Files, ref Ref) ([]string, error) {
	rd, err := Open(t.Context(), files, ref, ReadOptions{})
	if err != nil {
		return nil, err
	}
	defer rd.Close()
	morsels, _, err := rd.Morsels(t.Context(), &scan.Request{Time: scan.AllTime, Columns: []column.ID{1, 2}}, View{}, 50)
	if err != nil {
		return nil, err
	}
	return readAll(t.Context(), morsels)
}

// TestGoldenDecimals is TestGolden for columns that are stored as DECIMAL.
func TestGoldenDecimals(t *testing.T) { goldenDecimals(t, "decimals", decimalSegment) }
