package ingest

import "github.com/automatanexus/aegis-db/ingest/head"

// Retained is how many bytes of rows that were flushed are still in memory because snapshots name them.
func (s *Shard) Retained(snapshots []*head.Snapshot) int64 { return s.head.Retained(snapshots) }
