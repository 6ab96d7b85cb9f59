package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/VictoriaMetrics/easyproto"
	"github.com/klauspost/compress/s2"
)

// TestCancelRequests: requests whose client leaves end soon after, whatever they do, and let go of what they held; files that were not taken whole can be sent again.
// AEGIS_CANCEL_ROUNDS says how often to cancel each, with more rows, and makes a tenth of a second the limit; else it is one that a busy machine keeps, too.
func TestCancelRequests(t *testing.T) {
	rows, rounds, limit := 20_000, 2, 3*time.Second
	if n, err := strconv.Atoi(os.Getenv("AEGIS_CANCEL_ROUNDS")); err == nil {
		rows, rounds, limit = 200_000, n, 100*time.Millisecond
	}
	s := start(t)
	s.sql("CREATE TABLE m (time timestamptz NOT NULL, host text, v double precision, n bigint, s text) WITH (time_column = time, tags = (host))")
	s.sql(fmt.Sprintf("INSERT INTO m SELECT timestamptz '2026-01-01' + i / 100 * interval '1 s', 'host ' || i %% 100, i::bigint * 7919 %% 1000 / 7.0, i, 'text of row ' || i FROM generate_series(0, %d) AS i", rows-1))
	query := func(text, format string) []byte {
		body, _ := json.Marshal(map[string]string{"sql": text, "format": format})
		return body
	}
	exported := func(format string) []byte {
		answer, file := s.do("POST", "/api/v1/export", query("SELECT * FROM m", format))
		if answer.StatusCode != 200 {
			t.Fatalf("%s: %s", format, file)
		}
		return []byte(file)
	}
	ranged := func(text string) string {
		return "/prometheus/api/v1/query_range?query=" + url.QueryEscape(text) + fmt.Sprintf("&start=1767225600&end=%d&step=1", 1767225600+min(rows/100, 10_000))
	}
	moment := func(text string) string {
		return "/prometheus/api/v1/query?query=" + url.QueryEscape(text) + fmt.Sprintf("&time=%d", 1767225600+min(rows/100, 10_000))
	}
	s.sql("CREATE TABLE csv (LIKE m)")
	s.sql("CREATE TABLE parquet (LIKE m)")
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, c := range []struct {
		name, path string
		body       []byte
		table      string // that rows come into
	}{
		{"rows as JSON", "/api/v1/query", []byte(`{"sql": "SELECT * FROM m ORDER BY v"}`), ""},
		{"CSV", "/api/v1/export", query("SELECT * FROM m ORDER BY s", "csv"), ""},
		{"Parquet", "/api/v1/export", query("SELECT * FROM m", "parquet"), ""},
		{"Arrow", "/api/v1/export", query("SELECT * FROM m", "arrow"), ""},
		{"CSV into a table", "/api/v1/import/csv?format=csv", exported("csv"), "csv"},
		{"Parquet into a table", "/api/v1/import/parquet?format=parquet", exported("parquet"), "parquet"},
		{"PromQL by loops", ranged("sum by (host) (rate(m_v[5m]))"), nil, ""},
		{"PromQL by the engine", ranged("quantile_over_time(0.9, m_v[5m:3s])"), nil, ""},
		{"PromQL at a moment", moment("sum by (host) (rate(m_v[3h]))"), nil, ""},
		{"PromQL at a moment, by the engine", moment("quantile_over_time(0.9, m_v[3h:3s])"), nil, ""},
		{"remote read, samples", "/prometheus/api/v1/read", remoteRead("m_v", false), ""},
		{"remote read, chunks", "/prometheus/api/v1/read", remoteRead("m_v", true), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			serve := func(ctx context.Context, name string) (code int, w *httptest.ResponseRecorder) {
				w = httptest.NewRecorder()
				defer func() {
					if p := recover(); p != nil && p != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
						panic(p)
					}
				}()
				method := http.MethodPost
				if c.body == nil {
					method = http.MethodGet
				}
				path := c.path
				if c.table != "" {
					path += "&import=" + c.table + name
				}
				r := httptest.NewRequestWithContext(ctx, method, path, bytes.NewReader(c.body))
				r.Host = "localhost"
				s.server.ServeHTTP(w, r)
				return w.Code, w
			}
			var took []time.Duration
			began := time.Now()
			if code, w := serve(t.Context(), "whole"); code != 200 {
				answer, _ := io.ReadAll(w.Result().Body)
				t.Fatalf("%d %.300s", code, answer)
			}
			whole := time.Since(began)
			for round := range rounds {
				s.sql("TRUNCATE csv, parquet")
				ctx, cancel := context.WithCancel(t.Context())
				var asked time.Time
				timer := time.AfterFunc(time.Duration(rng.Int64N(int64(whole))), func() { asked = time.Now(); cancel() })
				serve(ctx, strconv.Itoa(round))
				if ended := time.Now(); !timer.Stop() {
					<-ctx.Done()
					took = append(took, ended.Sub(asked))
				}
				cancel()
			}
			if c.table != "" { // commits that were whole have stayed, and the file goes on behind them
				if code, _ := serve(t.Context(), strconv.Itoa(rounds-1)); code != 200 {
					t.Errorf("again: %d", code)
				}
				if got := s.rows("SELECT count(*), count(DISTINCT n) FROM " + c.table); got != fmt.Sprintf("[[%d,%d]]", rows, rows) {
					t.Errorf("rows, and different ones: %s", got)
				}
			}
			slices.Sort(took)
			t.Logf("%v uncancelled; cancelled it ended after %v", whole.Round(time.Millisecond), took)
			if len(took) > 0 && took[len(took)/2] > limit {
				t.Errorf("seed %d: it ended after %v", seed, took)
			}
		})
	}
	if n := s.rows("SELECT count(*) FROM m"); n != fmt.Sprintf(`[[%d]]`, rows) {
		t.Errorf("rows: %s", n)
	}
	for until := time.Now().Add(time.Minute); s.db.Stats().Admission.Running > 0 && time.Now().Before(until); {
		time.Sleep(10 * time.Millisecond)
	}
	if st := s.db.Stats(); st.Admission.Running != 0 || st.TempFiles != 0 {
		t.Errorf("left: %+v", st)
	}
}

// remoteRead is the body of a request for all samples of a metric.
func remoteRead(metric string, chunks bool) []byte {
	m := new(easyproto.Marshaler)
	request := m.MessageMarshaler()
	query := request.AppendMessage(1)
	query.AppendInt64(1, 1767225600_000)
	query.AppendInt64(2, 1767325600_000)
	matcher := query.AppendMessage(3)
	matcher.AppendString(2, "__name__")
	matcher.AppendString(3, metric)
	if chunks {
		request.AppendInt32s(2, []int32{1})
	}
	return s2.EncodeSnappy(nil, m.Marshal(nil))
}
