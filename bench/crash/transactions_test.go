package crash

import (
	"context"
	"os"
	"testing"
)

// TestKillTransactions is TestKill for transactions of several statements.
func TestKillTransactions(t *testing.T) {
	rounds, seed := course(t)
	binary := binaryOf(t)
	dir, err := os.MkdirTemp("", "aegis-crash")
	if err != nil {
		t.Fatal(err)
	}
	h := NewTransactions(Options{Binary: binary, Dir: dir, Seed: seed})
	if err := h.Run(context.Background(), rounds); err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", h.Totals)
	if h.Totals.Committed == 0 || h.Totals.Refused == 0 || rounds >= 5 && h.Totals.InDoubt == 0 {
		t.Errorf("nothing was proven: %+v", h.Totals)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Error(err)
	}
}
