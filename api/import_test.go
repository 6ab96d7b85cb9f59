package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// everyType is a table whose columns have every type, and rows with the ends of each.
const everyType = `
CREATE TABLE every (id integer NOT NULL, b boolean, i2 smallint, i4 integer, i8 bigint, f4 real, f8 double precision, n numeric, n2 numeric(10,2), n9 numeric(30,9),
	s text, v varchar(7), c char(3), x bytea, d date, t time, tz timetz, ts timestamp, tsz timestamptz, ns timestamp_ns, iv interval, u uuid, j json, jb jsonb,
	o oid, na name, ai integer[], at text[], an numeric[], ab boolean[], ats timestamptz[]);
INSERT INTO every (id) VALUES (0);
INSERT INTO every VALUES
	(1, true, 32767, 2147483647, 9223372036854775807, 3.25, 0.1, 123456789012345678901234567890.123456789, 99999999.99, 123456789012345678901.123456789,
	'a,"b"' || chr(10) || 'c', 'äö', 'x', '\x00ff', '2026-02-28', '23:59:59.999999', '01:02:03+05:30', '2026-01-02 03:04:05.678901', '1969-12-31 23:59:59.999999+00',
	'2026-01-02 03:04:05.678901234', '1 year 2 mons -3 days 04:05:06.000007', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"b": 1,  "a":[]}', '{"b": 1, "a": [null]}', 4294967295, 'name',
	'{1,NULL,-3}', '{a,"b,c",NULL,""}', '{1.50,2}', '{t,f}', '{"2026-01-01 00:00:00+00"}'),
	(2, false, -32768, -2147483648, -9223372036854775808, 'NaN', '-Infinity', 'NaN', -0.01, 0, '', '', '', '', '0001-01-01', '00:00', '00:00-12', 'infinity', '-infinity',
	'1970-01-01', '-1 days', '00000000-0000-0000-0000-000000000000', 'null', '"s"', 0, '', '{}', '{{a,b},{c,d}}', '[2:3]={1,2}', '{NULL}', '{}')`

func (s *serving) script(text string) {
	s.t.Helper()
	for _, one := range strings.Split(text, ";\n") {
		s.sql(one)
	}
}

// differ counts the rows of two tables that the other one has not, by their texts: NaN is equal to itself, and 1.0 is not 1.
func (s *serving) differ(a, b string) string {
	s.t.Helper()
	return s.rows(fmt.Sprintf(`SELECT count(*) FROM ((SELECT one::text FROM %[1]s one EXCEPT ALL SELECT two::text FROM %[2]s two) UNION ALL (SELECT two::text FROM %[2]s two EXCEPT ALL SELECT one::text FROM %[1]s one)) d`, a, b))
}

const attributes = `SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '%s'::regclass AND attnum > 0`

// TestImportOfExport: what was exported in any format comes back as it was; Parquet even as the same table.
func TestImportOfExport(t *testing.T) {
	s := start(t)
	s.script(everyType)
	for _, format := range []string{"parquet", "csv", "ndjson", "arrow"} {
		columns := "*"
		if format == "arrow" || format == "ndjson" {
			// A list of Arrow's, and one of JSON, has one dimension that begins at 1; JSON has neither NaN nor infinity.
			s.sql(`CREATE TABLE simple_` + format + ` AS SELECT * FROM every WHERE id < 2`)
		} else {
			s.sql(`CREATE TABLE simple_` + format + ` AS SELECT * FROM every`)
		}
		from, to := "simple_"+format, "back_"+format
		body, _ := json.Marshal(map[string]string{"sql": "SELECT " + columns + " FROM " + from + " ORDER BY id", "format": format})
		answer, file := s.do("POST", "/api/v1/export", body)
		if answer.StatusCode != 200 {
			t.Fatalf("%s: %s", format, file)
		}
		path := "/api/v1/import/" + to + "?format=" + format
		if format == "parquet" {
			path += "&create=true"
		} else {
			s.sql(`CREATE TABLE ` + to + ` (LIKE every)`)
		}
		answer, text := s.do("POST", path, []byte(file))
		if answer.StatusCode != 200 || !strings.Contains(text, `"commits":1`) {
			t.Errorf("%s: %s", format, text)
			continue
		}
		if got := s.differ(from, to); got != "[[0]]" {
			t.Errorf("%s: %s rows differ:\n%s\n%s", format, got, s.rows("SELECT * FROM "+from+" ORDER BY id"), s.rows("SELECT * FROM "+to+" ORDER BY id"))
		}
		if format == "parquet" {
			if got, want := s.rows(fmt.Sprintf(attributes, to)), s.rows(fmt.Sprintf(attributes, from)); got != want {
				t.Errorf("the table is\n%s\nand was\n%s", got, want)
			}
		}
	}
}

