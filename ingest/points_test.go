package ingest

import (
	"errors"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/meta"
)

// points makes rows of the table "tagged" into a batch, whose series are defined by the way.
func (w *world) points(t *testing.T, p *Points, rows meta.Rows) PointBatch {
	t.Helper()
	id := rows.Table.ID
	hashes, refs := make([]SeriesHash, rows.Len), make([]uint32, rows.Len)
	for i := range hashes {
		host := rows.Columns[1].Bytes(i)
		hashes[i] = SeriesHash{Hi: uint64(len(host)), Lo: uint64(host[len(host)-1])}
	}
	epoch, _ := p.Lookup(id, hashes, refs)
	for i, ref := range refs {
		if ref != NoRef {
			continue
		}
		var err error
		if refs[i], err = p.Define(id, epoch, hashes[i], key.AppendBytes(nil, rows.Columns[1].Bytes(i))); err != nil {
			t.Fatal(err)
		}
	}
	f := rows.Table.Columns.Fields
	return PointBatch{
		Table: rows.Table, Epoch: epoch, Rows: rows.Len, Refs: refs,
		Columns: []PointColumn{{Field: f[0], Vector: rows.Columns[0]}, {Field: f[2], Vector: rows.Columns[2]}},
	}
}

func TestPointsPath(t *testing.T) {
	w := newWorld(t, memfs.New(), "tagged", "plain")
	w.opts.retire = 1
	w.open(t)
	p := w.shard.Points()
	tagged := w.tables["tagged"]
	write := func(batches ...meta.Rows) {
		t.Helper()
		var all []PointBatch
		for _, rows := range batches {
			all = append(all, w.points(t, p, rows))
		}
		if _, err := p.Write(ctx, all, meta.AckWAL); err != nil {
			t.Fatal(err)
		}
		w.apply(batches)
		w.check(t, w.snapshot())
	}
	write(numbered(tagged, 0, 20))
	write(numbered(tagged, 20, 5), numbered(tagged, 25, 5)) // one commit
	if err := w.shard.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	write(numbered(tagged, 30, 1))
	stale := w.points(t, p, numbered(tagged, 31, 1))
	if err := w.shard.Flush(ctx); err != nil { // two of three series have ended, and so does the dictionary
		t.Fatal(err)
	}
	if _, err := p.Write(ctx, []PointBatch{stale}, meta.AckWAL); !errors.Is(err, ErrStale) {
		t.Errorf("an old epoch: %v", err)
	}
	write(numbered(tagged, 31, 9))
	w.abort(t)
	w.open(t)
	defer func() { w.abort(t) }()
	p = w.shard.Points()
	w.check(t, w.snapshot())

	old := w.points(t, p, numbered(tagged, 40, 2))
	if _, err := w.catalog.Propose(ctx, meta.Command{AddColumns: &meta.AddColumns{
		Table: tagged.ID, From: 1, Columns: []column.Field{{Name: "more", Type: column.T(column.Int64)}},
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write(ctx, []PointBatch{old}, meta.AckWAL); !errors.Is(err, ErrStale) {
		t.Errorf("an old schema: %v", err)
	}
	tagged = w.catalog.Snapshot().TableByID(tagged.ID)
	w.tables["tagged"] = tagged
	n := numbered(tagged, 40, 2)
	b := w.points(t, p, n)
	if _, err := p.Write(ctx, []PointBatch{b}, meta.AckWAL); err != nil { // without the new column
		t.Fatal(err)
	}
	n.Columns = append(n.Columns, column.NewNull(column.T(column.Int64), 2))
	w.apply([]meta.Rows{n})
	w.check(t, w.snapshot())
	if _, err := p.Write(ctx, nil, meta.AckWAL); err != nil {
		t.Errorf("nothing to write: %v", err)
	}
}

func TestPointsRefused(t *testing.T) {
	w := newWorld(t, memfs.New(), "tagged", "plain")
	w.opts.RowBytes, w.opts.InflightBytes = 10, 64<<10
	w.open(t)
	defer func() { w.abort(t) }()
	p := w.shard.Points()
	tagged, plain := w.tables["tagged"], w.tables["plain"]
	good := func() PointBatch { return w.points(t, p, numbered(tagged, 0, 3)) }
	text := column.NewStrings("much longer than ten", "", "")
	for _, c := range []struct {
		name  string
		spoil func(b *PointBatch)
		class column.Class
		says  string
	}{
		{"refs", func(b *PointBatch) { b.Refs = b.Refs[:2] }, column.Internal, "2 refs for 3 rows"},
		{"unknown ref", func(b *PointBatch) { b.Refs[1] = 99 }, column.Internal, "ref 99 of 3"},
		{"length", func(b *PointBatch) { b.Columns[1].Vector = column.NewInts(column.T(column.Int64), []int64{1}, nil) }, column.Internal, `"n": 1 rows`},
		{"type", func(b *PointBatch) { b.Columns[1].Vector = text }, column.Internal, `"n": 3 rows of text`},
		{"encoded", func(b *PointBatch) { b.Columns[1].Vector = column.NewNull(column.T(column.Int64), 3) }, column.Internal, `"n"`},
		{"twice", func(b *PointBatch) { b.Columns = append(b.Columns, b.Columns[1]) }, column.Internal, `"n"`},
		{"no time", func(b *PointBatch) { b.Columns = b.Columns[1:] }, column.Invalid, `null value in column "ts"`},
		{"NULL time", func(b *PointBatch) {
			v := *b.Columns[0].Vector
			v.Valid = column.NewBitmap(3, false)
			b.Columns[0].Vector = &v
		}, column.Invalid, `null value in column "ts"`},
		{"long text", func(b *PointBatch) {
			*b = PointBatch{Table: plain, Rows: 3, Refs: []uint32{0}, Columns: []PointColumn{{Field: plain.Columns.Fields[1], Vector: text}}}
			epoch, _ := p.Lookup(plain.ID, nil, nil)
			if _, err := p.Define(plain.ID, epoch, SeriesHash{}, nil); err != nil {
				t.Fatal(err)
			}
			b.Epoch = epoch
		}, column.Limit, "row 1 has 20 bytes of text"},
		{"too much in flight", func(b *PointBatch) { *b = w.points(t, p, numbered(tagged, 0, 5000)) }, column.Overloaded, "too many writes"},
	} {
		b := good()
		c.spoil(&b)
		_, err := p.Write(ctx, []PointBatch{good(), b}, meta.AckWAL)
		if column.ClassOf(err) != c.class || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if used := w.shard.Stats().InflightBytes; used != 0 {
		t.Errorf("%d bytes are still in flight", used)
	}
	w.check(t, w.snapshot()) // a refused call left nothing of its other batch
}
