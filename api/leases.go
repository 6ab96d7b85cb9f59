package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query"
)

// leases are the transactions that clients of HTTP have open. A transaction belongs to the user who began it and is used by one request at a time;
// between requests its lease runs, and when that is over it is rolled back. What was ended is remembered for a while, so that who comes late
// learns why.
//
// A token is all that names a transaction, so only its hash is kept, and nothing that is logged has it.
type leases struct {
	most int

	mu     sync.Mutex
	open   map[leaseKey]*leased
	ended  map[leaseKey]*ending
	order  []leaseKey // of ended, oldest first
	closed bool
}

// leaseKey is the hash of a token.
type leaseKey [sha256.Size]byte

// leased is an open transaction. Whoever has it busy owns the session; the rest is guarded by leases.mu.
type leased struct {
	session  *query.Session
	user     string
	database string
	key      leaseKey
	lease    time.Duration
	started  time.Time

	busy      bool
	expires   time.Time
	timer     *time.Timer
	failed    bool // as all below: when it was given back
	isolation string
	readOnly  bool
}

// ending is how a transaction ended.
type ending struct {
	user string
	how  string // a state, as below
	why  error  // of one that the server ended
	at   time.Time
}

// What a transaction can be.
const (
	stateIdle       = "idle"
	stateActive     = "active"
	stateFailed     = "failed" // a statement has: only a rollback is left
	stateCommitted  = "committed"
	stateRolledBack = "rolled back"
	stateExpired    = "expired"
	stateTerminated = "terminated"
)

// Ended transactions are remembered for endedFor, so many at the most.
const (
	endedFor  = 10 * time.Minute
	endedMost = 10_000
)

func newLeases(most int) *leases {
	return &leases{most: most, open: map[leaseKey]*leased{}, ended: map[leaseKey]*ending{}}
}

func keyOf(token string) leaseKey { return sha256.Sum256([]byte(token)) }

var (
	errNoTransaction = &statusError{
		status: http.StatusNotFound, code: "TRANSACTION_NOT_FOUND", text: "there is no such transaction, or it is another user's",
		hint: "Begin one with POST /api/v1/transactions.",
	}
	errTransactionBusy = &statusError{
		status: http.StatusConflict, code: "TRANSACTION_BUSY", text: "the transaction is in use by another request",
		hint: "A transaction takes one statement after the other: wait for the answer.",
	}
	errClosedLeases = column.SQLErrorf(column.Overloaded, "57P01", "the server is stopping")
)

// add keeps a session in whose transaction the first statement has run, and gives the token.
func (l *leases) add(s *query.Session, user, database string, lease time.Duration) (token string, err error) {
	token = rand.Text() + rand.Text()
	t := &leased{session: s, user: user, database: database, key: keyOf(token), lease: lease, started: time.Now(), busy: true}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return "", errClosedLeases
	}
	if len(l.open) >= l.most {
		e := column.SQLErrorf(column.Overloaded, "53300", "%d transactions are open, and no more may be", l.most)
		e.Hint = "Commit or roll back those that are done, and give them shorter leases."
		return "", e
	}
	l.open[t.key] = t
	s.OnTerminate(func() { l.terminated(t) })
	l.giveLocked(t)
	return token, nil
}

// take makes a transaction the caller's until give.
func (l *leases) take(token, user string) (*leased, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := keyOf(token)
	t := l.open[key]
	switch {
	case t == nil:
		if e := l.ended[key]; e != nil && e.user == user {
			return nil, e.err()
		}
		return nil, errNoTransaction
	case t.user != user:
		return nil, errNoTransaction
	case t.busy:
		return nil, errTransactionBusy
	}
	t.busy = true
	t.timer.Stop()
	return t, nil
}

// give lets a transaction go: its lease runs anew, unless it has ended.
func (l *leases) give(t *leased, how string) {
	l.mu.Lock()
	done := func() {}
	switch why := t.session.Terminated(); {
	case t.session.TxStatus() == query.TxIdle:
		done = l.endLocked(t, how, nil)
	case why != nil:
		done = l.endLocked(t, stateTerminated, why)
	case l.closed:
		done = l.endLocked(t, stateTerminated, errClosedLeases)
	default:
		l.giveLocked(t)
	}
	l.mu.Unlock()
	done()
}

