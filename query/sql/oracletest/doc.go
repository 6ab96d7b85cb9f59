// Package oracletest compares the parser with PostgreSQL's own grammar. It is a
// module of its own because the grammar is C: it needs cgo, and compiling it
// takes a minute of CPU on a cold cache.
package oracletest
