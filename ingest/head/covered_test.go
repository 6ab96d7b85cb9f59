package head

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

func replacingTable() *meta.Table {
	t := mergingTable()
	t.Columns.Merge = false
	return t
}

// TestCovered holds what snapshots see of rows that are written and ended over and over, before and after readers have noted what is covered, to a model.
func TestCovered(t *testing.T) {
	noted := 0
	rapid.Check(t, func(t *rapid.T) {
		table, h := replacingTable(), newHead(0)
		type held struct {
			snap  *Snapshot
			after meta.Seq
			want  map[point]values
		}
		var kept []held
		written := map[meta.Seq]map[point]*values{} // by commit; nil = it has ended
		seen := func(upTo, after meta.Seq) map[point]values {
			out := map[point]values{}
			for seq := after + 1; seq <= upTo; seq++ {
				for p, v := range written[seq] {
					if delete(out, p); v != nil {
						out[p] = *v
					}
				}
			}
			return out
		}
		check := func(k held) {
			req := &scan.Request{Columns: []column.ID{1, 5, 2, 3, 4}, Time: scan.AllTime}
			if rapid.Bool().Draw(t, "timed") {
				req.Time.Min = rapid.Int64Range(0, 4).Draw(t, "from")
			}
			if got, want := rows(t, k.snap, table, req, k.after), wantedPoints(k.want, req); !slices.Equal(got, want) {
				t.Fatalf("seqs %d to %d:\n got %q\nwant %q", k.after, k.snap.Seq(), got, want)
			}
		}
		for seq := meta.Seq(1); seq <= 12; seq++ {
			n := rapid.SampledFrom([]int{1, 3, 239, 240, 300, 500}).Draw(t, "rows")
			points, fields := make([]point, n), make([]values, n)
			some := rapid.IntRange(1, 4).Draw(t, "keys")
			written[seq] = map[point]*values{}
			for i := range points {
				k := (i*7 + int(seq)) % some
				points[i] = point{"a", "", int64(k)}
				if rapid.IntRange(0, 50).Draw(t, "another") == 0 {
					points[i].host = "b"
				}
				fields[i] = values{n: "x", note: fmt.Sprint(seq, " ", i)}
				written[seq][points[i]] = &fields[i]
			}
			if rapid.IntRange(0, 2).Draw(t, "end") == 0 && seq > 1 {
				// Rows that are live end; the commit's own stay.
				ends := liveRows(t, h, table, seq-1, func(i int) bool { return i%2 == 0 })
				h.Append(seq, nil, []Ends{{Table: table.ID, Series: ends.rows}})
				written[seq] = map[point]*values{}
				for _, p := range ends.points {
					written[seq][p] = nil
				}
			} else {
				h.appendPoints(t, table, seq, points, fields)
			}
			if rapid.IntRange(0, 5).Draw(t, "freeze") == 0 {
				h.Freeze(noneDropped)
			}
			if rapid.Bool().Draw(t, "hold") {
				kept = append(kept, held{h.Snapshot(seq), 0, seen(seq, 0)})
			}
			if rapid.Bool().Draw(t, "look") {
				upTo := meta.Seq(rapid.IntRange(1, int(seq)).Draw(t, "up to"))
				check(held{h.Snapshot(upTo), 0, seen(upTo, 0)})
			}
			for _, k := range kept {
				if rapid.IntRange(0, 3).Draw(t, "again") == 0 {
					check(k)
				}
			}
		}
		for _, k := range kept {
			check(k)
		}
		for _, g := range h.gens {
			if p := g.parts[table.ID]; p != nil {
				for at := range uint32(p.count) {
					for _, c := range p.seriesLocked(at).chunks {
						if c.covered != 0 {
							noted++
						}
					}
				}
			}
		}
	})
	if noted == 0 {
		t.Error("no chunk was ever covered")
	}
}

// liveThere are rows that a snapshot sees.
type liveThere struct {
	rows   []Dying
	points []point
}

func liveRows(t *rapid.T, h *Head, table *meta.Table, seq meta.Seq, choose func(i int) bool) (out liveThere) {
	set := &scan.RowSet{}
	req := &scan.Request{Columns: []column.ID{1, 2}, Time: scan.AllTime, Addresses: true}
	for i, line := range rows(t, h.Snapshot(seq), table, req, 0) {
		if !choose(i) {
			continue
		}
		var p point
		var place, row int64
		if _, err := fmt.Sscan(line, &p.host, &p.ts, &place, &row); err != nil {
			t.Fatal(err)
		}
		set.Add(place, row)
		out.points = append(out.points, p)
	}
	var err error
	if out.rows, err = h.Locate(table.ID, set, 0); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestHotChunks: of a row that is written ten thousand times a reader decodes some chunks, and not all.
func TestHotChunks(t *testing.T) {
	table, h := replacingTable(), newHead(0)
	req := &scan.Request{Columns: []column.ID{3}, Time: scan.AllTime}
	hot := point{"a", "", 1}
	h.appendPoints(t, table, 1, []point{{"a", "", 0}, hot}, []values{{n: "x"}, {n: "x"}})
	for seq := meta.Seq(2); seq <= 10_000; seq++ {
		h.appendPoints(t, table, seq, []point{hot}, []values{{n: "xy"}})
		if seq%100 > 0 {
			continue
		}
		s := h.Snapshot(seq)
		if got := rows(t, s, table, req, 0); !slices.Equal(got, []string{"1 ", "2 "}) {
			t.Fatalf("commit %d: %q", seq, got)
		}
		n := len(place{s.parts(table.ID, 0)[0], 0}.pieces(nil, 0, scan.AllTime, nil, only(3)))
		if n > 3 { // the first row's, the open one, and one that was sealed meanwhile
			t.Fatalf("commit %d: %d chunks are read", seq, n)
		}
	}
}
