// Package tieringtest holds what tests of tiering share: a catalog with segments in it, on a disk in memory. It is for tests
// alone.
package tieringtest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/meta/node"
)

// Row is a row of any of the tables: all have these columns, and those that have grown the last one.
type Row struct {
	Host string // "" = NULL
	At   int64
	N    int64
	Zone string // "" = NULL
}

// Schemas are the ways in which a table may order its rows.
var Schemas = map[string]column.Schema{
	"plain":         schema(nil, 0, nil),
	"timed":         schema(nil, 2, nil),
	"tagged":        schema([]column.ID{1}, 2, nil),
	"grouped":       schema([]column.ID{1}, 0, nil),
	"keyed":         schema(nil, 0, []column.ID{3, 1}),
	"tagged unique": schema([]column.ID{1}, 2, []column.ID{1, 2}),
}

func schema(tags []column.ID, time column.ID, keys []column.ID) column.Schema {
	s := column.Schema{
		Version: 1, Tags: tags, Time: time, Key: keys,
		Fields: []column.Field{
			{ID: 1, Name: "host", Type: column.T(column.Text)},
			{ID: 2, Name: "ts", Type: column.T(column.Timestamp), NotNull: true},
			{ID: 3, Name: "n", Type: column.T(column.Int64), NotNull: true},
		},
	}
	if time != 0 {
		s.Partition = 1000
	}
	return s
}

// Store is segments and their catalog.
type Store struct {
	Disk    *memfs.FS
	FS      *faultfs.FS // of the segments; fails nothing unless told to
	Files   *segment.LocalFiles
	Catalog *Catalog
	seq     meta.Seq
}

// Catalog is a catalog in which a test can interfere.
type Catalog struct {
	*node.Node
	// Propose1, if set, takes the place of Propose.
	Propose1 func(ctx context.Context, c meta.Command) (meta.Result, error)
}

// Propose implements meta.Catalog.
func (c *Catalog) Propose(ctx context.Context, cmd meta.Command) (meta.Result, error) {
	if c.Propose1 != nil {
		return c.Propose1(ctx, cmd)
	}
	return c.Node.Propose(ctx, cmd)
}

// New makes an empty store that lasts as long as the test.
func New(t testing.TB) *Store {
	t.Helper()
	n, err := node.Open(context.Background(), node.Options{FS: memfs.New(), Dir: "/catalog"})
	must(t, err)
	t.Cleanup(func() { must(t, n.Close()) })
	s := &Store{Disk: memfs.New(), Catalog: &Catalog{Node: n}}
	s.FS = faultfs.New(s.Disk, nil)
	s.Files = segment.NewLocalFiles(s.FS, "/")
	s.Do(t, meta.Command{CreateDatabase: &meta.CreateDatabase{Name: meta.DefaultDatabase}})
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Do applies a command.
func (s *Store) Do(t testing.TB, c meta.Command) meta.Result {
	t.Helper()
	r, err := s.Catalog.Node.Propose(context.Background(), c)
	must(t, err)
	return r
}

// Table makes a table of one of the Schemas, named like it.
func (s *Store) Table(t testing.TB, kind string) *meta.Table {
	t.Helper()
	r := s.Do(t, meta.Command{CreateTable: &meta.CreateTable{
		Database: s.Catalog.Snapshot().Database(meta.DefaultDatabase).ID, Schema: meta.PublicSchema, Name: kind, Columns: Schemas[kind],
	}})
	return s.Catalog.Snapshot().TableByID(meta.TableID(r.ID))
}

// Drop drops a table.
func (s *Store) Drop(t testing.TB, table *meta.Table) {
	t.Helper()
	s.Do(t, meta.Command{DropTable: &meta.DropTable{Table: table.ID}})
}

// zone is the id of the column that Grow adds.
const zone column.ID = 4

// Grow adds the tag "zone" to a table and gives the table as it then is.
func (s *Store) Grow(t testing.TB, table *meta.Table) *meta.Table {
	t.Helper()
	s.Do(t, meta.Command{AddColumns: &meta.AddColumns{
		Table: table.ID, From: table.Columns.Version, Tags: true, Columns: []column.Field{{Name: "zone", Type: column.T(column.Text)}},
	}})
	return s.Catalog.Snapshot().TableByID(table.ID)
}

// order is what a row is sorted by: series, then the table's order.
func order(c *column.Schema, r Row) (series, rest []byte) {
	for _, id := range c.Tags {
		if id == zone {
			series = hostKey(series, r.Zone)
		} else {
			series = hostKey(series, r.Host)
		}
	}
	for _, id := range c.Order() {
		switch id {
		case 1:
			rest = hostKey(rest, r.Host)
		case 2:
			rest = key.AppendInt(rest, r.At)
		default:
			rest = key.AppendInt(rest, r.N)
		}
	}
	return series, rest
}

func hostKey(dst []byte, host string) []byte {
	if host == "" {
		return key.AppendNull(dst)
	}
	return key.AppendBytes(dst, []byte(host))
}

// Sort brings rows into a table's order; equal ones keep theirs.
func Sort(c *column.Schema, rows []Row) {
	type keyed struct {
		series, rest []byte
		row          Row
	}
	list := make([]keyed, len(rows))
	for i, r := range rows {
		series, rest := order(c, r)
		list[i] = keyed{series, rest, r}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		return cmp.Or(bytes.Compare(a.series, b.series), bytes.Compare(a.rest, b.rest))
	})
	for i := range list {
		rows[i] = list[i].row
	}
}

