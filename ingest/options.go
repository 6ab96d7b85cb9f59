package ingest

import (
	"context"
	"log/slog"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/ingest/wal"
	"github.com/automatanexus/aegis-db/meta"
)

// Options configures a shard. Zero values of the budgets mean the defaults below.
type Options struct {
	FS      vfs.FS
	Dir     string // folder of the WAL; made if missing
	Shard   meta.ShardID
	Catalog meta.Catalog
	Files   segment.Files // where flushed segments go
	// OpenSegment opens a live segment, to look keys up; nil = Files does, each time anew.
	OpenSegment func(ctx context.Context, table meta.TableID, s *meta.Segment) (OpenedSegment, error)
	// Moved finds rows of a segment that merges have replaced since (compact.Compactor has it), in segments that are live; nil = nobody knows.
	Moved   func(table meta.TableID, segment meta.SegmentID, rows *roaring.Bitmap, live func(meta.SegmentID) bool) (map[meta.SegmentID]*roaring.Bitmap, bool)
	Indexer meta.Indexer // makes the indexes of flushed segments; nil = there are none
	// Forget closes what readers have open of a segment whose files are about to be removed; nil = nobody has.
	Forget func(table meta.TableID, segment meta.SegmentID)
	Pool   *mem.Pool        // parent of the shard's own pools; nil = none
	Now    func() time.Time // nil = time.Now
	Logger *slog.Logger     // nil = silent

	HeadBytes     int64         // budget of the head; above it writes are refused
	WALBytes      int64         // budget of the WAL's files; above it writes are refused
	InflightBytes int64         // budget of batches on their way to the disk
	KeyBytes      int64         // budget of the filters by which unique constraints rule segments out
	FlushBytes    int64         // a head of this size is flushed
	FlushAge      time.Duration // a head whose oldest row is this old is flushed
	SegmentBytes  int64         // a flushed segment ends at about this size
	FileBytes     int64         // size of a WAL file
	OwnBytes      int64         // what a transaction holds in memory before its rows go to segments
	SeriesLimit   int           // series of one table
	RowBytes      int           // text of one row
	// Tick is how often ages and sizes are looked at, and unsynced rows of AckNone and AckBuffer are synced; < 0 = never,
	// for tests that call Flush themselves.
	Tick time.Duration
	// DecideWait is how long the lost answer to a command is looked for that decides over a commit.
	DecideWait time.Duration
	// Repair opens a damaged WAL by dropping what follows the damage.
	Repair bool

	retire     int   // head.Options.Retire, for tests
	rowsPerKey int64 // the constant, which tests change
}

// Defaults for a machine of a few gigabytes. A head of 1 GiB holds some 700,000 active series; it flushes at half of that, so that
// writers never wait for a flush that keeps up. Two hours give a series scraped every minute 120 rows, where the cost of
// its key in a segment is below that of its values.
const (
	defaultHeadBytes     = 1 << 30
	defaultWALBytes      = 4 << 30
	defaultInflightBytes = 256 << 20
	defaultKeyBytes      = 1 << 30
	defaultFlushAge      = 2 * time.Hour
	defaultSegmentBytes  = 256 << 20
	defaultRowBytes      = 1 << 20
	defaultOwnBytes      = 128 << 20
	defaultTick          = time.Second
	defaultDecideWait    = 30 * time.Second
)

func (o Options) withDefaults() (Options, error) {
	if o.FS == nil || o.Catalog == nil || o.Files == nil || o.Dir == "" {
		return o, column.Errorf(column.Internal, "shard %d: FS, Dir, Catalog and Files are needed", o.Shard)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	setDefault(&o.HeadBytes, defaultHeadBytes)
	setDefault(&o.DecideWait, defaultDecideWait)
	setDefault(&o.WALBytes, defaultWALBytes)
	setDefault(&o.InflightBytes, defaultInflightBytes)
	setDefault(&o.KeyBytes, defaultKeyBytes)
	setDefault(&o.FlushBytes, o.HeadBytes/2)
	setDefault(&o.FlushAge, defaultFlushAge)
	setDefault(&o.SegmentBytes, defaultSegmentBytes)
	setDefault(&o.FileBytes, wal.DefaultFileBytes)
	// Space comes back by whole files.
	o.FileBytes = min(o.FileBytes, max(o.WALBytes/8, 1))
	setDefault(&o.SeriesLimit, head.DefaultSeriesLimit)
	setDefault(&o.RowBytes, defaultRowBytes)
	setDefault(&o.OwnBytes, min(defaultOwnBytes, o.InflightBytes/2))
	setDefault(&o.Tick, defaultTick)
	setDefault(&o.rowsPerKey, rowsPerKey)
	return o, nil
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}
