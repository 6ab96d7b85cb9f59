// Package segment writes and reads segments: immutable Parquet files that anyone can open, each with a sidecar of our own that
// says where every series and every page lies, what is in it and what its checksum is, and with versioned deletion vectors.
// FORMAT.md draws the files. Readers go by the sidecar alone; the Parquet footer is for others.
//
// It must not know the catalog, the life of a table, or where files live: storage is behind Files.
package segment
