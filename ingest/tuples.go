package ingest

import (
	"bytes"
	"context"
	"slices"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/ingest/head"
)

// tuples are what a unique constraint looks at of a batch: a tuple by row (package key), encoded, or as integers where that is all.
type tuples struct {
	head.BatchKeys
	ints      []int64
	data      []byte
	ends      []int
	ascending bool // each is greater than the one before
	joined    bool // of several batches
}

// tuplesOf encodes the columns of a batch's rows. distinct says that rows with a NULL are never equal to others.
func tuplesOf(ctx context.Context, b *head.Batch, columns []column.ID, distinct bool) (*tuples, error) {
	t := &tuples{BatchKeys: head.BatchKeys{Columns: columns, Distinct: distinct, Hashes: make([]uint64, b.Rows)}, ascending: true}
	if v := vectorOf(b, columns[0]); len(columns) == 1 && v != nil && v.Valid == nil && v.Type.Physical() == column.PhysInt {
		t.fromInts(v.Ints[:b.Rows])
		return t, nil
	}
	return t, t.encode(ctx, b, distinct)
}

func vectorOf(b *head.Batch, id column.ID) *column.Vector {
	for _, c := range b.Columns {
		if c.Field.ID == id {
			return c.Vector
		}
	}
	return nil
}

func (t *tuples) fromInts(values []int64) {
	t.ints = values
	lo, hi := values[0], values[0]
	for i, v := range values {
		t.ascending = t.ascending && (i == 0 || v > values[i-1])
		lo, hi = min(lo, v), max(hi, v)
		t.Hashes[i] = key.HashInt(v)
	}
	t.Lo, t.Hi = key.AppendInt(nil, lo), key.AppendInt(nil, hi)
}

// tupleColumn is where a column of a tuple comes from: a vector, or the tags; neither where it is NULL throughout.
type tupleColumn struct {
	vector *column.Vector
	tag    int
}

func (t *tuples) encode(ctx context.Context, b *head.Batch, distinct bool) error {
	schema := &b.Table.Columns
	sources := make([]tupleColumn, len(t.Columns))
	for i, id := range t.Columns {
		sources[i] = tupleColumn{vectorOf(b, id), slices.Index(schema.Tags, id)}
	}
	s := series{keys: b.Dict.Keys(), types: schema.TagTypes(), ref: head.NoRef}
	var lo, hi, last []byte
	for i := range b.Rows {
		if err := unwantedAt(ctx, i); err != nil {
			return err
		}
		if err := s.turn(b, i); err != nil {
			return err
		}
		from, null := len(t.data), false
		for _, c := range sources {
			at := len(t.data)
			switch {
			case c.tag >= 0:
				t.data = append(t.data, s.parts[c.tag]...)
			case c.vector == nil:
				t.data = key.AppendNull(t.data)
			default:
				t.data = key.AppendValue(t.data, c.vector, i)
			}
			null = null || key.IsNull(t.data[at:])
		}
		t.ends = append(t.ends, len(t.data))
		tuple := t.data[from:]
		t.Hashes[i] = key.Hash(tuple)
		if null && distinct {
			if t.Free == nil {
				t.Free = make([]bool, b.Rows)
			}
			t.Free[i], t.ascending = true, false
			continue
		}
		t.ascending = t.ascending && (i == 0 || bytes.Compare(last, tuple) < 0)
		last = tuple
		if lo == nil || bytes.Compare(tuple, lo) < 0 {
			lo = tuple
		}
		if hi == nil || bytes.Compare(tuple, hi) > 0 {
			hi = tuple
		}
	}
	t.Lo, t.Hi = lo, hi
	return nil
}

// series takes the tags of rows apart, once for neighbours of one series.
type series struct {
	keys  head.Keys
	types []column.Type
	ref   uint32
	parts [][]byte
}

func (s *series) turn(b *head.Batch, row int) error {
	ref := b.Refs[0]
	if len(b.Refs) > 1 {
		ref = b.Refs[row]
	}
	if ref == s.ref || len(s.types) == 0 {
		return nil
	}
	s.ref = ref
	rest, _, err := key.Complete(s.keys.Key(ref), s.types)
	if err != nil {
		return err
	}
	s.parts = s.parts[:0]
	for _, typ := range s.types {
		_, _, next, err := key.Next(rest, typ, nil)
		if err != nil {
			return err
		}
		s.parts, rest = append(s.parts, rest[:len(rest)-len(next)]), next
	}
	return nil
}

// tuple gives a row's encoding; it is not to be changed.
func (t *tuples) tuple(i int) []byte {
	if t.ints != nil {
		return key.AppendInt(nil, t.ints[i])
	}
	from := 0
	if i > 0 {
		from = t.ends[i-1]
	}
	return t.data[from:t.ends[i]:t.ends[i]]
}

func (t *tuples) equal(i, j int) bool {
	if t.ints != nil {
		return t.ints[i] == t.ints[j]
	}
	return bytes.Equal(t.tuple(i), t.tuple(j))
}

// counts reports whether a row can be equal to another.
func (t *tuples) counts(i int) bool { return t.Free == nil || !t.Free[i] }

// twice finds the first row that is equal to one before it, -1 if there is none. Rows for which skip holds are none.
func (t *tuples) twice(ctx context.Context, skip func(i int) bool) (int, error) {
	if t.ascending {
		return -1, nil
	}
	size := 16
	for size < 2*len(t.Hashes) {
		size *= 2
	}
	slots, mask := make([]uint32, size), uint64(size-1)
	for i, h := range t.Hashes {
		if err := unwantedAt(ctx, i); err != nil {
			return -1, err
		}
		if !t.counts(i) || skip != nil && skip(i) {
			continue
		}
		at := (h ^ h>>32) & mask
		for ; slots[at] != 0; at = (at + 1) & mask {
			if j := int(slots[at] - 1); t.Hashes[j] == h && t.equal(i, j) {
				return i, nil
			}
		}
		slots[at] = uint32(i) + 1
	}
	return -1, nil
}

// joinTuples makes one of the tuples of several batches.
func joinTuples(parts []*tuples) *tuples {
	if len(parts) == 1 {
		return parts[0]
	}
	out := &tuples{BatchKeys: head.BatchKeys{Columns: parts[0].Columns, Distinct: parts[0].Distinct}, joined: true}
	for _, p := range parts {
		for i := range p.Hashes {
			out.data = append(out.data, p.tuple(i)...)
			out.ends = append(out.ends, len(out.data))
			out.Free = append(out.Free, !p.counts(i))
		}
		out.Hashes = append(out.Hashes, p.Hashes...)
		if p.Lo != nil && (out.Lo == nil || bytes.Compare(p.Lo, out.Lo) < 0) {
			out.Lo = p.Lo
		}
		if p.Hi != nil && (out.Hi == nil || bytes.Compare(p.Hi, out.Hi) > 0) {
			out.Hi = p.Hi
		}
	}
	return out
}
