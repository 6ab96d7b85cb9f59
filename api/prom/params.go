package prom

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	prometheus "github.com/prometheus/prometheus/promql"
)

// The ends of the range that a request means which names none. They are Prometheus', and clients send them in their text forms.
var (
	minTime = time.Unix(math.MinInt64/1000+62135596801, 0).UTC()
	maxTime = time.Unix(math.MaxInt64/1000-62135596801, 999999999).UTC()

	minTimeText = minTime.Format(time.RFC3339Nano)
	maxTimeText = maxTime.Format(time.RFC3339Nano)
)

// parseTime reads seconds since 1970, to the millisecond, or RFC 3339.
func parseTime(s string) (time.Time, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(f) && math.Abs(f) < 1<<62 {
		seconds, fraction := math.Modf(f)
		fraction = math.Round(fraction*1000) / 1000
		return time.Unix(int64(seconds), int64(fraction*float64(time.Second))).UTC(), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	// The standard library reads years of four digits only.
	switch s {
	case minTimeText:
		return minTime, nil
	case maxTimeText:
		return maxTime, nil
	}
	return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", s)
}

// timeParam reads a parameter that may be missing.
func timeParam(r *http.Request, name string, missing time.Time) (time.Time, error) {
	text := r.FormValue(name)
	if text == "" {
		return missing, nil
	}
	t, err := parseTime(text)
	if err != nil {
		return t, fmt.Errorf("invalid time value for '%s': %w", name, err)
	}
	return t, nil
}

// parseDuration reads seconds, or a duration such as 5m.
func parseDuration(s string) (time.Duration, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(f) {
		ns := f * float64(time.Second)
		if ns > float64(math.MaxInt64) || ns < float64(math.MinInt64) {
			return 0, fmt.Errorf("cannot parse %q to a valid duration. It overflows int64", s)
		}
		return time.Duration(ns), nil
	}
	if d, err := model.ParseDuration(s); err == nil {
		return time.Duration(d), nil
	}
	return 0, fmt.Errorf("cannot parse %q to a valid duration", s)
}

// limitParam reads how many results are wanted; 0 = all.
func limitParam(r *http.Request) (int, error) {
	text := r.FormValue("limit")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err == nil && n < 0 {
		err = errors.New("limit must be non-negative")
	}
	return n, err
}

// numberParam reads a count of which anything below 0, or nothing, means all.
func numberParam(r *http.Request, name string) (int, error) {
	text := r.FormValue(name)
	if text == "" {
		return -1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%s must be a number", name)
	}
	return n, nil
}

// matchers reads the selectors of a request. Each must exclude something: a set of series without a bound is a mistake.
func (a *API) matchers(r *http.Request) ([][]*labels.Matcher, error) {
	sets, err := a.engine.Parser().ParseMetricSelectors(r.Form["match[]"])
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		bounded := false
		for _, m := range set {
			bounded = bounded || !m.Matches("")
		}
		if !bounded {
			return nil, errors.New("match[] must contain at least one non-empty matcher")
		}
	}
	return sets, nil
}

// window reads start and end of a request about series.
func window(r *http.Request) (start, end time.Time, refusal *answer) {
	start, err := timeParam(r, "start", minTime)
	if err != nil {
		refused := bad("start", err)
		return start, end, &refused
	}
	if end, err = timeParam(r, "end", maxTime); err != nil {
		refused := bad("end", err)
		return start, end, &refused
	}
	return start, end, nil
}

// queryOptions reads what a query may change of the engine's settings.
func queryOptions(r *http.Request) (prometheus.QueryOpts, error) {
	lookback := time.Duration(0)
	if text := r.FormValue("lookback_delta"); text != "" {
		var err error
		if lookback, err = parseDuration(text); err != nil {
			return nil, fmt.Errorf("error parsing lookback delta duration: %w", err)
		}
	}
	return prometheus.NewPrometheusQueryOpts(r.FormValue("stats") == "all", lookback), nil
}
