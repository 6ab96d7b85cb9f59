package interop

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/parquetio"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/segment/interop/sample"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestArrowReadsTheSame reads a segment of every type, with NULLs, through an independent reader and compares value by value.
func TestArrowReadsTheSame(t *testing.T) {
	dir := t.TempDir()
	s, err := sample.Write(context.Background(), dir, 3000)
	check(t, err)
	if keep := os.Getenv("AEGIS_KEEP_SAMPLE"); keep != "" { // for looking at it with other tools by hand
		b, err := os.ReadFile(filepath.Join(dir, s.Name))
		check(t, err)
		check(t, os.WriteFile(keep, b, 0o600))
	}
	compare(t, filepath.Join(dir, s.Name), s, func(i int) column.ID { return s.Schema.Fields[i].ID })
}

// TestArrowReadsResults does the same for a file as results are written, in several row groups.
func TestArrowReadsResults(t *testing.T) {
	s, err := sample.Write(context.Background(), t.TempDir(), 3000)
	check(t, err)
	name := filepath.Join(t.TempDir(), "result.parquet")
	out, err := os.Create(name)
	check(t, err)
	defer out.Close()
	w, err := parquetio.NewWriter(out, s.Schema.Fields, parquetio.Options{GroupRows: 5000})
	check(t, err)
	defer w.Abort()
	for lo := 0; lo < s.Rows; lo += 1000 {
		b := &scan.Batch{Len: min(1000, s.Rows-lo)}
		for _, v := range s.Columns {
			b.Columns = append(b.Columns, v.Slice(lo, lo+b.Len))
		}
		check(t, w.Write(b))
	}
	check(t, w.Close())
	compare(t, name, s, func(i int) column.ID { return column.ID(i + 1) })
}

// compare reads a file with arrow-go and holds it against what was written.
func compare(t *testing.T, name string, s *sample.Sample, id func(int) column.ID) {
	t.Helper()
	f, err := file.OpenParquetFile(name, false)
	check(t, err)
	defer f.Close()
	rd, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: 1000}, memory.DefaultAllocator)
	check(t, err)
	table, err := rd.ReadTable(context.Background())
	check(t, err)
	defer table.Release()
	if table.NumRows() != int64(s.Rows) {
		t.Fatalf("%d rows, want %d", table.NumRows(), s.Rows)
	}
	for i, field := range s.Schema.Fields {
		c := table.Column(i)
		if c.Name() != field.Name {
			t.Fatalf("column %d is %q, want %q", i, c.Name(), field.Name)
		}
		if got, ok := c.Field().Metadata.GetValue("PARQUET:field_id"); !ok || got != fmt.Sprint(id(i)) {
			t.Errorf("column %q has field id %q, want %d", field.Name, got, id(i))
		}
		want := wantType[field.Type.Kind]
		if p, scale, ok := field.Mod.Numeric(); ok {
			want = fmt.Sprintf("decimal(%d, %d)", p, scale)
		}
		if got := c.DataType().String(); got != want {
			t.Errorf("column %q is %s, want %s", field.Name, got, want)
		}
		row := 0
		for _, chunk := range c.Data().Chunks() {
			for k := range chunk.Len() {
				if g, w := arrowCell(chunk, k), cell(s.Columns[i], row); g != w {
					t.Fatalf("column %q row %d: %s, want %s", field.Name, row, g, w)
				}
				row++
			}
		}
	}
}

var wantType = map[column.Kind]string{
	column.Bool: "bool", column.Int16: "int16", column.Int32: "int32", column.Int64: "int64", column.Float32: "float32", column.Float64: "float64",
	column.Numeric: "utf8", column.Text: "utf8", column.Bytea: "binary", column.Date: "date32", column.Timestamp: "timestamp[us]",
	column.TimestampTZ: "timestamp[us, tz=UTC]", column.TimestampNS: "timestamp[ns, tz=UTC]", column.IntervalKind: "fixed_size_binary[16]", column.JSON: "binary", // arrow-go maps the logical type so
}

func arrowCell(a arrow.Array, i int) string {
	if a.IsNull(i) {
		return "NULL"
	}
	switch a := a.(type) {
	case *array.Boolean:
		return fmt.Sprint(a.Value(i))
	case *array.Int16:
		return fmt.Sprint(a.Value(i))
	case *array.Int32:
		return fmt.Sprint(a.Value(i))
	case *array.Int64:
		return fmt.Sprint(a.Value(i))
	case *array.Date32:
		return fmt.Sprint(int32(a.Value(i)))
	case *array.Timestamp:
		return fmt.Sprint(int64(a.Value(i)))
	case *array.Float32:
		return fmt.Sprintf("%x", math.Float64bits(float64(a.Value(i))))
	case *array.Float64:
		return fmt.Sprintf("%x", math.Float64bits(a.Value(i)))
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		return fmt.Sprintf("%q", a.Value(i).ToString(scale))
	case *array.String:
		return fmt.Sprintf("%q", a.Value(i))
	case *array.Binary:
		return fmt.Sprintf("%q", a.Value(i))
	case *array.FixedSizeBinary:
		return fmt.Sprintf("%x", a.Value(i))
	}
	return fmt.Sprintf("%T", a)
}

func cell(v *column.Vector, i int) string {
	if v.IsNull(i) {
		return "NULL"
	}
	switch v.Type.Physical() {
	case column.PhysBool:
		return fmt.Sprint(v.Bool(i))
	case column.PhysInt:
		return fmt.Sprint(v.Int(i))
	case column.PhysFloat:
		return fmt.Sprintf("%x", math.Float64bits(v.Float(i)))
	case column.PhysInterval:
		x := v.Interval(i)
		b := make([]byte, 16)
		for k := range 4 {
			b[k], b[4+k] = byte(x.Months>>(8*k)), byte(x.Days>>(8*k))
		}
		for k := range 8 {
			b[8+k] = byte(x.Micros >> (8 * k))
		}
		return fmt.Sprintf("%x", b)
	}
	return fmt.Sprintf("%q", v.Bytes(i))
}
