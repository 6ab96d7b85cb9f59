// Package tsbs is the workload that systems are compared with: the cpu-only data of the Time Series Benchmark Suite, its
// queries with random parameters, and the right answer to each, computed from the generated values and by no database.
// Everything follows from a seed, so that every system gets the same rows and the same questions. It must not know how a
// system is started or asked; it only writes the forms in which rows and queries are sent.
package tsbs
