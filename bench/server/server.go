package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"time"
)

// Options says what to start. Binary and Dir are needed.
type Options struct {
	Binary string
	Dir    string    // the data folder; it outlives the process
	Args   []string  // further flags of "serve"
	Env    []string  // added to this process's
	Log    io.Writer // what the server prints; nil drops all but the last of it
	// Ready is how long the server may take until it is ready. Default 60 s.
	Ready time.Duration
}

// Server is a running child. Its methods are safe for concurrent use.
type Server struct {
	URL     string        // http://127.0.0.1:port
	Startup time.Duration // from the start of the process to the first ready answer
	command *exec.Cmd
	out     *output
	http    *http.Client
	exited  chan struct{}
	err     error // of the exit, set before exited is closed
}

// Start runs "aegis serve" on a free port and waits until it is ready.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := Launch(o)
	if err != nil {
		return nil, err
	}
	if err := s.WaitReady(ctx, o.Ready); err != nil {
		s.Kill()
		return nil, err
	}
	return s, nil
}

// Launch starts the process and waits for nothing; URL is not known yet.
func Launch(o Options) (*Server, error) {
	s := &Server{
		out: &output{to: o.Log, found: make(chan struct{})}, exited: make(chan struct{}),
		http: &http.Client{Timeout: 5 * time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 8}},
	}
	args := append([]string{"serve", "--data-dir", o.Dir, "--http", "127.0.0.1:0"}, o.Args...)
	s.command = exec.Command(o.Binary, args...)
	s.command.Env = append(os.Environ(), o.Env...)
	s.command.Stdout, s.command.Stderr = s.out, s.out
	// A test that is killed takes its servers with it.
	s.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.out.started = time.Now()
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.err = s.command.Wait()
		close(s.exited)
	}()
	return s, nil
}

// WaitReady waits until the server says that it is ready; within 0 stands for 60 s.
func (s *Server) WaitReady(ctx context.Context, within time.Duration) error {
	if within == 0 {
		within = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	select {
	case <-s.out.found:
		s.URL = "http://" + s.out.address
	case <-s.exited:
		return s.dead()
	case <-ctx.Done():
		return fmt.Errorf("the server printed no address: %w; it printed:\n%s", ctx.Err(), s.out.Tail())
	}
	for {
		if s.ready(ctx) {
			s.Startup = time.Since(s.out.started)
			return nil
		}
		select {
		case <-s.exited:
			return s.dead()
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready: %w; it printed:\n%s", ctx.Err(), s.out.Tail())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func (s *Server) dead() error {
	return fmt.Errorf("the server ended by itself: %w; it printed:\n%s", errors.Join(s.err, errExited), s.out.Tail())
}

var errExited = errors.New("process exited")

func (s *Server) ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/health/ready", nil)
	if err != nil {
		return false
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// ProfilesAt is where the profiles are, below /debug/pprof/.
func (s *Server) ProfilesAt() string { return s.URL }

// PID is the process's id.
func (s *Server) PID() int { return s.command.Process.Pid }

// Printed is the last of what the server printed.
func (s *Server) Printed() string { return s.out.Tail() }

// Running says that the process has not ended.
func (s *Server) Running() bool {
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

// ExitCPU is the CPU time that the process used in all; 0 while it runs.
func (s *Server) ExitCPU() time.Duration {
	if s.Running() {
		return 0
	}
	return s.command.ProcessState.UserTime() + s.command.ProcessState.SystemTime()
}

// Kill ends the process with SIGKILL, which it cannot notice, and waits for its end.
func (s *Server) Kill() {
	_ = s.command.Process.Kill() // an error says that it is dead already
	<-s.exited
	s.http.CloseIdleConnections()
}

// Stop asks the process to end and fails if it does not end well within the time.
func (s *Server) Stop(within time.Duration) error {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	defer s.http.CloseIdleConnections()
	select {
	case <-s.exited:
		if s.err != nil {
			return s.dead()
		}
		return nil
	case <-time.After(within):
		tail := s.out.Tail()
		s.Kill()
		return fmt.Errorf("the server did not stop within %v; it printed:\n%s", within, tail)
	}
}

// output keeps the end of what the server prints and finds the address in it.
type output struct {
	to      io.Writer
	started time.Time
	found   chan struct{} // closed once address is set

	mu      sync.Mutex
	tail    []byte
	address string
}

// tailBytes is enough for the stack traces of a crash.
const tailBytes = 64 << 10

var addressPattern = regexp.MustCompile(`http[^\n]*?(127\.0\.0\.1:[1-9][0-9]*)[^0-9]`)

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tail = append(o.tail, p...)
	if o.address == "" {
		if m := addressPattern.FindSubmatch(o.tail); m != nil {
			o.address = string(m[1])
			close(o.found)
		}
	}
	if len(o.tail) > tailBytes {
		o.tail = append(o.tail[:0], o.tail[len(o.tail)-tailBytes/2:]...)
	}
	if o.to != nil {
		return o.to.Write(p)
	}
	return len(p), nil
}

// Tail is the last of what was printed.
func (o *output) Tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.tail)
}
