package api

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/automatanexus/aegis-db/ingest/lineproto"
)

func (s *serving) lines(path, body string, headers ...string) (*http.Response, string) {
	s.t.Helper()
	return s.do("POST", path, []byte(body), headers...)
}

func TestLines(t *testing.T) {
	s := start(t)
	const body = "cpu,host=a,region=eu usage=5i,load=0.5,up=t,note=\"x\" 1000000000\ncpu,host=b usage=7i 2000000000\n"
	for _, path := range []string{"/write", "/api/v1/influx/write?db=default&consistency=one&rp=autogen", "/api/v2/write?org=o&bucket=default/autogen&precision=ns"} {
		if answer, b := s.lines(path, body, "Authorization", "Token anything"); answer.StatusCode != 204 || b != "" {
			t.Fatalf("%s: %s %s", path, answer.Status, b)
		}
	}
	const all = `SELECT time, host, region, usage, load, up, note FROM cpu ORDER BY time`
	want := `[["1970-01-01T00:00:01Z","a","eu",5,0.5,true,"x"],["1970-01-01T00:00:02Z","b",null,7,null,null,null]]`
	if got := s.rows(all); got != want {
		t.Errorf("rows %s\nwant %s", got, want)
	}
	if err := s.db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.rows(all); got != want {
		t.Errorf("after a flush: %s", got)
	}
	// A series known from before the flush goes on, and gets a tag that no series had.
	if answer, b := s.lines("/write", "cpu,host=a,region=eu usage=6i 3000000000\ncpu,host=a,region=eu,rack=r1 usage=8i 4000000000"); answer.StatusCode != 204 {
		t.Fatalf("%s %s", answer.Status, b)
	}
	for range 2 {
		if got := s.rows(`SELECT host, rack, usage FROM cpu WHERE region = 'eu' ORDER BY time`); got != `[["a",null,5],["a",null,6],["a","r1",8]]` {
			t.Errorf("with a new tag: %s", got)
		}
		if got := s.rows(`SELECT rack, sum(usage) FROM cpu GROUP BY rack ORDER BY rack`); got != `[["r1",8],[null,18]]` {
			t.Errorf("by the new tag: %s", got)
		}
		if err := s.db.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if answer, b := s.lines("/write", ""); answer.StatusCode != 204 {
		t.Errorf("empty body: %s %s", answer.Status, b)
	}
}

// TestLinesMerge: points of one series and time are one row, each field as it was written last.
func TestLinesMerge(t *testing.T) {
	s := start(t)
	steps := []struct{ body, want string }{
		{"m,h=a a=1 1", `[["a",1,null,null]]`},
		{"m,h=a b=2 1", `[["a",1,2,null]]`},
		{"m,h=a a=3,c=4 1\nm,h=b c=5 1", `[["a",3,2,4],["b",null,null,5]]`},
		{"m,h=a c=6 1\nm,h=a c=7 1", `[["a",3,2,7],["b",null,null,5]]`},
	}
	if answer, b := s.lines("/write", "m,h=x a=0,b=0,c=0 0"); answer.StatusCode != 204 {
		t.Fatalf("%s %s", answer.Status, b)
	}
	for i, step := range steps {
		if answer, b := s.lines("/write", step.body); answer.StatusCode != 204 {
			t.Fatalf("%s %s", answer.Status, b)
		}
		for _, when := range []string{"in the head", "flushed"} {
			if got := s.rows("SELECT h, a, b, c FROM m WHERE h <> 'x' ORDER BY h"); got != step.want {
				t.Errorf("step %d, %s: %s, want %s", i, when, got, step.want)
			}
			if when == "in the head" && i%2 == 1 {
				if err := s.db.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestLinesPrecision(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		query, want string
	}{
		{"/write?precision=n", "1970-01-01T00:00:00.00000009Z"},
		{"/write?precision=ns", "1970-01-01T00:00:00.00000009Z"},
		{"/write?precision=u", "1970-01-01T00:00:00.00009Z"},
		{"/write?precision=us", "1970-01-01T00:00:00.00009Z"},
		{"/write?precision=ms", "1970-01-01T00:00:00.09Z"},
		{"/write?precision=s", "1970-01-01T00:01:30Z"},
		{"/write?precision=m", "1970-01-01T01:30:00Z"},
		{"/write?precision=h", "1970-01-04T18:00:00Z"},
		{"/write", "1970-01-01T00:00:00.00000009Z"},
		{"/api/v2/write?precision=ns", "1970-01-01T00:00:00.00000009Z"},
		{"/api/v2/write?precision=us", "1970-01-01T00:00:00.00009Z"},
		{"/api/v2/write?precision=ms", "1970-01-01T00:00:00.09Z"},
		{"/api/v2/write?precision=s", "1970-01-01T00:01:30Z"},
		{"/api/v2/write", "1970-01-01T00:00:00.00000009Z"},
	} {
		name := "p" + strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return '_'
		}, c.query)
		if answer, b := s.lines(c.query, name+" v=1 90"); answer.StatusCode != 204 {
			t.Fatalf("%s: %s %s", c.query, answer.Status, b)
		}
		if got := s.rows("SELECT time FROM " + name); got != `[["`+c.want+`"]]` {
			t.Errorf("%s: %s, want %s", c.query, got, c.want)
		}
	}
	for _, query := range []string{"/write?precision=d", "/api/v2/write?precision=h", "/api/v2/write?precision=n", "/api/v2/write?precision=m"} {
		if answer, b := s.lines(query, "m v=1 90"); answer.StatusCode != 400 || !strings.Contains(b, "is not known") {
			t.Errorf("%s: %s %s", query, answer.Status, b)
		}
	}
}

func TestLinesRefused(t *testing.T) {
	s := start(t, func(o *Options) { o.LinesBody = 5000 })
	long := strings.Repeat("m v=1 1\n", 700)
	cases := []struct {
		name, path, body string
		headers          []string
		status           int
		want             string
	}{
		{
			"partly, v1", "/write", "m v=1 1\nm v=x 2\nm v=3 3\nm v=\"s\" 4", nil, 400,
			`{"error":"partial write: line 2: \"x\" is not a value: strings stand in double quotes; line 4: column \"v\" of table \"m\" is double precision, the field is text dropped=2"}`,
		},
		{"partly, v2", "/api/v2/write", "m v=1 1\nm v=x 2", nil, 400, `{"code":"invalid","message":"partial write: line 2: \"x\" is not a value: strings stand in double quotes dropped=1"}`},
		{"all wrong", "/write", "nonsense", nil, 400, `{"error":"partial write: line 1: it has no field`},
		{"no database, v1", "/write?db=nope", "m v=1", nil, 404, `{"error":"database \"nope\" does not exist"}`},
		{"no database, v2", "/api/v2/write?bucket=nope/autogen", "m v=1", nil, 404, `{"code":"not found","message":"database \"nope\" does not exist"}`},
		{"large", "/write", long, nil, 413, `{"error":"the body is larger than 5`},
		{"large, v2", "/api/v2/write", long, nil, 413, `{"code":"request too large","message":"the body is larger than 5`},
		{"no gzip", "/write", "m v=1", []string{"Content-Encoding", "gzip"}, 400, `{"error":"the body is not gzip`},
		{"unknown coding", "/api/v2/write", "m v=1", []string{"Content-Encoding", "br"}, 415, `{"code":"unsupported media type"`},
		{"unknown ack", "/write?ack=maybe", "m v=1", nil, 400, "ack=maybe is not known"},
	}
	for _, c := range cases {
		answer, b := s.lines(c.path, c.body, c.headers...)
		if answer.StatusCode != c.status || !strings.Contains(b, c.want) || answer.Header.Get("x-request-id") == "" {
			t.Errorf("%s: %s %s, want %d %s", c.name, answer.Status, b, c.status, c.want)
		}
	}
	if answer, b := s.lines("/write", "m v=1", "Origin", "http://evil.example"); answer.StatusCode != 403 {
		t.Errorf("another site's page: %s %s", answer.Status, b)
	}
	if answer, b := s.do("GET", "/write", nil); answer.StatusCode != 405 {
		t.Errorf("GET: %s %s", answer.Status, b)
	}
	if got := s.rows("SELECT v FROM m ORDER BY time"); got != "[[1],[3]]" {
		t.Errorf("stored: %s", got)
	}
	// Too much at once: come again.
	s = start(t, func(o *Options) { o.Lines = lineproto.Limits{InflightBytes: 10} })
	answer, b := s.lines("/api/v2/write", "m v=1")
	if answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "" || !strings.Contains(b, `"code":"unavailable"`) {
		t.Errorf("overloaded: %s %v %s", answer.Status, answer.Header, b)
	}
}

func TestLinesCompressed(t *testing.T) {
	s := start(t)
	var zipped bytes.Buffer
	g := gzip.NewWriter(&zipped)
	_, _ = g.Write([]byte("m v=1 1\n"))
	_ = g.Close()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for coding, body := range map[string][]byte{"gzip": zipped.Bytes(), "zstd": z.EncodeAll([]byte("m v=2 2\n"), nil), "identity": []byte("m v=3 3\n")} {
		if answer, b := s.do("POST", "/write", body, "Content-Encoding", coding); answer.StatusCode != 204 {
			t.Errorf("%s: %s %s", coding, answer.Status, b)
		}
	}
	if got := s.rows("SELECT v FROM m ORDER BY time"); got != "[[1],[2],[3]]" {
		t.Errorf("stored: %s", got)
	}
}

// TestLinesIntoTables: tables that SQL has made keep their own types.
func TestLinesIntoTables(t *testing.T) {
	s := start(t)
	s.sql(`CREATE TABLE t (ts timestamptz, host text, n integer, d double precision) WITH (time_column = ts, tags = (host))`)
	s.sql(`CREATE TABLE plain (a bigint)`)
	answer, b := s.lines("/write?precision=ms", "t,host=a n=5i,d=2i,s=\"new\" 1500\nt,host=a n=5 1501\nplain a=1i 1\nt,host=a d=3 1502")
	for _, want := range []string{`line 2: column \"n\" of table \"t\" is integer, the field is double precision`, `line 3: table \"plain\" has no time column`, "dropped=2"} {
		if answer.StatusCode != 400 || !strings.Contains(b, want) {
			t.Errorf("%s %s, want %s", answer.Status, b, want)
		}
	}
	if got := s.rows("SELECT ts, host, n, d, s FROM t ORDER BY ts"); got != `[["1970-01-01T00:00:01.5Z","a",5,2,"new"],["1970-01-01T00:00:01.502Z","a",null,3,null]]` {
		t.Errorf("stored: %s", got)
	}
}

func TestPingAndQuery(t *testing.T) {
	s := start(t)
	for _, method := range []string{"GET", "HEAD"} {
		if answer, _ := s.do(method, "/ping", nil); answer.StatusCode != 204 || answer.Header.Get("X-Influxdb-Version") != "v1.2.3" {
			t.Errorf("%s: %s %v", method, answer.Status, answer.Header)
		}
	}
	if answer, b := s.do("GET", "/ping?verbose=true", nil); answer.StatusCode != 200 || !strings.Contains(b, `{"version":"v1.2.3"}`) {
		t.Errorf("verbose: %s %s", answer.Status, b)
	}
	for q, want := range map[string]string{
		`CREATE DATABASE "default"`:                     `200 {"results":[{"statement_id":0}]}`,
		`create  database default;`:                     `200 {"results":[{"statement_id":0}]}`,
		`CREATE DATABASE "telegraf"`:                    `404 {"error":"database \"telegraf\" does not exist`,
		`CREATE DATABASE "default" WITH DURATION 1d`:    `400 {"error":"InfluxQL is not available`,
		`SHOW DATABASES`:                                `400 {"error":"InfluxQL is not available`,
		``:                                              `400 {"error":"InfluxQL is not available`,
		`CREATE DATABASE`:                               `400 {"error":"InfluxQL is not available`,
		`CREATE DATABASE a; DROP DATABASE b`:            `400 {"error":"InfluxQL is not available`,
		`SELECT * FROM "default"; CREATE DATABASE test`: `400 {"error":"InfluxQL is not available`,
	} {
		form := "q=" + strings.NewReplacer(" ", "+", ";", "%3B", `"`, "%22").Replace(q)
		answer, b := s.do("GET", "/query?"+form, nil)
		if got := fmt.Sprintf("%d %s", answer.StatusCode, b); !strings.HasPrefix(got, want) {
			t.Errorf("GET %s: %s, want %s", q, got, want)
		}
		answer, b = s.do("POST", "/query", []byte(form), "Content-Type", "application/x-www-form-urlencoded")
		if got := fmt.Sprintf("%d %s", answer.StatusCode, b); !strings.HasPrefix(got, want) {
			t.Errorf("POST %s: %s, want %s", q, got, want)
		}
	}
}

// TestLinesTogether: writers that bring the same tables and columns at once all succeed, and every point is there.
func TestLinesTogether(t *testing.T) {
	s := start(t)
	const writers, rounds = 8, 6
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				body := fmt.Sprintf("m,host=h%d,tag%d=x shared=1i,f%d=1,own%d=2 %d\n", w, i, i, w, i)
				answer, err := http.Post(s.url+"/write", "text/plain", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				if answer.Body.Close(); answer.StatusCode != 204 {
					t.Errorf("%s: %s", body, answer.Status)
				}
			}
		})
	}
	wg.Wait()
	want := fmt.Sprintf("[[%d,%d,%d]]", writers*rounds, writers*rounds, writers)
	for range 2 {
		if got := s.rows("SELECT count(*), sum(shared), count(f0) FROM m"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if err := s.db.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, b := s.do("GET", "/metrics", nil); !strings.Contains(b, fmt.Sprintf("aegis_line_protocol_lines_total %d\n", writers*rounds)) {
		t.Error("the lines are not counted")
	}
}
