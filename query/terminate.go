package query

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/column"
)

// life is how a session is ended by others than its client: because its transaction takes too long, or holds what the server needs. Everything
// else in a session is its client's alone.
type life struct {
	mu       sync.Mutex
	ended    error // why; nil = it is not
	running  []running
	tell     func()
	deadline *time.Timer // of the transaction; nil = it has none
	settling bool        // a COMMIT is on its way to the log: what it comes to is for the client to know
}

// running is a result that is open, and how it is cancelled.
type running struct {
	result *Result
	cancel context.CancelCauseFunc
}

// errTransactionTimeout is PostgreSQL's error for a transaction that takes longer than transaction_timeout.
var errTransactionTimeout = &column.Error{
	Class: column.Cancelled, SQLState: "25P04", Message: "terminating connection due to transaction timeout",
}

// Terminate ends the session for a reason: its statements are cancelled, it runs no others, and a transaction that is open is never committed. Safe
// for concurrent use. It does nothing to a session whose COMMIT is on its way.
func (s *Session) Terminate(why error) {
	l := &s.life
	l.mu.Lock()
	if l.ended != nil || l.settling {
		l.mu.Unlock()
		return
	}
	l.ended = why
	tell := l.tell
	l.cancelLocked(why)
	l.mu.Unlock()
	if tell != nil {
		tell()
	}
}

// cancel ends the statements that are open, not the session.
func (l *life) cancel(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cancelLocked(why)
}

func (l *life) cancelLocked(why error) {
	for _, r := range l.running {
		r.cancel(why)
	}
}

// Terminated gives the reason for which the session was ended, or nil. Safe for concurrent use.
func (s *Session) Terminated() error {
	s.life.mu.Lock()
	defer s.life.mu.Unlock()
	return s.life.ended
}

// OnTerminate has f called, from another goroutine, when the session is ended: whoever waits for its client need wait no longer, and closes it.
func (s *Session) OnTerminate(f func()) {
	s.life.mu.Lock()
	defer s.life.mu.Unlock()
	s.life.tell = f
}

// runs notes that a result is open, which Terminate cancels; done, that it is not any more.
func (l *life) runs(r *Result, cancel context.CancelCauseFunc) (done func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended != nil {
		return nil, l.ended
	}
	l.running = append(l.running, running{r, cancel})
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.running = slices.DeleteFunc(l.running, func(o running) bool { return o.result == r })
	}, nil
}

// busy reports whether a result is open.
func (l *life) busy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.running) > 0
}

// limit has a transaction end when its time is over; 0 is without end.
func (s *Session) limit(d time.Duration) {
	l := &s.life
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deadline != nil {
		l.deadline.Stop()
		l.deadline = nil
	}
	if d > 0 {
		l.deadline = time.AfterFunc(d, func() { s.Terminate(errTransactionTimeout) })
	}
}

// settle says that the transaction is about to be committed: nobody ends it from then on, until settled. The error says that somebody has.
func (l *life) settle() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settling = l.ended == nil
	return l.ended
}

func (l *life) settled() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settling = false
}
