package node

import (
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"
)

// guard stops the node at the first write that fails. After a failed write nobody knows what is on the disk; Raft would
// step down, elect itself anew and go on, and it panics where it cannot store its term.
type guard struct {
	once   sync.Once
	failed chan struct{} // closed when err is set
	err    error
}

func newGuard() *guard { return &guard{failed: make(chan struct{})} }

func (g *guard) fail(err error) {
	g.once.Do(func() {
		g.err = err
		close(g.failed)
	})
}

// failure gives the first error, nil while all is well.
func (g *guard) failure() error {
	select {
	case <-g.failed:
		return g.err
	default:
		return nil
	}
}

// guardedLog refuses every write after one that failed. It gives the entries that the node started with from memory, as
// recoverState has read them: where Raft cannot read an entry again it panics. They go when the log is cut behind them.
type guardedLog struct {
	raft.LogStore
	guard *guard
	kept  atomic.Pointer[[]raft.Log]
}

// GetLog implements raft.LogStore.
func (l *guardedLog) GetLog(index uint64, into *raft.Log) error {
	if kept := l.kept.Load(); kept != nil && len(*kept) > 0 {
		entries := *kept
		if i := index - entries[0].Index; i < uint64(len(entries)) {
			*into = entries[i]
			return nil
		}
	}
	return l.LogStore.GetLog(index, into)
}

// DeleteRange implements raft.LogStore.
func (l *guardedLog) DeleteRange(lo, hi uint64) error {
	if kept := l.kept.Load(); kept != nil && (len(*kept) == 0 || (*kept)[len(*kept)-1].Index <= hi) {
		l.kept.Store(nil)
	}
	return l.LogStore.DeleteRange(lo, hi)
}

// StoreLog implements raft.LogStore.
func (l *guardedLog) StoreLog(entry *raft.Log) error { return l.StoreLogs([]*raft.Log{entry}) }

// StoreLogs implements raft.LogStore.
func (l *guardedLog) StoreLogs(entries []*raft.Log) error {
	if err := l.guard.failure(); err != nil {
		return err
	}
	err := l.LogStore.StoreLogs(entries)
	if err != nil {
		l.guard.fail(err)
	}
	return err
}

// IsMonotonic implements raft.MonotonicLogStore for stores that are.
func (l *guardedLog) IsMonotonic() bool {
	m, ok := l.LogStore.(raft.MonotonicLogStore)
	return ok && m.IsMonotonic()
}

// guardedStable keeps errors from Raft, which answers them with a panic. That is no lie that matters: the guard has
// stopped the log, so that nothing is acknowledged in a term that was not stored.
type guardedStable struct {
	raft.StableStore
	guard *guard
}

func (s guardedStable) Set(key, value []byte) error {
	return s.write(func() error { return s.StableStore.Set(key, value) })
}

func (s guardedStable) SetUint64(key []byte, value uint64) error {
	return s.write(func() error { return s.StableStore.SetUint64(key, value) })
}

func (s guardedStable) write(set func() error) error {
	if s.guard.failure() != nil {
		return nil
	}
	if err := set(); err != nil {
		s.guard.fail(err)
	}
	return nil
}
