//go:build linux

package oracletest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query"
)

// TestDefinitions runs the scripts of testdata/ddl, each in an empty database, and compares rows, errors, their details and hints. What was written lies in the head, in segments after each statement, or in segments that were compacted and opened anew.
func TestDefinitions(t *testing.T) {
	server := startPostgres(t)
	files, err := filepath.Glob("testdata/ddl/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	known := readDifferencesOf(t, "testdata/ddl/differences.txt")
	total := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".sql")
		t.Run(name, func(t *testing.T) {
			statements := readScript(t, file)
			want := make([]told, len(statements))
			askPostgres(server, "DROP SCHEMA public CASCADE")
			if o := askPostgres(server, "CREATE SCHEMA public"); o.state != "" {
				t.Fatal(o.message)
			}
			for i, text := range statements {
				want[i] = tellPostgres(server, text)
			}
			for _, storage := range []string{"head", "flushed", "compacted"} {
				t.Run(storage, func(t *testing.T) { define(t, storage, statements, want, known) })
			}
			total += len(statements)
		})
	}
	t.Logf("%d statements", total)
	for _, d := range known {
		if !d.used && !t.Failed() {
			t.Errorf("testdata/ddl/differences.txt: nothing differs any more at %s", d.statement)
		}
	}
}

func define(t *testing.T, storage string, statements []string, want []told, known []*difference) {
	db := openAegis(t)
	s := db.NewSession("")
	for i, text := range statements {
		got := tellAegis(s, text)
		if storage != "head" {
			if err := db.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if storage == "compacted" {
			if err := db.Compact(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		why := want[i].differ(got, orderBy.MatchString(text))
		if why == "" {
			continue
		}
		if d := find(known, text); d != nil {
			d.used = true
			continue
		}
		t.Errorf("%s\n    %s", text, why)
	}
}

// told is what a client is told about a statement.
type told struct {
	outcome
	detail, hint string
}

func (w told) differ(got told, ordered bool) string {
	c := comparison{ordered: ordered}
	if why := c.differ(w.outcome, got.outcome); why != "" {
		return why
	}
	if w.detail != got.detail || w.hint != got.hint {
		return fmt.Sprintf("detail %q, hint %q; in PostgreSQL %q, %q", got.detail, got.hint, w.detail, w.hint)
	}
	return ""
}

func tellPostgres(c *pgconn.PgConn, text string) told {
	var w told
	r := c.ExecParams(context.Background(), text, nil, nil, nil, nil)
	for _, f := range r.FieldDescriptions() {
		w.names = append(w.names, f.Name)
		w.types = append(w.types, typeName(f.DataTypeOID))
	}
	for r.NextRow() {
		var cells []string
		for _, v := range r.Values() {
			if v == nil {
				cells = append(cells, null)
			} else {
				cells = append(cells, string(v))
			}
		}
		w.rows = append(w.rows, cells)
	}
	_, err := r.Close()
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return told{outcome{state: e.Code, message: e.Message, position: int(e.Position)}, e.Detail, e.Hint}
	}
	if err != nil {
		return told{outcome: outcome{state: "lost", message: err.Error()}}
	}
	return w
}

func tellAegis(s *query.Session, text string) told {
	r, err := s.Run(context.Background(), query.Request{SQL: text})
	if err != nil {
		w := told{outcome: failed(err)}
		var e *column.Error
		if errors.As(err, &e) {
			w.outcome.detail, w.detail, w.hint = "", e.Detail, e.Hint
		}
		return w
	}
	defer r.Close()
	var w told
	for _, c := range r.Columns {
		w.names, w.types = append(w.names, c.Name), append(w.types, c.Type.String())
	}
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return w
		}
		if err != nil {
			return told{outcome: failed(err)}
		}
		for i := range b.Len {
			cells := make([]string, len(b.Columns))
			for k, v := range b.Columns {
				if cells[k] = null; !v.IsNull(i) {
					cells[k] = string(literal.Append(nil, v, i, r.Format()))
				}
			}
			w.rows = append(w.rows, cells)
		}
	}
}
