package literal

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
)

func TestClockWords(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	// 23:30 UTC is half past midnight of the next day in Berlin.
	opt := Options{Location: berlin, Now: time.Date(2026, 11, 20, 23, 30, 1, 123456789, time.UTC)}
	for text, want := range map[string]string{
		"now": "2026-11-21 00:30:01.123456+01", "today": "2026-11-21 00:00:00+01", "Tomorrow 10:00": "2026-11-22 10:00:00+01",
		"yesterday": "2026-11-20 00:00:00+01", "epoch": "1970-01-01 01:00:00+01",
	} {
		typ := column.T(column.TimestampTZ)
		v, err := ParseTimestamp(text, typ, opt)
		if got := string(AppendTimestamp(nil, v, typ, opt)); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", text, got, err, want)
		}
	}
	if v, err := ParseDate("today", opt); err != nil || string(AppendDate(nil, v)) != "2026-11-21" {
		t.Errorf("today: %d, %v", v, err)
	}
	if v, err := ParseTimestamp("now", column.T(column.Timestamp), opt); err != nil || string(AppendTimestamp(nil, v, column.T(column.Timestamp), opt)) != "2026-11-21 00:30:01.123456" {
		t.Errorf("now without zone: %d, %v", v, err)
	}
	if _, err := ParseTimestamp("now", column.T(column.Timestamp), Options{}); !errors.Is(err, column.Invalid) {
		t.Errorf("now without a clock: %v", err)
	}
}

func TestNanoseconds(t *testing.T) {
	typ := column.T(column.TimestampNS)
	for text, want := range map[string]string{
		"2026-11-21T10:11:12.123456789Z":    "2026-11-21 10:11:12.123456789+00",
		"2026-11-21 10:11:12.1234567894+01": "2026-11-21 09:11:12.123456789+00",
		"2026-11-21 10:11:12.12":            "2026-11-21 10:11:12.12+00",
		"1677-09-21 00:12:43.145224193+00":  "1677-09-21 00:12:43.145224193+00",
		"2262-04-11 23:47:16.854775806+00":  "2262-04-11 23:47:16.854775806+00",
		"2262-04-11 23:47:16.854775807+00":  datetimeOverflow,
		"1677-09-21 00:12:43.145224192+00":  datetimeOverflow,
		"2300-01-01":                        datetimeOverflow,
		"infinity":                          "infinity",
	} {
		v, err := ParseTimestamp(text, typ, Options{})
		got := string(AppendTimestamp(nil, v, typ, Options{}))
		var e *column.Error
		if errors.As(err, &e) {
			got = e.SQLState
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	v, _ := ParseTimestamp("2024-01-31 00:00:00.000000001", typ, Options{})
	sum, err := AddInterval(v, column.Interval{Months: 1, Micros: 1}, typ, Options{})
	if got := string(AppendTimestamp(nil, sum, typ, Options{})); err != nil || got != "2024-02-29 00:00:00.000001001+00" {
		t.Errorf("sum: %s, %v", got, err)
	}
	d, err := Diff(maxNanos, minNanos, typ)
	if want := (column.Interval{Days: 213503, Micros: 84873709551}); err != nil || d.Days != want.Days {
		t.Errorf("difference: %+v, %v", d, err)
	}
}

func TestRFC3339(t *testing.T) {
	for v, want := range map[int64]string{0: "1970-01-01T00:00:00Z", -1: "1969-12-31T23:59:59.999999Z", 1795255872123456: "2026-11-21T10:11:12.123456Z", TimestampInfinity: "infinity"} {
		if got := string(AppendRFC3339(nil, v, column.T(column.Timestamp))); got != want {
			t.Errorf("%d: %s, want %s", v, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64Range(-62135596800e6, 253402300799e6).Draw(t, "micros")
		if got, want := string(AppendRFC3339(nil, v, column.T(column.TimestampTZ))), time.UnixMicro(v).UTC().Format(time.RFC3339Nano); got != want {
			t.Fatalf("%d: %s, want %s", v, got, want)
		}
	})
}

func TestCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.Int64Range(minDay, maxDay).Draw(t, "days")
		y, m, d := CivilFromDays(days)
		if back := DaysFromCivil(y, m, d); back != days || m < 1 || m > 12 || d < 1 || d > DaysInMonth(y, m) {
			t.Fatalf("%d is %d-%d-%d, which is %d", days, y, m, d, back)
		}
		if want := time.Unix(0, 0).UTC().AddDate(0, 0, int(days)); int64(want.Year()) != y || int(want.Month()) != m || want.Day() != d {
			t.Fatalf("%d is %d-%d-%d, want %v", days, y, m, d, want)
		}
	})
}

