package parquetio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// cell spells a value as ours and as parquet-go has it.
func cell(v *column.Vector, i int) string {
	if v.Type.Kind == column.Unknown || v.IsNull(i) {
		return "null"
	}
	switch v.Type.Physical() {
	case column.PhysBool:
		return fmt.Sprint(v.Bool(i))
	case column.PhysInt:
		return fmt.Sprint(v.Int(i))
	case column.PhysFloat:
		if v.Type.Kind == column.Float32 { // which of the NaNs it was is lost
			return fmt.Sprintf("%x", math.Float64bits(float64(float32(v.Float(i)))))
		}
		return fmt.Sprintf("%x", math.Float64bits(v.Float(i)))
	case column.PhysInterval:
		return fmt.Sprint(v.Interval(i))
	}
	return fmt.Sprintf("%q", v.Bytes(i))
}

func foreign(v parquet.Value) string {
	if v.IsNull() {
		return "null"
	}
	switch v.Kind() {
	case parquet.Boolean:
		return fmt.Sprint(v.Boolean())
	case parquet.Int32:
		return fmt.Sprint(v.Int32())
	case parquet.Int64:
		return fmt.Sprint(v.Int64())
	case parquet.Float:
		return fmt.Sprintf("%x", math.Float64bits(float64(v.Float())))
	case parquet.Double:
		return fmt.Sprintf("%x", math.Float64bits(v.Double()))
	case parquet.FixedLenByteArray:
		b := v.ByteArray()
		return fmt.Sprint(column.Interval{
			Months: int32(binary.LittleEndian.Uint32(b)), Days: int32(binary.LittleEndian.Uint32(b[4:])), Micros: int64(binary.LittleEndian.Uint64(b[8:])),
		})
	}
	return fmt.Sprintf("%q", v.ByteArray())
}

// drawRows makes a flat vector.
func drawRows(t *rapid.T, typ column.Type, n int, nulls bool) *column.Vector {
	b := column.NewBuilder(typ, n)
	most := rapid.SampledFrom([]int64{2, 7, 65536}).Draw(t, "values")
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	for range n {
		x := random.Int64N(most) - most/2
		switch {
		case nulls && x%3 == 0:
			b.AppendNull()
		case typ.Physical() == column.PhysBool:
			b.AppendBool(x%2 == 0)
		case typ.Physical() == column.PhysInt:
			b.AppendInt(x)
		case typ.Physical() == column.PhysFloat:
			b.AppendFloat([]float64{float64(x), math.NaN(), math.Inf(1), math.Copysign(0, -1)}[x&3])
		case typ.Physical() == column.PhysInterval:
			b.AppendInterval(column.Interval{Months: int32(x), Days: int32(-x), Micros: x * x})
		default:
			b.AppendString(fmt.Sprint(x)[1:])
		}
	}
	return b.Finish()
}

// drawColumn makes rows of a column in any encoding.
func drawColumn(t *rapid.T, f column.Field, n int) *column.Vector {
	if f.Type.Kind == column.Unknown {
		return column.NewNull(f.Type, n)
	}
	flat := drawRows(t, f.Type, n+3, !f.NotNull)
	switch rapid.IntRange(0, 3).Draw(t, "encoding") {
	case 0:
		return column.NewConst(flat, 1, n)
	case 1:
		codes := make([]uint32, n)
		for i := range codes {
			codes[i] = uint32(i*7) % uint32(flat.Len)
		}
		return &column.Vector{Type: f.Type, Enc: column.Dict, Len: n, Child: flat, Codes: codes}
	case 2:
		half := int32(n+1) / 2
		return &column.Vector{Type: f.Type, Enc: column.RunEnd, Len: n, Child: flat.Slice(1, 3), Ends: []int32{half - 1, int32(n)}}
	}
	return flat.Slice(2, n+2)
}

