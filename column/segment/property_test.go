package segment

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/labels"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/scan"
)

// randomRequest asks for columns, tags, times and pages at random; keep says, by brute force, which rows must be in the answer, and may which
// may be.
func randomRequest(m *model, r *rand.Rand) (req *scan.Request, must, may func(row int) bool) {
	s := m.schema
	req = &scan.Request{Time: scan.AllTime}
	for range r.IntN(6) {
		req.Columns = append(req.Columns, s.Fields[r.IntN(len(s.Fields))].ID)
	}
	if r.IntN(3) == 0 {
		req.Columns = append(req.Columns, 99) // added later
	}
	if s.LabelSets {
		req.Labels = []string{"a", "b\"", "none"}[:r.IntN(4)]
	}
	var exact, hint []func(int) bool
	for range r.IntN(3) {
		if len(s.Tags) > 0 {
			f, match := randomSeriesFilter(m, r)
			req.Series = append(req.Series, f)
			exact = append(exact, match)
		}
	}
	if s.Time != 0 && r.IntN(2) == 0 {
		lo := int64(r.IntN(120)) - 10
		req.Time = scan.TimeRange{Min: lo, Max: lo + int64(r.IntN(60)) - 2}
		times := m.columns[s.Index(s.Time)].Ints
		exact = append(exact, func(i int) bool { return req.Time.Contains(times[i]) })
	}
	for range r.IntN(3) {
		f, match := randomColumnFilter(m, r)
		req.Filters = append(req.Filters, f)
		hint = append(hint, match)
	}
	if len(req.Filters) > 0 {
		req.Columns = append(req.Columns, m.number) // to tell which rows came
	}
	may = func(i int) bool {
		for _, f := range exact {
			if !f(i) {
				return false
			}
		}
		return true
	}
	must = func(i int) bool {
		for _, f := range hint {
			if !f(i) {
				return false
			}
		}
		return may(i)
	}
	return req, must, may
}

// randomSeriesFilter matches a random set of values: what an OR of conditions looks like from here.
func randomSeriesFilter(m *model, r *rand.Rand) (scan.SeriesFilter, func(int) bool) {
	s := m.schema
	tag := r.IntN(len(s.Tags))
	f := scan.SeriesFilter{Tag: s.Tags[tag]}
	if s.LabelSets && tag == len(s.Tags)-1 && r.IntN(4) > 0 {
		f.Label = []string{"a", "b\"", "job", "none"}[r.IntN(4)]
	}
	salt := byte(r.IntN(256))
	modulus := byte(1 + r.IntN(3))
	f.Match = func(v []byte, null bool) bool {
		h := salt
		for _, c := range v {
			h = h*31 + c
		}
		if null {
			h++
		}
		return h%modulus == 0
	}
	value := func(i int) ([]byte, bool) {
		rest := m.series[i]
		for k := 0; ; k++ {
			v, null, next, err := key.Next(rest, s.Fields[s.Index(s.Tags[k])].Type, nil)
			if err != nil {
				panic(err)
			}
			rest = next
			if k < tag {
				continue
			}
			if null || f.Label == "" {
				return v, null
			}
			l, ok := labels.Lookup(v, f.Label)
			return l, !ok
		}
	}
	if r.IntN(2) == 0 {
		f.Equal = [][]byte{[]byte("nothing has this")}
		for range 1 + r.IntN(3) {
			if v, null := value(r.IntN(m.n)); !null {
				f.Equal = append(f.Equal, bytes.Clone(v))
			}
		}
	}
	return f, func(i int) bool {
		v, null := value(i)
		if f.Equal != nil && (null || !slices.ContainsFunc(f.Equal, func(e []byte) bool { return bytes.Equal(e, v) })) {
			return false
		}
		return f.Match(v, null)
	}
}

