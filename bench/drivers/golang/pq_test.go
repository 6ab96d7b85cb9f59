package golang

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/lib/pq"
)

func url(t *testing.T) string {
	t.Helper()
	u := os.Getenv("AEGIS_PG_URL")
	if u == "" {
		t.Skip("AEGIS_PG_URL names no server")
	}
	return u + "?sslmode=disable"
}

func open(t *testing.T, driver, more string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, url(t)+more)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// each runs a test with lib/pq, which reads text, with its binary parameters, and with pgx, which reads and sends binary.
func each(t *testing.T, f func(t *testing.T, db *sql.DB)) {
	t.Helper()
	for name, d := range map[string][2]string{"pq": {"postgres", ""}, "pq, binary parameters": {"postgres", "&binary_parameters=yes"}, "pgx": {"pgx", ""}} {
		t.Run(name, func(t *testing.T) { f(t, open(t, d[0], d[1])) })
	}
}

func code(err error) string {
	var p *pq.Error
	if errors.As(err, &p) {
		return string(p.Code)
	}
	var s interface{ SQLState() string }
	if errors.As(err, &s) {
		return s.SQLState()
	}
	return fmt.Sprint(err)
}

func TestTypes(t *testing.T) {
	each(t, func(t *testing.T, db *sql.DB) {
		at := time.Date(1969, 12, 31, 23, 59, 59, 1000, time.UTC)
		for round := range 2 {
			var (
				b   bool
				i16 int16
				i32 int32
				i64 int64
				f32 float32
				f64 float64
				num string
				txt string
				raw []byte
				ts  time.Time
				nul sql.NullString
			)
			row := db.QueryRow(`SELECT $1::boolean, $2::smallint, $3::integer, $4::bigint, $5::real, $6::double precision, $7::numeric, $8::text,
				$9::bytea, $10::timestamptz, $11::text`, true, int16(-32768), int32(2147483647), int64(-9223372036854775808), float32(1.5), -2.5e-300,
				"-12345678901234567890.000100", "grüße '\\", []byte{0, 255}, at, nil)
			if err := row.Scan(&b, &i16, &i32, &i64, &f32, &f64, &num, &txt, &raw, &ts, &nul); err != nil {
				t.Fatal(round, err)
			}
			if !b || i16 != -32768 || i32 != 2147483647 || i64 != -9223372036854775808 || f32 != 1.5 || f64 != -2.5e-300 ||
				num != "-12345678901234567890.000100" || txt != "grüße '\\" || string(raw) != "\x00\xff" || !ts.Equal(at) || nul.Valid {
				t.Error(round, b, i16, i32, i64, f32, f64, num, txt, raw, ts, nul)
			}
		}
	})
}

func TestTransactions(t *testing.T) {
	each(t, func(t *testing.T, db *sql.DB) {
		for _, s := range []string{"DROP TABLE IF EXISTS gosql", "CREATE TABLE gosql (id bigint, name text)"} {
			if _, err := db.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			if _, err := tx.Exec("INSERT INTO gosql VALUES ($1, $2)", i, fmt.Sprint("n", i)); err != nil {
				t.Fatal(err)
			}
		}
		var n int
		if _, err := tx.Exec("UPDATE gosql SET name = $1 WHERE id = $2", "x", 3); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec("DELETE FROM gosql WHERE id > $1", 7); err != nil {
			t.Fatal(err)
		}
		var others int
		if err := tx.QueryRow("SELECT count(*) FROM gosql WHERE id < 10 AND (id <> 3 OR name = 'x')").Scan(&n); err != nil || n != 8 {
			t.Errorf("%d of its own rows are there, %v", n, err)
		}
		if err := db.QueryRow("SELECT count(*) FROM gosql").Scan(&others); err != nil || others != 0 {
			t.Errorf("another session sees %d of them, %v", others, err)
		}
		_ = tx.Rollback()
		if err := db.QueryRow("SELECT count(*) FROM gosql").Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows after ROLLBACK, %v", n, err)
		}
		tx, err = db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if r, err := tx.Exec("INSERT INTO gosql VALUES ($1, $2), ($3, NULL)", 1, "a", 2); err != nil {
			t.Fatal(err)
		} else if k, _ := r.RowsAffected(); k != 2 {
			t.Errorf("%d rows", k)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRow("SELECT count(name) FROM gosql WHERE id < $1", 10).Scan(&n); err != nil || n != 1 {
			t.Errorf("%d rows after COMMIT, %v", n, err)
		}
	})
}

