// Package node runs the catalog: it feeds the state machine of package meta from a Raft log, publishes each state it
// makes, and keeps account of who still reads an old one. It implements meta.Catalog.
//
// It owns the wiring of hashicorp/raft and nothing of what commands mean. It must not know segments' files, the network
// or SQL: today's cluster is one voter in one process.
package node
