// Package suite runs a suite of analytic queries against a server and DuckDB over the same files: it loads both, compares every answer,
// and shows the times side by side. Suites are packages of their own beside it: their tables, their files, their queries.
package suite
