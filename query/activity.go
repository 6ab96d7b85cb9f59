package query

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/automatanexus/aegis-db/query/catalog"
)

// sessions knows what every session does: those that a client keeps open, and those that a statement of its own is run in.
type sessions struct {
	next atomic.Int64

	mu   sync.Mutex
	open map[*Session]*catalog.Activity
}

func newSessions() *sessions { return &sessions{open: map[*Session]*catalog.Activity{}} }

// Client says where a session that stays open comes from.
type Client struct {
	PID     int64 // as the client knows it; 0 = any
	Address string
	Port    int
	// Server is the address that it connected to.
	Server     string
	ServerPort int
}

// Attach makes a session known to others until it is closed.
func (s *Session) Attach(c Client) {
	if c.PID != 0 {
		s.pid = c.PID
	}
	now := s.engine.options.Now()
	a := &catalog.Activity{
		PID: s.pid, Database: s.databaseName(), User: s.settings.User, Address: c.Address, Port: int64(c.Port), Server: c.Server, ServerPort: int64(c.ServerPort), Started: now, Changed: now, State: "idle",
	}
	a.Application, _ = s.settings.Show("application_name")
	r := s.engine.sessions
	r.mu.Lock()
	defer r.mu.Unlock()
	s.attached, r.open[s] = true, a
}

// detach forgets a session, once its last result is closed.
func (s *Session) detach() {
	r := s.engine.sessions
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.attached = false; !s.life.busy() {
		delete(r.open, s)
	}
}

// working notes that a statement of the session begins; the function it returns, that it has ended.
func (s *Session) working(text string) (ended func()) {
	r, now := s.engine.sessions, s.engine.options.Now()
	application, _ := s.settings.Show("application_name")
	var transaction time.Time
	if s.block != nil {
		transaction = s.block.started
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.open[s]
	if a == nil {
		a = &catalog.Activity{PID: s.pid, Database: s.databaseName(), User: s.settings.User, Started: now}
		r.open[s] = a
	}
	a.Application, a.State, a.Text, a.Query, a.Changed, a.Transaction = application, "active", text, now, now, now
	if !transaction.IsZero() {
		a.Transaction = transaction
	}
	return func() {
		s.unlockStatement()
		status := s.TxStatus()
		r.mu.Lock()
		defer r.mu.Unlock()
		if !s.attached {
			if !s.life.busy() { // another of its results may be open
				delete(r.open, s)
			}
			return
		}
		a.Changed = s.engine.options.Now()
		switch status {
		case TxBlock:
			a.State = "idle in transaction"
		case TxFailed:
			a.State = "idle in transaction (aborted)"
		default:
			a.State, a.Transaction = "idle", time.Time{}
		}
	}
}

// cancel ends the statements that run now.
func (r *sessions) cancel(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range r.open {
		s.life.cancel(why)
	}
}

// list copies what the sessions do.
func (r *sessions) list() []catalog.Activity {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]catalog.Activity, 0, len(r.open))
	for _, a := range r.open {
		out = append(out, *a)
	}
	return out
}