func TestErrors(t *testing.T) {
	each(t, func(t *testing.T, db *sql.DB) {
		if _, err := db.Query("SELECT nothing"); code(err) != "42703" {
			t.Error(err)
		}
		rows, err := db.Query("SELECT 1 / (g - 5000) FROM generate_series(1, 10000) AS t(g)")
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
			_ = rows.Close()
		}
		if code(err) != "22012" {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		started := time.Now()
		var n int64
		err = db.QueryRowContext(ctx, "SELECT count(*) FROM generate_series(1, 1000000) AS a(x), generate_series(1, 1000000) AS b(y) WHERE x * y < 0").Scan(&n)
		if err == nil || time.Since(started) > 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(started))
		}
		if err := db.QueryRow("SELECT 1").Scan(&n); err != nil || n != 1 {
			t.Error(n, err)
		}
	})
}

func TestPreparedAndLarge(t *testing.T) {
	each(t, func(t *testing.T, db *sql.DB) {
		s, err := db.Prepare("SELECT g, 'row ' || g FROM generate_series(1, $1::int) AS t(g)")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for _, want := range []int{0, 1, 50000} {
			rows, err := s.Query(want)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for rows.Next() {
				var g int
				var text string
				if err := rows.Scan(&g, &text); err != nil {
					t.Fatal(err)
				}
				if n++; g != n || text != fmt.Sprint("row ", n) {
					t.Fatal(g, text)
				}
			}
			if err := rows.Err(); err != nil || n != want {
				t.Errorf("%d rows, want %d, %v", n, want, err)
			}
		}
	})
}

func TestManyConnections(t *testing.T) {
	each(t, func(t *testing.T, db *sql.DB) {
		db.SetMaxOpenConns(100)
		var wait sync.WaitGroup
		for i := range 100 {
			wait.Go(func() {
				for k := range 10 {
					var n int
					if err := db.QueryRow("SELECT $1::int + $2::int", i, k).Scan(&n); err != nil || n != i+k {
						t.Errorf("%d, %v", n, err)
					}
				}
			})
		}
		wait.Wait()
	})
}

func TestPQCopy(t *testing.T) {
	db := open(t, "postgres", "")
	for _, s := range []string{"DROP TABLE IF EXISTS pqcopy", "CREATE TABLE pqcopy (id bigint, name text)"} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	s, err := tx.Prepare(pq.CopyIn("pqcopy", "id", "name"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		if _, err := s.Exec(i, "tab\there"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Exec(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), tx.Commit()); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.QueryRow("SELECT count(*) FROM pqcopy WHERE name = E'tab\\there'").Scan(&n); err != nil || n != 5000 {
		t.Error(n, err)
	}
}

func TestPGX(t *testing.T) {
	ctx := t.Context()
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			c, err := pgx.Connect(ctx, url(t)+"&default_query_exec_mode="+mode)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close(ctx)
			for i := range 3 {
				var a int32
				var b string
				if err := c.QueryRow(ctx, "SELECT $1::int + 1, $2::text", i, "x").Scan(&a, &b); err != nil || a != int32(i)+1 || b != "x" {
					t.Fatal(a, b, err)
				}
			}
		})
	}
	c, err := pgx.Connect(ctx, url(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	for _, s := range []string{"DROP TABLE IF EXISTS pgxcopy", "CREATE TABLE pgxcopy (id bigint, name text, at timestamptz, v numeric)"} {
		if _, err := c.Exec(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	n, err := c.CopyFrom(ctx, pgx.Identifier{"pgxcopy"}, []string{"id", "name", "at", "v"}, pgx.CopyFromSlice(5000, func(i int) ([]any, error) {
		return []any{int64(i), strings.Repeat("x", i%7), at, "1.50"}, nil
	}))
	if err != nil || n != 5000 {
		t.Fatal(n, err)
	}
	batch := &pgx.Batch{}
	for i := range 100 {
		batch.Queue("SELECT name FROM pgxcopy WHERE id = $1", i)
	}
	results := c.SendBatch(ctx, batch)
	for i := range 100 {
		var name string
		if err := results.QueryRow().Scan(&name); err != nil || len(name) != i%7 {
			t.Fatal(i, name, err)
		}
	}
	if err := results.Close(); err != nil {
		t.Fatal(err)
	}
}
