package rowindex

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/column/spill"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
)

var update = flag.Bool("update", false, "write the golden files anew: only for a new format version")

// memory is a file in memory.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

func open(data []byte, ref Ref) (*Reader, error) { return Open(memory{bytes.NewReader(data)}, ref) }

var testRef = Ref{Table: 3, Segment: 70_000, Index: 9}

// pair is a key of a row.
type pair struct {
	key string
	row uint32
}

func build(t testing.TB, o Options, pairs []pair) []byte {
	t.Helper()
	b, err := NewBuilder(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		if err := b.Add([]byte(p.key), p.row); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	size, err := b.Finish(&out)
	if err != nil || size != int64(out.Len()) {
		t.Fatalf("%d bytes of %d: %v", size, out.Len(), err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func optionsOf(m Method, rows int64) Options {
	return Options{Table: testRef.Table, Segment: testRef.Segment, Index: testRef.Index, Method: m, Rows: rows}
}

// TestFindRandom compares answers with a walk over all pairs, with and without temporary files.
func TestFindRandom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.Int64Range(1, 40_000).Draw(rt, "rows")
		alphabet := rapid.SampledFrom([]int{1, 3, 40, 5_000}).Draw(rt, "alphabet")
		long := rapid.Bool().Draw(rt, "long keys")
		name := func(i int) string {
			if long && i%3 == 0 {
				return fmt.Sprintf("%0*d", maxKey-2, i) // ends beyond what is kept
			}
			return fmt.Sprintf("k%d", i)
		}
		var pairs []pair
		seed := rapid.Uint32().Draw(rt, "seed")
		random := func(n int) int {
			seed = seed*1664525 + 1013904223
			return int(seed>>8) % n
		}
		runs := rapid.Bool().Draw(rt, "runs")
		value := 0
		for row := range uint32(rows) {
			if !runs || row%1000 == 0 {
				value = random(alphabet)
			}
			pairs = append(pairs, pair{name(value), row})
			if random(4) == 0 { // some rows have two, or the same twice
				pairs = append(pairs, pair{name(random(alphabet)), row})
			}
		}
		o := optionsOf(GIN, rows)
		pool := mem.NewPool("test", 0, nil)
		o.Pool = pool
		if rapid.Bool().Draw(rt, "spill") {
			area, err := spill.Open(memfs.New(), "temp", 0)
			if err != nil {
				rt.Fatal(err)
			}
			o.Spill, o.Budget = area.Space(0), 20_000
			defer func() {
				if area.Files() != 0 || o.Spill.Close() != nil {
					rt.Errorf("%d temporary files are left", area.Files())
				}
			}()
		}
		data := build(t, o, pairs)
		if pool.Used() != 0 {
			rt.Fatalf("%d bytes are still reserved", pool.Used())
		}
		ref := testRef
		ref.Rows = rows
		r, err := open(data, ref)
		if err != nil {
			rt.Fatal(err)
		}
		if err := r.Verify(context.Background()); err != nil {
			rt.Fatal(err)
		}
		for range 5 {
			c := scan.IndexCondition{}
			for range rapid.IntRange(1, 2).Draw(rt, "groups") {
				var ranges []scan.KeyRange
				for range rapid.IntRange(1, 3).Draw(rt, "ranges") {
					a, b := name(random(alphabet+1)), name(random(alphabet+1))
					switch rapid.IntRange(0, 3).Draw(rt, "kind") {
					case 0:
						ranges = append(ranges, scan.KeyRange{From: []byte(min(a, b)), To: []byte(max(a, b))})
					case 1:
						ranges = append(ranges, scan.KeyRange{From: []byte(a), To: []byte{0xff}})
					default:
						ranges = append(ranges, scan.KeyRange{From: []byte(a)})
					}
				}
				c.All = append(c.All, ranges)
			}
			want := map[uint32]bool{}
			exact := true
			for i, ranges := range c.All {
				has := map[uint32]bool{}
				for _, k := range ranges {
					exact = exact && len(k.From) <= maxKey && len(k.To) <= maxKey
					for _, p := range pairs {
						in := k.To == nil && bytes.HasPrefix([]byte(p.key), k.From) || k.To != nil && p.key >= string(k.From) && p.key < string(k.To)
						exact = exact && len(p.key) <= maxKey
						if in && (i == 0 || want[p.row]) {
							has[p.row] = true
						}
					}
				}
				want = has
			}
			got, err := r.Find(context.Background(), &c, math.MaxInt64)
			if err != nil {
				rt.Fatal(err)
			}
			for row := range want {
				if !got.Contains(row) {
					rt.Fatalf("row %d is not found by %q", row, c.All)
				}
			}
			if exact && int(got.GetCardinality()) != len(want) {
				rt.Fatalf("%d rows, want %d, by %q", got.GetCardinality(), len(want), c.All)
			}
			if few, err := r.Find(context.Background(), &c, 10); err != nil || few != nil && few.GetCardinality() < uint64(len(want)) {
				rt.Fatalf("with a bound: %v, %v", few, err)
			}
		}
	})
}

// TestFilters: a filter denies no row of a key, and most of the others.
func TestFilters(t *testing.T) {
	const rows = 5*stretchRows + 17
	var pairs []pair
	for row := range uint32(rows) {
		pairs = append(pairs, pair{fmt.Sprint(row * 7), row})
	}
	data := build(t, optionsOf(Bloom, rows), pairs)
	ref := testRef
	ref.Rows = rows
	r, err := open(data, ref)
	if err != nil {
		t.Fatal(err)
	}
	named := uint64(0)
	for row := uint32(0); row < rows; row += 500 {
		got, err := r.Find(context.Background(), &scan.IndexCondition{All: [][]scan.KeyRange{{{From: fmt.Append(nil, row*7)}}}}, math.MaxInt64)
		if err != nil || !got.Contains(row) {
			t.Fatalf("row %d: %v, %v", row, got, err)
		}
		named += got.GetCardinality()
	}
	if n := uint64((rows + 499) / 500); named > n*stretchRows*12/10 {
		t.Errorf("%d rows were named for %d keys", named, n)
	}
	got, err := r.Find(context.Background(), &scan.IndexCondition{All: [][]scan.KeyRange{{{From: []byte("0"), To: []byte("1")}}}}, math.MaxInt64)
	if got != nil || err != nil {
		t.Errorf("a range: %v, %v", got, err)
	}
}

// goldenPairs are keys of each form that rows have.
func goldenPairs() (pairs []pair, rows int64) {
	const n = 9_000
	for row := range uint32(n) {
		pairs = append(pairs, pair{"all", row})
		if row%3 == 0 {
			pairs = append(pairs, pair{"third", row})
		}
		if row%900 == 0 {
			pairs = append(pairs, pair{"ten", row})
		}
		pairs = append(pairs, pair{fmt.Sprintf("row %d", row), row})
	}
	return pairs, n
}

func goldenFiles(t testing.TB) map[string][]byte {
	pairs, rows := goldenPairs()
	out := map[string][]byte{}
	for _, m := range []Method{BTree, Bitmap, GIN, Bloom} {
		o := optionsOf(m, rows)
		o.Parts = 2
		out[m.String()+".v1.ix"] = build(t, o, pairs)
	}
	return out
}

func TestGolden(t *testing.T) {
	for name, data := range goldenFiles(t) {
		file := filepath.Join("testdata", name)
		if *update {
			if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(file, data, 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, want) {
			t.Errorf("%s: the encoding changed: what older versions wrote must stay readable, see FORMAT.md", file)
		}
		pairs, rows := goldenPairs()
		ref := testRef
		ref.Rows = rows
		r, err := open(want, ref)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Verify(context.Background()); err != nil {
			t.Error(err)
		}
		for _, k := range []string{"all", "third", "ten", "row 77"} {
			got, err := r.Find(context.Background(), &scan.IndexCondition{All: [][]scan.KeyRange{{{From: []byte(k), To: nil}}}}, math.MaxInt64)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range pairs {
				if p.key == k && got != nil && !got.Contains(p.row) { // nil = all rows
					t.Fatalf("%s: row %d of %q is not found", name, p.row, k)
				}
			}
		}
	}
}

// TestEveryFlipIsFound changes each byte of small files, and cuts them: opening or verifying fails, and a search fails or is right.
func TestEveryFlipIsFound(t *testing.T) {
	const rows = 300
	var pairs []pair
	for row := range uint32(rows) {
		pairs = append(pairs, pair{"all", row}, pair{fmt.Sprintf("%d", row%40), row}, pair{fmt.Sprintf("row %d", row), row})
	}
	ref := testRef
	ref.Rows = rows
	ask := &scan.IndexCondition{All: [][]scan.KeyRange{{{From: []byte("7"), To: nil}}}}
	for _, m := range []Method{BTree, GIN, Bloom} {
		data := build(t, optionsOf(m, rows), pairs)
		good, err := open(data, ref)
		if err != nil {
			t.Fatal(err)
		}
		want, err := good.Find(context.Background(), ask, math.MaxInt64)
		if err != nil {
			t.Fatal(err)
		}
		for at := range data {
			for _, bit := range []byte{1, 0x80} {
				bad := slices.Clone(data)
				bad[at] ^= bit
				r, err := open(bad, ref)
				if err == nil {
					got, findErr := r.Find(context.Background(), ask, math.MaxInt64)
					if findErr == nil && (got == nil) != (want == nil) || findErr == nil && want != nil && !got.Equals(want) {
						t.Fatalf("%v: byte %d: a wrong answer", m, at)
					}
					err = r.Verify(context.Background())
				}
				if c := column.ClassOf(err); c != column.Corrupt && c != column.Unsupported {
					t.Fatalf("%v: byte %d: %v", m, at, err)
				}
			}
		}
		for n := range data {
			if _, err := open(data[:n], ref); !errors.Is(err, column.Corrupt) {
				t.Fatalf("%v: %d of %d bytes: %v", m, n, len(data), err)
			}
		}
		for _, other := range []Ref{{1, ref.Segment, ref.Index, rows}, {ref.Table, 1, ref.Index, rows}, {ref.Table, ref.Segment, 1, rows}, {ref.Table, ref.Segment, ref.Index, 1}} {
			if _, err := open(data, other); !errors.Is(err, column.Corrupt) {
				t.Errorf("a file of another place was opened: %v", err)
			}
		}
	}
}

// FuzzFind: whatever stands in a file, with checksums that are right, it is refused or read, and never a panic.
func FuzzFind(f *testing.F) {
	pairs, rows := []pair{{"a", 1}, {"b", 2}, {"b", 3}}, int64(10)
	for _, m := range []Method{BTree, Bloom} {
		f.Add(build(f, optionsOf(m, rows), pairs), uint16(0), byte(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, at uint16, to byte) {
		if len(data) > tailBytes && int(at) < len(data) {
			data = slices.Clone(data)
			data[at] = to
		}
		ref := testRef
		ref.Rows = rows
		r, err := open(data, ref)
		if err != nil {
			return
		}
		for i := range r.blocks { // pretend that the blocks are whole
			b := &r.blocks[i]
			if b.length > int64(len(data)) {
				return
			}
			b.sum = sum(data[b.offset : b.offset+b.length])
		}
		_ = r.Verify(context.Background())
		got, err := r.Find(context.Background(), &scan.IndexCondition{All: [][]scan.KeyRange{{{From: []byte("b")}}}}, math.MaxInt64)
		if err == nil && got != nil && !got.IsEmpty() && int64(got.Maximum()) >= rows {
			t.Fatalf("row %d of %d", got.Maximum(), rows)
		}
	})
}

// TestKeysOfRows: each kind of index gives the keys that conditions ask for.
func TestKeysOfRows(t *testing.T) {
	texts := column.NewBuilder(column.T(column.Text), 0)
	texts.AppendString("Größe 12")
	texts.AppendNull()
	documents := column.NewBuilder(column.T(column.JSONB), 0)
	documents.AppendString(`{"a": {"b": [1.50, "x\ny"]}, "c": null}`)
	documents.AppendNull()
	text, document := texts.Finish(), documents.Finish()
	keysOf := func(k Keys, columns []*column.Vector, row int) (out []string) {
		if err := k.Each(columns, row, func(key []byte) error { out = append(out, string(key)); return nil }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	has := func(keys []string, want []byte) {
		t.Helper()
		if !slices.Contains(keys, string(want)) {
			t.Errorf("%q is not among %q", want, keys)
		}
	}
	textPart, jsonPart := Part{Type: column.T(column.Text)}, Part{Type: column.T(column.JSONB)}
	both := []*column.Vector{text, document}
	if got := keysOf(Keys{Method: BTree, Parts: []Part{textPart, jsonPart}}, both, 1); len(got) != 1 || got[0] != "\x02\x02" {
		t.Errorf("NULLs: %q", got)
	}
	has(keysOf(Keys{Method: Bitmap, Parts: []Part{textPart, jsonPart}}, both, 0), key.AppendBytes([]byte{0}, []byte("Größe 12")))
	trigrams := keysOf(Keys{Method: GIN, Parts: []Part{{Type: column.T(column.Text), Class: Trigrams}}}, both[:1], 0)
	for _, piece := range []string{"GRÖ", "öße", "e 12"} {
		for _, g := range TrigramsOf([]byte(piece)) {
			has(trigrams, append([]byte{0}, g...))
		}
	}
	if len(trigrams) != 6 || TrigramsOf([]byte("öß")) != nil {
		t.Errorf("trigrams %q", trigrams)
	}
	terms := keysOf(Keys{Method: GIN, Parts: []Part{jsonPart}}, both[1:], 0)
	has(terms, JSONExists([]byte("c")).Key(0))
	has(terms, JSONValue([][]byte{[]byte("a"), []byte("b")}, []byte("1.5")).Key(0))
	has(terms, JSONValue([][]byte{[]byte("a"), []byte("b")}, []byte(`"x\ny"`)).Key(0))
	for _, document := range []string{`{"a": {"b": [1.5]}}`, `{"a": {"b": 1.5}}`, `{"c": null}`, `{}`} {
		for _, term := range JSONContained([]byte(document)) {
			has(terms, term.Key(0))
		}
	}
	if n := len(terms) - len(keysOf(Keys{Method: GIN, Parts: []Part{{Type: column.T(column.JSONB), Class: JSONPaths}}}, both[1:], 0)); n != 2 {
		t.Errorf("jsonb_path_ops has %d terms less", n)
	}
	if got := keysOf(Keys{Method: GIN, Parts: []Part{jsonPart}}, both[1:], 1); got != nil {
		t.Errorf("NULL has keys %q", got)
	}
}

func BenchmarkBuild(b *testing.B) {
	const rows = 1 << 20
	for b.Loop() {
		o := optionsOf(BTree, rows)
		o.Budget = 1 << 30
		x, err := NewBuilder(o)
		if err != nil {
			b.Fatal(err)
		}
		var k []byte
		for row := range uint32(rows) {
			k = key.AppendInt(k[:0], int64(row*2654435761))
			if err := x.Add(k, row); err != nil {
				b.Fatal(err)
			}
		}
		var out bytes.Buffer
		if _, err := x.Finish(&out); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(8 * rows)
		b.ReportMetric(float64(out.Len())/rows, "bytes/row")
	}
}
