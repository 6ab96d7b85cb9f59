package head

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// mergingTable has two tags, of which rows may lack the second, and two fields.
func mergingTable() *meta.Table {
	return &meta.Table{ID: 9, Database: 1, Name: "points", Columns: column.Schema{
		Version: 2, Tags: []column.ID{1, 5}, Time: 2, Key: []column.ID{1, 2, 5}, Merge: true, Partition: 1000,
		Fields: []column.Field{
			{ID: 1, Name: "host", Type: column.T(column.Text)},
			{ID: 2, Name: "ts", Type: column.T(column.Timestamp), NotNull: true},
			{ID: 3, Name: "n", Type: column.T(column.Int64)},
			{ID: 4, Name: "note", Type: column.T(column.Text)},
			{ID: 5, Name: "zone", Type: column.T(column.Text)},
		},
	}}
}

// point names a row, and values are its fields: "" = NULL.
type point struct {
	host, zone string
	ts         int64
}

type values struct{ n, note string }

// over is what a newer row makes of an older one.
func (v values) over(old values) values {
	if v.n == "" {
		v.n = old.n
	}
	if v.note == "" {
		v.note = old.note
	}
	return v
}

func (p point) seriesKey() []byte {
	k := key.AppendBytes(nil, []byte(p.host))
	if p.zone == "" {
		return k
	}
	return key.AppendBytes(k, []byte(p.zone))
}

// storedPoints implements scan.Filler over a map.
type storedPoints struct {
	points map[point]values
	asked  int // calls of Fill
}

func (s *storedPoints) each(series []byte, visit func(point, values)) {
	for p, v := range s.points {
		if bytes.Equal(p.seriesKey(), series) {
			visit(p, v)
		}
	}
}

func (s *storedPoints) Holds(_ context.Context, series, lo, hi []byte) (found bool, err error) {
	s.each(series, func(p point, _ values) {
		k := key.AppendInt(nil, p.ts)
		found = found || bytes.Compare(lo, k) <= 0 && bytes.Compare(k, hi) <= 0
	})
	return found, nil
}

func (s *storedPoints) Fill(_ context.Context, series []byte, keys [][]byte, columns []column.ID, _ *mem.Pool) ([]*column.Vector, error) {
	s.asked++
	if !slices.IsSortedFunc(keys, bytes.Compare) || len(slices.CompactFunc(slices.Clone(keys), bytes.Equal)) != len(keys) {
		return nil, fmt.Errorf("keys %x", keys)
	}
	out := make([]*column.Vector, len(columns))
	for i, id := range columns {
		b := column.NewBuilder(mergingTable().Columns.Fields[id-1].Type, 0)
		for _, k := range keys {
			var found values
			s.each(series, func(p point, v values) {
				if bytes.Equal(key.AppendInt(nil, p.ts), k) {
					found = v
				}
			})
			appendField(b, found, id)
		}
		out[i] = b.Finish()
	}
	return out, nil
}

func appendField(b *column.Builder, v values, id column.ID) {
	switch text := map[column.ID]string{3: v.n, 4: v.note}[id]; {
	case text == "":
		b.AppendNull()
	case id == 3:
		b.AppendInt(int64(len(text)))
	default:
		b.AppendString(text)
	}
}

// appendPoints adds a commit of partial rows.
func (h *Head) appendPoints(t rapid.TB, table *meta.Table, seq meta.Seq, points []point, fields []values) {
	t.Helper()
	dict := h.Dict(table.ID)
	b := Batch{Table: table, Rows: len(points), Dict: dict}
	times := make([]int64, len(points))
	columns := []*column.Builder{column.NewBuilder(column.T(column.Int64), 0), column.NewBuilder(column.T(column.Text), 0)}
	for i, p := range points {
		ref, err := dict.Intern(p.seriesKey(), 0)
		if err != nil {
			t.Fatal(err)
		}
		b.Refs, times[i] = append(b.Refs, ref), p.ts
		appendField(columns[0], fields[i], 3)
		appendField(columns[1], fields[i], 4)
	}
	b.Columns = []Column{{table.Columns.Fields[1], column.NewInts(column.T(column.Timestamp), times, nil)}}
	for i, c := range columns {
		if v := c.Finish(); v.Valid == nil || v.Valid.Count(v.Len) > 0 {
			b.Columns = append(b.Columns, Column{table.Columns.Fields[2+i], v})
		}
	}
	h.Settle(0, h.Append(seq, []Batch{b}, nil))
}