// TestTextRoundTrip holds every value's text to reading back as the value, in any zone.
func TestTextRoundTrip(t *testing.T) {
	location := locations(t)
	rapid.Check(t, func(t *rapid.T) {
		opt := Options{Location: location(rapid.SampledFrom([]string{"UTC", "Asia/Kolkata", "Africa/Monrovia"}).Draw(t, "zone"))}
		bits := rapid.Uint64().Draw(t, "bits")
		var b *column.Builder
		switch k := rapid.SampledFrom([]column.Kind{column.Int64, column.Float32, column.Float64, column.Timestamp, column.TimestampTZ, column.TimestampNS, column.IntervalKind, column.Date}).Draw(t, "kind"); k {
		case column.Float32:
			b = column.NewBuilder(column.T(k), 1)
			b.AppendFloat(float64(math.Float32frombits(uint32(bits))))
		case column.Float64:
			b = column.NewBuilder(column.T(k), 1)
			b.AppendFloat(math.Float64frombits(bits))
		case column.IntervalKind:
			b = column.NewBuilder(column.T(k), 1)
			b.AppendInterval(column.Interval{Months: int32(bits), Days: int32(bits >> 32), Micros: rapid.Int64Range(-1<<60, 1<<60).Draw(t, "micros")})
		case column.Date:
			b = column.NewBuilder(column.T(k), 1)
			b.AppendInt(rapid.Int64Range(minDay, maxDay).Draw(t, "days"))
		default:
			b = column.NewBuilder(column.T(k), 1)
			v := int64(bits)
			if k == column.Timestamp || k == column.TimestampTZ {
				v = rapid.Int64Range(minMicros, maxMicros-MicrosPerDay).Draw(t, "micros")
			}
			if opt.Location.String() == "Africa/Monrovia" && v < 1e17 {
				opt.Location = nil // its clocks went back by 44.5 minutes: local times before are ambiguous
			}
			b.AppendInt(v)
		}
		v := b.Finish()
		text := string(Append(nil, v, 0, opt))
		back := column.NewBuilder(v.Type, 1)
		if err := Parse(back, v.Type, text, opt); err != nil {
			t.Fatalf("%s %s: %v", v.Type, text, err)
		}
		if got := back.Finish(); !column.Equal(got, v) {
			t.Fatalf("%s %s came back as %s", v.Type, text, Append(nil, got, 0, opt))
		}
	})
}

func TestTextRefusesBadBytes(t *testing.T) {
	for _, s := range []string{"a\x00", "\xff", "ok\xc3"} {
		b := column.NewBuilder(column.T(column.Text), 1)
		var e *column.Error
		if err := Parse(b, column.T(column.Text), s, Options{}); !errors.As(err, &e) || e.SQLState != badEncoding || b.Len() != 0 {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestAppendNull(t *testing.T) {
	if got := Append([]byte("x"), column.NewNull(column.T(column.Float64), 1), 0, Options{}); string(got) != "x" {
		t.Errorf("%q", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1 year 2 mons -3 days 04:05:06.789", "P1Y2M3DT4H5M6.7S", "2026-11-21T10:11:12.5+01", "Sat Nov 21 10:11:12 2026 PST", "1e-5", `\xdead`, "294247-01-10 04:00:54.775806", "J2451187"} {
		f.Add(s)
	}
	opt := Options{Now: time.Unix(1e9, 0)}
	f.Fuzz(func(t *testing.T, text string) {
		for k := column.Bool; k <= column.JSON; k++ {
			if len(text) > 1000 || k == column.Numeric && strings.ContainsAny(text, "eE") {
				continue // a short numeric may mean 131072 digits
			}
			typ := column.T(k)
			b := column.NewBuilder(typ, 1)
			if err := Parse(b, typ, text, opt); err != nil {
				var e *column.Error
				if !errors.As(err, &e) || len(e.SQLState) != 5 || b.Len() != 0 {
					t.Fatalf("%s %q: %v", typ, text, err)
				}
				continue
			}
			v := b.Finish()
			out := string(Append(nil, v, 0, opt))
			again := column.NewBuilder(typ, 1)
			if err := Parse(again, typ, out, opt); err != nil {
				t.Fatalf("%s %q printed as %q: %v", typ, text, out, err)
			}
			if got := again.Finish(); !column.Equal(got, v) {
				t.Fatalf("%s %q printed as %q, which reads as %q", typ, text, out, Append(nil, got, 0, opt))
			}
		}
	})
}

func BenchmarkText(b *testing.B) {
	opt := Options{}
	stamp := column.T(column.TimestampTZ)
	b.Run("append timestamptz", func(b *testing.B) {
		var buf []byte
		for b.Loop() {
			buf = AppendTimestamp(buf[:0], 1795255872123456, stamp, opt)
		}
	})
	b.Run("parse timestamptz", func(b *testing.B) {
		for b.Loop() {
			_, _ = ParseTimestamp("2026-11-21 10:11:12.123456+02", stamp, opt)
		}
	})
	b.Run("append float8", func(b *testing.B) {
		var buf []byte
		for b.Loop() {
			buf = AppendFloat(buf[:0], 1234.5678, column.T(column.Float64))
		}
	})
	b.Run("parse interval", func(b *testing.B) {
		for b.Loop() {
			_, _ = ParseInterval("1 day 02:03:04", PostgresIntervals)
		}
	})
}
