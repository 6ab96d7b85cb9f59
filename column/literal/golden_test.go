package literal

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

// The golden files hold what a real PostgreSQL answers. To make them anew, after adding inputs:
//
//	go test ./column/literal -run Golden -regenerate "psql -h /tmp -U postgres"
//
// with psql and its arguments for any server of version 15.
var regenerate = flag.String("regenerate", "", "psql command line that answers the golden files' questions anew")

// deviates names inputs where Aegis answers otherwise on purpose.
func deviates(l goldenLine) bool {
	switch {
	case strings.HasPrefix(l.input, "29427"), strings.HasPrefix(l.input, "294247") && l.zone == "America/New_York":
		return strings.HasPrefix(l.typ, "timestamp") // microseconds since 1970 end in 294247
	case strings.HasSuffix(l.input, "MST7MDT"):
		return true // zones in POSIX notation are not read
	}
	return false
}

var typesByName = map[string]column.Type{
	"boolean": column.T(column.Bool), "smallint": column.T(column.Int16), "integer": column.T(column.Int32), "bigint": column.T(column.Int64),
	"real": column.T(column.Float32), "double precision": column.T(column.Float64), "numeric": column.T(column.Numeric),
	"text": column.T(column.Text), "bytea": column.T(column.Bytea), "date": column.T(column.Date), "timestamp": column.T(column.Timestamp),
	"timestamp with time zone": column.T(column.TimestampTZ), "interval": column.T(column.IntervalKind), "json": column.T(column.JSON),
}

// goldenLine is: zone, type, input, answer. The input is quoted; the answer is = and the quoted text, or the
// SQLSTATE and the quoted message.
type goldenLine struct{ zone, typ, input, answer string }

func readGolden(t *testing.T, name string) (lines []goldenLine, head []string) {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(bytes.NewReader(data))
	s.Buffer(nil, 1<<22)
	for s.Scan() {
		if s.Text() == "" || s.Text()[0] == '#' {
			head = append(head, s.Text())
			continue
		}
		f := strings.Split(s.Text(), "\t")
		for len(f) < 4 {
			f = append(f, "")
		}
		input, err := strconv.Unquote(f[2])
		if err != nil {
			t.Fatalf("%s: %s: %v", name, s.Text(), err)
		}
		lines = append(lines, goldenLine{f[0], f[1], input, f[3]})
	}
	return lines, head
}

