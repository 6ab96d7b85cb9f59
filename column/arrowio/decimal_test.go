package arrowio

import (
	"bytes"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// TestDecimals sends columns of numeric(p,s), as text and Scaled, and reads them back.
func TestDecimals(t *testing.T) {
	b := column.NewBuilder(column.T(column.Numeric), 4)
	for _, s := range []string{"12.50", "-0.05", "0.00"} {
		b.AppendString(s)
	}
	b.AppendNull()
	text := b.Finish()
	wide := column.NewBuilder(column.T(column.Numeric), 4)
	for _, s := range []string{"99999999999999999999999999999999999999", "-1", "0", "123456789012345678901234567890"} {
		wide.AppendString(s)
	}
	fields := []Field{
		{Name: "text", Type: text.Type, Mod: column.NumericMod(10, 2)},
		{Name: "scaled", Type: text.Type, Mod: column.NumericMod(10, 2)},
		{Name: "wide", Type: text.Type, Mod: column.NumericMod(38, 0), NotNull: true},
		{Name: "plain", Type: text.Type},
	}
	for i, want := range []string{"decimal(10, 2)", "decimal(10, 2)", "decimal(38, 0)", "utf8"} {
		if got := Schema(fields).Field(i).Type.String(); got != want {
			t.Errorf("column %d is %s, not %s", i, got, want)
		}
	}
	in := &scan.Batch{Len: 4, Columns: []*column.Vector{text, column.ToScaled(text), wide.Finish(), text}}
	var out bytes.Buffer
	w := NewStreamWriter(&out, fields)
	if err := w.Write(in); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rows := 0
	err := ReadStream(&out, func(_ []Field, got *scan.Batch) error {
		rows += got.Len
		for i, v := range got.Columns {
			if !column.Equal(v, in.Columns[i]) {
				t.Errorf("column %d differs", i)
			}
		}
		return nil
	})
	if err != nil || rows != 4 {
		t.Fatalf("%d rows, error %v", rows, err)
	}
	for _, s := range []string{"NaN", "1.005", "123456789.00"} {
		b := column.NewBuilder(column.T(column.Numeric), 1)
		b.AppendString(s)
		if _, err := Record(Schema(fields[:1]), fields[:1], &scan.Batch{Len: 1, Columns: []*column.Vector{b.Finish()}}); err == nil {
			t.Errorf("%s became a decimal(10, 2)", s)
		}
	}
}
