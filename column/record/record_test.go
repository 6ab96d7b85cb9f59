package record

import (
	"bytes"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// TestRoundTrip: a row comes back as it was made, whatever form its values had; what is cut off or changed is an error, and never a panic.
func TestRoundTrip(t *testing.T) {
	ints := column.NewInts(column.T(column.Int32), []int64{1, -2, 3}, nil)
	texts := column.NewStrings("a", "", "c c")
	scaled := column.NewScaled([]int64{150, -5, 0}, 2, nil)
	null := column.NewNull(column.T(column.TimestampTZ), 3)
	inner := column.NewBuilder(column.T(column.Record), 3)
	for i := range 3 {
		inner.AppendBytes(Append(nil, []string{"x"}, []*column.Vector{ints}, i))
	}
	rows := inner.Finish()
	names, values := []string{"i", "t", "", "null", "r"}, []*column.Vector{ints, column.NewConst(texts, 2, 3), scaled, null, rows}
	encoded := Append(nil, names, values, 1)
	fields, err := Decode(encoded)
	if err != nil || len(fields) != 5 {
		t.Fatal(fields, err)
	}
	for i, want := range []string{"", "c c", "-0.05", "", string(rows.Bytes(1))} {
		f := fields[i]
		if f.Name != names[i] || f.Value.Len != 1 || f.Value.Type != values[i].Type || f.IsNull() != (i == 3) {
			t.Errorf("field %d: %v", i, f)
		}
		if f.Value.Type.Physical() == column.PhysBytes && string(f.Value.Bytes(0)) != want {
			t.Errorf("field %d is %q, want %q", i, f.Value.Bytes(0), want)
		}
	}
	if fields[0].Value.Int(0) != -2 {
		t.Errorf("%d", fields[0].Value.Int(0))
	}
	for i := range encoded {
		if _, err := Decode(encoded[:i]); err == nil {
			t.Fatalf("a row cut at %d of %d is one", i, len(encoded))
		}
		damaged := bytes.Clone(encoded)
		damaged[i] ^= 0xff
		_, _ = Decode(damaged)
	}
	if fields, err := Decode(Append(nil, nil, nil, 0)); err != nil || len(fields) != 0 {
		t.Error(fields, err)
	}
}
