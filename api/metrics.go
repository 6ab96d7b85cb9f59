package api

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/remotewrite"
)

// metrics is what the server says about itself, in a registry of its own.
type metrics struct {
	server   *Server
	registry *prometheus.Registry

	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	queries   *prometheus.CounterVec
	queryTime prometheus.Histogram
	samples   prometheus.Counter
	refused   *prometheus.CounterVec
	writes    *prometheus.CounterVec
	metadata  prometheus.Counter
	lines     *lineMetrics
}

// Buckets from a small query's half millisecond to half a minute.
func buckets() []float64 { return prometheus.ExponentialBuckets(0.0005, 2.5, 12) }

func newMetrics(s *Server) *metrics {
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		server: s, registry: prometheus.NewRegistry(),
		requests: counters("aegis_http_requests_total", "HTTP requests by route and status.", "route", "code"),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "aegis_http_request_duration_seconds", Help: "Time from a request's header to the end of its answer.", Buckets: buckets(),
		}, []string{"route"}),
		queries: counters("aegis_queries_total", "SQL statements by outcome: ok, or the error's code.", "outcome"),
		queryTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "aegis_query_duration_seconds", Help: "Time of SQL statements, sending the answer included.", Buckets: buckets(),
		}),
		samples:  prometheus.NewCounter(prometheus.CounterOpts{Name: "aegis_remote_write_samples_total", Help: "Samples stored from remote write."}),
		refused:  counters("aegis_remote_write_refused_total", "What remote write brought and was not stored, by kind.", "kind"),
		writes:   counters("aegis_remote_write_requests_total", "Remote write requests by outcome: ok, partial, or the error's code.", "outcome"),
		metadata: prometheus.NewCounter(prometheus.CounterOpts{Name: "aegis_remote_write_metadata_total", Help: "Metadata entries that remote write brought."}),
	}
	for _, kind := range []string{"sample", "histogram", "exemplar"} {
		m.refused.WithLabelValues(kind)
	}
	m.registry.MustRegister(
		m.requests, m.durations, m.queries, m.queryTime, m.samples, m.refused, m.writes, m.metadata, newStorage(s.db),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.lines = newLineMetrics(m.registry)
	m.registry.MustRegister(s.options.Collectors...)
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "aegis_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": s.options.Version},
	})
	build.Set(1)
	m.registry.MustRegister(build)
	return m
}

// handler prints everything in Prometheus' text.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError, Registry: m.registry})
}

// measured counts a request. Its route is the pattern that took it, so that there are few.
func (s *Server) measured(r *http.Request, rec *recorder, took time.Duration) {
	route := r.Pattern
	if route == "" {
		route = "none"
	}
	status := rec.status
	if status == 0 {
		status = http.StatusOK // what net/http sends for a handler that said nothing
	}
	s.metrics.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	s.metrics.durations.WithLabelValues(route).Observe(took.Seconds())
}

func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	_, f, _ := describe(err)
	return f.Code
}

func (m *metrics) queried(took time.Duration, err error) {
	m.queries.WithLabelValues(outcome(err)).Inc()
	m.queryTime.Observe(took.Seconds())
}

func (m *metrics) remoteWrite(r remotewrite.Report, err error) {
	var partial *remotewrite.PartialError
	if errors.As(err, &partial) {
		m.writes.WithLabelValues("partial").Inc()
	} else {
		m.writes.WithLabelValues(outcome(err)).Inc()
	}
	m.samples.Add(float64(r.Stored))
	if err != nil && column.ClassOf(err) != column.Invalid {
		return // it will come again, or nothing of it was looked at
	}
	m.refused.WithLabelValues("sample").Add(float64(r.BadSamples))
	m.refused.WithLabelValues("histogram").Add(float64(r.Histograms))
	m.refused.WithLabelValues("exemplar").Add(float64(r.Exemplars))
	m.metadata.Add(float64(r.Metadata))
}
