package aegis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/key"
	"github.com/automatanexus/aegis-db/column/mem"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/ingest"
	"github.com/automatanexus/aegis-db/meta"
	"github.com/automatanexus/aegis-db/query"
)

// samples is the name of Prometheus' table in a world.
const samples = "prometheus.samples"

// world is a database and what should be in it.
type world struct {
	disk   vfs.FS
	db     *DB
	models map[string]*model // by the name of the table
	held   []*heldSnapshot
}

// heldSnapshot is a snapshot that stays open, with what it has to show for as long as it does.
type heldSnapshot struct {
	snap    *Snapshot
	session *query.Session
	models  map[string]*model
}

// frozen lets an engine read one snapshot again and again.
type frozen struct{ snap *Snapshot }

type frozenSnapshot struct{ *Snapshot }

func (frozenSnapshot) Close() {}

func (f frozen) OpenSnapshot(string) (query.Snapshot, error) { return frozenSnapshot{f.snap}, nil }

// Overlay implements query.Store.
func (f frozen) Overlay(_ context.Context, s query.Snapshot, _ query.Own, _ *meta.Snapshot) (query.Snapshot, error) {
	return s, nil
}

// NewOwn implements query.Store.
func (f frozen) NewOwn(pool *mem.Pool) query.Own { return store{f.snap.db}.NewOwn(pool) }

func (f frozen) Catalog() meta.Catalog { return f.snap.db.catalog }
func (f frozen) Writer() meta.Writer   { return nil }

// Truncate implements query.Store.
func (f frozen) Truncate(context.Context, []meta.TableID, []meta.Command) error {
	return errors.ErrUnsupported
}

// Rewrite implements query.Store.
func (f frozen) Rewrite(context.Context, query.Rewriting) error { return errors.ErrUnsupported }

// RewrittenSchema implements query.Store.
func (f frozen) RewrittenSchema(_, to *meta.Table) *column.Schema { return &to.Columns }

// Closing implements query.Store.
func (frozen) Analyze([]meta.TableID) {}

func (f frozen) Closing(context.Context, meta.TableID, func(context.Context) error) error {
	return errors.ErrUnsupported
}

func openWorld(t rapid.TB, disk vfs.FS) *world {
	w := &world{disk: disk, models: map[string]*model{}}
	w.reopen(t)
	w.adopt(samples)
	return w
}

func memOptions(o Options) Options {
	o.Dir, o.CompactEvery, o.MemoryBytes, o.Workers, o.KeepRemoved, o.History = "/data", -1, 256<<20, 2, 1, -1
	return o
}

func (w *world) reopen(t rapid.TB) {
	db, err := Open(context.Background(), memOptions(Options{FS: w.disk}))
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	w.db = db
}

