package aegis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/meta"
)

// definitionSteps are statements about tables and indexes, alone and in transactions with rows, which go through both logs. Each step is done as a whole or not
// at all.
var definitionSteps = [][]string{
	{"CREATE TABLE a (k bigint PRIMARY KEY, v smallint, s text)"},
	{"CREATE TABLE b (k bigint, v bigint)"},
	{"INSERT INTO a VALUES (1, 1, 'one'), (2, 2, 'two'), (3, 3, NULL)"},
	{"flush"},
	{"BEGIN", "INSERT INTO b VALUES (1, 10), (2, 20)", "UPDATE a SET s = 'TWO' WHERE k = 2", "COMMIT"},
	{"ALTER TABLE a ADD COLUMN c integer DEFAULT 7 NOT NULL, ADD CHECK (v < 100), DROP COLUMN s"},
	{"CREATE INDEX x ON a USING btree (v)"},
	{"build indexes"},
	{
		"BEGIN", "UPDATE a SET v = v + 10 WHERE k = 1", "CREATE TABLE d (k bigint PRIMARY KEY, v bigint)", "INSERT INTO d SELECT k, v * 10 FROM a",
		"INSERT INTO b VALUES (3, 30)", "ALTER TABLE b ADD COLUMN w text DEFAULT 'w'", "INSERT INTO b VALUES (4, 40, 'x')", "DELETE FROM b WHERE k = 1", "DROP INDEX x", "COMMIT",
	},
	{"ALTER TABLE a ALTER v TYPE bigint, ALTER v SET NOT NULL, ADD UNIQUE (v)"},
	{"flush"},
	{"BEGIN", "DELETE FROM d WHERE k = 2", "TRUNCATE b", "ALTER TABLE d RENAME COLUMN v TO u", "INSERT INTO b VALUES (5, 50, 'y')", "CREATE INDEX y ON b USING bitmap (w)", "COMMIT"},
	{"publish"},
	{"REINDEX INDEX y"},
	{"compact"},
	{"BEGIN", "DROP TABLE d", "INSERT INTO a VALUES (4, 4, 4)", "ALTER TABLE a RENAME TO e", "UPDATE e SET c = 0 WHERE k < 3", "COMMIT"},
	{"TRUNCATE b"},
	{"INSERT INTO b VALUES (6, 60, 'z')"},
	{"flush"},
	{"ALTER TABLE e DROP CONSTRAINT a_v_check, ALTER c DROP DEFAULT, ALTER c DROP NOT NULL"},
	{"build indexes"},
	{"compact"},
	{"INSERT INTO e VALUES (9, 900, NULL)"},
}

// defined is what a database shows of its tables: columns, constraints, indexes and rows.
func defined(db *DB) string {
	s := db.NewSession("")
	defer s.Close()
	var out strings.Builder
	c := db.Catalog()
	for _, t := range c.Tables(c.Database(meta.DefaultDatabase).ID) {
		if t.Schema != meta.PublicSchema {
			continue
		}
		fmt.Fprintln(&out, t.Name)
		for _, f := range t.Columns.Fields {
			fmt.Fprintln(&out, " ", f.Name, f.Type, f.NotNull, f.Default)
		}
		for _, k := range t.Constraints {
			fmt.Fprintln(&out, " ", k.Name, k.Kind, k.NotValid)
		}
		for _, x := range c.Indexes(t.ID) {
			fmt.Fprintln(&out, " ", x.Name)
		}
		rows, err := tryAsk(s, "SELECT * FROM "+t.Name)
		slices.Sort(rows)
		fmt.Fprintln(&out, rows, err)
		for _, f := range t.Columns.Fields { // by indexes, where there are some
			n, err := tryAsk(s, "SELECT count(*) FROM "+t.Name+" WHERE "+f.Name+" IS NOT NULL AND "+f.Name+"::text = '4'")
			fmt.Fprintln(&out, n, err)
		}
	}
	return out.String()
}

