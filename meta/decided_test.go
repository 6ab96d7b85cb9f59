package meta

import (
	"reflect"
	"testing"

	"github.com/automatanexus/aegis-db/column"
)

// TestDecided: commits that the catalog decides are listed until they are flushed, in golden files too.
func TestDecided(t *testing.T) {
	decide := Command{Decided: &Decided{Shard: 1, Epoch: 1, Seq: 7}}
	data, err := AppendCommand(nil, decide)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := DecodeCommand(golden(t, "command-decided.v1", data)); err != nil || !reflect.DeepEqual(back, decide) {
		t.Errorf("%s, %v", describe(back), err)
	}
	s := goldenState(t, []Command{{OpenShard: &OpenShard{Shard: 1}}, {Commit: &Commit{Flushed: &Flushed{Shard: 1, Epoch: 1, Seq: 4}}}})
	for _, wrong := range []struct {
		d     Decided
		class column.Class
	}{{Decided{1, 2, 7}, column.Conflict}, {Decided{1, 0, 7}, column.Conflict}, {Decided{2, 1, 7}, column.Conflict}, {Decided{1, 1, 4}, column.Invalid}} {
		if _, _, err := s.Apply(Command{Decided: &wrong.d}, 0); column.ClassOf(err) != wrong.class {
			t.Errorf("%+v: %v", wrong.d, err)
		}
	}
	// With a batch, whose other members may fail.
	taken := Command{Batch: &Batch{Commands: []Command{decide, {CreateDatabase: &CreateDatabase{Name: "a"}}, {CreateDatabase: &CreateDatabase{Name: "a"}}}}}
	if next, _, err := s.Apply(taken, 0); err == nil || next.Counts(1, 7) || next.DecidedSeq(1) != 0 {
		t.Errorf("a batch that fails: %v", err)
	}
	s = must(t, s, Command{Batch: &Batch{Commands: []Command{decide, {CreateDatabase: &CreateDatabase{Name: "a"}}}}})
	s = must(t, s, Command{Decided: &Decided{Shard: 1, Epoch: 1, Seq: 9}})
	if _, _, err := s.Apply(decide, 0); column.ClassOf(err) != column.Invalid {
		t.Errorf("decided twice: %v", err)
	}
	data, err = AppendSnapshot(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeSnapshot(golden(t, "snapshot-decided.v1", data))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Snapshot{s, back} {
		if !s.Counts(1, 7) || s.Counts(1, 8) || !s.Counts(1, 9) || s.DecidedSeq(1) != 9 || s.DecidedSeq(2) != 0 {
			t.Errorf("decided: %v", s.decided)
		}
	}
	for seq, want := range map[Seq]Seq{6: 9, 7: 9, 8: 9, 9: 0, 12: 0} {
		next := must(t, back, Command{Commit: &Commit{Flushed: &Flushed{Shard: 1, Epoch: 1, Seq: seq}, PrevFlushed: 4}})
		if next.DecidedSeq(1) != want || next.Counts(1, 7) != (seq < 7) {
			t.Errorf("flushed to %d: %v", seq, next.decided)
		}
	}
}
