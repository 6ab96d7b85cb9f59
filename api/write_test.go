package api

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/remotewrite"
	"github.com/automatanexus/aegis-db/meta"
)

func message(dst []byte, number int, content []byte) []byte {
	dst = append(dst, byte(number<<3|2))
	return append(binary.AppendUvarint(dst, uint64(len(content))), content...)
}

// sample is a series with one sample, as a field of a WriteRequest.
func sample(v float64, millis int64, labels ...string) []byte {
	var m []byte
	for i := 0; i < len(labels); i += 2 {
		m = message(m, 1, message(message(nil, 1, []byte(labels[i])), 2, []byte(labels[i+1])))
	}
	p := binary.LittleEndian.AppendUint64([]byte{9}, math.Float64bits(v))
	p = binary.AppendUvarint(append(p, 16), uint64(millis))
	return message(nil, 1, message(m, 2, p))
}

func packed(parts ...[]byte) []byte { return s2.EncodeSnappy(nil, bytes.Join(parts, nil)) }

func (s *serving) write(body []byte, headers ...string) (*http.Response, string) {
	s.t.Helper()
	all := append([]string{"Content-Type", "application/x-protobuf", "Content-Encoding", "snappy", "X-Prometheus-Remote-Write-Version", "0.1.0"}, headers...)
	return s.do("POST", "/api/v1/write", body, all...)
}

func TestRemoteWrite(t *testing.T) {
	s := start(t)
	stale := math.Float64frombits(0x7ff0000000000002)
	body := packed(
		sample(1, 1000, "__name__", "up", "job", "node", "instance", "a"),
		sample(0, 2000, "__name__", "up", "job", "node", "instance", "b"),
		sample(stale, 3000, "__name__", "up", "job", "node", "instance", "b"),
		sample(2.5, 1000, "__name__", "load"),
	)
	for range 2 { // sent again, it changes nothing
		answer, b := s.write(body)
		if answer.StatusCode != 204 || b != "" {
			t.Fatalf("%s %s", answer.Status, b)
		}
	}
	const all = `SELECT metric, labels, ts, value FROM prometheus.samples ORDER BY metric, ts`
	const want = `[["load",{},"1970-01-01T00:00:01Z",2.5],["up",{"instance":"a","job":"node"},"1970-01-01T00:00:01Z",1],` +
		`["up",{"instance":"b","job":"node"},"1970-01-01T00:00:02Z",0],["up",{"instance":"b","job":"node"},"1970-01-01T00:00:03Z",null]]`
	if got := s.rows(all); got != want {
		t.Errorf("rows %s\nwant %s", got, want)
	}
	// The metric's own table has labels as columns and no stale markers.
	if got := s.rows(`SELECT instance, job, value FROM up ORDER BY ts`); got != `[["a","node",1],["b","node",0]]` {
		t.Errorf("metric: %s", got)
	}
	if err := s.db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.rows(all); got != want {
		t.Errorf("after a flush: %s", got)
	}
	// A series known from before the flush goes on.
	if answer, b := s.do("POST", "/prometheus/api/v1/write?ack=none", packed(sample(7, 9000, "__name__", "load"))); answer.StatusCode != 204 {
		t.Fatalf("%s %s", answer.Status, b)
	}
	if got := s.rows("SELECT value FROM load ORDER BY ts"); got != "[[2.5],[7]]" {
		t.Errorf("load: %s", got)
	}
}

func TestRemoteWriteRefused(t *testing.T) {
	s := start(t, func(o *Options) { o.Write = remotewrite.Limits{BodyBytes: 5000} })
	good := sample(1, 1, "__name__", "up")
	cases := []struct {
		name    string
		body    []byte
		headers []string
		status  int
		want    string
	}{
		{"3.0", packed(good), []string{"Content-Type", "application/x-protobuf;proto=io.prometheus.write.v3.Request"}, 415, "io.prometheus.write.v2.Request"},
		{"1.0 by name", packed(good), []string{"Content-Type", "application/x-protobuf;proto=prometheus.WriteRequest"}, 204, ""},
		{"json", []byte("{}"), []string{"Content-Type", "application/json"}, 415, "UNSUPPORTED_CONTENT_TYPE"},
		{"zstd", packed(good), []string{"Content-Encoding", "zstd"}, 415, "UNSUPPORTED_ENCODING"},
		{"garbage", []byte("hello hello hello"), nil, 400, "snappy"},
		{"large", make([]byte, 5001), nil, 413, "LIMIT_EXCEEDED"},
		{"partly", packed(good, sample(1, 1, "job", "x")), nil, 400, "stored 1 of 2 samples; 1 series or samples are wrong: series 1 {"},
	}
	for _, c := range cases {
		answer, b := s.write(c.body, c.headers...)
		if answer.StatusCode != c.status || !strings.Contains(b, c.want) {
			t.Errorf("%s: %s %s, want %d %s", c.name, answer.Status, b, c.status, c.want)
		}
	}
	if answer, _ := s.do("POST", "/api/v1/write?database=nope", packed(good)); answer.StatusCode != 404 {
		t.Errorf("unknown database: %s", answer.Status)
	}
	if answer, _ := s.do("POST", "/api/v1/write?ack=maybe", packed(good)); answer.StatusCode != 400 {
		t.Errorf("unknown ack: %s", answer.Status)
	}
	// Too much at once: come again.
	s = start(t, func(o *Options) { o.Write = remotewrite.Limits{InflightBytes: 10} })
	answer, b := s.write(packed(good))
	if answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "" || !strings.Contains(b, "OVERLOADED") {
		t.Errorf("overloaded: %s %v %s", answer.Status, answer.Header, b)
	}
}