// runDefinition does a step. An error leaves no transaction open.
func runDefinition(db *DB, step []string) (err error) {
	ctx := context.Background()
	switch step[0] {
	case "flush":
		return db.Flush(ctx)
	case "compact":
		return db.Compact(ctx)
	case "publish":
		return db.shard.PublishDeletes(ctx)
	case "build indexes":
		return db.BuildIndexes(ctx)
	}
	s := db.NewSession("")
	s.Blocks = true
	defer s.Close()
	for _, text := range step {
		if _, err := tryAsk(s, text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}

// definedStates are what a database shows before the first step and after each.
func definedStates(t *testing.T) []string {
	db, err := Open(context.Background(), memOptions(Options{FS: newDisk()}))
	if err != nil {
		t.Fatal(err)
	}
	out := []string{defined(db)}
	for _, step := range definitionSteps {
		if err := runDefinition(db, step); err != nil {
			t.Fatal(err)
		}
		out = append(out, defined(db))
	}
	if err := db.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	return out
}

// oneOf opens what is left and finds one of the states, also when all of it is flushed, merged and opened again.
func oneOf(disk *memfs.FS, states ...string) error {
	ctx := context.Background()
	for range 2 {
		db, err := Open(ctx, memOptions(Options{FS: disk}))
		if err != nil {
			return fmt.Errorf("reopen: %w", err)
		}
		got := defined(db)
		if !slices.Contains(states, got) {
			return errors.Join(fmt.Errorf("%w:\n%s\nnone of\n%s", errWrong, got, strings.Join(states, "\nand\n")), db.Close(ctx))
		}
		states = []string{got}
		err = strayFiles(db, disk)
		if err = errors.Join(err, db.Flush(ctx), db.Compact(ctx), db.BuildIndexes(ctx)); err == nil && defined(db) != got {
			err = fmt.Errorf("%w: flushed and merged:\n%s\nnot\n%s", errWrong, defined(db), got)
		}
		if err := errors.Join(err, db.Close(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// TestDefinitionsCrash cuts the power before every operation on the disk.
func TestDefinitionsCrash(t *testing.T) {
	states := definedStates(t)
	type cut struct {
		what string
		disk *memfs.FS
		at   int // the step
	}
	var mu sync.Mutex // guards what follows: operations come from several goroutines
	at, cuts := -1, []cut(nil)
	seed := course(t)
	rng := rand.New(rand.NewPCG(seed, 0))
	plain := newDisk()
	disk := faultfs.New(plain, func(op faultfs.Op, name string, _ int) error {
		mu.Lock()
		defer mu.Unlock()
		if op.Changes() && at >= 0 {
			cuts = append(cuts, cut{fmt.Sprint(definitionSteps[at], ": ", op, " ", name), plain.CrashClone(rng), at})
		}
		return nil
	})
	db, err := Open(context.Background(), memOptions(Options{FS: disk}))
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range definitionSteps {
		mu.Lock()
		at = i
		mu.Unlock()
		if err := runDefinition(db, step); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(cuts) < 200 {
		t.Fatalf("only %d operations", len(cuts))
	}
	rng.Shuffle(len(cuts), func(i, j int) { cuts[i], cuts[j] = cuts[j], cuts[i] })
	began, done := time.Now(), 0
	for _, c := range cuts {
		if !long && time.Since(began) > budget(6*time.Second) {
			break
		}
		if err := oneOf(c.disk, states[c.at], states[c.at+1]); err != nil {
			t.Fatalf("seed %d, %s: %v", seed, c.what, err)
		}
		done++
	}
	t.Logf("%d of %d crashes", done, len(cuts))
}

// TestDefinitionsFault fails operations on the disk. What fails is done as a whole or not at all, and said so unless the catalog or the log stop for good;
// what goes on is right.
func TestDefinitionsFault(t *testing.T) {
	states := definedStates(t)
	run := func(inject faultfs.Injector) error {
		disk := newDisk()
		fsys := faultfs.New(disk, inject)
		db, err := Open(context.Background(), memOptions(Options{FS: fsys}))
		if err != nil {
			if err := clear(err); err != nil {
				return err
			}
			return oneOf(disk, states[0])
		}
		may := states[:1]
		for i, step := range definitionSteps {
			err := runDefinition(db, step)
			if err := clear(err); err != nil {
				return errors.Join(err, db.Close(context.Background()))
			}
			if may = states[i+1 : i+2]; err != nil {
				may = states[i : i+2]
				break
			}
		}
		fsys.SetInjector(nil)
		closeErr := db.Close(context.Background())
		return errors.Join(clear(closeErr), oneOf(disk, may...))
	}
	var ops []int
	if err := run(func(op faultfs.Op, _ string, n int) error {
		ops = append(ops, n)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]func(at int) faultfs.Injector{
		"one operation fails": func(at int) faultfs.Injector { return faultfs.FailAt(at, errDisk) },
		"a write is cut short": func(at int) faultfs.Injector {
			return faultfs.FailAt(at, &faultfs.PartialWrite{Bytes: at % 23, Err: faultfs.ErrNoSpace})
		},
		"nothing works any more": func(at int) faultfs.Injector {
			return func(_ faultfs.Op, _ string, n int) error {
				if n >= at {
					return errDisk
				}
				return nil
			}
		},
	}
	seed := course(t)
	for what, inject := range kinds {
		t.Run(what, func(t *testing.T) {
			list := slices.Clone(ops)
			rand.New(rand.NewPCG(seed, 0)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			began, done := time.Now(), 0
			for _, n := range list {
				if !long && time.Since(began) > budget(2*time.Second) {
					break
				}
				if err := run(inject(n)); err != nil {
					t.Fatalf("seed %d, operation %d: %v", seed, n, err)
				}
				done++
			}
			t.Logf("%d of %d operations", done, len(list))
		})
	}
}
