package ingest

import (
	"context"
	"errors"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/ingest/wal"
	"github.com/automatanexus/aegis-db/meta"
)

// prepared is a commit up to the point where the order of commits matters.
type prepared struct {
	batches []head.Batch
	bodies  []wal.Body
	keys    []head.Keys
	deletes []meta.Deletes
	ends    []head.Ends
	dicts   map[meta.TableID]*head.Dict // by which the ends are named
	dying   []wal.Body
	again   []meta.Arbiter         // keys of which a row that is there is a conflict, not an error
	stood   map[meta.TableID]int64 // rows that the head had of tables when their keys were looked up; see stand
	bound   *bound                 // the changes of the catalog that it is bound to; nil = none
}

// newPrepared encodes the batches, and the rows that end, for the WAL.
func newPrepared(ctx context.Context, batches []head.Batch, ends []head.Ends) (*prepared, error) {
	p := &prepared{batches: batches, keys: make([]head.Keys, len(batches)), ends: ends}
	for i := range batches {
		if err := unwanted(ctx); err != nil {
			return nil, err
		}
		b := &batches[i]
		t := wal.Table{Database: b.Table.Database, Table: b.Table.ID, SchemaVersion: b.Table.Columns.Version, Rows: b.Rows, Refs: b.Refs}
		for _, c := range b.Columns {
			t.Columns = append(t.Columns, wal.Column{ID: c.Field.ID, Vector: c.Vector})
		}
		rows, err := wal.EncodeTable(ctx, nil, &t)
		if err != nil {
			return nil, err
		}
		p.keys[i] = b.Dict.Keys()
		p.bodies = append(p.bodies, wal.Body{Table: b.Table.ID, Refs: b.Refs, Rows: rows, Key: p.keys[i].Key})
	}
	return p, nil
}

func (p *prepared) estimate() int64 {
	n := int64(0)
	for i := range p.batches {
		n += head.Estimate(&p.batches[i])
	}
	for i := range p.ends {
		n += p.ends[i].Size()
	}
	return n
}

// errRetired says that a dictionary, or a table's schema, changed between checking and committing: begin again.
var errRetired = errors.New("the rows were made for a dictionary or a schema of before")

// commit makes a prepared commit durable as asked, and visible.
func (s *Shard) commit(ctx context.Context, p *prepared, ack meta.Ack) (meta.Seq, error) {
	if err := s.awaitOpen(ctx, p.batches, nil); err != nil {
		return 0, err
	}
	seq, err := s.enterAndAppend(ctx, p, ack)
	if err != nil {
		return 0, err
	}
	return seq, s.acknowledge(seq, ack)
}

// enterAndAppend is append for commits that end no rows. Where tuples are looked up it takes the gate: a row that has ended must not leave the head
// between the looks at the catalog and at the head.
func (s *Shard) enterAndAppend(ctx context.Context, p *prepared, ack meta.Ack) (meta.Seq, error) {
	for i := range p.batches {
		if len(uniques(p.batches[i].Table)) == 0 && p.decidedRows(p.batches[i].Table) == nil {
			continue
		}
		if err := s.enter(ctx); err != nil {
			return 0, err
		}
		defer s.gate.RUnlock()
		break
	}
	return s.append(ctx, p, ack)
}

// append gives a prepared commit its seq, its place in the log and in the head.
func (s *Shard) append(ctx context.Context, p *prepared, ack meta.Ack) (meta.Seq, error) {
	estimate := p.estimate()
	if err := s.head.Reserve(estimate); err != nil {
		s.wake()
		return 0, refuse(flushPause, "the head is full until it is flushed: %w", err)
	}
	release, err := s.admit(ctx, p)
	if err != nil {
		s.head.Settle(estimate, 0)
		return 0, err
	}
	seq, grown, err := s.order(ctx, p, ack)
	release()
	s.head.Settle(estimate, grown)
	if err != nil {
		return 0, err
	}
	if s.headPool.Used() >= s.opts.FlushBytes {
		s.wake()
	}
	return seq, nil
}

// acknowledge returns when a commit is as durable as asked.
func (s *Shard) acknowledge(seq meta.Seq, ack meta.Ack) error {
	switch ack {
	case meta.AckWAL:
		return s.sync(seq)
	case meta.AckBuffer:
		if err := s.log.Flush(); err != nil {
			return err
		}
		s.visible.reached(seq, false)
	}
	return nil
}

// order is the part of a commit that happens one at a time.
func (s *Shard) order(ctx context.Context, p *prepared, ack meta.Ack) (seq meta.Seq, grown int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, 0, errClosed
	}
	if s.closingLocked(p.batches, p.deletes) != nil {
		return 0, 0, errRetired // it may be another table afterwards
	}
	catalog := s.catalogFor(p)
	for i := range p.batches {
		b := &p.batches[i]
		if p.bound != nil && s.opts.Catalog.Snapshot().TableByID(b.Table.ID) != p.bound.base.TableByID(b.Table.ID) {
			return 0, 0, errRetired // altered by others: what they want of the rows is to be looked at
		}
		if s.head.Dict(b.Table.ID) != b.Dict || !admitted(b, catalog.TableByID(b.Table.ID)) {
			return 0, 0, errRetired
		}
		if t := catalog.TableByID(b.Table.ID); t != nil && t.Columns.Version != b.Table.Columns.Version {
			return 0, 0, errRetired
		}
	}
	if p.bound != nil && s.alteredLocked(p.bound) {
		return 0, 0, errRetired
	}
	for table, dict := range p.dicts {
		if s.head.Dict(table) != dict {
			return 0, 0, errRetired
		}
	}
	for i := range p.ends {
		if s.head.Dead(&p.ends[i]) {
			return 0, 0, errChanged
		}
	}
	if !s.stand(p) {
		return 0, 0, errRetired // somebody may have written one of the keys
	}
	if n := s.log.Stats().Bytes; n >= s.opts.WALBytes {
		s.wake()
		return 0, 0, refuse(flushPause, "the write-ahead log is full until the head is flushed: %d bytes of %d", n, s.opts.WALBytes)
	}
	if err := unwanted(ctx); err != nil {
		return 0, 0, err
	}
	seq, err = s.log.Append(wal.Record{Time: s.opts.Now().UnixMicro(), Bound: p.bound != nil}, p.bodies, p.dying)
	if err != nil {
		if errors.Is(err, column.Overloaded) {
			err = refuse(flushPause, "%w", err)
		}
		return 0, 0, err
	}
	if p.bound != nil {
		if err := s.decideLocked(p, seq); err != nil {
			return 0, 0, err
		}
	}
	grown = s.head.Append(seq, p.batches, p.ends)
	s.visible.add(seq, ack)
	return seq, grown, nil
}

// sync makes commits up to seq durable and shows them.
func (s *Shard) sync(seq meta.Seq) error {
	if err := s.log.Sync(seq); err != nil {
		return err
	}
	s.visible.reached(seq, true)
	return nil
}
