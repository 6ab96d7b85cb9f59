package node

import (
	"log/slog"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs"
)

// The defaults of Options.
const (
	// defaultTimeout is far above any fsync that a disk in order takes.
	defaultTimeout = 10 * time.Second
	// defaultThreshold keeps the log below a megabyte (a flush's command has some 500 bytes) and its replay at a start
	// below 20 ms, at the price of a snapshot, some megabytes for 100,000 segments, every 512 commands.
	defaultThreshold = 512
	// defaultInterval is how often the threshold is looked at.
	defaultInterval = 5 * time.Second
	// trailingLogs stay when a snapshot is made. A single voter has no follower to feed: they are there for people.
	trailingLogs = 32
	// maxCommand bounds an encoded command. A commit of 10,000 segments has about 3 MB.
	maxCommand = 16 << 20
)

// Options says where the catalog lives. FS and Dir are needed.
//
// Raft takes a clock of its own; nothing the catalog stores depends on that.
type Options struct {
	FS  vfs.FS
	Dir string // made if it is not there; belongs to the catalog alone
	// NodeID names this voter. A folder keeps the name it was made with. Default "1".
	NodeID string
	// Logger gets warnings, errors and, as debug messages, what Raft tells. Default: none.
	Logger *slog.Logger
	// Timeout bounds a Propose whose context has no earlier deadline, and the wait for leadership in Open. Default 10 s.
	Timeout time.Duration
	// SnapshotEvery is the number of log entries after which the log is cut. Default 512.
	SnapshotEvery uint64
	// SnapshotCheck is how often that number is looked at, at least 5 ms. Default 5 s.
	SnapshotCheck time.Duration
	// Now is the clock that versions get their times from; without one the catalog keeps no history.
	Now func() time.Time

	// open replaces the stores on FS and Dir in tests.
	open func(*Options) (*stores, error)
}

func (o *Options) validate() error {
	if o.NodeID == "" {
		o.NodeID = "1"
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.SnapshotEvery == 0 {
		o.SnapshotEvery = defaultThreshold
	}
	if o.SnapshotCheck == 0 {
		o.SnapshotCheck = defaultInterval
	}
	if o.open == nil {
		o.open = openStores
		if o.FS == nil || o.Dir == "" {
			return column.Errorf(column.Invalid, "the catalog needs a file system and a folder")
		}
	}
	if o.Timeout < 0 || o.SnapshotCheck < 5*time.Millisecond {
		return column.Errorf(column.Invalid, "the catalog's time-out %s or snapshot interval %s is too short", o.Timeout, o.SnapshotCheck)
	}
	return nil
}
