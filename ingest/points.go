package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// Points is the fast path into tables of any tags and fields: like Samples it lets the caller resolve series once, by a hash of
// what the client calls them, and then takes typed columns as they are. Safe for concurrent use.
type Points struct{ shard *Shard }

// Points opens the fast path.
func (s *Shard) Points() *Points { return &Points{shard: s} }

// PointBatch is rows of one table whose series are known.
type PointBatch struct {
	// Table is the description that Refs and Columns were made by. If it is not the newest any more, the batch is stale.
	Table *meta.Table
	// Epoch is that of the refs, as Lookup gave it.
	Epoch uint64
	Rows  int
	Refs  []uint32 // by row; a single one stands for all rows
	// Columns are flat vectors of Rows rows. Those of the table that are missing are NULL; tags are in Refs, not here.
	Columns []PointColumn
}

// PointColumn is a column of a batch.
type PointColumn = head.Column

// Lookup resolves hashes[i] to refs[i], NoRef where the series is unknown, and gives the epoch of the refs and the
// number of unknown ones.
func (p *Points) Lookup(table meta.TableID, hashes []SeriesHash, refs []uint32) (epoch uint64, missing int) {
	return p.shard.lookup(table, hashes, refs)
}

// Define makes a series known; see Samples.Define.
func (p *Points) Define(table meta.TableID, epoch uint64, hash SeriesHash, encodedKey []byte) (uint32, error) {
	return p.shard.define(table, epoch, hash, encodedKey)
}

// Write appends all batches as one commit. ErrStale says that a table or its series have changed since they were looked
// up: begin again.
func (p *Points) Write(ctx context.Context, batches []PointBatch, ack meta.Ack) (meta.Seq, error) {
	s := p.shard
	if err := ctx.Err(); err != nil {
		return 0, column.Errorf(column.Cancelled, "write: %w", err)
	}
	resolved, size, err := p.check(batches)
	if err != nil {
		return 0, err
	}
	if len(resolved) == 0 {
		return s.visible.last(), nil
	}
	// The encoded rows for the log are at most about as large as the rows.
	if err := s.inflight.Grow(size); err != nil {
		return 0, refuse(briefPause, "too many writes at once: %w", err)
	}
	defer s.inflight.Shrink(size)
	prepared, err := newPrepared(ctx, resolved, nil)
	if err != nil {
		return 0, err
	}
	seq, err := s.commit(ctx, prepared, ack)
	if errors.Is(err, errRetired) {
		return 0, ErrStale
	}
	return seq, err
}

// check turns the batches into those of the head, and gives the bytes that they hold.
func (p *Points) check(batches []PointBatch) ([]head.Batch, int64, error) {
	catalog, size := p.shard.opts.Catalog.Snapshot(), int64(0)
	out := make([]head.Batch, 0, len(batches))
	for i := range batches {
		b := &batches[i]
		if b.Rows == 0 {
			continue
		}
		newest := catalog.TableByID(b.Table.ID)
		if newest == nil || newest.Columns.Version != b.Table.Columns.Version {
			return nil, 0, ErrStale
		}
		dict := p.shard.head.Dict(newest.ID)
		if dict.Epoch() != b.Epoch {
			return nil, 0, ErrStale
		}
		if err := b.check(uint32(dict.Len()), p.shard.opts.RowBytes); err != nil {
			return nil, 0, fmt.Errorf("write to %s: %w", newest.Name, err)
		}
		for _, c := range b.Columns {
			size += c.Vector.SizeBytes()
		}
		size += 4 * int64(len(b.Refs))
		out = append(out, head.Batch{Table: newest, Rows: b.Rows, Refs: b.Refs, Dict: dict, Columns: b.Columns})
	}
	return out, size, nil
}

// check holds a batch against its own table.
func (b *PointBatch) check(known uint32, rowBytes int) error {
	if len(b.Refs) != 1 && len(b.Refs) != b.Rows {
		return column.Errorf(column.Internal, "%d refs for %d rows", len(b.Refs), b.Rows)
	}
	for _, ref := range b.Refs {
		if ref >= known {
			return column.Errorf(column.Internal, "ref %d of %d", ref, known)
		}
	}
	given := make(map[column.ID]bool, len(b.Columns))
	var texts []*column.Vector
	for _, c := range b.Columns {
		at := b.Table.Columns.Index(c.Field.ID)
		if at < 0 || b.Table.Columns.Fields[at].Type != c.Vector.Type || c.Vector.Len != b.Rows || c.Vector.Enc != column.Flat || given[c.Field.ID] {
			return column.Errorf(column.Internal, "column %q: %d rows of %s do not fit", c.Field.Name, c.Vector.Len, c.Vector.Type)
		}
		given[c.Field.ID] = true
		if c.Field.NotNull && c.Vector.HasNulls() {
			return column.SQLErrorf(column.Invalid, "23502", "null value in column %q violates not-null constraint", c.Field.Name)
		}
		if c.Vector.Type.Physical() == column.PhysBytes {
			texts = append(texts, c.Vector)
		}
	}
	for _, f := range b.Table.Columns.Fields {
		if f.NotNull && !given[f.ID] && !b.Table.Columns.IsTag(f.ID) {
			return column.SQLErrorf(column.Invalid, "23502", "null value in column %q violates not-null constraint", f.Name)
		}
	}
	return checkRowBytes(texts, b.Rows, rowBytes)
}
