//go:build linux

package drivers

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/server"
)

// output is what a server prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "aegis-drivers")
	if err != nil {
		return "", err
	}
	return server.Binary(dir)
})

// serve starts a server of its own for a test and gives the address of its pgwire. What it logs as an error fails the test.
func serve(t *testing.T, args ...string) (host, port string) {
	t.Helper()
	host, port, _ = serveBoth(t, args...)
	return host, port
}

// serveBoth also gives the URL of HTTP.
func serveBoth(t *testing.T, args ...string) (host, port, http string) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	out := &output{}
	s, err := server.Start(t.Context(), server.Options{
		Binary: path, Dir: filepath.Join(t.TempDir(), "data"), Args: append([]string{"--pg", "127.0.0.1:0"}, args...), Log: out,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(time.Minute); err != nil {
			t.Error(err)
		}
		if text := out.String(); strings.Contains(text, "level=ERROR") {
			t.Errorf("the server logged errors:\n%s", text)
		}
	})
	text, err := s.PostgresURL()
	if err != nil {
		t.Fatal(err)
	}
	pg, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return pg.Hostname(), pg.Port(), s.URL
}

// need skips a test whose driver is not installed, or fails it where AEGIS_REQUIRE_REAL=1 says that it must be.
func need(t *testing.T, what string, present bool) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server and foreign programs")
	}
	if present {
		return
	}
	if os.Getenv("AEGIS_REQUIRE_REAL") == "1" {
		t.Fatalf("%s is required and not there: .ci/install brings it", what)
	}
	t.Skipf("%s is not installed: .ci/install brings it", what)
}

func tool(t *testing.T, elements ...string) string {
	t.Helper()
	root, err := server.Root()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(append([]string{root, ".tools"}, elements...)...)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func found(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// run runs a driver's program, which fails if anything is not as it should be.
func run(t *testing.T, dir string, env []string, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, program, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), env...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	text, err := c.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", program, err, text)
	}
	return string(text)
}

func TestGo(t *testing.T) {
	need(t, "go", found("go"))
	host, port := serve(t)
	run(t, "golang", []string{"AEGIS_PG_URL=postgres://me@" + host + ":" + port + "/default", "GOFLAGS=-mod=readonly"}, "go", "test", "-count=1", ".")
}

func TestNode(t *testing.T) {
	modules := tool(t, "node", "node_modules")
	need(t, "node-postgres", found("node") && exists(filepath.Join(modules, "pg")))
	host, port := serve(t)
	run(t, "node", []string{"AEGIS_PG_URL=postgres://me@" + host + ":" + port + "/default", "NODE_PATH=" + modules}, "node", "--test")
}

func TestPsycopg(t *testing.T) {
	python := tool(t, "python", "bin", "python3")
	need(t, "psycopg", exists(python) && exec.Command(python, "-c", "import psycopg").Run() == nil)
	host, port := serve(t)
	run(t, "python", []string{"AEGIS_PG=host=" + host + " port=" + port + " user=me dbname=default"}, python, "test_psycopg.py")
}

func TestAsyncpg(t *testing.T) {
	python := tool(t, "python", "bin", "python3")
	need(t, "asyncpg", exists(python) && exec.Command(python, "-c", "import asyncpg").Run() == nil)
	host, port := serve(t)
	run(t, "python", []string{"AEGIS_PG_URL=postgres://me@" + host + ":" + port + "/default"}, python, "test_asyncpg.py")
}

func TestJDBC(t *testing.T) {
	jar := tool(t, "java", "postgresql.jar")
	need(t, "pgjdbc", found("javac") && exists(jar))
	host, port := serve(t)
	classes := t.TempDir()
	run(t, "java", nil, "javac", "-cp", jar, "-d", classes, "Drivers.java")
	run(t, "java", nil, "java", "-cp", classes+":"+jar, "Drivers", "jdbc:postgresql://"+host+":"+port+"/default")
}