// Segment writes rows, all of partition 0, to a segment of level 0 and publishes it.
func (s *Store) Segment(t testing.TB, table *meta.Table, rows []Row) *meta.Segment {
	t.Helper()
	ctx, schema := context.Background(), &table.Columns
	id := s.Do(t, meta.Command{ReserveIDs: &meta.ReserveIDs{Count: 1}}).ID
	w, err := segment.NewWriter(ctx, s.Files, segment.Options{Table: uint64(table.ID), Segment: id, Schema: schema})
	must(t, err)
	rows = slices.Clone(rows)
	Sort(schema, rows)
	for lo := 0; lo < len(rows); {
		series, _ := order(schema, rows[lo])
		hi := lo + 1
		for hi < len(rows) && hi-lo < 4096 {
			next, _ := order(schema, rows[hi])
			if !bytes.Equal(next, series) {
				break
			}
			hi++
		}
		must(t, w.AppendRun(series, vectors(schema, rows[lo:hi]), hi-lo))
		lo = hi
	}
	info, err := w.Finish()
	must(t, err)
	s.seq++
	s.Do(t, meta.Command{Commit: &meta.Commit{Edits: []meta.Edit{{Table: table.ID, Add: []meta.Segment{{
		ID: meta.SegmentID(id), Rows: info.Rows, MinTime: info.MinTime, MaxTime: info.MaxTime, MinSeq: s.seq, MaxSeq: s.seq,
		DataBytes: info.DataBytes, SidecarBytes: info.SidecarBytes, SidecarSum: info.SidecarSum, SchemaVersion: schema.Version,
	}}}}}})
	return s.Catalog.Snapshot().Manifest(table.ID).Segment(meta.SegmentID(id))
}

func vectors(s *column.Schema, rows []Row) []*column.Vector {
	var b [3]*column.Builder
	for i, f := range s.Fields[:3] {
		b[i] = column.NewBuilder(f.Type, len(rows))
	}
	for _, r := range rows {
		if r.Host == "" {
			b[0].AppendNull()
		} else {
			b[0].AppendString(r.Host)
		}
		b[1].AppendInt(r.At)
		b[2].AppendInt(r.N)
	}
	out := make([]*column.Vector, len(s.Fields))
	for i, f := range s.Fields[:3] {
		if !s.IsTag(f.ID) {
			out[i] = b[i].Finish()
		}
	}
	return out
}

