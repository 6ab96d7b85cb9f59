package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
)

// BenchmarkQuery asks over HTTP what a dashboard's panel asks: a value for each minute. The answer is checked; what is measured is
// everything around the scan too.
func BenchmarkQuery(b *testing.B) {
	s := start(b, func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil)) })
	var lines bytes.Buffer
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for k := range 12 * 360 {
		for host := range 10 {
			fmt.Fprintf(&lines, "cpu,hostname=host_%d,region=eu usage_user=%di %d\n", host, (k+host)%100, begin.Add(time.Duration(k)*10*time.Second).UnixNano())
		}
	}
	if r, text := s.do(http.MethodPost, "/write", lines.Bytes()); r.StatusCode != http.StatusNoContent {
		b.Fatal(text)
	}
	if err := s.db.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
	ask := func(name, where string, rows int) {
		b.Run(name, func(b *testing.B) {
			body := fmt.Appendf(nil, `{"sql": "SELECT time_bucket('1 minute', time) AS minute, hostname, avg(usage_user) FROM cpu WHERE time >= '%s' AND %s GROUP BY minute, hostname ORDER BY minute"}`,
				begin.Format(time.RFC3339), where)
			b.ReportAllocs()
			for b.Loop() {
				r, text := s.do(http.MethodPost, "/api/v1/query", body)
				if r.StatusCode != http.StatusOK || !strings.Contains(text, fmt.Sprintf(`"row_count":%d,`, rows)) {
					b.Fatal(text)
				}
			}
		})
	}
	ask("one host, 1 hour", `hostname = 'host_3' AND time < '2026-01-01 01:00:00Z'`, 60)
	ask("one host, 12 hours", `hostname = 'host_3'`, 720)
	ask("all hosts, 12 hours", `true`, 7200)
}
