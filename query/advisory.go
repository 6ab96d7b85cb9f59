package query

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/catalog"
)

// advisoryLocks are the locks that clients take by numbers of their own. They lock nothing but each other: rows and tables know nothing of them.
//
// As in PostgreSQL, a session may hold a lock several times, in both modes, until it gives it back or ends (of the session) and until its transaction
// ends (of the transaction). Who must wait stands in line; who would wait for somebody that waits for it, is refused at once.
type advisoryLocks struct {
	mu    sync.Mutex
	locks map[advisoryKey]*advisoryLock
	waits map[*Session]*advisoryWait // a session waits for one lock at a time
}

// advisoryKey names a lock within a database.
type advisoryKey struct {
	database string
	catalog.AdvisoryKey
}

// advisoryLock is one that is held or waited for.
type advisoryLock struct {
	holders map[*Session]*advisoryHold
	line    []*advisoryWait
}

// advisoryHold counts how often a session has a lock: [shared, or exclusive].
type advisoryHold struct{ session, transaction [2]int }

func (h *advisoryHold) has(mode int) bool { return h.session[mode]+h.transaction[mode] > 0 }

// advisoryWait is a session in line.
type advisoryWait struct {
	session *Session
	key     advisoryKey
	mode    int
	local   bool          // until the end of the transaction
	granted chan struct{} // closed when it has the lock
}

const (
	advisoryShared = iota
	advisoryExclusive
)

func advisoryMode(shared bool) int {
	if shared {
		return advisoryShared
	}
	return advisoryExclusive
}

func (a *advisoryLocks) lock(k advisoryKey) *advisoryLock {
	l := a.locks[k]
	if l == nil {
		l = &advisoryLock{holders: map[*Session]*advisoryHold{}}
		if a.locks == nil {
			a.locks, a.waits = map[advisoryKey]*advisoryLock{}, map[*Session]*advisoryWait{}
		}
		a.locks[k] = l
	}
	return l
}

// blockers are the sessions whose locks keep a session from one.
func (l *advisoryLock) blockers(s *Session, mode int) []*Session {
	var out []*Session
	for other, h := range l.holders {
		if other != s && (h.has(advisoryExclusive) || mode == advisoryExclusive && h.has(advisoryShared)) {
			out = append(out, other)
		}
	}
	return out
}

// before are those in line that a new request for the lock has to let pass.
func before(line []*advisoryWait, mode int) []*Session {
	var out []*Session
	for _, w := range line {
		if mode == advisoryExclusive || w.mode == advisoryExclusive {
			out = append(out, w.session)
		}
	}
	return out
}

func (l *advisoryLock) give(s *Session, mode int, local bool) {
	h := l.holders[s]
	if h == nil {
		h = &advisoryHold{}
		l.holders[s] = h
	}
	if local {
		h.transaction[mode]++
	} else {
		h.session[mode]++
	}
}

// take takes a lock if that can be done at once; w is the place in line if it cannot and wait is asked for.
func (a *advisoryLocks) take(s *Session, k advisoryKey, mode int, local, wait bool) (taken bool, w *advisoryWait, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.lock(k)
	h := l.holders[s]
	blocked := len(l.blockers(s, mode)) > 0
	switch {
	case h != nil && h.has(mode), !blocked && (h != nil || len(before(l.line, mode)) == 0):
		l.give(s, mode, local)
		return true, nil, nil
	case !wait:
		a.drop(k, l)
		return false, nil, nil
	}
	w = &advisoryWait{session: s, key: k, mode: mode, local: local, granted: make(chan struct{})}
	if h != nil {
		l.line = slices.Insert(l.line, 0, w) // those in line wait for it
	} else {
		l.line = append(l.line, w)
	}
	a.waits[s] = w
	if a.reaches(s, s, map[*Session]bool{}) {
		a.forget(w)
		return false, nil, column.SQLErrorf(column.Conflict, "40P01", "deadlock detected")
	}
	return false, w, nil
}

// waitsFor are the sessions that a session waits for now.
func (a *advisoryLocks) waitsFor(s *Session) []*Session {
	w := a.waits[s]
	if w == nil {
		return nil
	}
	l := a.locks[w.key]
	return append(l.blockers(s, w.mode), before(l.line[:slices.Index(l.line, w)], w.mode)...)
}

// reaches reports whether whom a session waits for waits for another in the end.
func (a *advisoryLocks) reaches(from, to *Session, seen map[*Session]bool) bool {
	for _, next := range a.waitsFor(from) {
		if next == to {
			return true
		}
		if !seen[next] {
			seen[next] = true
			if a.reaches(next, to, seen) {
				return true
			}
		}
	}
	return false
}

// forget takes a session out of the line.
func (a *advisoryLocks) forget(w *advisoryWait) {
	l := a.locks[w.key]
	if i := slices.Index(l.line, w); i >= 0 {
		l.line = slices.Delete(l.line, i, i+1)
	}
	delete(a.waits, w.session)
	a.advance(w.key, l)
}