// TestReadsTheSame reads what was written with parquet-go: any types, encodings, batches, and groups of any size.
func TestReadsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := make([]column.Field, rapid.IntRange(1, 5).Draw(t, "columns"))
		for i := range fields {
			kind := column.Kind(rapid.IntRange(int(column.Unknown), int(column.JSON)).Draw(t, "kind"))
			fields[i] = column.Field{Name: fmt.Sprint("c", i), Type: column.T(kind), NotNull: kind != column.Unknown && rapid.Bool().Draw(t, "not null")}
		}
		o := Options{
			GroupRows: rapid.IntRange(30, 200).Draw(t, "group rows"), GroupBytes: rapid.Int64Range(500, 5000).Draw(t, "group bytes"),
			Workers: rapid.IntRange(1, 3).Draw(t, "workers"), Pool: mem.NewPool("test", 0, nil),
		}
		var out bytes.Buffer
		w, err := NewWriter(&out, fields, o)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for range rapid.IntRange(0, 5).Draw(t, "batches") {
			b := &scan.Batch{Len: rapid.IntRange(2, 150).Draw(t, "rows")}
			for _, f := range fields {
				b.Columns = append(b.Columns, drawColumn(t, f, b.Len))
			}
			for i := range b.Len {
				row := ""
				for _, v := range b.Columns {
					row += cell(v, i) + ","
				}
				want = append(want, row)
			}
			if err := w.Write(b); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if w.Abort(); o.Pool.Used() != 0 {
			t.Fatalf("%d bytes are still reserved", o.Pool.Used())
		}
		got := read(t, out.Bytes())
		if len(got) != len(want) {
			t.Fatalf("%d rows, want %d", len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("row %d: %s, want %s", i, got[i], want[i])
			}
		}
	})
}

