package real

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
)

// Sample is one sample of one series. Values are compared as bits of a float, all NaNs being one.
type Sample struct {
	Series string // metric{labels} in a form of its own, see seriesName
	Metric string
	T      int64 // milliseconds since 1970
	V      float64
}

// seriesName writes labels (without the metric's name) so that equal label sets give equal text.
func seriesName(metric string, labels map[string]string) string {
	names := make([]string, 0, len(labels))
	for name, value := range labels {
		names = append(names, name+"="+strconv.Quote(value))
	}
	slices.Sort(names)
	return metric + "{" + strings.Join(names, ",") + "}"
}

// Window is a closed span of time in milliseconds since 1970.
type Window struct{ From, To int64 }

// Samples asks Prometheus for every raw sample within the window.
func (p *Prometheus) Samples(ctx context.Context, w Window) ([]Sample, error) {
	// Major versions disagree about whether a range includes its left end: ask for more and cut here.
	span := (w.To-w.From)/1000 + 2
	form := url.Values{
		"query": {fmt.Sprintf(`{__name__=~".+"}[%ds]`, span)},
		"time":  {strconv.FormatFloat(float64(w.To)/1000, 'f', 3, 64)},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/api/v1/query", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	return decodeMatrix(text, w)
}

func decodeMatrix(text []byte, w Window) ([]Sample, error) {
	var answer struct {
		Status string
		Error  string
		Data   struct {
			Result []struct {
				Metric     map[string]string
				Values     [][2]any
				Histograms []any
			}
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("prometheus answers %.300q: %w", text, err)
	}
	if answer.Status != "success" {
		return nil, fmt.Errorf("prometheus answers: %s", answer.Error)
	}
	var out []Sample
	for _, series := range answer.Data.Result {
		metric := series.Metric["__name__"]
		delete(series.Metric, "__name__")
		name := seriesName(metric, series.Metric)
		if len(series.Histograms) > 0 {
			return nil, fmt.Errorf("series %s has native histograms, which nobody asked for", name)
		}
		for _, pair := range series.Values {
			at, ok := pair[0].(float64)
			text, ok2 := pair[1].(string)
			v, err := strconv.ParseFloat(text, 64)
			if !ok || !ok2 || err != nil {
				return nil, fmt.Errorf("series %s: sample %v", name, pair)
			}
			s := Sample{name, metric, int64(math.Round(at * 1000)), v}
			if s.T >= w.From && s.T <= w.To {
				out = append(out, s)
			}
		}
	}
	return out, nil
}

// caughtUp says that remote write has sent everything that was scraped, from Prometheus' own figures.
func (p *Prometheus) caughtUp(ctx context.Context) (done bool, why string, err error) {
	m, err := server.ReadMetrics(ctx, http.DefaultClient, p.URL+"/metrics")
	if err != nil {
		return false, "", err
	}
	sum := func(name string) (total float64, n int) {
		for series, v := range m {
			if base, _, _ := strings.Cut(series, "{"); base == name {
				total, n = total+v, n+1
			}
		}
		return total, n
	}
	pending, known := sum("prometheus_remote_storage_samples_pending")
	sent, known2 := sum("prometheus_remote_storage_queue_highest_sent_timestamp_seconds")
	appended, known3 := sum("prometheus_remote_storage_queue_highest_timestamp_seconds")
	if known3 == 0 { // earlier versions count for all queues together
		appended, known3 = sum("prometheus_remote_storage_highest_timestamp_in_seconds")
	}
	if known == 0 || known2 == 0 || known3 == 0 || appended == 0 {
		return false, "Prometheus shows no figures of remote write", nil
	}
	if failed, _ := sum("prometheus_remote_storage_samples_failed_total"); failed > 0 {
		return false, "", fmt.Errorf("%v samples were refused for good", failed)
	}
	if dropped, _ := sum("prometheus_remote_storage_samples_dropped_total"); dropped > 0 {
		return false, "", fmt.Errorf("%v samples were dropped", dropped)
	}
	return pending == 0 && sent >= appended, fmt.Sprintf("%v samples pending, %v of %v sent", pending, sent, appended), nil
}

// stored asks Aegis for the same samples, by SQL over prometheus.samples.
func stored(ctx context.Context, s *server.Server, w Window) ([]Sample, error) {
	answer, err := s.Query(ctx, "SELECT metric, labels, ts, value FROM prometheus.samples WHERE value IS NOT NULL AND "+w.sql())
	if err != nil {
		return nil, err
	}
	out := make([]Sample, len(answer.Rows))
	for i, row := range answer.Rows {
		metric, _ := row[0].(string)
		labels, err := server.Labels(row[1])
		if err != nil {
			return nil, err
		}
		at, err := server.Time(row[2])
		if err != nil {
			return nil, err
		}
		v, err := server.Float(row[3])
		if err != nil {
			return nil, err
		}
		out[i] = Sample{seriesName(metric, labels), metric, at.UnixMilli(), v}
	}
	return out, nil
}

func (w Window) sql() string {
	const layout = "2006-01-02 15:04:05.000Z07:00"
	return fmt.Sprintf("ts >= '%s' AND ts <= '%s'", time.UnixMilli(w.From).UTC().Format(layout), time.UnixMilli(w.To).UTC().Format(layout))
}
