package segment

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/index"
	"github.com/automatanexus/aegis-db/column/scan"
)

// drawWide makes the canonical text of a numeric(p,s), and the integer that it is.
func drawWide(t *rapid.T, precision, scale int) (string, *big.Int) {
	digits := rapid.StringOfN(rapid.RuneFrom([]rune("0123456789")), 1, precision, -1).Draw(t, "digits")
	n, _ := new(big.Int).SetString(digits, 10)
	text := n.String()
	if len(text) <= scale {
		text = strings.Repeat("0", scale+1-len(text)) + text
	}
	if scale > 0 {
		text = text[:len(text)-scale] + "." + text[len(text)-scale:]
	}
	if n.Sign() != 0 && rapid.Bool().Draw(t, "negative") {
		return "-" + text, n.Neg(n)
	}
	return text, n
}

// TestWideDecimals holds our integers of 128 bits against those of math/big: text both ways, bytes, order, and what filters admit.
func TestWideDecimals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		precision := rapid.IntRange(19, 38).Draw(t, "precision")
		scale := rapid.IntRange(0, precision).Draw(t, "scale")
		n := rapid.IntRange(1, 20).Draw(t, "rows")
		texts, numbers := make([]string, n), make([]*big.Int, n)
		b := column.NewBuilder(column.T(column.Numeric), n)
		var least, greatest *big.Int
		for i := range n {
			texts[i], numbers[i] = drawWide(t, precision, scale)
			b.AppendString(texts[i])
			if least == nil || numbers[i].Cmp(least) < 0 {
				least = numbers[i]
			}
			if greatest == nil || numbers[i].Cmp(greatest) > 0 {
				greatest = numbers[i]
			}
		}
		v, err := wides(b.Finish(), 0, n, int32(scale))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range numbers {
			stored := new(big.Int).SetBytes(v.Bytes(i))
			if stored.Bit(127) != 0 {
				stored.Sub(stored, new(big.Int).Lsh(big.NewInt(1), 128))
			}
			if stored.Cmp(want) != 0 {
				t.Fatalf("%s is stored as %s", texts[i], stored)
			}
		}
		back := fromWides(v, int32(scale))
		for i, flat := 0, column.Flatten(back); i < n; i++ {
			if got := string(flat.Bytes(i)); got != texts[i] {
				t.Fatalf("%s comes back as %s", texts[i], got)
			}
		}
		z := wideZone(v, 0, n, n)
		lo, hi, ok := wideBounds(&z)
		if want := func(x *big.Int) string { return fmt.Sprint(x) }; !ok || decimalText(lo) != want(least) || decimalText(hi) != want(greatest) {
			t.Fatalf("bounds %s and %s of %s to %s", decimalText(lo), decimalText(hi), least, greatest)
		}
		unit := new(big.Float).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
		for _, x := range numbers {
			f, _ := new(big.Float).Quo(new(big.Float).SetInt(x), unit).Float64()
			if !admitsWide(&z, &scan.ColumnFilter{FloatMin: f, FloatMax: f}, int32(scale)) {
				t.Fatalf("a filter for %v leaves out a page that has it", f)
			}
		}
	})
}

func decimalText(stored []byte) string { return string(wideAt(stored).text(nil, 0)) }

func TestWideZones(t *testing.T) {
	zone := func(texts ...string) index.Zone {
		b := column.NewBuilder(column.T(column.Numeric), 0)
		for _, x := range texts {
			b.AppendString(x)
		}
		v, err := wides(b.Finish(), 0, len(texts), 2)
		if err != nil {
			t.Fatal(err)
		}
		return wideZone(v, 0, len(texts), len(texts))
	}
	for _, c := range []struct {
		zone   index.Zone
		lo, hi float64
		want   bool
	}{
		{zone("-5.00", "12345678901234567890.12"), 6, 7, true},
		{zone("-5.00", "12345678901234567890.12"), 2e19, 3e19, false},
		{zone("-5.00", "-1.00"), 0, math.Inf(1), false},
		{zone("-5.00", "-1.00"), math.Inf(-1), -5.01, false},
		{zone("-5.00", "NaN", "-1.00"), 1e30, math.NaN(), true},
		{zone("NaN"), 1, 2, true},
		{zone(), 1, 2, false},
	} {
		if got := admitsWide(&c.zone, &scan.ColumnFilter{FloatMin: c.lo, FloatMax: c.hi}, 2); got != c.want {
			t.Errorf("%v to %v in %x … %x: %v", c.lo, c.hi, c.zone.TextMin, c.zone.TextMax, got)
		}
	}
	for _, bad := range []string{"", "-", "1.000", "x", "1..0", strings.Repeat("9", 40) + ".00", "Infinity"} {
		if x, ok := parseWide([]byte(bad), 2); ok {
			t.Errorf("%q is %v", bad, x)
		}
	}
}

