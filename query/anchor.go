package query

import (
	"sync"
	"sync/atomic"
	"time"
)

// anchor is a snapshot that a statement reads, and that its block may keep beyond it.
//
// A block that reads anew with each statement holds nothing in between, unless it has ended rows: these are known by where they lie, and flushes and merges
// can be followed from a snapshot that is still held. So it keeps the one in which its addresses are good, and takes the next statement's
// for it when they have been followed to there.
type anchor struct {
	holders atomic.Int32
	close   func()
}

// hold gives what lets go of the anchor; the last to do so closes the snapshot.
func (a *anchor) hold() (letGo func()) {
	a.holders.Add(1)
	return sync.OnceFunc(func() {
		if a.holders.Add(-1) == 0 {
			a.close()
		}
	})
}

// reading notes what a statement reads, until done.
func (s *Session) reading(snap Snapshot, since time.Time) (done func()) {
	if _, held := snap.(heldSnapshot); held {
		return snap.Close
	}
	forget := s.engine.holders.add(s, snap, since)
	a := &anchor{close: func() { forget(); snap.Close() }}
	if s.block != nil {
		s.block.reading = a
	}
	return a.hold()
}

// keep makes what the statement under way reads the snapshot from which moved rows are followed.
func (b *block) keep() {
	if b.reading == nil { // it reads the snapshot of the block
		return
	}
	before := b.anchored
	if b.anchored = b.reading.hold(); before != nil {
		before()
	}
}
