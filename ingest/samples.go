package ingest

import (
	"context"
	"errors"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/ingest/head"
	"github.com/automatanexus/aegis-db/meta"
)

// SeriesHash is a 128-bit hash of a series' label bytes as they stand on the wire.
type SeriesHash = head.Hash

// NoRef is the ref of a series that is not known.
const NoRef = head.NoRef

// ErrStale says that series refs are outdated; Lookup gives new ones. It happens after a flush of a table most of whose series
// have ended.
var ErrStale = column.Errorf(column.Conflict, "series refs are outdated")

// Samples is the fast path into a table of (tags, time, one float value): the caller resolves series once by a hash of raw
// label bytes and then hands over flat slices. Safe for concurrent use.
type Samples struct {
	shard *Shard
	table meta.TableID
	time  column.Field
	value column.Field
	start column.Field // of id 0: the table has none
}

// Samples opens the fast path to a table. value names its float column; all columns that are neither tag, time nor value must
// accept NULL.
func (s *Shard) Samples(table *meta.Table, value column.ID) (*Samples, error) {
	schema := &table.Columns
	t, v := schema.Index(schema.Time), schema.Index(value)
	if schema.Time == 0 || t < 0 || v < 0 || len(schema.Tags) == 0 || schema.Fields[v].Type.Kind != column.Float64 {
		return nil, column.Errorf(column.Internal, "table %s is not one of tags, a time and a double precision value", table.Name)
	}
	for i, f := range schema.Fields {
		if f.NotNull && i != t && i != v && !schema.IsTag(f.ID) {
			return nil, column.Errorf(column.Internal, "table %s: column %s must accept NULL", table.Name, f.Name)
		}
	}
	return &Samples{shard: s, table: table.ID, time: schema.Fields[t], value: schema.Fields[v]}, nil
}

// WithStart names the column that takes SampleBatch.Starts: a time in the unit of the time column that accepts NULL.
func (s *Samples) WithStart(f column.Field) *Samples {
	with := *s
	with.start = f
	return &with
}

// SampleBatch is one write. Its slices have one element per sample and may be reused after Write returned.
type SampleBatch struct {
	// Epoch is that of the refs, as Lookup gave it.
	Epoch  uint64
	Refs   []uint32
	Times  []int64 // in the time column's unit
	Values []float64
	// Valid, as in column.Vector, has clear bits for rows with a NULL value (stale markers); nil = all have one.
	Valid column.Bitmap
	// Starts are the start timestamps of those whose bit is set in Started; nil = none has one.
	Starts  []int64
	Started column.Bitmap
}

// Lookup resolves hashes[i] to refs[i], NoRef where the series is unknown, and gives the epoch of the refs and the
// number of unknown ones.
func (s *Samples) Lookup(hashes []SeriesHash, refs []uint32) (epoch uint64, missing int) {
	return s.shard.lookup(s.table, hashes, refs)
}

// Define makes a series known: encodedKey is the tuple of its tags by package key (over Schema.Tags); it is copied. Where
// epoch is no longer current the answer is ErrStale. A table that is full gives an error of class column.Limit, a full head one of
// class column.Overloaded.
func (s *Samples) Define(epoch uint64, hash SeriesHash, encodedKey []byte) (uint32, error) {
	return s.shard.define(s.table, epoch, hash, encodedKey)
}

// Write appends a batch as one commit. ErrStale says that the refs belong to an epoch that has ended: look them
// up again.
func (s *Samples) Write(ctx context.Context, b *SampleBatch, ack meta.Ack) (meta.Seq, error) {
	if err := ctx.Err(); err != nil {
		return 0, column.Errorf(column.Cancelled, "write: %w", err)
	}
	n := len(b.Refs)
	if len(b.Times) != n || len(b.Values) != n || b.Valid != nil && len(b.Valid)*64 < n {
		return 0, column.Errorf(column.Internal, "samples: %d refs, %d times, %d values", n, len(b.Times), len(b.Values))
	}
	if n == 0 {
		return s.shard.visible.last(), nil
	}
	table := s.shard.opts.Catalog.Snapshot().TableByID(s.table)
	if table == nil {
		return 0, column.SQLErrorf(column.NotFound, "42P01", "the table of samples does not exist any more")
	}
	dict := s.shard.head.Dict(s.table)
	if dict.Epoch() != b.Epoch {
		return 0, ErrStale
	}
	known := uint32(dict.Len())
	for _, ref := range b.Refs {
		if ref >= known {
			return 0, column.Errorf(column.Internal, "samples: ref %d of %d", ref, known)
		}
	}
	size := int64(n) * sampleBytes
	if err := s.shard.inflight.Grow(size); err != nil {
		return 0, refuse(briefPause, "too many writes at once: %w", err)
	}
	defer s.shard.inflight.Shrink(size)
	columns := []head.Column{
		{Field: s.time, Vector: column.NewInts(s.time.Type, b.Times, nil)},
		{Field: s.value, Vector: column.NewFloats(s.value.Type, b.Values, b.Valid)},
	}
	if b.Starts != nil {
		if s.start.ID == 0 || len(b.Starts) != n || len(b.Started)*64 < n {
			return 0, column.Errorf(column.Internal, "samples: %d start times of %d samples, column %d", len(b.Starts), n, s.start.ID)
		}
		columns = append(columns, head.Column{Field: s.start, Vector: column.NewInts(s.start.Type, b.Starts, b.Started)})
	}
	p, err := newPrepared(ctx, []head.Batch{{Table: table, Rows: n, Refs: b.Refs, Dict: dict, Columns: columns}}, nil)
	if err != nil {
		return 0, err
	}
	seq, err := s.shard.commit(ctx, p, ack)
	if errors.Is(err, errRetired) {
		return 0, ErrStale
	}
	return seq, err
}

// sampleBytes is what a sample takes on its way: ref, time, value, and their encoding for the WAL.
const sampleBytes = 48
