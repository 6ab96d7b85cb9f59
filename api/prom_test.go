package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// promServer is a server with a few series: up of two jobs, a counter with two codes, and a table with a field.
func promServer(t *testing.T) *serving {
	t.Helper()
	s := start(t)
	var parts [][]byte
	for k := range 5 {
		at := int64(1_700_000_000_000 + 15_000*k)
		parts = append(parts,
			sample(1, at, "__name__", "up", "instance", "a:1", "job", "api"),
			sample(float64(k%2), at, "__name__", "up", "instance", "b:1", "job", "db"),
			sample(float64(10*k), at, "__name__", "http_requests_total", "code", "200"),
			sample(float64(k), at, "__name__", "http_requests_total", "code", "500"),
		)
	}
	parts = append(parts, sample(7, 1_700_000_000_000, "__name__", "a metric", "host.name", "α<β>"))
	if answer, b := s.write(packed(parts...)); answer.StatusCode != 204 {
		t.Fatalf("%s %s", answer.Status, b)
	}
	s.sql(`CREATE TABLE disk (ts timestamptz NOT NULL, host text, used bigint) WITH (time_column = 'ts', tags = 'host')`)
	s.sql(`INSERT INTO disk VALUES ('2023-11-14 22:13:20Z', 'h', 42)`)
	return s
}

// promCase is a request and the whole of its answer. A body makes it a POST of a form.
type promCase struct {
	path, form string
	status     int
	want       string
}

func (s *serving) promCases(cases []promCase) {
	s.t.Helper()
	for _, c := range cases {
		for _, prefix := range []string{"", "/prometheus"} {
			method, headers := "GET", []string{"Accept", "application/json"}
			if c.form != "" {
				method, headers = "POST", append(headers, "Content-Type", "application/x-www-form-urlencoded")
			}
			answer, b := s.do(method, prefix+c.path, []byte(c.form), headers...)
			if answer.StatusCode != c.status || b != c.want || !json.Valid([]byte(b)) {
				s.t.Errorf("%s %s%s %s: %s\n%s\nwant %d\n%s", method, prefix, c.path, c.form, answer.Status, b, c.status, c.want)
			}
			if ct := answer.Header.Get("Content-Type"); ct != "application/json" {
				s.t.Errorf("%s: Content-Type %s", c.path, ct)
			}
		}
	}
}

