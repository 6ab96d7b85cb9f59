package ingest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/ingest/wal"
	"github.com/automatanexus/aegis-db/meta"
)

// Shard is the one writer of its rows.
//
// A commit gets its seq, its place in the WAL and its rows in the head under one lock, so that all three have one order. It
// becomes visible later: when it, and every commit before it, is as durable as its writer asked for. So the head may
// hold rows that a failed sync has lost; nobody sees them, and no flush writes them, since a flush syncs first. Applying rows
// only after the sync was rejected: it would need a queue of batches between WAL and head that keeps them twice.
type Shard struct {
	opts     Options
	epoch    uint64
	head     *head.Head
	log      *wal.Log
	headPool *mem.Pool
	inflight *mem.Pool

	// gate is held shared by commits that end rows, while they find the rows and are appended, and alone by whoever changes where rows
	// lie. So no row ends unseen in a place that is being left.
	gate sync.RWMutex
	// unsure says that a command of whoever held the gate may still be applied: nothing may end before that is known.
	unsure atomic.Bool
	dead   deadRows

	// mu is the order of commits. Lock order: flushMu, gate, mu, visible.mu, and then those inside of head and log.
	mu     sync.Mutex
	closed bool
	// closing are tables that take no rows now; anyClosing spares looking.
	closing    closing
	anyClosing atomic.Bool
	// doubt is the commit that is in doubt, nil if none is.
	doubt   *doubt
	inDoubt atomic.Bool

	visible visibility

	moved flushMoves

	unique  uniqueTables
	keyPool *mem.Pool // filters of segments' tuples

	flushMu  sync.Mutex // one flush at a time
	flushed  atomic.Uint64
	flushes  atomic.Int64
	failures atomic.Int64
	statusMu sync.Mutex
	lastErr  error
	retryAt  time.Time // of the flusher, after a failure

	kick    chan struct{}
	kickEnd chan struct{}
	stop    context.CancelFunc
	done    sync.WaitGroup
}

