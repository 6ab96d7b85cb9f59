package aegis

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/column/scan"
	"github.com/automatanexus/aegis-db/meta"
)

// addressesOf reads where the rows of a table are whose first column f takes.
func addressesOf(t *testing.T, s *Snapshot, table *meta.Table, f func(int64) bool) *scan.RowSet {
	t.Helper()
	morsels, _, err := s.Source(table).Morsels(t.Context(), &scan.Request{
		Columns: []column.ID{table.Columns.Fields[0].ID}, Time: scan.AllTime, Addresses: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	out := &scan.RowSet{}
	for _, m := range morsels {
		r, err := m.Open(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for {
			b, err := r.Next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.Len {
				if f(b.Columns[0].Int(i)) {
					out.Add(b.Columns[1].Int(i), b.Columns[2].Int(i))
				}
			}
		}
		_ = r.Close()
	}
	return out
}

// TestMergeUnderTransaction: who has read rows ends them although a merge has moved them since; rows that others have ended
// meanwhile are a conflict, and so are addresses that nobody knows any more.
func TestMergeUnderTransaction(t *testing.T) {
	for _, c := range []struct {
		name  string
		ended bool // a row was ended by others before the merge
		late  bool // the snapshot was closed before
		want  int64
	}{{"moved", false, false, 180}, {"ended", true, false, 199}, {"forgotten", false, true, 200}} {
		t.Run(c.name, func(t *testing.T) {
			db := open(t, t.TempDir(), func(o *Options) { o.CompactEvery, o.KeepRemoved, o.History = -1, time.Nanosecond, -1 })
			writer := db.NewSession("")
			defer writer.Close()
			must(t, writer, "CREATE TABLE m (n bigint, ts timestamptz) WITH (time_column = 'ts')")
			for _, from := range []int{1, 101} {
				must(t, writer, fmt.Sprintf("INSERT INTO m SELECT g, '2026-01-01'::timestamptz + g * interval '1 s' FROM generate_series(%d, %d) AS g", from, from+99))
				if err := db.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			held, err := db.Snapshot("")
			if err != nil {
				t.Fatal(err)
			}
			defer held.Close()
			table := findTable(db, "m")
			rows := addressesOf(t, held, table, func(n int64) bool { return n%10 == 0 })
			if c.ended {
				must(t, writer, "DELETE FROM m WHERE n = 150")
			}
			if c.late {
				held.Close()
			}
			if err := db.Compact(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := db.Stats().Compactions; n == 0 {
				t.Fatal("nothing was merged")
			}
			_, err = db.shard.Commit(t.Context(), &meta.Transaction{Deletes: []meta.Deletes{{Table: table, Rows: rows}}}, meta.AckWAL)
			if column.ClassOf(err) == column.Conflict != (c.want != 180) || err != nil && c.want == 180 {
				t.Fatal(err)
			}
			if n := must(t, writer, "SELECT count(*) FROM m"); n != c.want {
				t.Fatalf("%d rows", n)
			}
			if n := must(t, writer, "SELECT count(*) FROM m WHERE n % 10 = 0"); n != c.want-180 {
				t.Fatalf("%d rows that should have ended", n)
			}
		})
	}
}
