package raftlog

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/automatanexus/aegis-db/column/vfs"
	"github.com/automatanexus/aegis-db/column/vfs/memfs"
)

// chain is a state machine whose state depends on every command and their order.
type chain struct {
	mu    sync.Mutex
	count uint64
	hash  uint64
}

func (c *chain) Apply(l *raft.Log) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := fnv.New64a()
	_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, c.hash))
	_, _ = h.Write(l.Data)
	c.count, c.hash = c.count+1, h.Sum64()
	return c.count
}

func (c *chain) state() (count, hash uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count, c.hash
}

type frozen []byte

func (c *chain) Snapshot() (raft.FSMSnapshot, error) {
	count, hash := c.state()
	return frozen(binary.LittleEndian.AppendUint64(appendIndex(count), hash)), nil
}

func (f frozen) Persist(sink raft.SnapshotSink) error {
	if _, err := sink.Write(f); err != nil {
		return err
	}
	return sink.Close()
}

func (frozen) Release() {}

func (c *chain) Restore(r io.ReadCloser) error {
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil || len(b) != 16 {
		return fmt.Errorf("%d bytes: %w", len(b), err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count, c.hash = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	return nil
}

type node struct {
	stores *Stores
	raft   *raft.Raft
	fsm    *chain
	// elected is how long it took to lead.
	elected time.Duration
}

func startNode(t testing.TB, fsys vfs.FS, dir string) *node {
	t.Helper()
	n := &node{fsm: &chain{}}
	var err error
	n.stores, err = Open(fsys, dir, Options{SegmentSize: 4 << 10})
	must(t, err)
	conf := raft.DefaultConfig()
	conf.LocalID = "only"
	conf.LogLevel = "ERROR"
	conf.HeartbeatTimeout = 10 * time.Millisecond
	conf.ElectionTimeout = 10 * time.Millisecond
	conf.LeaderLeaseTimeout = 10 * time.Millisecond
	conf.CommitTimeout = 5 * time.Millisecond
	conf.TrailingLogs = 16
	addr, transport := raft.NewInmemTransport("only")
	existing, err := raft.HasExistingState(n.stores.Log, n.stores.Stable, n.stores.Snapshots)
	must(t, err)
	if !existing {
		must(t, raft.BootstrapCluster(conf, n.stores.Log, n.stores.Stable, n.stores.Snapshots, transport,
			raft.Configuration{Servers: []raft.Server{{ID: conf.LocalID, Address: addr}}}))
	}
	begin := time.Now()
	n.raft, err = raft.NewRaft(conf, n.fsm, n.stores.Log, n.stores.Stable, n.stores.Snapshots, transport)
	must(t, err)
	for n.raft.State() != raft.Leader {
		if time.Since(begin) > 10*time.Second {
			t.Fatal("no leader")
		}
		time.Sleep(time.Millisecond)
	}
	n.elected = time.Since(begin)
	// What was committed before the restart is applied behind a barrier.
	must(t, n.raft.Barrier(10*time.Second).Error())
	return n
}

func (n *node) stop(t testing.TB) {
	t.Helper()
	must(t, n.raft.Shutdown().Error())
	must(t, n.stores.Close())
}

func (n *node) apply(t testing.TB, from, to int) {
	t.Helper()
	var last raft.ApplyFuture
	for i := from; i < to; i++ {
		last = n.raft.Apply(fmt.Appendf(nil, "command %d", i), 10*time.Second)
	}
	must(t, last.Error())
}

// TestNode runs a real single-voter node: elect, apply, snapshot, stop, start again, lose the power, start
// again; the state is always the same.
func TestNode(t *testing.T) {
	for _, where := range []string{"disk", "memory"} {
		t.Run(where, func(t *testing.T) {
			mem := memfs.New()
			fsys, dir := vfs.FS(mem), "raft"
			if where == "disk" {
				fsys, dir = vfs.OS(), t.TempDir()
			}
			n := startNode(t, fsys, dir)
			t.Logf("first election: %v", n.elected)
			begin := time.Now()
			n.apply(t, 0, 300)
			must(t, n.raft.Snapshot().Error())
			n.apply(t, 300, 500)
			t.Logf("500 commands: %v", time.Since(begin))
			count, hash := n.fsm.state()
			if count != 500 {
				t.Fatalf("%d commands applied", count)
			}
			n.stop(t)
			if first, _ := func() (uint64, error) { s, _ := Open(fsys, dir, Options{}); defer s.Close(); return s.Log.FirstIndex() }(); first < 200 {
				t.Errorf("the log still begins at %d", first)
			}

			n = startNode(t, fsys, dir)
			t.Logf("second election: %v", n.elected)
			if c, h := n.fsm.state(); c != count || h != hash {
				t.Fatalf("after restart: %d %x, want %d %x", c, h, count, hash)
			}
			n.apply(t, 500, 520)
			count, hash = n.fsm.state()
			if where == "memory" {
				crashed := mem.CrashClone(rand.New(rand.NewPCG(1, 1)))
				defer n.stop(t)
				n = startNode(t, crashed, dir)
				if c, h := n.fsm.state(); c != count || h != hash {
					t.Fatalf("after the power cut: %d %x, want %d %x", c, h, count, hash)
				}
			}
			n.stop(t)
		})
	}
}
