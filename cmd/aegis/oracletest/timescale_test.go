//go:build linux

package oracletest

import (
	"slices"
	"strings"
	"testing"
)

// sameMeaning pairs what PostgreSQL has no word for with how it would say it. Both run over all rows of t.
var sameMeaning = []struct{ aegis, postgres string }{
	// Widths up to days count from Monday 2000-01-03, for each type of time.
	{"time_bucket('15 minutes', ts)", "date_bin('15 minutes', ts, '2000-01-03 00:00+00')"},
	{"time_bucket('1 day', ts)", "date_bin('1 day', ts, '2000-01-03 00:00+00')"},
	{"time_bucket('7 days', ts)", "date_trunc('week', ts)"},
	{"time_bucket('1 week', ts)", "date_trunc('week', ts)"},
	{"time_bucket('10 days', ts)", "date_bin('10 days', ts, '2000-01-03 00:00+00')"},
	{"time_bucket('7 hours 13 seconds', ts)", "date_bin('7 hours 13 seconds', ts, '2000-01-03 00:00+00')"},
	{"time_bucket('250 microseconds', ts)", "date_bin('250 microseconds', ts, '2000-01-03 00:00+00')"},
	{"time_bucket('36 hours', tm::timestamp)", "CASE WHEN isfinite(tm) THEN date_bin('36 hours', tm, '2000-01-03') ELSE tm END"},
	{"time_bucket('1 day', tz)", "CASE WHEN isfinite(tz) THEN date_bin('1 day', tz, '2000-01-03 00:00+00') ELSE tz END"},
	{"CASE WHEN d < '9999-01-01' AND d > '-infinity' THEN time_bucket('5 days', d) END", "CASE WHEN d < '9999-01-01' AND d > '-infinity' THEN date_bin('5 days', d::timestamp, '2000-01-03')::date END"},
	// An origin of one's own, before and after the times.
	{"time_bucket('1 day', ts, timestamptz '2026-01-01 06:00+00')", "date_bin('1 day', ts, '2026-01-01 06:00+00')"},
	{"time_bucket('1 hour', ts, timestamptz '2030-01-01 00:20+00')", "date_bin('1 hour', ts, '2030-01-01 00:20+00')"},
	{"time_bucket('1 week', ts, timestamptz '2026-01-04 00:00+00')", "date_bin('7 days', ts, '2026-01-04 00:00+00')"},
	{"time_bucket('2 hours', tm::timestamp, timestamp '1900-01-01 01:00')", "CASE WHEN isfinite(tm) THEN date_bin('2 hours', tm, '1900-01-01 01:00') ELSE tm END"},
	// An offset shifts the buckets.
	{"time_bucket('1 hour', ts, interval '5 minutes')", "date_bin('1 hour', ts, '2000-01-03 00:05+00')"},
	{"time_bucket('1 day', ts, interval '-3 hours')", "date_bin('1 day', ts, '2000-01-02 21:00+00')"},
	// Months count from a January.
	{"time_bucket('1 month', ts)", "date_trunc('month', ts)"},
	{"time_bucket('3 months', ts)", "date_trunc('quarter', ts)"},
	{"time_bucket('1 year', ts)", "date_trunc('year', ts)"},
	{"time_bucket('1 month', tz)", "date_trunc('month', tz)"},
	{"time_bucket('1 year', tz)", "date_trunc('year', tz)"},
	{"CASE WHEN d < '9999-01-01' AND d > '-infinity' THEN time_bucket('3 months', d) END", "CASE WHEN d < '9999-01-01' AND d > '-infinity' THEN date_trunc('quarter', d::timestamp)::date END"},
	// A zone's wall clock.
	{"time_bucket('1 day', ts, 'Europe/Berlin')", "date_trunc('day', ts, 'Europe/Berlin')"},
	{"time_bucket('1 week', ts, 'America/New_York')", "date_trunc('week', ts, 'America/New_York')"},
	{"time_bucket('1 month', ts, 'Asia/Kolkata')", "date_trunc('month', ts, 'Asia/Kolkata')"},
	{"time_bucket('6 hours', ts, 'Asia/Kathmandu')", "date_bin('6 hours', ts AT TIME ZONE 'Asia/Kathmandu', '2000-01-03') AT TIME ZONE 'Asia/Kathmandu'"},
	{"time_bucket('1 day', tz, 'Europe/Berlin')", "date_trunc('day', tz, 'Europe/Berlin')"},
	// Numbers.
	{"time_bucket(10, id)", "id - id % 10"},
	{"time_bucket(7, id, 3)", "(floor((id - 3) / 7.0) * 7 + 3)::integer"},
	{"time_bucket(100, i2 / 10)", "(floor(i2 / 10 / 100.0) * 100)::integer"},
}

