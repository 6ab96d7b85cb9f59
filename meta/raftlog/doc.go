// Package raftlog keeps what Raft must not forget: its log, its votes and terms, and its snapshots.
//
// It owns three stores for hashicorp/raft on top of column/frame and column/vfs, so that checksums, fault
// injection and crash tests reach every byte. Damage is an error that names file and offset, never an entry
// that was not written. It knows nothing of what the entries mean, and nothing of elections or the network.
//
//	DIR/stable                       all keys of the stable store; replaced as a whole
//	DIR/log/00000001.raftlog ...     the log, in segments; only the last one grows
//	DIR/snapshots/INDEX-TERM-N.snap  snapshots; the newest two are kept
package raftlog
