package segment

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
)

// readLiving gives the rows of a request as text, once dead ones are taken out; left says that some were left among the others.
func readLiving(t *testing.T, r *Reader, req *scan.Request, view View) (rows []string, left bool) {
	t.Helper()
	morsels, _, err := r.Morsels(t.Context(), req, view, 3000)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range morsels {
		rd, err := m.Open(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for {
			b, err := rd.Next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if b.Rows() == 0 {
				t.Fatal("an empty batch")
			}
			left = left || b.Living != nil
			half := b.Slice(0, b.Len/2).Compacted()
			rest := b.Slice(b.Len/2, b.Len).Compacted()
			b = b.Compacted()
			if half.Len+rest.Len != b.Len {
				t.Fatalf("%d and %d rows of %d", half.Len, rest.Len, b.Len)
			}
			checkCover(t, b)
			lines := make([]strings.Builder, b.Len)
			for k, v := range b.Columns {
				flat := column.Flatten(v)
				if parts, err := column.Concat(v.Type, half.Columns[k], rest.Columns[k]); err != nil || !column.Equal(column.Flatten(parts), flat) {
					t.Fatalf("column %d: the halves of a batch are not the whole: %v", k, err)
				}
				for i := range lines {
					fmt.Fprint(&lines[i], column.DatumOf(flat, i), "|")
				}
			}
			for i := range lines {
				rows = append(rows, lines[i].String())
			}
		}
		if err := rd.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return rows, left
}

// checkCover: runs cover a batch, and none is empty.
func checkCover(t *testing.T, b *scan.Batch) {
	at := int32(0)
	for _, r := range b.Runs {
		if r.Start != at || r.Len <= 0 {
			t.Fatalf("runs %v of %d rows", b.Runs, b.Len)
		}
		at += r.Len
	}
	if b.Runs != nil && int(at) != b.Len {
		t.Fatalf("runs %v of %d rows", b.Runs, b.Len)
	}
}

// TestDeadRowsLeftIn: a scan gives the same rows, whether dead ones are taken out or left among the others, and whether all rows are asked for or few.
func TestDeadRowsLeftIn(t *testing.T) {
	r, _ := openWalksWith(t, 1, ReadOptions{Cache: &mapCache{}})
	const all = walkHosts * walkRows
	host := []scan.SeriesFilter{{Tag: 2, Equal: [][]byte{[]byte("host_003"), []byte("host_004"), []byte("host_077")}}}
	start := int64(1_700_000_000e9)
	requests := map[string]scan.Request{
		"one host of many": {Columns: []column.ID{1, 2, 3}, Time: scan.AllTime, Series: host},
		"an hour":          {Columns: []column.ID{2, 4}, Time: scan.TimeRange{Min: start, Max: start + 3600e9}, Series: host, Narrow: []bool{false, true}},
		"the last of each": {Columns: []column.ID{1, 2, 3}, Time: scan.AllTime, Ends: scan.Ends{Last: 2}},
		"some":             {Columns: []column.ID{2, 3}, Time: scan.AllTime, Limit: 5000, Addresses: true},
	}
	ways := []string{"none", "scattered", "ranges", "all", "one", "a third", "nearly all"}
	if testing.Short() {
		ways = ways[:3]
	}
	for _, way := range ways {
		rng := rand.New(rand.NewPCG(3, 4))
		dead := roaring.New()
		for i := uint32(0); i < all; i++ {
			switch {
			case way == "one" && i == 70_000, way == "all", way == "nearly all" && rng.IntN(1000) > 0, way == "scattered" && rng.IntN(100) == 0, way == "a third" && rng.IntN(3) == 0:
				dead.Add(i)
			case way == "ranges" && rng.IntN(5000) == 0:
				n := min(uint32(rng.IntN(20_000)), all-i)
				dead.AddRange(uint64(i), uint64(i+n))
				i += n
			}
		}
		for name, req := range requests {
			// The first finds no bits, and makes none where it reads little; the third may find those of the second.
			out, left := readLiving(t, r, &req, View{Deleted: dead})
			if left {
				t.Errorf("%s, %s: dead rows came unasked", way, name)
			}
			asked := req
			asked.Dead = true
			in, _ := readLiving(t, r, &asked, View{Deleted: dead})
			if !slices.Equal(in, out) {
				t.Fatalf("%s, %s: %d rows with the dead among them, %d without", way, name, len(in), len(out))
			}
		}
		whole := &scan.Request{Columns: []column.ID{3, 4}, Time: scan.AllTime, Dead: true}
		n, _ := sumView(t, r, whole, View{Deleted: dead})
		if want := int64(all) - int64(dead.GetCardinality()); n != want {
			t.Errorf("%s: %d rows, want %d", way, n, want)
		}
		for name, req := range requests { // now that the bits are there
			out, _ := readLiving(t, r, &req, View{Deleted: dead})
			again, _ := readLiving(t, r, &req, View{Deleted: dead.Clone()})
			if name != "some" && !slices.Equal(out, again) || len(out) != len(again) {
				t.Fatalf("%s, %s: %d rows by the bits, %d without them", way, name, len(out), len(again))
			}
		}
	}
}