func read(t interface{ Fatal(...any) }, file []byte) (rows []string) {
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range f.RowGroups() {
		r := g.Rows()
		buf := make([]parquet.Row, 50)
		for {
			n, err := r.ReadRows(buf)
			for _, row := range buf[:n] {
				text := ""
				for _, v := range row {
					text += foreign(v) + ","
				}
				rows = append(rows, text)
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

// TestMemoryDoesNotGrow writes many times what it may hold.
func TestMemoryDoesNotGrow(t *testing.T) {
	fields := []column.Field{{Name: "n", Type: column.T(column.Int64)}, {Name: "t", Type: column.T(column.Text)}}
	pool := mem.NewPool("test", 8<<20, nil)
	w, err := NewWriter(io.Discard, fields, Options{GroupBytes: 1 << 20, Pool: pool})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	ints, texts := make([]int64, 4096), column.NewBuilder(fields[1].Type, 4096)
	for i := range ints {
		ints[i] = int64(i) * 0x9e3779b97f4a7c1
		texts.AppendString(fmt.Sprint("text ", ints[i]))
	}
	b := &scan.Batch{Len: len(ints), Columns: []*column.Vector{column.NewInts(fields[0].Type, ints, nil), texts.Finish()}}
	for range 300 { // 48 MiB
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if pool.Used() != 0 || pool.Peak() < 1<<20 {
		t.Errorf("%d bytes are reserved, at most %d were", pool.Used(), pool.Peak())
	}
}

// TestManyTexts writes more distinct texts than a dictionary takes: the group ends, and the next ones are flat.
func TestManyTexts(t *testing.T) {
	fields := []column.Field{{Name: "t", Type: column.T(column.Text)}, {Name: "n", Type: column.T(column.Int64), NotNull: true}}
	var out bytes.Buffer
	w, err := NewWriter(&out, fields, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	const batches, rows = 20, 4096
	var want []string
	for batch := range batches {
		codes, texts, ints := make([]uint32, rows), column.NewBuilder(fields[0].Type, rows), make([]int64, rows)
		for i := range codes {
			codes[i], ints[i] = uint32(rows-1-i), int64(i)
			if i%1000 == 7 {
				texts.AppendNull()
			} else {
				texts.AppendString(fmt.Sprint(batch, " ", i))
			}
		}
		v := &column.Vector{Type: fields[0].Type, Enc: column.Dict, Len: rows, Child: texts.Finish(), Codes: codes}
		for i := range rows {
			want = append(want, cell(v, i)+","+fmt.Sprint(i)+",")
		}
		if err := w.Write(&scan.Batch{Len: rows, Columns: []*column.Vector{v, column.NewInts(fields[1].Type, ints, nil)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got := read(t, out.Bytes())
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("row %d: %s, want %s", i, got[i], want[i])
		}
	}
	if f, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len())); err != nil || len(f.RowGroups()) != 2 {
		t.Errorf("%v, want two row groups", err)
	}
}

// failing is a writer that is full.
type failing struct{ room int }

var errFull = errors.New("full")

func (f *failing) Write(b []byte) (int, error) {
	if len(b) > f.room {
		return 0, errFull
	}
	f.room -= len(b)
	return len(b), nil
}

// TestErrors: what the writer below says is handed on, wherever it says so; rows that do not fit are refused; nothing stays reserved.
func TestErrors(t *testing.T) {
	fields := []column.Field{{Name: "n", Type: column.T(column.Int64), NotNull: true}}
	b := &scan.Batch{Len: 1000, Columns: []*column.Vector{column.NewInts(fields[0].Type, make([]int64, 1000), nil)}}
	for room := 0; room < 600; room += 13 {
		pool := mem.NewPool("test", 0, nil)
		w, err := NewWriter(&failing{room}, fields, Options{GroupRows: 700, Pool: pool})
		for range 3 {
			if err == nil {
				err = w.Write(b)
			}
		}
		if err == nil {
			err = w.Close()
		}
		if w.Abort(); pool.Used() != 0 {
			t.Errorf("room for %d bytes: %d are reserved", room, pool.Used())
		}
		if room < 200 && !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: %v", room, err)
		}
	}
	w, err := NewWriter(io.Discard, fields, Options{GroupRows: 10, Pool: mem.NewPool("test", 1<<10, nil)})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(b); column.ClassOf(err) != column.Limit {
		t.Errorf("no memory: %v", err)
	}
	w.Abort()
	null := &scan.Batch{Len: 1, Columns: []*column.Vector{column.NewNull(fields[0].Type, 1)}}
	w, err = NewWriter(io.Discard, fields, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if err := errors.Join(w.Write(null), w.Close()); column.ClassOf(err) != column.Internal {
		t.Errorf("NULL where there is none: %v", err)
	}
}

// BenchmarkWrite writes what scans give: tags in runs, here 120 rows of a series each, a time, and fields.
func BenchmarkWrite(b *testing.B) {
	const rows, run = 4096, 120
	texts, ends := column.NewBuilder(column.T(column.JSON), 0), []int32(nil)
	for at := 0; at < rows; at += run {
		texts.AppendString(fmt.Sprintf(`{"cluster":"prod-eu-1","env":"production","instance":"10.0.%d.7:9100","job":"node","mode":"idle","namespace":"monitoring","region":"eu-west-1"}`, at/run))
		ends = append(ends, int32(min(rows, at+run)))
	}
	fields := []column.Field{{Name: "labels", Type: column.T(column.JSON)}, {Name: "ts", Type: column.T(column.TimestampTZ), NotNull: true}}
	batch := &scan.Batch{Len: rows, Columns: []*column.Vector{{Type: fields[0].Type, Enc: column.RunEnd, Len: rows, Child: texts.Finish(), Ends: ends}}}
	for c := range 4 {
		ints := make([]int64, rows)
		for i := range ints {
			if ints[i] = int64(i) * 10_000_000; c > 0 {
				ints[i] = int64(uint64(i*(c+1))*2654435761>>7) % 100
			}
		}
		if c > 0 {
			fields = append(fields, column.Field{Name: fmt.Sprint("f", c), Type: column.T(column.Int64)})
		}
		batch.Columns = append(batch.Columns, column.NewInts(fields[len(fields)-1].Type, ints, nil))
	}
	w, err := NewWriter(io.Discard, fields, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Abort()
	for range b.N {
		if err := w.Write(batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
