// Package compact merges segments, so that every partition keeps a few: smaller segments of one level become one of
// the next, deleted rows go, and what stays is encoded for size. It is always on and needs memory for one row group and a
// run per input, however large the segments are.
//
// Rows that are deleted while a merge runs are found again in its output, so that it need not start over. It must not know
// the head, SQL, or which deletes are to come: its commit is conditional on the segments and deletion vectors that it read.
package compact

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/tiering/segments"
	"github.com/automatanexus/aegis-db/tiering/upkeep"
)

// Options configures a Compactor; the first three are needed.
type Options struct {
	Catalog  meta.Catalog
	Files    segment.Files
	Segments *segments.Cache
	Pool     *mem.Pool // parent of the merges' pools
	Logger   *slog.Logger
	// FullRows and FullBytes are the size at which a segment grows no more. Default 64 Mi rows or 1 GiB.
	FullRows, FullBytes int64
	// CheapRows is the size up to which a segment is rewritten for a single dead row, when no row of it has died for a pass. Default 64 Ki
	// rows.
	CheapRows int64
	// Indexer, if not nil, makes what stands beside the outputs before they are published.
	Indexer meta.Indexer
	// Publish calls replace, which moves segments in the catalog, at a moment when every delete of their rows is in a deletion
	// vector, and keeps others from coming until it returns. Default: it just calls it, where deletes come by no other way.
	Publish func(ctx context.Context, replace func(context.Context) error) error
}

// Compactor merges segments, one job at a time. Safe for concurrent use.
type Compactor struct {
	options  Options
	loop     upkeep.Loop
	mu       sync.Mutex // held during a pass: two passes would merge the same segments
	quiet    quiet      // guarded by mu
	moves    moves
	running  atomic.Int64
	merges   atomic.Int64
	failures atomic.Int64
}

// New makes a compactor that does nothing by itself before Start.
func New(o Options) *Compactor {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.FullRows == 0 {
		o.FullRows = defaultFullRows
	}
	if o.CheapRows == 0 {
		o.CheapRows = defaultCheapRows
	}
	if o.FullBytes == 0 {
		o.FullBytes = defaultFullBytes
	}
	if o.Publish == nil {
		o.Publish = func(ctx context.Context, replace func(context.Context) error) error { return replace(ctx) }
	}
	return &Compactor{options: o, moves: moves{pool: mem.NewPool("routes of merges", maxMoves, o.Pool)}}
}

// Start looks for work at intervals until Stop.
func (c *Compactor) Start(every time.Duration) {
	c.loop.Start(every, func(ctx context.Context) {
		_ = c.pass(ctx, false) // each failure is logged where it happened
	})
}

// Stop ends what Start began: a merge that runs is given up, and leaves nothing.
func (c *Compactor) Stop() {
	c.loop.Stop()
	c.moves.forget(math.MaxUint64)
}

// Run merges every partition into as few segments as their largest size allows.
func (c *Compactor) Run(ctx context.Context) error { return c.pass(ctx, true) }

// Stats counts the merges done and the attempts that failed.
func (c *Compactor) Stats() (merges, failures int64) { return c.merges.Load(), c.failures.Load() }

// Running counts the merges that are being done now.
func (c *Compactor) Running() int64 { return c.running.Load() }

// pass works until nothing is left to do. A partition that fails is left alone for the rest of the pass, so that one
// damaged segment does not stop the others' compaction.
func (c *Compactor) pass(ctx context.Context, all bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() { c.moves.forget(c.options.Catalog.OldestHeld()) }()
	type place struct {
		table     meta.TableID
		partition int64
	}
	left := map[place]bool{}
	var errs []error
	if !all {
		c.quiet.next()
	}
	for {
		if err := c.dropDead(ctx); err != nil {
			c.options.Logger.Error("segments without live rows could not be dropped", "error", err)
			return errors.Join(append(errs, err)...)
		}
		j, ok := c.find(all, func(t meta.TableID, p int64) bool { return left[place{t, p}] })
		if !ok {
			return errors.Join(errs...)
		}
		err := c.merge(ctx, j)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if all || err != nil {
			left[place{j.table, j.partition}] = true
		}
		if err != nil {
			c.failures.Add(1)
			c.options.Logger.Error("merge failed", "table", j.table, "partition", j.partition, "segments", len(j.inputs), "error", err)
			errs = append(errs, err)
		}
	}
}

