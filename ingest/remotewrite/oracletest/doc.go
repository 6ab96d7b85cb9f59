// Package oracletest compares package remotewrite with Prometheus' own messages. It is a module of its own, so that the product
// does not depend on Prometheus.
package oracletest
