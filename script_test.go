package aegis

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/segment"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/meta"
)

// step is a part of the work that crash and fault tests interrupt. Its change is all there or not there at all.
type step struct {
	name string
	run  func(ctx context.Context, db *DB) error
	// change is what an acknowledgement promises; nil = nothing changes.
	change func(models map[string]*model)
}

// changed gives the models with a step done; those of before stay.
func (s step) changed(before map[string]*model) map[string]*model {
	if s.change == nil {
		return before
	}
	after := map[string]*model{}
	for n, m := range before {
		after[n] = m.clone()
	}
	s.change(after)
	return after
}

func statement(text string) func(context.Context, *DB) error {
	return func(ctx context.Context, db *DB) error {
		_, err := read(ctx, db.NewSession(""), text)
		return err
	}
}

// prototypes are the tables of all shapes, for making rows of tables that a crash may have undone.
func prototypes(t testing.TB) map[string]*meta.Table {
	db, err := Open(context.Background(), memOptions(Options{FS: newDisk()}))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*meta.Table{samples: findTable(db, samples)}
	for _, n := range shapeNames() {
		if _, err := read(context.Background(), db.NewSession(""), shapes[n].create(n)); err != nil {
			t.Fatal(err)
		}
		out[n] = findTable(db, n)
	}
	if err := db.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	return out
}

// addColumns adds columns to a table, as tags or as fields.
func addColumns(ctx context.Context, db *DB, table string, tags bool, columns ...column.Field) error {
	t := findTable(db, table)
	_, err := db.catalog.Propose(ctx, meta.Command{AddColumns: &meta.AddColumns{Table: t.ID, From: t.Columns.Version, Columns: columns, Tags: tags}})
	return err
}

// grown is a table after addColumns.
func grown(t *meta.Table, tags bool, columns ...column.Field) *meta.Table {
	out := *t
	s := &out.Columns
	s.Version++
	s.Fields, s.Tags, s.Key = slices.Clone(s.Fields), slices.Clone(s.Tags), slices.Clone(s.Key)
	for _, f := range columns {
		f.ID = out.NextColumn
		out.NextColumn++
		s.Fields = append(s.Fields, f)
		if tags {
			s.Tags = append(s.Tags, f.ID)
			if len(s.Key) > 0 {
				s.Key = append(s.Key, f.ID)
			}
		}
	}
	return &out
}

