package meta

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// filled gives a catalog whose table 1 has n segments over partitions of 20 segments each.
func filled(tb testing.TB, n int) *Snapshot {
	s := base(tb)
	for left := n + 1000; left > 0; left -= maxReserve {
		s = must(tb, s, Command{ReserveIDs: &ReserveIDs{Count: min(uint64(left), maxReserve)}})
	}
	s = must(tb, s, Command{OpenShard: &OpenShard{}})
	edit := Edit{Table: 1}
	for i := range n {
		edit.Add = append(edit.Add, benchSegment(SegmentID(i+1), int64(i/20)))
	}
	return must(tb, s, Command{Commit: &Commit{Edits: []Edit{edit}}})
}

func benchSegment(id SegmentID, partition int64) Segment {
	return Segment{
		ID: id, Partition: partition, Rows: 1_000_000, MinTime: partition*100 + 3, MaxTime: partition*100 + 97, MinSeq: Seq(id) * 100, MaxSeq: Seq(id)*100 + 99,
		DataBytes: 100 << 20, SidecarBytes: 300_000, SidecarSum: uint32(id * 2654435761), SchemaVersion: 1, Level: 1,
	}
}

// BenchmarkApplyCommit measures a flush (one segment more) and a merge (four out, one in) on a full table.
func BenchmarkApplyCommit(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		s := filled(b, n)
		flush := Edit{Table: 1, Add: []Segment{benchSegment(SegmentID(n+1), int64(n/20))}}
		merge := Edit{Table: 1, Add: []Segment{benchSegment(SegmentID(n+2), int64(n/40))}}
		for i := range 4 {
			merge.Remove = append(merge.Remove, SegmentAt{ID: SegmentID(n/40*20 + i + 1)})
		}
		for name, edit := range map[string]Edit{"flush": flush, "merge": merge} {
			cmd := Command{Commit: &Commit{Edits: []Edit{edit}}}
			b.Run(fmt.Sprintf("%s/segments=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					if _, _, err := s.Apply(cmd, 0); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkSnapshot(b *testing.B) {
	s := filled(b, 10_000)
	data, err := AppendSnapshot(nil, s)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		for range b.N {
			if _, err := AppendSnapshot(nil, s); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(data)), "bytes")
	})
	b.Run("decode", func(b *testing.B) {
		for range b.N {
			if _, err := DecodeSnapshot(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestCosts keeps what a commit and a snapshot may cost: in bytes, in allocations, and in how it grows with the number of segments. Time is compared
// with time only, of the same machine at the same moment.
func TestCosts(t *testing.T) {
	const few, many = 1_000, 10_000
	commits, decodes := map[int]func(){}, map[int]func(){}
	for _, n := range []int{few, many} {
		s := filled(t, n)
		data, err := AppendSnapshot(nil, s)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 100*n {
			t.Errorf("%d segments are encoded in %d bytes", n, len(data))
		}
		cmd := Command{Commit: &Commit{Edits: []Edit{{Table: 1, Add: []Segment{benchSegment(SegmentID(n+500), int64(n/40))}}}}}
		commits[n] = func() { must(t, s, cmd) }
		decodes[n] = func() {
			if _, err := DecodeSnapshot(data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := testing.AllocsPerRun(20, commits[many]); n > 30 {
		t.Errorf("a commit to %d segments makes %v allocations", many, n)
	}
	if n := allocated(commits[many]); n > 4*many {
		t.Errorf("a commit to %d segments allocates %d bytes", many, n)
	}
	if n := testing.AllocsPerRun(3, decodes[many]); n > many/10 {
		t.Errorf("decoding %d segments makes %v allocations", many, n)
	}
	if n := allocated(decodes[many]); n > 300*many {
		t.Errorf("decoding %d segments allocates %d bytes", many, n)
	}
	for what, f := range map[string]map[int]func(){"a commit": commits, "decoding": decodes} {
		// Ten times the segments may cost ten times as much, and caches that are too small twice that; what is quadratic costs a hundred times.
		// Other work of the machine only ever adds, so the least of several is what it costs.
		least := map[int]time.Duration{few: time.Hour, many: time.Hour}
		for range 100 {
			for n, run := range f {
				start := time.Now()
				run()
				least[n] = min(least[n], time.Since(start))
			}
			if least[many] <= 40*least[few] {
				break
			}
		}
		if least[many] > 40*least[few] {
			t.Errorf("%s takes %v with %d segments and %v with %d", what, least[few], few, least[many], many)
		}
	}
}

// allocated is how many bytes a function allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
