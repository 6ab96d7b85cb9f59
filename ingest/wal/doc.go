// Package wal is the write-ahead log of a shard: what was acknowledged is in it until it is in a committed segment.
//
// It owns the files, their record format (FORMAT.md), group commit and replay. It must not know the head, the
// catalog or who writes: rows come as refs into a series dictionary of the caller's and as columns, and go back the same way.
package wal
