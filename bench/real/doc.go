// Package real holds Aegis against a real Prometheus: Prometheus scrapes itself and a node_exporter, sends what it scrapes
// by remote write, and afterwards both are asked for the same closed window. It owns how the foreign programs are
// found and started and how their answers are compared. It must not excuse any difference.
package real