// TestGrafana sends what Grafana's Prometheus data source sends: its health check, its builder's and variables' questions, its panels,
// its exemplars and its alert list.
func TestGrafana(t *testing.T) {
	s := promServer(t)
	const window = "start=1699999000&end=1700001000"
	s.promCases([]promCase{
		{"/api/v1/query", "query=1%2B1&time=1700000000.123", 200, `{"status":"success","data":{"resultType":"scalar","result":[1700000000.123,"2"]}}`},
		{"/api/v1/labels?" + window + "&limit=40000", "", 200, `{"status":"success","data":["__name__","code","host","host.name","instance","job"]}`},
		{"/api/v1/labels", window + "&match%5B%5D=up&limit=40000", 200, `{"status":"success","data":["__name__","instance","job"]}`},
		{"/api/v1/labels", window + "&match%5B%5D=" + url.QueryEscape(`{__name__="http_requests_total",code=~"5.."}`), 200, `{"status":"success","data":["__name__","code"]}`},
		{"/api/v1/label/__name__/values?" + window + "&limit=40000", "", 200, `{"status":"success","data":["a metric","disk_used","http_requests_total","up"]}`},
		{"/api/v1/label/job/values?" + window + "&match[]=up", "", 200, `{"status":"success","data":["api","db"]}`},
		{"/api/v1/label/job/values?" + window + "&match[]=http_requests_total", "", 200, `{"status":"success","data":[]}`},
		{"/api/v1/label/U__host_2e_name/values?" + window, "", 200, `{"status":"success","data":["α<β>"]}`},
		{"/api/v1/series", window + "&match%5B%5D=up&match%5B%5D=%7Bjob%3D%22db%22%7D", 200, `{"status":"success","data":[{"__name__":"up","instance":"a:1","job":"api"},{"__name__":"up","instance":"b:1","job":"db"}]}`},
		{"/api/v1/series?" + window + "&match[]=disk_used&match[]=" + url.QueryEscape(`{"host.name"!=""}`), "", 200, `{"status":"success","data":[{"__name__":"a metric","host.name":"α<β>"},{"__name__":"disk_used","host":"h"}]}`},
		{"/api/v1/query_range", "query=" + url.QueryEscape(`sum by (code) (rate(http_requests_total[1m]))`) + "&start=1700000030&end=1700000060&step=15", 200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"code":"200"},"values":[[1700000030,"0.3333333333333333"],[1700000045,"0.5"],[1700000060,"0.6666666666666666"]]},{"metric":{"code":"500"},"values":[[1700000030,"0.03333333333333333"],[1700000045,"0.05"],[1700000060,"0.06666666666666665"]]}]}}`},
		{"/api/v1/query", "query=up&time=1700000060", 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","instance":"a:1","job":"api"},"value":[1700000060,"1"]},{"metric":{"__name__":"up","instance":"b:1","job":"db"},"value":[1700000060,"0"]}]}}`},
		{"/api/v1/query_exemplars", "query=up&" + window, 200, `{"status":"success","data":[]}`},
		{"/api/v1/rules", "", 200, `{"status":"success","data":{"groups":[]}}`},
		{"/api/v1/rules?type=alert", "", 200, `{"status":"success","data":{"groups":[]}}`},
		{"/api/v1/alerts", "", 200, `{"status":"success","data":{"alerts":[]}}`},
		{"/api/v1/metadata?limit=0", "", 200, `{"status":"success","data":{}}`},
		{"/api/v1/format_query", "query=sum(up)by(job)", 200, `{"status":"success","data":"sum by (job) (up)"}`},
		{"/api/v1/targets?state=active", "", 200, `{"status":"success","data":{"activeTargets":[],"droppedTargetCounts":{},"droppedTargets":[]}}`},
		{"/api/v1/alertmanagers", "", 200, `{"status":"success","data":{"activeAlertmanagers":[],"droppedAlertmanagers":[]}}`},
	})
	_, b := s.do("GET", "/api/v1/status/buildinfo", nil)
	module, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	linked := regexp.MustCompile(`prometheus/prometheus v0\.(\d)(\d\d)\.(\d+)`).FindSubmatch(module)
	if linked == nil {
		t.Fatal("go.mod names no Prometheus")
	}
	release := fmt.Sprintf(`"version":"%s.%s.%s"`, linked[1], bytes.TrimLeft(linked[2], "0"), linked[3])
	if !strings.Contains(b, release) || !strings.Contains(b, `"aegisVersion":"v1.2.3"`) || !strings.Contains(b, `"application":"Aegis"`) {
		t.Errorf("buildinfo: %s", b)
	}
	for _, path := range []string{"/-/healthy", "/-/ready", "/prometheus/-/ready"} {
		if answer, _ := s.do("GET", path, nil); answer.StatusCode != 200 {
			t.Errorf("%s: %s", path, answer.Status)
		}
	}
	for _, path := range []string{"/api/v1/status/runtimeinfo", "/api/v1/status/config", "/api/v1/status/flags", "/api/v1/parse_query?query=up", "/api/v1/scrape_pools", "/api/v1/targets/metadata"} {
		if answer, b := s.do("GET", path, nil); answer.StatusCode != 200 || !strings.HasPrefix(b, `{"status":"success","data":`) || !json.Valid([]byte(b)) {
			t.Errorf("%s: %s %s", path, answer.Status, b)
		}
	}
	if _, b := s.do("GET", "/api/v1/status/tsdb?limit=1", nil); !strings.Contains(b, `"seriesCountByMetricName":[{"name":"http_requests_total","value":2}]`) || !strings.Contains(b, `"numSeries":6`) {
		t.Errorf("tsdb: %s", b)
	}
}

