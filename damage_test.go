package aegis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/meta"
)

// copyDisk copies all files below /data, with one changed by damage.
func copyDisk(t testing.TB, from vfs.FS, name string, damage func([]byte) []byte) *memfs.FS {
	t.Helper()
	to := newDisk()
	for _, f := range filesBelow(from, "/data") {
		b, err := vfs.ReadFile(from, f)
		if err != nil {
			t.Fatal(err)
		}
		if f == name {
			b = damage(b)
		}
		if err := to.MkdirAll(filepath.Dir(f)); err != nil {
			t.Fatal(err)
		}
		if err := vfs.WriteFileAtomic(to, f, b); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// smallDatabase is the disk of a database with every kind of file, killed: segments of both levels, deletion vectors, rows in the
// WAL alone. models is what is in it, and torn what was before its last write.
func smallDatabase(t *testing.T) (disk *memfs.FS, models, torn map[string]*model) {
	tables := prototypes(t)
	live := newDisk()
	db, err := Open(context.Background(), memOptions(Options{FS: live, KeepRemoved: time.Hour}))
	if err != nil {
		t.Fatal(err)
	}
	models = map[string]*model{samples: newModel(&tables[samples].Columns)}
	rows := makeRows(rand.New(rand.NewPCG(4, 4)), tables["tagged_keyed"], 3)
	flush := step{run: func(ctx context.Context, db *DB) error { return db.Flush(ctx) }}
	last := step{run: func(ctx context.Context, db *DB) error {
		_, err := db.shard.Write(ctx, []meta.Rows{vectors(findTable(db, "tagged_keyed"), rows)}, meta.AckWAL)
		return err
	}, change: func(m map[string]*model) { m["tagged_keyed"].write(rows) }}
	for _, s := range append(script(tables), flush, last) {
		if err := s.run(context.Background(), db); err != nil {
			t.Fatal(err)
		}
		torn, models = models, s.changed(models)
	}
	disk = live.CrashClone(rand.New(rand.NewPCG(1, 1)))
	if err := db.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	return disk, models, torn
}

// damaged opens and asks a database, one of whose files is not what was written: it is in one of the states given or it gives an
// error, never a wrong answer. refused is that error; it is checked to be clear.
func damaged(disk vfs.FS, name string, states ...map[string]*model) (refused, err error) {
	ctx := context.Background()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	db, err := Open(ctx, memOptions(Options{FS: disk}))
	if err == nil {
		for _, s := range states {
			if err = sameTables(db, s); !errors.Is(err, errWrong) {
				break
			}
		}
		// What cannot be read cannot be flushed or merged either; no answer may come of it.
		if closeErr := clear(db.Close(ctx)); closeErr != nil {
			return nil, fmt.Errorf("close: %w", closeErr)
		}
	}
	if errors.Is(err, errWrong) {
		return nil, err
	}
	if clear(err) != nil {
		return nil, fmt.Errorf("not a clear error: %w", err)
	}
	named := err == nil || strings.Contains(err.Error(), filepath.Base(name)) ||
		strings.Contains(name, "/catalog/") && strings.Contains(err.Error(), "catalog")
	if !named {
		return nil, fmt.Errorf("the error does not name the file: %w", err)
	}
	return err, nil
}

// TestDamage flips bytes of every file, and cuts files short.
func TestDamage(t *testing.T) {
	disk, models, torn := smallDatabase(t)
	type place struct {
		file string
		at   int
		cut  bool
	}
	var all []place
	kinds := map[string]int{}
	for _, f := range filesBelow(disk, "/data") {
		b, err := vfs.ReadFile(disk, f)
		if err != nil {
			t.Fatal(err)
		}
		kinds[filepath.Ext(f)] += len(b)
		for i := range b {
			all = append(all, place{f, i, false})
			if i%16 == 0 {
				all = append(all, place{f, i, true})
			}
		}
	}
	t.Log(kinds)
	for _, ext := range []string{".parquet", ".idx", ".dv", ".wal"} {
		if kinds[ext] == 0 {
			t.Errorf("there is no file of kind %s", ext)
		}
	}
	seed := course(t)
	rng := rand.New(rand.NewPCG(seed, 0))
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	began := time.Now()
	done, refused := 0, 0
	for _, p := range all {
		if !long && time.Since(began) > budget(6*time.Second) {
			break
		}
		bit := byte(1) << rng.IntN(8)
		after := copyDisk(t, disk, p.file, func(b []byte) []byte {
			if p.cut {
				return b[:p.at]
			}
			b[p.at] ^= bit
			return b
		})
		states := []map[string]*model{models}
		if filepath.Ext(p.file) == ".wal" {
			states = append(states, torn) // a damaged last record is a torn write, which nobody was told of
		}
		told, err := damaged(after, p.file, states...)
		if err != nil {
			t.Errorf("seed %d: %s, byte %d, bit %02x, cut %v: %v", seed, p.file, p.at, bit, p.cut, err)
		}
		done++
		refused += b2i(told != nil)
	}
	t.Logf("%d of %d places, %d refused", done, len(all), refused)
	if refused == 0 {
		t.Error("no damage was noticed")
	}
}
