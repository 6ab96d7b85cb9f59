// Package meta is what exists: databases, tables, the manifest of each table at each catalog version, and how far
// each shard has been flushed. It is the only thing Raft replicates. Its contracts (Catalog, Writer) are what
// query, ingest and tiering share instead of importing each other.
//
// It must not know Parquet, Arrow compute or HTTP; SQL texts (of views, defaults, constraints) it keeps but never
// reads. It keeps nothing per series or per row.
package meta
