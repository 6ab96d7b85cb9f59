//go:build linux

package oracletest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// binaries is where Debian puts PostgreSQL 15, the version whose behaviour Aegis follows.
const binaries = "/usr/lib/postgresql/15/bin"

// settings keep the text forms of both sides the same, and spare a throw-away server its fsyncs.
var settings = []string{
	"-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off",
	"-c", "timezone=UTC", "-c", "datestyle=ISO, MDY", "-c", "intervalstyle=postgres", "-c", "extra_float_digits=1",
	"-c", "max_parallel_workers_per_gather=0", "-c", "jit=off", "-c", "bytea_output=hex", "-c", "autovacuum=off",
}

// postgres starts a server of its own for the test and connects to it. Without the binaries the test is skipped, or fails
// where AEGIS_REQUIRE_REAL=1 says that they must be there.
func postgres(t testing.TB) *pgconn.PgConn {
	t.Helper()
	if _, err := os.Stat(filepath.Join(binaries, "postgres")); err != nil {
		if os.Getenv("AEGIS_REQUIRE_REAL") == "1" {
			t.Fatalf("PostgreSQL 15 is required and not there: %v", err)
		}
		t.Skipf("PostgreSQL 15 is not installed in %s (apt-get install postgresql-15): nothing to compare with", binaries)
	}
	// Not t.TempDir: a socket's path must be short, and another user must be able to enter.
	dir, err := os.MkdirTemp("/tmp", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	who := &syscall.SysProcAttr{Pdeathsig: syscall.SIGINT}
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		uid, gid := owner(t)
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
		who.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(binaries, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync",
		"--lc-collate=C", "--lc-ctype=C.UTF-8", "--encoding=UTF8", "--no-instructions")
	initdb.SysProcAttr, initdb.Dir = who, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	var log bytes.Buffer
	server := exec.Command(filepath.Join(binaries, "postgres"), append([]string{"-D", data, "-k", dir}, settings...)...)
	server.SysProcAttr, server.Dir, server.Stderr = who, dir, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT) // nothing in it is worth a clean end
		_ = server.Wait()
	})
	return connect(t, fmt.Sprintf("host=%s user=postgres dbname=postgres", dir), &log)
}

func owner(t testing.TB) (uid, gid int) {
	t.Helper()
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ = strconv.Atoi(u.Uid)
	gid, _ = strconv.Atoi(u.Gid)
	return uid, gid
}

func connect(t testing.TB, target string, log *bytes.Buffer) *pgconn.PgConn {
	t.Helper()
	var last error
	for range 200 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		c, err := pgconn.Connect(ctx, target)
		cancel()
		if err == nil {
			t.Cleanup(func() { _ = c.Close(context.Background()) })
			return c
		}
		last = err
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("PostgreSQL does not answer: %v\n%s", last, log.String())
	return nil
}