// script is a life of a database: definitions, writes by every path, late rows and duplicates, columns and tags that tables get,
// flushes that publish deletion vectors, merges, collections, a table dropped, and questions in between.
func script(tables map[string]*meta.Table) []step {
	rng := rand.New(rand.NewPCG(7, 7))
	tables = maps.Clone(tables) // which grow
	var out []step
	add := func(name string, run func(context.Context, *DB) error, change func(map[string]*model)) {
		out = append(out, step{name, run, change})
	}
	create := func(kind string) {
		schema := &tables[kind].Columns
		add("create "+kind, statement(shapes[kind].create(kind)), func(m map[string]*model) { m[kind] = newModel(schema) })
	}
	write := func(n int, kinds ...string) {
		rows := map[string][]modelRow{}
		for _, k := range kinds {
			rows[k] = near(tables[k], makeRows(rng, tables[k], n))
		}
		add("write "+strings.Join(kinds, " "), func(ctx context.Context, db *DB) error {
			var batches []meta.Rows
			for _, k := range kinds {
				t := findTable(db, k)
				if t == nil {
					return fmt.Errorf("%w: table %s is gone", errWrong, k)
				}
				batches = append(batches, vectors(t, rows[k]))
			}
			_, err := db.shard.Write(ctx, batches, meta.AckWAL)
			return err
		}, func(m map[string]*model) {
			for _, k := range kinds {
				m[k].write(rows[k])
			}
		})
	}
	grow := func(kind string, tags bool, columns ...column.Field) {
		tables[kind] = grown(tables[kind], tags, columns...)
		schema := &tables[kind].Columns
		add("add to "+kind, func(ctx context.Context, db *DB) error { return addColumns(ctx, db, kind, tags, columns...) },
			func(m map[string]*model) { m[kind].grow(schema) })
	}
	sample := func(n int) {
		rows := near(tables[samples], makeRows(rng, tables[samples], n))
		add("samples", func(_ context.Context, db *DB) error { return writeSamples(db, rows) }, func(m map[string]*model) { m[samples].write(rows) })
	}
	// change ends every n-th row and writes others: by the state before, whatever order the rows are read in, so n is 1 or all are written anew.
	change := func(kind string, rewrite int) {
		rows := near(tables[kind], makeRows(rng, tables[kind], rewrite))
		add("change "+kind, func(ctx context.Context, db *DB) error {
			if findTable(db, kind) == nil {
				return fmt.Errorf("%w: table %s is gone", errWrong, kind)
			}
			_, err := endEvery(ctx, db, kind, 0, 1, rows)
			return err
		}, func(m map[string]*model) {
			if err := m[kind].end(m[kind].rows); err != nil {
				panic(err)
			}
			m[kind].write(rows)
		})
	}
	// endBig ends the rows that a condition on a column holds for.
	endBig := func(kind, column string) {
		add("end rows of "+kind, statement("DELETE FROM "+kind+" WHERE "+column+" > 0"), func(m map[string]*model) {
			at := m[kind].schema.Lookup(column)
			var gone []modelRow
			for _, r := range m[kind].rows {
				if n, ok := r[at].(int64); ok && n > 0 {
					gone = append(gone, r)
				}
			}
			if err := m[kind].end(gone); err != nil {
				panic(err)
			}
		})
	}
	publish := func() {
		add("publish deletes", func(ctx context.Context, db *DB) error { return db.shard.PublishDeletes(ctx) }, nil)
	}
	flush := func() { add("flush", func(ctx context.Context, db *DB) error { return db.Flush(ctx) }, nil) }
	compact := func() { add("compact", func(ctx context.Context, db *DB) error { return db.Compact(ctx) }, nil) }

	create("tagged_keyed")
	create("plain")
	create("points")
	write(6, "tagged_keyed", "plain", "points")
	sample(6)
	flush()
	write(6, "points")
	grow("points", true, column.Field{Name: "zone", Type: column.T(column.Text)})
	grow("points", false, column.Field{Name: "w", Type: column.T(column.Int64)})
	create("settings")
	write(6, "settings", "tagged_keyed", samples, "points")
	endBig("tagged_keyed", "n")
	flush()
	endBig("plain", "a")
	change("settings", 2)
	publish()
	write(4, "plain", "settings")
	endBig("points", "n")
	compact()
	write(6, "tagged_keyed", "settings", samples)
	flush()
	add("drop plain", statement("DROP TABLE plain"), func(m map[string]*model) { delete(m, "plain") })
	sample(3)
	change("points", 3)
	compact()
	change("tagged_keyed", 3)
	write(3, "tagged_keyed", "points")
	return out
}

// near moves rows into two hours, so that the script makes few files: each costs the tests that run it hundreds of times.
func near(t *meta.Table, rows []modelRow) []modelRow {
	if at := t.Columns.Index(t.Columns.Time); at >= 0 {
		unit := unitOf(t.Columns.Fields[at].Type)
		for _, r := range rows {
			hours := 2 * 3600 * 1e6 * unit
			r[at] = base*unit + ((r[at].(int64)-base*unit)%hours+hours)%hours
		}
	}
	return rows
}

