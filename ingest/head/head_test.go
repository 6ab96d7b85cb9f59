package head

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/labels"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

func samplesTable() *meta.Table {
	return &meta.Table{ID: 7, Database: 1, Name: "samples", Columns: meta.SamplesSchema()}
}

func newHead(limit int64) *Head {
	return New(Options{Pool: mem.NewPool("the head", limit, nil), Retire: 1})
}

func labelKey(metric, job, instance string) []byte {
	text, err := labels.AppendCanonical(nil, []labels.Pair{{Name: []byte("instance"), Value: []byte(instance)}, {Name: []byte("job"), Value: []byte(job)}})
	if err != nil {
		panic(err)
	}
	return key.AppendBytes(key.AppendBytes(nil, []byte(metric)), text)
}

type sample struct {
	key  []byte
	t    int64
	v    float64
	null bool
}

func (h *Head) appendSamples(t rapid.TB, table *meta.Table, seq meta.Seq, rows []sample) {
	t.Helper()
	dict := h.Dict(table.ID)
	b := Batch{Table: table, Rows: len(rows), Dict: dict}
	times, values := column.NewBuilder(column.T(column.TimestampTZ), 0), column.NewBuilder(column.T(column.Float64), 0)
	for _, r := range rows {
		ref, err := dict.Intern(r.key, 0)
		if err != nil {
			t.Fatalf("intern: %v", err)
		}
		b.Refs = append(b.Refs, ref)
		times.AppendInt(r.t)
		if r.null {
			values.AppendNull()
		} else {
			values.AppendFloat(r.v)
		}
	}
	b.Columns = []Column{{table.Columns.Fields[2], times.Finish()}, {table.Columns.Fields[3], values.Finish()}}
	estimate := Estimate(&b)
	if err := h.Reserve(estimate); err != nil {
		t.Fatalf("reserve: %v", err)
	}
	h.Settle(estimate, h.Append(seq, []Batch{b}, nil))
}

// rows reads a scan in order, checking runs and batch sizes.
func rows(t rapid.TB, s *Snapshot, table *meta.Table, req *scan.Request, after meta.Seq) []string {
	t.Helper()
	morsels, _, err := s.Morsels(context.Background(), table, req, after, nil)
	if err != nil {
		t.Fatalf("morsels: %v", err)
	}
	return lines(t, morsels, nil)
}