// Delete publishes the next deletion vector of a segment: these rows are dead beside those that are.
func (s *Store) Delete(t testing.TB, table *meta.Table, id meta.SegmentID, rows ...uint32) {
	t.Helper()
	ctx := context.Background()
	now := s.Catalog.Snapshot().Manifest(table.ID).Segment(id)
	at := meta.SegmentAt{ID: id}
	dead := roaring.New()
	if d := now.Deleted; d != nil {
		at.Vector = d.Version
		old, err := segment.ReadVector(ctx, s.Files, uint64(table.ID), uint64(id), d.Version, segment.VectorInfo{Rows: d.Rows, Bytes: d.Bytes, Sum: d.Sum})
		must(t, err)
		dead = old
	}
	dead.AddMany(rows)
	version := s.Do(t, meta.Command{ReserveIDs: &meta.ReserveIDs{Count: 1}}).ID
	info, err := segment.WriteVector(ctx, s.Files, uint64(table.ID), uint64(id), version, dead)
	must(t, err)
	s.Do(t, meta.Command{Commit: &meta.Commit{Edits: []meta.Edit{{Table: table.ID, Vectors: []meta.VectorChange{{
		SegmentAt: at, New: meta.DeletionVector{Version: version, Rows: info.Rows, Bytes: info.Bytes, Sum: info.Sum},
	}}}}}})
}

// Rows reads the live rows of one segment, in its order.
func (s *Store) Rows(t testing.TB, table *meta.Table, g *meta.Segment) []Row {
	t.Helper()
	ctx := context.Background()
	r, err := segment.Open(ctx, s.Files, segment.Ref{
		Table: uint64(table.ID), Segment: uint64(g.ID), Rows: g.Rows, DataBytes: g.DataBytes, SidecarBytes: g.SidecarBytes, SidecarSum: g.SidecarSum,
	}, segment.ReadOptions{})
	must(t, err)
	defer r.Close()
	view := segment.View{Schema: &table.Columns}
	if d := g.Deleted; d != nil {
		view.Deleted, err = segment.ReadVector(ctx, s.Files, uint64(table.ID), uint64(g.ID), d.Version, segment.VectorInfo{Rows: d.Rows, Bytes: d.Bytes, Sum: d.Sum})
		must(t, err)
	}
	runs, err := r.Runs(ctx, view, nil)
	must(t, err)
	defer runs.Close()
	var out []Row
	for {
		run, err := runs.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out
		}
		must(t, err)
		out = appendRun(t, out, table, run)
	}
}

func appendRun(t testing.TB, out []Row, table *meta.Table, run segment.Run) []Row {
	var tags Row
	rest := run.Series
	for _, id := range table.Columns.Tags {
		v, _, next, err := key.Next(rest, column.T(column.Text), nil)
		must(t, err)
		if rest = next; id == zone {
			tags.Zone = string(v)
		} else {
			tags.Host = string(v)
		}
	}
	for i := range run.Len {
		row := Row{Host: tags.Host, At: run.Columns[1].Int(i), N: run.Columns[2].Int(i), Zone: tags.Zone}
		if host := run.Columns[0]; !table.Columns.IsTag(1) && !host.IsNull(i) {
			row.Host = string(host.Bytes(i))
		}
		out = append(out, row)
	}
	return out
}

// Segments lists a table's segments by age.
func (s *Store) Segments(table *meta.Table) []*meta.Segment {
	out := slices.Collect(s.Catalog.Snapshot().Manifest(table.ID).All())
	slices.SortFunc(out, func(a, b *meta.Segment) int { return int(a.MinSeq) - int(b.MinSeq) })
	return out
}

// Names lists the files of segments, unfinished ones too.
func (s *Store) Names() []string {
	var out []string
	tables, _ := s.Disk.List("/segments") // none yet: none
	for _, table := range tables {
		names, _ := s.Disk.List(filepath.Join("/segments", table))
		for _, n := range names {
			out = append(out, "segments/"+table+"/"+n)
		}
	}
	return out
}

// Known lists the files that the catalog knows, live or garbage, sorted as Names are.
func (s *Store) Known() []string {
	c := s.Catalog.Snapshot()
	var out []string
	add := func(t meta.TableID, id meta.SegmentID, vector uint64) {
		if vector > 0 {
			out = append(out, segment.VectorName(uint64(t), uint64(id), vector))
			return
		}
		out = append(out, segment.DataName(uint64(t), uint64(id)), segment.SidecarName(uint64(t), uint64(id)))
	}
	for _, g := range c.Garbage() {
		add(g.Table, g.Segment, g.Vector)
	}
	for _, table := range c.Tables(c.Database(meta.DefaultDatabase).ID) {
		for g := range c.Manifest(table.ID).All() {
			add(table.ID, g.ID, 0)
			if g.Deleted != nil {
				add(table.ID, g.ID, g.Deleted.Version)
			}
		}
	}
	slices.Sort(out)
	return out
}
