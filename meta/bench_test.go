package meta

import (
	"fmt"
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

// TestCosts keeps what a commit and a snapshot may cost; the times are ten times what they are on an idle machine.
func TestCosts(t *testing.T) {
	s := filled(t, 10_000)
	data, err := AppendSnapshot(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 1<<20 {
		t.Errorf("10,000 segments are encoded in %d bytes", len(data))
	}
	cmd := Command{Commit: &Commit{Edits: []Edit{{Table: 1, Add: []Segment{benchSegment(10_500, 250)}}}}}
	const rounds = 100
	start := time.Now()
	for range rounds {
		must(t, s, cmd)
	}
	if each := time.Since(start) / rounds; each > time.Millisecond {
		t.Errorf("a commit to 10,000 segments takes %s", each)
	}
	start = time.Now()
	if _, err := DecodeSnapshot(data); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 500*time.Millisecond {
		t.Errorf("10,000 segments take %s to decode", took)
	}
}
