package segment

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// TestConcurrentReaders: one Reader, everything loaded lazily by several at once.
func TestConcurrentReaders(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 1))
	m := randomModel(r, 800)
	files := newFiles()
	info := m.write(t, files, smallOptions(m, r), r)
	rd, err := Open(t.Context(), files, info.Ref(7, 9), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Close()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 2))
			for range 15 {
				checkRequest(t, rd, m, r, uint64(g))
			}
		})
	}
	wg.Wait()
	if rd.SizeBytes() <= 0 {
		t.Fatal(rd.SizeBytes())
	}
}

// TestWideText: pages end before their text outgrows a megabyte, and long values are no dictionary.
func TestWideText(t *testing.T) {
	s := tinySchema()
	s.Fields[2] = column.Field{ID: 3, Name: "v", Type: column.T(column.Text)}
	files := newFiles()
	w, err := NewWriter(t.Context(), files, Options{Table: 7, Segment: 9, Schema: s})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	b := column.NewBuilder(column.T(column.Text), 0)
	var times []int64
	var want []string
	for i := range 600 {
		v := strings.Repeat(fmt.Sprintf("%x", r.Uint64()), r.IntN(1500))
		want = append(want, fmt.Sprintf("%q|", v))
		b.AppendString(v)
		times = append(times, int64(i))
	}
	if err := w.AppendRun(host("a"), []*column.Vector{ints(column.Timestamp, times...), nil, b.Finish()}, len(times)); err != nil {
		t.Fatal(err)
	}
	info, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	rd, err := Open(t.Context(), files, info.Ref(7, 9), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Close()
	p, err := rd.pagesOf(2)
	if err != nil || len(p.pages) < 5 {
		t.Fatal(len(p.pages), err)
	}
	for i := range p.pages {
		if p.pages[i].raw > pageBytes+1<<15 {
			t.Errorf("page %d has %d bytes", i, p.pages[i].raw)
		}
	}
	morsels, _, err := rd.Morsels(t.Context(), &scan.Request{Columns: []column.ID{3}, Time: scan.AllTime}, View{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	got, err := readAll(t.Context(), morsels)
	if err != nil || strings.Join(got, "") != strings.Join(want, "") {
		t.Fatal(len(got), err)
	}
}

// TestEncodings pins what is chosen for columns of well-known shapes.
func TestEncodings(t *testing.T) {
	const n = 20000
	r := rand.New(rand.NewPCG(1, 1))
	fill := func(typ column.Type, f func(i int) float64) *column.Vector {
		b := column.NewBuilder(typ, n)
		for i := range n {
			if typ.Physical() == column.PhysFloat {
				b.AppendFloat(f(i))
			} else {
				b.AppendInt(int64(f(i)))
			}
		}
		return b.Finish()
	}
	i64, f64 := column.T(column.Int64), column.T(column.Float64)
	walk, analog := 0.0, 100.0
	for name, c := range map[string]struct {
		v    *column.Vector
		want string
		size float64 // most bytes per value
	}{
		"regular time":   {fill(column.T(column.TimestampNS), func(i int) float64 { return float64(i) * 1e10 }), "DELTA_BINARY_PACKED", 0.05},
		"few states":     {fill(i64, func(i int) float64 { return float64(r.IntN(3)) * 1e15 }), "RLE_DICTIONARY", 0.3},
		"noise":          {fill(f64, func(int) float64 { return r.Float64() }), "BYTE_STREAM_SPLIT", 6.8},
		"gauge, 1 digit": {fill(f64, func(int) float64 { return float64(r.IntN(1000)) / 10 }), "RLE_DICTIONARY", 1.7},
		"counter":        {fill(f64, func(int) float64 { walk += float64(r.IntN(100)); return walk }), "PLAIN", 2},
		"analog":         {fill(f64, func(int) float64 { analog += r.NormFloat64() / 100; return analog }), "BYTE_STREAM_SPLIT", 6.8},
		"constant":       {fill(f64, func(int) float64 { return 1 }), "RLE_DICTIONARY", 0.01},
	} {
		e, err := newEncoder(1)
		if err != nil {
			t.Fatal(err)
		}
		ch := &chunk{field: column.Field{ID: 1, Type: c.v.Type, NotNull: true}, rows: n, values: c.v}
		out := newDataFile(&strings.Builder{})
		m, err := ch.write(e, out, freshPageRows)
		if err != nil {
			t.Fatal(err)
		}
		if size := float64(out.offset) / n; m.encoding.String() != c.want || size > c.size {
			t.Errorf("%s: %s, zstd %v, %.3f bytes a value; want %s, %.3f", name, m.encoding, m.compressed, size, c.want, c.size)
		}
	}
}
