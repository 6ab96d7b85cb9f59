// Package oracletest compares package lineproto with the official decoder of line protocol, and writes to a real server with the
// official client. It is a module of its own, so that the product depends on neither.
package oracletest
