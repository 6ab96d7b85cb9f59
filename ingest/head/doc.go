// Package head keeps the newest rows of a shard in memory, compressed, per series, until they are flushed.
//
// It owns the series dictionary, the chunks of each generation, the scan over them, and the uniting of rows that merge. It must not
// know the WAL, the catalog's machinery or segments: who appends, freezes and drops generations is the shard, and what is
// stored of a row comes through scan.Filler.
package head
