package real

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// fixedQueries are asked as they stand: what dashboards ask, and each corner of the language that reaches the storage.
var fixedQueries = []string{
	`up`, `up == 0`, `up{job="api"}`, `up{job=~"a.*"}`, `up{job!="api"}`, `up{job!~"api|db"}`, `up{absent_label=""}`, `up{absent_label!=""}`,
	`up{job=~"api|"}`, `{__name__="up",instance=~"host-[0-3]:.*"}`, `{__name__=~"up|build_info"}`, `{job="db",__name__!~".*_bucket"}`, `{code=~"4..|5.."}`,
	`{"cpu.usage.gesamt/µs"}`, `{"cpu.usage.gesamt/µs","host.name"="α"}`, `{"with space"=~".*\n.*"}`, `nothing_of_that_name`, `absent(nothing_of_that_name{a="b"})`, `absent(up)`,
	`rate(http_requests_total[5m])`, `irate(http_requests_total[2m])`, `increase(http_requests_total[10m])`, `delta(temperature_celsius[5m])`, `idelta(temperature_celsius[5m])`,
	`deriv(temperature_celsius[10m])`, `predict_linear(limit_celsius[10m], 600)`, `resets(http_requests_total[30m])`, `changes(temperature_celsius[20m])`,
	`sum by (code) (rate(http_requests_total[5m]))`, `sum without (instance, method) (rate(http_requests_total[5m]))`, `avg by (job) (up)`, `count by (job, code) (http_requests_total)`,
	`max(temperature_celsius)`, `min by (device) (temperature_celsius)`, `stddev(limit_celsius)`, `stdvar by (instance) (limit_celsius)`, `group by (job) (up)`,
	`topk(3, limit_celsius)`, `bottomk by (device) (2, limit_celsius)`, `quantile(0.9, limit_celsius)`, `quantile by (device) (0.5, limit_celsius)`, `count_values("v", up)`,
	`histogram_quantile(0.95, sum by (le) (rate(request_seconds_bucket[5m])))`, `histogram_quantile(0.5, sum by (job, le) (rate(request_seconds_bucket[10m])))`,
	`histogram_fraction(0, 0.5, rate(request_seconds_bucket[5m]))`, `rate(request_seconds_sum[5m]) / rate(request_seconds_count[5m])`,
	`temperature_celsius > limit_celsius`, `temperature_celsius > bool limit_celsius`, `temperature_celsius - on (instance, device) limit_celsius`,
	`up * on (instance, job) group_left (version) build_info`, `sum by (version) (up * on (instance) group_left (version) build_info)`, `http_requests_total / ignoring (code) group_left sum without (code) (http_requests_total)`,
	`up and on (instance) (limit_celsius > 0)`, `up unless on (job) up{job="api"}`, `up or build_info`, `limit_celsius % 7`, `limit_celsius ^ 2`, `atan2(limit_celsius, temperature_celsius)`, `limit_celsius atan2 temperature_celsius`,
	`up offset 10m`, `up offset -5m`, `rate(http_requests_total[5m] offset 7m)`, `up @ 1767324600`, `up @ start()`, `up @ end()`, `rate(http_requests_total[5m] @ 1767325000)`, `sum(up @ end() offset 3m)`,
	`max_over_time(limit_celsius[10m])`, `min_over_time(temperature_celsius[10m])`, `avg_over_time(limit_celsius[10m])`, `sum_over_time(limit_celsius[10m])`, `count_over_time(temperature_celsius[10m])`,
	`stddev_over_time(limit_celsius[10m])`, `stdvar_over_time(limit_celsius[10m])`, `last_over_time(job_progress[10m])`, `present_over_time(job_progress[10m])`, `absent_over_time(job_progress{run="1"}[10m])`, `quantile_over_time(0.3, limit_celsius[10m])`,
	`max_over_time(rate(http_requests_total[5m])[20m:1m])`, `avg_over_time(up[10m:30s])`, `sum_over_time((limit_celsius > 0)[15m:])`, `rate(http_requests_total[5m:15s] offset 2m)`, `max_over_time(up[10m:1m] @ 1767325000)`,
	`job_progress`, `count(job_progress)`, `job_progress{run="0"}`, `timestamp(up)`, `timestamp(job_progress)`, `sort(limit_celsius)`, `sort_desc(limit_celsius)`,
	`label_replace(up, "host", "$1", "instance", "(.*):.*")`, `label_join(up, "both", "/", "job", "instance")`, `label_replace(up, "job", "", "job", ".*")`,
	`abs(limit_celsius)`, `ceil(limit_celsius)`, `floor(limit_celsius)`, `round(limit_celsius, 0.5)`, `sqrt(abs(limit_celsius))`, `exp(limit_celsius / 100)`, `ln(abs(limit_celsius))`, `log2(abs(limit_celsius))`, `log10(abs(limit_celsius))`,
	`clamp(limit_celsius, -10, 10)`, `clamp_min(limit_celsius, 0)`, `clamp_max(limit_celsius, 0)`, `sgn(limit_celsius)`, `scalar(up{instance="host-0:9100"})`, `vector(1)`, `time()`, `1`, `-1`, `"text"`, `1 + 2 * 3`, `vector(time())`,
	`hour()`, `minute(up)`, `day_of_week(timestamp(up))`, `days_in_month()`, `month(vector(1767324600))`, `year()`,
	`double_exponential_smoothing(limit_celsius[10m], 0.5, 0.5)`, `rate(limit_celsius[5m])`, `-limit_celsius`, `+up`, `(((up)))`, `pi()`, `deg(limit_celsius)`, `rad(limit_celsius)`, `sin(limit_celsius)`,
	// Errors, which have to be the same ones.
	`up(`, `sum(`, `rate(up)`, `up[5m]`, `unknown_function(up)`, `{}`, `{job=""}`, `up * build_info`, `up * on (job) build_info`, `label_replace(up, "~", "$1", "instance", "(")`, `quantile("a", up)`, ``, `up{`, `{__name__=~"up|build_info"} * 2`,
	`rate({__name__=~"up|build_info"}[5m])`, `topk(0, up)`, `sum(up) by`, `count_values("bad label\xff", up)`, `histogram_quantile(2, request_seconds_bucket)`,
}

