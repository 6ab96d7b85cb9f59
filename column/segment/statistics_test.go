package segment

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/column/stats"
)

var writeGoldenStatistics = flag.Bool("write-golden-statistics", false, "write testdata/statistics anew: only before a format is released")

// dumpStatistics shows all that is known of a column.
func dumpStatistics(f *column.Field, c *stats.Column) string {
	if c == nil {
		return f.Name + ": none"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %g rows, %g NULLs, %.1f bytes, %g exactly, %g distinct, common", f.Name, c.Rows, c.Nulls, c.Width, c.Exact, c.Distinct())
	for i := range c.Common.Len() {
		fmt.Fprintf(&b, " %s×%g", literal.Append(nil, c.Common.Vector, i, literal.Options{}), c.Counts[i])
	}
	b.WriteString(", bounds")
	for i := range c.Bounds.Len() {
		fmt.Fprintf(&b, " %q", literal.Append(nil, c.Bounds.Vector, i, literal.Options{}))
	}
	return b.String()
}

// TestGoldenStatistics reads a sidecar with statistics as it was first written, and finds none in one of before there were any.
func TestGoldenStatistics(t *testing.T) {
	dir := filepath.Join("testdata", "statistics")
	_, files, _ := smallSegment(t)
	if *writeGoldenStatistics {
		for name, short := range map[string]string{DataName(7, 9): "9.parquet", SidecarName(7, 9): "9.idx"} {
			if err := os.WriteFile(filepath.Join(dir, short), files[name], 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	dump := func(dir string) string {
		t.Helper()
		for name, short := range map[string]string{DataName(7, 9): "9.parquet", SidecarName(7, 9): "9.idx"} {
			b, err := os.ReadFile(filepath.Join(dir, short))
			if err != nil {
				t.Fatal(err)
			}
			files[name] = b
		}
		side := files[SidecarName(7, 9)]
		rows, err := os.ReadFile(filepath.Join("testdata", "v1", "rows.txt"))
		if err != nil {
			t.Fatal(err)
		}
		ref := Ref{
			Table: 7, Segment: 9, Rows: int64(strings.Count(string(rows), "\n") + 1), DataBytes: int64(len(files[DataName(7, 9)])),
			SidecarBytes: int64(len(side)), SidecarSum: sum(side),
		}
		if err := Verify(t.Context(), files, ref); err != nil {
			t.Fatal(err)
		}
		got, err := readEverything(t.Context(), files, ref)
		if err != nil || strings.Join(got, "\n") != string(rows) {
			t.Fatalf("%v; rows:\n%s", err, strings.Join(got, "\n"))
		}
		r, err := Open(t.Context(), files, ref, ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		var lines []string
		for i := range r.Schema().Fields {
			f := &r.Schema().Fields[i]
			c, err := r.Statistics(f)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, dumpStatistics(f, c))
		}
		return strings.Join(lines, "\n") + "\n"
	}
	got := dump(dir)
	path := filepath.Join(dir, "statistics.txt")
	if *writeGoldenStatistics {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("statistics:\n%s", got)
	}
	for line := range strings.Lines(dump(filepath.Join("testdata", "v1"))) {
		if !strings.HasSuffix(line, ": none\n") {
			t.Errorf("a segment of before there were statistics: %s", line)
		}
	}
}

// TestStatistics writes known values of every kind, in several row groups, and compares what the segment says of them with the truth.
func TestStatistics(t *testing.T) {
	const n = 30_000
	r := rand.New(rand.NewPCG(1, 2))
	s := &column.Schema{Version: 1, Partition: 1, Time: 1, Tags: []column.ID{2}}
	add := func(k column.Kind, mod column.Mod) {
		id := column.ID(len(s.Fields) + 1)
		s.Fields = append(s.Fields, column.Field{ID: id, Name: fmt.Sprint("c", id), Type: column.T(k), Mod: mod, NotNull: id == 1})
	}
	add(column.Timestamp, 0)
	add(column.Text, 0)
	add(column.Int64, 0)
	add(column.Float64, 0)
	add(column.Numeric, column.NumericMod(10, 2))
	add(column.Numeric, column.NumericMod(30, 2))
	add(column.Numeric, 0)
	add(column.Text, 0)
	add(column.Bool, 0)
	add(column.JSONB, 0)
	columns := make([]*column.Builder, len(s.Fields))
	for i, f := range s.Fields {
		columns[i] = column.NewBuilder(f.Type, n)
	}
	zipf := rand.NewZipf(r, 1.5, 1, 5000)
	var ints []int64
	for i := range n {
		columns[0].AppendInt(int64(i))
		columns[1].AppendNull()
		x := int64(zipf.Uint64())
		ints = append(ints, x)
		columns[2].AppendInt(x)
		if i%4 == 0 {
			columns[3].AppendNull()
		} else {
			columns[3].AppendFloat(r.NormFloat64())
		}
		for _, b := range columns[4:7] {
			b.AppendString(fmt.Sprintf("%d.%02d", r.IntN(2000)-1000, r.IntN(100)))
		}
		columns[7].AppendString(fmt.Sprintf("name-%d", r.IntN(3)))
		columns[8].AppendBool(i%10 == 0)
		columns[9].AppendString(fmt.Sprintf(`{"a": %d}`, i%7))
	}
	vectors := make([]*column.Vector, len(columns))
	for i, b := range columns {
		vectors[i] = b.Finish()
	}
	files := newFiles()
	w, err := NewWriter(t.Context(), files, Options{Table: 7, Segment: 9, Schema: s, GroupRows: 2500, PageRows: 512})
	if err != nil {
		t.Fatal(err)
	}
	for i, host := range []string{"a", "b", "c"} {
		part := make([]*column.Vector, len(vectors))
		for k, v := range vectors {
			part[k] = v.Slice(i*n/3, (i+1)*n/3)
		}
		if err := w.AppendRun(key.AppendBytes(nil, []byte(host)), part, n/3); err != nil {
			t.Fatal(err)
		}
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
	of := func(i int) *stats.Column {
		c, err := rd.Statistics(&s.Fields[i])
		if err != nil || c == nil || c.Rows != n {
			t.Fatal(c, err)
		}
		return c
	}
	near := func(what string, got, want, off float64) {
		t.Helper()
		if math.Abs(got-want) > off*want {
			t.Errorf("%s: %g, want %g", what, got, want)
		}
	}
	if c := of(1); c.Exact != 3 || c.Common.Len() != 3 {
		t.Errorf("the tag: %s", dumpStatistics(&s.Fields[1], c))
	}
	sorted := slices.Sorted(slices.Values(ints))
	different := len(slices.Compact(slices.Clone(sorted)))
	c := of(2)
	near("different integers", c.Distinct(), float64(different), 0.08)
	for _, x := range []int64{0, 1, 2, 5} {
		truth := 0
		for _, y := range ints {
			if x == y {
				truth++
			}
		}
		near(fmt.Sprint("rows of ", x), c.Equal(column.NewInts(c.Type, []int64{x}, nil), 0)*n, float64(truth), 0.25)
	}
	c = of(3)
	near("NULLs", c.NullShare(), 0.25, 0.001)
	for _, x := range []float64{-2, -1, 0, 0.5, 2} {
		truth := 0.75 * 0.5 * (1 + math.Erf(x/math.Sqrt2))
		got := c.Between(stats.Range{}, stats.Range{Vector: column.NewFloats(c.Type, []float64{x}, nil), Open: true})
		if math.Abs(got-truth) > 0.03 {
			t.Errorf("below %g: %g, want %g", x, got, truth)
		}
	}
	for i := 4; i < 7; i++ {
		c = of(i)
		near("different numerics", c.Distinct(), 200_000*(1-math.Exp(-float64(n)/200_000)), 0.1)
		b := column.NewBuilder(c.Type, 1)
		b.AppendString("-500.00")
		if got := c.Between(stats.Range{}, stats.Range{Vector: b.Finish()}); math.Abs(got-0.25) > 0.03 {
			t.Errorf("column %d below -500: %g", i, got)
		}
	}
	c = of(7)
	near("different names", c.Distinct(), 3, 0)
	near("width", c.Width, 6, 0)
	near("one of three", c.Equal(column.NewStrings("name-1"), 0), 1.0/3, 0.1)
	near("true", of(8).Equal(column.NewBools([]bool{true}, nil), 0), 0.1, 0)
	if c = of(9); c.Distinct() != 7 || c.Common.Len() != 0 || c.Bounds.Len() != 0 {
		t.Errorf("jsonb: %s", dumpStatistics(&s.Fields[9], c))
	}

	// Under a later schema: a column that came later, and one whose type became wider.
	seven := column.DatumOf(column.NewInts(column.T(column.Int64), []int64{7}, nil), 0)
	later := column.Field{ID: 99, Name: "later", Type: column.T(column.Int64), Initial: seven, Added: 2}
	c, err = rd.Statistics(&later)
	if err != nil || c.Distinct() != 1 || c.Equal(column.NewInts(c.Type, []int64{7}, nil), 0) != 1 {
		t.Errorf("an initial value: %v, %v", c, err)
	}
	later.Initial = ""
	if c, err = rd.Statistics(&later); err != nil || c.NullShare() != 1 {
		t.Errorf("no initial value: %v, %v", c, err)
	}
	wider := s.Fields[4]
	wider.Mod = 0
	if c, err = rd.Statistics(&wider); err != nil || c.Sketch != nil || c.Distinct() < 1000 {
		t.Errorf("numeric without a scale: %v, %v", c, err)
	}
}
