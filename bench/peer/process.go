package peer

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"syscall"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
	"github.com/automatanexus/aegis-db/bench/tail"
)

// process is a foreign program that runs.
type process struct {
	command *exec.Cmd
	out     tail.Buffer
	exited  chan struct{}
}

// start starts a command; what it prints to standard error, and to standard output if that is not taken, is kept.
func start(c *exec.Cmd) (*process, error) {
	p := &process{command: c, exited: make(chan struct{})}
	c.Stderr = &p.out
	if c.Stdout == nil {
		c.Stdout = &p.out
	}
	// Whoever kills this process means its children, too.
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = c.Wait() // its end is all that counts
		close(p.exited)
	}()
	return p, nil
}

// PID is the program's process id.
func (p *process) PID() int { return p.command.Process.Pid }

// Close kills the program and waits for its end.
func (p *process) Close() {
	_ = p.command.Process.Kill() // an error says that it is dead already
	<-p.exited
}

// waitHTTP waits until a URL answers 200.
func (p *process) waitHTTP(ctx context.Context, url string, within time.Duration) error {
	return server.Until(ctx, within, func() (bool, string, error) {
		select {
		case <-p.exited:
			return false, "", fmt.Errorf("%s ended; it printed:\n%s", p.command.Path, &p.out)
		default:
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false, "", err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false, err.Error(), nil
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK, resp.Status, nil
	})
}

// freeAddress is an address on which nobody listens now, for programs that cannot pick a port and say which.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
