package node

import (
	"sync"
	"sync/atomic"

	"github.com/automatanexus/aegis-db/meta"
)

// holder publishes states and counts who holds which version. Acquire reads the state under the lock that OldestHeld
// takes: between reading and counting, a collector could otherwise see no holder and delete the files.
type holder struct {
	state atomic.Pointer[meta.Snapshot]

	mu sync.Mutex
	// held has an entry for each acquired version, ascending; the first is never empty of holders.
	held []*held
}

type held struct {
	version meta.Version
	count   int
}

func (h *holder) acquire() (*meta.Snapshot, func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.state.Load()
	n := len(h.held)
	if n == 0 || h.held[n-1].version != s.Version {
		h.held = append(h.held, &held{version: s.Version})
		n++
	}
	e := h.held[n-1]
	e.count++
	var done atomic.Bool
	return s, func() {
		if !done.Swap(true) {
			h.release(e)
		}
	}
}

func (h *holder) release(e *held) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.count--
	n := 0
	for n < len(h.held) && h.held[n].count == 0 {
		h.held[n] = nil
		n++
	}
	h.held = h.held[n:]
}

func (h *holder) oldest() meta.Version {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.held) > 0 {
		return h.held[0].version
	}
	return h.state.Load().Version
}