// lines drains morsels in order.
func lines(t rapid.TB, morsels []scan.Morsel, pool *mem.Pool) []string {
	t.Helper()
	var out []string
	for _, m := range morsels {
		r, err := m.Open(context.Background(), pool)
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		for {
			b, err := r.Next(context.Background())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("next: %v", err)
			}
			end := int32(0)
			for _, run := range b.Runs {
				if run.Start != end || run.Len <= 0 {
					t.Fatalf("runs %v", b.Runs)
				}
				end += run.Len
			}
			if int(end) != b.Len || b.Len > scan.BatchRows {
				t.Fatalf("runs cover %d of %d rows", end, b.Len)
			}
			for i := range b.Len {
				line := ""
				for _, v := range b.Columns {
					if v.IsNull(i) {
						line += "NULL "
					} else if v.Type.Physical() == column.PhysBytes {
						line += string(v.Bytes(i)) + " "
					} else if v.Type.Physical() == column.PhysInt {
						line += fmt.Sprint(v.Int(i), " ")
					} else {
						line += fmt.Sprint(v.Float(i), " ")
					}
				}
				out = append(out, line)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	}
	return out
}

func equalTo(want string) func([]byte, bool) bool {
	return func(v []byte, null bool) bool { return !null && string(v) == want }
}

func TestScanFiltersAndLabels(t *testing.T) {
	table, h := samplesTable(), newHead(0)
	a, b, c := labelKey("up", "node", "a:1"), labelKey("up", "node", "b:1"), labelKey("down", "api", "a:1")
	h.appendSamples(t, table, 1, []sample{{b, 10, 1, false}, {a, 10, 2, false}, {c, 10, 3, false}})
	h.appendSamples(t, table, 2, []sample{{a, 30, 4, false}, {a, 20, 5, false}, {a, 30, 6, false}})
	h.Freeze(noneDropped)
	h.appendSamples(t, table, 3, []sample{{a, 20, 0, true}, {c, 5, 7, false}})
	ask := func(after, seq meta.Seq, req *scan.Request) []string {
		return rows(t, h.Snapshot(seq), table, req, after)
	}
	all := &scan.Request{Columns: []column.ID{1, 3, 4}, Time: scan.AllTime, Labels: []string{"instance", "none"}}
	for _, c := range []struct {
		name       string
		after, seq meta.Seq
		req        *scan.Request
		want       []string
	}{
		{"all, newest wins, table's order", 0, 3, all, []string{
			"down 5 7 a:1 NULL ", "down 10 3 a:1 NULL ", "up 10 2 a:1 NULL ", "up 20 NULL a:1 NULL ", "up 30 6 a:1 NULL ", "up 10 1 b:1 NULL ",
		}},
		{"older snapshot", 0, 2, all, []string{"down 10 3 a:1 NULL ", "up 10 2 a:1 NULL ", "up 20 5 a:1 NULL ", "up 30 6 a:1 NULL ", "up 10 1 b:1 NULL "}},
		{"after the mark", 2, 3, all, []string{"down 5 7 a:1 NULL ", "up 20 NULL a:1 NULL "}},
		{"label and time", 0, 3, &scan.Request{Columns: []column.ID{3}, Time: scan.TimeRange{Min: 10, Max: 20}, Series: []scan.SeriesFilter{
			{Tag: 1, Match: equalTo("up")}, {Tag: 2, Label: "instance", Match: equalTo("a:1")},
		}}, []string{"10 ", "20 "}},
		{"listed values", 0, 3, &scan.Request{Columns: []column.ID{3}, Time: scan.TimeRange{Min: 5, Max: 10}, Series: []scan.SeriesFilter{
			{Tag: 1, Equal: [][]byte{[]byte("down"), []byte("none"), []byte("up"), []byte("down")}, Match: equalTo("down")},
		}}, []string{"5 ", "10 "}},
		{"listed values of which none is there", 0, 3, &scan.Request{Columns: []column.ID{3}, Time: scan.AllTime, Series: []scan.SeriesFilter{
			{Tag: 1, Equal: [][]byte{}, Match: equalTo("down")},
		}}, nil},
		{"absent label", 0, 3, &scan.Request{Columns: []column.ID{3}, Time: scan.AllTime, Series: []scan.SeriesFilter{
			{Tag: 2, Label: "none", Match: func(_ []byte, null bool) bool { return !null }},
		}}, nil},
		{"no columns", 0, 3, &scan.Request{Time: scan.TimeRange{Min: 30, Max: 40}}, []string{""}},
		{"column nobody wrote", 0, 1, &scan.Request{Columns: []column.ID{6, 5}, Time: scan.AllTime}, []string{"NULL NULL ", "NULL NULL ", "NULL NULL "}},
	} {
		if got := ask(c.after, c.seq, c.req); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
	if n := h.opts.Pool.Used(); n <= 0 {
		t.Fatalf("%d bytes accounted", n)
	}
	h.Drop(2)
	if got := ask(2, 3, all); len(got) != 2 {
		t.Fatalf("after drop: %q", got)
	}
}

// TestEqualIsOnlyAShortcut: listing values changes nothing but the cost, over changes of the dictionary too.
func TestEqualIsOnlyAShortcut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, h := samplesTable(), newHead(0)
		for seq := meta.Seq(1); seq <= 8; seq++ {
			var batch []sample
			for range rapid.IntRange(1, 6).Draw(t, "rows") {
				k := labelKey(fmt.Sprint("m", rapid.IntRange(0, 3).Draw(t, "metric")), "j", fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "instance")))
				batch = append(batch, sample{k, int64(seq), 1, false})
			}
			h.appendSamples(t, table, seq, batch)
			if rapid.IntRange(0, 2).Draw(t, "freeze") == 0 {
				h.Freeze(noneDropped)
			}
			want := rapid.SampledFrom([]string{"m0", "m1", "m2"}).Draw(t, "want")
			ask := func(equal [][]byte) []string {
				f := scan.SeriesFilter{Tag: 1, Equal: equal, Match: equalTo(want)}
				return rows(t, h.Snapshot(seq), table, &scan.Request{Columns: []column.ID{1, 2, 3}, Time: scan.AllTime, Series: []scan.SeriesFilter{f}}, 0)
			}
			if a, b := ask(nil), ask([][]byte{[]byte("zz"), []byte(want)}); !slices.Equal(a, b) {
				t.Fatalf("%q with values listed, %q without", b, a)
			}
		}
	})
}

