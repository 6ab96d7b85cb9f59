package aegis

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/literal"
	"github.com/automatanexus/aegis-db/query"
)

// does runs a statement of a session to its end, and gives what the first row's first column is.
func does(t testing.TB, s *query.Session, sql string) (int64, error) {
	t.Helper()
	r, err := s.Run(t.Context(), query.Request{SQL: sql})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	value := int64(-1)
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return value, nil
		}
		if err != nil {
			return 0, err
		}
		if b.Len > 0 && value < 0 {
			text := string(literal.Append(nil, column.Flatten(b.Columns[0]), 0, literal.Options{}))
			if value, err = strconv.ParseInt(text, 10, 64); err != nil {
				value = 0 // the caller does not care
			}
		}
	}
}

func must(t testing.TB, s *query.Session, sql string) int64 {
	t.Helper()
	v, err := does(t, s, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// holdSnapshot makes a table whose rows are in segments and memory, and a session that reads one snapshot of it.
func holdSnapshot(t testing.TB, db *DB) (writer, held *query.Session) {
	t.Helper()
	writer, held = db.NewSession(""), db.NewSession("")
	held.Blocks = true
	must(t, writer, "CREATE TABLE t (n bigint, ts timestamptz)")
	for i := range 4 {
		must(t, writer, fmt.Sprintf("INSERT INTO t SELECT g, '2026-01-01'::timestamptz + g * interval '1 s' FROM generate_series(%d, %d) AS g", i*1000, i*1000+999))
		if i < 3 {
			if err := db.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	must(t, held, "BEGIN ISOLATION LEVEL REPEATABLE READ")
	if n := must(t, held, "SELECT count(*) FROM t"); n != 4000 {
		t.Fatalf("%d rows", n)
	}
	return writer, held
}

// TestHeldSnapshotBlocksNobody: writes, flushes, compactions and other readers go on beside a transaction that reads one snapshot, and it goes on
// seeing its rows. When it ends, what was kept for it goes.
func TestHeldSnapshotBlocksNobody(t *testing.T) {
	db := open(t, t.TempDir(), func(o *Options) { o.CompactEvery, o.KeepRemoved, o.History = -1, time.Nanosecond, -1 })
	writer, held := holdSnapshot(t, db)
	defer held.Close()
	for i := range 6 {
		must(t, writer, fmt.Sprintf("INSERT INTO t SELECT g, '2026-01-01'::timestamptz + g * interval '1 s' FROM generate_series(%d, %d) AS g", i, i+9))
		if err := errors.Join(db.Flush(t.Context()), db.Compact(t.Context())); err != nil {
			t.Fatal(err)
		}
		if n := must(t, writer, "SELECT count(*) FROM t"); n != int64(4000+10*(i+1)) {
			t.Fatalf("others see %d rows", n)
		}
		if n := must(t, held, "SELECT count(*) FROM t"); n != 4000 {
			t.Fatalf("the transaction sees %d rows", n)
		}
	}
	files, err := db.heldFiles(t.Context())
	if err != nil || files == 0 || db.Stats().Garbage == 0 {
		t.Fatalf("%d bytes of files are kept, %d replaced: %v", files, db.Stats().Garbage, err)
	}
	must(t, held, "COMMIT")
	time.Sleep(time.Millisecond)
	if err := db.Compact(t.Context()); err != nil || db.Stats().Garbage != 0 {
		t.Fatalf("%d replaced files after the end: %v", db.Stats().Garbage, err)
	}
}

// TestOldestHolderEnds: a snapshot that keeps more than it may costs its session the transaction, and what it kept goes.
func TestOldestHolderEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		bound func(*Options)
	}{
		{"files", func(o *Options) { o.HeldFiles, o.HeldMemory = 1, -1 }},
		{"memory", func(o *Options) { o.HeldFiles, o.HeldMemory = -1, 1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := open(t, t.TempDir(), c.bound, func(o *Options) { o.CompactEvery, o.KeepRemoved, o.History = -1, time.Nanosecond, -1 })
			writer, held := holdSnapshot(t, db)
			defer held.Close()
			younger := db.NewSession("")
			younger.Blocks = true
			defer younger.Close()
			db.endHolder(t.Context()) // nothing was replaced yet
			must(t, held, "SELECT count(*) FROM t")
			told := make(chan struct{})
			held.OnTerminate(func() { close(told) })
			must(t, writer, "INSERT INTO t VALUES (1, '2026-01-02')")
			if err := errors.Join(db.Flush(t.Context()), db.Compact(t.Context())); err != nil {
				t.Fatal(err)
			}
			must(t, younger, "BEGIN ISOLATION LEVEL SERIALIZABLE")
			must(t, younger, "SELECT count(*) FROM t")
			db.endHolder(t.Context())
			<-told
			var e *column.Error
			if _, err := does(t, held, "SELECT 1"); !errors.As(err, &e) || e.SQLState != "72000" || e.Detail == "" {
				t.Fatalf("the transaction goes on: %v", err)
			}
			held.Close()
			db.endHolder(t.Context())
			if n := must(t, younger, "SELECT count(*) FROM t"); n != 4001 {
				t.Fatalf("the younger one sees %d rows", n)
			}
		})
	}
}
