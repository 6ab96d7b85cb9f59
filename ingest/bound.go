package ingest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/flush"
	"github.com/automatanexus/aegis-db/meta"
)

// bound is what a commit of rows is bound to: changes of the catalog, which have a log of their own. One command decides over both: the rows are durable in the
// shard's log before it is proposed, on condition, and the command says that they count. Until it is decided no other commit gets a seq, so that no flush can
// pass over the rows; after a crash the catalog tells the replay what was decided.
type bound struct {
	commands []meta.Command
	base     *meta.Snapshot // the newest
	catalog  *meta.Snapshot // with the commands applied
	written  []meta.Written // segments that are added to tables; see meta.Transaction
}

// all are the commands, those that add the segments among them; seq is the commit's.
func (b *bound) all(seq meta.Seq) []meta.Command {
	if len(b.written) == 0 {
		return b.commands[:len(b.commands):len(b.commands)]
	}
	return append(b.commands[:len(b.commands):len(b.commands)], meta.Add(b.written, seq))
}

// segment finds one that the commit adds, nil if it does not.
func (b *bound) segment(id meta.SegmentID) *meta.Segment {
	if b == nil {
		return nil
	}
	for _, w := range b.written {
		for i := range w.Segments {
			if w.Segments[i].ID == id {
				return &w.Segments[i]
			}
		}
	}
	return nil
}

// fits refuses to add segments to tables that are gone, or that have been altered by others so that they do not take such rows.
func (b *bound) fits() error {
	for i := range b.written {
		made := b.written[i].Table
		switch now := b.catalog.TableByID(made.ID); {
		case now != nil && now.Columns.Version != made.Columns.Version && !b.follows(made):
			if err := takes(now, made); err != nil {
				return err
			}
		case now == nil && b.base.TableByID(made.ID) == nil && !b.creates(made.ID):
			return column.SQLErrorf(column.NotFound, "42P01", "table %q does not exist", made.Name)
		}
	}
	return nil
}

// creates reports whether the commands make a table.
func (b *bound) creates(id meta.TableID) bool {
	return slices.ContainsFunc(b.commands, func(c meta.Command) bool { return c.CreateTable != nil && c.CreateTable.ID == id })
}

// commitBound commits rows together with changes of the catalog.
func (s *Shard) commitBound(ctx context.Context, t *meta.Transaction, deletes []meta.Deletes) (meta.Seq, error) {
	release, err := s.holdRows(t.Rows, nil)
	if err != nil {
		return 0, err
	}
	defer release()
	for {
		if err := unwanted(ctx); err != nil {
			return 0, err
		}
		newest := s.opts.Catalog.Snapshot()
		b := &bound{commands: t.Commands, base: newest, written: t.Written}
		var err error
		if b.catalog, _, err = newest.Apply(meta.Command{Batch: &meta.Batch{Commands: b.all(0)}}, 0); err != nil {
			return 0, err
		}
		if err := b.fits(); err != nil {
			return 0, err
		}
		rows, ended := b.left(newest, t.Rows, deletes)
		if len(rows)+len(ended)+len(t.Written) == 0 {
			_, err := s.opts.Catalog.Propose(ctx, meta.Command{Batch: &meta.Batch{Commands: t.Commands}})
			return s.visible.last(), err
		}
		checked, err := s.checkUnder(b.catalog, b, rows)
		if err != nil {
			return 0, err
		}
		resolved, err := s.resolve(ctx, checked)
		if err != nil {
			return 0, err
		}
		seq, err := s.change(ctx, resolved, ended, t.Again, b, meta.AckWAL)
		if err == errRetired { //nolint:errorlint // it is given as it is
			continue
		}
		if err != nil {
			return 0, err
		}
		if err := s.acknowledge(seq, meta.AckWAL); err != nil {
			return seq, fmt.Errorf("%w: %w", meta.ErrDoubt, err)
		}
		return seq, nil
	}
}

// follows reports whether all that has changed of a table since rows of a description of it were made is what the transaction itself changes.
func (b *bound) follows(made *meta.Table) bool {
	if b == nil {
		return false
	}
	before := b.base.TableByID(made.ID)
	return before == nil || made.Columns.Version >= before.Columns.Version
}