// TestMask compares with the rows themselves.
func TestMask(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, h := samplesTable(), newHead(0)
		keys := [][]byte{labelKey("a", "x", "1"), labelKey("b", "x", "1")}
		type row struct {
			seq meta.Seq
			at  int
			t   int64
		}
		var all []row
		n := rapid.IntRange(1, 12).Draw(t, "commits")
		for seq := meta.Seq(1); int(seq) <= n; seq++ {
			var batch []sample
			for range rapid.IntRange(1, 6).Draw(t, "rows") {
				r := row{seq, rapid.IntRange(0, 1).Draw(t, "series"), rapid.Int64Range(-5, 5).Draw(t, "t")}
				all = append(all, r)
				batch = append(batch, sample{keys[r.at], r.t, 1, false})
			}
			h.appendSamples(t, table, seq, batch)
			if rapid.IntRange(0, 3).Draw(t, "freeze") == 0 {
				h.Freeze(noneDropped)
			}
		}
		after, upTo := meta.Seq(rapid.IntRange(0, n).Draw(t, "after")), meta.Seq(rapid.IntRange(0, n).Draw(t, "upTo"))
		m := h.Snapshot(upTo).Mask(table, after)
		lo, hi := rapid.Int64Range(-6, 6).Draw(t, "lo"), rapid.Int64Range(-6, 6).Draw(t, "hi")
		for at, k := range keys {
			var want [][]byte
			for _, r := range all {
				if r.at == at && r.seq > after && r.seq <= upTo && r.t >= lo && r.t <= hi {
					want = append(want, key.AppendInt(nil, r.t))
				}
			}
			slices.SortFunc(want, bytes.Compare)
			want = slices.CompactFunc(want, bytes.Equal)
			var got [][]byte
			var err error
			if m != nil {
				got, err = m.Superseded(k, key.AppendInt(nil, lo), key.AppendInt(nil, hi))
			}
			if err != nil || !slices.EqualFunc(got, want, bytes.Equal) {
				t.Fatalf("series %d in (%d, %d], %d to %d: %x, %v; want %x", at, after, upTo, lo, hi, got, err, want)
			}
		}
	})
}

func TestBudgetAndDrop(t *testing.T) {
	table, h := samplesTable(), newHead(1<<20)
	batch := make([]sample, 100)
	var seq meta.Seq
	for ; seq < 10_000; seq++ {
		for i := range batch {
			batch[i] = sample{labelKey("m", "j", fmt.Sprint(i)), int64(seq), float64(seq) * 1.37, false}
		}
		if err := h.Reserve(40_000); err != nil {
			if !errors.Is(err, column.Limit) {
				t.Fatal(err)
			}
			break
		}
		h.Settle(40_000, 0)
		h.appendSamples(t, table, seq+1, batch)
	}
	// Buffers grow in steps, so one batch may use more than was reserved for it; the next has to make up for it.
	if reserved, used := h.opts.Pool.Used(), h.Stats().Bytes; seq < 5 || reserved > 1<<20 || used > 1<<20+1<<16 {
		t.Fatalf("%d commits, %d bytes reserved, %d used", seq, reserved, used)
	}
	h.Freeze(noneDropped)
	h.Drop(seq)
	dicts := h.Dict(table.ID).Bytes()
	if used := h.opts.Pool.Used(); used != dicts || h.Stats().Rows != 0 {
		t.Fatalf("%d bytes are left, the dictionary has %d", used, dicts)
	}
	h.Close()
	if used := h.opts.Pool.Used(); used != 0 {
		t.Fatalf("%d bytes are left", used)
	}
}