func TestCatalogAnswers(t *testing.T) {
	s := start(t)
	s.sql("CREATE TABLE cpu (ts timestamptz NOT NULL, host text, v double precision)")
	if answer, b := s.write(packed(sample(1, 1000, "__name__", "up", "job", "x"), sample(1, 1, "__name__", "a.b"))); answer.StatusCode != 204 {
		t.Fatal(b)
	}
	cases := []struct {
		path   string
		status int
		want   string
	}{
		{"/api/v1/databases", 200, `{"success":true,"databases":[{"name":"default","tables":3}]}`},
		{"/api/v1/tables/cpu", 200, `"schema":"public","name":"cpu","columns":[{"name":"ts","type":"timestamp with time zone","nullable":false`},
		{"/api/v1/tables/public.cpu", 200, `{"name":"host","type":"text","nullable":true`},
		{"/api/v1/tables/prometheus.samples", 200, `{"name":"labels","type":"json","nullable":true,"tag":true,"time":false}`},
		{"/api/v1/tables/up", 200, `"schema":"metrics","name":"up","columns":[{"name":"ts",`},
		{"/api/v1/tables/a.b", 200, `"schema":"metrics","name":"a.b"`},
		{"/api/v1/tables/nope", 404, `"code":"NOT_FOUND","sqlstate":"42P01"`},
		{"/api/v1/tables", 200, `"schema":"public","name":"cpu"`},
		{"/api/v1/tables?schema=metrics", 200, `"schema":"metrics","name":"up"`},
		{"/api/v1/tables?database=nope", 404, `3D000`},
		{"/api/v1/status/buildinfo", 200, `"aegisVersion":"v1.2.3"`},
		{"/health", 200, `"status":"healthy","version":"v1.2.3"`},
		{"/health/ready", 200, `"wal":"ok"`},
		{"/health/live", 200, `"alive"`},
		{"/api/v1/metrics", 200, `"head_rows":2,`},
		{"/nothing", 404, `{"success":false,"error":"there is nothing at /nothing","code":"NOT_FOUND"}`},
		{"/api/v1/write", 405, `"code":"METHOD_NOT_ALLOWED"`},
		{"/api/v1/query?query=up&time=5", 200, `{"status":"success","data":{"resultType":"vector","result":[`},
	}
	for _, c := range cases {
		answer, b := s.do("GET", c.path, nil)
		if answer.StatusCode != c.status || !strings.Contains(b, c.want) || !json.Valid([]byte(b)) {
			t.Errorf("%s: %s %s, want %d %s", c.path, answer.Status, b, c.status, c.want)
		}
	}
}

func TestMetrics(t *testing.T) {
	s := start(t)
	s.write(packed(sample(1, 1000, "__name__", "up"), sample(2, 1000, "__name__", "down")))
	s.write(packed(sample(1, 2000, "__name__", "up"), sample(2, 1000, "no", "name")))
	s.sql("SELECT 1")
	s.do("POST", "/api/v1/query", []byte(`{"sql":"SELEC"}`))
	s.do("GET", "/nothing/here", nil)
	if err := s.db.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, b := s.do("GET", "/metrics", nil)
	for _, want := range []string{
		"aegis_remote_write_samples_total 3",
		`aegis_remote_write_refused_total{kind="sample"} 1`,
		`aegis_remote_write_requests_total{outcome="ok"} 1`,
		`aegis_remote_write_requests_total{outcome="partial"} 1`,
		`aegis_queries_total{outcome="ok"} 1`,
		`aegis_queries_total{outcome="INVALID_REQUEST"} 1`,
		"aegis_query_duration_seconds_count 2",
		`aegis_http_requests_total{code="204",route="POST /api/v1/write"} 1`,
		`aegis_http_requests_total{code="404",route="none"} 1`,
		"aegis_flushes_total 1", "aegis_segments 1", "aegis_segment_rows 3", "aegis_head_rows 0", "aegis_compactions_running 0",
		`aegis_build_info{version="v1.2.3"} 1`, "go_goroutines ", "process_open_fds ",
	} {
		if !strings.Contains(b, "\n"+want) {
			t.Errorf("no %s", want)
		}
	}
	if t.Failed() {
		t.Log(b)
	}
}