// timeBuckets compares row by row, and again as the key of groups, where buckets are found by runs.
func timeBuckets(t *testing.T, s *sides) {
	for _, p := range sameMeaning {
		for _, q := range []string{
			"SELECT id, X AS x FROM t",
			"SELECT X AS x, count(*), min(id), sum(i2) FROM t GROUP BY x",
			"SELECT host, region, X AS x, count(*), max(id) FROM t GROUP BY host, region, x",
			"SELECT X AS x, count(*) FROM t WHERE host = 'a' AND ts >= '2026-01-02' GROUP BY x ORDER BY x",
		} {
			want := askPostgres(s.postgres, strings.ReplaceAll(q, "X", p.postgres))
			if want.state != "" {
				t.Fatalf("PostgreSQL: %s: %s", p.postgres, want.message)
			}
			for _, v := range s.variants {
				if why := (comparison{ordered: strings.Contains(q, "ORDER")}).differ(want, askAegis(v.session, strings.ReplaceAll(q, "X", p.aegis))); why != "" {
					t.Errorf("%s\n    %s (%s)", strings.ReplaceAll(q, "X", p.aegis), why, v.name)
					break
				}
			}
		}
	}
}

// firstLast compares with ordered arrays, by a unique time so that there is one right answer.
func firstLast(t *testing.T, s *sides) {
	for _, c := range []string{"i2", "i8", "f8", "f4", "nu", "tx", "b", "d", "tm", "tz", "iv", "by", "host", "slot", "ts"} {
		for _, by := range []string{"", " GROUP BY 1", " WHERE i4 > 0 GROUP BY 1"} {
			for _, at := range []string{"id", "(-id)", "NULLIF(id, 0)", "(id * 1000003 % 9973)", "timestamptz '2026-01-01 00:00+00' + id * interval '1 second'", "date '2026-01-01' - id"} {
				key := "host"
				if by == "" {
					key = "'all'"
				}
				q := "SELECT " + key + ", first(" + c + ", " + at + ") AS f, last(" + c + ", " + at + ") FILTER (WHERE slot = 1) AS l FROM t" + by
				// Rows without a time do not count.
				p := "SELECT " + key + ", (array_agg(" + c + " ORDER BY " + at + ") FILTER (WHERE " + at + " IS NOT NULL))[1] AS f, (array_agg(" + c + " ORDER BY " + at +
					" DESC) FILTER (WHERE slot = 1 AND " + at + " IS NOT NULL))[1] AS l FROM t" + by
				want := askPostgres(s.postgres, p)
				if want.state != "" {
					t.Fatalf("PostgreSQL: %s: %s", p, want.message)
				}
				for _, v := range s.variants {
					if why := (comparison{}).differ(want, askAegis(v.session, q)); why != "" {
						t.Errorf("%s\n    %s (%s)", q, why, v.name)
						break
					}
				}
			}
		}
	}
}

// firstLastTime asks about the time column itself, in whose order rows may be stored; equal times hold any of their values.
func firstLastTime(t *testing.T, s *sides) {
	want := askPostgres(s.postgres, "SELECT host, region, min(ts), max(ts) FROM t GROUP BY host, region")
	for _, v := range s.variants {
		got := askAegis(v.session, "SELECT host, region, first(ts, ts) AS min, last(ts, ts) AS max FROM t GROUP BY host, region")
		if why := (comparison{}).differ(want, got); why != "" {
			t.Errorf("%s (%s)", why, v.name)
		}
	}
}

