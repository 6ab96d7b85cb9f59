//go:build linux

package oracletest

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// clients runs what well-known programs ask the system catalogs: psql, pgjdbc and SQLAlchemy as they were heard to ask PostgreSQL, the tools
// in the manner they are known for. Answers have columns of the same names and types; rows differ with what is in a database, and are not
// compared.
func clients(t *testing.T, s *sides) {
	files, err := filepath.Glob("testdata/clients/*.sql")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	session := s.variants[0].session
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sql"), func(t *testing.T) {
			for _, text := range readScript(t, file) {
				want := askPostgres(s.postgres, text)
				if want.state != "" {
					t.Errorf("PostgreSQL: %s %s\n%s", want.state, want.message, text)
					continue
				}
				got := askAegis(session, text)
				switch {
				case got.state != "":
					t.Errorf("%s %s (at %d)\n%s", got.state, got.message, got.position, text)
				case !slices.Equal(got.names, want.names):
					t.Errorf("columns %v, in PostgreSQL %v\n%s", got.names, want.names, text)
				default:
					for i, name := range want.types {
						if got.types[i] != name && !sameInSpirit(got.types[i], name) {
							t.Errorf("column %s is %s, in PostgreSQL %s\n%s", got.names[i], got.types[i], name, text)
						}
					}
				}
			}
		})
	}
}

// sameInSpirit reports types of which Aegis has one where PostgreSQL has several: it keeps vectors as arrays, and rights, trees of expressions and
// transactions' numbers as text and numbers.
func sameInSpirit(ours, theirs string) bool {
	switch theirs {
	case "oid 22", "oid 30", "oid 194", "oid 28", "oid 1034", "oid 2277", "oid 2287", "oid 269", "oid 325", "oid 869":
		return true
	}
	return strings.HasPrefix(theirs, "oid 13") // the domains of information_schema
}