// TestImportCreates: a table is made of a file's columns, with time and tags; types of texts are found in the first rows.
func TestImportCreates(t *testing.T) {
	s := start(t)
	csv := "ts,host,load,n,ok,day,note,id\n2026-01-01T00:00:00Z,a,1.5,1,true,2026-01-01,007,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\n2026-01-01 00:01:00+00,b,2,,false,,,\n"
	answer, text := s.do("POST", "/api/v1/import/made?create&time=ts&tags=host", []byte(csv), "Content-Type", "text/csv; charset=utf-8")
	if answer.StatusCode != 200 || !strings.Contains(text, `"rows":2,`) {
		t.Fatal(text)
	}
	want := `[["ts timestamp with time zone true, host text false, load double precision false, n bigint false, ok boolean false, day date false, note text false, id uuid false"]]`
	if got := s.rows(fmt.Sprintf(attributes, "made")); got != want {
		t.Errorf("%s", got)
	}
	if got := s.rows("SELECT count(*) FILTER (WHERE note = '007'), count(n), count(id) FROM made"); got != "[[1,1,1]]" {
		t.Error(got)
	}
	json := `{"a":1,"b":{"x":[1,2]},"c":"2026-01-01 10:00:00","d":[1,2],"e":true,"F":1.5}` + "\n\n" + `{"a":2.5,"c":null,"e":null}`
	if answer, text = s.do("POST", "/api/v1/import/docs?create=true&format=ndjson", []byte(json)); answer.StatusCode != 200 {
		t.Fatal(text)
	}
	want = `[["a double precision false, b jsonb false, c timestamp without time zone false, d jsonb false, e boolean false, F double precision false"]]`
	if got := s.rows(fmt.Sprintf(attributes, "docs")); got != want {
		t.Errorf("%s", got)
	}
	// Once more, into the table that is there: columns by name, in any order and case; a list is an array; the default is not in the file.
	s.sql(`CREATE TABLE other (id serial, d integer[], f real, a numeric(5,1), e text DEFAULT 'none', extra text DEFAULT 'given')`)
	if answer, text = s.do("POST", "/api/v1/import/public.other?format=ndjson", []byte(`{"a":1.25,"F":2,"d":[1,null]}`+"\n"+`{"d":[],"a":null,"F":null}`)); answer.StatusCode != 200 {
		t.Fatal(text)
	}
	if got := s.rows("SELECT * FROM other ORDER BY id"); got != `[[1,[1,null],2,1.3,"none","given"],[2,[],null,null,"none","given"]]` {
		t.Error(got)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := io.WriteString(z, "a\n7\n")
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	if answer, text = s.do("POST", "/api/v1/import/other?format=csv", packed.Bytes(), "Content-Encoding", "gzip"); answer.StatusCode != 200 {
		t.Error(text)
	}
}

// TestImportRefuses: every error names its place, and leaves nothing behind.
func TestImportRefuses(t *testing.T) {
	s := start(t)
	s.script(`CREATE TABLE t (id integer PRIMARY KEY, v numeric(4,1), d date, s varchar(3) CHECK (s <> 'no'))`)
	s.sql(`INSERT INTO t VALUES (100, 1, NULL, 'a')`)
	parquet := func(query string) []byte {
		body, _ := json.Marshal(map[string]string{"sql": query})
		answer, file := s.do("POST", "/api/v1/export", body)
		if answer.StatusCode != 200 {
			t.Fatal(file)
		}
		return []byte(file)
	}
	cases := []struct {
		params string
		body   []byte
		status int
		want   []string
	}{
		{"t?format=csv", []byte("id,s\n1,a\n2,b\nx,c\n"), 400, []string{"22P02", `invalid input syntax for type integer: \"x\"`, `Line 4, column \"id\".`}},
		{"t?format=csv", []byte("id,s\n1,a,2\n"), 400, []string{"22P04", "extra data", "Line 2."}},
		{"t?format=csv", []byte("id,s\n1,\"a\n"), 400, []string{"22P04", "unterminated"}},
		{"t?format=csv", []byte("id,nope\n1,a\n"), 400, []string{"42703", `column \"nope\" of the file`}},
		{"t?format=csv", []byte("id,ID\n1,2\n"), 400, []string{"42701"}},
		{"t?format=csv", []byte("id\n1\n100\n"), 400, []string{"23505", "duplicate key value violates unique constraint"}},
		{"t?format=csv", []byte("id\n1\n1\n"), 400, []string{"23505"}},
		{"t?format=csv", []byte("id,s\n1,no\n"), 400, []string{"23514", "violates check constraint", "Failing row contains (1, null, null, no). Line 2."}},
		{"t?format=csv", []byte("id,s\n1,long\n"), 400, []string{"22001", "value too long"}},
		{"t?format=csv", []byte("s\na\n"), 400, []string{"23502", "null value in column"}},
		{"t?format=ndjson", []byte("{\"id\":1}\n{\"id\":2,}\n"), 400, []string{"22P02", "no JSON object", "Line 2."}},
		{"t?format=ndjson", []byte("{\"id\":1}\n[1]\n"), 400, []string{"no JSON object"}},
		{"t?format=ndjson", []byte("{\"id\":1} x\n"), 400, []string{"something behind"}},
		{"t?format=ndjson", []byte("{\"id\":{}}\n"), 400, []string{"22P02", `column \"id\"`}},
		{"t", parquet("SELECT 1 AS id, 1.25::numeric(5,2) AS v"), 400, []string{"22003", "1.25 of type numeric is not exactly a value of type numeric(4,1)", `Row group 1, row 1, column \"v\".`}},
		{"t", parquet("SELECT g AS id, CASE WHEN g = 3 THEN timestamp '2026-01-01 01:00' ELSE '2026-01-01' END AS d FROM generate_series(1, 5) g"), 400, []string{"22003", "row 3, column"}},
		{"t", parquet("SELECT 3000000000 AS id"), 400, []string{"22003", "out of range for type integer"}},
		{"t", parquet("SELECT 1.5::float8 AS id"), 400, []string{"22003", "1.5 of type double precision is not exactly a value of type integer"}},
		{"t", parquet("SELECT true AS id"), 400, []string{"42804", `column \"id\" is of type integer but the file has values of type boolean`}},
		{"t", []byte("PAR1 nothing PAR1"), 400, []string{"not a Parquet file"}},
		{"t?format=arrow", []byte("nothing"), 400, []string{"arrow stream"}},
		{"none", parquet("SELECT 1 AS id"), 404, []string{"42P01", "create=true"}},
		{"t?create", parquet("SELECT 1 AS id"), 409, []string{"42P07", "already exists"}},
		{"new?create&time=nope", parquet("SELECT 1 AS id"), 400, []string{"42703"}},
		{"t?tags=a", parquet("SELECT 1 AS id"), 400, []string{"create=true"}},
		{"t?nope=1", parquet("SELECT 1 AS id"), 400, []string{"nope"}},
		{"t?format=xml", nil, 400, []string{"xml"}},
		{"t?format=csv", nil, 400, []string{"no body"}},
		{"pg_catalog.pg_class?format=csv", []byte("relname\nx\n"), 403, []string{"42501"}},
	}
	for _, c := range cases {
		headers := []string{}
		if !strings.Contains(c.params, "format=") {
			headers = []string{"Content-Type", "application/vnd.apache.parquet"}
		}
		answer, text := s.do("POST", "/api/v1/import/"+c.params, c.body, headers...)
		ok := answer.StatusCode == c.status
		for _, w := range c.want {
			ok = ok && strings.Contains(text, w)
		}
		if !ok {
			t.Errorf("%s: %s: %s, want %d %q", c.params, answer.Status, text, c.status, c.want)
		}
	}
	if got := s.rows("SELECT count(*), to_regclass('new') FROM t"); got != "[[1,null]]" {
		t.Errorf("%s are left", got)
	}
}

// TestImportGoesOn: an import with a name goes on behind the rows that are in, in every format, and is not taken twice.
func TestImportGoesOn(t *testing.T) {
	s := start(t, func(o *Options) { o.ImportBytes = 32 << 20 })
	const rows = 60000
	var csv, nd strings.Builder
	csv.WriteString("id,s\n")
	for i := range rows {
		long := fmt.Sprintf("row %d %s", i, strings.Repeat("x", 100)) // more than what is read for the types
		fmt.Fprintf(&csv, "%d,%s\n", i, long)
		fmt.Fprintf(&nd, "{\"id\":%d,\"s\":\"%s\"}\n", i, long)
	}
	if answer, text := s.do("POST", "/api/v1/import/source?create&format=csv", []byte(csv.String())); answer.StatusCode != 200 {
		t.Fatal(text)
	}
	body, _ := json.Marshal(map[string]string{"sql": "SELECT * FROM source ORDER BY id"})
	_, parquet := s.do("POST", "/api/v1/export", body)
	_, arrow := s.do("GET", "/api/v1/export?format=arrow&sql=SELECT+*+FROM+source+ORDER+BY+id", nil)
	for format, file := range map[string]string{"csv": csv.String(), "ndjson": nd.String(), "arrow": arrow, "parquet": parquet} {
		table := "t_" + format
		path := s.url + "/api/v1/import/" + table + "?create&batch=3000&import=one&format=" + format
		// The client goes away in the middle, when something is in; of Parquet nothing is begun before all of it is there.
		in := 0
		look := func() {
			for range 500 {
				if format == "parquet" || in > 0 {
					return
				}
				time.Sleep(10 * time.Millisecond)
				if s.rows("SELECT to_regclass('aegis_meta.imports') IS NOT NULL") == "[[true]]" {
					fmt.Sscanf(s.rows("SELECT coalesce(max(rows), 0) FROM aegis_meta.imports WHERE table_name = '"+table+"'"), "[[%d]]", &in)
				}
			}
		}
		r, _ := http.NewRequest("POST", path, io.MultiReader(strings.NewReader(file[:len(file)*2/3]), broken(look)))
		if answer, err := http.DefaultClient.Do(r); err == nil {
			answer.Body.Close()
		}
		if format != "parquet" {
			for range 1000 { // the server may still be at the last commit
				if strings.Contains(s.logs.String(), "path=/api/v1/import/"+table) {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			fmt.Sscanf(s.rows("SELECT max(rows) FROM aegis_meta.imports WHERE table_name = '"+table+"'"), "[[%d]]", &in)
			if got := s.rows("SELECT count(*) FROM " + table); got != fmt.Sprintf("[[%d]]", in) || in%3000 != 0 || in == 0 {
				t.Errorf("%s: %s rows after an end in the middle, and %d are remembered", format, got, in)
			}
		}
		answer, text := s.do("POST", strings.TrimPrefix(path, s.url), []byte(file))
		if answer.StatusCode != 200 || !strings.Contains(text, fmt.Sprintf(`"rows":%d,"rows_before":%d,`, rows, in)) {
			t.Errorf("%s: %s", format, text)
		}
		if got := s.differ("source", table); got != "[[0]]" {
			t.Errorf("%s: %s rows differ", format, got)
		}
		if _, text = s.do("POST", strings.TrimPrefix(path, s.url), []byte(file)); !strings.Contains(text, `"already":true`) {
			t.Errorf("%s once more: %s", format, text)
		}
		again := strings.Replace(strings.TrimPrefix(path, s.url), "create&", "again&", 1)
		if _, text = s.do("POST", again, []byte(file)); !strings.Contains(text, `"rows_before":0`) {
			t.Errorf("%s again: %s", format, text)
		}
		if got := s.rows("SELECT count(*) FROM " + table); got != fmt.Sprintf("[[%d]]", 2*rows) {
			t.Errorf("%s: %s rows", format, got)
		}
	}
	if answer, text := s.do("POST", "/api/v1/import/source?format=parquet", bytes.Repeat([]byte("x"), 32<<20+1)); answer.StatusCode != 413 {
		t.Errorf("too large: %s", text)
	}
}

// broken is a body that ends when something has happened.
type broken func()

// TestImportsAreForgotten: an import is remembered for 90 days.
func TestImportsAreForgotten(t *testing.T) {
	s := start(t)
	s.script("CREATE TABLE t (id bigint)")
	send := func(name, want string) {
		t.Helper()
		answer, text := s.do("POST", "/api/v1/import/t?format=csv&import="+name, []byte("id\n1\n"))
		if answer.StatusCode != 200 || !strings.Contains(text, want) {
			t.Errorf("%s: %s, want %s", name, text, want)
		}
	}
	for _, name := range []string{"old", "young"} {
		send(name, `"rows":1`)
	}
	s.script("UPDATE aegis_meta.imports SET changed = now() - CASE import WHEN 'old' THEN interval '91 days' ELSE interval '89 days' END")
	send("young", `"already":true`)
	if got := s.rows("SELECT string_agg(import, ' ') FROM aegis_meta.imports"); got != `[["young"]]` {
		t.Errorf("%s is remembered", got)
	}
	send("old", `"rows_before":0`)
	if got := s.rows("SELECT count(*) FROM t"); got != "[[3]]" {
		t.Errorf("%s rows", got)
	}
}

func (b broken) Read([]byte) (int, error) {
	b()
	return 0, errors.New("gone")
}

// TestImportFromOthers takes what other programs wrote, whole, into tables of their own.
func TestImportFromOthers(t *testing.T) {
	s := start(t)
	for _, name := range []string{"pyarrow", "pyarrow_v2_pages", "duckdb", "pandas", "spark_legacy"} {
		file, err := os.ReadFile("../column/parquetio/testdata/" + name + ".parquet")
		if err != nil {
			t.Fatal(err)
		}
		answer, text := s.do("POST", "/api/v1/import/"+name+"?create&format=parquet", file)
		if answer.StatusCode != 200 {
			t.Errorf("%s: %s", name, text)
		}
	}
	if got := s.differ("pyarrow", "pyarrow_v2_pages"); got != "[[0]]" {
		t.Errorf("%s rows differ", got)
	}
	if got := s.rows("SELECT u64, d38, list, struct->>'y', map, nested FROM pyarrow WHERE i8 = -128"); got != `[[0,12345678901234567890123456789.123456789,[1,null,3],"a",{"a": 1, "b": null},[[1], [2, 3]]]]` {
		t.Error(got)
	}
}