func TestDict(t *testing.T) {
	d := newDict(1)
	const n = 20_000
	for i := range n {
		k := fmt.Appendf(nil, "key-%d", i)
		ref, err := d.Define(Hash{Hi: uint64(i), Lo: uint64(i) * 31}, k, n)
		if err != nil || ref != uint32(i) {
			t.Fatalf("%d: ref %d, %v", i, ref, err)
		}
		if again, err := d.Intern(k, n); again != ref || err != nil {
			t.Fatalf("%d: %d, %v", i, again, err)
		}
	}
	keys, hashes, refs := d.Keys(), make([]Hash, n+1), make([]uint32, n+1)
	for i := range hashes {
		hashes[i] = Hash{Hi: uint64(i), Lo: uint64(i) * 31}
	}
	if missing := d.Resolve(hashes, refs); missing != 1 || refs[n] != NoRef {
		t.Fatalf("%d missing, last %d", missing, refs[n])
	}
	for i := range n {
		if string(keys.Key(uint32(i))) != fmt.Sprint("key-", i) || refs[i] != uint32(i) {
			t.Fatalf("%d: %q, ref %d", i, keys.Key(uint32(i)), refs[i])
		}
	}
	var full *SeriesLimitError
	if _, err := d.Intern([]byte("one more"), n); !errors.As(err, &full) || !errors.Is(err, column.Limit) {
		t.Fatalf("%v", err)
	}
	if _, err := d.Intern(make([]byte, MaxKey+1), 0); !errors.Is(err, column.Limit) {
		t.Fatalf("%v", err)
	}
	if long := make([]byte, MaxKey); true {
		ref, err := d.Intern(long, 0)
		if err != nil || !bytes.Equal(d.Keys().Key(ref), long) {
			t.Fatalf("longest key: %v", err)
		}
	}
}

// TestChunksHoldEveryType writes values and NULLs of every type in all orders, through sealed and open chunks, and reads any prefix.
func TestChunksHoldEveryType(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var fields []column.Field
		for k := column.Bool; k <= column.JSON; k++ {
			fields = append(fields, column.Field{ID: column.ID(k), Name: column.T(k).String(), Type: column.T(k)})
		}
		table := &meta.Table{ID: 1, Columns: column.Schema{Fields: fields}}
		h := newHead(0)
		p := newPart(table, h.Dict(1))
		p.seal = 7
		want := make([]*column.Builder, len(fields))
		for i, f := range fields {
			want[i] = column.NewBuilder(f.Type, 0)
		}
		total := 0
		commits := rapid.IntRange(1, 8).Draw(t, "commits")
		upTo := rapid.IntRange(0, commits).Draw(t, "upTo")
		if _, err := p.dict.Intern(nil, 0); err != nil {
			t.Fatalf("%v", err)
		}
		for seq := 1; seq <= commits; seq++ {
			n := rapid.IntRange(1, 5).Draw(t, "rows")
			b := Batch{Table: table, Rows: n, Refs: []uint32{0}, Dict: p.dict}
			for i, f := range fields {
				v := drawVector(t, f.Type, n)
				if v != nil {
					b.Columns = append(b.Columns, Column{f, v})
				}
				switch {
				case seq > upTo:
				case v == nil:
					want[i].AppendNulls(n)
				default:
					want[i].AppendVector(v, 0, n)
				}
			}
			if seq <= upTo {
				total += n
			}
			p.append(meta.Seq(seq), &b, nil, nil)
		}
		g := h.gens[0]
		g.parts[1], g.first, g.last = p, 1, meta.Seq(commits)
		ids := make([]column.ID, len(fields))
		for i := range ids {
			ids[i] = fields[i].ID
		}
		got := 0
		morsels, _, err := h.Snapshot(meta.Seq(upTo)).Morsels(context.Background(), table, &scan.Request{Columns: ids, Time: scan.AllTime}, 0, nil)
		if err != nil {
			t.Fatalf("%v", err)
		}
		for _, m := range morsels {
			r, _ := m.Open(context.Background(), nil)
			for {
				b, err := r.Next(context.Background())
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%v", err)
				}
				got += b.Len
				for i, v := range b.Columns {
					if w := want[i].Finish(); !column.Identical(v, w) {
						t.Fatalf("%s:\n got %+v\nwant %+v", fields[i].Type, v, w)
					}
				}
			}
		}
		if got != total {
			t.Fatalf("%d rows, want %d", got, total)
		}
	})
}

