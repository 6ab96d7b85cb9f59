// Package frame puts records into append-only files so that damage is always noticed and never read as data.
//
// It owns the framing that the write-ahead log, the Raft stores and catalog snapshots share: the file header,
// the record with its checksums, the difference between a torn end and damage in the middle, and the repair
// of both. FORMAT.md draws the bytes. It does not know what a record means, when a group of records must be
// durable, or when a file is full; its callers do.
package frame