// find looks for the next job; partitions that skip names are passed over.
func (c *Compactor) find(all bool, skip func(meta.TableID, int64) bool) (job, bool) {
	catalog := c.options.Catalog.Snapshot()
	for _, d := range catalog.Databases() {
		for _, t := range catalog.Tables(d.ID) {
			m := catalog.Manifest(t.ID)
			for _, p := range m.Partitions() {
				if skip(t.ID, p) {
					continue
				}
				if j, ok := c.options.pick(t.ID, p, slices.Collect(m.InPartition(p)), all, c.quiet.is); ok {
					return j, true
				}
			}
		}
	}
	return job{}, false
}

// tries is how often a merge starts again because its inputs changed in a way that it cannot follow.
const tries = 3

func (c *Compactor) merge(ctx context.Context, j job) error {
	c.running.Add(1)
	defer c.running.Add(-1)
	for try := 1; ; try++ {
		err := c.mergeOnce(ctx, j)
		if !errors.Is(err, column.Conflict) || try == tries {
			return err
		}
		// Read the inputs' records again, and do without those that are gone.
		m := c.options.Catalog.Snapshot().Manifest(j.table)
		var inputs []*meta.Segment
		for _, s := range j.inputs {
			if now := m.Segment(s.ID); now != nil {
				inputs = append(inputs, now)
			}
		}
		if len(inputs) == 0 {
			return nil
		}
		j.inputs = inputs
	}
}

func (c *Compactor) mergeOnce(ctx context.Context, j job) error {
	started := time.Now()
	snapshot, release := c.options.Catalog.Acquire()
	defer release()
	table := snapshot.TableByID(j.table)
	if table == nil {
		return nil // dropped meanwhile
	}
	handles := make([]*segments.Handle, 0, len(j.inputs))
	defer func() {
		for _, h := range handles {
			h.Release()
		}
	}()
	for _, s := range j.inputs {
		h, err := c.options.Segments.Acquire(ctx, j.table, s)
		if err != nil {
			return err
		}
		handles = append(handles, h)
	}
	pool := mem.NewPool("compaction", 0, c.options.Pool)
	defer pool.Close()
	m := &merger{c: c, job: j, schema: &table.Columns, pool: pool, route: &route{pool: pool}}
	out, err := m.run(ctx, handles)
	if err != nil {
		return err
	}
	if c.options.Indexer != nil {
		c.options.Indexer.Index(ctx, table, m.out)
	}
	if err := m.publish(ctx); err != nil {
		if !m.unknown {
			m.abort(context.WithoutCancel(ctx))
		}
		return err
	}
	c.merges.Add(1)
	c.options.Logger.Info("merged", "table", table.Name, "partition", j.partition, "why", j.why, "from", len(j.inputs),
		"to", len(out), "level", j.level, "rows", rowsOf(out), "bytes", bytesOf(out), "took", time.Since(started))
	return nil
}

// refused reports errors that the state machine gave: the command was not applied and will not be. After every other error (a
// time-out, a caller that went away, a disk that failed) it may still be: the files stay, for the next start to sort out.
func refused(err error) bool {
	switch column.ClassOf(err) {
	case column.Conflict, column.Invalid, column.NotFound, column.Limit, column.Unsupported:
		return true
	}
	return false
}

func rowsOf(list []meta.Segment) (n int64) {
	for _, s := range list {
		n += s.Rows
	}
	return n
}

func bytesOf(list []meta.Segment) (n int64) {
	for _, s := range list {
		n += s.DataBytes + s.SidecarBytes
	}
	return n
}