func randomColumnFilter(m *model, r *rand.Rand) (scan.ColumnFilter, func(int) bool) {
	i := r.IntN(len(m.columns))
	v := m.columns[i]
	f := scan.ColumnFilter{Column: m.schema.Fields[i].ID}
	a, b := r.IntN(m.n), r.IntN(m.n)
	if v.IsNull(a) || v.IsNull(b) {
		a, b = b, a
	}
	switch v.Type.Physical() {
	case column.PhysInt:
		f.IntMin, f.IntMax = min(v.Ints[a], v.Ints[b]), max(v.Ints[a], v.Ints[b])
		return f, func(i int) bool { return !v.IsNull(i) && f.IntMin <= v.Ints[i] && v.Ints[i] <= f.IntMax }
	case column.PhysFloat:
		bounds := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, 1, v.Floats[a], v.Floats[b]}
		f.FloatMin, f.FloatMax = bounds[r.IntN(len(bounds))], bounds[r.IntN(len(bounds))]
		return f, func(i int) bool {
			return !v.IsNull(i) && !floatLess(v.Floats[i], f.FloatMin) && !floatLess(f.FloatMax, v.Floats[i])
		}
	case column.PhysBytes:
		if m.schema.Fields[i].Mod != 0 && !v.IsNull(a) && !v.IsNull(b) {
			number := func(i int) float64 { // ParseFloat reads NaN, too
				x, _ := strconv.ParseFloat(string(v.Bytes(i)), 64)
				return x
			}
			f.FloatMin, f.FloatMax = number(a), number(b)
			return f, func(i int) bool {
				return !v.IsNull(i) && !floatLess(number(i), f.FloatMin) && !floatLess(f.FloatMax, number(i))
			}
		}
		f.FloatMin, f.FloatMax = math.Inf(-1), math.NaN()
		if v.Type.Kind != column.Text && v.Type.Kind != column.Bytea {
			return f, func(i int) bool { return !v.IsNull(i) }
		}
		if r.IntN(3) > 0 {
			f.TextMin = append([]byte{}, v.Bytes(a)...)
		}
		if r.IntN(3) > 0 {
			f.TextMax = append([]byte{}, v.Bytes(b)...)
		}
		return f, func(i int) bool {
			return !v.IsNull(i) && (f.TextMin == nil || bytes.Compare(f.TextMin, v.Bytes(i)) <= 0) && (f.TextMax == nil || bytes.Compare(v.Bytes(i), f.TextMax) <= 0)
		}
	}
	return f, func(i int) bool { return !v.IsNull(i) }
}

// floatLess is PostgreSQL's order: NaN is the greatest.
func floatLess(a, b float64) bool { return a < b || (b != b && a == a) }

// expected is a row as batchRows prints it.
func (m *model) expected(req *scan.Request, i int) string {
	var sb strings.Builder
	for _, id := range req.Columns {
		if k := m.schema.Index(id); k >= 0 {
			sb.WriteString(cell(m.columns[k], i))
		} else {
			sb.WriteString("NULL")
		}
		sb.WriteByte('|')
	}
	for _, name := range req.Labels {
		v := m.columns[m.schema.Index(m.schema.Tags[len(m.schema.Tags)-1])]
		text := "NULL"
		if !v.IsNull(i) {
			if l, ok := labels.Lookup(v.Bytes(i), name); ok {
				text = cell(column.NewStrings(string(l)), 0)
			}
		}
		sb.WriteString(text + "|")
	}
	if req.Addresses {
		at := column.NewInts(column.T(column.Int64), []int64{9, int64(i)}, nil) // of segment 9
		sb.WriteString(cell(at, 0) + "|" + cell(at, 1) + "|")
	}
	return sb.String()
}

// laterSchema is the table's schema after a column was added.
func (m *model) laterSchema() *column.Schema {
	s := *m.schema
	s.Version++
	s.Fields = append(slices.Clip(s.Fields), column.Field{ID: 99, Name: "later", Type: column.T(column.Numeric)})
	return &s
}

// maskOf supersedes the rows of a set, by their order keys.
type maskOf struct {
	m    *model
	dead map[string]map[string]bool // series → order key
}

func (k maskOf) Superseded(series, lo, hi []byte) ([][]byte, error) {
	var out [][]byte
	for o := range k.dead[string(series)] {
		if (lo == nil || o >= string(lo)) && (hi == nil || o <= string(hi)) {
			out = append(out, []byte(o))
		}
	}
	slices.SortFunc(out, bytes.Compare)
	return out, nil
}

func (m *model) orderKey(i int) []byte {
	k := []byte{}
	for _, id := range m.schema.Order() {
		k = key.AppendValue(k, m.columns[m.schema.Index(id)], i)
	}
	return k
}

