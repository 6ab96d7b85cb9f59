package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	aegis "github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/arrowio"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/ingest/remotewrite"
)

// logs keeps what was logged.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// serving is a server on a real port over a real database.
type serving struct {
	t      testing.TB
	url    string
	db     *aegis.DB
	server *Server
	logs   *logs
}

func start(t testing.TB, change ...func(*Options)) *serving {
	t.Helper()
	ctx := context.Background()
	db, err := aegis.Open(ctx, aegis.Options{Dir: t.TempDir(), MemoryBytes: 256 << 20, CompactEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	out := &logs{}
	o := Options{Version: "v1.2.3", Logger: slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, f := range change {
		f(&o)
	}
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(db, o)
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		c, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if err := errors.Join(s.Shutdown(c), <-done, db.Close(ctx)); err != nil {
			t.Error(err)
		}
	})
	return &serving{t: t, url: "http://" + l.Addr().String(), db: db, server: s, logs: out}
}

// do sends a request; headers are name, value, name, value …
func (s *serving) do(method, path string, body []byte, headers ...string) (*http.Response, string) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer, string(b)
}

func (s *serving) sql(text string) string {
	s.t.Helper()
	body, _ := json.Marshal(map[string]string{"sql": text})
	answer, b := s.do("POST", "/api/v1/query", body, "Content-Type", "application/json")
	if answer.StatusCode != 200 {
		s.t.Fatalf("%s: %s: %s", text, answer.Status, b)
	}
	return b
}

// rows gives the rows of a statement's answer as JSON text, which both places must agree on.
func (s *serving) rows(text string) string {
	s.t.Helper()
	var a struct {
		Success bool
		Data    struct{ Rows json.RawMessage }
		Rows    json.RawMessage
	}
	body := s.sql(text)
	if err := json.Unmarshal([]byte(body), &a); err != nil || !a.Success || !bytes.Equal(a.Rows, a.Data.Rows) {
		s.t.Fatalf("%s: %v: %s", text, err, body)
	}
	return string(a.Rows)
}

func TestQueryAnswer(t *testing.T) {
	s := start(t)
	s.sql("CREATE TABLE t (id bigint NOT NULL, name text, v double precision)")
	insert := s.sql("INSERT INTO t VALUES (9007199254740993, 'a\"b', 1.5), (2, NULL, 'NaN'), (3, '', 'Infinity')")
	if !strings.Contains(insert, `"rows_affected":3}`) || !strings.Contains(insert, `"rows_affected":3,"row_count":0,"execution_time_ms":`) {
		t.Errorf("insert: %s", insert)
	}
	got := s.sql("SELECT * FROM t ORDER BY id")
	at := strings.Index(got, `,"execution_time_ms":`)
	const want = `{"success":true,"data":{"columns":["id","name","v"],"types":["bigint","text","double precision"],` +
		`"rows":[[2,null,"NaN"],[3,"","Infinity"],[9007199254740993,"a\"b",1.5]],"rows_affected":0},` +
		`"columns":["id","name","v"],"rows":[[2,null,"NaN"],[3,"","Infinity"],[9007199254740993,"a\"b",1.5]],"rows_affected":0,"row_count":3`
	if at < 0 || got[:at] != want || !json.Valid([]byte(got)) {
		t.Errorf("answer\n%s\nwant\n%s", got, want)
	}
}

func TestQueryParams(t *testing.T) {
	s := start(t)
	s.sql("CREATE TABLE t (id bigint, name text)")
	s.sql("INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, NULL)")
	cases := []struct{ body, want string }{
		{`{"sql":"SELECT id FROM t WHERE id > $1 AND name = $2","params":[1,"two"]}`, `[[2]]`},
		{`{"query":"SELECT id FROM t WHERE id = ? OR name = ? ORDER BY id","params":[3,"one"]}`, `[[1],[3]]`},
		{`{"sql":"SELECT id FROM t WHERE id = :id","params":{"id":2},"database":"default","timeout":"5s"}`, `[[2]]`},
		{`{"sql":"SELECT count(*) FROM t WHERE name = $1","params":[null]}`, `[[0]]`},
		{"  \n{\"sql\":\"SELECT id FROM t WHERE id=1\",\"params\":null}", `[[1]]`},
	}
	for _, c := range cases {
		// What curl -d calls a form is still JSON.
		for _, kind := range []string{"application/json", "application/x-www-form-urlencoded"} {
			answer, b := s.do("POST", "/api/v1/query", []byte(c.body), "Content-Type", kind)
			if answer.StatusCode != 200 || !strings.Contains(b, `"rows":`+c.want+`,`) {
				t.Errorf("%s: %s %s", c.body, answer.Status, b)
			}
		}
	}
}

