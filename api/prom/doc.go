// Package prom is Prometheus' HTTP API over a database: what Grafana, promtool and everything else that talks to a Prometheus asks
// for, in Prometheus' envelope, with its error types, texts and status codes. It owns paths, parameters and answers. It must not
// know how series are stored or queries evaluated.
package prom