// TestBucketsByHand are answers that PostgreSQL cannot be asked for, and errors.
func TestBucketsByHand(t *testing.T) {
	session := openAegis(t).NewSession("")
	for _, c := range []struct{ expr, want string }{
		// The clocks of Berlin go forth on 2026-03-29 and back on 2026-10-25: those days have 23 and 25 hours.
		{"time_bucket('1 day', timestamptz '2026-03-29 12:00+00', 'Europe/Berlin')", "2026-03-28 23:00:00+00"},
		{"time_bucket('1 day', timestamptz '2026-03-29 22:30+00', 'Europe/Berlin')", "2026-03-29 22:00:00+00"},
		{"time_bucket('1 day', timestamptz '2026-10-25 22:59+00', 'Europe/Berlin')", "2026-10-24 22:00:00+00"},
		{"time_bucket('1 month', timestamptz '2026-03-31 21:59+00', 'Europe/Berlin')", "2026-02-28 23:00:00+00"},
		{"time_bucket('1 month', timestamptz '2026-03-31 22:00+00', 'Europe/Berlin')", "2026-03-31 22:00:00+00"},
		{"time_bucket('5 months', date '2026-11-21')", "2026-09-01"},
		{"time_bucket('2 years', timestamp '1999-12-31 23:59')", "1998-01-01 00:00:00"},
		{"time_bucket('1 month', date '1999-12-31', date '2000-03-01')", "1999-12-01"},
		{"time_bucket('4 months', date '2026-02-28', date '2000-03-01')", "2025-11-01"},
		{"time_bucket('1 week', date '2000-01-02')", "1999-12-27"},
		{"time_bucket('1 week', date '2000-01-03')", "2000-01-03"},
		{"time_bucket('1 hour', timestamp 'infinity')", "infinity"},
		{"time_bucket('1 hour', timestamp '-infinity')", "-infinity"},
		{"time_bucket(NULL, timestamp '2026-01-01')", null},
		{"time_bucket('1 hour', NULL::timestamp)", null},
		{"time_bucket(10, -1)", "-10"},
		{"time_bucket(10, -10)", "-10"},
		{"time_bucket(10::bigint, -1::bigint)", "-10"},
		{"time_bucket(3::smallint, 8::smallint)", "6"},
		{"time_bucket('1 microsecond', timestamp '1969-12-31 23:59:59.999999')", "1969-12-31 23:59:59.999999"},
		{"time_bucket('1 month 1 day', timestamp '2026-01-01')", "22023"},
		{"time_bucket('0 days', timestamp '2026-01-01')", "22023"},
		{"time_bucket('-1 hour', timestamp '2026-01-01')", "22023"},
		{"time_bucket(0, 5)", "22023"},
		{"time_bucket(-5, 5)", "22023"},
		{"time_bucket('1 hour', date '2026-01-01')", "22023"},
		{"time_bucket('1 day', timestamptz '2026-01-01', 'No/Where')", "22023"},
		{"time_bucket('1 day', timestamp '2026-01-01', timestamp 'infinity')", "22023"},
		{"time_bucket(10, -2147483648)", "22003"},
		{"time_bucket('x', timestamp '2026-01-01')", "22007"},
	} {
		o := askAegis(session, "SELECT "+c.expr)
		got := o.state
		if got == "" {
			got = o.rows[0][0]
		}
		if got != c.want {
			t.Errorf("%s = %s %s, want %s", c.expr, got, o.message, c.want)
		}
	}
}

// TestNanoseconds: timestamp_ns is ours alone.
func TestNanoseconds(t *testing.T) {
	session := openAegis(t).NewSession("")
	for _, text := range []string{
		"CREATE TABLE n (ts timestamp_ns NOT NULL, k text, v bigint) WITH (time_column = ts, tags = (k))",
		"INSERT INTO n VALUES ('2026-01-01 00:00:00.000000001', 'a', 1), ('2026-01-01 00:00:00.000000002', 'a', 2), ('2026-01-01 00:00:01', 'b', 3)",
	} {
		if o := askAegis(session, text); o.state != "" {
			t.Fatal(o.message)
		}
	}
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"SELECT v FROM n WHERE ts > '2026-01-01 00:00:00.000000001' ORDER BY ts", []string{"2", "3"}},
		{"SELECT v FROM n WHERE ts = '2026-01-01 00:00:00.000000002'", []string{"2"}},
		{"SELECT v FROM n WHERE ts > timestamptz '2026-01-01 00:00:00+00' ORDER BY ts DESC", []string{"3", "2", "1"}},
		{"SELECT ts FROM n WHERE v = 1", []string{"2026-01-01 00:00:00.000000001+00"}},
		{"SELECT count(*) FROM n GROUP BY time_bucket('1 second', ts) ORDER BY 1", []string{"1", "2"}},
		{"SELECT last(v, ts) FROM n WHERE k = 'a'", []string{"2"}},
		{"SELECT max(ts) - min(ts) FROM n", []string{"00:00:00.999999"}},
	} {
		o := askAegis(session, c.query)
		var got []string
		for _, r := range o.rows {
			got = append(got, r[0])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s = %q %s %s, want %q", c.query, got, o.state, o.message, c.want)
		}
	}
}
