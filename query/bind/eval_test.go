package bind_test

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/query/bind"
	"github.com/automatanexus/aegis-db/query/expr"
	"github.com/automatanexus/aegis-db/query/plan"
)

// encodable are expressions over the test table whose value must not depend on how its columns are encoded.
var encodable = []string{
	"host", "n + 1", "n * n - big", "usage / 2", "n = 3", "host = 'b'", "host < region", "host || region", "upper(host)", "host LIKE 'b%'",
	"host IN ('a', 'b', NULL)", "n IN (1, 2, 3)", "n NOT IN (1, 5)", "usage IN (1, 2.5)", "ok IN (true)", "n IS NULL", "n IS NOT NULL", "ok IS TRUE",
	"NOT ok", "ok AND n > 0", "ok OR n > 0 OR host = 'a'", "n <> 0 AND 10 / n > 2", "n = 0 OR 10 / n > 2", "host = 'a' AND n <> 0 AND 10 / n > 1",
	"CASE WHEN n > 2 THEN 'x' WHEN ok THEN host ELSE region END", "CASE WHEN n <> 0 THEN 10 / n END", "CASE host WHEN 'a' THEN 1 WHEN 'b' THEN 2 END",
	"CASE WHEN host = 'a' THEN region WHEN region = 'b' THEN host END", "coalesce(host, region, 'z')", "coalesce(n, 10 / small)", "nullif(n, 2)",
	"greatest(n, small, 2)", "least(usage, n)", "n IS DISTINCT FROM small", "host IS NOT DISTINCT FROM region", "amount * 2 + n", "amount / 3", "round(amount, 1)",
	"amount > 1", "n::text || host", "concat(host, n, ok)", "concat_ws('-', host, region)", "time_bucket('5 seconds', ts)", "time_bucket('1 month', ts)", "date_trunc('minute', ts)",
	"extract(second FROM ts)", "ts + interval '1 day'", "ts - ts", "at > ts", "time_bucket('1 second', at)", "time_bucket('7 seconds', ts, timestamptz '2024-01-01 00:00:01')",
	"doc ->> 'a'", "length(host) + n", "host ~ '[ab]'", "regexp_replace(host, 'a', region)", "n BETWEEN small AND 5", "substr(host, n)", "pg_typeof(n)", "now() > ts", "abs(n) % 3", "(n + small)::float8::text",
}

func bindColumns(t *testing.T, text string) expr.Expr {
	t.Helper()
	st, err := mustParse(t, "SELECT "+text+" FROM cpu")
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	s, err := bind.Bind(context.Background(), st.Stmt, options(time.UTC))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s.(*plan.Query).Root.(*plan.Project).Exprs[0]
}

// drawBatch makes a batch in the shape of the test table: series runs, times ascending in each, tags run-end encoded. flat holds the
// same rows without encodings.
func drawBatch(t *rapid.T) (encoded, flat *scan.Batch) {
	cols := testCatalog()["public.cpu"].Columns()
	encoded, flat = &scan.Batch{}, &scan.Batch{}
	runs := rapid.IntRange(1, 4).Draw(t, "runs")
	var ends []int32
	for range runs {
		l := int32(rapid.IntRange(1, 12).Draw(t, "len"))
		encoded.Runs = append(encoded.Runs, scan.Run{Start: int32(encoded.Len), Len: l})
		encoded.Len += int(l)
		ends = append(ends, int32(encoded.Len))
	}
	flat.Len = encoded.Len
	for k, c := range cols {
		var v *column.Vector
		switch {
		case k == 0:
			var times []int64
			for _, r := range encoded.Runs {
				at := int64(1714978000_000000)
				for range r.Len {
					at += rapid.Int64Range(0, 4_000_000).Draw(t, "step")
					times = append(times, at)
				}
			}
			v = column.NewInts(c.Type, times, nil)
		case c.Tag && rapid.Bool().Draw(t, "runend"):
			v = &column.Vector{Type: c.Type, Enc: column.RunEnd, Len: encoded.Len, Child: drawValues(t, c.Type, runs), Ends: ends}
		default:
			switch rapid.IntRange(0, 3).Draw(t, "enc") {
			case 0:
				v = column.NewConst(drawValues(t, c.Type, 1), 0, encoded.Len)
			case 1:
				v = &column.Vector{Type: c.Type, Enc: column.Dict, Len: encoded.Len, Child: drawValues(t, c.Type, 5), Codes: make([]uint32, encoded.Len)}
				for i := range v.Codes {
					v.Codes[i] = uint32(rapid.IntRange(0, 4).Draw(t, "code"))
				}
			default:
				v = drawValues(t, c.Type, encoded.Len)
			}
		}
		encoded.Columns = append(encoded.Columns, v)
		flat.Columns = append(flat.Columns, column.Flatten(v))
	}
	return encoded, flat
}