func TestRandomRequests(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1))
		m := randomModel(r, 900)
		files := newFiles()
		info := m.write(t, files, smallOptions(m, r), r)
		if err := Verify(ctx, files, info.Ref(7, 9)); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		var o ReadOptions
		if r.IntN(2) == 0 {
			o.Cache = &mapCache{}
		}
		rd, err := Open(ctx, files, info.Ref(7, 9), o)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for range 20 {
			checkRequest(t, rd, m, r, seed)
		}
		checkRuns(t, rd, m, seed)
		if err := rd.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func checkRequest(t *testing.T, rd *Reader, m *model, r *rand.Rand, seed uint64) {
	t.Helper()
	req, must, may := randomRequest(m, r)
	req.Addresses, req.Long = r.IntN(3) == 0, r.IntN(2) == 0
	if r.IntN(2) == 0 {
		for range r.IntN(len(req.Columns) + 1) {
			req.Narrow = append(req.Narrow, r.IntN(2) == 0)
		}
	}
	view := View{Schema: m.laterSchema()}
	dead := map[int]bool{}
	if r.IntN(2) == 0 {
		view.Deleted = roaring.New()
		for range r.IntN(m.n) {
			i := r.IntN(m.n)
			view.Deleted.Add(uint32(i))
			dead[i] = true
		}
	}
	if r.IntN(3) == 0 {
		mask := maskOf{m, map[string]map[string]bool{}}
		for range r.IntN(10) {
			i := r.IntN(m.n)
			s := string(m.series[i])
			if mask.dead[s] == nil {
				mask.dead[s] = map[string]bool{}
			}
			mask.dead[s][string(m.orderKey(i))] = true
		}
		for i := range m.n {
			if mask.dead[string(m.series[i])][string(m.orderKey(i))] {
				dead[i] = true
			}
		}
		view.Mask = mask
	}
	morsels, stats, err := rd.Morsels(t.Context(), req, view, int64(r.IntN(200)))
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	got, err := readAll(t.Context(), morsels)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	if int64(len(got)) > stats.Rows || stats.PagesPruned > stats.Pages || stats.PagesPruned < 0 {
		t.Fatalf("seed %d: %d rows, stats %+v", seed, len(got), stats)
	}
	// The answer must be a subsequence of the rows that may be in it, and hold all that must.
	k := 0
	for i := range m.n {
		if dead[i] || !may(i) {
			continue
		}
		want := m.expected(req, i)
		switch {
		case k < len(got) && got[k] == want:
			k++
		case must(i):
			t.Fatalf("seed %d: row %d is missing: %s; got %d rows, at %d; request %+v", seed, i, want, len(got), k, req)
		}
	}
	if k != len(got) {
		t.Fatalf("seed %d: %d of %d rows accounted for; next %s", seed, k, len(got), got[k])
	}
}

// checkRuns compares the merge iteration, and the ways to find series and rows.
func checkRuns(t *testing.T, rd *Reader, m *model, seed uint64) {
	t.Helper()
	ctx := t.Context()
	pool := mem.NewPool("test", 0, nil)
	runs, err := rd.Runs(ctx, View{Schema: m.laterSchema()}, pool)
	if err != nil {
		t.Fatal(err)
	}
	row := 0
	for {
		run, err := runs.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for i := range run.Len {
			if run.Rows[i] != uint32(row) || !bytes.Equal(run.Series, m.series[row]) {
				t.Fatalf("seed %d: row %d of series %q, want %d of %q", seed, run.Rows[i], run.Series, row, m.series[row])
			}
			for k, f := range m.schema.Fields {
				if m.schema.IsTag(f.ID) {
					continue
				}
				if g, w := cell(run.Columns[k], i), cell(m.columns[k], row); g != w {
					t.Fatalf("seed %d: row %d, column %d: %s, want %s", seed, row, f.ID, g, w)
				}
			}
			row++
		}
	}
	if row != m.n {
		t.Fatalf("seed %d: %d rows, want %d", seed, row, m.n)
	}
	if err := runs.Close(); err != nil || pool.Used() != 0 {
		t.Fatalf("seed %d: %d bytes stay reserved, %v", seed, pool.Used(), err)
	}
	for i, run := range m.runs {
		if k, err := rd.FindSeries(m.series[run.Start]); err != nil || k != i {
			t.Fatalf("seed %d: series %d found at %d, %v", seed, i, k, err)
		}
		s, err := rd.Series(i)
		if err != nil || s.First != uint32(run.Start) || s.Rows != uint32(run.Len) || !bytes.Equal(s.Key, m.series[run.Start]) {
			t.Fatalf("seed %d: series %d is %+v, %v; want %+v", seed, i, s, err, run)
		}
	}
	if k, err := rd.FindSeries(key.AppendBytes(slices.Clone(m.series[0]), []byte("more"))); len(m.schema.Tags) == 0 && (err != nil || k != -1) {
		t.Fatalf("seed %d: a key with a tag too many is at %d, %v", seed, k, err)
	}
}

// mapCache keeps everything.
type mapCache struct{ m map[PageKey]*column.Vector }

func (c *mapCache) Get(k PageKey) *column.Vector { return c.m[k] }
func (c *mapCache) Put(k PageKey, v *column.Vector, bytes int64) {
	if c.m == nil {
		c.m = map[PageKey]*column.Vector{}
	}
	if bytes <= 0 {
		panic("a page of no size")
	}
	c.m[k] = v
}
