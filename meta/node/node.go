package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/automatanexus/aegis-db/meta"
)

// Node is a catalog on disk. Safe for concurrent use.
type Node struct {
	holder  holder
	guard   *guard
	stores  *stores
	raft    *raft.Raft
	timeout time.Duration
	now     func() time.Time // may be nil

	mu      sync.Mutex
	closing bool           // set once; no proposal begins after it
	active  sync.WaitGroup // proposals that Raft has not answered
	stopped chan struct{}  // closed when Raft has ended
	close   sync.Once
	quit    chan struct{}
}

var _ meta.Catalog = (*Node)(nil)

// Open reads the catalog in a folder, or makes an empty one, and returns when every change that was acknowledged before
// is in its state and new ones are taken. Damage is an error of class column.Corrupt that names the file; a folder of a
// newer version, one of class column.Unsupported. Only one Node may have a folder open: the caller holds a lock.
func Open(ctx context.Context, o Options) (*Node, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	st, err := o.open(&o)
	if err != nil {
		return nil, err
	}
	n, err := start(ctx, &o, st)
	if err != nil {
		return nil, errors.Join(err, st.close())
	}
	return n, nil
}

func start(ctx context.Context, o *Options, st *stores) (*Node, error) {
	id := raft.ServerID(o.NodeID)
	r, err := recoverState(st)
	if err != nil {
		return nil, err
	}
	if r.lastIndex == 0 && r.snapshot == 0 {
		if err := r.bootstrap(st, id); err != nil {
			return nil, err
		}
	} else if err := r.isVoter(id); err != nil {
		return nil, err
	}
	n := &Node{guard: newGuard(), stores: st, timeout: o.Timeout, now: o.Now, stopped: make(chan struct{}), quit: make(chan struct{})}
	n.holder.state.Store(r.state)
	f := &fsm{holder: &n.holder, until: r.lastCommand, ready: make(chan struct{}), replay: r.commands, replayFrom: r.snapshot + 1}
	if r.lastCommand == 0 {
		close(f.ready)
		f.once.Do(func() {})
	}
	addr, trans := raft.NewInmemTransportWithTimeout(raft.ServerAddress(id), rpcTimeout)
	trans.Connect(addr, trans)
	log := &guardedLog{LogStore: st.log, guard: n.guard}
	log.kept.Store(&r.entries)
	n.raft, err = raft.NewRaft(config(o, id), f, log, guardedStable{st.stable, n.guard}, st.snapshots, trans)
	if err != nil {
		return nil, fmt.Errorf("catalog: start raft: %w", err)
	}
	go n.supervise()
	if err := n.lead(ctx, trans, f.ready); err != nil {
		n.shut()
		return nil, err
	}
	return n, nil
}

// rpcTimeout bounds the calls of the node to itself; the only one, in lead, may take ten times as long.
const rpcTimeout = 100 * time.Millisecond

// config sets what differs from Raft's defaults. The time-outs stay: a lone voter has nobody to hear from, and short ones
// would wake the process a hundred times a second for nothing. lead makes the first election come at once.
func config(o *Options, id raft.ServerID) *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = id
	c.Logger = newLogger(o.Logger)
	c.MaxAppendEntries = 256 // proposals that share an fsync
	c.TrailingLogs = trailingLogs
	c.SnapshotThreshold = o.SnapshotEvery
	c.SnapshotInterval = o.SnapshotCheck
	c.NoSnapshotRestoreOnStart = true // recoverState has done it, with errors that say what is wrong
	c.NoLegacyTelemetry = true
	return c
}

// lead asks for an election without waiting for the heartbeat time-out, then waits until this node leads and the log has
// been applied. Were the request lost, the time-out would come to the same after a second or two.
func (n *Node) lead(ctx context.Context, trans *raft.InmemTransport, ready <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	request := &raft.TimeoutNowRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax}}
	var answer raft.TimeoutNowResponse
	if n.guard.failure() == nil {
		_ = trans.TimeoutNow("", trans.LocalAddr(), request, &answer)
	}
	for leads := false; !leads; {
		select {
		case leads = <-n.raft.LeaderCh():
		case <-n.guard.failed:
			return fmt.Errorf("catalog: start: %w", n.guard.err)
		case <-ctx.Done():
			return contextError(ctx, "the catalog has no leader yet")
		}
	}
	select {
	case <-ready:
		return nil
	case <-n.guard.failed:
		return fmt.Errorf("catalog: start: %w", n.guard.err)
	case <-ctx.Done():
		return contextError(ctx, "the catalog's log is not applied yet")
	}
}

// supervise ends Raft when the node is closed or a write has failed, but not before it has answered every proposal: what
// its state machine has in its queue at the end would never be answered.
func (n *Node) supervise() {
	defer close(n.stopped)
	select {
	case <-n.quit:
	case <-n.guard.failed:
	}
	n.mu.Lock()
	n.closing = true
	n.mu.Unlock()
	n.active.Wait()
	_ = n.raft.Shutdown().Error() // it never gives one
}

func (n *Node) shut() {
	n.close.Do(func() { close(n.quit) })
	<-n.stopped
}

// Close ends the node; proposals under way are answered first. States that were read stay readable.
func (n *Node) Close() error {
	first := false
	n.close.Do(func() {
		first = true
		close(n.quit)
	})
	<-n.stopped
	if !first {
		return nil
	}
	return errors.Join(n.guard.failure(), n.stores.close())
}

// Snapshot implements meta.Catalog.
func (n *Node) Snapshot() *meta.Snapshot { return n.holder.state.Load() }

// Acquire implements meta.Catalog.
func (n *Node) Acquire() (*meta.Snapshot, func()) { return n.holder.acquire() }

// OldestHeld implements meta.Catalog.
func (n *Node) OldestHeld() meta.Version { return n.holder.oldest() }