// TestPromErrors: types, texts and status codes are Prometheus'.
func TestPromErrors(t *testing.T) {
	s := promServer(t)
	failure := func(kind, text string) string {
		b, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return `{"status":"error","errorType":"` + kind + `","error":` + string(b) + `}`
	}
	bad := func(text string) string { return failure("bad_data", text) }
	s.promCases([]promCase{
		{"/api/v1/query", "time=1", 400, bad(`invalid parameter "query": unknown position: parse error: no expression found in input`)},
		{"/api/v1/query?query=up(", "", 400, bad(`invalid parameter "query": 1:4: parse error: unclosed left parenthesis`)},
		{"/api/v1/query?query=up&time=soon", "", 400, bad(`invalid parameter "time": invalid time value for 'time': cannot parse "soon" to a valid timestamp`)},
		{"/api/v1/query?query=up&timeout=x", "", 400, bad(`invalid parameter "timeout": cannot parse "x" to a valid duration`)},
		{"/api/v1/query?query=up&limit=-1", "", 400, bad(`invalid parameter "limit": limit must be non-negative`)},
		{"/api/v1/query?query=up&lookback_delta=x", "", 400, bad(`error parsing lookback delta duration: cannot parse "x" to a valid duration`)},
		{"/api/v1/query?query=up&time=1700000060&timeout=0", "", 503, failure("timeout", `query timed out in query queue`)},
		{"/api/v1/query?query=label_replace(up,%22x%22,%22$1%22,%22job%22,%22(%22)&time=1700000060", "", 422, failure("execution", "invalid regular expression in label_replace(): (")},
		{"/api/v1/query?query=up&database=nope", "", 404, failure("not_found", `database "nope" does not exist`)},
		{"/api/v1/query_range?query=up&start=2&end=1&step=1", "", 400, bad(`invalid parameter "end": end timestamp must not be before start time`)},
		{"/api/v1/query_range?query=up&end=1&step=1", "", 400, bad(`invalid parameter "start": cannot parse "" to a valid timestamp`)},
		{"/api/v1/query_range?query=up&start=1&end=2&step=0", "", 400, bad(`invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer`)},
		{"/api/v1/query_range?query=up&start=0&end=11001&step=1", "", 400, bad(`exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)`)},
		{"/api/v1/series", "x=1", 400, bad(`no match[] parameter provided`)},
		{"/api/v1/series?match[]={job=%22%22}", "", 400, bad(`invalid parameter "match[]": match[] must contain at least one non-empty matcher`)},
		{"/api/v1/labels?match[]={", "", 400, bad(`1:2: parse error: unexpected end of input inside braces`)},
		{"/api/v1/label/U__/values?start=x", "", 400, bad(`invalid label name: ""`)},
		{"/api/v1/metadata?limit=x", "", 400, bad(`limit must be a number`)},
		{"/api/v1/status/tsdb?limit=0", "", 400, bad(`limit must be a positive number`)},
		{"/api/v1/query_exemplars?query=up(", "", 400, bad(`1:4: parse error: unclosed left parenthesis`)},
		{"/api/v1/admin/tsdb/delete_series", "match[]=up", 503, failure("unavailable", "deleting series is not available in this version; nothing was deleted")},
	})
}

