// Package ingest is the way in: it takes batches of rows, makes them durable in the write-ahead log, keeps them in
// the head, shows them to readers and flushes them to segments.
//
// It owns the shard, its budgets and the order of these steps. It must not know queries, wire formats or what
// compaction does to segments afterwards.
package ingest