func drawValues(t *rapid.T, typ column.Type, n int) *column.Vector {
	b := column.NewBuilder(typ, n)
	for range n {
		x := rapid.IntRange(-3, 6).Draw(t, "v")
		if x == -3 {
			b.AppendNull()
			continue
		}
		switch typ.Kind {
		case column.Bool:
			b.AppendBool(x > 1)
		case column.Float64:
			b.AppendFloat(float64(x) / 2)
		case column.Numeric:
			b.AppendString([]string{"-1.5", "0", "0.25", "1", "1.0", "2.75", "100", "3.333", "-0.1"}[x+2])
		case column.Text:
			b.AppendString([]string{"", "a", "b", "ab", "é", "ba", "c", "bb", "a%"}[x+2])
		case column.JSON:
			b.AppendString(`{"a":"b"}`)
		case column.TimestampNS:
			b.AppendInt(1714978000_000000_000 + int64(x)*700_000_001)
		default:
			b.AppendInt(int64(x))
		}
	}
	return b.Finish()
}

func evalBatch(e expr.Expr, b *scan.Batch) (*column.Vector, error) {
	return expr.Eval(&expr.Context{Ctx: context.Background(), Now: now, Location: time.UTC, Runs: b.Runs}, e, b.Columns, b.Len)
}

// TestEvalEncodings: encoded equals flattened, and parts equal the whole. An expression that fails on one fails on the
// other, unless no row needs the value.
func TestEvalEncodings(t *testing.T) {
	for _, text := range encodable {
		e := bindColumns(t, text)
		t.Run(text, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				encoded, flat := drawBatch(t)
				want, wantErr := evalBatch(e, flat)
				got, err := evalBatch(e, encoded)
				if (err == nil) != (wantErr == nil) {
					t.Fatalf("encoded: %v, flat: %v", err, wantErr)
				}
				if err != nil {
					return
				}
				if got.Type != e.Type() || !column.Identical(got, want) {
					t.Fatalf("encoded %v, flat %v", column.Flatten(got), column.Flatten(want))
				}
				cut := rapid.IntRange(0, flat.Len).Draw(t, "cut")
				left, err := evalBatch(e, encoded.Slice(0, cut))
				if err != nil {
					t.Fatal(err)
				}
				right, err := evalBatch(e, encoded.Slice(cut, flat.Len))
				if err != nil {
					t.Fatal(err)
				}
				joined, err := column.Concat(e.Type(), left, right)
				if err != nil || !column.Identical(joined, want) {
					t.Fatalf("cut at %d: %v, want %v (%v)", cut, joined, column.Flatten(want), err)
				}
				if e.Type().Kind == column.Bool {
					rows, err := expr.EvalBool(&expr.Context{Now: now, Location: time.UTC, Runs: encoded.Runs}, e, encoded.Columns, encoded.Len, nil)
					if err != nil {
						t.Fatal(err)
					}
					k := 0
					for i := range want.Len {
						if !want.IsNull(i) && want.Bool(i) {
							if k >= len(rows) || rows[k] != int32(i) {
								t.Fatalf("rows %v, want row %d", rows, i)
							}
							k++
						}
					}
					if k != len(rows) {
						t.Fatalf("rows %v, want %d of them", rows, k)
					}
				}
			})
		})
	}
}

// TestEncodingKept: what depends on tags stays run-end encoded, a bucket of the time column becomes so.
func TestEncodingKept(t *testing.T) {
	const n = 100
	tag := &column.Vector{Type: column.T(column.Text), Enc: column.RunEnd, Len: n, Child: column.NewStrings("a", "b"), Ends: []int32{40, n}}
	times := make([]int64, n)
	for i := range times {
		times[i] = int64(i%40) * 1_000_000
	}
	in := make([]*column.Vector, 11)
	in[0], in[1] = column.NewInts(column.T(column.TimestampTZ), times, nil), tag
	runs := []scan.Run{{Start: 0, Len: 40}, {Start: 40, Len: 40}, {Start: 80, Len: 20}}
	for text, want := range map[string]int{
		"upper(host)": 2, "host LIKE 'a%' AND host <> 'x'": 2, "CASE host WHEN 'a' THEN 1 ELSE 2 END": 2, "length(host) IN (1, 2)": 2,
		"time_bucket('10 seconds', ts)": 10, "time_bucket('1 month', ts)": 3,
	} {
		v, err := evalBatch(bindColumns(t, text), &scan.Batch{Len: n, Columns: in, Runs: runs})
		if err != nil {
			t.Fatal(err)
		}
		if v.Enc != column.RunEnd || len(v.Ends) != want {
			t.Errorf("%s: encoding %d with %d runs, want %d", text, v.Enc, len(v.Ends), want)
		}
	}
}

// TestErrorPlace: an evaluation error points at the operator, in characters.
func TestErrorPlace(t *testing.T) {
	text := "SELECT 'é', 10 / n FROM cpu"
	st, err := mustParse(t, text)
	if err != nil {
		t.Fatal(err)
	}
	s, err := bind.Bind(context.Background(), st.Stmt, options(time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	e := s.(*plan.Query).Root.(*plan.Project).Exprs[1]
	in := make([]*column.Vector, 11)
	in[4] = column.NewInts(column.T(column.Int32), []int64{1, 0}, nil)
	_, err = evalBatch(e, &scan.Batch{Len: 2, Columns: in})
	located, ok := bind.Locate(err, text).(*column.Error)
	if !ok || located.Position != 16 || located.SQLState != "22012" {
		t.Fatalf("%v at %+v", err, located)
	}
}
