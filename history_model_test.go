package aegis

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/meta"
)

// remembered is what was read in a version.
type remembered struct {
	version meta.Version
	at      time.Time
	pin     string
	models  map[string]*model
}

// pastModel is a world with a clock, and what was in it at some times.
type pastModel struct {
	*world
	now  time.Time
	past []remembered
	pins int
}

const keptPast = 30 * time.Minute

func (w *pastModel) reopen(t rapid.TB) {
	o := memOptions(Options{Now: func() time.Time { return w.now }})
	o.FS, o.History = w.disk, keptPast
	db, err := Open(context.Background(), o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	w.db = db
}

func (w *pastModel) do(t rapid.TB, statement string) {
	if _, err := read(context.Background(), w.db.NewSession(""), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// remember keeps what is there now, under its version or under a pin.
func (w *pastModel) remember(t rapid.TB, pin bool) {
	r := remembered{at: w.now, models: w.clones()}
	if pin {
		w.pins++
		r.pin = fmt.Sprint("p", w.pins)
		w.do(t, "CREATE PIN "+r.pin)
		r.version = w.db.Catalog().Pin(r.pin).Version
	} else {
		if err := w.db.settle(context.Background()); err != nil {
			t.Fatal(err)
		}
		r.version = w.db.Catalog().Version
	}
	w.past = append(w.past, r)
}

// check reads every remembered version that must still be there, and those that may be.
func (w *pastModel) check(t rapid.TB) {
	for _, r := range w.past {
		s := w.db.NewSession("")
		as := fmt.Sprint(r.version)
		if r.pin != "" {
			as = r.pin
		}
		if _, err := read(context.Background(), s, "SET aegis.as_of = '"+as+"'"); err != nil {
			t.Fatal(err)
		}
		err := checkModels(s, r.models)
		s.Close()
		if err == nil {
			continue
		}
		if old := w.now.Sub(r.at) >= keptPast && r.pin == ""; old && strings.Contains(err.Error(), "is not kept any more") {
			continue
		}
		t.Fatalf("version %d (%s), of %s ago: %v", r.version, r.pin, w.now.Sub(r.at), err)
	}
}

// checkChanges adds what table_changes says of two remembered versions to the rows of the first, which gives those of the second.
func (w *pastModel) checkChanges(t rapid.TB, from, to remembered) {
	c := w.db.Catalog()
	if from.version > to.version || from.version < c.OldestVersion() && from.version != c.Version {
		return
	}
	first, err := c.At(from.version)
	if err != nil {
		t.Fatal(err)
	}
	last, err := c.At(to.version)
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range to.models {
		schema, table, qualified := strings.Cut(name, ".")
		if !qualified {
			schema, table = meta.PublicSchema, name
		}
		database := c.Database(meta.DefaultDatabase).ID
		before, now := first.Table(database, schema, table), last.Table(database, schema, table)
		rows := &model{schema: m.schema}
		if before != nil && before.ID == now.ID {
			rows = from.models[name].clone()
			rows.grow(m.schema)
		}
		list, err := read(context.Background(), w.db.NewSession(""), fmt.Sprintf("SELECT * FROM table_changes('%s', %d, %d) ORDER BY _version", name, from.version, to.version))
		if err != nil {
			t.Fatal(err)
		}
		have := map[string]int{}
		for _, text := range rows.texts() {
			have[text]++
		}
		n := len(m.schema.Fields)
		for _, r := range list {
			text := (&model{schema: m.schema, rows: []modelRow{r[:n]}}).texts()[0]
			if r[n] == "insert" {
				have[text]++
			} else {
				have[text]--
			}
			if v := r[n+1].(int64); v <= int64(from.version) || v > int64(to.version) {
				t.Fatalf("%s: a change of version %d between %d and %d", name, v, from.version, to.version)
			}
		}
		for _, text := range m.texts() {
			have[text]--
		}
		for text, k := range have {
			if k != 0 {
				t.Fatalf("%s, from version %d to %d: %d too many of %s", name, from.version, to.version, k, text)
			}
		}
	}
}

// TestPastModel: whatever is written, changed, truncated, dropped, flushed, merged and collected, with restarts and crashes between, what was
// read in a version is read in it for as long as history is kept, and in a pin for good; a clone is what it was made of, and goes its own way.
func TestPastModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		w := &pastModel{world: &world{disk: memfs.New(), models: map[string]*model{}}, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
		w.reopen(t)
		w.adopt(samples)
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
				} else if rapid.IntRange(0, 2).Draw(t, "drop") == 0 {
					w.do(t, "DROP TABLE "+kind)
					delete(w.models, kind)
				}
			},
			"clone": func(t *rapid.T) {
				from, to := some(t), fmt.Sprint("clone_", rapid.IntRange(1, 2).Draw(t, "clone"))
				if from == samples || w.models[to] != nil {
					return
				}
				if len(w.past) > 0 && rapid.Bool().Draw(t, "past") {
					r := w.past[len(w.past)-1]
					if m := r.models[from]; m != nil && (r.pin != "" || w.now.Sub(r.at) < keptPast) {
						w.do(t, fmt.Sprintf("CREATE TABLE %s CLONE %s FOR VERSION AS OF %d", to, from, r.version))
						w.models[to] = m.clone()
					}
					return
				}
				w.do(t, "CREATE TABLE "+to+" CLONE "+from)
				w.models[to] = w.models[from].clone()
			},
			"grow": func(t *rapid.T) { w.grow(t, some(t)) },
			"write": func(t *rapid.T) {
				name := some(t)
				rows := drawRows(t, w.table(name))
				w.models[name].write(rows)
				if _, err := w.db.shard.Write(ctx, []meta.Rows{vectors(w.table(name), rows)}, meta.AckWAL); err != nil {
					t.Fatalf("write: %v", err)
				}
			},
			"change": func(t *rapid.T) { w.change(t, some(t)) },
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
				if err := strayFiles(w.db, w.disk); err != nil {
					t.Fatal(err)
				}
			},
			"remember": func(t *rapid.T) {
				if len(w.past) < 6 {
					w.remember(t, rapid.IntRange(0, 3).Draw(t, "pin") == 0)
				}
			},
			"changes": func(t *rapid.T) {
				if len(w.past) > 0 {
					w.checkChanges(t, rapid.SampledFrom(w.past).Draw(t, "from"), rapid.SampledFrom(w.past).Draw(t, "to"))
				}
			},
			"unpin": func(t *rapid.T) {
				if i := slices.IndexFunc(w.past, func(r remembered) bool { return r.pin != "" }); i >= 0 {
					w.do(t, "DROP PIN "+w.past[i].pin)
					w.past = slices.Delete(w.past, i, i+1)
				}
			},
			"wait": func(t *rapid.T) {
				w.now = w.now.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "minutes")) * time.Minute)
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
		w.world.check(t)
	})
}
