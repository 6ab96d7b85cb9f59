package crash

import (
	"context"
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/automatanexus/aegis-db/bench/load"
	"github.com/automatanexus/aegis-db/bench/server"
)

// course says how many rounds to run, a few of always the same course unless AEGIS_CRASH_ROUNDS asks for more of another one each time, and
// which: AEGIS_CRASH_SEED for a certain course.
func course(t *testing.T) (rounds int, seed uint64) {
	t.Helper()
	rounds, seed = 5, 1
	if testing.Short() {
		rounds = 2
	}
	if text := os.Getenv("AEGIS_CRASH_ROUNDS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
		seed = uint64(time.Now().UnixNano())
	}
	if text := os.Getenv("AEGIS_CRASH_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	return rounds, seed
}

func binaryOf(t *testing.T) string {
	t.Helper()
	binary, err := server.Binary(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// TestKill kills a server that writers write to.
func TestKill(t *testing.T) {
	rounds, seed := course(t)
	binary := binaryOf(t)
	// Not t.TempDir: the data of a failed round must outlive the test.
	dir, err := os.MkdirTemp("", "aegis-crash")
	if err != nil {
		t.Fatal(err)
	}
	h := New(Options{Binary: binary, Dir: dir, Seed: seed})
	if err := h.Run(context.Background(), rounds); err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", h.Totals)
	if h.Totals.Batches == 0 || h.Totals.InDoubt == 0 || rounds >= 5 && (h.Totals.Flushes == 0 || h.Totals.Merges == 0) {
		t.Errorf("nothing was proven: %+v", h.Totals)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Error(err)
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		err  error
		want outcome
	}{
		{nil, took},
		{errors.New("connection reset by peer"), unknown},
		{&load.StatusError{Status: 503}, pushedBack},
		{&load.StatusError{Status: 400}, wrong},
		{&load.StatusError{Status: 500}, wrong},
		{&server.QueryError{Status: 429}, pushedBack},
		{&server.QueryError{Status: 500}, wrong},
		{&server.QueryError{Message: "affected 3"}, wrong},
	} {
		if got := verdict(c.err); got != c.want {
			t.Errorf("%v: outcome %d, want %d", c.err, got, c.want)
		}
	}
}

func TestKeysAndTimes(t *testing.T) {
	seen := map[int64]bool{}
	for k := range int64(5000) {
		ms := keyMillis(k)
		if millisKey(ms) != k || seen[ms] {
			t.Fatalf("key %d has time %d, which is key %d", k, ms, millisKey(ms))
		}
		seen[ms] = true
		at, err := server.Time(keyTime(k))
		if err != nil || at.UnixMilli() != ms {
			t.Fatalf("%s is %v, %v", keyTime(k), at, err)
		}
	}
}

func TestSampleRow(t *testing.T) {
	want := NewRow(2, 8, 5)
	good := []any{`{"part":"3","writer":"2"}`, keyTime(8), strconv.FormatInt(want.Value, 10) + ".0"}
	if got, err := sampleRow(good); err != nil || got != want {
		t.Errorf("row %+v, %v", got, err)
	}
	good[0] = map[string]any{"part": "4", "writer": "2"}
	if _, err := sampleRow(good); err == nil {
		t.Error("a sample in the wrong series passes")
	}
}
