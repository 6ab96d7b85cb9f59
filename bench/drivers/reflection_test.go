//go:build linux

package drivers

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/automatanexus/aegis-db/bench/postgres"
)

// sections are the lines under each heading.
func sections(text string) map[string][]string {
	list, heading := map[string][]string{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "## ") {
			heading = line
			list[heading] = nil
			continue
		}
		list[heading] = append(list[heading], line)
	}
	return list
}

// beside starts Aegis and a real PostgreSQL that have the same tables, and gives the addresses that take TCP.
func beside(t *testing.T) (aegis, postgreSQL string) {
	t.Helper()
	need(t, "PostgreSQL 15", postgres.Installed() == nil)
	s, err := postgres.Start(t.Context(), postgres.Options{Settings: []string{"fsync=off"}, TCP: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	script, err := os.ReadFile("testdata/reflection/tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	host, port := serve(t)
	for _, dsn := range []string{s.DSN(), "host=" + host + " port=" + port + " user=me dbname=default"} {
		c, err := pgconn.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Exec(t.Context(), string(script)).ReadAll(); err != nil {
			t.Fatalf("%s: %v", dsn, err)
		}
		_ = c.Close(context.Background())
	}
	return host + ":" + port, s.Address()
}

// sameLines compares what a program says of the two servers, section by section and line by line, but for the parts of lines that differs has.
func sameLines(t *testing.T, ours, theirs string, differs []string) {
	t.Helper()
	used := make([]bool, len(differs))
	edit := func(line string) string {
		for i, d := range differs {
			if strings.Contains(line, d) {
				used[i] = true
				line = strings.ReplaceAll(line, d, "")
			}
		}
		return line
	}
	a, b := sections(ours), sections(theirs)
	for heading := range a {
		if _, ok := b[heading]; !ok {
			t.Errorf("PostgreSQL says nothing of %s", heading)
		}
	}
	for heading, want := range b {
		got := a[heading]
		for i := range max(len(got), len(want)) {
			var x, y string
			if i < len(got) {
				x = got[i]
			}
			if i < len(want) {
				y = want[i]
			}
			if edit(x) != edit(y) {
				t.Errorf("%s\nAegis:      %s\nPostgreSQL: %s", heading, x, y)
			}
		}
	}
	for i, d := range differs {
		if !used[i] {
			t.Errorf("nothing says %q", d)
		}
	}
}

// TestJDBCMetadata: every answer of pgjdbc's DatabaseMetaData is PostgreSQL's.
func TestJDBCMetadata(t *testing.T) {
	jar := tool(t, "java", "postgresql.jar")
	need(t, "pgjdbc", found("javac") && exists(jar))
	ours, theirs := beside(t)
	classes := t.TempDir()
	run(t, "java", nil, "javac", "-cp", jar, "-d", classes, "Metadata.java")
	ask := func(url, user string) string {
		return run(t, "java", nil, "java", "-cp", classes+":"+jar, "Metadata", url, user)
	}
	sameLines(t, ask("jdbc:postgresql://"+ours+"/default", "me"), ask("jdbc:postgresql://"+theirs+"/postgres", "postgres"), []string{"=aegis", "=postgres", " | REMARKS=left-pad string to length", " | PAGES=0", " | PAGES=1"}) // who owns all, comments on functions, sizes
}

// TestSQLAlchemyReflection: what SQLAlchemy finds out about tables is what it finds out of PostgreSQL.
func TestSQLAlchemyReflection(t *testing.T) {
	python := tool(t, "python", "bin", "python3")
	need(t, "SQLAlchemy", exists(python) && exec.Command(python, "-c", "import psycopg, sqlalchemy").Run() == nil)
	ours, theirs := beside(t)
	ask := func(url string) string { return run(t, "python", nil, python, "reflection.py", url) }
	sameLines(t, ask("postgresql+psycopg://me@"+ours+"/default"), ask("postgresql+psycopg://postgres@"+theirs+"/postgres"),
		[]string{"::double precision"}) // what an implicit cast adds to the text of a check
}