// left gives what is done to tables that are there after the commands: those that they drop take their rows with them.
func (b *bound) left(newest *meta.Snapshot, rows []meta.Rows, deletes []meta.Deletes) ([]meta.Rows, []meta.Deletes) {
	gone := func(id meta.TableID) bool {
		return b.catalog.TableByID(id) == nil && (newest.TableByID(id) != nil || b.creates(id))
	}
	var keptRows []meta.Rows
	for _, r := range rows {
		if !gone(r.Table.ID) {
			keptRows = append(keptRows, r)
		}
	}
	var keptDeletes []meta.Deletes
	for _, d := range deletes {
		if !gone(d.Table.ID) {
			keptDeletes = append(keptDeletes, d)
		}
	}
	return keptRows, keptDeletes
}

// catalogFor is the catalog that a commit is checked against.
func (s *Shard) catalogFor(p *prepared) *meta.Snapshot {
	if p.bound != nil {
		return p.bound.catalog
	}
	return s.opts.Catalog.Snapshot()
}

// decideLocked proposes what a commit is bound to. The caller holds mu, and the commit is the newest in the log. If it cannot be known what became of the
// command, the shard takes no more commits until a restart, which asks the catalog.
func (s *Shard) decideLocked(p *prepared, seq meta.Seq) error {
	if err := s.log.Sync(seq); err != nil {
		return err
	}
	b := p.bound
	ctx, cancel := context.WithTimeout(context.Background(), s.opts.DecideWait)
	defer cancel()
	commands := append(b.all(seq), meta.Command{Decided: &meta.Decided{Shard: s.opts.Shard, Epoch: s.epoch, Seq: seq}})
	_, err := s.opts.Catalog.Propose(ctx, meta.Command{Batch: &meta.Batch{Commands: commands}})
	if !flush.Unsure(err) {
		return err
	}
	for ctx.Err() == nil {
		// Once a later command has been applied, this one has been, or never will be.
		if _, later := s.opts.Catalog.Propose(ctx, meta.Command{ReserveIDs: &meta.ReserveIDs{Count: 1}}); later == nil {
			if s.opts.Catalog.Snapshot().Counts(s.opts.Shard, seq) {
				return nil
			}
			return err
		}
		time.Sleep(briefPause)
	}
	err = column.Errorf(column.Internal, "a transaction that changes the catalog is in doubt: %w", fmt.Errorf("%w: %w", meta.ErrDoubt, err))
	s.log.Fail(err)
	s.doubt = &doubt{p, seq}
	s.inDoubt.Store(true)
	return err
}

// doubt is a commit of which it is not known whether it counts. Its record is the last of the log; until the catalog tells, no row may move that it ends.
type doubt struct {
	p   *prepared
	seq meta.Seq
}

// Settle shows the commit that is in doubt if the catalog has decided by now that it counts: whoever reads the catalog has to read its rows, too.
func (s *Shard) Settle() {
	if !s.inDoubt.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doubt != nil && s.opts.Catalog.Snapshot().Counts(s.opts.Shard, s.doubt.seq) {
		s.countLocked()
	}
}

// settleLocked finds out what became of the commit that is in doubt, after a later command has been applied. The caller holds the gate.
func (s *Shard) settleLocked(ctx context.Context) error {
	if !s.inDoubt.Load() {
		return nil
	}
	if _, err := s.opts.Catalog.Propose(ctx, meta.Command{ReserveIDs: &meta.ReserveIDs{Count: 1}}); err != nil {
		return refuse(briefPause, "the catalog is not sure about a transaction that has changed it: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.doubt == nil:
	case s.opts.Catalog.Snapshot().Counts(s.opts.Shard, s.doubt.seq):
		s.countLocked()
	default:
		s.doubt = nil
		s.inDoubt.Store(false)
	}
	return nil
}

// countLocked takes the rows of the commit that was in doubt, which is durable.
func (s *Shard) countLocked() {
	d := s.doubt
	s.doubt = nil
	s.head.Settle(0, s.head.Append(d.seq, d.p.batches, d.p.ends))
	s.visible.add(d.seq, meta.AckWAL)
	s.visible.reached(d.seq, true)
	s.inDoubt.Store(false)
}
