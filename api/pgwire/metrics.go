package pgwire

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the server's own, in Prometheus' form.
type metrics struct {
	connected  prometheus.GaugeFunc
	opened     prometheus.Counter
	refused    prometheus.Counter
	cancels    prometheus.Counter
	logins     *prometheus.CounterVec // by result
	statements *prometheus.CounterVec // by protocol
	errors     *prometheus.CounterVec // by SQLSTATE class
	seconds    prometheus.Histogram
	rows       prometheus.Counter
	sent       prometheus.Counter
}

func newMetrics(s *Server) *metrics {
	opts := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Name: "aegis_pgwire_" + name, Help: help}
	}
	return &metrics{
		connected: prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "aegis_pgwire_connections", Help: "Clients that are connected over PostgreSQL's protocol."},
			func() float64 {
				s.mu.Lock()
				defer s.mu.Unlock()
				return float64(s.connected)
			}),
		opened:  prometheus.NewCounter(opts("connections_total", "Sessions that were started.")),
		refused: prometheus.NewCounter(opts("connections_refused_total", "Connections that were refused because there were too many.")),
		cancels: prometheus.NewCounter(opts("cancel_requests_total", "Cancel requests with the right secret.")),
		logins:  prometheus.NewCounterVec(opts("logins_total", "Logins with a password, by their result."), []string{"result"}),
		statements: prometheus.NewCounterVec(opts("statements_total", "Statements that were run, by the protocol's way to ask."),
			[]string{"protocol"}),
		errors: prometheus.NewCounterVec(opts("errors_total", "Errors that were answered, by the class of their SQLSTATE."), []string{"class"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "aegis_pgwire_statement_seconds", Help: "Time to run a statement, or a portion of a portal, and send its rows.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 10),
		}),
		rows: prometheus.NewCounter(opts("rows_total", "Rows that were sent.")),
		sent: prometheus.NewCounter(opts("sent_bytes_total", "Bytes that were sent.")),
	}
}

func (m *metrics) failed(err error) {
	state := response(err, "").Code
	if len(state) >= 2 {
		m.errors.WithLabelValues(state[:2]).Inc()
	}
}

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.connected, m.opened, m.refused, m.cancels, m.logins, m.statements, m.errors, m.seconds, m.rows, m.sent}
}

// Describe implements prometheus.Collector.
func (s *Server) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range s.metrics.all() {
		c.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (s *Server) Collect(ch chan<- prometheus.Metric) {
	for _, c := range s.metrics.all() {
		c.Collect(ch)
	}
}

func (m *metrics) ran(protocol prometheus.Counter, started time.Time, rows int64) {
	protocol.Inc()
	m.seconds.Observe(time.Since(started).Seconds())
	if rows > 0 {
		m.rows.Add(float64(rows))
	}
}
