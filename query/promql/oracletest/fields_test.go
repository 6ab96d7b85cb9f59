package oracletest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	aegis "github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/query/promql"
)

// The fields of an ordinary table are metrics as well: integers that fit into bytes and such that do not, NULLs, floats, times that are
// no whole milliseconds and rows that are there twice within one.

func run(t *testing.T, db *aegis.DB, text string) {
	t.Helper()
	r, err := db.Query(t.Context(), text)
	if err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
	defer r.Close()
	for {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%.200s: %v", text, err)
		}
	}
}

// fillFields makes a table of five hosts, a row every ten seconds or so for an hour, in two parts.
func fillFields(t *testing.T, db *aegis.DB, r *rand.Rand, p place) {
	t.Helper()
	run(t, db, `CREATE TABLE cpu (time timestamptz, host text, region text, a bigint, b bigint, large bigint, narrow smallint, sparse integer, f double precision)
		WITH (time_column = time, tags = (host, region))`)
	for part := range 2 {
		var rows []string
		for host := range 5 {
			a := 50
			for k := range 180 {
				at := 1_000_000 + int64(part*180+k)*10_000_000
				switch host {
				case 1:
					at += r.Int64N(3_000_000) // irregular
				case 2:
					at += 1234 // between milliseconds
				case 3:
					if k%40 == 39 {
						at -= 9_999_800 // in the millisecond of the row before
					}
				}
				if r.IntN(60) == 0 {
					continue
				}
				a = min(100, max(0, a+r.IntN(5)-2))
				some := fmt.Sprint(r.IntN(1000))
				if r.IntN(10) == 0 {
					some = "NULL"
				}
				rows = append(rows, fmt.Sprintf("('epoch'::timestamptz + interval '%d us', 'h%d', 'r%d', %d, %d, %d, %d, %s, %g)",
					at, host, host%2, a, r.IntN(100_000)-50_000, r.Int64()-r.Int64(), r.IntN(9)-4, some, r.NormFloat64()))
			}
		}
		run(t, db, "INSERT INTO cpu VALUES "+strings.Join(rows, ", "))
		if p == inSegments || p == inBoth && part == 0 {
			if err := db.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (d drawn) field() string {
	name := d.of("cpu_a", "cpu_b", "cpu_large", "cpu_narrow", "cpu_sparse", "cpu_f", "cpu_a", `{__name__=~"cpu_(a|b|sparse)"}`)
	matchers := d.of("", "", `{host="h1"}`, `{host=~"h[0-3]"}`, `{region="r1"}`, `{host!="h2"}`)
	if strings.HasSuffix(name, "}") && matchers != "" {
		return name[:len(name)-1] + "," + matchers[1:]
	}
	return name + matchers
}

func (d drawn) fieldWindows() string {
	return d.of("avg_over_time", "sum_over_time", "count_over_time", "min_over_time", "max_over_time", "last_over_time", "present_over_time", "stddev_over_time", "rate", "increase", "changes") +
		"(" + d.field() + "[" + d.of("10s", "1m", "2m30s", "20m", "1h", "7s", "2h") + "]" + d.of("", "", " offset 3m", " offset -90s") + ")"
}

func (d drawn) fieldQuery(depth int) string {
	inner := d.of(d.fieldWindows(), d.fieldWindows(), d.field())
	if d.IntN(2) == 0 {
		inner = d.of("sum", "avg", "min", "max", "count", "stddev") + d.of("", " by (host)", " by (region)", " without (host)") + " (" + inner + ")"
	}
	if depth == 0 {
		return inner
	}
	switch d.IntN(7) {
	case 6:
		or := d.of(" or ", " or ", " or on (host) ", " or ignoring (region, field) ")
		return "(" + d.fieldQuery(depth-1) + ")" + or + "(" + d.fieldQuery(depth-1) + ")" + or + "(" + d.fieldQuery(0) + ")"
	case 0:
		return `label_replace(` + d.fieldQuery(depth-1) + `, "` + d.of("field", "host", "x") + `", "` + d.of("a", "$1", "") + `", "` + d.of("host", "") + `", "` + d.of("h(.*)", "") + `")`
	case 1:
		return `label_join(` + d.fieldQuery(depth-1) + `, "all", "-", "host", "region")`
	case 2:
		return d.of("abs", "ceil", "floor", "sqrt", "ln", "exp", "-", "-") + "(" + d.fieldQuery(depth-1) + ")"
	case 3:
		return d.of("round(", "clamp_min(", "clamp_max(") + d.fieldQuery(depth-1) + ", " + d.of("5", "0.1", "-3") + ")"
	}
	return "(" + d.fieldQuery(depth-1) + ") " + d.of("or", "or", "and", "unless", "+", "/", "or on (host)", "and on (region)", "unless ignoring (region)", "or ignoring (field)") + " (" + d.fieldQuery(depth-1) + ")"
}

// TestFields: metrics that are fields are evaluated as Prometheus' engine does it, in stretches too.
func TestFields(t *testing.T) {
	for _, p := range []place{inHead, inSegments, inBoth} {
		for name, limits := range map[string]promql.Limits{"whole": {}, "stretches": {StretchBytes: 2000}} {
			t.Run(p.String()+"/"+name, func(t *testing.T) {
				d := openWith(t, p, limits)
				defer d.Close()
				r := rand.New(rand.NewPCG(5, uint64(p)))
				fillFields(t, d.db, r, p)
				compareFields(t, d.db, drawn{r})
			})
		}
	}
}

func compareFields(t *testing.T, db *aegis.DB, draw drawn) {
	const queries = 400
	failed, filled := 0, 0
	for n := range queries {
		text := draw.fieldQuery(draw.IntN(3))
		start := time.UnixMilli(draw.Int64N(4_000_000) - 200_000)
		length := time.Duration(draw.Int64N(int64(time.Hour)))
		step := []time.Duration{10 * time.Second, time.Minute, 37 * time.Second, 20 * time.Minute, 5 * time.Minute}[draw.IntN(5)]
		prepare := func(ctx context.Context) (*promql.Query, error) {
			if n%4 == 0 {
				return db.PromQL().Instant(ctx, "", text, start, nil)
			}
			return db.PromQL().Range(ctx, "", text, start, start.Add(length), step, nil)
		}
		if q, err := prepare(t.Context()); err == nil {
			if r := q.Exec(t.Context()); r.Err == nil && r.Value.String() != "" {
				filled++
			}
		}
		if difference := twice(t.Context(), prepare, false); difference != "" {
			t.Errorf("%s from %d for %v by %v (%d): %s", text, start.UnixMilli(), length, step, n%4, difference)
			if failed++; failed > 5 {
				t.FailNow()
			}
		}
	}
	if filled < queries/2 {
		t.Errorf("only %d of %d answers have something in them", filled, queries)
	}
}
