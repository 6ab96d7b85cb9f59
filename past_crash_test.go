package aegis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
)

// seen is what a database shows of the present, of pins and of clones.
func seen(db *DB) string {
	s := db.NewSession("")
	defer s.Close()
	var out strings.Builder
	for _, statement := range []string{
		"SELECT name FROM aegis.pins ORDER BY name", "SELECT count(*), sum(n) FROM t", "SELECT count(*), sum(n) FROM c", "SELECT count(*), sum(n) FROM d",
		"SELECT count(*), sum(n) FROM t FOR VERSION AS OF 'p'", "SELECT count(*), sum(n) FROM t FOR VERSION AS OF 'q'",
		"SELECT _change, count(*), sum(n) FROM table_changes('t', 'p', 'q') GROUP BY 1 ORDER BY 1",
	} {
		rows, err := read(context.Background(), s, statement)
		var e *column.Error
		if errors.As(err, &e) {
			fmt.Fprintln(&out, e.SQLState)
			continue
		}
		fmt.Fprintln(&out, rows, err)
	}
	return out.String()
}

// TestPastCrash: after a power cut at any operation on the disk, pins, clones and changes are as they were before the step under way, or behind
// it, and no file is missing or left over.
func TestPastCrash(t *testing.T) {
	rows := "(n bigint, ts timestamptz) WITH (time_column = 'ts')"
	some := func(from, to int) string {
		return fmt.Sprintf("INSERT INTO t SELECT g, '2026-01-01'::timestamptz + g * interval '1 s' FROM generate_series(%d, %d) AS g", from, to)
	}
	steps := []string{
		"CREATE TABLE t " + rows, some(1, 40), "CREATE PIN p", "DELETE FROM t WHERE n % 4 = 0", "compact", some(41, 60), "CREATE TABLE c CLONE t",
		"DELETE FROM c WHERE n < 10", "flush", "CREATE PIN q", "CREATE TABLE d CLONE t FOR VERSION AS OF 'p'", "compact", "UPDATE t SET n = n + 1000 WHERE n > 50",
		"DROP PIN p", "compact", "DROP TABLE t", "compact",
	}
	powerCuts(t, steps, seen)
}

// powerCuts takes steps, cuts the power at every operation on the disk, and holds what is seen then against what was seen before the step under way and behind it. "flush" and
// "compact" are steps, too.
func powerCuts(t *testing.T, steps []string, seen func(*DB) string) {
	t.Helper()
	options := func(disk *faultfs.FS, plain *memfs.FS) Options {
		o := memOptions(Options{FS: plain})
		if disk != nil {
			o.FS = disk
		}
		o.History = time.Hour
		return o
	}
	type cut struct {
		step   string
		disk   *memfs.FS
		states []string
	}
	var (
		mu     sync.Mutex // guards what follows: operations come from several goroutines
		states []string
		doing  string
		cuts   []cut
	)
	rng := rand.New(rand.NewPCG(course(t), 0))
	plain := newDisk()
	disk := faultfs.New(plain, func(op faultfs.Op, name string, _ int) error {
		mu.Lock()
		defer mu.Unlock()
		if op.Changes() && states != nil {
			cuts = append(cuts, cut{doing + ": " + string(op) + " " + name, plain.CrashClone(rng), states})
		}
		return nil
	})
	db, err := Open(context.Background(), options(disk, plain))
	if err != nil {
		t.Fatal(err)
	}
	replay := func(db *DB, step string) error {
		switch step {
		case "compact":
			return db.Compact(context.Background())
		case "flush":
			return db.Flush(context.Background())
		}
		_, err := read(context.Background(), db.NewSession(""), step)
		return err
	}
	after := make([]string, len(steps))
	model, err := Open(context.Background(), options(nil, newDisk()))
	if err != nil {
		t.Fatal(err)
	}
	before := seen(model)
	for i, step := range steps {
		if err := replay(model, step); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		after[i] = seen(model)
	}
	if err := model.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i, step := range steps {
		mu.Lock()
		doing, states = step, []string{before, after[i]}
		mu.Unlock()
		if err := replay(db, step); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		before = after[i]
	}
	mu.Lock()
	states = nil
	mu.Unlock()
	if err := db.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(cuts) < 100 {
		t.Fatalf("only %d operations", len(cuts))
	}
	rng.Shuffle(len(cuts), func(i, j int) { cuts[i], cuts[j] = cuts[j], cuts[i] })
	began := time.Now()
	for i, c := range cuts {
		if !long && time.Since(began) > budget(6*time.Second) {
			t.Logf("%d of %d cuts", i, len(cuts))
			break
		}
		db, err := Open(context.Background(), options(nil, c.disk))
		if err != nil {
			t.Fatalf("%s: %v", c.step, err)
		}
		if got := seen(db); got != c.states[0] && got != c.states[1] {
			t.Fatalf("%s:\n%s\nneither\n%s\nnor\n%s", c.step, got, c.states[0], c.states[1])
		}
		err = strayFiles(db, c.disk)
		if err := errors.Join(err, db.Compact(context.Background())); err != nil {
			t.Fatalf("%s: %v", c.step, err)
		}
		if got := seen(db); got != c.states[0] && got != c.states[1] {
			t.Fatalf("%s, after a merge:\n%s", c.step, got)
		}
		if err := db.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}