// advance gives a lock to those in line that can have it now.
func (a *advisoryLocks) advance(k advisoryKey, l *advisoryLock) {
	for i := 0; i < len(l.line); {
		w := l.line[i]
		if len(l.blockers(w.session, w.mode)) > 0 || l.holders[w.session] == nil && len(before(l.line[:i], w.mode)) > 0 {
			i++
			continue
		}
		l.line = slices.Delete(l.line, i, i+1)
		delete(a.waits, w.session)
		l.give(w.session, w.mode, w.local)
		close(w.granted)
	}
	a.drop(k, l)
}

// drop forgets a lock that nobody has or wants.
func (a *advisoryLocks) drop(k advisoryKey, l *advisoryLock) {
	if len(l.holders) == 0 && len(l.line) == 0 {
		delete(a.locks, k)
	}
}

// back gives back one hold of a lock; false if there is none.
func (a *advisoryLocks) back(s *Session, k advisoryKey, mode int, local bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.locks[k]
	if l == nil || l.holders[s] == nil {
		return false
	}
	counts := &l.holders[s].session
	if local {
		counts = &l.holders[s].transaction
	}
	if counts[mode] == 0 {
		return false
	}
	counts[mode]--
	if h := l.holders[s]; !h.has(advisoryShared) && !h.has(advisoryExclusive) {
		delete(l.holders, s)
	}
	a.advance(k, l)
	return true
}

// backAll gives back all that a session holds until its end.
func (a *advisoryLocks) backAll(s *Session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for k, l := range a.locks {
		if h := l.holders[s]; h != nil {
			h.session = [2]int{}
			if !h.has(advisoryShared) && !h.has(advisoryExclusive) {
				delete(l.holders, s)
			}
			a.advance(k, l)
		}
	}
}

// blocking lists the numbers of the sessions that one waits for.
func (a *advisoryLocks) blocking(pid int64) []int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := []int64{}
	for s := range a.waits {
		if s.pid == pid {
			for _, other := range a.waitsFor(s) {
				out = append(out, other.pid)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// localLock is one that a transaction holds.
type localLock struct {
	key  advisoryKey
	mode int
}

// sessionLocks are the advisory locks as the functions of one session's statements see them.
type sessionLocks struct{ *Session }

// Lock implements catalog.Advisory.
func (s sessionLocks) Lock(ctx context.Context, key catalog.AdvisoryKey, shared, local, wait bool) (bool, error) {
	s.advisoryMu.Lock()
	defer s.advisoryMu.Unlock()
	k, mode := advisoryKey{s.database, key}, advisoryMode(shared)
	a := &s.engine.advisory
	taken, w, err := a.take(s.Session, k, mode, local, wait)
	if err != nil {
		return false, err
	}
	if w != nil {
		if err := s.await(ctx, w); err != nil {
			return false, err
		}
		taken = true
	}
	if taken {
		s.advisoryUsed = true
		if local {
			s.localLocks = append(s.localLocks, localLock{k, mode})
		}
	}
	return taken, nil
}

// await waits in line until the statement ends or lock_timeout is over.
func (s sessionLocks) await(ctx context.Context, w *advisoryWait) error {
	var late <-chan time.Time
	if d := s.lockTimeout(); d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		late = timer.C
	}
	gates := s.engine.admission // whoever has the lock must come in, to give it back
	gates.aside(1)
	defer gates.aside(-1)
	var err error
	select {
	case <-w.granted:
		return nil
	case <-late:
		err = column.SQLErrorf(column.Conflict, "55P03", "canceling statement due to lock timeout")
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	a := &s.engine.advisory
	a.mu.Lock()
	select {
	case <-w.granted: // meanwhile: it is not wanted any more
		a.mu.Unlock()
		a.back(s.Session, w.key, w.mode, w.local)
	default:
		a.forget(w)
		a.mu.Unlock()
	}
	return err
}

func (s sessionLocks) lockTimeout() time.Duration {
	text, err := s.settings.Kept("lock_timeout")
	if err != nil {
		return 0
	}
	ms, _ := strconv.ParseInt(text, 10, 64) // the setting has been checked
	return time.Duration(ms) * time.Millisecond
}

// Unlock implements catalog.Advisory.
func (s sessionLocks) Unlock(key catalog.AdvisoryKey, shared bool) bool {
	return s.engine.advisory.back(s.Session, advisoryKey{s.database, key}, advisoryMode(shared), false)
}

// UnlockAll implements catalog.Advisory.
func (s sessionLocks) UnlockAll() { s.engine.advisory.backAll(s.Session) }

// Blocking implements catalog.Advisory.
func (s sessionLocks) Blocking(pid int64) []int64 { return s.engine.advisory.blocking(pid) }

// unlockLocal gives back what the transaction has locked since it held n locks.
func (s *Session) unlockLocal(n int) {
	for i := len(s.localLocks) - 1; i >= n; i-- {
		s.engine.advisory.back(s, s.localLocks[i].key, s.localLocks[i].mode, true)
	}
	s.localLocks = s.localLocks[:min(n, len(s.localLocks))]
}

// unlockStatement gives back, when a statement ends, what its transaction has locked if it is one of its own, and everything if the session ends with it.
func (s *Session) unlockStatement() {
	if !s.advisoryUsed {
		return
	}
	if s.block == nil {
		s.unlockLocal(0)
	}
	if !s.Blocks {
		s.engine.advisory.backAll(s)
	}
}
