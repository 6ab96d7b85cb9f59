// Package profile takes profiles of a running aegis server while it is asked one query again and again: where its CPU time goes, what it allocates and
// what it waits for, each by the function of Aegis' that did it or had it done. Reports keep them, and print those of queries that a peer answers faster.
package profile
