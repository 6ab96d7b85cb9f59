//go:build linux

package oracletest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The tables every query may use, on both sides. t has all types and all awkward values, in columns named after types; u is
// small enough to see through; e is empty.
const (
	createT = `CREATE TABLE t (id integer NOT NULL, ts timestamptz NOT NULL, host text, region text, slot integer, i2 smallint, i4 integer, i8 bigint,
		f4 real, f8 double precision, q double precision, nu numeric, tx text, b boolean, by bytea, d date, tm timestamp, tz timestamptz, iv interval)`
	createU = `CREATE TABLE u (k integer, v text, x double precision)`
	createE = `CREATE TABLE e (k integer, v text, ts timestamptz)`
	fillU   = `INSERT INTO u VALUES (1, 'one', 1.5), (2, 'two', NULL), (3, NULL, -0.5), (NULL, 'none', 0), (2, 'zwei', 7), (1, 'one', 1.5)`

	tagged = ` WITH (time_column = ts, tags = (host, region, slot))`
	keyed  = ` WITH (time_column = ts, tags = (host, region, slot, id), unique_key = (host, region, slot, id, ts))`
)

// pools are the values of t's columns, as texts; "" in front stands for NULL.
var pools = map[string][]string{
	"host":   {"a", "b", "c", "web-1", "größe", ""},
	"region": {null, "eu", "us", "ap"},
	"slot":   {null, "1", "2", "3"},
	"i2":     {null, "0", "1", "-1", "2", "7", "100", "32767", "-32768", "12345"},
	"i4":     {null, "0", "1", "-1", "3", "10", "42", "2147483647", "-2147483648", "86400", "-7"},
	"i8":     {null, "0", "1", "-1", "5", "1000000007", "9223372036854775807", "-9223372036854775808", "4294967296", "-3"},
	"f4":     {null, "0", "-0", "1.5", "-2.25", "3.4028235e+38", "1e-45", "NaN", "Infinity", "-Infinity", "0.1", "16777217"},
	"f8":     {null, "0", "-0", "0.5", "-1.5", "2.5", "1e308", "5e-324", "NaN", "Infinity", "-Infinity", "0.1", "123456.789", "1e15", "1e16", "1e-5"},
	"q":      {null, "0", "0.25", "-0.75", "10.5", "3", "-8.25", "100", "1e6"},
	"nu":     {null, "0", "0.00", "1.5", "-1.50", "12345678901234567890.123456789", "0.000001", "NaN", "99999", "-0.5", "1e20"},
	"tx":     {null, "", " ", "abc", "ABC", "a%b_c", "äöü€𝄞", "Hello, World", "12", " 3.5 ", "x'y", `back\slash`, "2026-01-01", "true", "zzz"},
	"b":      {null, "t", "f"},
	"by":     {null, `\x`, `\x00ff`, `\x616263`},
	"d":      {null, "1970-01-01", "2000-02-29", "2026-12-31", "1900-03-01", "0044-03-15 BC", "290000-12-31", "infinity", "-infinity", "2026-11-21"},
	"tm":     {null, "1970-01-01 00:00:00", "2026-11-21 22:04:05.678901", "2000-02-29 23:59:59.999999", "1582-10-15", "4713-01-01 00:00:00 BC", "290000-12-31 23:59:59.999999", "infinity", "-infinity"},
	"tz":     {null, "1970-01-01 00:00:00+00", "2026-03-29 01:30:00+01", "2000-01-01 00:00:00.000001+00", "1969-12-31 23:59:59.5+00", "infinity", "-infinity", "9999-12-31 23:59:59+00"},
	"iv":     {null, "0", "1 day", "-1 day", "1 mon 2 days 03:04:05.678", "24:00:00", "1 year", "-00:00:00.5", "30 days", "100 years", "1 mon -1 day"},
}

var columnsOfT = []string{"host", "region", "slot", "i2", "i4", "i8", "f4", "f8", "q", "nu", "tx", "b", "by", "d", "tm", "tz", "iv"}

const rowsOfT = 300

// fillT makes INSERT statements of t's rows, the same at every run.
func fillT() []string {
	r := rand.New(rand.NewPCG(1, 15))
	var out []string
	var b strings.Builder
	for id := range rowsOfT {
		if b.Len() == 0 {
			b.WriteString("INSERT INTO t VALUES ")
		} else {
			b.WriteString(", ")
		}
		// Times repeat, go back, and reach over several partitions.
		minute := r.IntN(4 * 24 * 60)
		fmt.Fprintf(&b, "(%d, '2026-01-0%d %02d:%02d:%02d+00'", id, 1+minute/1440, minute/60%24, minute%60, 15*r.IntN(4))
		for _, c := range columnsOfT {
			p := pools[c]
			// The first rows show every value once, whatever the dice say.
			v := p[r.IntN(len(p))]
			if id < len(p) {
				v = p[id]
			}
			if v == null {
				b.WriteString(", NULL")
			} else {
				b.WriteString(", '" + strings.ReplaceAll(v, "'", "''") + "'")
			}
		}
		b.WriteString(")")
		if id%100 == 99 {
			out = append(out, b.String())
			b.Reset()
		}
	}
	return out
}
