package prom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	prometheus "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/stats"

	"github.com/automatanexus/aegis-db/query/promql"
)

// query is /api/v1/query: an expression at one time.
func (a *API) query(r *http.Request) answer {
	at, err := timeParam(r, "time", a.options.Now())
	if err != nil {
		return bad("time", err)
	}
	return a.run(r, func(ctx context.Context, text string, o prometheus.QueryOpts) (*promql.Query, error) {
		return a.engine.Instant(ctx, database(r), text, at, o)
	})
}

// mostPoints is how many points a series of an answer may have: a week by the minute, or a year by the hour.
const mostPoints = 11000

// queryRange is /api/v1/query_range: an expression at many times.
func (a *API) queryRange(r *http.Request) answer {
	start, err := parseTime(r.FormValue("start"))
	if err != nil {
		return bad("start", err)
	}
	end, err := parseTime(r.FormValue("end"))
	if err != nil {
		return bad("end", err)
	}
	if end.Before(start) {
		return bad("end", errors.New("end timestamp must not be before start time"))
	}
	step, err := parseDuration(r.FormValue("step"))
	if err != nil {
		return bad("step", err)
	}
	if step <= 0 {
		return bad("step", errors.New("zero or negative query resolution step widths are not accepted. Try a positive integer"))
	}
	if end.Sub(start)/step > mostPoints {
		return refused(errors.New("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"))
	}
	return a.run(r, func(ctx context.Context, text string, o prometheus.QueryOpts) (*promql.Query, error) {
		return a.engine.Range(ctx, database(r), text, start, end, step, o)
	})
}

// run evaluates what a request asks for, prepared by prepare.
func (a *API) run(r *http.Request, prepare func(context.Context, string, prometheus.QueryOpts) (*promql.Query, error)) answer {
	limit, err := limitParam(r)
	if err != nil {
		return bad("limit", err)
	}
	ctx := promql.WithAsOf(r.Context(), asOf(r))
	if r.FormValue("stats") != "" {
		ctx = promql.AsWritten(ctx) // the counts are those of Prometheus' engine
	}
	cancel := func() {}
	if text := r.FormValue("timeout"); text != "" {
		d, err := parseDuration(text)
		if err != nil {
			return bad("timeout", err)
		}
		ctx, cancel = context.WithTimeout(ctx, d)
	}
	defer cancel()
	o, err := queryOptions(r)
	if err != nil {
		return refused(err)
	}
	text := r.FormValue("query")
	q, err := prepare(ctx, text, o)
	if err != nil {
		// A query waits for its turn before it is parsed; when that fails the text is not to blame.
		if f := classify(err); f.kind != execution {
			return answer{failed: f}
		}
		return bad("query", err)
	}
	result := q.Exec(ctx)
	if result.Err != nil {
		q.Close()
		return failed(result.Err)
	}
	out := answer{query: text, warnings: result.Warnings, done: q.Close}
	if truncate(result, limit) {
		out.warnings.Add(errTruncated)
	}
	var statistics stats.QueryStats
	switch which := r.FormValue("stats"); which {
	case "":
	default:
		out.warnings.Add(fmt.Errorf("value %q for parameter \"stats\" is deprecated and will be rejected in the next major release, use \"true\" or \"all\"", which))
		fallthrough
	case "true", "all":
		statistics = stats.NewQueryStats(q.Stats())
	}
	out.data = func(w *writer) { w.result(result.Value, statistics) }
	return out
}

// errTruncated is said where limit has cut an answer.
var errTruncated = errors.New("results truncated due to limit")

// truncate keeps the first series of a result.
func truncate(result *prometheus.Result, limit int) bool {
	switch v := result.Value.(type) {
	case prometheus.Matrix:
		if limit > 0 && len(v) > limit {
			result.Value = v[:limit]
			return true
		}
	case prometheus.Vector:
		if limit > 0 && len(v) > limit {
			result.Value = v[:limit]
			return true
		}
	}
	return false
}

// result appends the data of a query's answer.
func (w *writer) result(v parser.Value, statistics stats.QueryStats) {
	w.buf = append(append(append(w.buf, `{"resultType":"`...), v.Type()...), `","result":`...)
	switch v := v.(type) {
	case prometheus.Matrix:
		w.matrix(v)
	case prometheus.Vector:
		w.vector(v)
	case prometheus.Scalar:
		w.buf = appendPoint(w.buf, v.T, v.V)
	case prometheus.String:
		w.buf = append(appendTime(append(w.buf, '['), v.T), ',')
		w.buf = append(appendString(w.buf, v.V), ']')
	}
	if statistics != nil {
		if b, err := json.Marshal(statistics); err == nil { // numbers and their names never fail
			w.buf = append(append(w.buf, `,"stats":`...), b...)
		}
	}
	w.buf = append(w.buf, '}')
}

// queryExemplars is /api/v1/query_exemplars: none are stored.
func (a *API) queryExemplars(r *http.Request) answer {
	start, end, refusal := window(r)
	if refusal != nil {
		return *refusal
	}
	if end.Before(start) {
		return refused(errors.New("end timestamp must not be before start timestamp"))
	}
	if _, err := a.engine.Parser().ParseExpr(r.FormValue("query")); err != nil {
		return refused(err)
	}
	return value([]struct{}{})
}

// formatQuery is /api/v1/format_query.
func (a *API) formatQuery(r *http.Request) answer {
	expr, err := a.engine.Parser().ParseExpr(r.FormValue("query"))
	if err != nil {
		return bad("query", err)
	}
	return value(expr.Pretty(0))
}

// parseQuery is /api/v1/parse_query.
func (a *API) parseQuery(r *http.Request) answer {
	expr, err := a.engine.Parser().ParseExpr(r.FormValue("query"))
	if err != nil {
		return bad("query", err)
	}
	return value(tree(expr))
}

// millis is a time as selectors have it.
func millis(t time.Time) int64 { return t.Unix()*1000 + int64(t.Nanosecond())/int64(time.Millisecond) }
