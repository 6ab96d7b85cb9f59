package ingest

import (
	"sync"

	"github.com/automatanexus/aegis-db/meta"
)

// visibility finds the seq up to which every commit is as durable as its writer asked for.
type visibility struct {
	mu       sync.Mutex
	appended meta.Seq
	synced   meta.Seq
	written  meta.Seq // handed to the operating system
	waiting  []waiting
}

// waiting is a commit that is not yet as durable as it should be.
type waiting struct {
	seq meta.Seq
	ack meta.Ack
}

func (v *visibility) start(seq meta.Seq) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.appended, v.synced, v.written = seq, seq, seq
}

// add notes a commit whose rows are in the head.
func (v *visibility) add(seq meta.Seq, ack meta.Ack) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.appended = seq
	if ack != meta.AckNone {
		v.waiting = append(v.waiting, waiting{seq, ack})
	}
}

// reached notes that commits up to seq are synced, or written.
func (v *visibility) reached(seq meta.Seq, synced bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if synced {
		v.synced = max(v.synced, seq)
	}
	v.written = max(v.written, seq)
	n := 0
	for n < len(v.waiting) {
		w := v.waiting[n]
		if w.seq > v.written || w.ack == meta.AckWAL && w.seq > v.synced {
			break
		}
		n++
	}
	v.waiting = append(v.waiting[:0], v.waiting[n:]...)
}

// seq is S of the visibility rule.
func (v *visibility) seq() meta.Seq {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.waiting) > 0 {
		return v.waiting[0].seq - 1
	}
	return v.appended
}

// last is the newest commit.
func (v *visibility) last() meta.Seq {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.appended
}
