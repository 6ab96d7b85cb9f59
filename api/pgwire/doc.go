// Package pgwire speaks PostgreSQL's protocol, version 3: start-up, simple and extended queries, portals, COPY, cancellation. It owns
// connections and the forms that values have on the wire; what statements mean is package query's.
//
// A connection is one goroutine that reads a message, does what it says and writes the answers in one piece when the client waits for
// them. Rows are written straight from the vectors of a batch. A client that does not read keeps its snapshot and memory, but no place
// among the statements that run.
package pgwire
