package lineproto

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/meta"
)

func TestStored(t *testing.T) {
	h := newHouse(t, Limits{})
	lines := []string{
		`cpu,host=a,region=eu usage=1i,load=0.5,up=t,note="x y" 1000`,
		`cpu,host=a,region=eu usage=2i 2000`,
		`# a comment, with = and "`,
		"",
		`   cpu,host=b load=1e3,usage=-7i   3000   ` + "\r",
		"   \r",
		`cpu usage=9i`, // no tags, no time
		`mem,host=a free=12u 5`,
		`cpu,region=eu,host=a usage=3i 4000`, // the series of the first line, said in another way
		"mem note=\"two\nlines\",free=1i 6",
		`mem,host=b free=none 7`,
		`mem,host=b free=2i 8`,
	}
	want := strings.Join([]string{
		`cpu{host=a,region=eu} load=f0.5,note="x y",up=true,usage=1 @1000`,
		`cpu{host=a,region=eu} usage=2 @2000`,
		`cpu{host=b} load=f1000,usage=-7 @3000`,
		`cpu{} usage=9 @1234567891234567891`,
		`cpu{host=a,region=eu} usage=3 @4000`,
		`mem{host=a} free=12 @5`,
		`mem{} free=1,note="two\nlines" @6`,
		`mem{host=b} free=2 @8`,
	}, "\n")
	for round := range 3 { // new, known, and after the series were numbered anew
		report, err := h.receive(lines...)
		if err == nil || !strings.Contains(err.Error(), `partial write: line 12: `) || !strings.HasSuffix(err.Error(), " dropped=1") {
			t.Fatalf("round %d: %v", round, err)
		}
		if got := h.rows(); got != want {
			t.Errorf("round %d: rows\n%s\nwant\n%s", round, got, want)
		}
		if report.Lines != 9 || report.Stored != 8 || report.Values != 13 {
			t.Errorf("round %d: report %+v", round, report)
		}
		if made := report.Tables == 2 && report.Columns == 0; made != (round == 0) {
			t.Errorf("round %d: made %d tables, %d columns", round, report.Tables, report.Columns)
		}
		if (report.Defined == 0) != (round == 1) {
			t.Errorf("round %d: %d series defined", round, report.Defined)
		}
		if round == 1 {
			h.sink.stale = 1
		}
	}
	if got, want := h.schema("cpu"), "time timestamp_ns, host text*, region text*, usage bigint, load double precision, up boolean, note text"; got != want {
		t.Errorf("schema %s\nwant   %s", got, want)
	}
	cpu := h.catalog.Snapshot().Table(h.target.Database, meta.PublicSchema, "cpu").Columns
	if !cpu.Merge || cpu.Partition != dayNanos || fmt.Sprint(cpu.Key, cpu.Tags, cpu.Time) != "[2 3 1] [2 3] 1" {
		t.Errorf("schema %+v", cpu)
	}
}

