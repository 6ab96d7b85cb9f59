package aegis

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
)

func newDisk() *memfs.FS { return memfs.New() }

// crash is what the disk may look like after a power cut before an operation, and what may then be in the database.
type crash struct {
	op     int
	what   string
	disk   *memfs.FS
	states []map[string]*model
}

// crashes runs the script once, and cuts the power before every operation on the disk.
func crashes(t *testing.T, steps []step, start map[string]*model, rng *rand.Rand) []crash {
	var mu sync.Mutex // guards states and doing: operations also come from the database's own goroutines
	states, doing := []map[string]*model{start}, "open"
	disk := newDisk()
	var out []crash
	opened := false
	fsys := faultfs.New(disk, func(op faultfs.Op, name string, n int) error {
		mu.Lock()
		defer mu.Unlock()
		if op.Changes() && opened {
			out = append(out, crash{n, doing + ": " + string(op) + " " + name, disk.CrashClone(rng), states})
		}
		return nil
	})
	set := func(what string, s ...map[string]*model) {
		mu.Lock()
		defer mu.Unlock()
		states, doing, opened = s, what, true
	}
	db, err := Open(context.Background(), memOptions(Options{FS: fsys}))
	if err != nil {
		t.Fatal(err)
	}
	now := start
	for _, s := range steps {
		after := s.changed(now)
		set(s.name, now, after)
		if err := s.run(context.Background(), db); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		now = after
		set("after "+s.name, now)
	}
	set("close", now)
	if err := db.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCrashAnywhere: after a power cut at any operation on the disk, everything acknowledged is there once, the write under
// way is there as a whole or not at all, and the database goes on.
func TestCrashAnywhere(t *testing.T) {
	tables := prototypes(t)
	start := map[string]*model{samples: newModel(&tables[samples].Columns)}
	seed := course(t)
	rng := rand.New(rand.NewPCG(seed, 0))
	all := crashes(t, script(tables), start, rng)
	if len(all) < 200 {
		t.Fatalf("the script has only %d operations", len(all))
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	began := time.Now()
	done := 0
	for i, c := range all {
		if !long && time.Since(began) > budget(10*time.Second) {
			break
		}
		if err := survive(c.disk, tables, c.states, i%4 == 0); err != nil {
			t.Fatalf("seed %d, crash before operation %d, %s: %v", seed, c.op, c.what, err)
		}
		done++
	}
	t.Logf("%d of %d crashes", done, len(all))
}

// TestCrashOpen: a power cut while a database is made, or opened again, leaves one that opens.
func TestCrashOpen(t *testing.T) {
	tables := prototypes(t)
	empty := map[string]*model{samples: newModel(&tables[samples].Columns)}
	for _, again := range []bool{false, true} {
		disk := newDisk()
		if again {
			db, err := Open(context.Background(), memOptions(Options{FS: disk}))
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		rng := rand.New(rand.NewPCG(3, 4))
		var left []*memfs.FS
		fsys := faultfs.New(disk, func(op faultfs.Op, _ string, _ int) error {
			if op.Changes() {
				left = append(left, disk.CrashClone(rng))
			}
			return nil
		})
		db, err := Open(context.Background(), memOptions(Options{FS: fsys}))
		if err != nil {
			t.Fatal(err)
		}
		fsys.SetInjector(nil)
		if err := db.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		for i, d := range left {
			if testing.Short() && i%3 != 0 {
				continue
			}
			if err := survive(d, tables, []map[string]*model{empty}, i%4 == 0); err != nil {
				t.Errorf("again=%v, crash %d of %d: %v", again, i, len(left), err)
			}
		}
	}
}
