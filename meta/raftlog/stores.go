package raftlog

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/frame"
	"github.com/automatanexus/aegis-db/column/vfs"
)

// Options of the stores. The zero value is right for a catalog.
type Options struct {
	// SegmentSize is the size in bytes at which a log segment is finished; 0 means 16 MiB. Whole segments are
	// deleted after a snapshot, so this bounds what the log keeps too long.
	SegmentSize int64
	// MaxEntry bounds one encoded log entry, in bytes; 0 means frame.DefaultMaxRecord.
	MaxEntry int
	// Retain is how many snapshots are kept; 0 means 2.
	Retain int
}

func (o Options) withDefaults() Options {
	if o.SegmentSize <= 0 {
		o.SegmentSize = 16 << 20
	}
	if o.MaxEntry <= 0 {
		o.MaxEntry = frame.DefaultMaxRecord
	}
	if o.Retain <= 0 {
		o.Retain = 2
	}
	return o
}

// Stores are the three stores of one Raft node.
type Stores struct {
	Log       *LogStore
	Stable    *StableStore
	Snapshots *SnapshotStore
}

// Open opens the stores in dir and makes them if the folder is empty. The log without the stable file, or
// the other way round, is an error: a node that forgot its vote could vote twice in one term.
func Open(fsys vfs.FS, dir string, o Options) (*Stores, error) {
	if err := fsys.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("raft stores: %w", err)
	}
	if _, err := vfs.RemoveTemp(fsys, dir); err != nil {
		return nil, fmt.Errorf("raft stores: %w", err)
	}
	logDir, stableFile := filepath.Join(dir, "log"), filepath.Join(dir, "stable")
	hasStable, err := vfs.Exists(fsys, stableFile)
	if err != nil {
		return nil, fmt.Errorf("raft stores: %w", err)
	}
	segments, err := segmentNumbers(fsys, logDir)
	if err != nil {
		return nil, err
	}
	if !hasStable && len(segments) > 0 {
		return nil, column.Errorf(column.Corrupt, "%s: the file is missing, but there is a log in %s", stableFile, logDir)
	}
	s := &Stores{}
	if s.Stable, err = OpenStable(fsys, stableFile); err != nil {
		return nil, err
	}
	if len(segments) == 0 && s.Stable.len() > 0 {
		return nil, column.Errorf(column.Corrupt, "%s: the raft log is missing, but there is %s", logDir, stableFile)
	}
	if s.Snapshots, err = OpenSnapshots(fsys, filepath.Join(dir, "snapshots"), o); err != nil {
		return nil, err
	}
	if s.Log, err = OpenLog(fsys, logDir, o); err != nil {
		return nil, err
	}
	if err := s.checkGap(logDir); err != nil {
		return nil, errors.Join(err, s.Log.Close())
	}
	return s, nil
}

// checkGap refuses a log that begins after the newest snapshot ends: entries between are lost, and Raft
// would carry on without them. A log that ends before the snapshot does is what a crash leaves between
// receiving a snapshot and clearing the log; the clearing is done here, or the log could not be continued.
func (s *Stores) checkGap(logDir string) error {
	first, _ := s.Log.FirstIndex()
	last, _ := s.Log.LastIndex()
	metas, err := s.Snapshots.List()
	if err != nil || first == 0 {
		return err
	}
	var covered uint64
	if len(metas) > 0 {
		covered = metas[0].Index
	}
	if first > covered+1 {
		return column.Errorf(column.Corrupt, "%s: the log begins at entry %d, but the newest snapshot ends at entry %d", logDir, first, covered)
	}
	if last < covered {
		return s.Log.DeleteRange(first, last)
	}
	return nil
}

// Close closes the files. The stable store and the snapshots hold none open.
func (s *Stores) Close() error { return s.Log.Close() }