func (w *world) close(t rapid.TB) {
	for _, h := range w.held {
		h.snap.Close()
	}
	w.held = nil
	if err := w.db.Close(context.Background()); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// table finds a table of the catalog by the name that statements use.
func (w *world) table(name string) *meta.Table { return findTable(w.db, name) }

func findTable(db *DB, name string) *meta.Table {
	c := db.Catalog()
	schema, table, qualified := strings.Cut(name, ".")
	if !qualified {
		schema, table = meta.PublicSchema, name
	}
	return c.Table(c.Database(meta.DefaultDatabase).ID, schema, table)
}

// adopt begins a model of a table that is there and empty.
func (w *world) adopt(name string) { w.models[name] = newModel(&w.table(name).Columns) }

func (w *world) create(t rapid.TB, kind string) {
	if _, err := read(context.Background(), w.db.NewSession(""), shapes[kind].create(kind)); err != nil {
		t.Fatal(err)
	}
	w.adopt(kind)
}

func (w *world) clones() map[string]*model {
	out := map[string]*model{}
	for n, m := range w.models {
		out[n] = m.clone()
	}
	return out
}

func (w *world) hold(t rapid.TB) {
	snap, err := w.db.Snapshot("")
	if err != nil {
		t.Fatal(err)
	}
	s := query.New(frozen{snap}, query.Options{Pool: w.db.pool, Workers: 1}).NewSession("")
	w.held = append(w.held, &heldSnapshot{snap: snap, session: s, models: w.clones()})
}

// base is the middle of the times that tests write: 2026-01-01, in microseconds.
const base = int64(1767225600) * 1e6

// Values that meet again, and those that codecs and comparisons trip over. Finite numbers add up exactly in any order.
var (
	drawnTexts  = []cell{"a", "b", "", "it's", "ü|\x01", strings.Repeat("long ", 30), nil}
	drawnFloats = []cell{0.0, math.Copysign(0, -1), 1.5, -2.25, 1024.0, math.NaN(), math.Inf(1), math.Inf(-1), nil}
	drawnInts   = []cell{int64(0), int64(1), int64(2), int64(-7), int64(math.MaxInt32), nil}
	drawnBools  = []cell{true, false, nil}
)

// drawRows makes rows of a table. Few values make keys and series meet; times lie in a few partitions, some far away.
func drawRows(t *rapid.T, table *meta.Table) []modelRow {
	n := rapid.IntRange(1, 8).Draw(t, "rows")
	if rapid.IntRange(0, 11).Draw(t, "many") == 0 {
		n = 500 // seals chunks of the head, and makes more than one batch of small ones
	}
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	return makeRows(rng, table, n)
}

func makeRows(rng *rand.Rand, table *meta.Table, n int) []modelRow {
	out := make([]modelRow, n)
	for i := range out {
		r := make(modelRow, len(table.Columns.Fields))
		for k, f := range table.Columns.Fields {
			for again := true; again; again = f.NotNull && r[k] == nil {
				r[k] = makeCell(rng, &table.Columns, f)
			}
		}
		out[i] = r
	}
	return out
}

// unitOf is how many of a time type's units a microsecond is.
func unitOf(t column.Type) int64 { return t.UnitsPerSecond() / 1e6 }

func makeCell(rng *rand.Rand, s *column.Schema, f column.Field) cell {
	pick := func(list []cell) cell { return list[rng.IntN(len(list))] }
	switch {
	case f.ID == s.Time:
		const minute = 60 * 1e6
		at := base + int64(rng.IntN(90)-45)*minute
		switch rng.IntN(8) {
		case 0:
			at += int64(rng.IntN(3)-1) * 24 * 60 * minute // another day
		case 1:
			at = []int64{0, -1, base * 2, 1}[rng.IntN(4)] // another time
		}
		return at * unitOf(f.Type)
	case s.LabelSets && s.IsTag(f.ID):
		if f.Type.Kind == column.JSON {
			return []cell{`{}`, `{"job":"x"}`, `{"job":"y","ts":"1"}`}[rng.IntN(3)]
		}
		return []cell{"up", "requests_total"}[rng.IntN(2)]
	case f.Type.Physical() == column.PhysFloat:
		return pick(drawnFloats)
	case f.Type.Physical() == column.PhysInt && !f.Type.IsTime():
		return pick(drawnInts)
	case f.Type.Physical() == column.PhysBool:
		return pick(drawnBools)
	case f.Type.Kind == column.Text:
		return pick(drawnTexts)
	default:
		return nil // start times and histograms, which are not ingested yet
	}
}

// writeSamples writes rows of prometheus.samples by the fast path.
func writeSamples(db *DB, rows []modelRow) error {
	s, err := db.Samples("")
	if err != nil {
		return err
	}
	var b ingest.SampleBatch
	b.Valid = column.NewBitmap(len(rows), true)
	hashes, keys := make([]ingest.SeriesHash, len(rows)), make([][]byte, len(rows))
	for i, r := range rows {
		keys[i] = key.AppendBytes(key.AppendBytes(nil, []byte(r[0].(string))), []byte(r[1].(string)))
		for _, c := range keys[i] {
			hashes[i].Hi, hashes[i].Lo = hashes[i].Hi*31+uint64(c), hashes[i].Lo*131+uint64(c)
		}
		b.Times = append(b.Times, r[2].(int64))
		v, ok := r[3].(float64)
		if !ok {
			b.Valid.Clear(i)
		}
		b.Values = append(b.Values, v)
	}
	b.Refs = make([]uint32, len(rows))
	b.Epoch, _ = s.Lookup(hashes, b.Refs)
	for i, ref := range b.Refs {
		if ref != ingest.NoRef {
			continue
		}
		if b.Refs[i], err = s.Define(b.Epoch, hashes[i], keys[i]); err != nil {
			return err
		}
	}
	_, err = s.Write(context.Background(), &b, meta.AckWAL)
	return err
}

// grow adds a column to a table, as a tag or a field; a table grows a few times.
func (w *world) grow(t *rapid.T, name string) {
	table := w.table(name)
	if name == samples || table.Columns.Version > 3 {
		return
	}
	f := column.Field{Name: fmt.Sprint("more", table.Columns.Version), Type: column.T(rapid.SampledFrom([]column.Kind{column.Text, column.Int64, column.Bool}).Draw(t, "kind"))}
	if err := addColumns(context.Background(), w.db, name, rapid.Bool().Draw(t, "tag"), f); err != nil {
		t.Fatal(err)
	}
	w.models[name].grow(&w.table(name).Columns)
}

// TestModel runs any interleaving of definitions, columns added, writes by every path, flushes, compactions, collections, restarts and
// crashes, with snapshots held open, against rows in a slice.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		w := openWorld(t, memfs.New())
		defer func() { w.close(t) }()
		w.create(t, rapid.SampledFrom(shapeNames()).Draw(t, "first"))
		some := func(t *rapid.T) string {
			return rapid.SampledFrom(slices.Sorted(maps.Keys(w.models))).Draw(t, "table")
		}
		t.Repeat(map[string]func(*rapid.T){
			"create or drop": func(t *rapid.T) {
				kind := rapid.SampledFrom(shapeNames()).Draw(t, "shape")
				if w.models[kind] == nil {
					w.create(t, kind)
				} else if rapid.IntRange(0, 3).Draw(t, "drop") == 0 {
					if _, err := read(ctx, w.db.NewSession(""), "DROP TABLE "+kind); err != nil {
						t.Fatal(err)
					}
					delete(w.models, kind)
				}
			},
			"grow": func(t *rapid.T) { w.grow(t, some(t)) },
			"insert": func(t *rapid.T) {
				name := some(t)
				rows := drawRows(t, w.table(name))
				var err error
				if name == samples {
					err = writeSamples(w.db, rows)
				} else {
					_, err = read(ctx, w.db.NewSession(""), "INSERT INTO "+name+" VALUES "+values(w.table(name), rows))
				}
				if err != nil {
					t.Fatal(err)
				}
				w.models[name].write(rows)
			},
			"write": func(t *rapid.T) {
				var batches []meta.Rows
				for range rapid.IntRange(1, 3).Draw(t, "batches") {
					name := some(t)
					rows := drawRows(t, w.table(name))
					batches = append(batches, vectors(w.table(name), rows))
					w.models[name].write(rows)
				}
				if _, err := w.db.shard.Write(ctx, batches, meta.AckWAL); err != nil {
					t.Fatalf("write: %v", err)
				}
			},
			"change": func(t *rapid.T) { w.change(t, some(t)) },
			"publish": func(t *rapid.T) {
				if err := w.db.shard.PublishDeletes(ctx); err != nil {
					t.Fatalf("publish: %v", err)
				}
			},
			"truncate": func(t *rapid.T) {
				if rapid.IntRange(0, 3).Draw(t, "really") == 0 {
					w.truncate(t, some(t))
				}
			},
			"flush": func(t *rapid.T) {
				if err := w.db.Flush(ctx); err != nil {
					t.Fatalf("flush: %v", err)
				}
			},
			"compact": func(t *rapid.T) {
				if err := w.db.Compact(ctx); err != nil {
					t.Fatalf("compact: %v", err)
				}
			},
			"hold": func(t *rapid.T) {
				if len(w.held) < 3 {
					w.hold(t)
				}
			},
			"release": func(t *rapid.T) {
				if len(w.held) > 0 {
					w.held[0].snap.Close()
					w.held = w.held[1:]
				}
			},
			"restart": func(t *rapid.T) {
				after := w.disk
				if rapid.Bool().Draw(t, "crash") {
					after = w.disk.(*memfs.FS).CrashClone(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
				}
				w.close(t)
				w.disk = after
				w.reopen(t)
			},
			"check": func(t *rapid.T) { w.check(t) },
		})
		w.check(t)
	})
}