func TestRequestIDAndLog(t *testing.T) {
	s := start(t)
	answer, _ := s.do("POST", "/api/v1/query", []byte(`{"sql":"SELECT 'secret-value' FROM nope"}`), "x-request-id", "abc-1")
	if got := answer.Header.Get("x-request-id"); got != "abc-1" {
		t.Errorf("id %q", got)
	}
	for _, odd := range []string{strings.Repeat("x", 65), "a\"b", "a b"} {
		answer, _ := s.do("GET", "/health", nil, "x-request-id", odd)
		if got := answer.Header.Get("x-request-id"); got == odd || len(got) < 10 {
			t.Errorf("id %q for %q", got, odd)
		}
	}
	log := s.logs.String()
	if !strings.Contains(log, "request_id=abc-1") || !strings.Contains(log, "status=404") || !strings.Contains(log, `relation \"nope\" does not exist`) {
		t.Errorf("log: %s", log)
	}
	if strings.Contains(log, "secret-value") {
		t.Errorf("the log has a statement: %s", log)
	}
}

func TestPanic(t *testing.T) {
	s := start(t)
	for _, after := range []bool{false, true} {
		h := s.server.outer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if after {
				_, _ = w.Write([]byte("half"))
			}
			panic("secret")
		}))
		ts := httptest.NewServer(h)
		answer, err := http.Get(ts.URL)
		if after {
			if err == nil {
				_, err = fmt.Fscanf(answer.Body, "nothing")
				answer.Body.Close()
			}
			if err == nil {
				t.Error("a panic in the middle looks like an end")
			}
		} else {
			b := new(bytes.Buffer)
			_, _ = b.ReadFrom(answer.Body)
			answer.Body.Close()
			if answer.StatusCode != 500 || !strings.Contains(b.String(), `"code":"INTERNAL"`) || strings.Contains(b.String(), "secret") {
				t.Errorf("%s %s", answer.Status, b)
			}
		}
		ts.Close()
	}
	if !strings.Contains(s.logs.String(), "panic=secret") {
		t.Error("the log does not have the panic")
	}
}

// TestTimeout: a statement ends when its time is over, or its client is gone.
func TestTimeout(t *testing.T) {
	s := start(t)
	s.sql("CREATE TABLE n (i bigint, text text)")
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, ",(%d,'%0200d')", i, i)
	}
	s.sql("INSERT INTO n VALUES " + b.String()[1:])
	answer, body := s.do("POST", "/api/v1/query", []byte(`{"sql":"SELECT * FROM n","timeout":"1ns"}`))
	if answer.StatusCode != 504 && answer.StatusCode != 503 || !strings.Contains(body, `"sqlstate":"5`) {
		t.Errorf("%s %s", answer.Status, body)
	}
	// More than fits between server and client: the server is in the middle when the client leaves.
	columns := strings.Repeat(",text", 30)
	r, err := http.NewRequest("POST", s.url+"/api/v1/query", strings.NewReader(`{"sql":"SELECT i`+columns+` FROM n"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/csv")
	answer, err = http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 { // until the server waits
		time.Sleep(5 * time.Millisecond)
		if s.db.Stats().Admission.Running == 1 {
			break
		}
	}
	answer.Body.Close()
	for range 200 {
		if s.db.Stats().Admission.Running == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the statement of a client that left still runs")
}

func TestShutdown(t *testing.T) {
	s := start(t)
	if err := s.server.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "http://127.0.0.1/health/ready", nil)
	s.server.ServeHTTP(w, r)
	if w.Code != 503 || !strings.Contains(w.Body.String(), "shutting down") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAck(t *testing.T) {
	for text, want := range map[string]meta.Ack{"": meta.AckWAL, "wal": meta.AckWAL, "buffer": meta.AckBuffer, "none": meta.AckNone} {
		if got, err := ackOf(text); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	if _, err := ackOf("x"); column.ClassOf(err) != column.Invalid {
		t.Error(err)
	}
}
