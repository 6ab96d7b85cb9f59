package crash

import (
	"context"
	"os"
	"testing"
)

// TestKillDefinitions is TestKill for ALTER TABLE and indexes.
func TestKillDefinitions(t *testing.T) {
	rounds, seed := course(t)
	binary := binaryOf(t)
	dir, err := os.MkdirTemp("", "aegis-crash")
	if err != nil {
		t.Fatal(err)
	}
	h := NewDefinitions(Options{Binary: binary, Dir: dir, Seed: seed})
	if err := h.Run(context.Background(), rounds); err != nil {
		t.Fatalf("%v\n%+v", err, h.Totals)
	}
	t.Logf("%+v", h.Totals)
	if h.Totals.Changes == 0 || h.Totals.Statements == 0 || rounds >= 5 && (h.Totals.InDoubt == 0 || h.Totals.Asked == 0 || h.Totals.Blocks == 0) {
		t.Errorf("nothing was proven: %+v", h.Totals)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Error(err)
	}
}

func TestDefaultsOverTime(t *testing.T) {
	c := shapedColumn{fallbacks: []fallback{{"1", 10, 12}, {"2", 20, 25}, {"", 30, 31}}}
	for _, x := range []struct {
		value        string
		began, ended int64
		want         bool
	}{
		{"1", 1, 2, true},
		{"2", 1, 2, false},
		{"1", 22, 23, true},
		{"2", 22, 23, true},
		{"1", 26, 27, false},
		{"2", 26, 27, true},
		{"", 26, 27, false},
		{"", 32, 40, true},
		{"2", 32, 40, false},
		{"2", 29, 40, true},
		{"1", 1, 40, true},
	} {
		if got := c.may(x.value, x.began, x.ended); got != x.want {
			t.Errorf("%q from %d to %d: %v", x.value, x.began, x.ended, got)
		}
	}
}
