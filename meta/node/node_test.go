package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	"go.uber.org/goleak"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/faultfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
	"github.com/automatanexus/aegis-db/meta"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const dir = "/catalog"

func open(t testing.TB, fsys vfs.FS, change ...func(*Options)) *Node {
	t.Helper()
	o := Options{FS: fsys, Dir: dir}
	for _, c := range change {
		c(&o)
	}
	n, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() }) // for tests that end early; the others have closed it and looked at the error
	return n
}

func closeNode(t testing.TB, n *Node) {
	t.Helper()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
}

// often makes a snapshot after every few commands.
func often(o *Options) { o.SnapshotEvery, o.SnapshotCheck = 3, 5*time.Millisecond }

func createDatabase(name string) meta.Command {
	return meta.Command{CreateDatabase: &meta.CreateDatabase{Name: name}}
}

var openShard = meta.Command{OpenShard: &meta.OpenShard{Shard: 1}}

// encoded gives a state as bytes, to compare states by.
func encoded(t testing.TB, s *meta.Snapshot) string {
	t.Helper()
	data, err := meta.AppendSnapshot(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestProposeAndRestart(t *testing.T) {
	for name, change := range map[string]func(*Options){"log": func(*Options) {}, "snapshots": often} {
		t.Run(name, func(t *testing.T) {
			fsys := memfs.New()
			var before string
			for round := range 4 {
				n := open(t, fsys, change)
				if got := encoded(t, n.Snapshot()); round > 0 && got != before {
					t.Fatalf("round %d: the state is\n%s\nwant\n%s", round, got, before)
				}
				for i := range 5 {
					r := mustPropose(t, n, createDatabase(fmt.Sprintf("d%d-%d", round, i)))
					if want := meta.Version(round*5 + i + 1); r.Version != want || n.Snapshot().Version != want || r.ID != uint64(want) {
						t.Fatalf("got %+v, version %d, want %d", r, n.Snapshot().Version, want)
					}
					if name == "snapshots" {
						time.Sleep(8 * time.Millisecond)
					}
				}
				before = encoded(t, n.Snapshot())
				closeNode(t, n)
			}
			files, err := fsys.List(filepath.Join(dir, "snapshots"))
			if err != nil || (len(files) > 0) != (name == "snapshots") {
				t.Errorf("snapshots: %v %v", files, err)
			}
		})
	}
}

// TestRestoreOnly starts from a snapshot that covers the whole log, then from one with entries after it.
func TestRestoreOnly(t *testing.T) {
	fsys := memfs.New()
	n := open(t, fsys)
	for range 100 {
		mustPropose(t, n, openShard)
	}
	if err := n.raft.Snapshot().Error(); err != nil {
		t.Fatal(err)
	}
	if first, _ := n.stores.log.FirstIndex(); first < 50 {
		t.Errorf("the log still begins at entry %d", first)
	}
	closeNode(t, n)
	for epoch := uint64(100); epoch < 103; epoch++ {
		n = open(t, fsys)
		if got := n.Snapshot().Shard(1).Epoch; got != epoch {
			t.Fatalf("epoch %d, want %d", got, epoch)
		}
		mustPropose(t, n, openShard)
		closeNode(t, n)
	}
}

func TestProposeRefused(t *testing.T) {
	n := open(t, memfs.New())
	mustPropose(t, n, createDatabase("d"))
	last, _ := n.stores.log.LastIndex()
	_, err := n.Propose(context.Background(), createDatabase("d"))
	if column.ClassOf(err) != column.Conflict {
		t.Errorf("a database was made twice: %v", err)
	}
	r, err := n.Propose(context.Background(), meta.Command{CreateDatabase: &meta.CreateDatabase{Name: "d", IfNotExists: true}})
	if err != nil || !r.Existed || r.ID != 1 || r.Version != 1 {
		t.Errorf("%+v %v", r, err)
	}
	if now, _ := n.stores.log.LastIndex(); now != last {
		t.Errorf("commands that change nothing were logged: %d entries", now-last)
	}
	huge := meta.Command{Commit: &meta.Commit{Flushed: &meta.Flushed{}}}
	if _, err := n.Propose(context.Background(), huge); column.ClassOf(err) != column.Conflict {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := n.Propose(ctx, openShard); column.ClassOf(err) != column.Cancelled || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	ctx, cancel = context.WithTimeout(context.Background(), -1)
	defer cancel()
	if _, err := n.Propose(ctx, openShard); column.ClassOf(err) != column.Overloaded {
		t.Errorf("late: %v", err)
	}
	closeNode(t, n)
	if _, err := n.Propose(context.Background(), openShard); column.ClassOf(err) != column.Cancelled {
		t.Errorf("closed: %v", err)
	}
	if n.Snapshot().Database("d") == nil {
		t.Error("a closed catalog cannot be read")
	}
	closeNode(t, n)
}

// slowLog holds every write back until it is let go.
type slowLog struct {
	raft.LogStore
	gate chan struct{}
}

func (l *slowLog) StoreLogs(entries []*raft.Log) error {
	<-l.gate
	return l.LogStore.StoreLogs(entries)
}

// TestProposeTimeout: a change that is not confirmed in time is of class Overloaded, and is made all the same when the
// disk comes back.
func TestProposeTimeout(t *testing.T) {
	gate := make(chan struct{}, 1000)
	gate <- struct{}{} // the entry of the election
	n := open(t, memfs.New(), func(o *Options) {
		o.open = func(o *Options) (*stores, error) {
			st, err := openStores(o)
			if err == nil {
				st.log = &slowLog{st.log, gate}
			}
			return st, err
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := n.Propose(ctx, openShard)
	if column.ClassOf(err) != column.Overloaded || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a change that was not stored: %v", err)
	}
	if v := n.Snapshot().Version; v != 0 {
		t.Fatalf("it is visible in version %d", v)
	}
	for range 100 {
		gate <- struct{}{}
	}
	closeNode(t, n) // waits for the proposal
	if e := n.Snapshot().Shard(1).Epoch; e != 1 {
		t.Errorf("epoch %d", e)
	}
}

// TestProposeCancelled: who is cancelled when his change is on its way to the disk learns what becomes of it.
func TestProposeCancelled(t *testing.T) {
	gate := make(chan struct{}, 1000)
	gate <- struct{}{} // the entry of the election
	stored := make(chan struct{})
	n := open(t, memfs.New(), func(o *Options) {
		o.open = func(o *Options) (*stores, error) {
			st, err := openStores(o)
			if err == nil {
				st.log = &slowLog{st.log, gate}
			}
			return st, err
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		defer close(stored)
		time.Sleep(20 * time.Millisecond)
		cancel()
		time.Sleep(20 * time.Millisecond)
		for range 100 {
			gate <- struct{}{}
		}
	}()
	if _, err := n.Propose(ctx, openShard); err != nil {
		t.Errorf("the change was made: %v", err)
	}
	<-stored
	if e := n.Snapshot().Shard(1).Epoch; e != 1 {
		t.Errorf("epoch %d", e)
	}
	closeNode(t, n)
}

// TestConcurrent proposes from many goroutines: each result is unique, and a restart finds all.
func TestConcurrent(t *testing.T) {
	fsys := memfs.New()
	n := open(t, fsys, often)
	var mu sync.Mutex
	seen := map[uint64]bool{}
	var wg sync.WaitGroup
	const writers, each = 16, 30
	for range writers {
		wg.Go(func() {
			for range each {
				r, err := n.Propose(context.Background(), meta.Command{ReserveIDs: &meta.ReserveIDs{Count: 2}})
				mu.Lock()
				if err != nil || seen[r.ID] {
					t.Errorf("%+v %v", r, err)
				}
				seen[r.ID] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	closeNode(t, n)
	n = open(t, fsys)
	if got := n.Snapshot().NextSegment(); got != 1+2*writers*each {
		t.Errorf("next id %d", got)
	}
	closeNode(t, n)
}

func TestOldestHeld(t *testing.T) {
	n := open(t, memfs.New())
	mustPropose(t, n, openShard)
	oldest := func(want meta.Version) {
		t.Helper()
		if got := n.OldestHeld(); got != want {
			t.Errorf("oldest held is %d, want %d", got, want)
		}
	}
	oldest(1)
	s1, release1 := n.Acquire()
	mustPropose(t, n, openShard)
	_, release2 := n.Acquire()
	_, release2b := n.Acquire()
	mustPropose(t, n, openShard)
	oldest(1)
	release2()
	release2()
	oldest(1)
	release1()
	oldest(2)
	release2b()
	oldest(3)
	if s1.Version != 1 || s1.Shard(1).Epoch != 1 {
		t.Error("an acquired state changed")
	}
	closeNode(t, n)
}

// TestOldestHeldConcurrent: while a state is held, nobody may see an oldest version after it.
func TestOldestHeldConcurrent(t *testing.T) {
	n := open(t, memfs.New())
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				s, release := n.Acquire()
				if got := n.OldestHeld(); got > s.Version {
					t.Errorf("version %d is held, the oldest is said to be %d", s.Version, got)
				}
				release()
			}
		})
	}
	for range 200 {
		mustPropose(t, n, openShard)
	}
	close(stop)
	wg.Wait()
	if got := n.OldestHeld(); got != 200 || len(n.holder.held) != 0 {
		t.Errorf("oldest %d, %d entries", got, len(n.holder.held))
	}
	closeNode(t, n)
}

// TestCrash cuts the power at random moments: every acknowledged change is there after the restart, at most the one
// that was under way comes in addition, and none comes twice.
func TestCrash(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		fsys := memfs.New()
		acked := uint64(0)
		for life := range 3 {
			n := open(t, fsys, often)
			epoch := n.Snapshot().Shard(1).Epoch
			if epoch < acked || epoch > acked+1 {
				t.Fatalf("seed %d life %d: %d changes were acknowledged, %d are there", seed, life, acked, epoch)
			}
			acked = epoch
			for range rng.IntN(12) {
				r := mustPropose(t, n, openShard)
				if acked++; r.ID != acked {
					t.Fatalf("seed %d: change %d made epoch %d", seed, acked, r.ID)
				}
			}
			// The clone is taken while one more proposal, and perhaps a snapshot, is under way.
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = n.Propose(context.Background(), openShard)
			}()
			if rng.IntN(2) == 0 {
				time.Sleep(time.Duration(rng.IntN(8)) * time.Millisecond)
			}
			crashed := fsys.CrashClone(rng)
			<-done
			closeNode(t, n)
			fsys = crashed
		}
	}
}

// TestFailingDisk fails every operation on the file system in turn, alone or with all after it. Whatever happens, nothing panics,
// and what a power cut leaves then holds everything that was acknowledged.
func TestFailingDisk(t *testing.T) {
	run := func(fsys vfs.FS) (acked uint64) {
		n, err := Open(context.Background(), Options{FS: fsys, Dir: dir, Timeout: 2 * time.Second})
		if err != nil {
			return 0
		}
		for range 5 {
			r, err := n.Propose(context.Background(), openShard)
			if err == nil {
				acked = r.ID
			} else if c := column.ClassOf(err); c != column.Internal && c != column.Cancelled {
				t.Errorf("a disk that fails gives %v: %v", c, err)
			}
			if acked == 3 {
				_ = n.raft.Snapshot().Error()
			}
		}
		_ = n.Close() // a stopped node gives the error that stopped it
		return acked
	}
	probe := faultfs.New(memfs.New(), nil)
	run(probe)
	total := probe.Count()
	if total < 20 {
		t.Fatalf("only %d operations", total)
	}
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range 2 * total {
		at, inject := i/2+1, faultfs.FailFrom(i/2+1)
		if i%2 == 0 {
			inject = faultfs.FailAt(at, faultfs.ErrNoSpace)
		}
		mem := memfs.New()
		acked := run(faultfs.New(mem, inject))
		n, err := Open(context.Background(), Options{FS: mem.CrashClone(rng), Dir: dir})
		if err != nil {
			t.Fatalf("operation %d failed; after the crash: %v", at, err)
		}
		if epoch := n.Snapshot().Shard(1).Epoch; epoch < acked || epoch > acked+1 {
			t.Errorf("operation %d failed: %d changes were acknowledged, %d are there", at, acked, epoch)
		}
		closeNode(t, n)
	}
}

// TestDamage flips bytes in every file. Open must name the file, or come to a state that is right: all of it, or, where
// the end of the log looks torn, all but the last entries.
func TestDamage(t *testing.T) {
	mem := memfs.New()
	n := open(t, mem)
	for i := range 12 {
		mustPropose(t, n, createDatabase(fmt.Sprint("database", i)))
		if i == 8 {
			if err := n.raft.Snapshot().Error(); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := encoded(t, n.Snapshot())
	closeNode(t, n)
	rng := rand.New(rand.NewPCG(3, 3))
	for _, name := range strings.Fields(mem.Names()) {
		data, err := vfs.ReadFile(mem, name)
		if err != nil {
			t.Fatal(err)
		}
		refused := 0
		for at := 0; at < len(data); at += 1 + len(data)/60 {
			fsys := mem.CrashClone(rng)
			damaged := append([]byte(nil), data...)
			damaged[at] ^= byte(1 + rng.IntN(255))
			if err := vfs.WriteFileAtomic(fsys, name, damaged); err != nil {
				t.Fatal(err)
			}
			n, err := Open(context.Background(), Options{FS: fsys, Dir: dir})
			if err != nil {
				refused++
				if c := column.ClassOf(err); c != column.Corrupt && c != column.Unsupported || !strings.Contains(err.Error(), name) {
					t.Errorf("%s, byte %d: class %v: %v", name, at, c, err)
				}
				continue
			}
			if v := n.Snapshot().Version; v < 11 || v == 12 && encoded(t, n.Snapshot()) != want {
				t.Errorf("%s, byte %d: opened at version %d", name, at, v)
			}
			closeNode(t, n)
		}
		if refused == 0 && len(data) > 0 && !strings.HasSuffix(name, ".snap") {
			t.Errorf("%s: no damage was noticed", name)
		}
	}
}

func TestOpenRefused(t *testing.T) {
	ctx := context.Background()
	if _, err := Open(ctx, Options{}); column.ClassOf(err) != column.Invalid {
		t.Error(err)
	}
	fsys := memfs.New()
	closeNode(t, open(t, fsys))
	if _, err := Open(ctx, Options{FS: fsys, Dir: dir, NodeID: "other"}); column.ClassOf(err) != column.Invalid || !strings.Contains(err.Error(), "other") {
		t.Errorf("a folder of another node: %v", err)
	}
	st, err := openStores(&Options{FS: fsys, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	last, _ := st.log.LastIndex()
	newer := &raft.Log{Index: last + 1, Term: 1, Type: raft.LogCommand, Data: []byte("\x01{\"rename_table\":{}}")}
	if err := errors.Join(st.log.StoreLog(newer), st.close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, Options{FS: fsys, Dir: dir}); column.ClassOf(err) != column.Unsupported || !strings.Contains(err.Error(), "rename_table") {
		t.Errorf("a command of a newer version: %v", err)
	}
	if _, err := decodeServers([]byte("no list")); column.ClassOf(err) != column.Corrupt {
		t.Errorf("a list of voters that is none: %v", err)
	}
}

// TestStart: a start elects at once, without Raft's time-outs of a second and more, and says nothing above debug.
func TestStart(t *testing.T) {
	var told strings.Builder
	logger := slog.New(slog.NewTextHandler(&told, &slog.HandlerOptions{Level: slog.LevelInfo}))
	fsys := memfs.New()
	for range 3 {
		start := time.Now()
		n := open(t, fsys, func(o *Options) { o.Logger = logger })
		if took := time.Since(start); took > 900*time.Millisecond {
			t.Errorf("the start took %s", took)
		}
		mustPropose(t, n, openShard)
		if err := n.raft.Snapshot().Error(); err != nil {
			t.Error(err)
		}
		closeNode(t, n)
	}
	if told.Len() > 0 {
		t.Errorf("the log says\n%s", told.String())
	}
	sink{logger}.Accept("raft", hclog.Error, "said", "number", hclog.Fmt("%03d", 7))
	if !strings.Contains(told.String(), "level=ERROR") || !strings.Contains(told.String(), "number=007") {
		t.Errorf("an error of raft became %q", told.String())
	}
}