// TestPromAnswers: what comes beside the result.
func TestPromAnswers(t *testing.T) {
	s := promServer(t)
	s.promCases([]promCase{
		{"/api/v1/query?query=up&time=2023-11-14T22:14:20Z&limit=1", "", 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","instance":"a:1","job":"api"},"value":[1700000060,"1"]}]},"warnings":["results truncated due to limit"]}`},
		{"/api/v1/labels?limit=2", "", 200, `{"status":"success","data":["__name__","code"],"warnings":["results truncated due to limit"]}`},
		{"/api/v1/query?query=up&time=1700000120&lookback_delta=30", "", 200, `{"status":"success","data":{"resultType":"vector","result":[]}}`},
		{"/api/v1/query?query=rate(up[1m])&time=1700000000", "", 200, `{"status":"success","data":{"resultType":"vector","result":[]}}`},
		{"/api/v1/query?query=rate(up%7Bjob=%22api%22%7D[1m])&time=1700000060", "", 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"instance":"a:1","job":"api"},"value":[1700000060,"0"]}]},"infos":["PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"up\" (1:6)"]}`},
		{"/api/v1/query?query=%22text%22&time=-1.5", "", 200, `{"status":"success","data":{"resultType":"string","result":[-1.500,"text"]}}`},
		{"/api/v1/query?query=up%7Bjob=%22db%22%7D[20s]&time=1700000060", "", 200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","instance":"b:1","job":"db"},"values":[[1700000045,"1"],[1700000060,"0"]]}]}}`},
		{"/api/v1/query?query=vector(0)/0&time=0", "", 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[0,"NaN"]}]}}`},
		{"/api/v1/query?query=vector(1e30)&time=0", "", 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[0,"1e+30"]}]}}`},
	})
	_, b := s.do("GET", "/api/v1/query?query=up&time=1700000060&stats=all", nil)
	if !strings.Contains(b, `"samples":{"totalQueryableSamples":2,"samplesRead":2,"peakSamples":2}`) {
		t.Errorf("stats: %s", b)
	}
	var packed bytes.Buffer
	g := gzip.NewWriter(&packed)
	_, _ = g.Write([]byte("query=1&time=0"))
	_ = g.Close()
	for _, path := range []string{"/api/v1/query", "/prometheus/api/v1/query"} {
		answer, b := s.do("POST", path, packed.Bytes(), "Content-Type", "application/x-www-form-urlencoded", "Content-Encoding", "gzip")
		if answer.StatusCode != 200 || b != `{"status":"success","data":{"resultType":"scalar","result":[0,"1"]}}` {
			t.Errorf("a packed form at %s: %s %s", path, answer.Status, b)
		}
	}
}

// TestPromMetadata: what remote write said about a metric is what is answered.
func TestPromMetadata(t *testing.T) {
	s := start(t)
	var m []byte
	m = message(append(m, 1<<3, 1), 2, []byte("http_requests_total")) // a counter
	m = message(m, 4, []byte("Requests so far."))
	s.write(packed(message(nil, 3, m)))
	want := `{"status":"success","data":{"http_requests_total":[{"type":"counter","unit":"","help":"Requests so far."}]}}`
	s.promCases([]promCase{
		{"/api/v1/metadata", "", 200, want},
		{"/api/v1/metadata?metric=http_requests_total&limit=1&limit_per_metric=1", "", 200, want},
		{"/api/v1/metadata?metric=other", "", 200, `{"status":"success","data":{}}`},
	})
}

// TestLargePromAnswer: an answer of many pieces arrives whole.
func TestLargePromAnswer(t *testing.T) {
	s := start(t)
	const rows = 20_000
	s.sql(`CREATE TABLE w (ts timestamptz NOT NULL, host text, v bigint) WITH (time_column = 'ts', tags = 'host')`)
	var values []string
	for i := range rows {
		values = append(values, fmt.Sprintf("(to_timestamp(%d), 'h', %d)", i, i))
	}
	s.sql("INSERT INTO w VALUES " + strings.Join(values, ","))
	_, b := s.do("GET", "/api/v1/query?query=w_v[6h]&time=20000", nil)
	var answer struct {
		Data struct {
			Result []struct{ Values [][2]any }
		}
	}
	if err := json.Unmarshal([]byte(b), &answer); err != nil || len(answer.Data.Result) != 1 || len(answer.Data.Result[0].Values) != rows {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	if last := answer.Data.Result[0].Values[rows-1]; last[0] != float64(rows-1) || last[1] != strconv.Itoa(rows-1) {
		t.Errorf("the last point is %v", last)
	}
}