func writeGolden(t *testing.T, name string, head []string, lines []goldenLine) {
	var b bytes.Buffer
	for _, h := range head {
		fmt.Fprintln(&b, h)
	}
	for _, l := range lines {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", l.zone, l.typ, strconv.Quote(l.input), l.answer)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// ask gives PostgreSQL's answer for each line; query turns an input into an SQL expression of type text.
func ask(t *testing.T, lines []goldenLine, query func(l goldenLine) string) {
	var sql strings.Builder
	sql.WriteString("set client_min_messages = error; set standard_conforming_strings = on;\n" +
		"create function pg_temp.answer(q text, out r text) language plpgsql as $$ begin execute 'select ' || q into r; r := '= ' || " +
		"encode(convert_to(r, 'UTF8'), 'hex'); exception when others then r := sqlstate || ' ' || encode(convert_to(sqlerrm, 'UTF8'), 'hex'); end $$;\n")
	for _, l := range lines {
		fmt.Fprintf(&sql, "set timezone = %s; select pg_temp.answer(%s);\n", sqlQuote(l.zone), sqlQuote(query(l)))
	}
	args := append(strings.Fields(*regenerate), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1")
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin = strings.NewReader(sql.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(answers) != len(lines) {
		t.Fatalf("%d answers to %d questions", len(answers), len(lines))
	}
	for i, a := range answers {
		state, text, _ := strings.Cut(a, " ")
		raw, err := ParseBytea(`\x` + text)
		if err != nil {
			t.Fatal(err)
		}
		lines[i].answer = state + " " + strconv.Quote(string(raw))
	}
}

func sqlQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func locations(t *testing.T) func(name string) *time.Location {
	known := map[string]*time.Location{}
	return func(name string) *time.Location {
		if known[name] == nil {
			loc, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			known[name] = loc
		}
		return known[name]
	}
}

func answerOf(text string, err error) string {
	if err == nil {
		return "= " + strconv.Quote(text)
	}
	var e *column.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	return e.SQLState + " " + strconv.Quote(e.Message)
}

// moreValues are values of awkward kinds that are easier to make than to list.
func moreValues() (lines []goldenLine) {
	seed := uint64(0x9e3779b97f4a7c15)
	next := func() uint64 {
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
		return seed
	}
	add := func(zone, typ, format string, args ...any) {
		lines = append(lines, goldenLine{zone: zone, typ: typ, input: fmt.Sprintf(format, args...)})
	}
	for range 60 {
		add("UTC", "double precision", "%de%d", int64(next())>>(next()%60), int(next()%80)-40)
		add("UTC", "double precision", "%d", uint64(1)<<(next()%64)+next()%3)
		add("UTC", "double precision", "%de%d", next()%1000, 15+next()%14)
		add("UTC", "real", "%de%d", int64(next())>>(next()%60), int(next()%30)-20)
		add("UTC", "real", "%de%d", next()%10000, next()%12)
		add("UTC", "numeric", "%d.%de%d", int64(next())>>(next()%60), next()>>(next()%60), int(next()%20)-10)
	}
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"}
	for i := range 150 {
		zone := zones[i%len(zones)]
		date := fmt.Sprintf("%04d-%02d-%02d", 1900+next()%160, 1+next()%12, 1+next()%28)
		clock := fmt.Sprintf("%02d:%02d:%02d.%06d", next()%24, next()%60, next()%60, next()%1000000)
		add(zone, "timestamp with time zone", "%s %s", date, clock)
		add(zone, "timestamp with time zone", "%s %s+%02d", date, clock, next()%14)
		add("UTC", "timestamp", "%04d-%02d-%02d %s%s", 1+next()%4700, 1+next()%12, 1+next()%31, clock, []string{"", " BC"}[next()%2])
		add("UTC", "date", "%d-%d-%d", 1+next()%300000, 1+next()%13, 1+next()%31)
		add("UTC", "interval", "%d years %d mons %d days %d:%d:%d.%d", int(next()%20)-10, int(next()%40)-20, int(next()%80)-40, next()%40, next()%60, next()%60, next()%10000)
		add("UTC", "interval", "%d.%d %s", int(next()%2000)-1000, next()%100000,
			[]string{"years", "months", "weeks", "days", "hours", "minutes", "seconds", "ms", "us", "decades"}[next()%10])
	}
	return lines
}

func TestGoldenText(t *testing.T) {
	const name = "testdata/text.golden"
	lines, head := readGolden(t, name)
	if *regenerate != "" {
		known := map[goldenLine]bool{}
		var distinct []goldenLine
		for _, l := range append(lines, moreValues()...) {
			l.answer = ""
			if !known[l] {
				known[l] = true
				distinct = append(distinct, l)
			}
		}
		lines = distinct
		ask(t, lines, func(l goldenLine) string { return fmt.Sprintf("(%s::%s)::text", sqlQuote(l.input), l.typ) })
		writeGolden(t, name, head, lines)
	}
	location := locations(t)
	for _, l := range lines {
		typ, ok := typesByName[l.typ]
		if !ok {
			t.Fatalf("type %q", l.typ)
		}
		if deviates(l) {
			continue
		}
		opt := Options{Location: location(l.zone)}
		b := column.NewBuilder(typ, 1)
		err := Parse(b, typ, l.input, opt)
		text := ""
		if err == nil {
			text = string(Append(nil, b.Finish(), 0, opt))
			if typ.Kind == column.Bool {
				text = map[string]string{"t": "true", "f": "false"}[text] // the cast to text is wordier than the output
			}
		} else if b.Len() != 0 {
			t.Errorf("%s %q: appended although %v", l.typ, l.input, err)
		}
		if got := answerOf(text, err); got != l.answer {
			t.Errorf("%s, %s %q:\n got %s\nwant %s", l.zone, l.typ, l.input, got, l.answer)
		}
	}
	if len(lines) < 500 {
		t.Errorf("only %d lines", len(lines))
	}
}
