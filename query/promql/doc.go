// Package promql asks in Prometheus' language: Prometheus' own parser and engine over our tables. It owns how selectors
// become scans, how rows become series of flat times and values, which fields of tables are metrics and what they are
// called, and the limits of a query. It must not know protocols, nor where bytes live: it reads scan.Source.
package promql
