// Package api serves a database over HTTP: SQL in JSON, CSV, NDJSON and Arrow, Prometheus' remote write, the catalog, health
// and metrics. docs/http.md describes what is on the wire.
//
// It owns protocols: parsing requests, printing answers, limits, time-outs and who may speak. It must not know how
// anything is stored or computed; it asks package aegis.
package api