// wideSegment has the columns n numeric(20,2) and w numeric(38,10), of few different values, of 100 rows in pages of 10; n with NULLs and one NaN.
func wideSegment(t *testing.T) (files oneFile, ref Ref) {
	t.Helper()
	s := &column.Schema{Version: 1, Fields: []column.Field{
		{ID: 1, Name: "n", Type: column.T(column.Numeric), Mod: column.NumericMod(20, 2)},
		{ID: 2, Name: "w", Type: column.T(column.Numeric), Mod: column.NumericMod(38, 10), NotNull: true},
		{ID: 3, Name: "t", Type: column.T(column.Numeric), Mod: column.NumericMod(39, 0), NotNull: true},
	}}
	n, w, x := column.NewBuilder(s.Fields[0].Type, 100), column.NewBuilder(s.Fields[1].Type, 100), column.NewBuilder(s.Fields[2].Type, 100)
	for i := range 100 {
		switch {
		case i == 55:
			n.AppendString("NaN")
		case i%7 == 0 || i/10 == 3:
			n.AppendNull()
		case i/10 == 8:
			n.AppendString(fmt.Sprintf("%d34567890123456789.%02d", i%10+1, i))
		default:
			n.AppendString(fmt.Sprintf("%d.%02d", i-20, i))
		}
		w.AppendString([]string{"-1234567890123456789012345678.0123456789", "0.0000000000", "9999999999999999999999999999.9999999999"}[i%3])
		x.AppendString(strings.Repeat("9", 39))
	}
	stored := newFiles()
	wr, err := NewWriter(t.Context(), stored, Options{Table: 7, Segment: 9, Schema: s, PageRows: 10})
	if err != nil {
		t.Fatal(err)
	}
	if err := wr.AppendRun(nil, []*column.Vector{n.Finish(), w.Finish(), x.Finish()}, 100); err != nil {
		t.Fatal(err)
	}
	info, err := wr.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return loadFiles(t, stored), Ref{Table: 7, Segment: 9, Rows: info.Rows, DataBytes: info.DataBytes, SidecarBytes: info.SidecarBytes, SidecarSum: info.SidecarSum}
}

func TestWideSegment(t *testing.T) {
	files, ref := wideSegment(t)
	data := files[DataName(7, 9)]
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if s := f.Schema().String(); !strings.Contains(s, "optional fixed_len_byte_array(16) n (DECIMAL(20,2))") || !strings.Contains(s, "required fixed_len_byte_array(16) w (DECIMAL(38,10))") || !strings.Contains(s, "required binary t (STRING)") {
		t.Errorf("Parquet's schema is %s", s)
	}
	r, err := Open(t.Context(), files, ref, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.pagesOf(0)
	if err != nil {
		t.Fatal(err)
	}
	for k := range 10 {
		want := column.Scaled
		if k == 5 || k == 8 { // with NaN, and with more than 18 digits
			want = column.Flat
		}
		v, err := r.page(t.Context(), p, k, &pageUse{})
		if err != nil || v.Enc != want || v.Type.Kind != column.Numeric {
			t.Errorf("page %d: %v, error %v", k, v, err)
		}
	}
	for _, c := range []struct{ lo, hi, rows float64 }{{0, 1, 10}, {1e18, 1e19, 20}, {math.NaN(), math.NaN(), 90}} {
		f := scan.ColumnFilter{Column: 1, FloatMin: c.lo, FloatMax: c.hi}
		spans, err := r.prune([]Span{{Lo: 0, Hi: 100}}, &scan.Request{Filters: []scan.ColumnFilter{f}}, nil)
		rows := 0
		for _, s := range spans {
			rows += int(s.Hi - s.Lo)
		}
		if err != nil || float64(rows) != c.rows {
			t.Errorf("from %v to %v: %d rows, error %v", c.lo, c.hi, rows, err)
		}
	}
}

// TestGoldenWideDecimals is TestGolden for columns that are stored as DECIMAL of 128 bits.
func TestGoldenWideDecimals(t *testing.T) {
	goldenDecimals(t, "wide", wideSegment)
}

// goldenDecimals compares the rows of a stored segment with those that stand beside it.
func goldenDecimals(t *testing.T, name string, write func(*testing.T) (oneFile, Ref)) {
	dir := filepath.Join("testdata", "v1")
	names := map[string]string{DataName(7, 9): name + ".parquet", SidecarName(7, 9): name + ".idx"}
	if *writeGolden {
		files, ref := write(t)
		rows, err := readDecimals(t, files, ref)
		if err != nil {
			t.Fatal(err)
		}
		for file, short := range names {
			if err := os.WriteFile(filepath.Join(dir, short), files[file], 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name+".txt"), []byte(strings.Join(rows, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := oneFile{}
	for file, short := range names {
		b, err := os.ReadFile(filepath.Join(dir, short))
		if err != nil {
			t.Fatal(err)
		}
		files[file] = b
	}
	want, err := os.ReadFile(filepath.Join(dir, name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	side := files[SidecarName(7, 9)]
	ref := Ref{Table: 7, Segment: 9, Rows: 100, DataBytes: int64(len(files[DataName(7, 9)])), SidecarBytes: int64(len(side)), SidecarSum: sum(side)}
	if err := Verify(t.Context(), files, ref); err != nil {
		t.Fatal(err)
	}
	if got, err := readDecimals(t, files, ref); err != nil || strings.Join(got, "\n") != string(want) {
		t.Fatalf("%v; rows:\n%s", err, strings.Join(got, "\n"))
	}
}

// TestWideNaNForOthers: what is written for others has no NaN among its decimals.
func TestWideNaNForOthers(t *testing.T) {
	f := column.Field{ID: 1, Name: "n", Type: column.T(column.Numeric), Mod: column.NumericMod(30, 1)}
	for text, fails := range map[string]bool{"123456789012345678901.5": false, "NaN": true} {
		b := column.NewBuilder(f.Type, 2)
		b.AppendNull()
		b.AppendString(text)
		if _, err := EncodeChunk(f, b.Finish()); (err != nil) != fails {
			t.Errorf("%s: error %v", text, err)
		}
	}
}