func TestEscapes(t *testing.T) {
	cases := []struct{ line, want string }{
		{`a\ b\,c=d f=1 1`, `a b,c=d{} f=f1 @1`},
		{`m,a\ b\,c\=d=e\ f\,g\=h i\ j\,k\=l=1 1`, `m{a b,c=d=e f,g=h} i j,k=l=f1 @1`},
		{`m,a=b\c f\g=1 1`, `m{a=b\c} f\g=f1 @1`},
		{`m,a=b\\ f f=2 1`, `m{a=b\ f} f=f2 @1`}, // the second backslash escapes the space
		{`m f="a,b =c" 1`, `m{} f="a,b =c" @1`},
		{`m f="\"\\\a\\" 1`, `m{} f="\"\\\\a\\" @1`},
		{`m f="C:\new" 1`, `m{} f="C:\\new" @1`},
		{`m f="" 1`, `m{} f="" @1`},
		{`m f="#",g="" 1`, `m{} f="#",g="" @1`},
		{"m f=\"a\nb\r\n\" 1", `m{} f="a\nb\r\n" @1`},
		{`me\asurement,é=ü ñ="日本" 1`, `me\asurement{é=ü} ñ="日本" @1`},
	}
	for _, c := range cases {
		h := newHouse(t, Limits{})
		if _, err := h.receive(c.line); err != nil {
			t.Errorf("%s: %v", c.line, err)
		}
		if got := h.rows(); got != c.want {
			t.Errorf("%s: %s, want %s", c.line, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	cases := []struct{ text, want string }{
		{"0i", "0"},
		{"-0i", "0"},
		{"007i", "7"},
		{"9223372036854775807i", "9223372036854775807"},
		{"-9223372036854775808i", "-9223372036854775808"},
		{"9223372036854775807u", "9223372036854775807"},
		{"0u", "0"},
		{"1", "f1"},
		{"-1", "f-1"},
		{"-0", "f-0"},
		{"1.", "f1"},
		{".5", "f0.5"},
		{"-.5", "f-0.5"},
		{"0.1", "f0.1"},
		{"123456789012345", "f1.23456789012345e+14"},
		{"1234567.89012345", "f1.23456789012345e+06"},
		{"1234567890123456", "f1.234567890123456e+15"},
		{"0.12345678901234567", "f0.12345678901234566"},
		{"9007199254740993", "f9.007199254740992e+15"},
		{"1e3", "f1000"},
		{"1E+3", "f1000"},
		{"-2.5e-3", "f-0.0025"},
		{"1.7976931348623157e308", "f1.7976931348623157e+308"},
		{"5e-324", "f5e-324"},
		{"1e-400", "f0"},
		{"t", "true"},
		{"T", "true"},
		{"true", "true"},
		{"True", "true"},
		{"TRUE", "true"},
		{"f", "false"},
		{"F", "false"},
		{"false", "false"},
		{"False", "false"},
		{"FALSE", "false"},
	}
	for _, c := range cases {
		h := newHouse(t, Limits{})
		if _, err := h.receive("m v=" + c.text + " 1"); err != nil {
			t.Errorf("%s: %v", c.text, err)
		}
		if got := h.rows(); got != "m{} v="+c.want+" @1" {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
	for text, want := range map[string]string{
		"9223372036854775808i": "not an integer from", "-9223372036854775809i": "not an integer from", "-i": "not an integer",
		"1.5i": "not an integer", "-1u": "not an unsigned integer", "9223372036854775808u": "the most a bigint can hold",
		"18446744073709551616u": "not an unsigned", "1e400": "out of the range of double precision", "NaN": "not a value", "nan": "not a value",
		"inf": "not a value", "-inf": "not a number", "-": "not a number", ".": "not a number", "1e": "not a number", "1e+": "not a number",
		"0x10": "not a number", "1_000": "not a number", "1.2.3": "not a number", "+1": "not a value", "tru": "not a boolean",
		"tRUE": "not a boolean", "yes": "not a value", "1ii": "not an integer", "1x": "not a number", "": "not a value", "1i2": "not a number",
	} {
		h := newHouse(t, Limits{})
		_, err := h.receive("m v="+text+",ok=1 1", "m ok=2 2")
		if err == nil || !strings.Contains(err.Error(), "line 1: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
		if got := h.rows(); got != "m{} ok=f2 @2" {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// TestBadLines: what is wrong with a line is said, and the lines around it are stored.
func TestBadLines(t *testing.T) {
	cases := []struct{ line, want string }{
		{`m`, "it has no field"},
		{`m,a=b`, "it has no field"},
		{`m,a=b `, "a field must begin with its name"},
		{`,a=b f=1 1`, "is not a measurement"},
		{"m\tx f=1 1", "is not a measurement"},
		{"\tm f=1 1", "is not a measurement"},
		{"\rm f=1 1", "is not a measurement"},
		{`m, f=1 1`, "is not a tag"},
		{`m,a f=1 1`, "is not a tag"},
		{`m,=b f=1 1`, "is not a tag"},
		{`m,a= f=1 1`, `tag "a" has no value`},
		{`m,a=b=c f=1 1`, `'=' is in the value of tag "a"`},
		{`m,a=b, f=1 1`, "is not a tag"},
		{`m,a=b,a=c f=1 1`, `tag "a" is there twice`},
		{`m,new=b,new=c f=1 1`, `tag "new" is there twice`},
		{"m,a=b\x01 f=1 1", "is in the value"},
		{"m,a=\xff f=1 1", `the value of tag "a" is not valid UTF-8`},
		{"m,\xff=b f=1 1", "not valid UTF-8"},
		{"\xff f=1 1", "not valid UTF-8"},
		{"m \xff=1 1", "not valid UTF-8"},
		{"m s=\"\xff\" 1", "not valid UTF-8"},
		{`m f 1`, "no value follows it"},
		{`m =1 1`, "a field must begin with its name"},
		{`m f=1, 1`, "a field must begin with its name"},
		{`m f=1,`, "a field must begin with its name"},
		{`m f= 1`, "is not a value"},
		{`m f="x 1`, "no closing quote"},
		{`m s="x"y 1`, "follows a field"},
		{`m f=1 x`, "is not a time"},
		{`m f=1 1x`, "follows the time"},
		{`m f=1 1.5`, "follows the time"},
		{`m f=1 -`, "is not a time"},
		{`m f=1 1 2`, "follows the time"},
		{`m f=1 99999999999999999999`, "is not a time"},
		{`m f=1 9223372036854775807`, "out of the range"},
		{"m f=1 1\rx", "follows the time"},
		{`m a=1 1`, `"a" is the name of a tag of table "m", it cannot be a field`},
		{`m,f=x g=1 1`, `"f" is the name of a field of table "m", it cannot be a tag`},
		{`m time=1 1`, `"time" is the name of a time column of table "m", it cannot be a field`},
		{`m,time=x f=1 1`, `"time" is the name of a time column of table "m", it cannot be a tag`},
		{`m,z=x z=1 1`, `"z" is a tag and a field`},
		{`m f="x" 1`, `column "f" of table "m" is double precision, the field is text`},
		{`m f=t 1`, `column "f" of table "m" is double precision, the field is boolean`},
		{`m i=1 1`, `column "i" of table "m" is bigint, the field is double precision`},
		{`m s=1i 1`, `column "s" of table "m" is text, the field is bigint`},
		{`m new=1i,new2=2,i=2 1`, `column "i" of table "m" is bigint`},
		{`m ` + strings.Repeat("x", 256) + `=1 1`, "has 256 bytes, limit 255"},
		{strings.Repeat("x", 256) + ` f=1 1`, "has 256 bytes, limit 255"},
		{`m,` + strings.Repeat("x", 256) + `=1 f=1 1`, "has 256 bytes, limit 255"},
		{`new,a=b,a=c f=1`, `tag "a" is there twice`},
	}
	for _, c := range cases {
		h := newHouse(t, Limits{})
		if _, err := h.receive(`m,a=b f=1,i=1i,s="x" 1`); err != nil {
			t.Fatal(err)
		}
		h.rows()
		schema := h.schema("m")
		for round := range 2 { // with the bad line's series unknown, and as it may be, known
			lines := []string{`m,a=b f=2 2`, c.line, `m,a=b f=3 3`, `m,a=b f=3 4`}
			want := "m{a=b} f=f2 @2\nm{a=b} f=f3 @3\nm{a=b} f=f3 @4"
			if strings.Contains(c.want, "closing quote") { // it takes everything after it along
				want = "m{a=b} f=f2 @2"
			}
			report, err := h.receive(lines...)
			var partial *PartialError
			if !errors.As(err, &partial) || !errors.Is(err, column.Invalid) || partial.Dropped != 1 ||
				!strings.HasPrefix(err.Error(), "partial write: line 2: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q: %v, want %s", c.line, err, c.want)
			}
			if got := h.rows(); got != want || report.Tables != 0 || report.Columns != 0 {
				t.Errorf("%q, round %d: rows %s, %+v", c.line, round, got, report)
			}
		}
		if got := h.schema("m"); got != schema || h.schema("new") != "none" {
			t.Errorf("%q left %s", c.line, got)
		}
	}
}

func TestLastFieldWins(t *testing.T) {
	h := newHouse(t, Limits{})
	if _, err := h.receive(`m f=1,g=1i,f=2 1`, `m f=3,f=4,g=2i,g=3i,h=1,h=5 2`); err != nil {
		t.Fatal(err)
	}
	if got, want := h.rows(), "m{} f=f2,g=1 @1\nm{} f=f4,g=3,h=f5 @2"; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
}

// TestGrowth: columns are made for what lines bring, once, in the type of the first value.
func TestGrowth(t *testing.T) {
	h := newHouse(t, Limits{})
	steps := []struct {
		lines         []string
		tables, added int
		rows, fails   string
	}{
		{[]string{`m,a=1 f=1 1`}, 1, 0, "m{a=1} f=f1 @1", ""},
		{[]string{`m,a=1 g=1i 2`, `m,b=2 f=1i 3`}, 0, 2, "m{a=1} g=1 @2\nm{b=2} f=f1 @3", ""},
		{[]string{`m,a=1,c=x f=1 4`, `m,a=1,c=x,d=y s="s" 4`}, 0, 3, "m{a=1,c=x} f=f1 @4\nm{a=1,c=x,d=y} s=\"s\" @4", ""},
		{[]string{`m,a=1 n=1i 5`, `m,a=1 n=1.5 6`, `m,a=1 n=2i 7`}, 0, 1, "m{a=1} n=1 @5\nm{a=1} n=2 @7", "line 2: column \"n\" of table \"m\" is bigint"},
		// A tag and a field of one name: the first line wins.
		{[]string{`n,k=1 v=1 1`, `n k=1 2`, `n v=2 3`}, 1, 0, "n{k=1} v=f1 @1\nn{} v=f2 @3", `line 2: "k" is the name of a tag`},
		{[]string{`m,a=1 p=1 8`, `m,p=2 f=1 9`}, 0, 1, "m{a=1} p=f1 @8", `line 2: "p" is the name of a field`},
	}
	for i, s := range steps {
		for round := range 2 {
			report, err := h.receive(s.lines...)
			if fmt.Sprint(err) == "<nil>" != (s.fails == "") || !strings.Contains(fmt.Sprint(err), s.fails) {
				t.Errorf("step %d: %v, want %s", i, err, s.fails)
			}
			if got := h.rows(); got != s.rows {
				t.Errorf("step %d: rows\n%s\nwant\n%s", i, got, s.rows)
			}
			if round == 0 && (report.Tables != s.tables || report.Columns != s.added) || round == 1 && report.Tables+report.Columns != 0 {
				t.Errorf("step %d, round %d: %+v", i, round, report)
			}
		}
	}
	want := "time timestamp_ns, a text*, f double precision, b text*, g bigint, c text*, d text*, s text, n bigint, p double precision"
	if got := h.schema("m"); got != want {
		t.Errorf("schema %s\nwant   %s", got, want)
	}
}

// TestTablesOfSQL: a table that is there is written by its own description.
func TestTablesOfSQL(t *testing.T) {
	h := newHouse(t, Limits{})
	T := column.T
	_, err := h.catalog.Create("t", column.Schema{
		Fields: []column.Field{
			{ID: 1, Name: "ts", Type: T(column.TimestampTZ), NotNull: true},
			{ID: 2, Name: "host", Type: T(column.Text), NotNull: true},
			{ID: 3, Name: "rack", Type: T(column.Int16)},
			{ID: 4, Name: "small", Type: T(column.Int16)},
			{ID: 5, Name: "int", Type: T(column.Int32)},
			{ID: 6, Name: "real", Type: T(column.Float32)},
			{ID: 7, Name: "must", Type: T(column.Bool), NotNull: true},
			{ID: 8, Name: "day", Type: T(column.Date)},
		},
		Tags: []column.ID{2, 3}, Time: 1, Partition: 86_400_000_000,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.catalog.Create("timeless", column.Schema{Fields: []column.Field{{ID: 1, Name: "a", Type: T(column.Int64)}}}); err != nil {
		t.Fatal(err)
	}
	cases := []struct{ line, rows, fails string }{
		{`t,host=a,rack=7 small=-3i,int=5i,real=0.1,must=t 1999`, "t{host=a,rack=7} int=5,must=true,real=f0.10000000149011612,small=-3 @1", ""},
		{`t,host=a real=2i,must=f -1`, "t{host=a} must=false,real=f2 @-1", ""}, // towards the past
		{`t,host=a,dc=x must=t 0`, "t{dc=x,host=a} must=true @0", ""},
		{`t,host=a small=40000i,must=t 0`, "", "is smallint, 40000 is out of its range"},
		{`t,host=a int=3000000000i,must=t 0`, "", "is integer, 3000000000 is out of its range"},
		{`t,host=a real=1e39,must=t 0`, "", "is real"},
		{`t,host=a real=t,must=t 0`, "", "is real, the field is boolean"},
		{`t,host=a real="x",must=t 0`, "", "is real, the field is text"},
		{`t,host=a day=1i,must=t 0`, "", "is date, the field is bigint"},
		{`t,host=a real=1 0`, "", `null value in column "must"`},
		{`t,rack=1 must=t 0`, "", `null value in column "host"`},
		{`t,host=a,rack=x must=t 0`, "", `column "rack" of table "t" is smallint, which "x" is not`},
		{`t,host=a,rack=40000 must=t 0`, "", `column "rack" of table "t" is smallint`},
		{`timeless a=1i 0`, "", `table "timeless" has no time column`},
	}
	for _, c := range cases {
		_, err := h.receive(c.line)
		if fmt.Sprint(err) == "<nil>" != (c.fails == "") || !strings.Contains(fmt.Sprint(err), c.fails) {
			t.Errorf("%s: %v, want %s", c.line, err, c.fails)
		}
		if got := h.rows(); got != c.rows {
			t.Errorf("%s: rows %s, want %s", c.line, got, c.rows)
		}
	}
}

func TestPrecisions(t *testing.T) {
	h := newHouse(t, Limits{})
	if _, err := h.catalog.Create("us", column.Schema{
		Fields: []column.Field{{ID: 1, Name: "time", Type: column.T(column.Timestamp), NotNull: true}, {ID: 2, Name: "v", Type: column.T(column.Float64)}},
		Time:   1, Partition: 86_400_000_000,
	}); err != nil {
		t.Fatal(err)
	}
	now := noon.UnixNano()
	for _, unit := range []Precision{Nanosecond, Microsecond, Millisecond, Second, Minute, Hour} {
		h.unit = unit
		if _, err := h.receive(`ns v=1 -3`, `ns v=2`, `us v=3 -3`, `us v=4`); err != nil {
			t.Fatal(err)
		}
		micros := -3 * int64(unit) / 1000
		if unit == Nanosecond {
			micros = -1
		}
		cut := now / int64(unit) * int64(unit)
		want := fmt.Sprintf("ns{} v=f1 @%d\nns{} v=f2 @%d\nus{} v=f3 @%d\nus{} v=f4 @%d", -3*int64(unit), cut, micros, cut/1000)
		if got := h.rows(); got != want {
			t.Errorf("unit %d: rows\n%s\nwant\n%s", unit, got, want)
		}
		// The last time in nanoseconds, and the first after it.
		last := int64(9223372036854775806) / int64(unit)
		_, err := h.receive(fmt.Sprintf("ns v=1 %d", last), fmt.Sprintf("ns v=2 %d", last+1), fmt.Sprintf("ns v=3 %d", -last-2))
		if got, want := h.rows(), fmt.Sprintf("ns{} v=f1 @%d", last*int64(unit)); got != want || !strings.Contains(fmt.Sprint(err), "dropped=2") {
			t.Errorf("unit %d: rows %s, want %s; %v", unit, got, want, err)
		}
	}
}

func TestManyBadLines(t *testing.T) {
	h := newHouse(t, Limits{})
	var lines []string
	for i := range 20 {
		lines = append(lines, fmt.Sprintf("m,a=%d f=x", i), "m,a=1 f=1")
	}
	h.sink.limit = 1
	lines = append([]string{"m,a=0 f=1 1"}, lines...) // the one series the table may have
	_, err := h.receive(lines...)
	want := `partial write: line 2: "x" is not a value: strings stand in double quotes; line 3: the table has its 1 series; line 4: `
	if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), "; and 35 more dropped=40") {
		t.Errorf("%v", err)
	}
	if got := h.rows(); got != "m{a=0} f=f1 @1" {
		t.Errorf("rows %s", got)
	}
}

func TestLimits(t *testing.T) {
	wide := func(prefix string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%s%d=1,", prefix, i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	t.Run("columns", func(t *testing.T) {
		h := newHouse(t, Limits{Columns: 10})
		_, err := h.receive("m,t=1 "+wide("f", 8)+" 1", "m,t=1 "+wide("g", 1)+" 2", "m,u=1 f0=1 3", "w "+wide("f", 11)+" 1", "m f1=2 4")
		for _, want := range []string{`line 2: table "m" would have 11 columns, limit 10`, `line 3: table "m" would have 11`, "line 4: it has more than 10 new fields", "dropped=3"} {
			if !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("%v, want %s", err, want)
			}
		}
		if len(h.sink.rows) != 2 || h.schema("w") != "none" {
			t.Errorf("rows %s", h.rows())
		}
	})
	t.Run("tables", func(t *testing.T) {
		h := newHouse(t, Limits{NewTables: 2})
		report, err := h.receive("a f=1 1", "b f=x 1", "b f=1 1", "c f=1 1", "a g=1 2")
		if report.Tables != 2 || report.Stored != 3 || !strings.Contains(fmt.Sprint(err), `line 4: table "c" does not exist, and a request may make 2 tables only`) {
			t.Errorf("%+v, %v", report, err)
		}
		if report, err := h.receive("c f=1 1"); err != nil || report.Tables != 1 {
			t.Errorf("the next request: %+v, %v", report, err)
		}
	})
	t.Run("line", func(t *testing.T) {
		h := newHouse(t, Limits{LineBytes: 50})
		_, err := h.receive(`m f=1 1`, `m s="`+strings.Repeat("x", 50)+`" 2`, `m f=3 3`)
		if !strings.Contains(fmt.Sprint(err), "line 2: it has 59 bytes, limit 50") || len(h.sink.rows) != 2 {
			t.Errorf("%v, %s", err, h.rows())
		}
	})
	t.Run("memory of one", func(t *testing.T) {
		// Few bytes that stand for many cells: a wide line, then many short ones.
		h := newHouse(t, Limits{RequestBytes: 1 << 20})
		body := "m " + wide("f", 500) + "\n" + strings.Repeat("m f0=1\n", 2000)
		if _, err := h.receive("m " + wide("f", 500)); err != nil {
			t.Fatal(err)
		}
		h.rows()
		if _, err := h.receive(body); column.ClassOf(err) != column.Limit || len(h.sink.rows) > 0 {
			t.Errorf("%v, %d rows", err, len(h.sink.rows))
		}
		// The same the other way around: the wide line comes last.
		body = strings.Repeat("m f0=1\n", 2000) + "m " + wide("f", 500) + "\n"
		if _, err := h.receive(body); column.ClassOf(err) != column.Limit || len(h.sink.rows) > 0 {
			t.Errorf("%v, %d rows", err, len(h.sink.rows))
		}
		// Many measurements that do not come to be.
		h = newHouse(t, Limits{RequestBytes: 1 << 20})
		body = ""
		for i := range 5000 {
			body += fmt.Sprintf("m%d f=x\n", i)
		}
		if _, err := h.receive(body); column.ClassOf(err) != column.Limit {
			t.Errorf("%v", err)
		}
	})
	t.Run("memory of all", func(t *testing.T) {
		h := newHouse(t, Limits{InflightBytes: 100})
		if _, err := h.receive("m f=1"); column.ClassOf(err) != column.Overloaded {
			t.Errorf("%v", err)
		}
	})
}

func TestSinkTrouble(t *testing.T) {
	h := newHouse(t, Limits{})
	h.sink.fail = column.Errorf(column.Overloaded, "full of work")
	if report, err := h.receive("m f=1 1"); !errors.Is(err, h.sink.fail) || report.Stored != 0 {
		t.Errorf("overloaded: %+v, %v", report, err)
	}
	h.sink.fail = nil
	h.sink.stale = 2
	if report, err := h.receive("m,a=b f=1 1", "m,a=b,a=c f=1"); report.Stored != 1 || !strings.Contains(fmt.Sprint(err), "line 2: ") || len(h.sink.rows) != 1 {
		t.Errorf("stale: %+v, %v", report, err)
	}
	h.sink.stale = 1000
	if _, err := h.receive("m,a=b f=1 1"); column.ClassOf(err) != column.Overloaded {
		t.Errorf("stale for ever: %v", err)
	}
	h.sink.stale = 0
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.r.Receive(ctx, h.target, Request{Body: []byte("m f=1"), Precision: Nanosecond, Now: noon}); column.ClassOf(err) != column.Cancelled {
		t.Errorf("cancelled: %v", err)
	}
	h.catalog.Fail = func(meta.Command) (error, bool) { return column.Errorf(column.Overloaded, "no quorum"), false }
	if _, err := h.receive("new f=1 1"); column.ClassOf(err) != column.Overloaded {
		t.Errorf("no catalog: %v", err)
	}
	// Somebody else changes the table at the same moment.
	conflicts := 2
	h.catalog.Fail = func(meta.Command) (error, bool) {
		if conflicts--; conflicts >= 0 {
			return column.Errorf(column.Conflict, "changed meanwhile"), false
		}
		return nil, false
	}
	if _, err := h.receive("m,z=1 y=1 1"); err != nil {
		t.Errorf("conflicts: %v", err)
	}
}

// TestEmptyBodies: nothing to store is fine.
func TestEmptyBodies(t *testing.T) {
	h := newHouse(t, Limits{})
	for _, body := range []string{"", "\n", "  ", "# only a comment", "\r\n\r\n", "#\n# x\n\n"} {
		if report, err := h.receive(body); err != nil || report.Lines != 0 {
			t.Errorf("%q: %+v, %v", body, report, err)
		}
	}
}

// TestTogether: many requests that bring the same tables and columns at the same time, and some of their own.
func TestTogether(t *testing.T) {
	h := newHouse(t, Limits{})
	const writers = 16
	var wg sync.WaitGroup
	errs := make([]error, writers)
	for w := range writers {
		wg.Go(func() {
			for i := range 10 {
				body := fmt.Sprintf("m,host=h%d,tag%d=x shared=1,new%d=1i,own%d=2 %d\nt%d v=1 %d\n", w, i, i, w, i, i, w)
				_, err := h.r.Receive(context.Background(), h.target, Request{Body: []byte(body), Precision: Nanosecond, Now: noon})
				errs[w] = errors.Join(errs[w], err)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if len(h.sink.rows) != writers*10*2 {
		t.Errorf("%d rows", len(h.sink.rows))
	}
	if n := len(h.catalog.Snapshot().Table(h.target.Database, meta.PublicSchema, "m").Columns.Fields); n != 1+1+10+1+10+writers {
		t.Errorf("%d columns", n)
	}
}
