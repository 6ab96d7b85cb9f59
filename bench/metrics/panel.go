package main

import (
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
)

// panel is a query of a dashboard. R stands for the range of rates: as long as a step, and no less than five minutes.
type panel struct {
	Name, Expr string
	// Differs says why VictoriaMetrics does not answer what Prometheus does; "" = it does.
	Differs string
	// Ties says that one of several series of the same value is as good as another.
	Ties bool
}

const (
	byExtrapolation = "rates and increases are taken from the last sample before the window to the last one in it, without extrapolation"
	byStaleness     = "how old a sample may be to count as present follows from the samples' own interval, not from a fixed 5 minutes"
	byRegression    = "deriv subtracts another time before its regression"
)

var panels = []panel{
	{"rate of an instance", `rate(http_requests_total{instance="10.1.0.7:8080"}[R])`, byExtrapolation, false},
	{"sum by (code) of rates", `sum by (code) (rate(http_requests_total[R]))`, byExtrapolation, false},
	{"share of errors", `sum by (job) (rate(http_requests_total{code=~"5.."}[R])) / sum by (job) (rate(http_requests_total[R]))`, byExtrapolation, false},
	{"histogram_quantile", `histogram_quantile(0.99, sum by (le, handler) (rate(http_request_duration_seconds_bucket[R])))`, byExtrapolation, false},
	{"topk of sums", `topk(5, sum by (instance) (rate(http_requests_total[R])))`, byExtrapolation, true},
	{"topk of rates", `topk(5, rate(node_cpu_seconds_total[R]))`, byExtrapolation, true},
	{"CPU in percent", `100 - 100 * avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[R]))`, byExtrapolation, false},
	{"join", `sum by (version) (rate(http_requests_total[R]) * on (instance) group_left (version) build_info)`, byExtrapolation, false},
	{"increase", `sum by (handler) (increase(http_requests_total{code="500"}[1h]))`, byExtrapolation, false},
	{"avg_over_time", `avg by (job) (avg_over_time(queue_length[R]))`, "", false},
	{"max_over_time", `max by (instance) (max_over_time(sensor_temperature_celsius[R]))`, "", false},
	{"deriv", `deriv(node_memory_MemAvailable_bytes[R])`, byRegression, false},
	{"offset", `sum(rate(http_requests_total[R])) / sum(rate(http_requests_total[R] offset 1d))`, byExtrapolation, false},
	{"subquery", `max_over_time(sum by (job) (rate(http_requests_total[5m]))[30m:1m])`, byExtrapolation, false},
	{"gauge", `node_load1`, byStaleness, false},
	{"targets up", `sum by (job) (up)`, byStaleness, false},
}

// window is how much of the past a dashboard shows, and in which steps.
type window struct {
	Name       string
	Span, Step time.Duration
}

var windows = []window{
	{"1 h by 15 s", time.Hour, 15 * time.Second},
	{"6 h by 60 s", 6 * time.Hour, time.Minute},
	{"24 h by 5 m", 24 * time.Hour, 5 * time.Minute},
	{"7 d by 1 h", 7 * 24 * time.Hour, time.Hour},
}

// path is the n-th request for a panel: the same for every system. Windows end at different moments of the last hour of the data, so that
// none is asked twice.
func (p panel) path(w window, end int64, n int) string {
	shift := int64(n) * 7919 % 3600 // a prime: it comes back after 3600
	last := end/1000 - shift
	text := strings.ReplaceAll(p.Expr, "[R]", fmt.Sprintf("[%ds]", int(max(w.Step, 5*time.Minute)/time.Second)))
	return "/api/v1/query_range?" + url.Values{
		"query": {text}, "start": {strconv.FormatInt(last-int64(w.Span/time.Second), 10)}, "end": {strconv.FormatInt(last, 10)},
		"step": {strconv.Itoa(int(w.Step / time.Second))}, "nocache": {"1"},
	}.Encode()
}

// matrix is an answer: for each series its points by time in milliseconds.
type matrix map[string]map[int64]float64

// ask reads the answer of a request.
func ask(address string) (matrix, error) {
	resp, err := http.Get(address)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Status, Error string
		Data          struct {
			Result []struct {
				Metric map[string]string
				Value  *[2]any
				Values [][2]any
			}
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("%s: %s: %.300q: %w", address, resp.Status, text, err)
	}
	if answer.Status != "success" {
		return nil, fmt.Errorf("%s: %s: %s", address, resp.Status, answer.Error)
	}
	out := matrix{}
	for _, r := range answer.Data.Result {
		var labels []string
		for name, value := range r.Metric {
			labels = append(labels, name+"="+strconv.Quote(value))
		}
		slices.Sort(labels)
		if r.Value != nil {
			r.Values = append(r.Values, *r.Value)
		}
		points := make(map[int64]float64, len(r.Values))
		for _, v := range r.Values {
			at, isTime := v[0].(float64)
			value, isText := v[1].(string)
			f, err := strconv.ParseFloat(value, 64)
			if !isTime || !isText || err != nil {
				return nil, fmt.Errorf("%s: a point %v", address, v)
			}
			points[int64(math.Round(at*1000))] = f
		}
		out[strings.Join(labels, ",")] = points
	}
	return out, nil
}

// deviation is how an answer differs from the right one.
type deviation struct {
	Points  int     `json:"points"`  // of the right answer
	Missing int     `json:"missing"` // of them
	TooMany int     `json:"too_many"`
	Unequal int     `json:"unequal"` // by more than 1e-9 of their size
	Median  float64 `json:"median"`  // of the relative deviations of those that are there
	Most    float64 `json:"most"`
}

func (d *deviation) equal() bool { return d.Missing+d.TooMany+d.Unequal == 0 }

// tolerance is what the order of additions may change.
const tolerance = 1e-9

// deviate compares answers. With ties a point that is missing and one of the same time and value that is too many are the same.
func deviate(want, got matrix, ties bool) *deviation {
	d := &deviation{}
	var all []float64
	missing := map[int64][]float64{}
	for name, points := range want {
		for at, w := range points {
			d.Points++
			g, there := got[name][at]
			if !there {
				d.Missing++
				missing[at] = append(missing[at], w)
				continue
			}
			by := relative(w, g)
			all = append(all, by)
			if by > tolerance {
				d.Unequal++
			}
		}
	}
	for name, points := range got {
		for at, g := range points {
			if _, there := want[name][at]; there {
				continue
			}
			same := slices.IndexFunc(missing[at], func(w float64) bool { return relative(w, g) <= tolerance })
			if ties && same >= 0 {
				missing[at] = slices.Delete(missing[at], same, same+1)
				d.Missing--
				continue
			}
			d.TooMany++
		}
	}
	if len(all) > 0 {
		slices.Sort(all)
		d.Median, d.Most = all[len(all)/2], all[len(all)-1]
	}
	return d
}

func relative(a, b float64) float64 {
	switch {
	case a == b || math.IsNaN(a) && math.IsNaN(b):
		return 0
	case math.IsNaN(a) || math.IsNaN(b) || math.IsInf(a, 0) || math.IsInf(b, 0):
		return math.MaxFloat64
	case math.Abs(a-b) < 1e-12:
		return 0
	}
	return math.Abs(a-b) / math.Max(math.Abs(a), math.Abs(b))
}
