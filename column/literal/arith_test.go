package literal

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// operations are what arith.golden asks; the input is the operands, separated by |.
var operations = map[string]struct {
	sql string // with the operands as $1, $2
	run func(t *testing.T, args []string, opt Options) (string, error)
}{
	"ts+iv":   {"$1::timestamp + $2::interval", stampOp(column.T(column.Timestamp), AddInterval)},
	"ts-iv":   {"$1::timestamp - $2::interval", stampOp(column.T(column.Timestamp), SubInterval)},
	"tstz+iv": {"$1::timestamptz + $2::interval", stampOp(column.T(column.TimestampTZ), AddInterval)},
	"tstz-iv": {"$1::timestamptz - $2::interval", stampOp(column.T(column.TimestampTZ), SubInterval)},
	"ts-ts": {"$1::timestamp - $2::timestamp", func(t *testing.T, args []string, opt Options) (string, error) {
		typ := column.T(column.Timestamp)
		return intervalText(Diff(stamp(t, args[0], typ, opt), stamp(t, args[1], typ, opt), typ))
	}},
	"iv+iv": {"$1::interval + $2::interval", func(t *testing.T, args []string, _ Options) (string, error) {
		return intervalText(Sum(interval(t, args[0]), interval(t, args[1])))
	}},
	"-iv":       {"-($1::interval)", intervalOp(Negate)},
	"iv*float":  {"$1::interval * $2::float8", factorOp(Multiply)},
	"iv/float":  {"$1::interval / $2::float8", factorOp(Divide)},
	"hours":     {"justify_hours($1::interval)", intervalOp(JustifyHours)},
	"days":      {"justify_days($1::interval)", intervalOp(JustifyDays)},
	"intervals": {"justify_interval($1::interval)", intervalOp(JustifyInterval)},
	"compare": {
		"case when $1::interval < $2::interval then -1 when $1::interval = $2::interval then 0 else 1 end",
		func(t *testing.T, args []string, _ Options) (string, error) {
			return strconv.Itoa(CompareIntervals(interval(t, args[0]), interval(t, args[1]))), nil
		},
	},
}

func stamp(t *testing.T, text string, typ column.Type, opt Options) int64 {
	t.Helper()
	v, err := ParseTimestamp(text, typ, opt)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func interval(t *testing.T, text string) column.Interval {
	t.Helper()
	v, err := ParseInterval(text, PostgresIntervals)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func intervalText(v column.Interval, err error) (string, error) {
	return string(AppendInterval(nil, v)), err
}

func stampOp(typ column.Type, op func(int64, column.Interval, column.Type, Options) (int64, error)) func(*testing.T, []string, Options) (string, error) {
	return func(t *testing.T, args []string, opt Options) (string, error) {
		v, err := op(stamp(t, args[0], typ, opt), interval(t, args[1]), typ, opt)
		return string(AppendTimestamp(nil, v, typ, opt)), err
	}
}

func intervalOp(op func(column.Interval) (column.Interval, error)) func(*testing.T, []string, Options) (string, error) {
	return func(t *testing.T, args []string, _ Options) (string, error) {
		return intervalText(op(interval(t, args[0])))
	}
}

func factorOp(op func(column.Interval, float64) (column.Interval, error)) func(*testing.T, []string, Options) (string, error) {
	return func(t *testing.T, args []string, _ Options) (string, error) {
		f, err := ParseFloat(args[1], column.T(column.Float64))
		if err != nil {
			t.Fatal(err)
		}
		return intervalText(op(interval(t, args[0]), f))
	}
}

// arithmetic crosses awkward operands.
func arithmetic() (lines []goldenLine) {
	add := func(zone, op string, args ...string) {
		lines = append(lines, goldenLine{zone: zone, typ: op, input: strings.Join(args, "|")})
	}
	intervals := []string{
		"0", "1 mon", "-1 mon", "1 day", "-1 day", "24 hours", "25:30:00", "30 days", "1 mon -1 day", "-1 mon 30 days", "1 year 2 mons 3 days 04:05:06.789",
		"1 mon 35 days -50:00", "-35 days 12:00", "2 mons -1 sec", "-100 days 100 hours", "0.000001", "13 mons", "29 days 24:00:00", "178000000 years", "-178000000 years", "2000000000 days", "2562047788 hours", "-2562047788 hours",
	}
	for _, a := range intervals {
		for _, op := range []string{"-iv", "hours", "days", "intervals"} {
			add("UTC", op, a)
		}
		for _, f := range []string{"0", "1.5", "-2", "0.1", "1e10", "0.3333333333333333", "NaN", "Infinity"} {
			add("UTC", "iv*float", a, f)
			add("UTC", "iv/float", a, f)
		}
		for _, b := range intervals {
			add("UTC", "iv+iv", a, b)
			add("UTC", "compare", a, b)
		}
		for _, s := range []string{"2024-01-31 10:00:00", "2024-02-29 23:59:59.999999", "0001-01-01 00:00:00", "4714-11-24 00:00:00 BC", "200000-12-31 12:00:00", "infinity", "-infinity"} {
			add("UTC", "ts+iv", s, a)
			add("UTC", "ts-iv", s, a)
		}
		for _, s := range []string{"2026-03-28 02:30:00", "2026-03-29 01:30:00", "2026-10-24 02:30:00", "2026-10-25 02:30:00", "2026-10-25 00:30:00+00"} {
			add("Europe/Berlin", "tstz+iv", s, a)
			add("Europe/Berlin", "tstz-iv", s, a)
		}
	}
	stamps := []string{"2024-01-31 10:00:00", "2024-02-29 23:59:59.999999", "1960-05-05 05:05:05", "4714-11-24 00:00:00 BC", "200000-12-31 12:00:00"}
	for _, a := range stamps {
		for _, b := range stamps {
			add("UTC", "ts-ts", a, b)
		}
	}
	return lines
}

func TestGoldenArithmetic(t *testing.T) {
	const name = "testdata/arith.golden"
	if *regenerate != "" {
		lines := arithmetic()
		ask(t, lines, func(l goldenLine) string {
			query := operations[l.typ].sql
			for i, arg := range strings.Split(l.input, "|") {
				query = strings.ReplaceAll(query, fmt.Sprintf("$%d", i+1), sqlQuote(arg))
			}
			return "(" + query + ")::text"
		})
		writeGolden(t, name, []string{"# zone, operation (see arith_test.go), operands, and PostgreSQL 15's answer: = text, or SQLSTATE and message."}, lines)
	}
	lines, _ := readGolden(t, name)
	location := locations(t)
	for _, l := range lines {
		got := answerOf(operations[l.typ].run(t, strings.Split(l.input, "|"), Options{Location: location(l.zone)}))
		if strings.HasPrefix(got, "22") && strings.HasPrefix(l.answer, got[:5]) {
			got = l.answer // messages of arithmetic differ in detail
		}
		if got != l.answer {
			t.Errorf("%s, %s of %s:\n got %s\nwant %s", l.zone, l.typ, l.input, got, l.answer)
		}
	}
	if len(lines) < 1000 {
		t.Errorf("only %d lines", len(lines))
	}
}