// sameTables holds all rows of all tables to the models.
func sameTables(db *DB, models map[string]*model) error {
	var names []string
	c := db.Catalog()
	for _, t := range c.Tables(c.Database(meta.DefaultDatabase).ID) {
		if t.Schema == meta.PrometheusSchema && t.Name == meta.MetadataTable {
			continue // every database has it; these tests leave it empty
		}
		names = append(names, strings.TrimPrefix(t.Schema+"."+t.Name, meta.PublicSchema+"."))
	}
	slices.Sort(names)
	if want := slices.Sorted(maps.Keys(models)); !slices.Equal(names, want) {
		return fmt.Errorf("%w: there are tables %v, not %v", errWrong, names, want)
	}
	s := db.NewSession("")
	for _, n := range names {
		got, err := read(context.Background(), s, "SELECT * FROM "+n)
		if err != nil {
			return err
		}
		have := model{rows: got}
		if g, w := have.texts(), models[n].texts(); !slices.Equal(g, w) {
			return fmt.Errorf("%w: %s has %d rows\n%s\nnot %d\n%s", errWrong, n, len(g), strings.Join(g, "\n"), len(w), strings.Join(w, "\n"))
		}
	}
	return nil
}

// survive opens what a crash or a fault left, and holds it to one of the states that it may have; then it goes on with that
// database as if nothing had happened.
func survive(disk vfs.FS, tables map[string]*meta.Table, states []map[string]*model, long bool) (err error) {
	ctx := context.Background()
	db, err := Open(ctx, memOptions(Options{FS: disk}))
	if err != nil {
		return fmt.Errorf("reopen: %w", err)
	}
	defer func() {
		if closeErr := db.Close(ctx); err == nil && closeErr != nil {
			err = fmt.Errorf("close: %w", closeErr)
		}
	}()
	if err := strayFiles(db, disk); err != nil {
		return err
	}
	var now map[string]*model
	for _, s := range states {
		if err = sameTables(db, s); err == nil {
			now = s
			break
		}
	}
	if now == nil || !long {
		return err
	}
	rng := rand.New(rand.NewPCG(9, 9))
	for _, n := range slices.Sorted(maps.Keys(now)) {
		rows := makeRows(rng, findTable(db, n), 5)
		if _, err := db.shard.Write(ctx, []meta.Rows{vectors(findTable(db, n), rows)}, meta.AckWAL); err != nil {
			return fmt.Errorf("write after recovery: %w", err)
		}
		now = step{change: func(m map[string]*model) { m[n].write(rows) }}.changed(now)
	}
	if err := db.Flush(ctx); err != nil {
		return fmt.Errorf("flush after recovery: %w", err)
	}
	if err := db.Compact(ctx); err != nil {
		return fmt.Errorf("compaction after recovery: %w", err)
	}
	return checkModels(db.NewSession(""), now)
}

// strayFiles reports files of segments that the catalog does not know: nobody would ever remove them.
func strayFiles(db *DB, disk vfs.FS) error {
	c := db.Catalog()
	known := map[string]bool{}
	name := func(t meta.TableID, s meta.SegmentID, vector uint64) {
		if vector > 0 {
			known[segment.VectorName(uint64(t), uint64(s), vector)] = true
			return
		}
		known[segment.DataName(uint64(t), uint64(s))] = true
		known[segment.SidecarName(uint64(t), uint64(s))] = true
	}
	c.Files(name)
	for _, t := range c.Tables(c.Database(meta.DefaultDatabase).ID) {
		for record := range c.Manifest(t.ID).All() {
			for _, x := range c.Indexes(t.ID) { // its file may be missing: it is built later
				known[segment.IndexName(uint64(t.ID), uint64(record.ID), uint64(x.File))] = true
			}
		}
	}
	for _, f := range filesBelow(disk, "/data/segments") {
		if rel, _ := filepath.Rel("/data", f); !known[rel] {
			return fmt.Errorf("%s belongs to nothing", f)
		}
	}
	return nil
}

// filesBelow lists the files of a folder and its folders, sorted.
func filesBelow(fsys vfs.FS, dir string) []string {
	names, err := fsys.List(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, n := range names {
		p := filepath.Join(dir, n)
		if info, err := fsys.Stat(p); err == nil && info.Dir {
			out = append(out, filesBelow(fsys, p)...)
		} else {
			out = append(out, p)
		}
	}
	return out
}