// queryMaker draws queries.
type queryMaker struct{ r *rand.Rand }

func (m *queryMaker) pick(from ...string) string { return from[m.r.IntN(len(from))] }

func (m *queryMaker) selector() string {
	name := m.pick("up", "http_requests_total", "temperature_celsius", "limit_celsius", "job_progress", "request_seconds_bucket", "request_seconds_count", "build_info")
	var matchers []string
	for range m.r.IntN(3) {
		matchers = append(matchers, m.pick(
			`job="api"`, `job!="api"`, `job=~"a.+|db"`, `job=~".*"`, `job!~"d."`, `instance=~"host-[024]:9100"`, `instance="host-1:9100"`, `instance!~"host-[0-3].*"`,
			`code="200"`, `code=~"[45]..|200"`, `code!=""`, `code=""`, `method=~"get|post|"`, `device=~"sda[12]"`, `le="+Inf"`, `le!~"0.*"`, `run=~"[0-2]"`, `version!="1.1"`, `nolabel=""`,
		))
	}
	if len(matchers) == 0 {
		return name
	}
	return name + "{" + strings.Join(matchers, ",") + "}"
}

func (m *queryMaker) shifted(s string) string {
	switch m.r.IntN(6) {
	case 0:
		return s + " offset " + m.pick("30s", "5m", "-2m", "17m", "1h")
	case 1:
		return s + " @ " + m.pick("1767323400", "1767325500.123", "start()", "end()")
	}
	return s
}

func (m *queryMaker) window() string { return m.pick("20s", "1m", "2m", "5m", "13m", "1h") }

// vector draws an instant vector of no more than so many levels.
func (m *queryMaker) vector(depth int) string {
	if depth <= 0 {
		return m.shifted(m.selector())
	}
	switch m.r.IntN(8) {
	case 0, 1:
		return m.pick("sum", "avg", "min", "max", "count", "group", "stddev") + m.pick("", " by (job)", " by (instance, code)", " without (instance)", " without (le, method)") + " (" + m.vector(depth-1) + ")"
	case 2, 3:
		f := m.pick("rate", "irate", "increase", "delta", "idelta", "deriv", "changes", "resets", "sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "count_over_time", "last_over_time", "present_over_time", "stddev_over_time")
		return f + "(" + m.shifted(m.selector()+"["+m.window()+"]") + ")"
	case 4:
		f := m.pick("max_over_time", "sum_over_time", "count_over_time", "avg_over_time", "rate", "delta")
		return f + "(" + m.shifted("("+m.vector(depth-1)+")["+m.window()+":"+m.pick("", "7s", "1m", "3m")+"]") + ")"
	case 5:
		return "(" + m.vector(depth-1) + ") " + m.pick("+", "-", "*", "/", ">", "<=", "== bool", "and", "or", "unless") + m.pick(" ", " on (instance) ", " ignoring (code, method, le) ") + "(" + m.vector(depth-1) + ")"
	case 6:
		return "(" + m.vector(depth-1) + ") " + m.pick("+", "*", "/", ">", "!=", "% ", "< bool") + " " + m.pick("2", "0.5", "-3", "scalar(up{instance=\"host-0:9100\"})")
	}
	return m.pick("abs", "ceil", "sgn", "sqrt", "timestamp", "sort", "absent") + "(" + m.vector(depth-1) + ")"
}

// promQuery is one request to both programs.
type promQuery struct {
	text             string
	instant          bool
	start, end, step string // start is the time of an instant query
}

func (q promQuery) String() string {
	if q.instant {
		return fmt.Sprintf("%s at %s", q.text, q.start)
	}
	return fmt.Sprintf("%s from %s to %s by %s", q.text, q.start, q.end, q.step)
}

// drawTimes puts a query at a time, or a range of times, inside and around the data.
func (m *queryMaker) drawTimes(text string) promQuery {
	at := func() int64 { return dataStart - 600_000 + m.r.Int64N(dataEnd-dataStart+1_200_000) }
	q := promQuery{text: text, instant: m.r.IntN(3) == 0}
	a, b := at(), at()
	q.start, q.end = seconds1000(min(a, b)), seconds1000(max(a, b))
	q.step = m.pick("15", "60", "37.5", "5m", "1m30s", "601")
	return q
}

func seconds1000(ms int64) string { return fmt.Sprintf("%d.%03d", ms/1000, ms%1000) }
