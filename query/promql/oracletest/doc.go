// Package oracletest holds our storage under PromQL against Prometheus' own: the scripts that Prometheus tests its engine with
// run over a database of ours. It is a module of its own, so that Prometheus' storage and its dependencies stay out of the
// product's.
package oracletest
