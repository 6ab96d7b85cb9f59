package wal

import (
	"bytes"
	"context"
	"encoding/hex"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

var update = flag.Bool("update", false, "rewrite golden files")

// goldenRecord has every encoding once.
func goldenRecord(t testing.TB) []byte {
	t.Helper()
	r := Record{Kind: Multi, Shard: 2, Epoch: 3, Seq: 4, Time: 1_700_000_000_000_000, Writer: "import-7", Number: 9}
	texts := column.NewBuilder(column.T(column.Text), 3)
	texts.AppendString("a")
	texts.AppendNull()
	texts.AppendString("ccc")
	spans := column.NewBuilder(column.T(column.IntervalKind), 1)
	spans.AppendInterval(column.Interval{Months: 1, Days: -2, Micros: 3})
	tables := []Table{
		{Database: 1, Table: 5, SchemaVersion: 6, Rows: 3, Refs: []uint32{0, 1, 2}, Columns: []Column{
			{1, column.NewInts(column.T(column.TimestampTZ), []int64{1000, 2000, 3000}, nil)},
			{2, column.NewFloats(column.T(column.Float64), []float64{1, 2.5, -3}, nil)},
			{3, texts.Finish()},
		}},
		{Database: 1, Table: 7, SchemaVersion: 1, Rows: 1, Refs: []uint32{9}, Columns: []Column{
			{1, column.NewFloats(column.T(column.Float64), []float64{0.5}, nil)},
			{2, column.NewBools([]bool{true}, nil)},
			{3, spans.Finish()},
		}},
	}
	b := r.appendHead(nil, len(tables))
	for i := range tables {
		rows, err := EncodeTable(context.Background(), nil, &tables[i])
		if err != nil {
			t.Fatal(err)
		}
		b = appendUvarint(b, uint64(tables[i].Table))
		b = appendDefinitions(b, tables[i].Refs, testKey)
		b = append(appendUvarint(b, uint64(len(rows))), rows...)
	}
	return b
}

// TestGolden pins the bytes of format version 1: a change here is a new version.
func TestGolden(t *testing.T) {
	const name = "testdata/record-v1.hex"
	got := goldenRecord(t)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(hex.Dump(got)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if dump := hex.Dump(got); dump != string(want) {
		t.Fatalf("the format changed:\n%s\nwant\n%s", dump, want)
	}
	r, err := Decode(got, func(_ meta.TableID, ref uint32, key []byte) error {
		if !bytes.Equal(key, testKey(ref)) {
			t.Fatalf("%d: %q", ref, key)
		}
		return nil
	})
	if err != nil || len(r.Tables) != 2 || !r.Tables[0].Columns[2].Vector.IsNull(1) || r.Tables[1].Columns[2].Vector.Interval(0).Days != -2 {
		t.Fatalf("%+v, %v", r, err)
	}
}

// goldenChange has every part of a change once.
func goldenChange(t testing.TB) []byte {
	t.Helper()
	r := Record{Kind: Change, Shard: 2, Epoch: 3, Seq: 40, Time: 1_700_000_000_000_000}
	rows, err := EncodeTable(context.Background(), nil, &Table{Database: 1, Table: 5, SchemaVersion: 6, Rows: 2, Refs: []uint32{4}, Columns: []Column{
		{1, column.NewInts(column.T(column.TimestampTZ), []int64{1000, 2000}, nil)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	b := r.appendHead(nil, 1)
	b = appendUvarint(b, 5)
	b = appendDefinitions(b, []uint32{4}, testKey)
	b = append(appendUvarint(b, uint64(len(rows))), rows...)
	ends := goldenEnds()
	b = appendUvarint(b, uint64(len(ends)))
	for i := range ends {
		body, err := EncodeEnds(nil, &ends[i])
		if err != nil {
			t.Fatal(err)
		}
		b = appendUvarint(b, uint64(ends[i].Table))
		b = appendDefinitions(b, []uint32{9}[:min(1, len(ends[i].Series))], testKey)
		b = append(appendUvarint(b, uint64(len(body))), body...)
	}
	return b
}

func goldenEnds() []Ends {
	return []Ends{
		{
			Table:    5,
			Segments: []SegmentEnds{{3, roaring.BitmapOf(0, 7, 8, 9, 70_000)}, {12, roaring.BitmapOf(1)}},
			Series:   []SeriesEnds{{Ref: 9, Seqs: []int64{31, 31, 38}, Numbers: []int64{0, 2, 0}}},
			Own:      roaring.BitmapOf(1),
		},
		{Table: 6, Segments: []SegmentEnds{{4, roaring.BitmapOf(2)}}},
	}
}

// TestGoldenChange pins the bytes of rows that end.
func TestGoldenChange(t *testing.T) {
	const name = "testdata/change-v1.hex"
	got := goldenChange(t)
	if *update {
		if err := os.WriteFile(name, []byte(hex.Dump(got)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if dump := hex.Dump(got); dump != string(want) {
		t.Fatalf("the format changed:\n%s\nwant\n%s", dump, want)
	}
	defined := 0
	r, err := Decode(got, func(meta.TableID, uint32, []byte) error { defined++; return nil })
	if err != nil || r.Kind != Change || len(r.Tables) != 1 || r.Tables[0].Rows != 2 || defined != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	for i, e := range goldenEnds() {
		back := r.Ends[i]
		if back.Table != e.Table || !reflect.DeepEqual(back.Series, e.Series) || (back.Own == nil) != (e.Own == nil) || e.Own != nil && !back.Own.Equals(e.Own) || len(back.Segments) != len(e.Segments) {
			t.Fatalf("%+v", back)
		}
		for k, s := range e.Segments {
			if back.Segments[k].Segment != s.Segment || !back.Segments[k].Rows.Equals(s.Rows) {
				t.Fatalf("%+v", back.Segments[k])
			}
		}
	}
	for i := range got {
		if _, err := Decode(got[:i], nil); column.ClassOf(err) != column.Corrupt {
			t.Fatalf("the first %d of %d bytes: %v", i, len(got), err)
		}
	}
}

// TestGoldenBound pins the bytes of a change that the catalog decides, here one that ends no rows, as the log writes it.
func TestGoldenBound(t *testing.T) {
	const name = "testdata/bound-v1.hex"
	rows, err := EncodeTable(context.Background(), nil, &Table{Database: 1, Table: 5, SchemaVersion: 6, Rows: 2, Refs: []uint32{4}, Columns: []Column{
		{1, column.NewInts(column.T(column.TimestampTZ), []int64{1000, 2000}, nil)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	l := &Log{defined: map[meta.TableID]*refSet{}}
	r := Record{Kind: Bound, Shard: 2, Epoch: 3, Seq: 40, Time: 1_700_000_000_000_000}
	parts, _, err := l.encodeLocked(&r, []Body{{Table: 5, Refs: []uint32{4}, Rows: rows, Key: testKey}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := bytes.Join(parts, nil)
	if *update {
		if err := os.WriteFile(name, []byte(hex.Dump(got)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if dump := hex.Dump(got); dump != string(want) {
		t.Fatalf("the format changed:\n%s\nwant\n%s", dump, want)
	}
	back, err := Decode(got, func(meta.TableID, uint32, []byte) error { return nil })
	if err != nil || !back.Bound || len(back.Tables) != 1 || back.Tables[0].Rows != 2 || len(back.Ends) != 0 {
		t.Fatalf("%+v, %v", back, err)
	}
	for i := range got {
		if _, err := Decode(got[:i], nil); column.ClassOf(err) != column.Corrupt {
			t.Fatalf("the first %d of %d bytes: %v", i, len(got), err)
		}
	}
}

// FuzzDecode: foreign bytes give an error or a record whose vectors are whole.
func FuzzDecode(f *testing.F) {
	f.Add(goldenRecord(f))
	f.Add(goldenChange(f))
	f.Add([]byte{1, 0, 1, 1, 2, 0, 0, 1, 1, 0, 4, 1, 1, 1, 1})
	f.Fuzz(func(t *testing.T, src []byte) {
		r, err := Decode(src, func(_ meta.TableID, _ uint32, key []byte) error {
			if len(key) > MaxKey {
				t.Fatalf("a key of %d bytes", len(key))
			}
			return nil
		})
		if err != nil {
			if column.ClassOf(err) != column.Corrupt || !strings.Contains(err.Error(), "wal record") {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, e := range r.Ends {
			for _, s := range e.Series {
				if len(s.Seqs) == 0 || len(s.Seqs) != len(s.Numbers) {
					t.Fatalf("%+v", s)
				}
			}
		}
		for _, tab := range r.Tables {
			for _, c := range tab.Columns {
				if c.Vector.Len != tab.Rows {
					t.Fatalf("%d of %d rows", c.Vector.Len, tab.Rows)
				}
				for _, i := range []int{0, tab.Rows - 1} {
					if c.Vector.IsNull(i) {
						continue
					}
					switch c.Vector.Type.Physical() {
					case column.PhysInt:
						_ = c.Vector.Int(i)
					case column.PhysFloat:
						_ = c.Vector.Float(i)
					case column.PhysBool:
						_ = c.Vector.Bool(i)
					case column.PhysInterval:
						_ = c.Vector.Interval(i)
					default:
						_ = c.Vector.Bytes(i)
					}
				}
			}
		}
	})
}
