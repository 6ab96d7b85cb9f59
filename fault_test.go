package aegis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/meta"
)

// errDisk is what a broken disk says.
var errDisk = errors.New("input/output error")

// faulty is a run of the script over a disk that fails.
type faulty struct {
	fsys   *faultfs.FS
	db     *DB
	tables map[string]*meta.Table
	// states are what the database may hold: a failed step may be done after all, once. The first is without it.
	states []map[string]*model
	failed []string // steps
}

// work runs steps. One that fails leaves two possible states; questions and further writes then tell which of the two it is.
func (f *faulty) work(steps []step) error {
	for _, s := range steps {
		err := s.run(context.Background(), f.db)
		if err := clear(err); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if err == nil {
			for i := range f.states {
				f.states[i] = s.changed(f.states[i])
			}
			continue
		}
		f.failed = append(f.failed, s.name)
		if s.change == nil {
			continue
		}
		f.states = append(f.states, s.changed(f.states[0]))
		return nil
	}
	return nil
}

// clear refuses errors that are no answer: wrong rows, broken invariants, panics that were caught.
func clear(err error) error {
	if err == nil {
		return nil
	}
	for _, bad := range []string{"internal error", "runtime error", "goroutine "} {
		if strings.Contains(err.Error(), bad) {
			return err
		}
	}
	if errors.Is(err, errWrong) {
		return err
	}
	return nil
}

// ask asks all tables: the answer is one of the states, or an error.
func (f *faulty) ask() error {
	var err error
	for _, s := range f.states {
		if err = sameTables(f.db, s); err == nil || !errors.Is(err, errWrong) {
			return clear(err)
		}
	}
	return err
}

// after is what users do when the disk is in order again: they ask, write and flush. What stopped for good must say so.
func (f *faulty) after() error {
	if err := f.ask(); err != nil {
		return fmt.Errorf("after the fault: %w", err)
	}
	rng := rand.New(rand.NewPCG(5, 5))
	rows := makeRows(rng, f.tables[samples], 4)
	ctx := context.Background()
	_, writeErr := f.db.shard.Write(ctx, []meta.Rows{vectors(findTable(f.db, samples), rows)}, meta.AckWAL)
	s := step{change: func(m map[string]*model) { m[samples].write(rows) }}
	for i := range f.states {
		if writeErr == nil {
			f.states[i] = s.changed(f.states[i])
		}
	}
	if writeErr != nil && f.db.Stats().Ingest.WALError == nil {
		return fmt.Errorf("the log is in order, but takes no write: %w", writeErr)
	}
	flushErr := f.db.Flush(ctx)
	stopped := flushErr != nil && strings.Contains(flushErr.Error(), "the catalog stopped")
	if flushErr != nil && writeErr == nil && !stopped {
		return fmt.Errorf("log and catalog are in order, but a flush fails: %w", flushErr)
	}
	if err := f.ask(); err != nil {
		return fmt.Errorf("after the fault and a flush: %w", err)
	}
	return nil
}

// runFaulty fails operations as inject says, until the first step has failed, and checks what is left.
func runFaulty(tables map[string]*meta.Table, steps []step, inject faultfs.Injector) error {
	ctx := context.Background()
	disk := newDisk()
	f := &faulty{fsys: faultfs.New(disk, inject), tables: tables, states: []map[string]*model{{samples: newModel(&tables[samples].Columns)}}}
	var err error
	f.db, err = Open(ctx, memOptions(Options{FS: f.fsys}))
	if err != nil {
		if err := clear(err); err != nil {
			return fmt.Errorf("open: %w", err)
		}
		return survive(disk, tables, f.states, false)
	}
	err = f.work(steps)
	if err == nil {
		err = f.ask()
	}
	f.fsys.SetInjector(nil)
	if err == nil {
		err = f.after()
	}
	closeErr := f.db.Close(ctx)
	if err == nil {
		err = clear(closeErr)
	}
	if err == nil {
		err = survive(disk, tables, f.states, true)
	}
	if err != nil {
		return fmt.Errorf("failed steps %v: %w", f.failed, err)
	}
	return nil
}

// TestFaultAnywhere fails every operation on the disk in turn, in the ways that disks do. The database answers with an error or
// rightly, goes on where it can, and has every acknowledged row when it is opened again.
func TestFaultAnywhere(t *testing.T) {
	tables := prototypes(t)
	steps := script(tables)
	var writes, reads []int // operations that change something, and the others
	count := func(op faultfs.Op, _ string, n int) error {
		if op.Changes() {
			writes = append(writes, n)
		} else {
			reads = append(reads, n)
		}
		return nil
	}
	if err := runFaulty(tables, steps, count); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]func(at int) faultfs.Injector{
		"one operation fails": func(at int) faultfs.Injector { return faultfs.FailAt(at, errDisk) },
		"a write is cut short": func(at int) faultfs.Injector {
			return faultfs.FailAt(at, &faultfs.PartialWrite{Bytes: at % 23, Err: faultfs.ErrNoSpace})
		},
		"the disk is full": func(at int) faultfs.Injector {
			return func(op faultfs.Op, _ string, n int) error {
				if n >= at && (op == faultfs.OpWrite || op == faultfs.OpCreate || op == faultfs.OpMkdir) {
					return &faultfs.PartialWrite{Bytes: at % 7, Err: faultfs.ErrNoSpace}
				}
				return nil
			}
		},
		"nothing can be written": func(at int) faultfs.Injector {
			return func(op faultfs.Op, _ string, n int) error {
				if n >= at && op.Changes() {
					return errDisk
				}
				return nil
			}
		},
		"nothing can be read": func(at int) faultfs.Injector {
			return func(op faultfs.Op, _ string, n int) error {
				if n >= at && (op == faultfs.OpRead || op == faultfs.OpOpen) {
					return errDisk
				}
				return nil
			}
		},
	}
	seed := course(t)
	for what, inject := range kinds {
		t.Run(what, func(t *testing.T) {
			list := slices.Clone(writes)
			if strings.Contains(what, "read") {
				list = slices.Clone(reads)
			} else if strings.Contains(what, "operation") {
				list = append(list, reads...)
			}
			rand.New(rand.NewPCG(seed, 0)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			began := time.Now()
			done := 0
			for _, n := range list {
				if !long && time.Since(began) > budget(2*time.Second) {
					break
				}
				if err := runFaulty(tables, steps, inject(n)); err != nil {
					t.Fatalf("operation %d: %v", n, err)
				}
				done++
			}
			t.Logf("%d of %d operations", done, len(list))
		})
	}
}
