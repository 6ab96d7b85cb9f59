package query

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// holders knows who reads what: the snapshots that are open, of statements that run and of transactions that read one snapshot.
type holders struct {
	mu   sync.Mutex
	open map[*Holder]struct{}
}

// Holder is a session with a snapshot that is open. Nothing waits for it, but the files and the memory that the snapshot names are kept.
type Holder struct {
	Session  *Session
	Snapshot Snapshot
	Since    time.Time
}

func (h *holders) add(s *Session, snap Snapshot, now time.Time) (done func()) {
	one := &Holder{s, snap, now}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open == nil {
		h.open = map[*Holder]struct{}{}
	}
	h.open[one] = struct{}{}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.open, one)
	}
}

// Holders calls f with the snapshots that are open, oldest first. None is closed while f runs.
func (e *Engine) Holders(f func([]*Holder)) {
	h := &e.holders
	h.mu.Lock()
	defer h.mu.Unlock()
	f(slices.SortedFunc(maps.Keys(h.open), func(a, b *Holder) int { return a.Since.Compare(b.Since) }))
}