// TestMergeFields: rows of one key become one, in the head and over what is stored, whatever columns are asked for.
func TestMergeFields(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, h := mergingTable(), newHead(0)
		drawPoint := func(t *rapid.T) point {
			return point{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "host"), rapid.SampledFrom([]string{"", "z"}).Draw(t, "zone"), rapid.Int64Range(0, 3).Draw(t, "ts")}
		}
		drawValues := func(t *rapid.T) values {
			some := []string{"", "x", "xy"}
			return values{rapid.SampledFrom(some).Draw(t, "n"), rapid.SampledFrom(some).Draw(t, "note")}
		}
		older := &storedPoints{points: map[point]values{}}
		for range rapid.IntRange(0, 12).Draw(t, "stored") {
			older.points[drawPoint(t)] = drawValues(t)
		}
		want := map[point]values{}
		commits := meta.Seq(rapid.IntRange(1, 6).Draw(t, "commits"))
		upTo := meta.Seq(rapid.IntRange(0, int(commits)).Draw(t, "up to"))
		for seq := meta.Seq(1); seq <= commits; seq++ {
			n := rapid.SampledFrom([]int{1, 3, 6, 300}).Draw(t, "rows")
			points, fields := make([]point, n), make([]values, n)
			first, value := drawPoint(t), drawValues(t)
			for i := range points {
				points[i], fields[i] = first, value // many of one seal a chunk
				if n < 300 {
					points[i], fields[i] = drawPoint(t), drawValues(t)
				}
				if seq > upTo {
					continue
				}
				old, there := want[points[i]]
				if !there {
					old = older.points[points[i]]
				}
				want[points[i]] = fields[i].over(old)
			}
			h.appendPoints(t, table, seq, points, fields)
			if rapid.IntRange(0, 3).Draw(t, "freeze") == 0 {
				h.Freeze(noneDropped)
			}
		}
		ids := rapid.SampledFrom([][]column.ID{{1, 5, 2, 3, 4}, {4, 2}, {3}, {2, 1}, {}, {4, 4, 3}}).Draw(t, "columns")
		req := &scan.Request{Columns: ids, Time: scan.AllTime}
		if rapid.Bool().Draw(t, "timed") {
			req.Time.Min = rapid.Int64Range(0, 4).Draw(t, "from")
		}
		got := readPoints(t, h.Snapshot(upTo), table, req, older)
		if expected := wantedPoints(want, req); !slices.Equal(got, expected) {
			t.Fatalf("columns %v from %d:\n got %q\nwant %q", ids, req.Time.Min, got, expected)
		}
		if older.asked > 0 && !slices.Contains(ids, 3) && !slices.Contains(ids, 4) {
			t.Fatal("stored rows were asked for where nothing can be lacking")
		}
	})
}

func readPoints(t *rapid.T, s *Snapshot, table *meta.Table, req *scan.Request, older scan.Filler) []string {
	t.Helper()
	morsels, _, err := s.Morsels(context.Background(), table, req, 0, older)
	if err != nil {
		t.Fatal(err)
	}
	pool := mem.NewPool("test", 0, nil)
	out := lines(t, morsels, pool)
	if pool.Used() != 0 {
		t.Fatalf("%d bytes are still reserved", pool.Used())
	}
	return out
}

// wantedPoints are the lines of the rows in the table's order: by host, zone (NULL last) and time.
func wantedPoints(want map[point]values, req *scan.Request) []string {
	var points []point
	for p := range want {
		if req.Time.Contains(p.ts) {
			points = append(points, p)
		}
	}
	slices.SortFunc(points, func(a, b point) int {
		if (a.zone == "") != (b.zone == "") && a.host == b.host {
			return strings.Compare(b.zone, a.zone)
		}
		return cmp.Or(strings.Compare(a.host, b.host), strings.Compare(a.zone, b.zone), cmp.Compare(a.ts, b.ts))
	})
	var out []string
	for _, p := range points {
		v := want[p]
		texts := map[column.ID]string{1: p.host, 2: fmt.Sprint(p.ts), 3: fmt.Sprint(len(v.n)), 4: v.note, 5: p.zone}
		if v.n == "" {
			texts[3] = ""
		}
		line := ""
		for _, id := range req.Columns {
			line += cmp.Or(texts[id], "NULL") + " "
		}
		out = append(out, line)
	}
	return out
}
