//go:build linux

package postgres

import (
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// installed skips the test where PostgreSQL is not, or fails it where AEGIS_REQUIRE_REAL=1 says that it must be.
func installed(t *testing.T) {
	t.Helper()
	switch err := Installed(); {
	case err == nil:
	case os.Getenv("AEGIS_REQUIRE_REAL") == "1":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	installed(t)
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStart: a server has the settings it was given, answers where it says, and leaves nothing behind.
func TestStart(t *testing.T) {
	s := start(t, Options{Settings: []string{"fsync=off", "work_mem=5MB"}, TCP: true})
	c, err := pgconn.Connect(t.Context(), s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Exec(t.Context(), "SHOW work_mem; SHOW fsync; SHOW listen_addresses; SHOW lc_collate").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range r {
		got = append(got, string(x.Rows[0][0]))
	}
	if text := strings.Join(got, " "); text != "5MB off 127.0.0.1 C" {
		t.Error(text)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.Dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

// TestStartFails: a setting that PostgreSQL does not take is reported with its words, and leaves nothing behind.
func TestStartFails(t *testing.T) {
	installed(t)
	parent, err := os.MkdirTemp("/tmp", "pgtest")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(parent)
	if err := os.Chmod(parent, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Parent: parent, Settings: []string{"nonsense=1"}}); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("%v", err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
