package scan

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/automatanexus/aegis-db/column"
)

// drawBatch makes a batch of series runs: a run-end encoded tag and a flat value that counts rows.
func drawBatch(t *rapid.T) *Batch {
	lengths := rapid.SliceOfN(rapid.Int32Range(1, 20), 1, 12).Draw(t, "runs")
	b := &Batch{Runs: []Run{}}
	tags := column.NewBuilder(column.T(column.Text), 0)
	values := column.NewBuilder(column.T(column.Int64), 0)
	var ends []int32
	for i, n := range lengths {
		b.Runs = append(b.Runs, Run{Start: int32(b.Len), Len: n})
		tags.AppendString(fmt.Sprint("series ", i))
		for range n {
			values.AppendInt(int64(values.Len()))
		}
		b.Len += int(n)
		ends = append(ends, int32(b.Len))
	}
	b.Columns = []*column.Vector{{Type: column.T(column.Text), Enc: column.RunEnd, Len: b.Len, Child: tags.Finish(), Ends: ends}, values.Finish()}
	return b
}

// check holds a batch against the rows of its origin that it should have, and its runs against its tags.
func check(t *rapid.T, origin, b *Batch, rows []int32) {
	if b.Len != len(rows) {
		t.Fatalf("%d rows, want %d", b.Len, len(rows))
	}
	for i, r := range rows {
		if b.Columns[1].Int(i) != int64(r) || string(b.Columns[0].Bytes(i)) != string(origin.Columns[0].Bytes(int(r))) {
			t.Fatalf("row %d is not row %d", i, r)
		}
	}
	next := int32(0)
	for k, r := range b.Runs {
		if r.Start != next || r.Len <= 0 {
			t.Fatalf("runs %v", b.Runs)
		}
		next += r.Len
		if b.Columns[0].Enc == column.RunEnd && b.Columns[0].Ends[k] != next {
			t.Fatalf("runs %v, tag ends %v", b.Runs, b.Columns[0].Ends)
		}
	}
	if int(next) != b.Len {
		t.Fatalf("runs cover %d of %d rows", next, b.Len)
	}
}

func TestCompactAndSliceKeepRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBatch(t)
		var all, kept []int32
		for i := range int32(b.Len) {
			all = append(all, i)
			if rapid.IntRange(0, 3).Draw(t, "keep") == 0 {
				kept = append(kept, i)
			}
		}
		compacted := b.Compact(kept)
		check(t, b, compacted, kept)
		lo := rapid.IntRange(0, compacted.Len).Draw(t, "lo")
		hi := rapid.IntRange(lo, compacted.Len).Draw(t, "hi")
		check(t, b, compacted.Slice(lo, hi), kept[lo:hi])
		check(t, b, b.Slice(lo, hi), all[lo:hi])
		if b.Compact(all) != b || b.Slice(0, b.Len) != b {
			t.Fatal("keeping all rows made a new batch")
		}
		b.Runs = nil
		if b.Compact(kept[:lo]).Runs != nil || b.Slice(0, lo).Runs != nil {
			t.Fatal("runs out of nothing")
		}
	})
}

func TestTimeRange(t *testing.T) {
	r := TimeRange{10, 20}
	if !r.Contains(10) || !r.Contains(20) || r.Contains(21) || !r.Overlaps(20, 30) || r.Overlaps(21, 30) || !r.Overlaps(0, 100) {
		t.Error("bounds")
	}
	if got := r.Intersect(TimeRange{15, 40}); got != (TimeRange{15, 20}) || AllTime.Intersect(r) != r {
		t.Errorf("intersection %v", got)
	}
}