func (l *leases) giveLocked(t *leased) {
	t.busy, t.failed = false, t.session.TxStatus() == query.TxFailed
	t.isolation, _ = t.session.Show("transaction_isolation") // they are settings of ours: there is no error
	readOnly, _ := t.session.Show("transaction_read_only")
	t.readOnly = readOnly == "on"
	t.expires = time.Now().Add(t.lease)
	if t.timer == nil {
		t.timer = time.AfterFunc(t.lease, func() { l.expire(t) })
	} else {
		t.timer.Reset(t.lease)
	}
}

// expire rolls a transaction back whose lease has run out.
func (l *leases) expire(t *leased) {
	l.mu.Lock()
	if t.busy || l.open[t.key] != t || time.Now().Before(t.expires) {
		l.mu.Unlock()
		return
	}
	done := l.endLocked(t, stateExpired, nil)
	l.mu.Unlock()
	done()
}

// terminated ends a transaction that the engine has ended. One that is in use, its user ends.
func (l *leases) terminated(t *leased) {
	l.mu.Lock()
	if t.busy || l.open[t.key] != t {
		l.mu.Unlock()
		return
	}
	done := l.endLocked(t, stateTerminated, t.session.Terminated())
	l.mu.Unlock()
	done()
}

// endLocked forgets a transaction but for how it ended. The function that it gives closes the session, and is for after the lock.
func (l *leases) endLocked(t *leased, how string, why error) func() {
	if t.timer != nil {
		t.timer.Stop()
	}
	delete(l.open, t.key)
	now := time.Now()
	l.ended[t.key] = &ending{t.user, how, why, now}
	l.order = append(l.order, t.key)
	for len(l.order) > endedMost || now.Sub(l.ended[l.order[0]].at) > endedFor {
		delete(l.ended, l.order[0])
		l.order = l.order[1:]
	}
	return t.session.Close
}

// close rolls back what is open, and lets nobody begin any more.
func (l *leases) close() {
	l.mu.Lock()
	l.closed = true
	var list []func()
	for _, t := range l.open {
		if !t.busy {
			list = append(list, l.endLocked(t, stateTerminated, errClosedLeases))
		}
	}
	l.mu.Unlock()
	for _, done := range list {
		done()
	}
}

// err is what a request gets for a transaction that has ended.
func (e *ending) err() error {
	out := &statusError{status: http.StatusGone, code: "TRANSACTION_ENDED", text: "the transaction was " + e.how}
	switch e.how {
	case stateExpired:
		out.code, out.sqlState, out.text = "TRANSACTION_EXPIRED", "25P03", "the transaction was rolled back: its lease ran out"
		out.hint = "Ask for a longer lease, or send statements sooner."
	case stateTerminated:
		out.text = "the transaction was rolled back: the server ended it"
		var c *column.Error
		if errors.As(e.why, &c) {
			out.text, out.sqlState, out.detail, out.hint = out.text+": "+c.Message, c.SQLState, c.Detail, c.Hint
		}
	}
	return out
}

// find describes a transaction without touching its lease.
func (l *leases) find(token, user string) (t leased, how string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := keyOf(token)
	if one := l.open[key]; one != nil && one.user == user {
		how = stateActive
		if !one.busy {
			how = stateIdle
			if one.failed {
				how = stateFailed
			}
		}
		return *one, how, nil
	}
	if e := l.ended[key]; e != nil && e.user == user {
		return t, e.how, nil
	}
	return t, "", errNoTransaction
}

// run is a statement about the transaction, by whoever has it busy.
func (t *leased) run(ctx context.Context, sql string) (tag string, err error) {
	r, err := t.session.Run(ctx, query.Request{SQL: sql})
	if err != nil {
		return "", err
	}
	defer r.Close()
	return r.Tag, nil
}
