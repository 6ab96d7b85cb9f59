package api

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/automatanexus/aegis-db/ingest/lineproto"
)

// lineMetrics counts what line protocol brings.
type lineMetrics struct {
	lines    prometheus.Counter
	values   prometheus.Counter
	rejected prometheus.Counter
	requests *prometheus.CounterVec
}

func newLineMetrics(r prometheus.Registerer) *lineMetrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &lineMetrics{
		lines:    counter("aegis_line_protocol_lines_total", "Lines stored from line protocol."),
		values:   counter("aegis_line_protocol_values_total", "Fields of these lines."),
		rejected: counter("aegis_line_protocol_rejected_lines_total", "Lines that were wrong and are not stored."),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "aegis_line_protocol_requests_total", Help: "Line protocol requests by outcome: ok, partial, or the error's code.",
		}, []string{"outcome"}),
	}
	r.MustRegister(m.lines, m.values, m.rejected, m.requests)
	return m
}

func (m *lineMetrics) received(r lineproto.Report, err error) {
	m.lines.Add(float64(r.Stored))
	m.values.Add(float64(r.Values))
	var partial *lineproto.PartialError
	if errors.As(err, &partial) {
		m.rejected.Add(float64(partial.Dropped))
		m.requests.WithLabelValues("partial").Inc()
		return
	}
	m.requests.WithLabelValues(outcome(err)).Inc()
}