func TestQueryErrors(t *testing.T) {
	s := start(t)
	cases := []struct {
		body   string
		status int
		want   string // part of the answer
	}{
		{`{"sql":"SELEC 1"}`, 400, `"sqlstate":"42601","position":1`},
		{`{"sql":"SELECT 1 + FROM t"}`, 400, `"position":12`},
		{`{"sql":"SELECT * FROM nope"}`, 404, `"code":"NOT_FOUND","sqlstate":"42P01"`},
		{`{"sql":"SELECT 1","database":"nope"}`, 404, `"sqlstate":"3D000"`},
		{`{"sql":"SELECT $1"}`, 400, `"code":"INVALID_REQUEST"`},
		{`{"sql":"SELECT :x","params":{"y":1}}`, 400, "parameter :x"},
		{`{"sql":"SELECT 1","params":3}`, 400, "neither an array"},
		{`{"sql":"SELECT 1","timeout":"fast"}`, 400, "timeout"},
		{`{"sql":"SELECT 1","timeout":"-1s"}`, 400, "timeout"},
		{`{"sql":"SELECT 1","query":"SELECT 2"}`, 400, "differ"},
		{`{"sql":""}`, 400, "no statement"},
		{`{"sql":"SELECT 1","tiemout":"1s"}`, 400, `unknown field \"tiemout\"`},
		{`{"sql":"SELECT 1"} x`, 400, "something after"},
		{`{"sql":`, 400, "not a query"},
		{`{"sql":"SELECT 1; SELECT 2"}`, 400, "multiple commands"},
	}
	for _, c := range cases {
		answer, b := s.do("POST", "/api/v1/query", []byte(c.body), "Content-Type", "application/json")
		if answer.StatusCode != c.status || !strings.Contains(b, c.want) || !strings.Contains(b, `"success":false`) || !json.Valid([]byte(b)) {
			t.Errorf("%s: %d %s, want %d and %s", c.body, answer.StatusCode, b, c.status, c.want)
		}
		if answer.Header.Get("x-request-id") == "" {
			t.Errorf("%s: no request id", c.body)
		}
	}
	// Nothing that ran before left anything behind.
	if n := s.db.Stats().Admission.Running; n != 0 {
		t.Errorf("%d statements still run", n)
	}
}

func TestFormats(t *testing.T) {
	s := start(t)
	s.sql("CREATE TABLE t (id bigint, name text, ok boolean)")
	s.sql(`INSERT INTO t VALUES (1, 'a,"b"', true), (2, '', false), (3, NULL, NULL)`)
	body := []byte(`{"sql":"SELECT id, name, ok, id AS id FROM t ORDER BY id"}`)
	cases := []struct{ accept, kind, want string }{
		{"text/csv", "text/csv; charset=utf-8; header=present", "id,name,ok,id\r\n1,\"a,\"\"b\"\"\",true,1\r\n2,\"\",false,2\r\n3,,,3\r\n"},
		{"application/x-ndjson", "application/x-ndjson; charset=utf-8", "{\"id\":1,\"name\":\"a,\\\"b\\\"\",\"ok\":true,\"id_2\":1}\n{\"id\":2,\"name\":\"\",\"ok\":false,\"id_2\":2}\n{\"id\":3,\"name\":null,\"ok\":null,\"id_2\":3}\n"},
		{"text/html, application/json;q=0.5, text/*;q=0.9", "text/csv; charset=utf-8; header=present", ""},
		{"*/*", "application/json; charset=utf-8", ""},
	}
	for _, c := range cases {
		answer, b := s.do("POST", "/api/v1/query", body, "Accept", c.accept)
		if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != c.kind || c.want != "" && b != c.want {
			t.Errorf("%s: %s, %q: %q", c.accept, answer.Status, answer.Header.Get("Content-Type"), b)
		}
	}
	if answer, _ := s.do("POST", "/api/v1/query", []byte(`{"sql":"INSERT INTO t VALUES (4), (5)"}`)); answer.Header.Get("x-aegis-command") != "INSERT 0 2" {
		t.Errorf("command %q", answer.Header.Get("x-aegis-command"))
	}
	_, b := s.do("POST", "/api/v1/query", body, "Accept", "application/vnd.apache.arrow.stream")
	rows := 0
	err := arrowio.ReadStream(strings.NewReader(b), func(fields []arrowio.Field, batch *scan.Batch) error {
		for i := range batch.Len {
			rows++
			if got := batch.Columns[0].Int(i); got != int64(rows) || fields[1].Name != "name" {
				t.Errorf("arrow row %d: %d, %v", rows, got, fields)
			}
		}
		return nil
	})
	if err != nil || rows != 5 {
		t.Errorf("arrow: %d rows, %v", rows, err)
	}
	for _, accept := range []string{"application/xml", "image/png"} {
		if answer, b := s.do("POST", "/api/v1/query", body, "Accept", accept); answer.StatusCode != 406 || !strings.Contains(b, "NOT_ACCEPTABLE") {
			t.Errorf("%s: %s %s", accept, answer.Status, b)
		}
	}
}