func drawVector(t *rapid.T, typ column.Type, n int) *column.Vector {
	if rapid.IntRange(0, 4).Draw(t, "absent") == 0 {
		return nil
	}
	b := column.NewBuilder(typ, n)
	some := false
	for range n {
		if rapid.IntRange(0, 2).Draw(t, "null") == 0 {
			b.AppendNull()
			continue
		}
		some = true
		switch typ.Physical() {
		case column.PhysBool:
			b.AppendBool(rapid.Bool().Draw(t, "v"))
		case column.PhysInt:
			b.AppendInt(rapid.Int64().Draw(t, "v"))
		case column.PhysFloat:
			b.AppendFloat(rapid.Float64().Draw(t, "v"))
		case column.PhysInterval:
			b.AppendInterval(column.Interval{Months: rapid.Int32().Draw(t, "v"), Days: -1, Micros: rapid.Int64().Draw(t, "v")})
		default:
			b.AppendString(rapid.StringN(0, 5, 20).Draw(t, "v"))
		}
	}
	if !some {
		return nil
	}
	return b.Finish()
}

func BenchmarkSelect(b *testing.B) {
	table, h := samplesTable(), newHead(0)
	const series = 100_000
	batch := make([]sample, series)
	for i := range batch {
		batch[i] = sample{labelKey(fmt.Sprint("metric_", i%500), "node", fmt.Sprint(i/500)), 1, 1, false}
	}
	h.appendSamples(b, table, 1, batch)
	for _, equal := range [][][]byte{nil, {[]byte("metric_7")}} {
		b.Run(fmt.Sprint("listed=", equal != nil), func(b *testing.B) {
			for range b.N {
				f := scan.SeriesFilter{Tag: 1, Equal: equal, Match: equalTo("metric_7")}
				_, stats, err := h.Snapshot(1).Morsels(context.Background(), table, &scan.Request{Time: scan.AllTime, Series: []scan.SeriesFilter{f}}, 0, nil)
				if err != nil || stats.HeadRows != 200 {
					b.Fatal(err, stats)
				}
			}
		})
	}
}

// BenchmarkScan reads all rows of a head, a fifth of the series written twice over.
func BenchmarkScan(b *testing.B) {
	const series, rounds = 500, 300
	table, h := samplesTable(), newHead(0)
	for round := range rounds {
		batch := make([]sample, series)
		for i := range batch {
			batch[i] = sample{labelKey("metric", "node", fmt.Sprint(i)), int64(round / (1 + i%5/4)), float64(round), false}
		}
		h.appendSamples(b, table, meta.Seq(round+1), batch)
	}
	req := &scan.Request{Columns: []column.ID{3, 4}, Time: scan.AllTime}
	for b.Loop() {
		morsels, _, err := h.Snapshot(rounds).Morsels(b.Context(), table, req, 0, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range morsels {
			r, err := m.Open(b.Context(), nil)
			if err != nil {
				b.Fatal(err)
			}
			for err == nil {
				_, err = r.Next(b.Context())
			}
			if !errors.Is(err, io.EOF) {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/series/rounds, "ns/row")
}

func noneDropped(meta.TableID) bool { return false }

// TestDroppedTablesLeave: a dictionary goes with its table, once no generation uses it.
func TestDroppedTablesLeave(t *testing.T) {
	h, table := newHead(1<<30), samplesTable()
	var list []sample
	for i := range 100 {
		list = append(list, sample{key: labelKey("m", "j", fmt.Sprint(i)), t: 1, v: 1})
	}
	h.appendSamples(t, table, 1, list)
	before := h.Stats().Bytes
	gone := h.Freeze(func(meta.TableID) bool { return true })
	if len(gone) != 1 {
		t.Fatalf("%d tables retired, want 1", len(gone))
	}
	h.Drop(1)
	if after := h.Stats(); after.Bytes >= before/2 || after.Series != 0 {
		t.Errorf("%d of %d bytes and %d series stay of a dropped table", after.Bytes, before, after.Series)
	}
}

// TestCrowdedDictionariesLeave: where series take most of the budget, a flush gives it back, small tables' too.
func TestCrowdedDictionariesLeave(t *testing.T) {
	h, table := newHead(256<<10), samplesTable()
	var list []sample
	for i := range 500 {
		list = append(list, sample{key: labelKey("m", "j", fmt.Sprintf("%0100d", i)), t: 1, v: 1})
	}
	h.appendSamples(t, table, 1, list)
	if size := h.Dict(table.ID).Bytes(); size <= 64<<10 {
		t.Fatalf("the dictionary holds %d bytes: it does not crowd the budget", size)
	}
	h.Freeze(noneDropped)
	h.Drop(1)
	if s := h.Stats(); s.Series != 0 || s.Bytes > 32<<10 {
		t.Errorf("after the flush %d series and %d bytes stay", s.Series, s.Bytes)
	}
}
