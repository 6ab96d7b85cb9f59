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

// BenchmarkQuery asks over HTTP what a dashboard's panel asks: the busiest minute of one host, in one hour and in twelve. The answer
// is checked; what is measured is everything around the scan too.
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
	for _, hours := range []int{1, 12} {
		b.Run(fmt.Sprintf("%dh", hours), func(b *testing.B) {
			body := fmt.Appendf(nil, `{"sql": "SELECT time_bucket('1 minute', time) AS minute, max(usage_user) FROM cpu WHERE hostname = 'host_3' AND time >= '%s' AND time < '%s' GROUP BY minute ORDER BY minute"}`,
				begin.Format(time.RFC3339), begin.Add(time.Duration(hours)*time.Hour).Format(time.RFC3339))
			b.ReportAllocs()
			for b.Loop() {
				r, text := s.do(http.MethodPost, "/api/v1/query", body)
				if r.StatusCode != http.StatusOK || !strings.Contains(text, fmt.Sprintf(`"row_count":%d,`, 60*hours)) {
					b.Fatal(text)
				}
			}
		})
	}
}
