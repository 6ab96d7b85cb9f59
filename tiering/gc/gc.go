// Package gc removes the files that no catalog version in use names: segments and deletion vectors that were replaced,
// and orphans that a crash left before their command.
//
// It must not know what replaces segments, or why.
package gc

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/tiering/segments"
	"github.com/automatanexus/aegis-db/tiering/upkeep"
)

// Options configures a Collector; all of it is needed but Logger and Now.
type Options struct {
	Catalog  meta.Catalog
	Files    segment.Files
	Segments *segments.Cache
	// Beside, if not nil, removes what others keep beside a segment.
	Beside func(ctx context.Context, table meta.TableID, segment meta.SegmentID) error
	// History is how long the past stays readable: replaced segments and vectors, old descriptions of tables, dropped tables. Tables may ask for
	// another time, and what a pin names stays for good. 0 or less: not at all.
	History time.Duration
	// Keep is how long files stay after they were first seen to be garbage, for readers without a snapshot (other programs).
	Keep   time.Duration
	Logger *slog.Logger
	Now    func() time.Time
}

// Collector removes garbage. Safe for concurrent use.
type Collector struct {
	options Options
	loop    upkeep.Loop

	mu   sync.Mutex
	seen map[meta.Garbage]time.Time // when it was first met
}

// New makes a collector that does nothing by itself before Start.
func New(o Options) *Collector {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Collector{options: o, seen: map[meta.Garbage]time.Time{}}
}

// Start collects at intervals until Stop.
func (c *Collector) Start(every time.Duration) {
	c.loop.Start(every, func(ctx context.Context) {
		if err := c.Run(ctx); err != nil && ctx.Err() == nil {
			c.options.Logger.Warn("replaced files could not be removed; will try again", "error", err)
		}
	})
}

// Stop ends what Start began, and waits for it.
func (c *Collector) Stop() { c.loop.Stop() }

// Run forgets the past that is older than History, then removes the files that may be removed now: no open snapshot is older than the
// version that removed them, and Keep is over.
func (c *Collector) Run(ctx context.Context) error {
	var gone []meta.Garbage
	var errs []error
	if err := c.expire(ctx); err != nil {
		errs = append(errs, err) // what is garbage already can still go
	}
	oldest := c.options.Catalog.OldestHeld()
	for _, g := range c.due(c.options.Catalog.Snapshot().Garbage(), oldest) {
		if err := c.remove(ctx, g); err != nil {
			errs = append(errs, err)
			continue
		}
		gone = append(gone, g)
	}
	if len(gone) == 0 {
		return errors.Join(errs...)
	}
	if _, err := c.options.Catalog.Propose(ctx, meta.Command{Forget: &meta.Forget{Garbage: gone}}); err != nil {
		return errors.Join(append(errs, err)...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range gone {
		delete(c.seen, g)
	}
	return errors.Join(errs...)
}

// expire makes garbage of the past that is over.
func (c *Collector) expire(ctx context.Context) error {
	history := c.options.History.Microseconds()
	if c.options.History <= 0 {
		history = -1
	}
	expire := c.options.Catalog.Snapshot().Horizons(c.options.Now().UnixMicro(), history)
	_, err := c.options.Catalog.Propose(ctx, meta.Command{Expire: expire})
	return err
}

// due picks the garbage whose time is over.
func (c *Collector) due(all []meta.Garbage, oldest meta.Version) []meta.Garbage {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.options.Now()
	var out []meta.Garbage
	for _, g := range all {
		since, known := c.seen[g]
		if !known {
			since = now
			c.seen[g] = now
		}
		if g.Removed <= oldest && now.Sub(since) >= c.options.Keep {
			out = append(out, g)
		}
	}
	return out
}

// remove deletes the files of one piece of garbage; files that are gone already are fine, as a crash may come between
// the files and the Forget.
func (c *Collector) remove(ctx context.Context, g meta.Garbage) error {
	table, id := uint64(g.Table), uint64(g.Segment)
	if g.Vector > 0 {
		return c.removeFile(ctx, segment.VectorName(table, id, g.Vector))
	}
	c.options.Segments.Forget(g.Table, g.Segment)
	if c.options.Beside != nil {
		if err := c.options.Beside(ctx, g.Table, g.Segment); err != nil {
			return err
		}
	}
	if err := c.removeFile(ctx, segment.DataName(table, id)); err != nil {
		return err
	}
	return c.removeFile(ctx, segment.SidecarName(table, id))
}

func (c *Collector) removeFile(ctx context.Context, name string) error {
	err := c.options.Files.Remove(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Sweep removes the files that the catalog does not know at all. Only safe while nobody writes segments: at the start. A file whose
// number the catalog has yet to give out is no orphan: then the catalog has lost its end, or is an old copy, and an error of
// class column.Corrupt keeps everybody from writing over what is there.
func (c *Collector) Sweep(ctx context.Context) error {
	files, err := c.options.Files.List(ctx, "segments/")
	if err != nil {
		return err
	}
	catalog := c.options.Catalog.Snapshot()
	type file struct {
		table   meta.TableID
		segment meta.SegmentID
		vector  uint64
	}
	known := map[file]bool{}
	catalog.Files(func(table meta.TableID, id meta.SegmentID, vector uint64) { known[file{table, id, vector}] = true })
	for _, f := range files {
		table, id, vector, ok := segment.ParseName(f.Name)
		if ok && meta.SegmentID(max(id, vector)) >= catalog.NextSegment() {
			return column.Errorf(column.Corrupt, "%s is newer than the catalog, which next gives out number %d: restore the newest catalog", f.Name, catalog.NextSegment())
		}
		if !ok || known[file{meta.TableID(table), meta.SegmentID(id), vector}] {
			continue
		}
		c.options.Logger.Info("removing a file of an unfinished flush or merge", "file", f.Name, "bytes", f.Size)
		if err := c.removeFile(ctx, f.Name); err != nil {
			return err
		}
	}
	return nil
}
