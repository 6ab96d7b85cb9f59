package aegis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/column"
	"github.com/automatanexus/aegis-db/query/plan"
)

// TestDistinct estimates columns of a million rows from 16 blocks of 128.
func TestDistinct(t *testing.T) {
	const rows = 1_000_000
	r := rand.New(rand.NewPCG(3, 1))
	for _, c := range []struct {
		name   string
		value  func(row int) int64
		lo, hi float64
	}{
		{"a key", func(row int) int64 { return int64(row) }, 800_000, 1_200_000},
		{"a key in random order", func(row int) int64 { return int64(row*7919) % rows }, 800_000, 1_200_000},
		{"seven values", func(int) int64 { return r.Int64N(7) * 1000 }, 7, 7},
		{"a foreign key", func(int) int64 { return r.Int64N(20_000) * 1000 }, 14_000, 28_000},
		{"a foreign key of close numbers", func(int) int64 { return r.Int64N(200_000) }, 150_000, 250_000},
		{"runs of four", func(row int) int64 { return int64(row / 4) }, 200_000, 320_000},
		{"one value", func(int) int64 { return 5 }, 1, 1},
	} {
		b := column.NewBuilder(column.T(column.Int64), 0)
		var ends []int
		for block := range sampleBlocks {
			for i := range sampleRows {
				b.AppendInt(c.value(block*rows/sampleBlocks + i))
			}
			ends = append(ends, b.Len())
		}
		if got := distinct(b.Finish(), ends, rows); got < c.lo || got > c.hi {
			t.Errorf("%s: %.0f values, want %.0f to %.0f", c.name, got, c.lo, c.hi)
		}
	}
	empty := column.Flatten(column.NewNull(column.T(column.Text), 9))
	if got := distinct(empty, []int{9}, 9); got != 0 {
		t.Errorf("NULLs have %g values", got)
	}
}

func TestSample(t *testing.T) {
	ctx := context.Background()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	db, err := Open(ctx, memOptions(Options{FS: newDisk(), Now: func() time.Time { return now }}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(ctx) })
	ask(t, db, "CREATE TABLE m (ts timestamptz NOT NULL, host text, v bigint, w text) WITH (time_column = ts, tags = (host))")
	fill := func(from, to int) {
		var rows []string
		for i := from; i < to; i++ {
			rows = append(rows, fmt.Sprintf("('2026-01-01 00:00Z'::timestamptz + interval '%d seconds', 'h%d', %d, NULL)", i, i%50, i%10))
		}
		ask(t, db, "INSERT INTO m VALUES "+strings.Join(rows, ", "))
	}
	sample := func(columns ...int) *plan.Sample {
		t.Helper()
		s, err := db.Snapshot("")
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		r, err := s.Resolve(ctx, "", "m")
		if err != nil {
			t.Fatal(err)
		}
		out, err := r.(plan.Sampled).Sample(ctx, columns)
		if err != nil {
			t.Fatal(err)
		}
		for c, v := range out.Columns {
			if v.Values.Len != out.Len {
				t.Fatalf("column %d has %d rows of %d", c, v.Values.Len, out.Len)
			}
		}
		return out
	}
	if s := sample(1); s.Rows != 0 || s.Len != 0 {
		t.Errorf("of nothing: %+v", s)
	}
	now = now.Add(2 * sampleAge)
	fill(0, 20_000)
	if s := sample(1, 2); s.Rows != 20_000 || s.Len < 1000 || s.Columns[1].Distinct != 50 || s.Columns[2].Distinct < 10 || s.Columns[2].Distinct > 13 {
		t.Errorf("of the head: %d rows, %d sampled, %v and %v values", s.Rows, s.Len, s.Columns[1].Distinct, s.Columns[2].Distinct)
	}
	if err := db.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * sampleAge)
	s := sample(1, 2)
	if s.Rows != 20_000 || s.Columns[1].Distinct != 50 || s.Columns[2].Distinct < 10 || s.Columns[2].Distinct > 13 {
		t.Errorf("of a segment: %d rows, %v and %v values", s.Rows, s.Columns[1].Distinct, s.Columns[2].Distinct)
	}
	if sample(2) != s {
		t.Error("it was not kept")
	}
	more := sample(3)
	if more == s || len(more.Columns) != 3 || more.Columns[3].Distinct != 0 {
		t.Error("with a column more all are read again")
	}
	now = now.Add(24 * time.Hour)
	if sample(1) != more {
		t.Error("nothing has changed, and it was not kept")
	}
	fill(20_000, 30_000)
	if err := db.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * sampleAge)
	if s := sample(1); s.Rows != 30_000 {
		t.Errorf("after growth: %d rows", s.Rows)
	}
}