// TestLargeAnswers crosses the pieces of an answer and the memory of the spool.
func TestLargeAnswers(t *testing.T) {
	s := start(t, func(o *Options) { o.SpoolDir = t.TempDir() })
	s.sql("CREATE TABLE t (id bigint, name text)")
	var b strings.Builder
	const rows = 30_000
	for i := 0; i < rows; i += 10_000 {
		b.Reset()
		b.WriteString("INSERT INTO t VALUES ")
		for k := range 10_000 {
			if k > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "(%d,'%060d')", i+k, i+k)
		}
		s.sql(b.String())
	}
	var got [][]any
	if err := json.Unmarshal([]byte(s.rows("SELECT id, name FROM t ORDER BY id")), &got); err != nil || len(got) != rows {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for i, r := range got {
		if r[0] != float64(i) || r[1] != fmt.Sprintf("%060d", i) {
			t.Fatalf("row %d: %v", i, r)
		}
	}
	// A row that fails after pieces were sent must not look like an end.
	body := []byte(`{"sql":"SELECT name, 1 / (29999 - id) FROM (SELECT id, name FROM t ORDER BY id) x"}`)
	r, _ := http.NewRequest("POST", s.url+"/api/v1/query", bytes.NewReader(body))
	r.Header.Set("Accept", "text/csv")
	answer, err := http.DefaultClient.Do(r)
	if err == nil {
		defer answer.Body.Close()
		_, err = io.ReadAll(answer.Body)
		if answer.StatusCode == 200 && err == nil {
			t.Error("a broken answer looks whole")
		}
	}
	if n := s.db.Stats().Admission.Running; n != 0 {
		t.Errorf("%d statements still run", n)
	}
}

func TestSpoolLimit(t *testing.T) {
	s := start(t, func(o *Options) { o.SpoolBytes = 10 })
	answer, b := s.do("POST", "/api/v1/query", []byte(`{"sql":"SELECT 'a long text'"}`))
	if answer.StatusCode != 413 || !strings.Contains(b, "ndjson") {
		t.Errorf("%s %s", answer.Status, b)
	}
}

func TestBodies(t *testing.T) {
	s := start(t, func(o *Options) { o.QueryBody = 10_000 })
	plain := []byte(`{"sql":"SELECT 1"}`)
	var zipped bytes.Buffer
	g := gzip.NewWriter(&zipped)
	_, _ = g.Write(plain)
	_ = g.Close()
	z, _ := zstd.NewWriter(nil)
	bomb := bytes.Repeat([]byte(" "), 1<<24)
	var bombZip bytes.Buffer
	g = gzip.NewWriter(&bombZip)
	_, _ = g.Write(bomb)
	_ = g.Close()
	cases := []struct {
		encoding string
		body     []byte
		status   int
		want     string
	}{
		{"gzip", zipped.Bytes(), 200, "[[1]]"},
		{"zstd", z.EncodeAll(plain, nil), 200, "[[1]]"},
		{"identity", plain, 200, "[[1]]"},
		{"br", plain, 415, "UNSUPPORTED_ENCODING"},
		{"gzip", plain, 400, "gzip"},
		{"zstd", plain, 400, "read the body"},
		{"gzip", zipped.Bytes()[:20], 400, "read the body"},
		{"zstd", z.EncodeAll(bomb, nil), 413, "BODY_TOO_LARGE"},
		{"gzip", bombZip.Bytes(), 413, "BODY_TOO_LARGE"},
		{"", bytes.Repeat([]byte(" "), 10_001), 413, "BODY_TOO_LARGE"},
	}
	for _, c := range cases {
		answer, b := s.do("POST", "/api/v1/query", c.body, "Content-Encoding", c.encoding)
		if answer.StatusCode != c.status || !strings.Contains(b, c.want) {
			t.Errorf("%s: %s %s, want %d %s", c.encoding, answer.Status, b, c.status, c.want)
		}
	}
	if used := s.server.bodies.Used(); used != 0 {
		t.Errorf("%d bytes are still reserved", used)
	}
}

