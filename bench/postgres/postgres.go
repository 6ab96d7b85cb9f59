//go:build linux

// Package postgres starts a real PostgreSQL 15, the version whose behaviour Aegis follows: a throw-away server of its own in a folder of its
// own, which tests hold Aegis against and benchmarks put beside it.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/automatanexus/aegis-db/bench/tail"
)

// binaries is where Debian puts PostgreSQL 15.
const binaries = "/usr/lib/postgresql/15/bin"

// Installed says what is missing; nil = nothing is.
func Installed() error {
	if _, err := os.Stat(filepath.Join(binaries, "postgres")); err != nil {
		return fmt.Errorf("PostgreSQL 15 is not installed in %s (apt-get install postgresql-15): %w", binaries, err)
	}
	return nil
}

// Options say where a server lives and how it is set.
type Options struct {
	Parent   string   // the folder that the server's own is made in. Default /tmp: a socket's path must be short, and another user must be able to enter
	Settings []string // name=value, of postgresql.conf
	TCP      bool     // listen on 127.0.0.1 too, at a free port
}

// Server is a PostgreSQL that runs.
type Server struct {
	Dir  string // its folder, which Stop removes; the socket is in it
	Port int    // of 127.0.0.1, if it was asked to listen there

	process *exec.Cmd
	exited  chan struct{} // closed when it has ended
	log     tail.Buffer
}

// Start makes a database in a new folder and a server over it, and waits until it answers. The user is postgres, without a password; text sorts by bytes.
// The server ends with this process at the latest.
func Start(ctx context.Context, o Options) (*Server, error) {
	if err := Installed(); err != nil {
		return nil, err
	}
	if o.Parent == "" {
		o.Parent = "/tmp"
	}
	dir, err := os.MkdirTemp(o.Parent, "pg")
	if err != nil {
		return nil, err
	}
	s := &Server{Dir: dir, exited: make(chan struct{})}
	if err := s.start(ctx, o); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, o Options) error {
	who := &syscall.SysProcAttr{Pdeathsig: syscall.SIGINT}
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		uid, gid, err := owner()
		if err != nil {
			return err
		}
		if err := os.Chown(s.Dir, uid, gid); err != nil {
			return err
		}
		who.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	data := filepath.Join(s.Dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(binaries, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync",
		"--lc-collate=C", "--lc-ctype=C.UTF-8", "--encoding=UTF8", "--no-instructions")
	initdb.SysProcAttr, initdb.Dir = who, s.Dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	args := []string{"-D", data, "-k", s.Dir, "-c", "listen_addresses="}
	if o.TCP {
		port, err := freePort()
		if err != nil {
			return err
		}
		s.Port = port
		args = append(args, "-c", "listen_addresses=127.0.0.1", "-p", strconv.Itoa(port))
	}
	for _, setting := range o.Settings {
		args = append(args, "-c", setting)
	}
	s.process = exec.Command(filepath.Join(binaries, "postgres"), args...)
	s.process.SysProcAttr, s.process.Dir, s.process.Stderr = who, s.Dir, &s.log
	if err := s.process.Start(); err != nil {
		s.process = nil
		return err
	}
	go func() {
		_ = s.process.Wait()
		close(s.exited)
	}()
	return s.waitReady(ctx)
}

// waitReady waits until the server answers.
func (s *Server) waitReady(ctx context.Context) error {
	var last error
	for range 400 {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		c, err := pgconn.Connect(try, s.DSN())
		cancel()
		if err == nil {
			return c.Close(ctx)
		}
		last = err
		select {
		case <-s.exited:
			return fmt.Errorf("PostgreSQL has ended: %s", s.log.String())
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("PostgreSQL does not answer: %w\n%s", last, s.log.String())
}

// DSN is what a client connects with, over the socket.
func (s *Server) DSN() string {
	dsn := fmt.Sprintf("host=%s user=postgres dbname=postgres", s.Dir)
	if s.Port != 0 {
		dsn += fmt.Sprintf(" port=%d", s.Port)
	}
	return dsn
}

// Address is host and port of the server, if it was asked to listen there.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)) }

// PID is the number of the server's first process.
func (s *Server) PID() int { return s.process.Process.Pid }

// Stop ends the server at once, as nothing in it is worth a clean end, and removes its folder.
func (s *Server) Stop() error {
	if s.process != nil {
		_ = s.process.Process.Signal(syscall.SIGQUIT)
		<-s.exited
	}
	return os.RemoveAll(s.Dir)
}

func owner() (uid, gid int, err error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return 0, 0, err
	}
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(u.Gid)
	return uid, gid, err
}

// freePort is a port that nobody listens on now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
