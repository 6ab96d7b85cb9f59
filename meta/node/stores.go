package node

import (
	"github.com/automatanexus/aegis-db/meta/raftlog"
)

// segmentSize is that of a file of the log. Files go as a whole when a snapshot covers them, and all that is left is read
// at a start: one megabyte, some 2,000 commands, reads in a few milliseconds.
const segmentSize = 1 << 20

// openStores opens the stores in the options' folder.
func openStores(o *Options) (*stores, error) {
	s, err := raftlog.Open(o.FS, o.Dir, raftlog.Options{SegmentSize: segmentSize, MaxEntry: 2 * maxCommand})
	if err != nil {
		return nil, err
	}
	return &stores{log: s.Log, stable: s.Stable, snapshots: s.Snapshots, close: s.Close}, nil
}
