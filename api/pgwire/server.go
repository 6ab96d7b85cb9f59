package pgwire

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"time"

	aegis "github.com/automatanexus/aegis-db"
	"github.com/automatanexus/aegis-db/api/auth"
)

// Server answers PostgreSQL's protocol for a DB. Safe for concurrent use.
type Server struct {
	db      *aegis.DB
	options Options
	metrics *metrics
	checker *auth.Checker

	closing context.Context // ends when Shutdown's patience does
	close   context.CancelFunc
	conns   sync.WaitGroup

	mu        sync.Mutex
	listener  net.Listener
	stopping  bool
	sessions  map[int32]*session // by the number that cancel requests name
	connected int
}

// New makes a server over a database, which stays the caller's to close, after the server.
func New(db *aegis.DB, o Options) (*Server, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o.defaults()
	s := &Server{db: db, options: o, sessions: map[int32]*session{}}
	var err error
	if s.checker, err = auth.New(db.Catalog); err != nil {
		return nil, err
	}
	s.metrics = newMetrics(s)
	s.closing, s.close = context.WithCancel(context.Background())
	return s, nil
}

// Serve answers what comes in at a listener until Shutdown; then it gives nil.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	s.listener = l
	stopped := s.stopping
	s.mu.Unlock()
	if stopped {
		return l.Close()
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			if s.isStopping() {
				return nil
			}
			var temporary interface{ Temporary() bool }
			if errors.As(err, &temporary) && temporary.Temporary() { // out of files, most likely
				s.options.Logger.Warn("pgwire: accept", "error", err)
				time.Sleep(50 * time.Millisecond)
				continue
			}
			return err
		}
		if !s.enter() {
			s.metrics.refused.Inc()
			go refuse(conn, errTooMany())
			continue
		}
		go func() {
			defer s.leave()
			s.serve(conn)
		}()
	}
}

func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping || s.connected >= s.options.Connections {
		return false
	}
	s.connected++
	s.conns.Add(1)
	return true
}

func (s *Server) leave() {
	s.mu.Lock()
	s.connected--
	s.mu.Unlock()
	s.conns.Done()
}

func (s *Server) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// Shutdown stops accepting and ends idle connections. Statements that run may finish until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stopping = true
	var err error
	if s.listener != nil {
		err = s.listener.Close()
	}
	for _, c := range s.sessions {
		c.wake()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.conns.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		s.close()
		s.mu.Lock()
		for _, c := range s.sessions {
			_ = c.raw.Close()
		}
		s.mu.Unlock()
		<-done
	}
	s.close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// register gives a session the number and the secret by which another connection can cancel what it runs.
func (s *Server) register(c *session) error {
	var b [8]byte
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if _, err := rand.Read(b[:]); err != nil {
			return err
		}
		pid := int32(binary.BigEndian.Uint32(b[:4]) & 0x7fffffff)
		if pid == 0 || s.sessions[pid] != nil {
			continue
		}
		c.pid, c.secret = pid, [4]byte(b[4:])
		s.sessions[pid] = c
		if s.stopping {
			c.wake()
		}
		return nil
	}
}

func (s *Server) unregister(c *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, c.pid)
}

// cancel ends the statement that a session runs, if the secret is right. The client is told nothing, as in PostgreSQL.
func (s *Server) cancel(pid int32, secret []byte) {
	s.mu.Lock()
	c := s.sessions[pid]
	s.mu.Unlock()
	if c == nil || subtle.ConstantTimeCompare(c.secret[:], secret) != 1 {
		return
	}
	s.metrics.cancels.Inc()
	c.cancelRunning(errCancelled)
}