func TestGuard(t *testing.T) {
	s := start(t)
	cases := []struct {
		headers []string
		status  int
	}{
		{nil, 200},
		{[]string{"Host", "localhost:9090"}, 200},
		{[]string{"Host", "[::1]:9090"}, 200},
		{[]string{"Host", "evil.example"}, 403},
		{[]string{"Host", "127.0.0.1.evil.example:9090"}, 403},
		{[]string{"Host", "10.0.0.1"}, 403},
		{[]string{"Origin", "http://evil.example"}, 403},
		{[]string{"Origin", "null"}, 403},
		{[]string{"Origin", "http://localhost:3000"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		{[]string{"Sec-Fetch-Site", "same-site"}, 403},
		{[]string{"Sec-Fetch-Site", "same-origin", "Origin", s.url}, 200},
		{[]string{"Sec-Fetch-Site", "none"}, 200},
	}
	for _, c := range cases {
		answer, b := s.do("POST", "/api/v1/query", []byte(`{"sql":"SELECT 1"}`), c.headers...)
		if answer.StatusCode != c.status || c.status == 403 && !strings.Contains(b, `"code":"FORBIDDEN"`) {
			t.Errorf("%v: %s %s", c.headers, answer.Status, b)
		}
	}
	if answer, _ := s.do("GET", "/health", nil, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"); answer.StatusCode != 403 {
		t.Errorf("cross-site read: %s", answer.Status)
	}
	if answer, _ := s.do("GET", "/health", nil, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"); answer.StatusCode != 200 {
		t.Errorf("a link: %s", answer.Status)
	}
}

func TestListen(t *testing.T) {
	taken, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cases := []struct {
		addr  string
		class column.Class
	}{
		{":0", column.Denied},
		{"0.0.0.0:0", column.Denied},
		{"[::]:0", column.Denied},
		{"192.168.1.1:9090", column.Denied},
		{"example.com:9090", column.Denied},
		{"9090", column.Invalid},
		{taken.Addr().String(), column.Conflict},
	}
	for _, c := range cases {
		if l, err := Listen(c.addr); err == nil || column.ClassOf(err) != c.class {
			t.Errorf("%s: %v, want class %s", c.addr, err, c.class)
			if l != nil {
				l.Close()
			}
		}
	}
	for _, addr := range []string{"localhost:0", "127.0.0.2:0"} {
		l, err := Listen(addr)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		l.Close()
	}
	open, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := New(start(t).db, Options{}).Serve(open); column.ClassOf(err) != column.Denied {
		t.Errorf("serving on all addresses: %v", err)
	}
}

func TestErrorsByClass(t *testing.T) {
	want := map[column.Class]int{
		column.Internal: 500, column.Invalid: 400, column.Unsupported: 501, column.NotFound: 404, column.Conflict: 409,
		column.Limit: 413, column.Overloaded: 503, column.Denied: 403, column.Cancelled: 504, column.Corrupt: 500,
	}
	codes := map[string]bool{}
	for c := column.Internal; c <= column.Corrupt; c++ {
		status, f, retry := describe(fmt.Errorf("around: %w", column.Errorf(c, "inner")))
		if status != want[c] || codes[f.Code] || f.Code == "" || (retry > 0) != (c == column.Overloaded) {
			t.Errorf("%s: %d %q retry %s", c, status, f.Code, retry)
		}
		if (f.Error == "around: inner") == (c == column.Internal) {
			t.Errorf("%s says %q", c, f.Error)
		}
		codes[f.Code] = true
	}
	if status, f, _ := describe(errors.New("secret path")); status != 500 || strings.Contains(f.Error, "secret") {
		t.Errorf("error without class: %d %q", status, f.Error)
	}
	if _, _, retry := describe(&remotewrite.PartialError{}); retry != 0 {
		t.Error("a partial write asks for a retry")
	}
}