// Open opens a shard: it takes the next epoch, which fences every owner before, replays the WAL into the head, and starts the
// flusher.
func Open(ctx context.Context, o Options) (*Shard, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	got, err := o.Catalog.Propose(ctx, meta.Command{OpenShard: &meta.OpenShard{Shard: o.Shard}})
	if err != nil {
		return nil, fmt.Errorf("open shard %d: %w", o.Shard, err)
	}
	s := &Shard{
		opts: o, epoch: got.ID, kick: make(chan struct{}, 1), kickEnd: make(chan struct{}, 1),
		headPool: mem.NewPool("the head", o.HeadBytes, o.Pool),
		inflight: mem.NewPool("writes in flight", o.InflightBytes, o.Pool),
		keyPool:  mem.NewPool("filters of keys", o.KeyBytes, o.Pool),
		moved:    flushMoves{pool: mem.NewPool("rows that were flushed under transactions", o.HeadBytes, o.Pool)},
	}
	s.head = head.New(head.Options{Pool: s.headPool, Now: o.Now, SeriesLimit: o.SeriesLimit, Retire: o.retire, Epoch: s.epoch})
	flushed := o.Catalog.Snapshot().FlushedSeq(o.Shard)
	s.flushed.Store(uint64(flushed))
	r := &replayer{shard: s, ctx: ctx, log: wal.Options{
		FS: o.FS, Dir: o.Dir, Shard: o.Shard, Epoch: s.epoch, Flushed: flushed, Known: known(o.Catalog.Snapshot(), o.Shard), FileBytes: o.FileBytes, Repair: o.Repair, Logger: o.Logger,
	}}
	s.log, err = wal.Open(r.log, wal.Replay{File: r.file, Define: r.define, Commit: r.commit})
	if err != nil {
		s.head.Close()
		return nil, fmt.Errorf("open shard %d: %w", o.Shard, err)
	}
	s.visible.start(s.log.Stats().Seq)
	if r.rows > 0 {
		o.Logger.Info("replayed the write-ahead log", "rows", r.rows, "skipped", r.skipped, "head_bytes", s.head.Stats().Bytes)
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	if o.Repair {
		if err := s.afterRepair(ctx, r); err != nil {
			return nil, errors.Join(err, s.Abort())
		}
	}
	if o.Tick > 0 {
		s.done.Go(func() { s.run(run) })
		s.done.Go(func() { s.runDeletes(run) })
	}
	return s, nil
}

// known is the newest seq that the catalog names: of deletes that are published, and of truncations.
func known(c *meta.Snapshot, shard meta.ShardID) meta.Seq {
	seq := c.DeletedSeq(shard)
	for _, d := range c.Databases() {
		for _, t := range c.Tables(d.ID) {
			seq = max(seq, t.From)
		}
	}
	return seq
}

// afterRepair notes in the catalog what the log lacks now: it must not be missed at the next start as well.
func (s *Shard) afterRepair(ctx context.Context, r *replayer) error {
	if r.rows > 0 {
		if err := s.Flush(ctx); err != nil {
			return err
		}
	}
	catalog := s.opts.Catalog.Snapshot()
	last := known(catalog, s.opts.Shard)
	if r.seq >= last || catalog.FlushedSeq(s.opts.Shard) >= last {
		return nil
	}
	_, err := s.opts.Catalog.Propose(ctx, meta.Command{Commit: &meta.Commit{
		Flushed: &meta.Flushed{Shard: s.opts.Shard, Epoch: s.epoch, Seq: last}, PrevFlushed: catalog.FlushedSeq(s.opts.Shard),
	}})
	return err
}

// Snapshot shows what is visible now. Take it before the catalog's snapshot that it is combined with: then rows that left the head
// meanwhile are in that catalog's segments, and rows up to its flushed mark are shown from segments only.
func (s *Shard) Snapshot() *head.Snapshot { return s.head.Snapshot(s.visible.seq()) }

// Nothing is the head without any row or delete, for whoever reads segments alone.
func (s *Shard) Nothing() *head.Snapshot { return s.head.Snapshot(0) }

// ID is the shard's number in the catalog.
func (s *Shard) ID() meta.ShardID { return s.opts.Shard }

// Close flushes and closes. Rows that cannot be flushed stay in the WAL; the error says so, and the shard is closed all the same.
func (s *Shard) Close(ctx context.Context) error {
	err := s.Flush(ctx)
	if errors.Is(err, errClosed) {
		return nil
	}
	return errors.Join(err, s.Abort())
}

// Abort closes without a flush: the next Open replays.
func (s *Shard) Abort() error {
	s.mu.Lock()
	was := s.closed
	s.closed = true
	s.mu.Unlock()
	if was {
		return nil
	}
	s.stop()
	s.done.Wait()
	s.flushMu.Lock()
	defer s.flushMu.Unlock()
	err := s.log.Close()
	s.head.Close()
	s.unique.forget(func(meta.TableID) bool { return true })
	s.moved.settle(math.MaxUint64, 1)
	return err
}

var errClosed = column.Errorf(column.Overloaded, "the shard is closed")

// Stats is what the shard holds and did.
type Stats struct {
	HeadBytes      int64
	HeadRows       int64
	Series         int64
	WALBytes       int64
	WALFiles       int
	WALError       error    // what made the WAL refuse all writes until a restart
	Seq            meta.Seq // newest assigned
	Visible        meta.Seq
	Flushed        meta.Seq
	PendingDeletes int64 // rows of segments that have ended and are in no deletion vector yet
	Flushes        int64
	FlushFailures  int64
	LastFlushError error // nil once a flush has succeeded again
	InflightBytes  int64
	Generations    []GenerationStats
}

// GenerationStats describes a generation of the head.
type GenerationStats struct {
	First, Last meta.Seq
	Rows, Bytes int64
	Age         time.Duration // of its first row
	Frozen      bool
}

// Stats reports figures; each is right, though not all of one moment.
func (s *Shard) Stats() Stats {
	h, w := s.head.Stats(), s.log.Stats()
	out := Stats{
		HeadBytes: h.Bytes, HeadRows: h.Rows, Series: h.Series,
		WALBytes: w.Bytes, WALFiles: w.Files, WALError: w.Err, Seq: w.Seq,
		Visible: s.visible.seq(), Flushed: meta.Seq(s.flushed.Load()),
		Flushes: s.flushes.Load(), FlushFailures: s.failures.Load(), InflightBytes: s.inflight.Used(),
	}
	out.PendingDeletes, _ = s.head.PendingRows()
	s.statusMu.Lock()
	out.LastFlushError = s.lastErr
	s.statusMu.Unlock()
	now := s.opts.Now()
	for _, g := range h.Generations {
		if g.Rows == 0 {
			continue
		}
		out.Generations = append(out.Generations, GenerationStats{
			First: g.First, Last: g.Last, Rows: g.Rows, Bytes: g.Bytes, Age: now.Sub(g.Oldest), Frozen: g.Frozen,
		})
	}
	return out
}
