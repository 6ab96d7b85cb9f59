package exec

import (
	"sync/atomic"

	"github.com/automatanexus/aegis-db/column/mem"
)

// JoinStats is what a join did. The side that is held is the right one, unless BuildLeft says otherwise.
type JoinStats struct {
	BuildLeft  bool
	BuildRows  int64 // rows held
	Keys       int64 // distinct keys among them
	HeldBytes  int64 // the rows and the table
	TableBytes int64 // the hash table alone

	probeRows atomic.Int64
}

// ProbeRows is how many rows were looked up so far.
func (s *JoinStats) ProbeRows() int64 { return s.probeRows.Load() }

// Join is what a join did; nil for other operators, and before a join has read the side it holds.
func (s *Stats) Join() *JoinStats { return s.join.Load() }

// builtOnDisk publishes what is known of a build side that is joined part by part.
func (s *Stats) builtOnDisk(left bool, rows int64) *JoinStats {
	j := &JoinStats{BuildLeft: left, BuildRows: rows}
	s.join.Store(j)
	return j
}

// built publishes what is known once the build side is complete.
func (s *Stats) built(left bool, side *buildSide, pool *mem.Pool) *JoinStats {
	j := &JoinStats{
		BuildLeft: left, BuildRows: int64(side.rows), Keys: int64(side.groups),
		HeldBytes: pool.Used(), TableBytes: side.tableBytes(),
	}
	s.hold(j.HeldBytes) // for its peak
	s.hold(-j.HeldBytes)
	s.join.Store(j)
	return j
}
